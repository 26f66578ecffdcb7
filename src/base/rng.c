/* SPDX-License-Identifier: MIT */
#include "base/rng.h"

#include "base/tick.h"

#include <assert.h>
#include <sys/random.h>

uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)rng_next(r) * n) >> 64);
}

void rng_seed(struct rng *r)
{
	if (getrandom(&r->state, sizeof(r->state), GRND_NONBLOCK) != sizeof(r->state))
		r->state = (uint64_t)tick_us();
}

uint64_t rng_jitter(struct rng *r, uint64_t value, unsigned int percent)
{
	uint64_t span = value / 100 * percent + value % 100 * percent / 100;

	assert(percent <= 100);
	return value - span + rng_below(r, 2 * span + 1);
}
