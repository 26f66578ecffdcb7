/* SPDX-License-Identifier: MIT */
#include "pools.h"

#include <assert.h>

/*
 * Sequentially consistent, as all that gives places back: who finds a server full counts itself as
 * waiting first, who gives a place back looks for those who wait afterwards, and one of the two
 * sees the other.
 */
static uint32_t load(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_seq_cst);
}

bool pool_is_full(const struct topology_server *s)
{
	return pool_slot_is_full(s, load(&s->service->held) > 0, load(&s->active));
}

bool pool_arrive(struct topology_server *s, struct pool_way *way)
{
	uint32_t before;

	if (!way->counted)
		return false;
	way->counted = false;
	before = atomic_fetch_sub_explicit(&s->connecting, 1, memory_order_seq_cst);
	assert(before > 0);
	(void)before;
	return true;
}

/* False: there are as many as may be; true, too, where nothing is limited or counted. */
static bool set_out(const struct pool_field *field, struct topology_server *s)
{
	uint32_t max = pool_slot_ways(s, field->held);
	struct pool_way *way = field->request->way;

	if (!max || !way)
		return true;
	assert(!way->counted);
	way->counted = true;
	if (atomic_fetch_add_explicit(&s->connecting, 1, memory_order_seq_cst) < max)
		return true;
	pool_slot_give_back(field, s);
	return false;
}

bool pool_slot_take(const struct pool_field *field, struct topology_server *s, uint32_t active)
{
	return atomic_compare_exchange_strong_explicit(
	           &s->active, &active, active + 1, memory_order_relaxed, memory_order_relaxed) &&
	       set_out(field, s);
}

void pool_slot_give_back(const struct pool_field *field, struct topology_server *s)
{
	struct pool_way *way = field->request->way;

	if (way) {
		pool_arrive(s, way);
		way->gave_back = true;
	}
	pool_release(s);
}

void pool_slot_keep(struct topology_server *s, uint32_t active)
{
	counter_raise(&s->active_max, active);
	counter_add(&s->count, COUNTER_PICKED, 1);
	if (!s->settings->backup && topology_tier(s))
		counter_add(&s->count, COUNTER_FAR, 1);
}
