/* SPDX-License-Identifier: MIT */
#include "core/balance.h"

#include <assert.h>

/* Large enough that rounding 1/weight down costs less than one choice in 2^24. */
#define STRIDE_OF_WEIGHT_1 ((uint64_t)1 << 32)

uint64_t balance_stride(uint32_t weight)
{
	assert(weight > 0);
	return STRIDE_OF_WEIGHT_1 / weight;
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
	case SETTINGS_LEASTCONN:
		load = compare_load(a, b);
		break;
	case SETTINGS_ROUNDROBIN:
		break;
	}
	return load < 0 || (load == 0 && balance_is_earlier(a->turn, b->turn));
}
