/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "core/balance.h"

#include <assert.h>

struct choice {
	struct topology_server *server;
	struct balance_candidate snapshot;
	uint64_t seen_turn; /* as stored: `snapshot.turn` may have been moved up to the clock */
	bool any_usable, any_full;
};

void pool_tried_add(struct pool_tried *t, const struct topology_server *s)
{
	t->id[t->count % (sizeof(t->id) / sizeof(t->id[0]))] = (uint16_t)s->id;
	t->count++;
}

static bool was_tried(const struct pool_tried *t, uint32_t id)
{
	size_t kept = sizeof(t->id) / sizeof(t->id[0]);
	size_t n = t->count < kept ? t->count : kept;

	for (size_t i = 0; i < n; i++)
		if (t->id[i] == id)
			return true;
	return false;
}

static uint64_t load64(_Atomic uint64_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

/*
 * The turn that counts: within one stride of the clock, else the clock itself.  A server that was
 * away for a while does not catch up; one whose weight was raised does not wait as long as it would
 * have with the old one.
 */
static uint64_t present_turn(uint64_t turn, uint64_t clock, uint64_t stride)
{
	uint64_t distance = balance_is_earlier(turn, clock) ? clock - turn : turn - clock;

	return distance > stride ? clock : turn;
}

/* One server against the filter and the best so far. */
static void consider(struct choice *best, struct topology_server *s, const struct pool_tried *tried)
{
	struct state state = state_unpack(atomic_load_explicit(&s->state, memory_order_acquire));
	struct balance_candidate c = {
		.weight = atomic_load_explicit(&s->weight, memory_order_relaxed),
		.active = atomic_load_explicit(&s->active, memory_order_relaxed),
	};
	/* Then the clock, which claim() moves first: no turn seems too far ahead. */
	uint64_t turn = atomic_load_explicit(&s->turn, memory_order_acquire);
	uint64_t clock = load64(&s->service->clock);

	if (!c.weight || !state_is_usable(&state) || !topology_has_address(s))
		return;
	best->any_usable = true;
	if (was_tried(tried, s->id))
		return;
	if (s->settings->maxconn && c.active >= s->settings->maxconn) {
		best->any_full = true;
		return;
	}
	c.turn = present_turn(turn, clock, balance_stride(c.weight));
	if (best->server && !balance_prefers(s->service->settings->balance, &c, &best->snapshot))
		return;
	best->server = s;
	best->snapshot = c;
	best->seen_turn = turn;
}

/* Backups come in only when no active server is usable: the first of them, or all. */
static void look(struct choice *best, struct topology_service *service, bool backups,
                 const struct pool_tried *tried)
{
	for (size_t i = 0; i < service->server_count; i++) {
		struct topology_server *s = service->servers[i];

		if (s->settings->backup != backups)
			continue;
		consider(best, s, tried);
		if (backups && best->server && !service->settings->allbackups)
			return;
	}
}

static void move_clock(_Atomic uint64_t *p, uint64_t value)
{
	uint64_t seen = load64(p);

	while (balance_is_earlier(seen, value) &&
	       !atomic_compare_exchange_weak_explicit(p, &seen, value, memory_order_relaxed,
	                                              memory_order_relaxed))
		;
}

/* Takes the chosen turn, unless another worker was faster. */
static bool claim(const struct choice *c)
{
	struct topology_server *s = c->server;
	uint32_t active = c->snapshot.active;
	uint64_t turn = c->seen_turn;
	uint64_t next = c->snapshot.turn + balance_stride(c->snapshot.weight);

	if (!atomic_compare_exchange_strong_explicit(&s->active, &active, active + 1,
	                                             memory_order_relaxed, memory_order_relaxed))
		return false;
	move_clock(&s->service->clock, c->snapshot.turn);
	if (!atomic_compare_exchange_strong_explicit(&s->turn, &turn, next, memory_order_release,
	                                             memory_order_relaxed)) {
		atomic_fetch_sub_explicit(&s->active, 1, memory_order_relaxed);
		return false;
	}
	counter_raise(&s->active_max, active + 1);
	counter_add(&s->count, COUNTER_PICKED, 1);
	return true;
}

enum pool_verdict pool_claim(struct topology_service *service, const struct pool_tried *tried,
                             struct topology_server **ret)
{
	for (;;) {
		struct choice best = { 0 };

		look(&best, service, false, tried);
		if (!best.any_usable)
			look(&best, service, true, tried);
		if (!best.server)
			return best.any_full ? POOL_FULL : best.any_usable ? POOL_TRIED : POOL_NONE;
		if (claim(&best)) {
			*ret = best.server;
			return POOL_CLAIMED;
		}
	}
}

void pool_claim_same(struct topology_server *s)
{
	counter_raise(&s->active_max,
	              atomic_fetch_add_explicit(&s->active, 1, memory_order_relaxed) + 1);
	counter_add(&s->count, COUNTER_PICKED, 1);
}

void pool_release(struct topology_server *s)
{
	uint32_t before = atomic_fetch_sub_explicit(&s->active, 1, memory_order_relaxed);

	assert(before > 0);
	(void)before;
}
