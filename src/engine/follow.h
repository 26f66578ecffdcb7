/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_FOLLOW_H
#define ENGINE_FOLLOW_H

#include "engine/session.h"

/*
 * What is read out of the bytes of a session while they are carried: the copy of engine/replay.h,
 * and where its requests begin and end if its service speaks PostgreSQL's protocol.  Decides, and
 * leaves it to the session to act.  The host's thread.
 */

/* A new session; `pgwire`: its service speaks PostgreSQL's protocol.  Draws a random number. */
void follow_begin(struct session *s, bool pgwire);

/* Around whatever moves bytes of the session. */
void follow_watch(struct session *s);
void follow_unwatch(struct session *s);

/* What the server has to say, before it is taken from the socket. */
enum follow_verdict {
	FOLLOW_PASS,    /* carry it */
	FOLLOW_WAIT,    /* not enough to tell: more of it is waited for */
	FOLLOW_LEAVING, /* it is shutting down */
	FOLLOW_GONE,    /* it has ended without an answer to what is always answered */
	FOLLOW_FAILED   /* errno says why */
};

/* Only while session.ends.replaceable; costs a recv(). */
enum follow_verdict follow_peek(struct session *s);

/* Can it be seen when nothing is under way? */
bool follow_sees(const struct session *s);
/* Is nothing under way, in the sockets and on the wire?  Costs two poll() if the wire is idle. */
bool follow_is_idle(struct session *s);
/* Says goodbye to both ends, which are to be closed then; false: the client could not take it. */
bool follow_part(struct session *s, enum reason reason);

#endif
