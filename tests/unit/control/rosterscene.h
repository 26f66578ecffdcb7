/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONTROL_ROSTERSCENE_H
#define TESTS_CONTROL_ROSTERSCENE_H

#include "base/log.h"
#include "base/text.h"
#include "control/roster.h"
#include "fakechecker.h"

#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>

/*
 * A roster over the services "be" (and "other"), whose servers a test describes, with a fake
 * checker.  Every server has a check of its own; its agent's follows those of all servers.
 */
struct rosterscene_server {
	const char *name;           /* "other/x" is in the service "other" */
	struct settings_server set; /* weight 0: 1 */
	enum settings_check_type check;
	bool agent;
	const char *host; /* NULL: 127.0.0.1 */
};

struct rosterscene {
	struct topology *topology;
	struct journal *journal;
	struct fakechecker checker;
	struct roster *roster;
	struct text log;    /* "name:UP->DOWN " of each transition */
	struct text ended;  /* "name:reason " of sessions that were ended */
	struct text wished; /* "name:reason:manner:most " of wishes, "+silent" if they say so */
	struct text said;   /* what marks and panics say, a line each */
	uint32_t granted;   /* at most so many of a wish are there; 0: all */
	unsigned int quiesced;
	struct journal_event last, last_check; /* of kind SERVER, of kind CHECK */
};

static void rosterscene_on_event(void *ctx, const struct journal_event *e)
{
	struct rosterscene *s = ctx;

	if (e->kind == JOURNAL_SERVER)
		s->last = *e;
	if (e->kind == JOURNAL_CHECK)
		s->last_check = *e;
	if (e->kind == JOURNAL_MARK)
		text_addf(&s->said, "%s\n", e->text);
	if (e->kind == JOURNAL_PANIC)
		text_addf(&s->said, "%s %s: %s\n", e->begins ? "panic" : "over", e->service,
		          e->text);
	if (e->kind == JOURNAL_SERVICE_UP || e->kind == JOURNAL_SERVICE_DOWN)
		text_addf(&s->said, "%s is %s\n", e->service,
		          e->kind == JOURNAL_SERVICE_UP ? "up" : "down");
	if (e->kind == JOURNAL_SERVER)
		text_addf(&s->log, "%s:%s->%s%s%s ", e->server,
		          state_health_name(state_effective(&e->before)),
		          state_health_name(state_effective(&e->after)),
		          state_in_maint(&e->after) ? "+maint" : "",
		          e->after.admin & STATE_DRAIN_ANY ? "+drain" : "");
}

static void rosterscene_end_sessions(void *ctx, struct topology_server *server, enum reason reason)
{
	struct rosterscene *s = ctx;

	text_addf(&s->ended, "%s:%s ", server->settings->name, reason_haproxy(reason));
}

/* All that are on the server, or as many as are asked for, are there. */
static uint32_t rosterscene_wish(void *ctx, const struct crew_wish *w)
{
	static const char *const manners[] = { [CREW_AT_ONCE] = "now",
		                               [CREW_UNANSWERED] = "unanswered",
		                               [CREW_BETWEEN_TRANSACTIONS] = "between" };
	struct rosterscene *s = ctx;
	uint32_t there = atomic_load(&w->server->active);
	uint32_t n = w->most && w->most < there ? w->most : there;

	text_addf(&s->wished, "%s:%s:%s:%u%s ", w->server->settings->name, reason_key(w->reason),
	          manners[w->manner], w->most, w->silent_ms ? "+silent" : "");
	return s->granted && s->granted < n ? s->granted : n;
}

static void rosterscene_quiesce(void *ctx)
{
	struct rosterscene *s = ctx;

	s->quiesced++;
}

static bool rosterscene_is_of(const struct rosterscene_server *spec, const char *service)
{
	bool other = strncmp(spec->name, "other/", 6) == 0;

	return other == (strcmp(service, "other") == 0);
}

