/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CLI_FAKETOP_H
#define TESTS_UNIT_CLI_FAKETOP_H

#include "base/mem.h"
#include "cli/topmodel.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What `sluice top` may know: psql with n1 (UP, 12 of 20 sessions), n2 (NOLB, with a fault), n3
 * (DOWN) and n4 (a backup, under maintenance); dbconsole with n1 (UP).  Three sessions, and events.
 */
static inline struct statusjson *faketop_status(void)
{
	struct statusjson *s = mem_zalloc(sizeof(*s));
	struct statusjson_service *services = mem_arena_zalloc(&s->arena, 2 * sizeof(*services));
	struct statusjson_server *psql = mem_arena_zalloc(&s->arena, 5 * sizeof(*psql));
	static const char *const binds[] = { ":26257" };
	static const char *const names[] = { "n1", "n2", "n3", "n4", "n1" };

	for (size_t i = 0; i < 5; i++)
		psql[i] = (struct statusjson_server){
			.name = names[i],
			.address = "10.0.0.1:26257",
			.state = "UP",
			.health = STATE_UP,
			.usable = true,
			.cause = "",
			.since = "",
			.since_s = 3600,
			.weight = 1,
			.has_check = true,
			.check_passed = true,
			.check_code = "L7OK",
			.check_words = "",
			.check_info = "",
			.check_status = 200,
			.check_duration_ms = 1,
			.check_age_s = 1,
			.fault_left_ms = -1,
		};
	psql[0].sessions = 12;
	psql[0].sessions_limit = 20;
	psql[0].rate = 8;
	psql[0].locality = "region=eu,zone=a";
	psql[1].state = "NOLB 2/3";
	psql[1].health = STATE_NOLB;
	psql[1].usable = psql[1].check_passed = false;
	psql[1].cause = "drain: HTTP 503 \"Service Unavailable\" (1 ms)";
	psql[1].check_status = 503;
	psql[1].sessions = 3;
	psql[1].since_s = 5;
	psql[1].fault = "delay 200ms";
	psql[1].fault_left_ms = 12000;
	psql[2].state = "DOWN";
	psql[2].health = STATE_DOWN;
	psql[2].usable = psql[2].check_passed = false;
	psql[2].cause = "check failed: connection refused";
	psql[2].check_code = "L4CON";
	psql[2].check_info = "Connection refused";
	psql[2].check_status = 0;
	psql[2].cut = 7;
	psql[3].state = "MAINT";
	psql[3].maint = psql[3].backup = true;
	psql[3].usable = false;
	services[0] = (struct statusjson_service){ .name = "psql",
		                                   .balance = "leastconn",
		                                   .binds = binds,
		                                   .bind_count = 1,
		                                   .up = true,
		                                   .usable = 1,
		                                   .sessions = 15,
		                                   .rate = 8,
		                                   .cut = 7,
		                                   .servers = psql,
		                                   .server_count = 4 };
	services[1] = (struct statusjson_service){ .name = "dbconsole",
		                                   .balance = "roundrobin",
		                                   .binds = binds,
		                                   .bind_count = 1,
		                                   .up = true,
		                                   .usable = 1,
		                                   .servers = &psql[4],
		                                   .server_count = 1 };
	s->version = "0.1.0";
	s->node = "lb1";
	s->now = "2026-11-20T12:12:01.095Z";
	s->pid = 4242;
	s->uptime_s = 7200;
	s->threads = 2;
	s->maxconn = 1000;
	s->sessions = 15;
	s->session_rate = 8;
	s->services = services;
	s->service_count = 2;
	return s;
}

static inline void faketop_sessions(struct topmodel *m)
{
	static const struct sessionline lines[] = {
		{ .id = 7,
		  .service = "psql",
		  .server = "n1",
		  .client = "10.0.0.9:5001",
		  .bind = ":26257",
		  .total_ms = 65000,
		  .idle_ms = 10,
		  .bytes_in = 10,
		  .bytes_out = 1200000,
		  .connect_ms = 2 },
		{ .id = 8,
		  .service = "psql",
		  .server = "n2",
		  .client = "10.0.0.8:5002",
		  .bind = ":26257",
		  .total_ms = 500,
		  .idle_ms = 400,
		  .bytes_in = 3000,
		  .bytes_out = 5,
		  .connect_ms = -1,
		  .retries = 1 },
		{ .id = 9,
		  .service = "psql",
		  .server = "n10",
		  .client = "10.0.0.9:5003",
		  .bind = ":26257",
		  .total_ms = 1500,
		  .idle_ms = 1400,
		  .bytes_in = 20,
		  .bytes_out = 50,
		  .connect_ms = 1 },
	};
	struct sessionline *copy = mem_zalloc(sizeof(lines));

	memcpy(copy, lines, sizeof(lines));
	topmodel_take_sessions(m, copy, ARRAY_LEN(lines));
}

static inline void faketop_event(struct topmodel *m, uint64_t seq, const char *server,
                                 enum state_health before, enum state_health after)
{
	struct journal_event e = { .seq = seq,
		                   .wall_ms = 1795223521000 + (int64_t)seq * 1000,
		                   .kind = JOURNAL_SERVER,
		                   .level = 5,
		                   .service = "psql",
		                   .before = { before, 4, 0, 0, 0 },
		                   .after = { after, 4, 0, 0, 0 },
		                   .limits = { .rise = 2, .fall = 3, .checked = true },
		                   .active_left = 2 };

	snprintf(e.server, sizeof(e.server), "%s", server);
	e.check.code = after == STATE_UP ? PROBE_L7OK : PROBE_L7STS;
	topmodel_add_event(m, &e);
}

static inline void faketop_model(struct topmodel *m, int64_t now_ms)
{
	*m = (struct topmodel){ 0 };
	topmodel_take_status(m, faketop_status(), now_ms);
	faketop_sessions(m);
	faketop_event(m, 1, "n1", STATE_CHECKING, STATE_UP);
	faketop_event(m, 2, "n2", STATE_UP, STATE_NOLB);
	faketop_event(m, 3, "n3", STATE_UP, STATE_DOWN);
}

/* Characters are as wide as on a terminal. */
static inline int faketop_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

#define assert_contains(text, part)                                                                \
	do {                                                                                       \
		if (strstr(text, part) == NULL)                                                    \
			fail_msg("\"%s\" is not in \"%s\"", part, text);                           \
	} while (0)

#define assert_lacks(text, part)                                                                   \
	do {                                                                                       \
		if (strstr(text, part) != NULL)                                                    \
			fail_msg("\"%s\" is in \"%s\"", part, text);                               \
	} while (0)

#endif
