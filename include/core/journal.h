/* SPDX-License-Identifier: MIT */
#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include "core/probe.h"
#include "core/settings.h"
#include "core/state.h"

/*
 * What happened, in order: the one source of log lines, `sluice watch`, /v1/events and (later)
 * drill reports.  A ring that forgets the oldest entries; one thread (control) writes and reads.
 *
 * Names are there with their NUL, "service/server" is a path.
 */
enum { JOURNAL_NAME_MAX = SETTINGS_NAME_MAX + 1, JOURNAL_PATH_MAX = 2 * JOURNAL_NAME_MAX };

/* KIND(name, key) */
#define JOURNAL_KIND_TABLE(X)                                                                      \
	X(SERVER, "server") /* a server's state changed (health or administrative) */              \
	X(CHECK, "check")   /* a check result that moved the counter, or a first failure */        \
	X(SERVICE_DOWN, "service_down") /* no usable server is left */                             \
	X(SERVICE_UP, "service_up")     /* a usable server is there again */                       \
	X(PANIC, "panic")     /* most servers of a service are silent or say 503, or no more */    \
	X(FAULT, "fault")     /* a fault on the way to a server begins or ends */                  \
	X(MARK, "mark")       /* a drill begins or ends, a reload, what people note: `text` */     \
	X(PROCESS, "process") /* start, ready, stop, out of file descriptors: see `text` */

enum journal_kind {
#define X(name, key) JOURNAL_##name,
	JOURNAL_KIND_TABLE(X)
#undef X
	    JOURNAL_KIND_COUNT
};

/* CAUSE(name, key) */
#define JOURNAL_CAUSE_TABLE(X)                                                                     \
	X(CHECK, "check")     /* a check's result: `check` tells which */                          \
	X(COMMAND, "command") /* a person or a script */                                           \
	X(CONFIG, "config")                                                                        \
	X(RESOLVER, "resolver") /* the name stopped or began to resolve */                         \
	X(AGENT, "agent")       /* what its agent said: `check` is the agent check */              \
	X(TRAFFIC, "traffic")   /* `observe`: sessions failed in a row, `check` tells how often */ \
	X(TRACK, "track")       /* the server that it tracks changed: `via` */

enum journal_cause {
#define X(name, key) JOURNAL_BY_##name,
	JOURNAL_CAUSE_TABLE(X)
#undef X
	    JOURNAL_CAUSE_COUNT
};

struct journal_event {
	uint64_t seq; /* 1, 2, ...; given by journal_append() */
	int64_t wall_ms;
	int64_t ms; /* monotonic */
	enum journal_kind kind;
	enum journal_cause cause;
	int level;                      /* enum log_level, HAProxy's for the same event */
	char service[JOURNAL_NAME_MAX]; /* "" for PROCESS */
	char server[JOURNAL_NAME_MAX];  /* "" unless SERVER or CHECK */
	bool begins;                    /* PANIC, FAULT: it begins; otherwise it is over */
	bool backup;                    /* the server is a backup */
	struct state before, after;     /* SERVER, CHECK */
	/*
	 * Of an agent's CHECK they are the agent's own, 1 and 1, and after.counter is its health,
	 * so that "status: n/m UP" is made as for any other check.
	 */
	struct state_limits limits;
	struct probe_result check;  /* the result behind it; code UNKNOWN: none */
	bool agent_check;           /* ... is that of the agent: "Agent check for server ..." */
	char via[JOURNAL_PATH_MAX]; /* BY_TRACK: "service/server" that changed; otherwise "" */
	uint32_t weight;            /* of the server, as set: HAProxy's check lines call 0 DRAIN */
	uint32_t requeued, queued;  /* sessions that waited for it, and that wait in the service */
	uint32_t active_left, backup_left; /* usable servers of the service, afterwards */
	bool on_backup;                    /* the service runs on its backups now */
	uint32_t sessions;                 /* on the server, at that moment */
	bool check_was_logged;             /* log_health_checks: the reason is not repeated */
	int64_t since_ms;                  /* how long the state before had lasted */
	char text[160]; /* SERVER: why, in words; PROCESS, PANIC, FAULT, MARK: a sentence */
};

struct journal;

struct journal *journal_new(size_t capacity);
void journal_free(struct journal *j);

/* Copies `e`, gives it the next number and returns the stored entry. */
const struct journal_event *journal_append(struct journal *j, const struct journal_event *e);

/* The first entry with a number >= `seq` that is still there, or NULL. */
const struct journal_event *journal_find(const struct journal *j, uint64_t seq);
uint64_t journal_last(const struct journal *j); /* 0: empty */

const char *journal_kind_key(enum journal_kind k);
const char *journal_cause_key(enum journal_cause c);

#endif
