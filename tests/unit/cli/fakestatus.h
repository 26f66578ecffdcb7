/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CLI_FAKESTATUS_H
#define TESTS_UNIT_CLI_FAKESTATUS_H

#include "base/mem.h"
#include "report/statusjson.h"

/*
 * The answer to `show status json` of a daemon with the services psql and dbconsole, each with
 * the servers n1 and n2.  n1 is in `state`, with `sessions` in each service; n2 is UP and idle.
 * The caller frees it.
 */
static inline char *fakestatus_make(struct state state, uint32_t sessions, const char *cause)
{
	static const char *const names[] = { "n1", "n2" };
	static const char *const binds[] = { ":26257" };
	struct snapshot_server servers[2][2];
	struct snapshot_service services[2] = { { .name = "psql", .id = 2 },
		                                { .name = "dbconsole", .id = 3 } };
	struct snapshot s = { .services = services, .service_count = 2 };
	struct text out = { 0 };

	s.process = (struct snapshot_process){ .version = "0.1.0",
		                               .pid = 4242,
		                               .start_wall_ms = 1795219921000,
		                               .now_wall_ms = 1795223521000,
		                               .now_ms = 3600000,
		                               .threads = 2,
		                               .maxconn = 1000 };
	for (size_t i = 0; i < 2; i++) {
		services[i].balance = "leastconn";
		services[i].binds = binds;
		services[i].bind_count = 1;
		services[i].servers = servers[i];
		services[i].server_count = 2;
		services[i].up = true;
		services[i].active_usable = 2;
		for (size_t k = 0; k < 2; k++) {
			struct snapshot_server *server = &servers[i][k];

			memset(server, 0, sizeof(*server));
			server->name = names[k];
			server->service = services[i].name;
			server->id = (uint32_t)k + 1;
			server->address = "10.0.0.1:26257";
			server->ip = server->host = "10.0.0.1";
			server->target = names[k];
			server->check_type = "http";
			server->limits =
			    (struct state_limits){ .rise = 2, .fall = 3, .checked = true };
			server->state =
			    k == 0 ? state : (struct state){ .health = STATE_UP, .counter = 4 };
			server->usable = state_is_usable(&server->state);
			server->status = server->usable             ? "UP"
			                 : server->state.admin != 0 ? "DRAIN"
			                                            : "DOWN";
			server->cause = k == 0 ? cause : "";
			server->sessions = k == 0 ? sessions : 0;
			server->weight = server->weight_initial = 1;
			server->since_wall_ms = 1795219921000;
			server->age_ms = 60000;
			server->check.code = PROBE_L7OK;
			server->check_wall_ms = 1795223520000;
			server->check_age_ms = 1000;
			server->last_session_s = -1;
		}
	}
	statusjson_write(&s, &out);
	return text_take(&out);
}

#endif
