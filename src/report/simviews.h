/* SPDX-License-Identifier: MIT */
#ifndef REPORT_SIMVIEWS_H
#define REPORT_SIMVIEWS_H

#include "report/simview.h"

/* simview_rows.c: the table, and the lines between its rows */
void simview_add_rows(const struct simview *v, const struct simulation_options *o,
                      const struct simulation_result *r, struct text *out);

/* "10s", "10.5s", "0s": a moment of the simulation */
void simview_add_moment(struct text *out, int64_t ms, size_t width);

#endif
