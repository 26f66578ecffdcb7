/* SPDX-License-Identifier: MIT */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include "base/slab.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One direction of a session: bytes from one socket to another, exactly.
 *
 * Bytes pass through a buffer that all sessions of a thread share; only what the destination does
 * not take at once is kept, in one private buffer (the tail) of the same size.  While there is a
 * tail nothing more is read: a slow reader costs one buffer.  Knows neither event loops nor
 * sessions, so it can be tested with socket pairs.
 */
struct relay_tail {
	uint32_t at;  /* first byte not yet sent */
	uint32_t end; /* one past the last */
	char bytes[];
};

/* What a direction may do when it may not do as it likes. */
struct relay_gate {
	uint64_t until; /* relay.bytes goes up to here */
	bool blind;     /* nobody is to wait for the source */
	bool closed;    /* nothing goes to the destination */
};

struct relay {
	struct relay_tail *tail;       /* NULL: nothing is waiting for the destination */
	uint64_t bytes;                /* read from the source so far */
	bool eof;                      /* the source has finished sending */
	bool shut;                     /* the destination has been told so (SHUT_WR) */
	const struct relay_gate *gate; /* NULL: it does as it likes */
};

/* What the directions of one thread share. */
struct relay_space {
	char *buffer;
	uint32_t size;     /* of the buffer and of a tail's bytes */
	struct slab tails; /* objects of relay_tail + size */
	/* Sees what was read before it is sent on, in the order of reading; NULL: nobody looks. */
	void (*saw)(void *ctx, const struct relay *r, const void *bytes, size_t len);
	void *ctx;
};

enum relay_status {
	RELAY_IDLE,          /* wait until the source is readable */
	RELAY_BLOCKED,       /* wait until the destination is writable */
	RELAY_FINISHED,      /* the source's end was passed on */
	RELAY_SOURCE_FAILED, /* errno says why */
	RELAY_DEST_FAILED,   /* errno says why; what was not sent is gone */
	RELAY_NO_MEMORY      /* no tail could be had: the direction cannot go on */
};

bool relay_space_init(struct relay_space *s, uint32_t size, uint32_t max_tails);
void relay_space_release(struct relay_space *s);

/* Moves what can be moved now, a bounded amount.  Both sockets are non-blocking. */
enum relay_status relay_pump(struct relay *r, int source, int dest, struct relay_space *space);

/*
 * Puts `len` bytes (at most the space's size) of our own before everything that the source says,
 * together with what it has said already, so that they leave in one segment.  Nothing may have
 * been moved to this destination yet; the next relay_pump() sends.  RELAY_IDLE, or why the
 * direction cannot go on.
 */
enum relay_status relay_preface(struct relay *r, int source, const void *bytes, size_t len,
                                struct relay_space *space);

/*
 * The destination is another one from now on: what was not sent is dropped, and the source's end
 * will be found and passed on again.
 */
void relay_redirect(struct relay *r, struct relay_space *space);

/* Gives the tail back. */
void relay_drop(struct relay *r, struct relay_space *space);

#endif