static void rosterscene_fill(struct settings *set, const struct rosterscene_server *specs,
                             size_t count, struct settings_service *service,
                             struct settings_target *targets, size_t *agents)
{
	struct settings_server *servers =
	    mem_arena_zalloc(&set->arena, (count + 1) * sizeof(*servers));

	service->servers = servers;
	for (size_t i = 0; i < count; i++) {
		struct settings_server *s = &servers[service->server_count];
		const char *slash = strchr(specs[i].name, '/');

		if (!rosterscene_is_of(&specs[i], service->name))
			continue;
		service->server_count++;
		*s = specs[i].set;
		s->name = slash ? slash + 1 : specs[i].name;
		s->host = specs[i].host ? specs[i].host : "127.0.0.1";
		s->port = s->port ? s->port : (uint16_t)(27101 + i);
		s->weight = s->weight ? s->weight : 1;
		s->node = i;
		targets[i].name = s->name;
		targets[i].host = s->host;
		targets[i].check_port = s->port;
		targets[i].check = settings_check_default(specs[i].check);
		targets[i].check.init_state = SETTINGS_INIT_UP;
		if (!specs[i].agent)
			continue;
		s->agent = count + ++*agents;
		targets[s->agent - 1] = targets[i];
		targets[s->agent - 1].check = settings_check_default(SETTINGS_CHECK_AGENT);
	}
}

static struct settings *rosterscene_settings(const struct rosterscene_server *specs, size_t count,
                                             const struct settings_service *like)
{
	static const char *const names[] = { "be", "other" };
	struct settings *set = settings_new();
	struct settings_target *targets =
	    mem_arena_zalloc(&set->arena, 2 * count * sizeof(*targets));
	struct settings_service *services = mem_arena_zalloc(&set->arena, 2 * sizeof(*services));
	size_t agents = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		services[i] = like ? *like : settings_service_default();
		services[i].name = names[i];
		rosterscene_fill(set, specs, count, &services[i], targets, &agents);
	}
	set->haproxy = true;
	set->targets = targets;
	set->target_count = count + agents;
	set->services = services;
	set->service_count = 2;
	return set;
}

/* `like`: what the services are, their servers aside; or NULL. */
static void rosterscene_open(struct rosterscene *s, const struct rosterscene_server *specs,
                             size_t count, const struct settings_service *like)
{
	struct roster_options o = {
		.on_event = rosterscene_on_event,
		.end_sessions = rosterscene_end_sessions,
		.wish = rosterscene_wish,
		.quiesce = rosterscene_quiesce,
		.ctx = s,
	};

	memset(s, 0, sizeof(*s));
	s->topology = topology_new(rosterscene_settings(specs, count, like));
	s->journal = journal_new(256);
	s->checker.next = s->topology->settings->target_count;
	o.topology = s->topology;
	o.journal = s->journal;
	o.checker = fakechecker_as_checker(&s->checker);
	s->roster = roster_new(&o);
	roster_start(s->roster);
}

static void rosterscene_close(struct rosterscene *s)
{
	roster_free(s->roster);
	journal_free(s->journal);
	topology_free(s->topology);
	text_release(&s->log);
	text_release(&s->ended);
	text_release(&s->wished);
	text_release(&s->said);
}

/* Not in HAProxy's place. */
static inline void rosterscene_own(struct rosterscene *s)
{
	s->topology->owned->haproxy = false;
}

static inline struct topology_server *rosterscene_server(const struct rosterscene *s,
                                                         const char *path)
{
	struct topology_server *server = topology_find_server(s->topology, path);

	assert_non_null(server);
	return server;
}

static inline const char *rosterscene_status(const struct topology_server *server)
{
	static char buf[64];
	struct state state = topology_state(server);

	state_describe(&state, &server->limits, server->tracked ? "x" : NULL, buf, sizeof(buf));
	return buf;
}

/* What was noted since the last time. */
static inline void rosterscene_expect_of(struct text *notes, const char *want)
{
	assert_string_equal(text_str(notes), want);
	text_clear(notes);
}

static inline void rosterscene_expect(struct rosterscene *s, const char *log)
{
	rosterscene_expect_of(&s->log, log);
}

#endif
