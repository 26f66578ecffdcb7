/* SPDX-License-Identifier: MIT */
#ifndef REPORT_HAPROXYLOG_H
#define REPORT_HAPROXYLOG_H

#include "base/text.h"
#include "core/journal.h"
#include "core/record.h"

/*
 * Log lines byte for byte as HAProxy writes them (without the syslog header and newline), so that
 * parsers made for it go on working.
 */

/*
 * The line of a transition, a check or a service without servers; false and nothing written if
 * HAProxy has no line for it.  The level is the event's own.
 */
bool haproxylog_event(const struct journal_event *e, struct text *out);

/* The `option tcplog` line of a session (configuration manual 8.2.2); local time. */
void haproxylog_record(const struct record *r, struct text *out);

#endif
