/* SPDX-License-Identifier: MIT */
#include "core/rate.h"

#include <stdbool.h>

enum { SECOND = 1000, BEGINNING = -1 };

/* The window as it is at that time, its present period not over. */
static struct rate_window advance(struct rate_window w, uint32_t period_ms, int64_t now_ms)
{
	int64_t since = now_ms - w.start_ms;

	if (since < (int64_t)period_ms)
		return w;
	if (since < 2 * (int64_t)period_ms)
		return (struct rate_window){ .start_ms = w.start_ms + period_ms, .before = w.now };
	return (struct rate_window){ .start_ms = now_ms };
}

/* Milliseconds times events. */
static uint64_t sum_up(const struct rate_window *w, uint32_t period_ms, int64_t now_ms)
{
	int64_t since = now_ms - w->start_ms;
	uint64_t rest = since > 0 ? period_ms - (uint64_t)since : period_ms;

	return w->before * rest + (uint64_t)w->now * period_ms;
}

void rate_window_add(struct rate_window *w, uint32_t period_ms, int64_t now_ms, uint32_t n)
{
	*w = advance(*w, period_ms, now_ms);
	w->now = n < UINT32_MAX - w->now ? w->now + n : UINT32_MAX;
}

uint32_t rate_window_get(const struct rate_window *w, uint32_t period_ms, int64_t now_ms)
{
	struct rate_window seen = advance(*w, period_ms, now_ms);
	uint64_t sum;

	if (!seen.now && seen.before <= 1)
		return seen.before;
	sum = sum_up(&seen, period_ms, now_ms) / period_ms;
	return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

static struct rate_window unpack(int64_t start_ms, uint64_t counts)
{
	return (struct rate_window){ .start_ms = start_ms,
		                     .now = (uint32_t)counts,
		                     .before = (uint32_t)(counts >> 32) };
}

/* What was counted, of one period; waits while a thread begins another. */
static struct rate_window load(struct rate *r)
{
	int64_t start;
	uint64_t counts;

	do {
		start = atomic_load_explicit(&r->start_ms, memory_order_acquire);
		counts = atomic_load_explicit(&r->counts, memory_order_acquire);
	} while (start == BEGINNING ||
	         atomic_load_explicit(&r->start_ms, memory_order_relaxed) != start);
	return unpack(start, counts);
}

/* Begins the period of `next` unless another thread does; what comes in meanwhile is kept. */
static void begin(struct rate *r, int64_t seen_start, int64_t now_ms)
{
	uint64_t counts;
	struct rate_window next;

	if (!atomic_compare_exchange_strong_explicit(&r->start_ms, &seen_start, BEGINNING,
	                                             memory_order_acquire, memory_order_relaxed))
		return;
	counts = atomic_load_explicit(&r->counts, memory_order_relaxed);
	do {
		next = advance(unpack(seen_start, counts), SECOND, now_ms);
	} while (!atomic_compare_exchange_weak_explicit(
	    &r->counts, &counts, (uint64_t)next.before << 32 | next.now, memory_order_release,
	    memory_order_relaxed));
	atomic_store_explicit(&r->start_ms, next.start_ms, memory_order_release);
}

/*
 * How long until fewer than `limit` events are in the window.  A part `rest` of the period before
 * is in it then: of the present one's predecessor, or of the present one when that is over.
 */
static uint32_t find_wait(const struct rate_window *w, uint32_t limit, int64_t now_ms)
{
	uint64_t most = (uint64_t)limit * SECOND;
	int64_t since = now_ms - w->start_ms;
	uint64_t left = since > 0 ? SECOND - (uint64_t)since : SECOND;

	if (!limit || sum_up(w, SECOND, now_ms) < most)
		return 0;
	if (w->now >= limit)
		return (uint32_t)(left + SECOND - (most - 1) / w->now);
	return (uint32_t)(left - (most - (uint64_t)w->now * SECOND - 1) / w->before);
}

uint32_t rate_take(struct rate *r, uint32_t limit, int64_t now_ms)
{
	for (;;) {
		struct rate_window w = load(r);
		uint64_t counts = (uint64_t)w.before << 32 | w.now;
		uint32_t wait;

		if (now_ms - w.start_ms >= SECOND) {
			begin(r, w.start_ms, now_ms);
			continue;
		}
		wait = find_wait(&w, limit, now_ms);
		if (wait || w.now == UINT32_MAX ||
		    atomic_compare_exchange_weak_explicit(&r->counts, &counts, counts + 1,
		                                          memory_order_relaxed,
		                                          memory_order_relaxed))
			return wait;
	}
}

uint32_t rate_get(struct rate *r, int64_t now_ms)
{
	struct rate_window w = load(r);

	return rate_window_get(&w, SECOND, now_ms);
}
