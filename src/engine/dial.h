/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_DIAL_H
#define ENGINE_DIAL_H

#include "engine/session.h"

/*
 * How a session comes to its server: the choice, the line, the attempts.  Ends in
 * session_connected(), or without a server in courtesy_refuse().  The thread of the session's host.
 */

/* The session has its client's address: the first choice. */
void dial_begin(struct session *s);

/*
 * The attempt at its claimed server has failed for that reason, also after the server had accepted:
 * the next one, or its end.  session_host.again.
 */
void dial_again(struct session *s, enum reason why);

/* A place was claimed for one that stood in line: queue_desk.on_call. */
void dial_called(struct queue_ticket *t, struct topology_server *server);

#endif
