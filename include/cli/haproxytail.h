/* SPDX-License-Identifier: MIT */
#ifndef CLI_HAPROXYTAIL_H
#define CLI_HAPROXYTAIL_H

#include "cli/haproxystat.h"
#include "core/drill.h"

/*
 * A line of HAProxy's log: as a syslog daemon writes it (RFC 3164's or ISO 8601's time stamps, or
 * all of RFC 5424's header), as HAProxy writes it to a stream ("format raw", also with "<129>"
 * before it), or as it says it on its standard error ("[WARNING]  (123) : ...").  Texts:
 * HAProxy 2.6 and 3.4.  Pure.
 */
enum haproxytail_kind {
	HAPROXYTAIL_OTHER,
	HAPROXYTAIL_STATE,     /* "Server psql/n1 is DOWN, reason: ..." */
	HAPROXYTAIL_CHECK,     /* "Health check for server psql/n1 failed, ..." */
	HAPROXYTAIL_NO_SERVER, /* "backend psql has no server available!" */
	HAPROXYTAIL_SESSION    /* of `option tcplog`: a session has ended */
};

/* How a session ended, by its termination state (configuration manual 8.5). */
enum haproxytail_end {
	HAPROXYTAIL_FINE,   /* or the client's doing */
	HAPROXYTAIL_FAILED, /* "SC", "sC": it got no server */
	HAPROXYTAIL_CUT,    /* "SD": the server reset it; HAProxy counts it in srv_abrt */
	HAPROXYTAIL_KILLED  /* "D", "U", "K": HAProxy itself ended it, or "sD": a time-out; counted
	                       nowhere else */
};

enum { HAPROXYTAIL_TEXT_MAX = 160 };

struct haproxytail_line {
	enum haproxytail_kind kind;
	int64_t wall_ms;                    /* when it happened; see haproxytail_read() */
	char service[HAPROXYSTAT_NAME_MAX]; /* "" of OTHER */
	char server[HAPROXYSTAT_NAME_MAX];  /* "" if it has none */
	enum drill_state state;             /* STATE */
	bool good;                          /* CHECK: it passed */
	bool by_check;                      /* STATE: it says which check was the reason */
	uint32_t sessions;                  /* STATE: on the server, if it says so */
	enum haproxytail_end end;           /* SESSION */
	char text[HAPROXYTAIL_TEXT_MAX];    /* STATE, CHECK: why, in its words */
};

/*
 * False: the line says nothing that a recorder needs.  `seen_ms`, when it was read, is the time of
 * a line without one.  A stamp that has seconds only means a moment within that second: the one
 * nearest to `seen_ms`.  One that is more than a minute from it (a log in another zone) is not
 * believed.
 */
bool haproxytail_read(const char *line, int64_t seen_ms, struct haproxytail_line *ret);

#endif
