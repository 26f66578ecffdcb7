/* SPDX-License-Identifier: MIT */
#include "core/tiers.h"

#include <stdbool.h>
#include <string.h>

uint32_t tiers_shared(const char *here, const char *there)
{
	uint32_t shared = 0;

	while (here && there && *here && *there) {
		size_t len = strcspn(here, ",");

		if (strcspn(there, ",") != len || memcmp(here, there, len) != 0)
			break;
		shared++;
		here += len + (here[len] == ',');
		there += len + (there[len] == ',');
	}
	return shared;
}

uint32_t tiers_rank_shared(const uint32_t *shared, size_t count, uint8_t *ret_tier)
{
	uint32_t tiers = 0;
	uint32_t below = UINT32_MAX;
	bool more = true;

	while (more) {
		uint32_t most = 0;

		more = false;
		for (size_t i = 0; i < count; i++)
			if (shared[i] < below && shared[i] >= most) {
				most = shared[i];
				more = true;
			}
		for (size_t i = 0; more && i < count; i++)
			if (shared[i] == most)
				ret_tier[i] = (uint8_t)(tiers < TIERS_MAX ? tiers : TIERS_MAX - 1);
		tiers += more && tiers < TIERS_MAX;
		below = most;
	}
	return tiers ? tiers : 1;
}

/* --- latencies ---------------------------------------------------------------------------- */

static bool is_further(uint32_t ms, uint32_t nearest)
{
	return ms > nearest && ms - nearest > nearest && ms - nearest > TIERS_GAP_MS;
}

/* The nearest of those that are further away than `from`'s tier; `from` NULL: of all. */
static bool find_next(const uint32_t *ms, size_t count, const uint32_t *from, uint32_t *ret)
{
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		if ((from && !is_further(ms[i], *from)) || (found && ms[i] >= *ret))
			continue;
		*ret = ms[i];
		found = true;
	}
	return found;
}

uint32_t tiers_rank_latency(const uint32_t *ms, size_t count, uint8_t *ret_tier)
{
	uint32_t tiers = 0;
	uint32_t nearest;

	for (size_t i = 0; i < count; i++)
		ret_tier[i] = 0;
	if (!find_next(ms, count, NULL, &nearest))
		return 1;
	for (uint32_t next; tiers < TIERS_MAX - 1 && find_next(ms, count, &nearest, &next);
	     nearest = next) {
		tiers++;
		for (size_t i = 0; i < count; i++)
			if (ms[i] >= next)
				ret_tier[i] = (uint8_t)tiers;
	}
	return tiers + 1;
}

/* --- loads -------------------------------------------------------------------------------- */

/* What it could take of all, in 1/TIERS_ALL. */
static uint64_t capacity(const struct tiers_health *h, uint32_t spill)
{
	uint64_t part;

	if (!h->total || !h->usable)
		return 0;
	if (!spill)
		return TIERS_ALL;
	part = h->usable * TIERS_ALL / h->total * spill / 100;
	return part < 1 ? 1 : part < TIERS_ALL ? part : TIERS_ALL;
}

uint64_t tiers_spread(const struct tiers_health *at, uint32_t count, uint32_t spill)
{
	uint64_t can[TIERS_MAX] = { 0 };
	uint64_t sum = 0;
	uint64_t upto = 0;
	uint64_t ret = 0;

	for (uint32_t i = 0; i < TIERS_MAX; i++) {
		can[i] = i < count ? capacity(&at[i], spill) : 0;
		if (sum + can[i] > TIERS_ALL)
			can[i] = TIERS_ALL - sum;
		sum += can[i];
	}
	for (uint32_t i = 0; i < TIERS_MAX; i++) {
		uint64_t bound;

		upto += can[i];
		bound = sum ? upto * TIERS_ALL / sum : TIERS_ALL;
		ret |= bound << 16 * i;
	}
	return ret;
}

uint32_t tiers_share(uint64_t spread, uint32_t tier)
{
	uint32_t upto = (uint32_t)(spread >> 16 * tier & 0xffff);

	return tier ? upto - (uint32_t)(spread >> 16 * (tier - 1) & 0xffff) : upto;
}
