/* SPDX-License-Identifier: MIT */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

/* A small fast generator (splitmix64) for jitter and choices, never for secrets. */
struct rng {
	uint64_t state;
};

/* The next 64 bits. */
uint64_t rng_next(struct rng *r);
/* 0 .. n-1; n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
/* Seeds from the kernel. */
void rng_seed(struct rng *r);
/* `value` plus or minus up to `percent` (0 to 100) per cent, evenly. */
uint64_t rng_jitter(struct rng *r, uint64_t value, unsigned int percent);

#endif
