/* SPDX-License-Identifier: MIT */
#ifndef REPORT_HAPROXYLOG_H
#define REPORT_HAPROXYLOG_H

#include "base/text.h"
#include "core/journal.h"
#include "core/record.h"

/*
 * Log lines byte for byte as HAProxy writes them (without the syslog header and newline), so that
 * parsers made for it go on working.  A session's usual line is report/logformat's.
 */

enum haproxylog_flag {
	HAPROXYLOG_LISTEN = 1, /* the service is what HAProxy calls a "listen": "proxy psql" */
	HAPROXYLOG_CONSOLE = 2 /* for a terminal, where that name is quoted */
};

/*
 * The line of a transition, a check, a service without servers or a paused frontend; false and
 * nothing written if HAProxy has no line for it.  It has two, with a newline between, if drain
 * outlasts maintenance.  The level is the event's own.
 */
bool haproxylog_event(const struct journal_event *e, unsigned int flags, struct text *out);

/*
 * The two letters of how a session ended (manual 8.5) or "--" before its end.  Those of its reason,
 * except where it matters how far the session had come.
 */
const char *haproxylog_state(const struct record *r);

/* Does HAProxy take it for one that went wrong (option dontlog-normal, log-separate-errors)? */
bool haproxylog_is_error(const struct record *r);

/* "Connect from 127.0.0.1:51964 to 127.0.0.1:26257 (psql/TCP)", HAProxy's line without options. */
void haproxylog_connect(const struct record *r, struct text *out);

/* "127.0.0.1:50120 [20/Nov/2026:12:12:01.095] psql/1: Received ...": a bad PROXY header. */
void haproxylog_refused(const struct record *r, struct text *out);

/* The number of the place where it came in, HAProxy's sid of a listener: 1, 2, ... */
uint32_t haproxylog_listener(const struct record *r);

#endif
