/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_MISHAP_H
#define ENGINE_MISHAP_H

#include "engine/session.h"

/*
 * Carries out the fault of a server (core/fault.h) on the sessions' way to it.  The host's thread.
 *
 * A session has a mishap only while its server has a fault; there must be one or the other when a
 * function below that takes a session is called, but for the first two and mishap_forget().  When
 * the fault is over, what was held goes on by itself within 100 ms: connects that a black hole has
 * swallowed are tried again, with their whole time-out; bytes go on in their order.  Without memory
 * for it nothing happens to a session.
 */
enum mishap_verdict {
	MISHAP_NONE,    /* go on */
	MISHAP_REFUSED, /* the connect has failed */
	MISHAP_HELD     /* not now: the mishap goes on with it */
};

/*
 * The session is about to connect to its server.  HELD: session_stage.ready() is called without a
 * socket once it may be tried.
 */
enum mishap_verdict mishap_on_connect(struct session *s);
/* Its server has accepted.  HELD: session_stage.ready() is called later. */
enum mishap_verdict mishap_on_connected(struct session *s);
/* It begins to relay; `preface`: something goes to the server before what the client says. */
void mishap_on_start(struct session *s, bool preface);
/*
 * An end is ready to be relayed.  HELD: it is not waited for until the mishap lets it go on;
 * REFUSED: the session is to be reset (REASON_SERVER_RESET).
 */
enum mishap_verdict mishap_on_ready(struct session *s, enum duplex_end end, int revents);
/* Is what has become of that end not to be known yet? */
bool mishap_hides(const struct session *s, enum duplex_end end);
/* It leaves its server, or ends: frees what there is. */
void mishap_forget(struct session *s);

#endif
