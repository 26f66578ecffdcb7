/* SPDX-License-Identifier: MIT */
#include "core/simulation.h"

#include "simulations.h"

#include "core/rebalance.h"
#include "core/slowstart.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TICK_MS = 100,
	SECOND_MS = 1000,
	TICKS_OF_A_SECOND = SECOND_MS / TICK_MS,
	RANKS_MS = 10000, /* how often servers are ranked by latency */
	JOURNAL_ROOM = 4096,
	WARM_UP_MAX_MS = 3600000, /* the first checks are over by then, or never are */
	BEGINS_MS = 1000000,      /* 0 means "never" in many places */
	USUAL_MAXCONN = 20000     /* for minconn, where the file has no limit */
};

void simulation_fail(struct simulation *s, const char *fmt, ...)
{
	char text[sizeof(s->err->text)];
	va_list args;

	if (s->failed)
		return;
	s->failed = true;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	error_set(s->err, "%s", text);
}

bool simulation_count_work(struct simulation *s, size_t looks)
{
	s->work += looks;
	if (s->work > SIMULATION_WORK_MAX)
		simulation_fail(
		    s,
		    "too much to compute: after %lld s of it the limit of %llu looks at "
		    "a server is reached; shorten it, or let fewer sessions come",
		    (long long)(s->now_ms - s->epoch_ms) / 1000, SIMULATION_WORK_MAX);
	return !s->failed;
}

/* --- making ------------------------------------------------------------------------------- */

static bool find_service(struct simulation *s)
{
	const char *name = s->o->service;

	if (!s->topology->service_count) {
		simulation_fail(s, "the configuration has no service");
		return false;
	}
	s->service = name ? topology_find_service(s->topology, name) : s->topology->services[0];
	if (name && !s->service)
		simulation_fail(s, "no service \"%.80s\"; the first one is \"%s\"", name,
		                s->topology->services[0]->settings->name);
	else if (!s->service->server_count)
		simulation_fail(s, "service %s has no server", s->service->settings->name);
	return !s->failed;
}

static uint64_t come_within(const struct simarrival_rate *rate, int64_t ms)
{
	return rate->count ? rate->count * (uint64_t)ms / rate->period_ms : 0;
}

/* On average, bursts and those that come again left out. */
static uint64_t will_come(const struct simulation_options *o)
{
	const struct simarrival_rate *rate = &o->rate;
	uint64_t total = 0;
	int64_t since = 0;

	for (size_t i = 0; i < o->events->count; i++) {
		const struct simevent *e = &o->events->at[i];

		if (e->kind != SIMEVENT_RATE || e->at_ms > o->for_ms)
			continue;
		total += come_within(rate, e->at_ms - since);
		rate = &e->rate;
		since = e->at_ms;
	}
	return total + come_within(rate, o->for_ms - since);
}

static bool check_limits(struct simulation *s)
{
	uint64_t rows = (uint64_t)(s->o->for_ms / s->o->step_ms) + 2;

	if (rows > SIMULATION_STEPS_MAX)
		simulation_fail(s, "more than %d steps: make them longer", SIMULATION_STEPS_MAX);
	else if (rows * s->service->server_count > SIMULATION_CELLS_MAX)
		simulation_fail(s, "steps times servers is more than %d: make the steps longer",
		                SIMULATION_CELLS_MAX);
	else if (s->o->pool > SIMULATION_SESSIONS_MAX)
		simulation_fail(s, "a pool has at most %d connections", SIMULATION_SESSIONS_MAX);
	else if (will_come(s->o) > SIMULATION_ARRIVALS_MAX)
		simulation_fail(s, "more than %d sessions would come", SIMULATION_ARRIVALS_MAX);
	return !s->failed;
}

static int compare_units(const void *a, const void *b)
{
	const struct simulation_unit *x = a;
	const struct simulation_unit *y = b;

	return x->server < y->server ? -1 : x->server > y->server;
}

/* Names are not looked up: all servers have an address, of those that nobody has. */
static void add_unit(struct simulation *s, struct topology_server *server)
{
	struct addr nowhere;

	if (!topology_has_address(server) && addr_parse_ip("192.0.2.1", 1, &nowhere))
		topology_set_address(server, &nowhere);
	server->since_ms = s->now_ms;
	s->has_tracks |= server->tracked != NULL;
	s->units[s->unit_count++] = (struct simulation_unit){ .server = server,
		                                              .next = SIMULATION_NOBODY,
		                                              .first = SIMULATION_NOBODY,
		                                              .effect = SIZE_MAX };
}

