/* SPDX-License-Identifier: MIT */
#ifndef CORE_RATE_H
#define CORE_RATE_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * Events within a sliding period, counted as HAProxy does it: those of the present period, plus
 * the part of those of the period before that the window still covers.  A period begins when the
 * one before it ends, or with the first event after a pause.  Times are tick_ms().
 */
struct rate_window {
	int64_t start_ms; /* of the present period; {0} is an empty window */
	uint32_t now, before;
};

/* Counts `n` events. */
void rate_window_add(struct rate_window *w, uint32_t period_ms, int64_t now_ms, uint32_t n);
/* Events within the last period; a single one that was long ago counts for a whole one. */
uint32_t rate_window_get(const struct rate_window *w, uint32_t period_ms, int64_t now_ms);

/*
 * The same for events per second, used by several threads at a time whose clocks may differ a
 * little.  {0} is ready for use.
 */
struct rate {
	_Atomic int64_t start_ms; /* -1 while a thread begins another period */
	_Atomic uint64_t counts;  /* of this period (low half) and the one before */
};

/*
 * May one more event pass at `limit` events per second?  0: yes, and it is counted; otherwise
 * nothing is, and it is worth asking again in so many milliseconds.  A limit of 0 is none: the
 * event is counted.
 */
uint32_t rate_take(struct rate *r, uint32_t limit, int64_t now_ms);

/* Events within the last second. */
uint32_t rate_get(struct rate *r, int64_t now_ms);

#endif
