/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_REPORT_FIXTURE_H
#define TESTS_UNIT_REPORT_FIXTURE_H

#include "base/log.h"
#include "core/journal.h"
#include "core/record.h"
#include "report/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/*
 * A topology built by hand, with a moment of its own: "psql" with three nodes and a backup, and
 * "web" with one server that is not checked.  Everything is at a fixed time in UTC.
 */
enum {
	FIXTURE_SERVERS = 4,
	FIXTURE_NOW_MS = 100000000 /* monotonic */
};

/* 2026-11-20T12:12:01.095Z */
#define FIXTURE_WALL_MS INT64_C(1795176721095)

struct fixture {
	struct topology *topology;
	struct snapshot_process process;
	uint32_t workers[2];
};

static inline struct settings_server fixture_server(const char *name, const char *host,
                                                    uint16_t port, size_t target)
{
	return (struct settings_server){
		.name = name, .host = host, .port = port, .weight = 1, .node = target
	};
}

static inline struct settings_target fixture_target(const char *name, const char *host,
                                                    enum settings_check_type type)
{
	struct settings_target t = { .name = name, .host = host, .check_port = 8080 };

	t.check = settings_check_default(type);
	t.check.rise = 2;
	t.check.fall = 3;
	return t;
}

static inline void *fixture_copy(struct settings *s, const void *from, size_t size)
{
	void *p = mem_arena_zalloc(&s->arena, size);

	memcpy(p, from, size);
	return p;
}

static inline struct settings *fixture_settings(const char *first_name)
{
	struct settings *s = settings_new();
	struct settings_target targets[] = {
		fixture_target(first_name, "10.0.0.1", SETTINGS_CHECK_HTTP),
		fixture_target("n2", "10.0.0.2", SETTINGS_CHECK_HTTP),
		fixture_target("n3", "db3.example.com", SETTINGS_CHECK_HTTP),
		fixture_target("n4", "10.0.0.4", SETTINGS_CHECK_HTTP),
		fixture_target("web/w1", "10.0.0.9", SETTINGS_CHECK_NONE),
	};
	struct settings_server psql[] = {
		fixture_server(first_name, "10.0.0.1", 26257, 0),
		fixture_server("n2", "10.0.0.2", 26257, 1),
		fixture_server("n3", "db3.example.com", 26257, 2),
		fixture_server("n4", "10.0.0.4", 26257, 3),
	};
	struct settings_server web[] = { fixture_server("w1", "10.0.0.9", 80, 4) };
	struct settings_bind binds[] = { { .text = ":26257", .addr = { .len = 0 } },
		                         { .text = ":8080", .addr = { .len = 0 } } };
	struct settings_service services[] = { settings_service_default(),
		                               settings_service_default() };

	psql[0].locality = "region=eu,zone=a";
	psql[1].maxconn = 100;
	psql[3].backup = true;
	s->targets = fixture_copy(s, targets, sizeof(targets));
	s->target_count = ARRAY_LEN(targets);
	services[0].name = "psql";
	services[0].balance = SETTINGS_LEASTCONN;
	services[0].servers = fixture_copy(s, psql, sizeof(psql));
	services[0].server_count = ARRAY_LEN(psql);
	services[0].binds = fixture_copy(s, binds, sizeof(binds));
	services[0].bind_count = 1;
	services[1].name = "web";
	services[1].balance = SETTINGS_ROUNDROBIN;
	services[1].servers = fixture_copy(s, web, sizeof(web));
	services[1].server_count = ARRAY_LEN(web);
	services[1].binds = services[0].binds + 1;
	services[1].bind_count = 1;
	s->services = fixture_copy(s, services, sizeof(services));
	s->service_count = ARRAY_LEN(services);
	return s;
}

static inline struct state fixture_state(enum state_health health, uint16_t counter, uint8_t admin)
{
	return (struct state){ .health = health, .counter = counter, .admin = admin };
}

static inline struct probe_result fixture_answer(enum probe_code code, uint16_t status,
                                                 const char *info)
{
	struct probe_result r = { .code = code, .status = status, .duration_ms = 1 };

	snprintf(r.info, sizeof(r.info), "%s", info);
	return r;
}

