/* SPDX-License-Identifier: MIT */
#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include "core/probe.h"
#include "core/state.h"

/*
 * What happened, in order: the one source of log lines, `sluice watch`, /v1/events and (later)
 * drill reports.  A ring that forgets the oldest entries; one thread (control) writes and reads.
 */
enum { JOURNAL_NAME_MAX = 64 };

/* KIND(name, key) */
#define JOURNAL_KIND_TABLE(X)                                                                      \
	X(SERVER, "server") /* a server's state changed (health or administrative) */              \
	X(CHECK, "check")   /* a check result that moved the counter, or a first failure */        \
	X(SERVICE_DOWN, "service_down") /* no usable server is left */                             \
	X(SERVICE_UP, "service_up")     /* a usable server is there again */                       \
	X(PROCESS, "process") /* start, ready, stop, out of file descriptors: see `text` */

enum journal_kind {
#define X(name, key) JOURNAL_##name,
	JOURNAL_KIND_TABLE(X)
#undef X
	    JOURNAL_KIND_COUNT
};

enum journal_cause {
	JOURNAL_BY_CHECK,   /* a check's result: `check` tells which */
	JOURNAL_BY_COMMAND, /* a person or a script */
	JOURNAL_BY_CONFIG,
	JOURNAL_BY_RESOLVER /* the name stopped or began to resolve */
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
	bool backup;                    /* the server is a backup */
	struct state before, after;     /* SERVER, CHECK */
	struct state_limits limits;
	struct probe_result check;         /* the result behind it; code UNKNOWN: none */
	uint32_t active_left, backup_left; /* usable servers of the service, afterwards */
	bool on_backup;                    /* the service runs on its backups now */
	uint32_t sessions;                 /* on the server, at that moment */
	bool check_was_logged;             /* log_health_checks: the reason is not repeated */
	int64_t since_ms;                  /* how long the state before had lasted */
	char text[160];                    /* PROCESS: a sentence; SERVER: why, in words */
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

#endif
