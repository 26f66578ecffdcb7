/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_CHECKTIMES_H
#define ENGINE_CHECKTIMES_H

#include "base/rng.h"
#include "engine/checker.h"

#include <stddef.h>
#include <stdint.h>

/*
 * In how many microseconds a check begins, as include/engine/checker.h says.  `interval_ms` is that
 * of its target, not 0.  All of them are a little later than asked for, when others begin, too:
 * hundreds of targets need few wake-ups.
 */

/* The interval of its settings at that pace. */
uint32_t checktimes_interval(const struct settings_check *check, enum checker_pace pace);
/* After the end of the last one. */
uint64_t checktimes_next(struct rng *rng, uint32_t interval_ms);
/* The first one of the target whose turn it is, from 0, of so many. */
uint64_t checktimes_first(uint32_t interval_ms, size_t turn, size_t targets);

#endif
