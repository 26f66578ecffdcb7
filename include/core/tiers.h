/* SPDX-License-Identifier: MIT */
#ifndef CORE_TIERS_H
#define CORE_TIERS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Near servers before far ones.  The active servers of a service stand in tiers, 0 the nearest; a
 * lower tier gets new sessions as far as those above it cannot take them: as Envoy's priority
 * levels do, a tier of which a share `healthy` is usable takes spill x healthy of all, at most what
 * the tiers above have left.  With a spill of 1.4 a tier keeps everything until more than 28 % of
 * it are away.  Backups are no tier: they come after the last one.  Pure; any thread.
 */
enum {
	TIERS_MAX = 4,     /* what is further away than that belongs to the last one */
	TIERS_ALL = 65535, /* a share of 1 */
	TIERS_GAP_MS = 5   /* a latency that differs by less is the same */
};

/* How many leading "key=value" parts two localities have in common; 0 if one is NULL. */
uint32_t tiers_shared(const char *here, const char *there);

/*
 * Localities: `shared[i]` as above.  The most that is found is tier 0, the next less tier 1, and so
 * on.  Returns the number of tiers, at least 1.
 */
uint32_t tiers_rank_shared(const uint32_t *shared, size_t count, uint8_t *ret_tier);

/*
 * Latencies in ms (UINT32_MAX: not known yet, the last tier).  A tier ends where the next server is
 * further away than twice its nearest one and by more than TIERS_GAP_MS.
 */
uint32_t tiers_rank_latency(const uint32_t *ms, size_t count, uint8_t *ret_tier);

/* Weights of a tier's servers: of all of them, and of those that are usable. */
struct tiers_health {
	uint64_t total, usable;
};

/*
 * Up to where in TIERS_ALL each tier takes sessions, 16 bits each, tier 0 the lowest ones; the
 * value of a service with one tier is TIERS_ALL in all of them.  `spill`: per cent; 0: a tier takes
 * all as long as it has one usable server.  If all together cannot take everything, each takes more
 * in proportion.
 */
uint64_t tiers_spread(const struct tiers_health *at, uint32_t count, uint32_t spill);

/* The tier of a session; `random`: any number. */
static inline uint32_t tiers_draw(uint64_t spread, uint64_t random)
{
	uint32_t place = (uint32_t)((random >> 48) * TIERS_ALL >> 16);
	uint32_t tier = 0;

	while (tier < TIERS_MAX - 1 && place >= (spread >> 16 * tier & 0xffff))
		tier++;
	return tier;
}

/* The part of all sessions that a tier takes, in 1/TIERS_ALL. */
uint32_t tiers_share(uint64_t spread, uint32_t tier);

#endif
