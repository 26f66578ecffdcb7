/* SPDX-License-Identifier: MIT */
#include "pools.h"

uint32_t pool_slot_share(const struct pool_field *field, size_t i)
{
	struct topology_server *s = field->roll->at[i];

	if (s->settings->backup != field->backups || !topology_is_usable(s) ||
	    !topology_has_address(s))
		return 0;
	return topology_share(s);
}

bool pool_slot_was_tried(const struct pool_field *field, const struct topology_server *s)
{
	const struct pool_tried *t = field->request->tried;

	for (size_t i = 0; i < ARRAY_LEN(t->id) && i < t->count; i++)
		if (t->id[i] == s->id)
			return true;
	return false;
}

bool pool_slot_take(struct topology_server *s, uint32_t active)
{
	return atomic_compare_exchange_strong_explicit(&s->active, &active, active + 1,
	                                               memory_order_relaxed, memory_order_relaxed);
}

void pool_slot_keep(struct topology_server *s, uint32_t active)
{
	counter_raise(&s->active_max, active);
	counter_add(&s->count, COUNTER_PICKED, 1);
}
