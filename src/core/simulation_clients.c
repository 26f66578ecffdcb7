/* SPDX-License-Identifier: MIT */
/* Simulated clients and their way to a server, as engine/dial.h and engine/queue.h have it. */
#include "simulations.h"

#include "core/quorum.h"

enum {
	TURNAROUND_MS = 1000,
	ANSWER_MS = 250,      /* then a node should have answered a client's first words */
	SYN_MS = 127000,      /* the kernel gives up then, without a time-out of ours */
	POOL_OPENS_MS = 1000, /* a pool connects within so long */
	LOOKS_MAX = 64        /* at those who wait, when a place becomes free */
};

static const struct settings_service *settings_of(const struct simulation *s)
{
	return s->service->settings;
}

static void wait_until(struct simulation *s, uint32_t id, int64_t ms)
{
	simulation_agenda_add(s, SIMULATION_VISIT, id, s->visits[id].turn, ms);
}

/* --- those who wait ----------------------------------------------------------------------- */

static void set_held(struct simulation *s, struct simulation_visit *v, bool held)
{
	s->held = s->held + held - v->held;
	v->held = held;
	atomic_store(&s->service->held, s->held);
}

static void stand_in_line(struct simulation *s, uint32_t id)
{
	struct simulation_visit *v = &s->visits[id];

	v->phase = SIMULATION_LINE;
	v->turn++;
	v->prev = s->line_last;
	v->next = SIMULATION_NOBODY;
	if (s->line_last != SIMULATION_NOBODY)
		s->visits[s->line_last].next = id;
	else
		s->line_first = id;
	s->line_last = id;
	s->line_len++;
}

static void leave_line(struct simulation *s, uint32_t id)
{
	struct simulation_visit *v = &s->visits[id];

	if (v->prev != SIMULATION_NOBODY)
		s->visits[v->prev].next = v->next;
	else
		s->line_first = v->next;
	if (v->next != SIMULATION_NOBODY)
		s->visits[v->next].prev = v->prev;
	else
		s->line_last = v->prev;
	s->line_len--;
	set_held(s, v, false);
	v->phase = SIMULATION_PAUSE;
	v->turn++;
}

/* What it was promised counts: a panic may end. */
static int64_t hold_left(const struct simulation *s, struct simulation_visit *v)
{
	uint32_t limit = quorum_hold_ms(s->service);

	if (limit > v->hold_ms)
		v->hold_ms = limit;
	return v->since_ms >= 0 ? v->since_ms + v->hold_ms - s->now_ms : v->hold_ms;
}

static void refuse(struct simulation *s, uint32_t id)
{
	simulation_visits_over(s, id, SIMULATION_IS_REFUSED);
}

/* None is usable, or all that are have failed it. */
static void hold_or_refuse(struct simulation *s, uint32_t id, enum pool_verdict verdict)
{
	struct simulation_visit *v = &s->visits[id];
	int64_t left = hold_left(s, v);

	if (left > 0 && s->held < settings_of(s)->hold_max) {
		stand_in_line(s, id);
		set_held(s, v, true);
		wait_until(s, id, s->now_ms + left);
	} else if (verdict == POOL_TRIED && v->retries <= settings_of(s)->retries) {
		v->tried = (struct pool_tried){ 0 };
		v->phase = SIMULATION_PAUSE;
		v->turn++;
		wait_until(s, id, s->now_ms + TURNAROUND_MS);
	} else {
		refuse(s, id);
	}
}

static void wait_for_room(struct simulation *s, uint32_t id)
{
	const struct settings_service *set = settings_of(s);
	struct simulation_visit *v = &s->visits[id];
	int64_t left = hold_left(s, v);
	bool by_hold = v->hold_ms && !set->timeout.queue_ms;
	uint32_t limit = set->timeout.queue_ms ? set->timeout.queue_ms : set->timeout.connect_ms;

	if (by_hold && left <= 0) {
		refuse(s, id);
		return;
	}
	stand_in_line(s, id);
	if (by_hold)
		wait_until(s, id, s->now_ms + left);
	else if (limit)
		wait_until(s, id, s->now_ms + limit);
}

