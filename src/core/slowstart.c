/* SPDX-License-Identifier: MIT */
#include "core/slowstart.h"

enum { FULL = 100, STEPS = 20, SHORTEST_STEP_MS = 1000 };

uint32_t slowstart_ramp(uint32_t slowstart_ms, int64_t elapsed_ms)
{
	int64_t step =
	    slowstart_ms / STEPS > SHORTEST_STEP_MS ? slowstart_ms / STEPS : SHORTEST_STEP_MS;
	int64_t ramp;

	if (elapsed_ms >= slowstart_ms)
		return FULL;
	ramp = elapsed_ms / step * step * FULL / slowstart_ms;
	return ramp > 1 ? (uint32_t)ramp : 1;
}

static void set_ramp(struct topology_server *s, uint32_t ramp)
{
	atomic_store_explicit(&s->ramp, ramp, memory_order_relaxed);
}

/* Its first check is awaited; `ramp_since_ms` tells whether it has been away before that. */
static bool is_awaiting(const struct state *s)
{
	return !state_in_maint(s) && state_effective(s) == STATE_CHECKING;
}

void slowstart_follow(struct topology_server *s, const struct state *before,
                      const struct state *after, int64_t now_ms)
{
	bool starts = is_awaiting(before) && !s->ramp_since_ms; /* the program does */

	if (!s->settings->slowstart_ms || (state_is_serving(before) && state_is_serving(after)))
		return;
	if ((state_is_serving(after) && !starts) ||
	    (state_in_maint(before) && is_awaiting(after))) {
		s->ramp_since_ms = now_ms;
		set_ramp(s, 1);
	} else if (!is_awaiting(after)) {
		s->ramp_since_ms = 0;
		set_ramp(s, FULL);
	}
}

bool slowstart_step(struct topology_server *s, int64_t now_ms)
{
	struct state state = topology_state(s);
	uint32_t before = atomic_load_explicit(&s->ramp, memory_order_relaxed);
	uint32_t ramp;

	if (!s->ramp_since_ms || !state_is_serving(&state))
		return false;
	ramp = slowstart_ramp(s->settings->slowstart_ms, now_ms - s->ramp_since_ms);
	if (ramp == FULL)
		s->ramp_since_ms = 0;
	set_ramp(s, ramp);
	return ramp > before;
}
