/* SPDX-License-Identifier: MIT */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "base/text.h"
#include "core/journal.h"
#include "report/snapshot.h"

/*
 * The dashboard at `/`: one self-contained HTML document without a script or an external
 * resource; it asks the browser to load it again every two seconds.  Names and texts of servers
 * are escaped.  `journal` may be NULL; its last entries are shown, newest first.
 */
void page_write(const struct snapshot *s, const struct journal *journal, struct text *out);

#endif