static void wait_in_line(struct simulation *s, uint32_t id, enum pool_verdict verdict)
{
	struct simulation_visit *v = &s->visits[id];

	if (v->since_ms < 0)
		v->since_ms = s->now_ms;
	if (verdict == POOL_FULL)
		wait_for_room(s, id);
	else
		hold_or_refuse(s, id, verdict);
}

/* --- a choice and an attempt -------------------------------------------------------------- */

static struct addr_ip address_of(uint32_t number)
{
	return (struct addr_ip){
		.family = AF_INET,
		.port = (uint16_t)(1024 + (number >> 24) * 251),
		.bytes = { 10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number },
	};
}

static bool hashes(const struct simulation *s)
{
	return settings_of(s)->balance == SETTINGS_SOURCE ||
	       settings_of(s)->balance == SETTINGS_HASH;
}

/* More servers than are remembered may have failed it: it does not go round without a rest. */
static bool is_to_rest(const struct simulation *s, struct simulation_visit *v)
{
	return pool_tried_all(&v->tried, s->service) && hold_left(s, v) > 0;
}

static enum pool_verdict claim(struct simulation *s, struct simulation_visit *v,
                               struct topology_server **ret)
{
	struct pool_request request = { .tried = &v->tried, .random = rng_next(&s->rng) };

	if (hashes(s))
		request.client = request.local = address_of(v->address);
	if (!simulation_count_work(s, s->service->server_count))
		return POOL_NONE;
	return is_to_rest(s, v) ? POOL_TRIED : pool_claim(s->service, &request, ret);
}

/* 0: none. */
static int64_t age_limit(const struct simulation *s)
{
	const struct settings_service *set = settings_of(s);

	return set->protocol == SETTINGS_PROTOCOL_PGWIRE ? set->max_session_age_ms : 0;
}

static void go_live(struct simulation *s, uint32_t id)
{
	const struct settings_service *set = settings_of(s);
	struct simulation_visit *v = &s->visits[id];
	struct simulation_unit *u = &s->units[v->unit];
	int64_t length = simarrival_length(&s->o->session, &s->rng);
	int64_t age = age_limit(s);
	bool is_hung = u->machine.life == SIMULATION_HUNG;

	v->phase = SIMULATION_LIVE;
	v->live_ms = s->now_ms;
	v->turn++;
	s->live++;
	u->news++;
	v->unanswered = is_hung && set->protocol == SETTINGS_PROTOCOL_PGWIRE;
	if (v->unanswered)
		wait_until(s, id, s->now_ms + ANSWER_MS);
	else if (age && age < length)
		wait_until(s, id, s->now_ms + age);
	if (length != INT64_MAX)
		simulation_agenda_add(s, SIMULATION_VISIT_END, id, v->turn, s->now_ms + length);
}

static void blame(struct simulation *s, struct simulation_unit *u, enum testimony_kind kind)
{
	testimony_note(&s->testimonies, topology_checked_for(u->server), kind, s->now_ms);
	simulation_checks_hurry(s, u->server);
}

/* False: it is to look for another one. */
static bool fail(struct simulation *s, uint32_t id, enum testimony_kind kind)
{
	const struct settings_service *set = settings_of(s);
	struct simulation_visit *v = &s->visits[id];
	struct simulation_unit *u = &s->units[v->unit];

	if (v->since_ms < 0)
		v->since_ms = s->now_ms;
	s->r->vain++;
	if (u->effect != SIZE_MAX)
		s->r->effects[u->effect].vain++;
	blame(s, u, kind);
	pool_tried_add(&v->tried, u->server);
	if (v->retries >= set->retries && (!set->redispatch || hold_left(s, v) <= 0)) {
		refuse(s, id);
		return true;
	}
	if (v->retries < UINT8_MAX)
		v->retries++;
	v->phase = SIMULATION_PAUSE;
	if (set->redispatch) {
		simulation_visits_leave(s, id);
		return false;
	}
	v->turn++;
	wait_until(s, id, s->now_ms + TURNAROUND_MS);
	return true;
}

