/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMNODE_H
#define SIM_SIMNODE_H

#include "base/addr.h"
#include "base/error.h"
#include "base/text.h"
#include "sim/simlife.h"
#include "sim/simpage.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * One simulated CockroachDB node: an SQL port and an HTTP port that behave as a node's in each of
 * its states (sim/simlife.h), and commands that move it between them.  One loop, one thread.
 */
struct simnode;

/* What the node does, one sentence for people.  Must not free the node. */
typedef void simnode_event(void *ctx, const struct simnode *n, const char *what);

struct simnode_options {
	uint32_t id; /* 1..2047: it must fit into a cancel key */
	struct addr sql, http;
	const char *locality; /* or NULL */

	void *ctx;
	simnode_event *event; /* or NULL */
	/*
	 * All nodes that are listed in the cluster, at most `max`; returns how many.  NULL: this
	 * node alone.
	 */
	size_t (*list)(void *ctx, struct simpage_node *ret, size_t max);
	/* A CancelRequest for a session of another node; NULL: dropped. */
	void (*forward_cancel)(void *ctx, uint32_t node_id, uint64_t key);
};

/* Starts live.  NULL if a port cannot be opened. */
struct simnode *simnode_new(struct ev_loop *loop, const struct simnode_options *o,
                            struct error *err);
void simnode_free(struct simnode *n);

/*
 * Carries out a command; `answer` gets one line without its newline: what was done or what is
 * wrong.  Durations have a unit ("400ms", "2s").
 *
 *   drain [initial_wait] [connections] [transactions]   as set, 0s, 10s unless said
 *   kill                 ports closed, all connections reset
 *   start [delay]        the same ports again; SQL answers after the delay
 *   init-wait            as before `cockroach init`
 *   hang, resume         neither port answers, as a stopped process; and again
 *   slow T, flap T       health answers after T; health well and 503 by turns of T; 0s ends it
 *   health STATUS        every health request gets that status; 200 ends it
 *   unready [TEXT]       /health?ready=1 says 503 with TEXT
 *   refuse               the SQL port is closed, the HTTP port is well
 *   reject [SQLSTATE]    new SQL sessions get FATAL (57P01; 53300 …)
 *   decommission [done]  decommissioning in lists of nodes; done: decommissioned
 *   dead                 dead in lists of nodes
 *   unlist, list         not in lists of nodes, as before it has joined; and again as it is
 *   session [TOKEN]      lists of nodes that it gives want this session, else 401; no TOKEN: none
 *   setting NAME [T]     server.shutdown.initial_wait or sql.defaults.statement_timeout; else 0s
 *   reset                live, without any fault; listed, no session, settings as at first
 *   status               state, sessions=, accepted=, rejected=, connected=, queries=, health=
 */
bool simnode_command(struct simnode *n, const char *words, struct text *answer);
/* Names of the commands, NULL at the end. */
const char *const *simnode_command_names(void);

uint32_t simnode_id(const struct simnode *n);
enum simlife_state simnode_state(const struct simnode *n);
/* One word: "live", "drain-connections", "hung" … */
const char *simnode_state_name(const struct simnode *n);
const struct addr *simnode_sql_addr(const struct simnode *n);
const struct addr *simnode_http_addr(const struct simnode *n);
/* Whether lists of nodes have it. */
bool simnode_is_listed(const struct simnode *n);
/* What pages say about it; the strings live as long as the node. */
void simnode_describe(const struct simnode *n, struct simpage_node *ret);
/* Cancels a running statement of this node's. */
void simnode_cancel(struct simnode *n, uint64_t key);

#endif
