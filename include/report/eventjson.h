/* SPDX-License-Identifier: MIT */
#ifndef REPORT_EVENTJSON_H
#define REPORT_EVENTJSON_H

#include "base/error.h"
#include "base/text.h"
#include "core/journal.h"

/*
 * A journal entry as one JSON object on one line (no newline at its end): /v1/events,
 * `sluice watch --json`, log format "json".
 *
 *   seq time ms kind level text, and service where it is of one
 *   "server", "check", "service_down", "service_up": active_left backup_left on_backup lasted_ms
 *     (how long the state before had lasted)
 *   "panic", "fault": begins; "fault": server, where it is of one
 *   "server", "check": server cause backup from to (in words) before{health counter recovered
 *     admin} after{...} rise fall checked usable sessions requeued (waited for it, go elsewhere)
 *     queued (wait for any server of the service) check_was_logged
 *     [check{code words passed draining status duration_ms info}]
 */
void eventjson_write(const struct journal_event *e, struct text *out);

/*
 * Reads what eventjson_write() wrote, without trusting it: an error names what is wrong; unknown
 * keys are ignored; control characters in strings become "?".
 */
bool eventjson_read(const char *line, struct journal_event *ret, struct error *err) MUST_CHECK;

#endif
