/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLWORDS_H
#define REPORT_DRILLWORDS_H

#include "base/text.h"
#include "core/drillfacts.h"
#include "core/expectation.h"

/*
 * A drill in words: the sentences that every form of the report shares.  Names and texts of a
 * record come out as they are, with "?" for what no line may hold; the caller escapes the rest.
 */

/* "40 ms", "3.25 s", "21.0 s", "2 m 05 s"; "-" if unknown. */
void drillwords_add_ms(struct text *out, int64_t ms);
/* The same of a gap; "under 1.50 s" if the record only has its intervals without a connection. */
void drillwords_add_gap(struct text *out, const struct drill *d, int64_t ms);
/* Digits, or "-" if unknown. */
void drillwords_add_number(struct text *out, int64_t n);
/* Since `zero_ms`: "+0:12.345", "-0:01.000", "+1:02:03.000" */
void drillwords_add_offset(struct text *out, int64_t zero_ms, int64_t wall_ms);

/* "psql/n2", "psql", "all" */
void drillwords_add_place(struct text *out, const struct drill *d, size_t service, size_t server);

/* "kill-n2", or "12:12:01 - 12:14:01" of one without a name. */
void drillwords_add_title(struct text *out, const struct drill *d);
/* "sluice 0.1.0, 2026-11-20T12:12:01.095Z, 2 m 05 s" */
void drillwords_add_about(struct text *out, const struct drill *d);

/* Both on a line of a terminal, or on two if they are too wide for one; `lead` comes first. */
void drillwords_write_title(struct text *out, const char *lead, const struct drill *d,
                            unsigned int width, bool colour);

/* What the whole comes to, in one sentence. */
void drillwords_add_verdict(struct text *out, const struct drillfacts *f);
/* Whether clients noticed: turned away or cut. */
bool drillwords_is_clean(const struct drillfacts *f);

/* "DOWN" */
void drillwords_add_state(struct text *out, enum drill_state s);
const char *drillwords_state(enum drill_state s); /* "down", "takes sessions" */

/* "check failed: connection refused" */
void drillwords_add_event(struct text *out, const struct drill_event *e);

/* "detect < 3 s: 12 ms, psql/n2", or why that is not known. */
void drillwords_add_expectation(struct text *out, const struct expectation_verdict *v, size_t i);

#endif
