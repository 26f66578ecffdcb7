/* SPDX-License-Identifier: MIT */
#ifndef CORE_POOLS_H
#define CORE_POOLS_H

#include "core/pool.h"

/* What the two ways of choosing, by comparing (pool.c) and by hash, share.  Any thread. */

/* Those that a session is chosen from: the active servers, or the backups. */
struct pool_field {
	const struct topology_service *service;
	const struct topology_roll *roll;
	const struct pool_request *request;
	bool held; /* clients of the service are: at most POOL_RELEASE_MAX go to a server at once */
	bool backups;
};

/* The share of server `i` (topology_share()) if it is one of the field and usable, else 0. */
uint32_t pool_slot_share(const struct pool_field *field, size_t i);
bool pool_slot_was_tried(const struct pool_field *field, const struct topology_server *s);

/* Has it a free place for one more than those `active`? */
bool pool_slot_is_full(const struct pool_field *field, const struct topology_server *s,
                       uint32_t active);
/* Counts the session on the server if it has `active` of them now; false: another thread was
 * faster. */
bool pool_slot_take(const struct pool_field *field, struct topology_server *s, uint32_t active);
void pool_slot_give_back(const struct pool_field *field, struct topology_server *s);
/* The session is the server's for good: notes the maximum (`active` counts it) and the choice. */
void pool_slot_keep(struct topology_server *s, uint32_t active);

/* The choice by hash; the field is not empty. */
enum pool_verdict pool_hash_claim(const struct pool_field *field, uint32_t hash,
                                  struct topology_server **ret);

#endif
