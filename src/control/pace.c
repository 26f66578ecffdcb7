/* SPDX-License-Identifier: MIT */
#include "pace.h"

/* CHECKER_PAUSED: it needs none. */
static enum checker_pace wanted_check(const struct topology_server *s)
{
	struct state state = topology_state(s);

	if (s->tracked || s->check_disabled || state_in_maint(&state))
		return CHECKER_PAUSED;
	if (state_is_changing(&state, &s->limits))
		return CHECKER_FAST;
	return state.health == STATE_DOWN ? CHECKER_SLOW : CHECKER_NORMAL;
}

static enum checker_pace wanted_agent(const struct topology_server *s)
{
	struct state state = topology_state(s);

	if (s->agent_disabled)
		return CHECKER_PAUSED;
	return state.agent_down ? CHECKER_SLOW : CHECKER_NORMAL;
}

static enum checker_pace faster(enum checker_pace a, enum checker_pace b)
{
	static const int speed[] = {
		[CHECKER_PAUSED] = 0, [CHECKER_SLOW] = 1, [CHECKER_NORMAL] = 2, [CHECKER_FAST] = 3
	};

	return speed[a] > speed[b] ? a : b;
}

void pace_set(struct roster *r, size_t slot)
{
	enum checker_pace pace = CHECKER_PAUSED;
	const struct topology *t = r->o.topology;

	if (slot == SIZE_MAX)
		return;
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			const struct topology_server *s = t->services[i]->servers[k];

			if (s->check_slot == slot)
				pace = faster(pace, wanted_check(s));
			if (s->agent_slot == slot)
				pace = faster(pace, wanted_agent(s));
		}
	checker_set_pace(r->o.checker, slot, pace);
}

void pace_set_server(struct roster *r, const struct topology_server *s)
{
	pace_set(r, s->check_slot);
	pace_set(r, s->agent_slot);
}

void pace_hurry(struct roster *r, const struct topology_server *s)
{
	s = topology_checked_for(s);
	if (s->check_slot != SIZE_MAX)
		checker_hurry(r->o.checker, s->check_slot);
}
