/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_REPORT_EDGES_H
#define TESTS_UNIT_REPORT_EDGES_H

#include "fixture.h"

/*
 * A topology as a file of HAProxy's gives it: two frontends (iid 2 and 5) in front of the backend
 * "be" (4), a "listen" (3) with its own statistics of sockets, a server with an agent, a queue and
 * slow start and one that follows it, and an HTTP endpoint that is a "listen" of its own (6).
 */
static inline struct settings *edges_settings(bool listen_disabled)
{
	struct settings *s = settings_new();
	struct settings_target targets[] = {
		fixture_target("both/a", "10.0.0.1", SETTINGS_CHECK_TCP),
		fixture_target("both/c", "10.0.0.1", SETTINGS_CHECK_NONE),
		fixture_target("be/x", "10.0.0.2", SETTINGS_CHECK_NONE),
		fixture_target("both/a", "10.0.0.1", SETTINGS_CHECK_AGENT),
	};
	struct settings_server both[] = { fixture_server("a", "10.0.0.1", 5432, 0),
		                          fixture_server("c", "10.0.0.1", 5432, 1) };
	struct settings_server be[] = { fixture_server("x", "10.0.0.2", 5432, 2) };
	struct settings_bind binds[] = { { .text = ":19003", .name = "lst", .addr = { .len = 0 } },
		                         { .text = ":19001", .addr = { .len = 0 } } };
	struct settings_frontend fronts[] = {
		{ .name = "fe", .id = 2, .maxconn = 50, .rate_limit = 7 },
		{ .name = "fe2", .id = 5 },
	};
	struct settings_service services[] = { settings_service_default(),
		                               settings_service_default() };

	both[0].weight = 10;
	both[0].maxconn = 4;
	both[0].maxqueue = 9;
	both[0].agent = 4;
	both[0].observe = true;
	both[1].track = "both/a";
	s->targets = fixture_copy(s, targets, sizeof(targets));
	s->target_count = ARRAY_LEN(targets);
	fronts[0].binds = fixture_copy(s, &binds[1], sizeof(binds[1]));
	fronts[0].bind_count = 1;
	fronts[1].binds = fronts[0].binds;
	fronts[1].bind_count = 1;
	services[0].name = "be";
	services[0].id = 4;
	services[0].frontends = fixture_copy(s, fronts, sizeof(fronts));
	services[0].frontend_count = ARRAY_LEN(fronts);
	services[0].servers = fixture_copy(s, be, sizeof(be));
	services[0].server_count = ARRAY_LEN(be);
	services[1].name = "both";
	services[1].id = 3;
	services[1].balance = SETTINGS_RANDOM;
	services[1].socket_stats = true;
	services[1].disabled = listen_disabled;
	services[1].binds = fixture_copy(s, &binds[0], sizeof(binds[0]));
	services[1].bind_count = 1;
	services[1].servers = fixture_copy(s, both, sizeof(both));
	services[1].server_count = ARRAY_LEN(both);
	s->services = fixture_copy(s, services, sizeof(services));
	s->service_count = ARRAY_LEN(services);
	return s;
}

static inline struct probe_result edges_answer(enum probe_code code, const char *info)
{
	struct probe_result r = { .code = code, .duration_ms = 2 };

	snprintf(r.info, sizeof(r.info), "%s", info);
	return r;
}

/* a comes back slowly, its agent asked for three quarters; x has a full queue. */
static inline void edges_live(struct topology *t)
{
	struct topology_service *be = t->services[0];
	struct topology_service *both = t->services[1];
	struct topology_server *a = both->servers[0];

	topology_set_state(a, fixture_state(STATE_UP, 4, 0));
	topology_set_state(both->servers[1], fixture_state(STATE_UP, 4, 0));
	topology_set_state(be->servers[0], fixture_state(STATE_NOCHECK, 0, 0));
	a->check = edges_answer(PROBE_L4OK, "");
	a->agent = edges_answer(PROBE_L7OK, "via agent : up");
	a->agent_limits.rise = a->agent_limits.fall = 1;
	a->agent_health = 1;
	atomic_store(&a->weight, 7);
	atomic_store(&a->ramp, 12);
	atomic_store(&a->queued, 2);
	atomic_store(&a->queued_max, 6);
	atomic_store(&be->queued, 3);
	atomic_store(&be->queued_max, 8);
	counter_add(&be->servers[0]->count, COUNTER_BYTES_IN, 100);
	counter_add(&be->frontends[0]->count, COUNTER_BYTES_IN, 60);
	counter_add(&be->frontends[0]->count, COUNTER_CONNECTIONS, 12);
	counter_add(&be->frontends[0]->count, COUNTER_SESSIONS, 9);
	counter_add(&be->frontends[0]->count, COUNTER_DENIED, 2);
	counter_add(&be->frontends[0]->count, COUNTER_DENIED_SESSIONS, 1);
	counter_add(&be->frontends[1]->count, COUNTER_CONNECTIONS, 1);
	counter_add(&be->count, COUNTER_SESSIONS, 10);
	atomic_store(&be->frontends[1]->paused, true);
	be->frontends[0]->conn_rate = 5;
	be->frontends[0]->conn_rate_max = 6;
	be->frontends[0]->rate = 3;
	be->has_server = both->has_server = true;
}

static const struct snapshot_listener edges_listening[] = {
	{ .frontend_id = 3,
	  .name = "lst",
	  .address = "127.0.0.1:19003",
	  .active = 2,
	  .maxconn = 2,
	  .accepted = 77 },
	{ .frontend_id = 3, .address = "unix:/run/x", .active = 1, .active_max = 4, .accepted = 5 },
	{ .frontend_id = 2, .address = "127.0.0.1:19001", .accepted = 5 }, /* no socket_stats */
};

static const struct snapshot_http edges_https[] = {
	{ .name = "stats",
	  .id = 6,
	  .has_backend = true,
	  .sessions = 1,
	  .sessions_max = 2,
	  .connections = 40,
	  .rate = 1,
	  .rate_max = 9,
	  .requests = 55,
	  .request_rate = 2,
	  .request_rate_max = 11,
	  .bad_requests = 1,
	  .answers = { 0, 50, 1, 3, 1, 0 },
	  .bytes_in = 1000,
	  .bytes_out = 90000,
	  .age_s = 600 },
};

static inline void edges_init(struct fixture *f)
{
	fixture_init(f);
	topology_free(f->topology);
	f->topology = topology_new(edges_settings(false));
	topology_set_maxconn(f->topology, 1000);
	edges_live(f->topology);
	f->process.maxconn = 1000;
	f->process.listening = edges_listening;
	f->process.listening_count = ARRAY_LEN(edges_listening);
	f->process.https = edges_https;
	f->process.http_count = ARRAY_LEN(edges_https);
}

#endif