static void make_units(struct simulation *s)
{
	const struct topology *t = s->topology;
	size_t count = 0;

	for (size_t i = 0; i < t->service_count; i++)
		count += t->services[i]->server_count;
	s->units = mem_zalloc((count + 1) * sizeof(*s->units));
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++)
			add_unit(s, t->services[i]->servers[k]);
	qsort(s->units, s->unit_count, sizeof(*s->units), compare_units);
	s->place = mem_zalloc((s->service->server_count + 1) * sizeof(*s->place));
	for (size_t i = 0; i < s->service->server_count; i++)
		s->place[i] = (size_t)(simulation_acts_unit(s, s->service->servers[i]) - s->units);
}

static void make_result(struct simulation *s)
{
	struct simulation_result *r = s->r;
	size_t rows = (size_t)(s->o->for_ms / s->o->step_ms) + 2;

	r->service = s->service->settings;
	r->rows = mem_zalloc(rows * sizeof(*r->rows));
	r->cells = mem_zalloc(rows * s->service->server_count * sizeof(*r->cells));
	r->effects = mem_zalloc((s->o->events->count + 1) * sizeof(*r->effects));
}

static bool make(struct simulation *s, struct settings *settings)
{
	s->topology = topology_new(settings_ref(settings));
	s->r->settings = settings_ref(settings);
	topology_set_maxconn(s->topology, settings->maxconn ? settings->maxconn : USUAL_MAXCONN);
	if (!find_service(s) || !check_limits(s))
		return false;
	s->journal = journal_new(JOURNAL_ROOM);
	s->targets = mem_zalloc((settings->target_count + 1) * sizeof(*s->targets));
	s->free = s->line_first = s->line_last = SIMULATION_NOBODY;
	make_units(s);
	if (!simulation_acts_check(s))
		return false;
	make_result(s);
	return true;
}

static void release(struct simulation *s)
{
	journal_free(s->journal);
	topology_free(s->topology);
	free(s->agenda.at);
	free(s->targets);
	free(s->units);
	free(s->place);
	free(s->visits);
}

/* --- from time to time -------------------------------------------------------------------- */

/* Each can be ended for that if any can. */
static bool may_move(const struct settings_service *set)
{
	return set->protocol == SETTINGS_PROTOCOL_PGWIRE || set->rebalance_encrypted_ms;
}

static void rebalance(struct simulation *s)
{
	const struct settings_service *set = s->service->settings;
	struct rebalance_move *moves;
	int64_t now = s->now_ms - s->epoch_ms;

	if (!set->rebalance || !set->rebalance_every_ms || !may_move(set) || now <= 0 ||
	    now / set->rebalance_every_ms == (now - SECOND_MS) / set->rebalance_every_ms)
		return;
	moves = mem_zalloc((s->service->server_count + 1) * sizeof(*moves));
	if (rebalance_plan(s->service, set->rebalance_budget, moves))
		for (size_t i = 0; i < s->service->server_count; i++)
			simulation_visits_end(s, simulation_acts_unit(s, moves[i].server),
			                      moves[i].close, SIMULATION_IS_MOVED);
	free(moves);
}

static void each_second(struct simulation *s)
{
	for (size_t i = 0; i < s->service->server_count; i++)
		s->kick |= slowstart_step(s->service->servers[i], s->now_ms);
	if (s->ticks % (RANKS_MS / TICK_MS) == 0)
		s->kick |= topology_tiers_measure(s->service);
	rebalance(s);
	if (s->line_len)
		simulation_clients_serve(s, true);
}

static void plan_tick(struct simulation *s, int64_t ms)
{
	simulation_agenda_add(s, SIMULATION_TICK, 0, s->tick_turn, ms);
}

static void tick(struct simulation *s)
{
	bool second = s->ticks % TICKS_OF_A_SECOND == 0;

	simulation_state_close(s);
	if (second)
		each_second(s);
	if (s->begun)
		simulation_rows_measure(s, second);
	s->ticks++;
	plan_tick(s, s->now_ms + TICK_MS);
}

