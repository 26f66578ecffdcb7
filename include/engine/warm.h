/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WARM_H
#define ENGINE_WARM_H

#include "base/rng.h"
#include "base/slab.h"
#include "core/topology.h"

#include <ev.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * Connections to servers that are made before a session needs them (settings_server.warm), so that
 * a client of a far server is spared the round trip of its connect.  Nothing is written to them: in
 * PostgreSQL's protocol the client speaks first.  Each worker has its own and gives them only to
 * its own sessions; everything here is called on its thread.
 *
 * A server has them while it may take sessions (usable, of some weight, resolved, without a fault):
 * that is looked at ten times a second, and those of one that may not, or that has another address,
 * are closed then.  One that becomes readable while it is idle was closed, reset or spoken over by
 * the server: it is lost, and replaced after a pause that grows from 100 ms to 10 s while servers
 * close them soon.  They are no sessions: they count in server->warm and nowhere else, neither
 * against maxconn nor max_connecting, and a failed one says nothing of its server's health.
 *
 * How long a server bears a client that says nothing: CockroachDB reads the startup message without
 * a deadline (pkg/sql/pgwire/pre_serve.go), only TCP keep-alive ends such a connection; each one
 * that ends unused counts in its sql.pre_serve.conn.failures, and at most every ten seconds one is
 * logged.  So they are kept for three minutes, which is less than the usual balancers and firewalls
 * in between forget idle connections after (four minutes and more).  PostgreSQL closes after its
 * authentication_timeout, a minute: that is a loss like any other.
 */
enum {
	WARM_AGE_MS =
	    180000, /* none is older; up to a quarter less, so that they do not end together */
	WARM_PAUSE_MIN_MS = 100,
	WARM_PAUSE_MAX_MS = 10000,
	WARM_LOOK_MS = 100,
	WARM_SHELVES = 64 /* lists that servers are spread over */
};

struct warm_shelf; /* those of one server */
LIST_HEAD(warm_shelves, warm_shelf);
TAILQ_HEAD(warm_gaps, warm_shelf);

struct warm {
	struct ev_loop *loop;
	struct warm_shelves shelves[WARM_SHELVES]; /* by server */
	struct warm_gaps gaps; /* shelves that one was taken from in this turn */
	struct slab sockets;
	struct rng rng;
	ev_timer look, refill;
	uint32_t count; /* shelves */
	uint64_t turn;  /* sock_options.turn */
};

void warm_init(struct warm *w, struct ev_loop *loop);
/* Closes all of them. */
void warm_release(struct warm *w);

/*
 * Which servers have them: warm_begin(), warm_keep() of each with how many (> 0; more than once is
 * fine), warm_end().  Servers that are not named lose theirs; with `afresh` all that there were are
 * closed.  A server that is freed must not have been named the last time.
 */
void warm_begin(struct warm *w, bool afresh);
void warm_keep(struct warm *w, struct topology_server *server, uint32_t count);
void warm_end(struct warm *w);

/*
 * A connection to that server at that address, the oldest that still lives, which the caller owns
 * now; -1: there is none.  Another takes its place.
 */
int warm_take(struct warm *w, const struct topology_server *server, const struct addr *to);

#endif
