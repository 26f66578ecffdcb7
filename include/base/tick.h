/* SPDX-License-Identifier: MIT */
#ifndef BASE_TICK_H
#define BASE_TICK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC: for ages and deadlines. */
int64_t tick_ms(void);
/* Microseconds of CLOCK_MONOTONIC: for durations of checks and connects. */
int64_t tick_us(void);
/* Milliseconds since the epoch, CLOCK_REALTIME: for what people and logs read. */
int64_t tick_wall_ms(void);

#endif
