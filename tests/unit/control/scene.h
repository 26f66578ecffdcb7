/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CONTROL_SCENE_H
#define TESTS_UNIT_CONTROL_SCENE_H

#include "base/mem.h"
#include "base/tick.h"
#include "control/command.h"
#include "control/drillbook.h"
#include "control/faults.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>

/*
 * A daemon as commands see it, without data plane (whoever includes this brings a crew): the proxy
 * "psql" with the checked servers n1 and n2 (weight 2) and the backup n3, and the frontend "fe" in
 * front of the backend "be" with s1.  Ids are HAProxy's for this order: psql 2, fe 3, be 4.
 */
struct scene {
	struct ev_loop *loop;
	struct checker *checker;
	struct daemon daemon;
	uint64_t told; /* journal entries */
};

static inline void *scene_copy(struct settings *s, const void *from, size_t size)
{
	void *p = mem_arena_zalloc(&s->arena, size);

	memcpy(p, from, size);
	return p;
}

static inline void scene_add_sockets(struct settings *s)
{
	struct settings_socket sockets[3] = {
		{ .text = "unix:/run/a.sock", .level = SETTINGS_LEVEL_ADMIN },
		{ .text = "127.0.0.1:1999", .level = SETTINGS_LEVEL_USER },
		{ .text = "fd:5", .fd = 5, .level = SETTINGS_LEVEL_OPERATOR },
	};

	if (!addr_from_unix("/run/a.sock", &sockets[0].addr, NULL) ||
	    !addr_parse_ip("127.0.0.1", 1999, &sockets[1].addr))
		abort();
	s->sockets = scene_copy(s, sockets, sizeof(sockets));
	s->socket_count = ARRAY_LEN(sockets);
}

static inline struct settings *scene_settings(void)
{
	struct settings *s = settings_new();
	struct settings_server psql[3] = { settings_server_default(), settings_server_default(),
		                           settings_server_default() };
	struct settings_server be[1] = { settings_server_default() };
	struct settings_bind binds[1] = { { .text = ":26257" } };
	struct settings_frontend fe[1] = { { .name = "fe", .id = 3, .client_ms = 600000 } };
	struct settings_service services[2] = { settings_service_default(),
		                                settings_service_default() };
	struct settings_target targets[4] = {
		{ .name = "n1" }, { .name = "n2" }, { .name = "psql/n3" }, { .name = "be/s1" }
	};

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		targets[i].host = "127.0.0.1";
		targets[i].check_port = 8080;
		targets[i].check =
		    settings_check_default(i < 2 ? SETTINGS_CHECK_HTTP : SETTINGS_CHECK_NONE);
	}
	for (size_t i = 0; i < ARRAY_LEN(psql); i++) {
		psql[i].name = i == 0 ? "n1" : i == 1 ? "n2" : "n3";
		psql[i].host = "127.0.0.1";
		psql[i].port = (uint16_t)(26101 + i);
		psql[i].weight = i == 1 ? 2 : 1;
		psql[i].backup = i == 2;
		psql[i].node = i;
	}
	be[0].name = "s1";
	be[0].host = "127.0.0.1";
	be[0].port = 26101;
	be[0].weight = 1;
	be[0].node = 3;
	s->targets = scene_copy(s, targets, sizeof(targets));
	s->target_count = ARRAY_LEN(targets);
	services[0].name = "psql";
	services[0].id = 2;
	services[0].servers = scene_copy(s, psql, sizeof(psql));
	services[0].server_count = ARRAY_LEN(psql);
	services[0].binds = fe[0].binds = scene_copy(s, binds, sizeof(binds));
	services[0].bind_count = fe[0].bind_count = 1;
	services[1].name = "be";
	services[1].id = 4;
	services[1].servers = scene_copy(s, be, sizeof(be));
	services[1].server_count = 1;
	services[1].frontends = scene_copy(s, fe, sizeof(fe));
	services[1].frontend_count = 1;
	s->services = scene_copy(s, services, sizeof(services));
	s->service_count = 2;
	scene_add_sockets(s);
	return s;
}

static inline void scene_on_event(void *ctx, const struct journal_event *e)
{
	struct scene *s = ctx;

	s->told = e->seq;
	daemon_publish(&s->daemon, e);
}

static inline void scene_on_result(void *ctx, size_t target, const struct probe_result *result)
{
	(void)ctx;
	(void)target;
	(void)result;
}

/* `crew`: the caller's, or NULL where one is faked. */
static inline void scene_open(struct scene *s, struct crew *crew)
{
	struct roster_options o = { .on_event = scene_on_event, .ctx = s };
	struct daemon *d = &s->daemon;
	struct error err;

	memset(s, 0, sizeof(*s));
	TAILQ_INIT(&d->followers);
	s->loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	d->topology = topology_new(scene_settings());
	d->journal = journal_new(64);
	s->checker = checker_new(s->loop, d->topology->settings->targets,
	                         d->topology->settings->target_count, scene_on_result, s, &err);
	if (!s->checker || !logger_new(d->topology->settings, &d->logger, &err))
		abort();
	o.topology = d->topology;
	o.journal = d->journal;
	o.checker = s->checker;
	d->roster = roster_new(&o);
	d->faults = faults_new(s->loop, d->roster, d->topology);
	d->drillbook = drillbook_new(d->topology);
	d->crew = crew;
	d->maxconn = 1000;
	d->nofile = 4096;
	d->start_ms = tick_ms();
	d->start_wall_ms = tick_wall_ms();
	memcpy(d->node, "lb1", 4);
}

static inline void scene_close(struct scene *s)
{
	drillbook_free(s->daemon.drillbook);
	faults_free(s->daemon.faults);
	roster_free(s->daemon.roster);
	checker_free(s->checker);
	logger_free(s->daemon.logger);
	journal_free(s->daemon.journal);
	topology_free(s->daemon.topology);
	ev_loop_destroy(s->loop);
}

#endif
