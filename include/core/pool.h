/* SPDX-License-Identifier: MIT */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/topology.h"

/*
 * Giving a session a server: filter once, here, then balance_prefers() chooses, then the choice is
 * claimed.  Exact across threads: of two workers that want the same turn of the same server one
 * gets it and the other looks again.
 */
enum pool_verdict {
	POOL_CLAIMED,
	POOL_NONE, /* no server is usable */
	POOL_FULL, /* some are usable, all of those at one of their limits */
	POOL_TRIED /* some are usable, this session tried all of them already */
};

/* The servers that a session has tried without success, by id. */
struct pool_tried {
	uint32_t id[6];
	uint32_t count; /* more than six: the oldest are forgotten */
};

void pool_tried_add(struct pool_tried *t, const struct topology_server *s);

/*
 * While clients are held so many sessions at once may be on their way to a server: one that returns
 * gets the whole line in portions that its listening socket can take.
 */
enum { POOL_RELEASE_MAX = 64 };

/* A session's way to its server. */
struct pool_way {
	bool counted; /* it counts in server->connecting, until pool_arrive() */
	bool
	    gave_back; /* set, never cleared here: for a moment it had a place that others missed */
};

/* Who asks for a server. */
struct pool_request {
	const struct pool_tried *tried; /* never NULL */
	struct addr_ip client, local;   /* the ends of the client's connection, for hashing */
	uint64_t random;                /* any number, another one each time (base/rng.h) */
	struct pool_way *way;           /* not counted before; NULL: it never is */
};

/*
 * Chooses a server and counts the session on it (`active`, and `connecting` while that is limited).
 * Active servers first; backups only when no active one is usable: the first of them, or all with
 * `allbackups` (HAProxy configuration manual 5.2 "backup").  Any thread; allocates nothing.
 *
 * POOL_CLAIMED sets *ret.  POOL_FULL sets it, too, if the algorithm is bound to one server (a
 * hash): that one has no free slot, nothing was counted, and the session is to wait for it.  In
 * all other cases *ret is NULL.
 */
enum pool_verdict pool_claim(struct topology_service *service, const struct pool_request *request,
                             struct topology_server **ret);

/* The session left the server. */
void pool_release(struct topology_server *s);

/* The session is not on its way to the server any more.  True if it was counted until now. */
bool pool_arrive(struct topology_server *s, struct pool_way *way);

/*
 * Has it no room for one more: sessions (maxconn), or sessions on their way to it (max_connecting,
 * and POOL_RELEASE_MAX while clients of its service are held)?
 */
bool pool_is_full(const struct topology_server *s);

/* Were so many tried that there can hardly be another one in the service? */
bool pool_tried_all(const struct pool_tried *t, const struct topology_service *service);
/* Forgets those that are not usable: when they are again they are worth another attempt. */
void pool_tried_forget(struct pool_tried *t, const struct topology_service *service);

#endif
