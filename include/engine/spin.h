/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_SPIN_H
#define ENGINE_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How long a loop may ask for events again and again before it sleeps.  A processor that sleeps,
 * a virtual one above all, takes 60 to 130 us to wake up; where the next event is sooner than that
 * a loop that has stayed awake answers sooner, and takes no more of the processor than the sleep
 * and the wake-up would have.
 *
 * A wait is polled when the latest ones say that it pays:
 *  - the last SPIN_RUN turns of the loop followed each other within the limit and a wake-up
 *    (SPIN_WAKE_US).  Nothing of the kind happens in a process that is idle, whatever timers it
 *    has, nor where requests are rare or servers take longer to answer;
 *  - and none of these turns had more than SPIN_FEW events: where there is more to do than that a
 *    sleep only lets it gather, and costs each of the events little.
 * A wait in which nothing has come within the limit is a miss, and ends the polling for
 * SPIN_PAUSE times the limit, twice as long after each further one, until SPIN_TRUST waits in a
 * row were no misses.  So of a second at most 1 / (1 + SPIN_PAUSE), 6 %, are spent in vain; and
 * where polling never helps, since a client shares the processor and cannot run meanwhile, one
 * limit each SPIN_PAUSE_MAX_US, 0.005 % with 50 us.
 *
 * Pure: times are in microseconds of any clock, and may jump.
 */
enum {
	SPIN_LIMIT_MAX = 1000,
	SPIN_RUN = 8,
	SPIN_FEW = 2,
	SPIN_WAKE_US = 150,
	SPIN_PAUSE = 16,
	SPIN_TRUST = 32,
	SPIN_PAUSE_MAX_US = 1000000
};

struct spin {
	uint32_t limit_us;    /* 0: never */
	uint32_t pause_us;    /* the latest; 0: since then SPIN_TRUST waits were no misses */
	uint32_t run;         /* turns in a row that came soon after each other */
	uint32_t hits;        /* polled waits in a row that were no misses */
	bool polls;           /* this wait is polled */
	int64_t turn;         /* when the latest turn with an event began */
	int64_t polled_since; /* when this wait was polled in vain first; 0: not yet */
	int64_t not_before;   /* end of the pause */
};

/* At most SPIN_LIMIT_MAX; 0 is never.  Forgets all that was. */
void spin_init(struct spin *s, uint32_t limit_us);

/* A turn with so many events begins.  True: the wait after it is to be polled. */
bool spin_turn(struct spin *s, int64_t now, unsigned int events);

/* Polled, and there was nothing.  True: again; false: sleep. */
bool spin_again(struct spin *s, int64_t now);

#endif
