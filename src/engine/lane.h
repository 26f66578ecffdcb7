/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_LANE_H
#define ENGINE_LANE_H

#include "core/fault.h"
#include "net/relay.h"

/*
 * One direction of a session under a fault (core/fault.h): when which bytes may go on.  The bytes
 * stay where they are, in the kernel, and in their order; the lane only opens and closes the gate
 * of their relay.  Decides only: times and numbers come in, so its tests are tables.
 *
 * A delay is that of each byte, as exact as a twelfth of it: what arrived is noted when the source
 * becomes readable, then from tick to tick.  What waits longer than that can't be told apart is
 * late by more, never by less.
 */
enum { LANE_MARKS = 16 };

/* By then so much had arrived. */
struct lane_mark {
	int64_t at_ms;
	uint64_t bytes;
};

struct lane {
	struct relay_gate *gate;
	struct lane_mark marks[LANE_MARKS]; /* DELAY: a ring, of what is not let go yet */
	uint8_t first, count;
	uint64_t noted;   /* DELAY: arrivals up to here have a mark */
	int64_t open_ms;  /* DELAY: closed until then */
	uint64_t credit;  /* THROTTLE: thousandths of bytes that may still go */
	uint64_t carried; /* THROTTLE: relay.bytes when the credit was counted, and when that was */
	int64_t counted_ms;
};

/* What is known of its source. */
struct lane_source {
	uint64_t bytes;  /* relay.bytes */
	uint64_t unread; /* waiting in the kernel, after these; its end counts as one more */
};

/*
 * The fault begins, and the lane sets `gate` from now on; `held`: what was read already is the
 * first that it concerns.
 */
void lane_begin(struct lane *l, struct relay_gate *gate, const struct fault *f, uint64_t bytes,
                bool held, int64_t now_ms);

/* The source is readable: may it be read now?  If not the gate is blind until a tick. */
bool lane_may_read(struct lane *l, const struct fault *f, const struct lane_source *s,
                   int64_t now_ms);

/* Time has passed: sets the gate.  Returns when to come again, in ms; 0: the source will tell. */
int64_t lane_tick(struct lane *l, const struct fault *f, const struct lane_source *s,
                  int64_t now_ms);

#endif
