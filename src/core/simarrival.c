/* SPDX-License-Identifier: MIT */
#include "core/simarrival.h"

#include "base/number.h"

#include <stdio.h>
#include <string.h>

/* Sessions of more than that need not be told from those that stay for ever. */
#define LENGTH_MAX_MS ((uint64_t)24 * 3600 * 1000)

static bool skip_prefix(const char **s, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*s, prefix, len) != 0)
		return false;
	*s += len;
	return true;
}

static bool parse_period(const char *unit, uint32_t *ret_ms)
{
	static const struct {
		const char *unit;
		uint32_t ms;
	} units[] = { { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 } };

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(unit, units[i].unit) == 0) {
			*ret_ms = units[i].ms;
			return true;
		}
	return false;
}

bool simarrival_parse_rate(const char *s, struct simarrival_rate *ret, struct error *err)
{
	const char *rest = s;
	bool poisson = skip_prefix(&rest, "poisson:");
	const char *slash = strchr(rest, '/');
	char digits[16];
	uint64_t count;
	uint32_t period;

	if (!slash || slash - rest >= (ptrdiff_t)sizeof(digits) ||
	    !parse_period(slash + 1, &period))
		return error_set(
		    err,
		    "\"%.60s\" is no rate: write how many come in what time, as 50/s, 3000/m "
		    "or poisson:50/s",
		    s);
	snprintf(digits, sizeof(digits), "%.*s", (int)(slash - rest), rest);
	if (!number_parse(digits, SIMARRIVAL_COUNT_MAX, &count))
		return error_set(err, "\"%.60s\" is no rate: before the \"/\" is a number up to %d",
		                 s, SIMARRIVAL_COUNT_MAX);
	*ret = (struct simarrival_rate){ .count = (uint32_t)count,
		                         .period_ms = period,
		                         .poisson = poisson };
	return true;
}

bool simarrival_parse_session(const char *s, struct simarrival_session *ret, struct error *err)
{
	const char *rest = s;
	bool by_chance = skip_prefix(&rest, "exp:");
	uint64_t bare;
	uint64_t ms;

	if (strcmp(s, "ever") == 0) {
		*ret = (struct simarrival_session){ .lasts = SIMARRIVAL_EVER };
		return true;
	}
	if (number_parse(rest, UINT64_MAX, &bare) || !number_parse_duration(rest, &ms) || ms == 0 ||
	    ms > LENGTH_MAX_MS)
		return error_set(err,
		                 "\"%.60s\" is not how long a session lasts: write a time of "
		                 "at most 1d as 30s, exp:30s for one by chance, or ever",
		                 s);
	*ret = (struct simarrival_session){
		.lasts = by_chance ? SIMARRIVAL_BY_CHANCE : SIMARRIVAL_FIXED,
		.ms = (uint32_t)ms,
	};
	return true;
}

/*
 * -ln(n / 2^53), n > 0, without libm, whose last digits differ between machines: n = m 2^k with m
 * in [1/2, 1), and ln m = 2 artanh((m - 1) / (m + 1)), whose series has every second power.
 */
static double minus_log(uint64_t n)
{
	static const double ln2 = .69314718055994530942;
	int shift = __builtin_clzll(n);
	double m = (double)(n << shift >> 11) / 9007199254740992.;
	double y = (m - 1) / (m + 1);
	double power = y;
	double sum = 0;

	for (int i = 1; i < 24; i += 2) {
		sum += power / i;
		power *= y * y;
	}
	return (shift - 11) * ln2 - 2 * sum;
}

uint64_t simarrival_chance(struct rng *rng, uint64_t mean)
{
	uint64_t n = (rng_next(rng) >> 11) + 1;

	return (uint64_t)((double)mean * minus_log(n) + .5);
}

int64_t simarrival_length(const struct simarrival_session *s, struct rng *rng)
{
	uint64_t ms = s->ms;

	if (s->lasts == SIMARRIVAL_EVER)
		return INT64_MAX;
	if (s->lasts == SIMARRIVAL_BY_CHANCE)
		ms = simarrival_chance(rng, ms);
	return ms ? (int64_t)ms : 1;
}

void simarrival_begin(struct simarrival *a, const struct simarrival_rate *rate, int64_t now_ms)
{
	*a = (struct simarrival){ .rate = *rate, .since_us = now_ms * 1000 };
}

int64_t simarrival_next(struct simarrival *a, struct rng *rng)
{
	uint64_t period_us = a->rate.period_ms * (uint64_t)1000;

	if (!a->rate.count)
		return INT64_MAX;
	if (!a->rate.poisson)
		return (a->since_us + (int64_t)(a->told++ * period_us / a->rate.count)) / 1000;
	/* In nanoseconds, so that a high rate is not rounded away. */
	a->told += simarrival_chance(rng, period_us * 1000 / a->rate.count);
	return (a->since_us + (int64_t)(a->told / 1000)) / 1000;
}
