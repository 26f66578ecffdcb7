/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLAXIS_H
#define REPORT_DRILLAXIS_H

#include "base/text.h"

#include <stdint.h>

/*
 * A time axis: milliseconds since some zero, with ticks at round times, each a multiple of
 * `step_ms`.
 */
struct drillaxis {
	int64_t from_ms, to_ms;
	int64_t step_ms;
};

/* With at most `ticks` of them, at least one step apart. */
struct drillaxis drillaxis_make(int64_t from_ms, int64_t to_ms, size_t ticks);

/* The first tick in it; the next ones are each a step later. */
int64_t drillaxis_first(const struct drillaxis *a);

/* "0 s", "30 s", "1:30", "-5 s", "1 h", "250 ms" */
void drillaxis_add_label(const struct drillaxis *a, int64_t ms, struct text *out);

/* Where a moment is, as "12.345%", within 0 and 100. */
void drillaxis_add_percent(const struct drillaxis *a, int64_t ms, struct text *out);
/* How much of the axis lies between both. */
void drillaxis_add_width(const struct drillaxis *a, int64_t from_ms, int64_t to_ms,
                         struct text *out);
/* The same in thousandths of a percent. */
int64_t drillaxis_place(const struct drillaxis *a, int64_t ms);

#endif
