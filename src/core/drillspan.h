/* SPDX-License-Identifier: MIT */
#ifndef CORE_DRILLSPAN_H
#define CORE_DRILLSPAN_H

#include "core/drill.h"
#include "core/drillfacts.h"

/*
 * The intervals of a record: which of them lie in a span of time, and what they add up to.  Times
 * are wall clock in milliseconds; intervals are numbered from 0.  Pure.
 */
struct drillspan {
	size_t first, end; /* [first, end) */
};

int64_t drillspan_begin_ms(const struct drill *d, size_t i);
int64_t drillspan_end_ms(const struct drill *d, size_t i);

/* All that lie in it, also partly; empty if none does. */
struct drillspan drillspan_of(const struct drill *d, int64_t from_ms, int64_t to_ms);
/* Those that lie in it wholly. */
struct drillspan drillspan_within(const struct drill *d, int64_t from_ms, int64_t to_ms);

/* Of a series; unknown if it is NULL or the span is empty. */
int64_t drillspan_sum(const uint32_t *at, struct drillspan s);
int64_t drillspan_max(const uint32_t *at, struct drillspan s);

/*
 * Which servers of a service are usable at the end of each interval: server `s` at interval `i` is
 * ret[s * samples + i].  In the arena; NULL if there are no servers or no intervals.
 */
const bool *drillspan_usable(const struct drill *d, size_t service, struct mem_arena *a);

#endif
