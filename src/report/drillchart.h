/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLCHART_H
#define REPORT_DRILLCHART_H

#include "core/drillfacts.h"
#include "drillaxis.h"

/*
 * A drill as SVG within HTML: for each service the clients, and for each server a lane of its
 * states and below it how many sessions it got each second.  Places along the axis are in percent,
 * everything else in pixels, so that text stays readable in any width.
 */

/* What all charts of a page refer to; once, before them. */
void drillchart_add_patterns(struct text *out);
/* Which pattern and mark stands for what. */
void drillchart_add_legend(struct text *out);

/* `axis` counts from `zero_ms`, wall clock. */
void drillchart_write(const struct drillfacts *f, const struct drillaxis *axis, int64_t zero_ms,
                      struct text *out);

#endif
