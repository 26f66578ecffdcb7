/* SPDX-License-Identifier: MIT */
#include "core/balance.h"

#include <assert.h>

/* Large enough that rounding 1/weight down costs less than one choice in 2^24. */
#define STRIDE_OF_WEIGHT_1 ((uint64_t)1 << 36)

uint64_t balance_stride(uint32_t weight)
{
	assert(weight > 0);
	return STRIDE_OF_WEIGHT_1 / weight;
}

/* Exact without a division: d > floor(S / w) if and only if d * w > S. */
bool balance_exceeds_stride(uint64_t distance, uint32_t weight)
{
	return distance > STRIDE_OF_WEIGHT_1 || distance * weight > STRIDE_OF_WEIGHT_1;
}

bool balance_is_earlier(uint64_t a, uint64_t b)
{
	return a - b > UINT64_MAX / 2;
}

/* active/weight of a < of b, cross-multiplied: exact, no division. */
static int compare_load(const struct balance_candidate *a, const struct balance_candidate *b)
{
	uint64_t left = (uint64_t)a->active * b->weight;
	uint64_t right = (uint64_t)b->active * a->weight;

	return left < right ? -1 : left > right;
}

bool balance_prefers(enum settings_balance algo, const struct balance_candidate *a,
                     const struct balance_candidate *b)
{
	int load = 0;

	switch (algo) {
	case SETTINGS_FIRST:
		return a->id < b->id;
	case SETTINGS_RANDOM:
		return compare_load(a, b) < 0;
	case SETTINGS_LEASTCONN:
		load = compare_load(a, b);
		break;
	case SETTINGS_ROUNDROBIN:
	case SETTINGS_STATIC_RR:
	case SETTINGS_SOURCE:
	case SETTINGS_HASH:
		break;
	}
	return load < 0 || (load == 0 && balance_is_earlier(a->turn, b->turn));
}

bool balance_uses_turns(enum settings_balance algo)
{
	return algo != SETTINGS_FIRST && algo != SETTINGS_RANDOM;
}
