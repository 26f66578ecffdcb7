/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONTROL_ROSTERCLOCK_H
#define TESTS_CONTROL_ROSTERCLOCK_H

#include "base/tick.h"
#include "rosterscene.h"

#include <errno.h>

/* A roster scene whose time stands still.  A test that includes this wraps tick_ms, too. */
static int64_t rosterclock_ms = 1000000;

int64_t __wrap_tick_ms(void);

int64_t __wrap_tick_ms(void)
{
	return rosterclock_ms;
}

static inline void rosterclock_pass(int64_t ms)
{
	rosterclock_ms += ms;
}

/* Results of a check: it passed, said 503, was silent, found nobody who listens. */
static inline void rosterclock_passed(struct rosterscene *s, size_t slot)
{
	const struct probe_result r = { .code = PROBE_L7OK };

	roster_check_result(s->roster, slot, &r);
}

static inline void rosterclock_draining(struct rosterscene *s, size_t slot)
{
	const struct probe_result r = { .code = PROBE_L7STS, .draining = true, .status = 503 };

	roster_check_result(s->roster, slot, &r);
}

static inline void rosterclock_silent(struct rosterscene *s, size_t slot)
{
	const struct probe_result r = { .code = PROBE_L4TOUT };

	roster_check_result(s->roster, slot, &r);
}

static inline void rosterclock_refused(struct rosterscene *s, size_t slot)
{
	const struct probe_result r = probe_failed(PROBE_L4CON, ECONNREFUSED);

	roster_check_result(s->roster, slot, &r);
}

static inline void rosterclock_times(void (*result)(struct rosterscene *s, size_t slot),
                                     struct rosterscene *s, size_t slot, unsigned int times)
{
	while (times--)
		result(s, slot);
}

#endif