/* n1 UP, n2 NOLB (draining), n3 DOWN, n4 UP (backup); 37 sessions went by. */
static inline void fixture_live(struct topology *t)
{
	struct topology_service *psql = t->services[0];
	struct topology_server **s = psql->servers;
	struct state states[FIXTURE_SERVERS] = { fixture_state(STATE_UP, 4, 0),
		                                 fixture_state(STATE_NOLB, 3, 0),
		                                 fixture_state(STATE_DOWN, 0, 0),
		                                 fixture_state(STATE_UP, 4, 0) };

	for (size_t i = 0; i < FIXTURE_SERVERS; i++) {
		topology_set_state(s[i], states[i]);
		s[i]->check = fixture_answer(PROBE_L7OK, 200, "OK");
		s[i]->check_wall_ms = FIXTURE_WALL_MS - 1500;
		s[i]->since_ms = FIXTURE_NOW_MS - 65000;
		s[i]->since_wall_ms = FIXTURE_WALL_MS - 65000;
	}
	s[1]->check = fixture_answer(PROBE_L7STS, 503, "Service Unavailable");
	s[1]->check.draining = true;
	snprintf(s[1]->cause, sizeof(s[1]->cause),
	         "the node is draining: HTTP 503 Service Unavailable");
	s[2]->check = fixture_answer(PROBE_L4CON, 0, "Connection refused");
	snprintf(s[2]->cause, sizeof(s[2]->cause), "Layer4 connection problem: Connection refused");
	s[2]->check_failures = 3;
	s[2]->down_count = 1;
	s[2]->downtime_ms = 5000;
	atomic_store(&s[0]->active, 5);
	atomic_store(&s[0]->active_max, 9);
	atomic_store(&s[1]->active, 2);
	atomic_store(&s[0]->last_session_ms, FIXTURE_NOW_MS - 3000);
	s[0]->rate = 4;
	counter_add(&s[0]->count, COUNTER_SESSIONS, 30);
	counter_add(&s[0]->count, COUNTER_PICKED, 29);
	counter_add(&s[0]->count, COUNTER_CONNECTED, 28);
	counter_add(&s[0]->count, COUNTER_BYTES_IN, 1000);
	counter_add(&s[0]->count, COUNTER_BYTES_OUT, 2000);
	counter_add(&s[1]->count, COUNTER_SESSIONS, 8);
	counter_add(&s[1]->count, COUNTER_BYTES_OUT, 500);
	counter_add(&s[1]->count, COUNTER_SERVER_ABORTS, 1);
	counter_add(&s[2]->count, COUNTER_CONNECT_ERRORS, 2);
	counter_add(&psql->count, COUNTER_SESSIONS, 37);
	counter_add(&psql->frontends[0]->count, COUNTER_CONNECTIONS, 40);
	counter_add(&psql->frontends[0]->count, COUNTER_SESSIONS, 37);
	counter_add(&psql->frontends[0]->count, COUNTER_DENIED, 3);
	counter_add(&psql->count, COUNTER_CONNECT_ERRORS, 1);
	atomic_store(&psql->active, 7);
	atomic_store(&psql->active_max, 11);
	atomic_store(&psql->frontends[0]->active, 7);
	atomic_store(&psql->frontends[0]->active_max, 11);
	psql->frontends[0]->rate = 4;
	atomic_store(&psql->ended[REASON_SERVER_RESET], 1);
	psql->has_server = true;
	psql->since_ms = FIXTURE_NOW_MS - 600000;
	psql->rate = 4;
	t->services[1]->has_server = true;
	t->services[1]->since_ms = FIXTURE_NOW_MS - 600000;
}

static inline void fixture_init_named(struct fixture *f, const char *first_name)
{
	setenv("TZ", "UTC", 1);
	tzset();
	memset(f, 0, sizeof(*f));
	f->topology = topology_new(fixture_settings(first_name));
	topology_set_maxconn(f->topology, 4096);
	fixture_live(f->topology);
	f->workers[0] = 4;
	f->workers[1] = 3;
	f->process = (struct snapshot_process){
		.version = "0.1.0",
		.pid = 4711,
		.start_wall_ms = FIXTURE_WALL_MS - 7500000,
		.now_wall_ms = FIXTURE_WALL_MS,
		.start_ms = FIXTURE_NOW_MS - 7500000,
		.now_ms = FIXTURE_NOW_MS,
		.threads = 2,
		.maxconn = 4096,
		.nofile = 8233,
		.connections = 7,
		.connections_total = 37,
		.conn_rate = 4,
		.conn_rate_max = 12,
		.bytes_out_total = 2500,
		.bytes_out_rate = 100,
		.listeners = 2,
		.node = "lb1",
		.description = NULL,
		.worker_sessions = f->workers,
		.worker_count = 2,
	};
}

static inline void fixture_init(struct fixture *f)
{
	fixture_init_named(f, "n1");
}

static inline void fixture_release(struct fixture *f)
{
	topology_free(f->topology);
}

/* The event of n2 asking to finish politely. */
static inline struct journal_event fixture_event(void)
{
	struct journal_event e = {
		.seq = 17,
		.wall_ms = FIXTURE_WALL_MS,
		.ms = FIXTURE_NOW_MS,
		.kind = JOURNAL_SERVER,
		.cause = JOURNAL_BY_CHECK,
		.level = LOG_LEVEL_NOTICE,
		.service = "psql",
		.server = "n2",
		.before = fixture_state(STATE_UP, 4, 0),
		.after = fixture_state(STATE_NOLB, 3, 0),
		.limits = { .rise = 2, .fall = 3, .checked = true },
		.check = fixture_answer(PROBE_L7STS, 503, "Service Unavailable"),
		.active_left = 2,
		.sessions = 12,
		.since_ms = 65000,
		.text = "the node is draining: HTTP 503 Service Unavailable",
	};

	e.check.draining = true;
	return e;
}

/* The line of `text` that begins with `start`, copied into `buf`; fails the test if there is none.
 */
static inline const char *fixture_line(const char *text, const char *start, char *buf, size_t size)
{
	for (const char *line = text; line && *line;
	     line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		if (strncmp(line, start, strlen(start)) == 0) {
			snprintf(buf, size, "%.*s", (int)strcspn(line, "\n"), line);
			return buf;
		}
	}
	fail_msg("no line begins with \"%s\"", start);
	return "";
}

#endif
