/* SPDX-License-Identifier: MIT */
#ifndef CORE_SIMARRIVAL_H
#define CORE_SIMARRIVAL_H

#include "base/error.h"
#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * How simulated clients come, and how long they stay.  Pure and deterministic: the same seed gives
 * the same moments on every machine.
 *
 *   rate      "50/s", "3000/m", "10/h": evenly; "poisson:50/s": by chance, so many on average
 *   session   "30s": each so long; "exp:30s": by chance, so long on average; "ever"
 */
enum { SIMARRIVAL_COUNT_MAX = 1000000 };

struct simarrival_rate {
	uint32_t count; /* within `period_ms`; 0: nobody comes */
	uint32_t period_ms;
	bool poisson;
};

enum simarrival_lasts { SIMARRIVAL_FIXED, SIMARRIVAL_BY_CHANCE, SIMARRIVAL_EVER };

struct simarrival_session {
	enum simarrival_lasts lasts;
	uint32_t ms; /* at least 1 unless EVER */
};

bool simarrival_parse_rate(const char *s, struct simarrival_rate *ret,
                           struct error *err) MUST_CHECK;
bool simarrival_parse_session(const char *s, struct simarrival_session *ret,
                              struct error *err) MUST_CHECK;

/* An exponentially distributed number with that mean. */
uint64_t simarrival_chance(struct rng *rng, uint64_t mean);

/* How long the next session lasts: at least 1; INT64_MAX for ever. */
int64_t simarrival_length(const struct simarrival_session *s, struct rng *rng);

/* The moments at which sessions come. */
struct simarrival {
	struct simarrival_rate rate;
	int64_t since_us; /* of an even rate: when it began; of a Poisson one: the last moment */
	uint64_t told;
};

/* From `now_ms` on with that rate. */
void simarrival_begin(struct simarrival *a, const struct simarrival_rate *rate, int64_t now_ms);
/* The next moment in milliseconds, not before the one told last; INT64_MAX: nobody comes. */
int64_t simarrival_next(struct simarrival *a, struct rng *rng);

#endif
