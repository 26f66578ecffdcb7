/* SPDX-License-Identifier: MIT */
#include "simulations.h"

#include "base/mem.h"

static bool is_before(const struct simulation_item *a, const struct simulation_item *b)
{
	return a->ms < b->ms || (a->ms == b->ms && a->seq < b->seq);
}

void simulation_agenda_add(struct simulation *s, enum simulation_due due, uint32_t id,
                           uint32_t turn, int64_t ms)
{
	struct simulation_agenda *a = &s->agenda;
	struct simulation_item item = {
		.ms = ms, .seq = a->seq++, .id = id, .turn = turn, .due = due
	};
	size_t i = a->count++;

	if (a->count > a->room) {
		a->room = a->room ? a->room * 2 : 64;
		a->at = mem_resize(a->at, a->room, sizeof(*a->at));
	}
	for (; i && is_before(&item, &a->at[(i - 1) / 2]); i = (i - 1) / 2)
		a->at[i] = a->at[(i - 1) / 2];
	a->at[i] = item;
}

bool simulation_agenda_take(struct simulation_agenda *a, struct simulation_item *ret)
{
	struct simulation_item last;
	size_t i = 0;

	if (!a->count)
		return false;
	*ret = a->at[0];
	last = a->at[--a->count];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= a->count)
			break;
		if (child + 1 < a->count && is_before(&a->at[child + 1], &a->at[child]))
			child++;
		if (!is_before(&a->at[child], &last))
			break;
		a->at[i] = a->at[child];
		i = child;
	}
	a->at[i] = last;
	return true;
}