/* False: it failed, and is to look for another one. */
static bool attempt(struct simulation *s, uint32_t id)
{
	const struct simulation_unit *u = &s->units[s->visits[id].unit];
	uint32_t limit = settings_of(s)->timeout.connect_ms;

	switch (u->machine.life) {
	case SIMULATION_WELL:
	case SIMULATION_HUNG:
		go_live(s, id);
		return true;
	case SIMULATION_DEAD:
		return fail(s, id, TESTIMONY_REFUSED);
	case SIMULATION_GONE:
		break;
	}
	s->visits[id].phase = SIMULATION_DIAL;
	s->visits[id].turn++;
	wait_until(s, id, s->now_ms + (limit ? limit : SYN_MS));
	return true;
}

static void note_wait(struct simulation *s, const struct simulation_visit *v)
{
	int64_t waited = v->since_ms >= 0 ? s->now_ms - v->since_ms : 0;

	s->r->waited += waited > 0;
	if (waited > s->r->longest_ms)
		s->r->longest_ms = waited;
}

/* It has found a server. */
static void use(struct simulation *s, uint32_t id, struct topology_server *server)
{
	struct simulation_unit *u = simulation_acts_unit(s, server);

	simulation_visits_join(s, id, (uint32_t)(u - s->units));
	if (!attempt(s, id))
		simulation_clients_go(s, id);
	else if (s->visits[id].phase == SIMULATION_LIVE)
		note_wait(s, &s->visits[id]);
}

void simulation_clients_go(struct simulation *s, uint32_t id)
{
	struct topology_server *server = NULL;

	while (!s->failed) {
		enum pool_verdict verdict = claim(s, &s->visits[id], &server);
		struct simulation_unit *u;

		if (verdict != POOL_CLAIMED) {
			wait_in_line(s, id, verdict);
			return;
		}
		u = simulation_acts_unit(s, server);
		simulation_visits_join(s, id, (uint32_t)(u - s->units));
		if (attempt(s, id)) {
			if (s->visits[id].phase == SIMULATION_LIVE)
				note_wait(s, &s->visits[id]);
			return;
		}
	}
}

/* What a server had failed before it went away. */
static void forgive(struct simulation *s)
{
	for (uint32_t id = s->line_first; id != SIMULATION_NOBODY; id = s->visits[id].next) {
		struct simulation_visit *v = &s->visits[id];

		if (v->tried.count && simulation_count_work(s, s->service->server_count))
			pool_tried_forget(&v->tried, s->service);
	}
}

void simulation_clients_serve(struct simulation *s, bool rested)
{
	uint32_t left = rested ? s->line_len : LOOKS_MAX;
	uint32_t id = s->line_first;

	if (left > s->line_len)
		left = s->line_len;
	if (s->kick)
		forgive(s);
	while (id != SIMULATION_NOBODY && left-- && !s->failed) {
		struct simulation_visit *v = &s->visits[id];
		struct topology_server *server = NULL;
		uint32_t next = v->next;
		enum pool_verdict verdict;

		if (rested)
			v->tried = (struct pool_tried){ 0 };
		verdict = claim(s, v, &server);
		if (verdict == POOL_CLAIMED) {
			leave_line(s, id);
			use(s, id, server);
		} else if (verdict != POOL_TRIED && !hashes(s)) {
			return;
		}
		id = next;
	}
}

/* --- who comes ---------------------------------------------------------------------------- */

