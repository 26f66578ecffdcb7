/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CORE_DRILLSCENE_H
#define TESTS_UNIT_CORE_DRILLSCENE_H

#include "core/drillfacts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/*
 * A record that a test writes line by line: one service "psql" with servers n1, n2, ..., twenty
 * seconds from SCENE_FROM on, an interval a second.  Times of events count from there.
 */
enum { SCENE_FROM = 1000000, SCENE_SAMPLES = 20, SCENE_SERVERS = 3, SCENE_EVENTS = 32 };
#define SCENE_NONE SIZE_MAX

struct scene {
	struct drill *drill;
	struct drillfacts facts;
	struct drill_service service;
	struct drill_server servers[SCENE_SERVERS];
	struct drill_event events[SCENE_EVENTS];
	uint32_t of_service[DRILL_SERIES_COUNT][SCENE_SAMPLES];
	uint32_t of_server[SCENE_SERVERS][DRILL_SERIES_COUNT][SCENE_SAMPLES];
};

static inline void scene_begin(struct scene *s)
{
	static const char *const names[] = { "n1", "n2", "n3" };

	memset(s, 0, sizeof(*s));
	s->drill = drill_new();
	s->drill->name = "d";
	s->drill->from_ms = SCENE_FROM;
	s->drill->to_ms = SCENE_FROM + SCENE_SAMPLES * 1000;
	s->drill->samples_from_ms = SCENE_FROM;
	s->drill->every_ms = 1000;
	s->drill->samples = SCENE_SAMPLES;
	s->drill->services = &s->service;
	s->drill->service_count = 1;
	s->drill->events = s->events;
	s->service.name = "psql";
	s->service.servers = s->servers;
	s->service.server_count = SCENE_SERVERS;
	for (size_t i = 0; i < SCENE_SERVERS; i++) {
		s->servers[i].name = names[i];
		s->servers[i].first = DRILL_UP;
		s->servers[i].began_with = -1;
	}
}

/* Records a series of a server, or of the service (SCENE_NONE); later ones are 0. */
static inline uint32_t *scene_series(struct scene *s, size_t server, enum drill_series series)
{
	if (server == SCENE_NONE) {
		s->service.at[series] = s->of_service[series];
		return s->of_service[series];
	}
	s->servers[server].at[series] = s->of_server[server][series];
	return s->of_server[server][series];
}

static inline void scene_fill(struct scene *s, size_t server, enum drill_series series, size_t from,
                              size_t end, uint32_t n)
{
	uint32_t *at = scene_series(s, server, series);

	for (size_t i = from; i < end; i++)
		at[i] = n;
}

static inline struct drill_event *scene_event(struct scene *s, int64_t ms, enum drill_kind kind,
                                              size_t server, const char *text)
{
	struct drill_event *e = &s->events[s->drill->event_count++];

	assert_true(s->drill->event_count <= SCENE_EVENTS);
	e->wall_ms = SCENE_FROM + ms;
	e->kind = kind;
	e->service = server == SCENE_NONE ? SCENE_NONE : 0;
	e->server = server;
	e->text = text;
	return e;
}

static inline void scene_state(struct scene *s, int64_t ms, size_t server, enum drill_state state,
                               uint32_t sessions)
{
	struct drill_event *e = scene_event(s, ms, DRILL_STATE, server, "why");

	e->state = state;
	e->sessions = sessions;
}

static inline void scene_check(struct scene *s, int64_t ms, size_t server, bool good)
{
	scene_event(s, ms, DRILL_CHECK, server, "check")->good = good;
}

static inline const struct drillfacts_outage *scene_find(struct scene *s)
{
	drillfacts_find(s->drill, &s->facts);
	return s->facts.outages;
}

static inline void scene_end(struct scene *s)
{
	drillfacts_release(&s->facts);
	drill_free(s->drill);
}

#endif
