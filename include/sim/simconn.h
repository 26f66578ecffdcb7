/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMCONN_H
#define SIM_SIMCONN_H

#include "base/text.h"

#include <ev.h>
#include <stdbool.h>

/*
 * One TCP connection of a simulated node or client: what came in, what is to go out, and how it
 * ended.  Embedded in its owner; one loop, one thread.
 *
 * The owner appends to `out`, consumes from `in` and calls simconn_kick(); nothing is sent or ended
 * inside that call.  All callbacks come from the loop, and `gone` is the last thing that happens
 * in a turn of the connection, so that the owner may free itself there and nowhere else.
 */
struct simconn;

enum simconn_end {
	SIMCONN_CLOSED, /* this side asked for it with simconn_finish() */
	SIMCONN_EOF,    /* the peer closed in good order */
	SIMCONN_FAILED  /* refused, reset or another error */
};

struct simconn_calls {
	void (*opened)(
	    struct simconn *c); /* the connect succeeded; unused by accepted connections */
	void (*bytes)(struct simconn *c);                      /* `in` has grown */
	void (*gone)(struct simconn *c, enum simconn_end end); /* over, already released */
};

struct simconn {
	struct ev_loop *loop;
	const struct simconn_calls *calls;
	ev_io io;
	int fd; /* -1: none */
	bool connecting, paused, eof, failed, finishing;
	bool busy; /* the owner still owes an answer: the peer's half-close does not end it */
	struct text in, out;
};

/* Takes over `fd`; `connecting`: its connect is still under way. */
void simconn_open(struct simconn *c, struct ev_loop *loop, int fd, bool connecting,
                  const struct simconn_calls *calls);

/* Something in `out`, or a wish, has changed: the loop acts on it. */
void simconn_kick(struct simconn *c);

/* Closes when `out` has been sent. */
void simconn_finish(struct simconn *c);

/* A paused connection neither reads nor writes nor notices its end, as a stopped process. */
void simconn_pause(struct simconn *c, bool paused);

/* Gives everything back at once, without a callback; `reset`: with an RST.  Not for use inside a
 * callback of the connection.  Harmless on a released or zeroed connection. */
void simconn_release(struct simconn *c, bool reset);

#endif
