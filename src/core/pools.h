/* SPDX-License-Identifier: MIT */
#ifndef CORE_POOLS_H
#define CORE_POOLS_H

#include "core/pool.h"

/* What the two ways of choosing, by comparing (pool.c) and by hash, share.  Any thread. */

/* Those that a session is chosen from: the active servers of a tier, or the backups. */
struct pool_field {
	const struct topology_service *service;
	const struct settings_service *settings; /* the service's, of one moment */
	const struct topology_roll *roll;
	const struct pool_request *request;
	bool held; /* clients of the service are: at most POOL_RELEASE_MAX go to a server at once */
	bool backups;
	uint8_t tier; /* of active servers; a hash knows no tiers: all stand in 0 */
};

/*
 * Asked of every server for every session: in place.
 */

/* The share of a server (topology_share()) if it is one of the field and usable, else 0. */
static inline uint32_t pool_slot_share(const struct pool_field *field, struct topology_server *s)
{
	if (s->settings->backup != field->backups || !topology_is_usable(s) ||
	    !topology_has_address(s))
		return 0;
	if (!field->backups && topology_tier(s) != field->tier)
		return 0;
	return topology_share(s);
}

static inline bool pool_slot_was_tried(const struct pool_field *field,
                                       const struct topology_server *s)
{
	const struct pool_tried *t = field->request->tried;

	for (size_t i = 0; i < ARRAY_LEN(t->id) && i < t->count; i++)
		if (t->id[i] == s->id)
			return true;
	return false;
}

/* How many may be on their way to it at once; 0: any number. */
static inline uint32_t pool_slot_ways(const struct topology_server *s, bool held)
{
	uint32_t max = s->settings->max_connecting;

	return held && (!max || max > POOL_RELEASE_MAX) ? POOL_RELEASE_MAX : max;
}

/* Has it no free place for one more than those `active`? */
static inline bool pool_slot_is_full(const struct topology_server *s, bool held, uint32_t active)
{
	uint32_t max = topology_maxconn(s);

	if (max && active >= max)
		return true;
	max = pool_slot_ways(s, held);
	return max && atomic_load_explicit(&s->connecting, memory_order_seq_cst) >= max;
}

/* Counts the session on the server if it has `active` of them now; false: another thread was
 * faster. */
bool pool_slot_take(const struct pool_field *field, struct topology_server *s, uint32_t active);
void pool_slot_give_back(const struct pool_field *field, struct topology_server *s);
/* The session is the server's for good: notes the maximum (`active` counts it) and the choice. */
void pool_slot_keep(struct topology_server *s, uint32_t active);

/*
 * Shares of servers, summed up in lots of neighbours: a place in the sum of all is found, and the
 * sum up to a server, without another look at all of them.
 */
enum { POOL_LOTS = 64 };

struct pool_lots {
	unsigned int shift; /* a lot is 2^shift servers */
	uint32_t sum[POOL_LOTS];
};

/* For so many servers; then their shares are added, each once. */
void pool_lots_clear(struct pool_lots *l, size_t count);
void pool_lots_add(struct pool_lots *l, size_t server, uint32_t share);
/* The first server of the lot in which *place is, which becomes a place in that lot alone. */
size_t pool_lots_find(const struct pool_lots *l, uint64_t *place);
/* The sum of all lots before the server's; *ret_first is the first server of that. */
uint64_t pool_lots_before(const struct pool_lots *l, size_t server, size_t *ret_first);
/* One behind the last server of the lot that begins there. */
size_t pool_lots_end(const struct pool_lots *l, size_t first);

/* The choice by hash; the field is not empty. */
enum pool_verdict pool_hash_claim(const struct pool_field *field, uint32_t hash,
                                  struct topology_server **ret);

#endif
