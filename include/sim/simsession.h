/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMSESSION_H
#define SIM_SIMSESSION_H

#include "base/rng.h"
#include "sim/simconn.h"
#include "sim/simexec.h"
#include "sim/simportal.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * One client of the SQL port of a simulated node, from its first byte: SSLRequest and GSSENCRequest
 * are refused with 'N', then start-up, simple queries, the extended protocol, cancelling, and the
 * ways in which a node that is leaving ends a session.  Heap object on its node's loop; frees
 * itself after telling its host.
 */
struct simsession;

enum simsession_gate {
	SIMSESSION_SERVE,
	SIMSESSION_WAIT,  /* say nothing until the gate changes: SQL is not up yet */
	SIMSESSION_REJECT /* FATAL after the start-up packet */
};

/* What the sessions of a node have in common. */
struct simsession_host {
	struct ev_loop *loop;
	uint32_t node_id;
	enum simsession_gate gate;
	char reject_code[6]; /* SQLSTATE */
	bool leaving;        /* end each session when it is idle and outside a transaction */
	struct rng rng;
	uint64_t queries;

	void (*started)(struct simsession *s); /* it may send queries now */
	void (*rejected)(struct simsession *s);
	void (*gone)(struct simsession *s); /* freed afterwards */
	/* A CancelRequest came; the session it came by ends by itself. */
	void (*cancel)(struct simsession_host *h, uint64_t key);
};

enum simsession_phase {
	SIMSESSION_STARTUP,
	SIMSESSION_READY,    /* reading messages */
	SIMSESSION_SLEEPING, /* in pg_sleep() */
	SIMSESSION_OVER      /* its last message is written */
};

struct simsession {
	LIST_ENTRY(simsession) link;
	struct simsession_host *host;
	struct simconn conn;
	ev_timer sleep;
	enum simsession_phase phase;
	bool started;
	bool simple;   /* the running statement came with Query */
	bool skipping; /* after an error in the extended protocol: until Sync */
	bool batch;    /* extended messages since the last Sync */
	bool binary;   /* the running statement answers in binary */
	bool answered; /* the Query had a statement */
	uint64_t key;  /* of BackendKeyData; bits 52..62 are the node's id */
	struct simexec exec;
	struct simportal_set portals;
	struct text query; /* the Query being run, from `query_at` */
	size_t query_at;
};

LIST_HEAD(simsession_list, simsession);

/* Takes over `fd`. */
struct simsession *simsession_new(struct simsession_host *host, int fd);
/* Ends it at once, without telling the host; `reset`: with an RST. */
void simsession_free(struct simsession *s, bool reset);

/* The host's gate has changed. */
void simsession_wake(struct simsession *s);
/* The host began to leave: ends it now if it is idle. */
void simsession_leave(struct simsession *s);
/* FATAL 57P01 whatever it is doing. */
void simsession_expel(struct simsession *s);
/* Ends a running pg_sleep() with 57014; true if there was one. */
bool simsession_cancel(struct simsession *s);

/* The node id in a cancel key, 0 if it is not of the short form. */
uint32_t simsession_key_node(uint64_t key);

#endif
