/* SPDX-License-Identifier: MIT */
#ifndef CORE_DRILL_H
#define CORE_DRILL_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The record of a span of time: what happened to servers, and how many sessions each had, got and
 * lost in equal short intervals.  The daemon makes it from its journal, the recorder from what
 * HAProxy's socket and log say; a file of it is one JSON document (report/drillrecord.h writes,
 * conf/drillfile.h reads).  Everything belongs to `arena`.
 */
enum drill_kind {
	DRILL_STATE,   /* a server's state is another from now on */
	DRILL_CHECK,   /* a check failed on a server that takes sessions, or passed on one that is
	                  DOWN: the first of its kind after the state before */
	DRILL_SERVICE, /* no usable server is left (`good` false), or there is one again */
	DRILL_FAULT,   /* a fault begins or ends (`good`) */
	DRILL_MARK,    /* what people note: start, stop, a reload, a command */
	DRILL_KIND_COUNT
};

/* A server's state as a lane shows it.  STATE(name, key, takes new sessions, words) */
#define DRILL_STATE_TABLE(X)                                                                       \
	X(CHECKING, "checking", false, "waiting for its first check")                              \
	X(UP, "up", true, "takes sessions")                                                        \
	X(NOLB, "nolb", false, "asked for no new sessions")                                        \
	X(DRAIN, "drain", false, "drained by an operator")                                         \
	X(DOWN, "down", false, "down")                                                             \
	X(MAINT, "maint", false, "in maintenance")

enum drill_state {
#define X(name, key, usable, words) DRILL_##name,
	DRILL_STATE_TABLE(X)
#undef X
	    DRILL_STATE_COUNT
};

struct drill_event {
	int64_t wall_ms;
	enum drill_kind kind;
	size_t service, server; /* indices; SIZE_MAX: none */
	enum drill_state state; /* STATE: from now on */
	bool good;              /* CHECK: it passed; SERVICE, FAULT: see above */
	uint32_t sessions;      /* STATE: on the server at that moment */
	const char *text;       /* why, in words */
};

/* Counts in one interval.  SERIES(name, key, words) */
#define DRILL_SERIES_TABLE(X)                                                                      \
	X(SESSIONS, "sessions", "sessions at its end")                                             \
	X(CONNECTED, "connected", "connections that were established")                             \
	X(FAILED, "failed",                                                                        \
	  "of a server: connects that failed; of a service: clients turned away")                  \
	X(CUT, "cut",                                                                              \
	  "sessions that ended by a reset, a time-out, or were closed by the balancer")            \
	X(ASKED, "asked", "sessions that were closed between transactions")                        \
	X(MOVED, "moved", "connects that went on to another server")                               \
	X(HELD, "held", "clients that were held at its end; of a service")                         \
	X(GAP, "gap",                                                                              \
	  "longest time in it without an established connection, ms; of a service; not of one "    \
	  "that was only asked once an interval")

/* A count of an interval of which nothing is known; in a history only (control/drillbook.h). */
#define DRILL_NO_COUNT UINT32_MAX

enum drill_series {
#define X(name, key, words) DRILL_SERIES_##name,
	DRILL_SERIES_TABLE(X)
#undef X
	    DRILL_SERIES_COUNT
};

struct drill_server {
	const char *name;
	enum drill_state first;                 /* its state at `from_ms` */
	int64_t began_with;                     /* sessions at `from_ms`; -1: not recorded */
	const uint32_t *at[DRILL_SERIES_COUNT]; /* `samples` each; NULL: not recorded */
};

struct drill_service {
	const char *name;
	const uint32_t *at[DRILL_SERIES_COUNT];
	struct drill_server *servers;
	size_t server_count;
};

struct drill {
	struct mem_arena arena;
	const char *name;        /* of the drill, or "" */
	const char *source;      /* "sluice 0.1.0", "HAProxy 2.6.12" */
	int64_t from_ms, to_ms;  /* wall clock */
	int64_t samples_from_ms; /* when the first interval begins */
	uint32_t every_ms;       /* an interval */
	size_t samples;
	struct drill_service *services;
	size_t service_count;
	struct drill_event *events; /* in order */
	size_t event_count;
	bool truncated; /* the beginning was forgotten already */
};

struct drill *drill_new(void);
void drill_free(struct drill *d); /* NULL is fine */

/*
 * Is it as fine as its intervals only, because its maker was asked once in each?  A balancer that
 * records itself knows the moment of each connection.
 */
bool drill_is_coarse(const struct drill *d);

const char *drill_state_key(enum drill_state s);
bool drill_state_is_usable(enum drill_state s);
const char *drill_kind_key(enum drill_kind k);
const char *drill_series_key(enum drill_series s);

#endif
