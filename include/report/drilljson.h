/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLJSON_H
#define REPORT_DRILLJSON_H

#include "base/text.h"
#include "core/expectation.h"

/*
 * The report of a drill as one JSON object, for programs.  Keys are stable: they are added, never
 * renamed.  Times are RFC 3339, durations milliseconds; what the record does not tell is null.
 *
 *   drill: name source from to truncated
 *   verdict: a sentence
 *   numbers{name: value} as --expect names them
 *   expectations[]: expected name value where ok (only if some were given), expected_ok
 *   outages[]: service server state gravest early ordered idle cause fault out back first_bad
 *     fault_at began detect_ms noticed_ms last_new_ms recover_ms rebalanced_ms share_percent
 *     failed cut asked moved sessions survived held
 *   services[]: name gap_ms gap_end failed connected cut asked moved held connects no_server_ms
 */
void drilljson_write(const struct drillfacts *f, const struct expectation_verdict *v,
                     struct text *out);

/* "numbers" alone, without its key. */
void drilljson_add_numbers(const struct drillfacts *f, struct text *out);

#endif
