/* SPDX-License-Identifier: MIT */
#include "drillspan.h"

#include <string.h>

int64_t drillspan_begin_ms(const struct drill *d, size_t i)
{
	return d->samples_from_ms + (int64_t)i * d->every_ms;
}

int64_t drillspan_end_ms(const struct drill *d, size_t i)
{
	return drillspan_begin_ms(d, i + 1);
}

static size_t at_most(int64_t n, size_t limit)
{
	if (n <= 0)
		return 0;
	return (uint64_t)n < limit ? (size_t)n : limit;
}

/* `down`: how many intervals end before or at `ms`; otherwise how many begin before it. */
static size_t count_until(const struct drill *d, int64_t ms, bool down)
{
	int64_t passed = ms - d->samples_from_ms;

	if (d->every_ms == 0 || passed <= 0)
		return 0;
	return at_most((passed + (down ? 0 : d->every_ms - 1)) / d->every_ms, d->samples);
}

struct drillspan drillspan_of(const struct drill *d, int64_t from_ms, int64_t to_ms)
{
	struct drillspan s = { count_until(d, from_ms, true), count_until(d, to_ms, false) };

	/* A moment lies in the interval that it falls into. */
	if (from_ms == to_ms && from_ms >= d->samples_from_ms && s.first < d->samples)
		s.end = s.first + 1;
	if (s.end < s.first)
		s.end = s.first;
	return s;
}

struct drillspan drillspan_within(const struct drill *d, int64_t from_ms, int64_t to_ms)
{
	struct drillspan s = { count_until(d, from_ms, false), count_until(d, to_ms, true) };

	if (s.end < s.first)
		s.end = s.first;
	return s;
}

int64_t drillspan_sum(const uint32_t *at, struct drillspan s)
{
	int64_t n = 0;

	if (at == NULL || s.first == s.end)
		return DRILLFACTS_UNKNOWN;
	for (size_t i = s.first; i < s.end; i++)
		n += at[i];
	return n;
}

int64_t drillspan_max(const uint32_t *at, struct drillspan s)
{
	int64_t n = 0;

	if (at == NULL || s.first == s.end)
		return DRILLFACTS_UNKNOWN;
	for (size_t i = s.first; i < s.end; i++)
		if (at[i] > n)
			n = at[i];
	return n;
}

/* From `*next` on until the intervals that end before `until_ms`. */
static void fill(const struct drill *d, bool *lane, size_t *next, int64_t until_ms, bool usable)
{
	while (*next < d->samples && drillspan_end_ms(d, *next) < until_ms)
		lane[(*next)++] = usable;
}

const bool *drillspan_usable(const struct drill *d, size_t service, struct mem_arena *a)
{
	const struct drill_service *v = &d->services[service];
	enum drill_state *now;
	bool *lanes;
	size_t *next;

	if (v->server_count == 0 || d->samples == 0)
		return NULL;
	lanes = mem_arena_zalloc(a, v->server_count * d->samples * sizeof(*lanes));
	next = mem_arena_zalloc(a, v->server_count * sizeof(*next));
	now = mem_arena_zalloc(a, v->server_count * sizeof(*now));
	for (size_t s = 0; s < v->server_count; s++)
		now[s] = v->servers[s].first;
	for (size_t i = 0; i < d->event_count; i++) {
		const struct drill_event *e = &d->events[i];

		if (e->kind != DRILL_STATE || e->service != service || e->server >= v->server_count)
			continue;
		fill(d, &lanes[e->server * d->samples], &next[e->server], e->wall_ms,
		     drill_state_is_usable(now[e->server]));
		now[e->server] = e->state;
	}
	for (size_t s = 0; s < v->server_count; s++)
		fill(d, &lanes[s * d->samples], &next[s], INT64_MAX, drill_state_is_usable(now[s]));
	return lanes;
}
