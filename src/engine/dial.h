/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_DIAL_H
#define ENGINE_DIAL_H

#include "engine/session.h"

/*
 * How a session comes to its server: the choice, the line, the attempts.  Ends in
 * session_connected() or session_close().  The thread of the session's host.
 */

/* The session has its client's address: the first choice. */
void dial_begin(struct session *s);

/* A place was claimed for one that stood in line: queue_desk.on_call. */
void dial_called(struct queue_ticket *t, struct topology_server *server);

#endif
