/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_COURTESY_H
#define ENGINE_COURTESY_H

#include "engine/session.h"

/*
 * The last stage of a session that gets no server: a client of PostgreSQL's protocol is told so as
 * a server would tell it (PostgreSQL manual 55.2.1 "Start-up", 55.2.10 "SSL Session Encryption"):
 * 'N' to a request for encryption, then a FATAL 57P03 to its StartupMessage, or 57P01 if the
 * servers were leaving, which drivers know as a reason to try again.  Any other client is only
 * closed, and so is one that has not asked within two seconds.  The thread of the session's host.
 */

/* It is on no server and in no line, or its stage leaves that line. */
void courtesy_refuse(struct session *s, enum reason reason);

#endif