static void handle(struct simulation *s, const struct simulation_item *item)
{
	switch (item->due) {
	case SIMULATION_ROW:
		simulation_rows_add(s);
		break;
	case SIMULATION_ACT:
		simulation_acts_do(s, item->id);
		break;
	case SIMULATION_CHECK:
	case SIMULATION_ANSWER:
		simulation_checks_due(s, item);
		break;
	case SIMULATION_ARRIVAL:
		simulation_clients_arrival(s, item->turn);
		break;
	case SIMULATION_CLIENT:
		simulation_clients_come(s, true);
		break;
	case SIMULATION_VISIT:
	case SIMULATION_VISIT_END:
		simulation_clients_due(s, item);
		break;
	case SIMULATION_TICK:
		if (item->turn == s->tick_turn)
			tick(s);
		break;
	}
	if ((s->kick || s->room) && s->line_len)
		simulation_clients_serve(s, false);
	s->kick = s->room = false;
}

/* Up to that moment, included. */
static void run_until(struct simulation *s, int64_t ms)
{
	struct simulation_item item;

	while (!s->failed && s->agenda.count && s->agenda.at[0].ms <= ms &&
	       simulation_agenda_take(&s->agenda, &item)) {
		s->now_ms = item.ms;
		handle(s, &item);
	}
	s->now_ms = ms;
}

/* --- a run -------------------------------------------------------------------------------- */

static bool is_settled(const struct simulation *s)
{
	for (size_t i = 0; i < s->unit_count; i++) {
		struct state state = topology_state(s->units[i].server);

		if (state.health == STATE_CHECKING && !state_in_maint(&state))
			return false;
	}
	return true;
}

/* Until each server has had a check, and for a second round, so that none is fresh in turn. */
static void warm_up(struct simulation *s)
{
	int64_t round = TICK_MS;

	simulation_checks_begin(s);
	plan_tick(s, s->now_ms);
	for (size_t i = 0; i < s->topology->settings->target_count; i++)
		if (s->targets[i].used &&
		    s->topology->settings->targets[i].check.inter_ms > (uint64_t)round)
			round = s->topology->settings->targets[i].check.inter_ms;
	if (round > WARM_UP_MAX_MS)
		round = WARM_UP_MAX_MS;
	run_until(s, s->now_ms + round + (int64_t)rng_below(&s->rng, (uint64_t)round));
	while (!s->failed && !is_settled(s) && s->now_ms < BEGINS_MS + 2 * WARM_UP_MAX_MS)
		run_until(s, s->now_ms + TICK_MS);
}

static void begin(struct simulation *s)
{
	const struct simevent_list *l = s->o->events;

	s->begun = true;
	s->epoch_ms = s->now_ms;
	s->ticks = 0;
	s->tick_turn++;
	for (size_t i = 0; i < s->unit_count; i++)
		s->units[i].server->since_ms = s->now_ms;
	/* First in line at their moments: a row is of what was before. */
	for (int64_t ms = 0; ms < s->o->for_ms; ms += s->o->step_ms)
		simulation_agenda_add(s, SIMULATION_ROW, 0, 0, s->epoch_ms + ms);
	for (size_t i = 0; i < l->count && l->at[i].at_ms <= s->o->for_ms; i++)
		simulation_agenda_add(s, SIMULATION_ACT, (uint32_t)i, 0,
		                      s->epoch_ms + l->at[i].at_ms);
	plan_tick(s, s->epoch_ms);
	simulation_clients_begin(s);
}

bool simulation_run(struct settings *settings, const struct simulation_options *o,
                    struct simulation_result *ret, struct error *err)
{
	struct simulation s = { .o = o,
		                .r = ret,
		                .rng = { o->seed },
		                .now_ms = BEGINS_MS,
		                .epoch_ms = BEGINS_MS,
		                .err = err };

	*ret = (struct simulation_result){ 0 };
	if (make(&s, settings)) {
		warm_up(&s);
		begin(&s);
		run_until(&s, s.epoch_ms + o->for_ms);
		if (!s.failed)
			simulation_rows_add(&s);
	}
	release(&s);
	return !s.failed;
}

void simulation_release(struct simulation_result *r)
{
	settings_free(r->settings);
	free(r->rows);
	free(r->cells);
	free(r->notes);
	free(r->effects);
	*r = (struct simulation_result){ 0 };
}
