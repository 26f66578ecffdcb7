/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CORE_SIMSCENE_H
#define TESTS_UNIT_CORE_SIMSCENE_H

#include "core/simulation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A simulation of a service "psql" with servers n1, n2, ..., checked as CockroachDB's nodes are. */
enum { SIMSCENE_MAX = 12 };

struct simscene {
	struct settings *settings;
	struct settings_service *service;
	struct settings_server *servers;
	struct settings_target *targets;
	struct simulation_options o;
	struct simevent_list events;
	struct simulation_result r;
	struct error err;
};

/* `servers` of them; 50 clients a second for 30 s each, for a minute in steps of 5 s. */
static inline void simscene_open(struct simscene *s, size_t servers, enum settings_balance balance)
{
	static const char *const names[SIMSCENE_MAX] = { "n1", "n2", "n3", "n4",  "n5",  "n6",
		                                         "n7", "n8", "n9", "n10", "n11", "n12" };
	static const struct settings_range drain = { 503, 503 };

	*s = (struct simscene){ .settings = settings_new() };
	s->servers = mem_arena_zalloc(&s->settings->arena, servers * sizeof(*s->servers));
	s->targets = mem_arena_zalloc(&s->settings->arena, servers * sizeof(*s->targets));
	s->service = mem_arena_zalloc(&s->settings->arena, sizeof(*s->service));
	*s->service = settings_service_default();
	s->service->name = "psql";
	s->service->balance = balance;
	s->service->servers = s->servers;
	s->service->server_count = servers;
	s->service->timeout.connect_ms = 5000;
	for (size_t i = 0; i < servers; i++) {
		s->servers[i] = settings_server_default();
		s->servers[i].name = s->targets[i].name = names[i];
		s->servers[i].host = s->targets[i].host = "db.example.com";
		s->servers[i].port = 26257;
		s->servers[i].node = i;
		s->targets[i].check_port = 8080;
		s->targets[i].check = settings_check_default(SETTINGS_CHECK_HTTP);
		s->targets[i].check.path = "/health?ready=1";
		s->targets[i].check.drain_status = (struct settings_ranges){ &drain, 1 };
	}
	s->settings->services = s->service;
	s->settings->service_count = 1;
	s->settings->targets = s->targets;
	s->settings->target_count = servers;
	s->o = (struct simulation_options){ .for_ms = 60000,
		                            .step_ms = 5000,
		                            .rate = { .count = 50, .period_ms = 1000 },
		                            .session = { .ms = 30000 },
		                            .seed = 1,
		                            .events = &s->events };
}

static inline bool simscene_try(struct simscene *s, const char *events)
{
	simulation_release(&s->r);
	simevent_release(&s->events);
	if (!simevent_parse(&s->events, events, NULL, &s->err))
		fail_msg("%s", s->err.text);
	simevent_sort(&s->events);
	return simulation_run(s->settings, &s->o, &s->r, &s->err);
}

/* May be called again, with other options, too. */
static inline void simscene_run(struct simscene *s, const char *events)
{
	if (!simscene_try(s, events))
		fail_msg("%s", s->err.text);
}

static inline const struct simulation_row *simscene_row(const struct simscene *s, int64_t ms)
{
	for (size_t i = 0; i < s->r.row_count; i++)
		if (s->r.rows[i].ms == ms)
			return &s->r.rows[i];
	fail_msg("no row at %lld", (long long)ms);
	return NULL;
}

static inline uint32_t simscene_sessions(const struct simscene *s, int64_t ms, size_t server)
{
	return simscene_row(s, ms)->cells[server].sessions;
}

static inline void simscene_close(struct simscene *s)
{
	simulation_release(&s->r);
	simevent_release(&s->events);
	settings_free(s->settings);
}

/* Whoever came has ended, was cut, moved or refused, or is still here. */
static inline void simscene_expect_conserved(const struct simscene *s)
{
	uint64_t before = 0;

	for (size_t i = 0; i < s->r.row_count; i++) {
		const struct simulation_counts *c = &s->r.rows[i].counts;
		uint64_t on_servers = 0;

		assert_int_equal(c->arrived,
		                 c->ended + c->cut + c->moved + c->refused + c->live + c->waiting);
		for (size_t k = 0; k < s->service->server_count; k++)
			on_servers += s->r.rows[i].cells[k].sessions;
		assert_true(on_servers >= c->live && on_servers <= c->live + c->waiting);
		assert_true(c->arrived >= before);
		before = c->arrived;
	}
	assert_int_equal(s->r.rows[s->r.row_count - 1].ms, s->o.for_ms);
}

/* The most sessions of a server less the fewest, of `count` servers from `from` on. */
static inline uint32_t simscene_spread(const struct simscene *s, int64_t ms, size_t from,
                                       size_t count)
{
	uint32_t least = UINT32_MAX;
	uint32_t most = 0;

	for (size_t i = from; i < from + count; i++) {
		uint32_t n = simscene_sessions(s, ms, i);

		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	return most - least;
}

#endif
