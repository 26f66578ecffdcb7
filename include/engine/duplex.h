/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_DUPLEX_H
#define ENGINE_DUPLEX_H

#include "core/reason.h"
#include "net/relay.h"

#include <ev.h>

/*
 * Two connected sockets on a loop and the bytes between them: half-closes are passed on, a slow
 * reader holds its writer back, and what an end said before it broke is still delivered.  Both
 * directions are the same code.  Knows no servers and no timers; it does not close the sockets.
 */
enum duplex_end { DUPLEX_CLIENT, DUPLEX_SERVER };

struct duplex {
	ev_io io[2];                    /* by end; fd -1: not there yet */
	struct relay flow[2];           /* by source: flow[DUPLEX_CLIENT] is client to server */
	const struct relay_gate *gates; /* by source, the owner's; NULL: they do as they like */
	uint8_t failure;                /* enum reason to end with, once an end is dead */
	bool dead[2];                   /* that end can not be written to any more */
	bool replaceable;               /* the server was not heard yet: if it breaks off, nothing
	                                   of that is passed on and the turn ends, so that another
	                                   may take its place */
	bool parting;                   /* the client has said goodbye: duplex_part() */
	bool withheld;                  /* ... and closed, which the server was not told */
};

/* What a call found: go on, or the session has ended with `reason`. */
struct duplex_verdict {
	bool ended;
	bool active; /* bytes, or an end of them, were moved */
	bool steady; /* nothing but that, from `end` alone: what is waited for is as before */
	enum reason reason;
};

/* Moves what can be moved after `end` became ready, then waits for what can happen next. */
struct duplex_verdict duplex_ready(struct duplex *d, struct ev_loop *loop,
                                   struct relay_space *space, enum duplex_end end, int revents);

/*
 * Both ends are connected: carries what the client has said already, after `len` bytes of `preface`
 * that the server gets first (0: none; it may be in the space's buffer), and begins to wait.
 * `later`: carries nothing yet, all of it waits for the ends to be ready.
 */
struct duplex_verdict duplex_start(struct duplex *d, struct ev_loop *loop,
                                   struct relay_space *space, const void *preface, size_t len,
                                   bool later);

/*
 * Closes the server's end (with an RST if `reset`) and waits for nothing: duplex_start() comes
 * again when another server is connected.
 */
void duplex_replace(struct duplex *d, struct ev_loop *loop, struct relay_space *space, bool reset);

/* What a relay_gate allows has changed: waits for what can happen now. */
void duplex_wait(struct duplex *d, struct ev_loop *loop);

/*
 * Has an end that is not being waited for (its bytes can not go on, or none are expected) been
 * reset?  One that has closed in good order has not, as long as what it said is on its way.  Costs
 * a poll() for each such end.
 */
bool duplex_is_reset(struct duplex *d, enum duplex_end *ret);

/* The session's end that an error of a socket at `end` makes. */
enum reason duplex_failure(enum duplex_end end, int errnum);

/* Is an end that is waited for ready, only not served yet?  After a stall of the whole process. */
bool duplex_is_ready(struct duplex *d);

/*
 * A server that was told goodbye closes by itself, and who closes first keeps the port for a minute
 * (TIME_WAIT): so a `parting` client's end is withheld from it.  It has not closed: passes the end
 * on.
 */
void duplex_part(struct duplex *d);

/* Are all connected ends being waited for? */
bool duplex_is_watched(struct duplex *d);

/* Stops waiting, closes both sockets (with an RST if `reset`) and gives the tails back. */
void duplex_close(struct duplex *d, struct ev_loop *loop, struct relay_space *space, bool reset);

#endif
