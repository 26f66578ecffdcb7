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
 *   seq time ms kind cause level [service] [server] [backup]
 *   SERVER, CHECK: from to health counter rise fall usable sessions
 *     before{health counter admin} after{health counter admin} lasted_ms check_was_logged
 *   check{code words status info duration_ms draining passed} (if there is one)
 *   of a service: active_left backup_left on_backup
 *   text
 */
void eventjson_write(const struct journal_event *e, struct text *out);

/*
 * Reads what eventjson_write() wrote, without trusting it: an error names what is wrong; unknown
 * keys are ignored; control characters in strings become "?".
 */
bool eventjson_read(const char *line, struct journal_event *ret, struct error *err) MUST_CHECK;

#endif
