/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLVIEW_H
#define REPORT_DRILLVIEW_H

#include "base/text.h"
#include "core/expectation.h"

/*
 * The report of a drill for a terminal: a sentence, what was expected, a lane of states for each
 * server over time, and two lines about each outage.  No line but those of causes is wider than
 * `width` (at least 60 are assumed).
 */
enum drillview_flag {
	DRILLVIEW_COLOUR = 1, /* ANSI colours */
	DRILLVIEW_ASCII = 2   /* no character above 126 */
};

/* `v`: judged, or NULL. */
void drillview_write(const struct drillfacts *f, const struct expectation_verdict *v,
                     unsigned int width, unsigned int flags, struct text *out);

/* "ok      detect < 3 s: 12 ms, psql/n2", a line for each expectation. */
void drillview_write_expectations(const struct expectation_verdict *v, unsigned int flags,
                                  struct text *out);

#endif
