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
	POOL_FULL, /* some are usable, all of those at their maxconn */
	POOL_TRIED /* some are usable, this session tried all of them already */
};

/* The servers that a session has tried without success, by id. */
struct pool_tried {
	uint16_t id[6];
	uint16_t count; /* more than six: the oldest are forgotten */
};

void pool_tried_add(struct pool_tried *t, const struct topology_server *s);

/*
 * Chooses a server and counts the session on it (`active`).  Active servers first; backups only
 * when no active one is usable: the first of them, or all with `allbackups` (HAProxy
 * configuration manual 5.2 "backup").
 */
enum pool_verdict pool_claim(struct topology_service *service, const struct pool_tried *tried,
                             struct topology_server **ret);

/* Counts the session on a server that it must have, whatever its state: a retry of the same one. */
void pool_claim_same(struct topology_server *s);

/* The session left the server. */
void pool_release(struct topology_server *s);

#endif
