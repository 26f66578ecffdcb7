/* SPDX-License-Identifier: MIT */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "base/text.h"
#include "core/journal.h"
#include "report/snapshot.h"

/*
 * The dashboard at `/`: one HTML document that needs nothing but what is served under /ui/
 * (report/uifiles.h).  Without JavaScript it is a table that a browser loads again every two
 * seconds; with it, app.js puts the live dashboard in its place.  Names and texts of servers are
 * escaped.  `journal` may be NULL; its last entries are shown, newest first.
 */
void page_write(const struct snapshot *s, const struct journal *journal, struct text *out);

#endif
