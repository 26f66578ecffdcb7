/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMLIFE_H
#define SIM_SIMLIFE_H

#include "base/error.h"
#include "sim/simhttp.h"
#include "sim/simpage.h"
#include "sim/simsql.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The life of a simulated node: its states, and what each means to the two ports.
 *
 * A drain goes through CockroachDB's phases: initial wait (not ready, SQL as before), connections
 * (new sessions get FATAL 57P01; ends early when the clients have left), transactions (idle
 * sessions are closed, the others after their transaction, the rest cancelled), then the SQL port
 * closes and the HTTP port last.  Embedded in the node.
 */
enum simlife_state {
	SIMLIFE_STOPPED,
	SIMLIFE_LIVE,
	SIMLIFE_INIT_WAIT, /* waits for cluster initialization */
	SIMLIFE_STARTING,  /* up, but SQL does not answer yet */
	SIMLIFE_DRAIN_WAIT,
	SIMLIFE_DRAIN_CONNECTIONS,
	SIMLIFE_DRAIN_TRANSACTIONS,
	SIMLIFE_LEAVING, /* the SQL port is closed, the HTTP port not yet */
	SIMLIFE_COUNT
};

struct simlife_drain {
	uint64_t initial_ms, connections_ms, transactions_ms;
};

struct simlife {
	struct ev_loop *loop;
	struct simsql sql;
	struct simhttp http;
	enum simlife_state state;
	bool hung;           /* as a stopped process: neither port answers, no time passes */
	bool refusing;       /* the SQL port alone is closed */
	char reject_code[6]; /* SQLSTATE for new sessions, "": they are welcome */
	struct simlife_drain drain;
	int64_t deadline_ms; /* of a state that ends by itself */
	int64_t started_wall_ms;
	ev_timer timer;
	void *ctx;
	void (*said)(void *ctx, const char *what); /* a sentence for people; or NULL */
};

/* Stopped; `ctx`, `said` and the callbacks of `http` are the caller's to set or give. */
void simlife_init(struct simlife *l, struct ev_loop *loop, uint32_t node_id, const struct addr *sql,
                  const struct addr *http, simhttp_handler *handler, void *ctx);
void simlife_release(struct simlife *l);

/* Opens what is closed, clears hung, refusing and reject, and enters the state: LIVE, INIT_WAIT or
 * STARTING for `starting_ms`. */
bool simlife_run(struct simlife *l, enum simlife_state state, uint64_t starting_ms,
                 struct error *err) MUST_CHECK;
/* The process is gone: ports closed, all connections reset. */
void simlife_kill(struct simlife *l);
void simlife_drain(struct simlife *l, const struct simlife_drain *drain);
void simlife_hang(struct simlife *l, bool hung);
void simlife_refuse(struct simlife *l);
void simlife_reject(struct simlife *l, const char *sqlstate);

/* Why readiness is denied, in CockroachDB's words; NULL: ready. */
const char *simlife_not_ready(const struct simlife *l);
/* One word: "live", "drain-connections", "hung" … */
const char *simlife_name(const struct simlife *l);
/* What the cluster finds of it. */
enum simpage_liveness simlife_liveness(const struct simlife *l);

#endif
