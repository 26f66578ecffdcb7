/* SPDX-License-Identifier: MIT */
#include "engine/spin.h"

void spin_init(struct spin *s, uint32_t limit_us)
{
	*s = (struct spin){ .limit_us = limit_us < SPIN_LIMIT_MAX ? limit_us : SPIN_LIMIT_MAX };
}

static bool is_soon(const struct spin *s, int64_t now)
{
	return now >= s->turn && now - s->turn <= s->limit_us + SPIN_WAKE_US;
}

bool spin_turn(struct spin *s, int64_t now, unsigned int events)
{
	if (s->polls && ++s->hits >= SPIN_TRUST)
		s->pause_us = 0;
	s->run = is_soon(s, now) && events <= SPIN_FEW ? s->run + 1 : 0;
	s->turn = now;
	s->polled_since = 0;
	/* A clock that was put back does not make the pause longer. */
	if (s->not_before - now > SPIN_PAUSE_MAX_US)
		s->not_before = now;
	s->polls = s->limit_us && s->run >= SPIN_RUN && now >= s->not_before;
	return s->polls;
}

static void miss(struct spin *s, int64_t now)
{
	uint32_t least = SPIN_PAUSE * s->limit_us;

	s->pause_us = s->pause_us < least ? least : 2 * s->pause_us;
	if (s->pause_us > SPIN_PAUSE_MAX_US)
		s->pause_us = SPIN_PAUSE_MAX_US;
	s->not_before = now + s->pause_us;
	s->hits = 0;
	s->polls = false;
}

bool spin_again(struct spin *s, int64_t now)
{
	if (!s->polled_since)
		s->polled_since = now;
	if (now >= s->polled_since && now - s->polled_since < s->limit_us)
		return true;
	miss(s, now);
	return false;
}
