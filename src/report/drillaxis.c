/* SPDX-License-Identifier: MIT */
#include "drillaxis.h"

#include "base/error.h"

#include <inttypes.h>

enum { WHOLE = 100000 };

struct drillaxis drillaxis_make(int64_t from_ms, int64_t to_ms, size_t ticks)
{
	static const int64_t steps[] = { 1,        2,        5,       10,      20,      50,
		                         100,      200,      500,     1000,    2000,    5000,
		                         10000,    15000,    30000,   60000,   120000,  300000,
		                         600000,   900000,   1800000, 3600000, 7200000, 14400000,
		                         21600000, 43200000, 86400000 };
	struct drillaxis a = { .from_ms = from_ms, .to_ms = to_ms };
	int64_t span = to_ms - from_ms;
	int64_t most = ticks > 1 ? (int64_t)ticks : 1;

	a.step_ms = steps[ARRAY_LEN(steps) - 1];
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (span / steps[i] < most) {
			a.step_ms = steps[i];
			break;
		}
	/* Beyond days there are no rounder numbers than more of them. */
	while (span / a.step_ms >= most)
		a.step_ms *= 2;
	return a;
}

int64_t drillaxis_first(const struct drillaxis *a)
{
	int64_t n = a->from_ms / a->step_ms;

	if (n * a->step_ms < a->from_ms)
		n++;
	return n * a->step_ms;
}

void drillaxis_add_label(const struct drillaxis *a, int64_t ms, struct text *out)
{
	if (ms < 0) {
		text_addc(out, '-');
		ms = -ms;
	}
	if (a->step_ms < 1000)
		text_addf(out, "%" PRId64 " ms", ms);
	else if (a->step_ms % 86400000 == 0)
		text_addf(out, "%" PRId64 " d", ms / 86400000);
	else if (a->step_ms % 3600000 == 0)
		text_addf(out, "%" PRId64 " h", ms / 3600000);
	else if (ms >= 3600000)
		text_addf(out, "%" PRId64 ":%02d:%02d", ms / 3600000, (int)(ms / 60000 % 60),
		          (int)(ms / 1000 % 60));
	else if (ms >= 60000)
		text_addf(out, "%" PRId64 ":%02d", ms / 60000, (int)(ms / 1000 % 60));
	else
		text_addf(out, "%" PRId64 " s", ms / 1000);
}

int64_t drillaxis_place(const struct drillaxis *a, int64_t ms)
{
	if (ms <= a->from_ms || a->to_ms <= a->from_ms)
		return 0;
	if (ms >= a->to_ms)
		return WHOLE;
	return (int64_t)((double)(ms - a->from_ms) * WHOLE / (double)(a->to_ms - a->from_ms));
}

static void add(struct text *out, int64_t n)
{
	text_addf(out, "%" PRId64 ".%03d%%", n / 1000, (int)(n % 1000));
}

void drillaxis_add_percent(const struct drillaxis *a, int64_t ms, struct text *out)
{
	add(out, drillaxis_place(a, ms));
}

void drillaxis_add_width(const struct drillaxis *a, int64_t from_ms, int64_t to_ms,
                         struct text *out)
{
	int64_t n = drillaxis_place(a, to_ms) - drillaxis_place(a, from_ms);

	add(out, n > 0 ? n : 0);
}