void simulation_clients_come(struct simulation *s, bool pooled)
{
	uint32_t id = simulation_visits_new(s, pooled);

	if (id == SIMULATION_NOBODY)
		return;
	/* Who comes later does not overtake. */
	if (s->line_len)
		wait_in_line(s, id, s->held ? POOL_NONE : POOL_FULL);
	else
		simulation_clients_go(s, id);
	s->room |= s->line_len > 0;
}

static void plan_arrival(struct simulation *s)
{
	int64_t at = simarrival_next(&s->arrival, &s->rng);

	if (at != INT64_MAX)
		simulation_agenda_add(s, SIMULATION_ARRIVAL, 0, s->arrival_turn, at);
}

void simulation_clients_rate(struct simulation *s, const struct simarrival_rate *rate)
{
	simarrival_begin(&s->arrival, rate, s->now_ms);
	s->arrival_turn++;
	plan_arrival(s);
}

void simulation_clients_begin(struct simulation *s)
{
	for (uint32_t i = 0; i < s->o->pool; i++)
		simulation_agenda_add(s, SIMULATION_CLIENT, 0, 0,
		                      s->now_ms + (int64_t)i * POOL_OPENS_MS / s->o->pool);
	simulation_clients_rate(s, &s->o->rate);
}

void simulation_clients_arrival(struct simulation *s, uint32_t turn)
{
	if (turn != s->arrival_turn)
		return;
	simulation_clients_come(s, false);
	plan_arrival(s);
}

/* --- what a session waits for ------------------------------------------------------------- */

/* Its server has not answered, or is not to have it for longer. */
static void look_at_live(struct simulation *s, uint32_t id)
{
	struct simulation_visit *v = &s->visits[id];
	int64_t limit = age_limit(s);
	int64_t age = s->now_ms - v->live_ms;

	if (v->unanswered && age == ANSWER_MS)
		blame(s, &s->units[v->unit], TESTIMONY_SILENT);
	if (!limit)
		return;
	if (age < limit)
		wait_until(s, id, v->live_ms + limit);
	else if (s->units[v->unit].machine.life == SIMULATION_WELL)
		simulation_visits_over(s, id, SIMULATION_IS_MOVED);
}

/* A second attempt on the same server, or a search. */
static void try_again(struct simulation *s, uint32_t id)
{
	if (s->visits[id].unit == SIMULATION_NOBODY || !attempt(s, id))
		simulation_clients_go(s, id);
}

/* Nobody has answered in time, or somebody does now. */
static void end_dialing(struct simulation *s, uint32_t id)
{
	if (s->units[s->visits[id].unit].machine.life == SIMULATION_GONE) {
		if (!fail(s, id, TESTIMONY_SILENT))
			simulation_clients_go(s, id);
	} else {
		try_again(s, id);
	}
}

/* What is over while its node is silent has been waited for in vain. */
static void end_live(struct simulation *s, uint32_t id)
{
	const struct simulation_unit *u = &s->units[s->visits[id].unit];

	simulation_visits_over(
	    s, id, u->machine.life == SIMULATION_WELL ? SIMULATION_ENDS : SIMULATION_IS_CUT);
}

void simulation_clients_due(struct simulation *s, const struct simulation_item *item)
{
	const struct simulation_visit *v = &s->visits[item->id];

	if (v->turn != item->turn)
		return;
	if (item->due == SIMULATION_VISIT_END) {
		end_live(s, item->id);
		return;
	}
	switch (v->phase) {
	case SIMULATION_FREE:
		break;
	case SIMULATION_LINE:
		leave_line(s, item->id);
		note_wait(s, v);
		refuse(s, item->id);
		break;
	case SIMULATION_PAUSE:
		try_again(s, item->id);
		break;
	case SIMULATION_DIAL:
		end_dialing(s, item->id);
		break;
	case SIMULATION_LIVE:
		look_at_live(s, item->id);
		break;
	}
}
