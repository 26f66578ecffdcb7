/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOPOLOGY_TIME_H
#define CORE_TOPOLOGY_TIME_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * Average and maximum of a time in milliseconds, over about the last 512 samples as HAProxy's.
 * Any thread.
 */
struct topology_time {
	_Atomic uint64_t sum; /* of the sliding window, in 1/1024 ms: see topology_time_average() */
	_Atomic uint32_t max;
};

void topology_time_add(struct topology_time *t, uint32_t ms);
/* `samples`: how many have been added in all; exact while the window is not full, too. */
uint32_t topology_time_average(struct topology_time *t, uint64_t samples);

#endif
