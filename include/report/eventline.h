/* SPDX-License-Identifier: MIT */
#ifndef REPORT_EVENTLINE_H
#define REPORT_EVENTLINE_H

#include "base/text.h"
#include "core/journal.h"

/*
 * A journal entry for people, one line without a newline: `sluice watch`, log format "text", the
 * events on the dashboard.
 *
 *   12:03:41.120  psql/n2  UP -> NOLB  drain: HTTP 503 "Service Unavailable" (1 ms); 12 sessions
 *   stay; 2 of 3 servers usable
 *
 * Times are local.  Control characters in names and answers are written as "?".
 */
enum eventline_flag {
	EVENTLINE_COLOUR = 1,
	EVENTLINE_TIME = 2, /* begins with 12:03:41.120 */
	EVENTLINE_DATE = 4, /* ... with 2026-11-20 before it */
	EVENTLINE_ALIGN = 8 /* columns of a fixed width, for many lines below each other */
};

void eventline_write(const struct journal_event *e, unsigned int flags, struct text *out);

/* Of which server: "psql/n2", "psql", "sluice". */
void eventline_write_name(const struct journal_event *e, struct text *out);

/* Only what: "UP -> NOLB", "UP 2/3", "OUT OF SERVICE"; nothing for the process. */
void eventline_write_what(const struct journal_event *e, struct text *out);
/* The same in its colour if `colour`, in at least `columns` columns and two spaces. */
void eventline_write_state(const struct journal_event *e, bool colour, size_t columns,
                           struct text *out);

/* Only why, without time, names and states: `drain: HTTP 503 "..." (1 ms); 12 sessions stay`. */
void eventline_write_why(const struct journal_event *e, struct text *out);

/* Parts of that: `drain: HTTP 503 "..." (1 ms)`, and "2 servers and 1 backup usable". */
void eventline_write_cause(const struct journal_event *e, struct text *out);
void eventline_write_usable(const struct journal_event *e, struct text *out);
/* Does a server take no sessions any more?  Those of one on its way back cost nothing. */
bool eventline_turns_away(const struct journal_event *e);

/* The result of a check in words: `HTTP 503 "Service Unavailable" (1 ms)`, "connection refused". */
void eventline_write_check(const struct probe_result *r, struct text *out);
/* The same without the time it took. */
void eventline_write_answer(const struct probe_result *r, struct text *out);

#endif
