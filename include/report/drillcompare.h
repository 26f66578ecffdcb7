/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLCOMPARE_H
#define REPORT_DRILLCOMPARE_H

#include "base/text.h"
#include "core/drillfacts.h"

/*
 * Two drills beside each other: A is what B is judged by.  The numbers are those of --expect; the
 * HTML form shows both over one time axis, which counts from the first outage of each.
 */
void drillcompare_write_markdown(const struct drillfacts *a, const struct drillfacts *b,
                                 struct text *out);
void drillcompare_write_json(const struct drillfacts *a, const struct drillfacts *b,
                             struct text *out);
void drillcompare_write_html(const struct drillfacts *a, const struct drillfacts *b,
                             struct text *out);
/* For a terminal of `width` columns. */
void drillcompare_write_view(const struct drillfacts *a, const struct drillfacts *b,
                             unsigned int width, bool colour, struct text *out);

#endif
