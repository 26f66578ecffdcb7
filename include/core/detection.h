/* SPDX-License-Identifier: MIT */
#ifndef CORE_DETECTION_H
#define CORE_DETECTION_H

#include "core/settings.h"

/*
 * How long it takes until checks find a server that fails, from their settings alone: the
 * arithmetic of engine/checker.h and core/state.h for people, for `sluice lint` and `sluice
 * explain`.  Pure; any thread.
 *
 * The next check begins its interval after the end of the last one, give or take a tenth.  The
 * first bad answer counts the server's health down; from then on checks come at fastinter, until
 * `fall` of them in a row were bad.  What clients meet on their way is left out: it is faster.
 */
enum { DETECTION_JITTER_PERCENT = 10 };

/* From the moment that something happens.  Typical: in the middle of an interval, no jitter. */
struct detection_span {
	uint64_t best_ms, typical_ms, worst_ms;
};

struct detection {
	bool checked;    /* false: type none, and nothing below means anything */
	bool sees_hang;  /* a process that is frozen but has its sockets open is found, too */
	bool sees_drain; /* CockroachDB's readiness is asked for: it says so while a node drains */
	uint32_t inter_ms, fast_ms, down_ms, timeout_ms; /* as they count: never 0 if checked */
	uint32_t rise, fall;
	uint32_t drain_answers; /* answers of 503 until there are no new sessions: 1, or fall */
	struct detection_span refused; /* until DOWN: nobody listens, the answer comes at once */
	struct detection_span silent;  /* until DOWN: each check takes its whole time-out */
	struct detection_span drain;   /* until there are no new sessions; only with sees_drain */
	struct detection_span drain_down; /* the same until DOWN, if the node lives so long */
	struct detection_span back;       /* until UP: it was down, and answers again */
};

struct detection detection_of(const struct settings_check *check);

/*
 * The path of the check's first request, of one step or of several; NULL if it sends none.
 * It asks for readiness if it has "ready=" in it.
 */
const char *detection_path(const struct settings_check *check);

/* The same time in words that are read at a glance: "4.2s", "800ms", "1m30s". */
enum { DETECTION_TEXT_MAX = 32 };
const char *detection_format(uint64_t ms, char buf[static DETECTION_TEXT_MAX]);

#endif
