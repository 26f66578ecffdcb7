/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_ERRAND_H
#define ENGINE_ERRAND_H

#include "base/notes.h"
#include "base/slab.h"
#include "engine/queue.h"

#include <ev.h>

struct session;

/* What the phases before relaying do; each is in a file of its own, src/engine/. */
struct session_stage {
	/* GREETING: the client's end is ready; DIALING: the server's. */
	void (*ready)(struct session *s);
	/* Its deadline has come, or it is only time to look. */
	void (*time_passed)(struct session *s, bool over);
	/* It ends, with that reason; its record is made after this.  NULL: nothing to do. */
	void (*leave)(struct session *s, enum reason reason);
};

/*
 * What a session needs only until a server has answered it: more than half of what it needs at all.
 * Most sessions are idle, so it is given back then, unless its end is to tell of it.
 */
struct errand {
	struct session *session;
	const struct session_stage *stage; /* set by whoever changes `phase` */
	ev_timer timer;                    /* of the attempt, the wait, or the next look */
	int64_t deadline_ms;               /* of the attempt or the wait; 0: none */
	int64_t starved_ms;                /* since when it waits for a descriptor; 0: not */
	/* Its `request` has the client's address and, once somebody needs it, the dialled one. */
	struct queue_ticket ticket;
	struct queue_position waited; /* how many were before it in line */
	struct note *kept;            /* of the PROXY header: its beginning, then its
	                                 TLVs until the server stays; or NULL */
	struct note *said;            /* by the client so far: engine/replay.h; or NULL */
	struct addr_ip server_addr, source_addr; /* as in struct record */
	const char *refusal;                     /* record.refusal */
	uint8_t last_failure;                    /* enum reason of the last connect attempt */
	uint16_t peeked; /* bytes of a first answer that is not complete; 0: none */
	bool spoken;     /* there is something to send to the first server at once */
	bool warm;       /* its connection was made before (engine/warm.h), and no byte came back */
	bool afresh;     /* such a one was dead: it makes its own */
};

/* NULL: no memory. */
struct errand *errand_begin(struct slab *errands, struct session *s, const struct addr_ip *client);

/* The address that the client, whose connection is `fd`, dialled; family 0 if it cannot be had. */
const struct addr_ip *errand_local(struct errand *e, int fd);

/* A record tells how it went: places in line, or the addresses of its ends. */
bool errand_is_told(const struct errand *e);

#endif
