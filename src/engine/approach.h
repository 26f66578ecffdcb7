/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_APPROACH_H
#define ENGINE_APPROACH_H

#include "engine/session.h"

/*
 * One attempt to connect a session to the server that it has claimed: the socket, its options, its
 * source, the PROXY header.  What follows from the result is dial.c's business.  The thread of the
 * session's host.
 */
enum approach_result {
	APPROACH_BEGUN,     /* the server's end becomes ready, or (a black hole) it never does */
	APPROACH_CONNECTED, /* at once */
	APPROACH_REFUSED,   /* it cannot be reached */
	/* Our own doing, which says nothing of the server: */
	APPROACH_NO_PORT,      /* towards this server; towards another one there may be */
	APPROACH_NO_DESCRIPTOR /* or no memory: there may be soon */
};

/* The server's end must be closed. */
enum approach_result approach_begin(struct session *s);
/* The server has accepted: session_connected(), with the header that it is to get. */
void approach_finish(struct session *s);
/* Closes the server's end, if it is open. */
void approach_end(struct session *s);

#endif
