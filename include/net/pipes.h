/* SPDX-License-Identifier: MIT */
#ifndef NET_PIPES_H
#define NET_PIPES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Pipes for splice(2), for one thread: what lies in one goes from socket to socket without being
 * copied.  Non-blocking, closed on exec.
 *
 * A pipe counts two descriptors, and the system has a limit for all pipes of a user
 * (/proc/sys/fs/pipe-user-pages-soft), beyond which it makes them too small to be of use: there may
 * be none to be had, at any time.
 */
struct pipes_pipe {
	struct pipes_pipe *next; /* of those that are kept */
	int out, in;             /* to read from, to write to */
	uint32_t held;           /* bytes in it: the user's to count */
};

struct pipes {
	struct pipes_pipe *kept; /* empty ones, the last used first */
	uint32_t max;            /* that may be open at once */
	uint32_t open, spare;    /* how many are, and how many of these are kept */
};

/* Opens none yet. */
void pipes_init(struct pipes *p, uint32_t max);
/* All pipes must be back. */
void pipes_release(struct pipes *p);

/* An empty pipe, or NULL. */
struct pipes_pipe *pipes_get(struct pipes *p);
/* Gives it back: it is kept for the next one, or closed if bytes are in it or enough are kept. */
void pipes_put(struct pipes *p, struct pipes_pipe *pipe);

#endif
