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

/* On lines of at most `width` columns; all but the first are indented. */
void eventline_write_folded(const struct journal_event *e, unsigned int flags, unsigned int width,
                            struct text *out);

/* Only what: "UP -> NOLB", "UP 2/3", "OUT OF SERVICE"; nothing for the process. */
void eventline_write_what(const struct journal_event *e, struct text *out);

/* Only why, without time, names and states: `drain: HTTP 503 "..." (1 ms); 12 sessions stay`. */
void eventline_write_why(const struct journal_event *e, struct text *out);

/* The result of a check in words: `HTTP 503 "Service Unavailable" (1 ms)`, "connection refused". */
void eventline_write_check(const struct probe_result *r, struct text *out);
/* The same without the time it took. */
void eventline_write_answer(const struct probe_result *r, struct text *out);

#endif
