/* SPDX-License-Identifier: MIT */
#ifndef REPORT_WATCHLINE_H
#define REPORT_WATCHLINE_H

#include "base/text.h"
#include "core/journal.h"

/*
 * A journal entry as a line of `sluice watch`: when, how long after the line before, of which
 * server, what, why, and what it cost.
 *
 *   2026-11-20 14:05:09.120   +3.2s  psql/n2       UP -> DOWN    check failed: Connection refused
 *   (1 ms); 12 sessions on it; after 3h12m; 2 servers usable
 *
 * On a terminal no line is wider than that: a date stands on a line of its own where another day
 * begins, names that are too long are cut, the words are fewer, and the last ones are left out;
 * "~" stands where something is missing.  Columns grow with what stands in them.
 */
struct watchline {
	unsigned int width; /* columns of the terminal; 0: whole lines, each with its date */
	bool colour;
	int64_t before_wall_ms; /* of the line before; at first: now */
	size_t name, state;     /* columns; 0 at first */
};

/* With its newline; two lines if another day begins. */
void watchline_write(struct watchline *w, const struct journal_event *e, struct text *out);

#endif
