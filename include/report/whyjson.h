/* SPDX-License-Identifier: MIT */
#ifndef REPORT_WHYJSON_H
#define REPORT_WHYJSON_H

#include "base/error.h"
#include "base/mem.h"
#include "core/why.h"

/*
 * Why a server is in its state, as JSON: /v1/why, `sluice why --json`, and its reader for the
 * command line.  Keys are stable: they are added, never renamed.
 *
 *   service server node tracks (or null) state health gets_sessions (new ones, now) sessions since
 *     since_s now
 *   verdict: one sentence; rules[]: sentences; next_check_ms (0: one runs; null: none will)
 *   checks[] agent_checks[]: newest first: time duration_ms code words status info passed draining
 *     counter_before counter_after state (after it) text (what it found, in words)
 *   events[]: its last journal entries as /v1/events has them, newest first, at most 20
 *
 * Of a name in several services: {"servers": [such objects]}.  A server that tracks another one
 * has the checks of that one.  Times are RFC 3339 in UTC with milliseconds.  Control characters in
 * sentences become "?".
 */
enum { WHYJSON_EVENTS_MAX = 20 };

struct whyjson_source {
	const struct why_facts *facts;
	int64_t now_wall_ms, since_wall_ms;
	const struct checklog *checks, *agent_checks; /* or NULL */
	const struct journal *journal;
};

/* Each ends with a newline. */
void whyjson_write(const struct whyjson_source *s, struct text *out);
void whyjson_write_list(const struct whyjson_source *at, size_t count, struct text *out);

struct whyjson_check {
	int64_t wall_ms, duration_ms;
	const char *state, *text;
	bool passed, draining;
};

struct whyjson_checks {
	struct whyjson_check *at;
	size_t count;
};

struct whyjson_server {
	const char *service, *server, *state, *verdict;
	const char **rules;
	size_t rule_count;
	int64_t now_ms, since_ms; /* since the epoch */
	struct whyjson_checks checks, agent_checks;
	struct journal_event *events;
	size_t event_count;
};

struct whyjson {
	struct mem_arena arena; /* owns all that is below */
	struct whyjson_server *servers;
	size_t server_count; /* at least one */
};

/*
 * Reads what whyjson_write() or whyjson_write_list() wrote, without trusting it: an error names
 * what is wrong; control characters become "?".  NULL on failure.
 */
struct whyjson *whyjson_read(const char *json, struct error *err) MUST_CHECK;
void whyjson_free(struct whyjson *w); /* NULL is fine */

#endif
