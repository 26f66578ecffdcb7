/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLHTML_H
#define REPORT_DRILLHTML_H

#include "base/text.h"
#include "core/expectation.h"

/*
 * The report of a drill as one self-contained HTML document: no script, nothing from elsewhere,
 * light or dark as the reader has it, readable on a telephone and on a wall.  Names and texts of
 * the record are escaped.  `v`: judged, or NULL.
 */
void drillhtml_write(const struct drillfacts *f, const struct expectation_verdict *v,
                     struct text *out);

/* Pieces of such a document, for others that show drills. */
void drillhtml_begin(const char *title, struct text *out);
void drillhtml_end(struct text *out);

#endif
