/* SPDX-License-Identifier: MIT */
/* What becomes of simulated sessions, wherever they are. */
#include "simulations.h"

static struct simulation_counts *counts(struct simulation *s)
{
	return &s->r->counts;
}

uint32_t simulation_visits_new(struct simulation *s, bool pooled)
{
	uint32_t id = s->free;
	uint32_t turn;

	if (counts(s)->arrived == SIMULATION_ARRIVALS_MAX) {
		simulation_fail(s, "more than %d sessions would come", SIMULATION_ARRIVALS_MAX);
		return SIMULATION_NOBODY;
	}
	if (id == SIMULATION_NOBODY && s->visit_count == SIMULATION_SESSIONS_MAX) {
		simulation_fail(s, "more than %d sessions would be there at once",
		                SIMULATION_SESSIONS_MAX);
		return SIMULATION_NOBODY;
	}
	if (id != SIMULATION_NOBODY) {
		s->free = s->visits[id].next;
		s->free_count--;
	} else {
		id = s->visit_count++;
		if (!(id & (id - 1)))
			s->visits =
			    mem_resize(s->visits, id ? 2 * (size_t)id : 1, sizeof(*s->visits));
		s->visits[id] = (struct simulation_visit){ 0 };
	}
	turn = s->visits[id].turn;
	s->visits[id] = (struct simulation_visit){
		.turn = turn + 1,
		.unit = SIMULATION_NOBODY,
		.address = (uint32_t)rng_next(&s->rng),
		.pooled = pooled,
		.since_ms = -1,
	};
	counts(s)->arrived++;
	return id;
}

static void come_again(struct simulation *s, enum simulation_fate fate)
{
	int64_t after =
	    fate == SIMULATION_IS_REFUSED ? SIMULATION_REFUSED_MS : SIMULATION_RECONNECT_MS;

	simulation_agenda_add(s, SIMULATION_CLIENT, 0, 0,
	                      s->now_ms + (int64_t)rng_jitter(&s->rng, (uint64_t)after, 50));
}

void simulation_visits_over(struct simulation *s, uint32_t id, enum simulation_fate fate)
{
	struct simulation_visit *v = &s->visits[id];
	struct simulation_counts *c = counts(s);

	switch (fate) {
	case SIMULATION_ENDS:
		c->ended++;
		break;
	case SIMULATION_IS_CUT:
		c->cut++;
		if (v->unit != SIMULATION_NOBODY && s->units[v->unit].effect != SIZE_MAX)
			s->r->effects[s->units[v->unit].effect].cut++;
		break;
	case SIMULATION_IS_MOVED:
		c->moved++;
		break;
	case SIMULATION_IS_REFUSED:
		c->refused++;
		break;
	}
	s->live -= v->phase == SIMULATION_LIVE;
	simulation_visits_leave(s, id);
	if (v->pooled)
		come_again(s, fate);
	v->phase = SIMULATION_FREE;
	v->turn++;
	v->next = s->free;
	s->free = id;
	s->free_count++;
}

/* --- on a server -------------------------------------------------------------------------- */

void simulation_visits_join(struct simulation *s, uint32_t id, uint32_t unit)
{
	struct simulation_visit *v = &s->visits[id];
	struct simulation_unit *u = &s->units[unit];

	v->unit = unit;
	v->prev = SIMULATION_NOBODY;
	v->next = u->first;
	if (u->first != SIMULATION_NOBODY)
		s->visits[u->first].prev = id;
	u->first = id;
	atomic_fetch_add(&s->service->active, 1);
}

void simulation_visits_leave(struct simulation *s, uint32_t id)
{
	struct simulation_visit *v = &s->visits[id];
	struct simulation_unit *u;

	if (v->unit == SIMULATION_NOBODY)
		return;
	u = &s->units[v->unit];
	if (v->prev != SIMULATION_NOBODY)
		s->visits[v->prev].next = v->next;
	else
		u->first = v->next;
	if (v->next != SIMULATION_NOBODY)
		s->visits[v->next].prev = v->prev;
	pool_release(u->server);
	atomic_fetch_sub(&s->service->active, 1);
	v->unit = SIMULATION_NOBODY;
	v->unanswered = false;
	v->turn++;
	s->room |= s->line_len > 0;
}

uint32_t simulation_visits_end(struct simulation *s, struct simulation_unit *u, uint32_t most,
                               enum simulation_fate fate)
{
	uint32_t next;
	uint32_t n = 0;

	for (uint32_t id = u->first; id != SIMULATION_NOBODY && n < most; id = next) {
		next = s->visits[id].next;
		if (s->visits[id].phase != SIMULATION_LIVE)
			continue;
		simulation_visits_over(s, id, fate);
		n++;
	}
	return n;
}

/* Those of a unit, in a list of their own by `next`, off the unit. */
static uint32_t take_off(struct simulation *s, struct simulation_unit *u, bool only_dialing)
{
	uint32_t taken = SIMULATION_NOBODY;
	uint32_t next;

	for (uint32_t id = u->first; id != SIMULATION_NOBODY; id = next) {
		struct simulation_visit *v = &s->visits[id];

		next = v->next;
		if (v->phase != SIMULATION_DIAL && (only_dialing || !v->unanswered))
			continue;
		pool_tried_add(&v->tried, u->server);
		/* It had arrived: whether it may be held is a new question. */
		if (v->phase == SIMULATION_LIVE) {
			v->since_ms = -1;
			v->hold_ms = 0;
			s->live--;
		}
		simulation_visits_leave(s, id);
		v->phase = SIMULATION_PAUSE;
		v->next = taken;
		taken = id;
	}
	return taken;
}

static void go_all(struct simulation *s, uint32_t taken)
{
	while (taken != SIMULATION_NOBODY) {
		uint32_t next = s->visits[taken].next;

		simulation_clients_go(s, taken);
		taken = next;
	}
}

/* A session that has its server is not moved in HAProxy's place. */
void simulation_visits_release(struct simulation *s, struct simulation_unit *u)
{
	if (!s->topology->settings->haproxy)
		go_all(s, take_off(s, u, false));
}

void simulation_visits_break(struct simulation *s, struct simulation_unit *u)
{
	uint32_t dialing = take_off(s, u, true);

	simulation_visits_end(s, u, UINT32_MAX, SIMULATION_IS_CUT);
	go_all(s, dialing);
}

void simulation_visits_answer(struct simulation *s, struct simulation_unit *u)
{
	bool hangs = u->machine.life == SIMULATION_HUNG;
	int64_t age = s->service->settings->max_session_age_ms;
	uint32_t next;

	for (uint32_t id = u->first; id != SIMULATION_NOBODY; id = next) {
		struct simulation_visit *v = &s->visits[id];

		next = v->next;
		v->unanswered = v->unanswered && hangs;
		if (v->phase == SIMULATION_DIAL ||
		    (v->phase == SIMULATION_LIVE && age && s->now_ms - v->live_ms >= age))
			simulation_agenda_add(s, SIMULATION_VISIT, id, v->turn, s->now_ms);
	}
}
