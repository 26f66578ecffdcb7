/* SPDX-License-Identifier: MIT */
#include "checktimes.h"

#include "base/tick.h"

enum {
	/* With what meeting others changes (half a part) it is 10 %. */
	JITTER_PERCENT = 8,
	PARTS = 32, /* of an interval: at their bounds checks of many targets meet */
	PART_MAX_US = 50000,
	/* From the first check of a few targets to that of the last; between those of many. */
	FIRST_SPAN_US = 50000,
	FIRST_GAP_US = 2000
};

static uint64_t part_us(uint32_t interval_ms)
{
	uint64_t part = interval_ms * 1000ULL / PARTS;

	return part < PART_MAX_US ? part : PART_MAX_US;
}

static uint64_t meet_others_us(uint32_t interval_ms, uint64_t us)
{
	uint64_t part = part_us(interval_ms);
	uint64_t now = (uint64_t)tick_us();

	return (now + us + part - 1) / part * part - now;
}

uint32_t checktimes_interval(const struct settings_check *check, enum checker_pace pace)
{
	uint32_t ms = check->inter_ms;

	if (pace == CHECKER_FAST && check->fastinter_ms)
		ms = check->fastinter_ms;
	else if (pace == CHECKER_SLOW && check->downinter_ms)
		ms = check->downinter_ms;
	return ms ? ms : 1;
}

uint64_t checktimes_next(struct rng *rng, uint32_t interval_ms)
{
	uint64_t us = rng_jitter(rng, interval_ms * 1000ULL, JITTER_PERCENT);

	return meet_others_us(interval_ms, us - part_us(interval_ms) / 2);
}

/* A start waits for these checks: soon, but hundreds not at once, nor slower than they go on. */
uint64_t checktimes_first(uint32_t interval_ms, size_t turn, size_t targets)
{
	uint64_t even = interval_ms * 1000ULL / targets;
	uint64_t gap = FIRST_SPAN_US / targets;

	if (gap < FIRST_GAP_US)
		gap = FIRST_GAP_US;
	return meet_others_us(interval_ms, turn * (gap < even ? gap : even));
}
