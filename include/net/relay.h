/* SPDX-License-Identifier: MIT */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include "base/slab.h"
#include "net/pipes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes are copied fastest to the beginning of a cache line. */
enum { RELAY_ALIGN = 64 };

/*
 * One direction of a session: bytes from one socket to another, exactly.
 *
 * Bytes pass through a buffer that all sessions of a thread share; only what the destination does
 * not take at once is kept, in one private buffer (the tail) of the same size.  While there is a
 * tail nothing more is read: a slow reader costs one buffer.  Knows neither event loops nor
 * sessions, so it can be tested with socket pairs.
 *
 * A direction that keeps filling the buffer shifts up: to reads that are 16 times as large, then to
 * splice(2), which copies nothing, through a pipe that takes the place of the tail.  After some
 * moves that were small it shifts down again, and it does so at once when there is no such buffer
 * or pipe to be had.  What somebody looks at is never spliced; what passes a gate goes through the
 * shared buffer.  SIGPIPE must be ignored: splice() has no MSG_NOSIGNAL.
 */
struct relay_tail {
	uint32_t at;  /* first byte not yet sent */
	uint32_t end; /* one past the last */
	_Alignas(RELAY_ALIGN) char bytes[];
};

/* What a direction may do when it may not do as it likes. */
struct relay_gate {
	uint64_t until; /* relay.bytes goes up to here */
	bool blind;     /* nobody is to wait for the source */
	bool closed;    /* nothing goes to the destination */
};

/* How bytes are moved, and what waits for the destination meanwhile. */
enum relay_gear {
	RELAY_SMALL, /* through the space's buffer; a tail of space.tails */
	RELAY_LARGE, /* through a tail of space.large_tails; the same */
	RELAY_SPLICE /* through a pipe of space.pipes; the same */
};

struct relay {
	union { /* NULL: nothing is waiting for the destination */
		struct relay_tail *tail;
		struct pipes_pipe *pipe; /* in RELAY_SPLICE */
	};
	uint64_t bytes; /* read from the source so far */
	bool eof;       /* the source has finished sending */
	bool shut;      /* all of it was passed on, and the destination is told so */
	bool broken;    /* the source has failed, not merely ended: for the owner to set */
	uint8_t gear;   /* enum relay_gear */
	int8_t run;     /* moves in a row that were large (> 0) or small (< 0) for the gear */
};

/* What the directions of one thread share. */
struct relay_space {
	char *buffer;
	uint32_t size;     /* of the buffer and of a tail's bytes */
	struct slab tails; /* objects of relay_tail + size */
	struct slab large_tails;
	struct pipes pipes;
	/* Sees what was read before it is sent on, in the order of reading; NULL: nobody looks. */
	void (*saw)(void *ctx, const struct relay *r, const void *bytes, size_t len);
	void *ctx;
};

enum relay_status {
	RELAY_IDLE,          /* wait until the source is readable */
	RELAY_BLOCKED,       /* wait until the destination is writable */
	RELAY_FINISHED,      /* the source's end was reached, and all before it was sent */
	RELAY_SOURCE_FAILED, /* errno says why */
	RELAY_DEST_FAILED,   /* errno says why; what was not sent is gone */
	RELAY_NO_MEMORY      /* no tail could be had: the direction cannot go on */
};

/*
 * `max_tails` of the small ones, `max_pipes` of two descriptors each; large tails are 32 at most. A
 * direction that gets none does without.
 */
bool relay_space_init(struct relay_space *s, uint32_t size, uint32_t max_tails, uint32_t max_pipes);
void relay_space_release(struct relay_space *s);

/*
 * Moves what can be moved now, a bounded amount.  Both sockets are non-blocking.  `gate`: NULL if
 * it may do as it likes.  FINISHED: `shut` is set, and the caller is the one to tell the
 * destination (SHUT_WR, or it is closed).
 */
enum relay_status relay_pump(struct relay *r, int source, int dest, const struct relay_gate *gate,
                             struct relay_space *space);

/*
 * Puts `len` bytes (at most the space's size) of our own before everything that the source says,
 * together with what it has said already, so that they leave in one segment.  Nothing may have
 * been moved to this destination yet; the next relay_pump() sends.  RELAY_IDLE, or why the
 * direction cannot go on.
 */
enum relay_status relay_preface(struct relay *r, int source, const struct relay_gate *gate,
                                const void *bytes, size_t len, struct relay_space *space);

/*
 * The destination is another one from now on: what was not sent is dropped, and the source's end
 * will be found and passed on again.
 */
void relay_redirect(struct relay *r, struct relay_space *space);

/* Bytes that wait for the destination. */
uint32_t relay_unsent(const struct relay *r);

/* Gives the tail or the pipe back. */
void relay_drop(struct relay *r, struct relay_space *space);

#endif
