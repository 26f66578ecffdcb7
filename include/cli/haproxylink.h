/* SPDX-License-Identifier: MIT */
#ifndef CLI_HAPROXYLINK_H
#define CLI_HAPROXYLINK_H

#include "base/error.h"
#include "base/text.h"

/*
 * A question to HAProxy's stats socket (management manual 9.3): one connection, a line there, text
 * back until the end of the connection.  Unlike cli/client.h it never waits longer than it is told,
 * whatever the other side does: a recorder has to go on.
 */
enum { HAPROXYLINK_ANSWER_MAX = 64 << 20 };

/*
 * `where`: the path of a UNIX socket (it has a '/'; "unix@" may stand before it), or host:port.
 * `patience_ms` is for all of it; looking a name up takes its own time.  `answer` is appended to;
 * on failure it may hold a part.
 */
bool haproxylink_ask(const char *where, const char *command, unsigned int patience_ms,
                     struct text *answer, struct error *err) MUST_CHECK;

#endif
