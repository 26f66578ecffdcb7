/* SPDX-License-Identifier: MIT */
#include "engine/spin.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { LIMIT = 50, SECOND = 1000000, MEASURED_S = 20 };

/* Traffic: how long after a turn the next event comes, in turns that follow one another. */
struct traffic {
	const char *what;
	int64_t gaps[4]; /* us; ended by 0 */
	unsigned int events;
	bool shares; /* whoever sends runs only when we sleep */
	/* Bounds, in thousandths: of the waits, that an event ended while polled; of the time. */
	int hits_least, hits_most, vain_most;
};

struct outcome {
	int64_t waits, hits, polled, vain_us, clock;
};

/* One wait after a turn at `clock`: when the next turn is. */
static int64_t wait_once(struct spin *s, const struct traffic *t, int64_t gap, bool polls,
                         struct outcome *o)
{
	enum { TO_WAKE_UP = 80 };
	int64_t at = o->clock + 1;

	o->waits++;
	o->polled += polls;
	for (; polls && (t->shares || at < o->clock + gap); at++)
		if (!spin_again(s, at)) {
			o->vain_us += at - o->clock;
			polls = false;
		}
	o->hits += polls;
	if (polls)
		return o->clock + gap;
	return (t->shares ? at : o->clock) + gap + (t->shares ? 0 : TO_WAKE_UP);
}

static struct outcome run(struct spin *s, const struct traffic *t, int64_t begin)
{
	struct outcome o = { .clock = begin };
	size_t i = 0;

	while (o.clock < begin + MEASURED_S * (int64_t)SECOND) {
		bool polls = spin_turn(s, o.clock, t->events);

		o.clock = wait_once(s, t, t->gaps[i], polls, &o);
		i = i < 3 && t->gaps[i + 1] ? i + 1 : 0;
	}
	return o;
}

static const struct traffic kinds[] = {
	{ "a timer each second", { SECOND }, 1, false, 0, 0, 0 },
	{ "two timers at nearly the same time", { SECOND, 20 }, 1, false, 0, 0, 0 },
	{ "100 requests a second", { 10000, 30 }, 1, false, 0, 0, 0 },
	{ "a server that takes longer", { 300, 20 }, 1, false, 0, 0, 0 },
	{ "one client after the other", { 20, 25 }, 1, false, 990, 1000, 0 },
	{ "events that are there already", { 1 }, 1, false, 990, 1000, 0 },
	{ "more to do than waiting", { 20 }, SPIN_FEW + 1, false, 0, 0, 0 },
	{ "one in two comes a little late", { 20, 60 }, 1, false, 0, 1000, 59 },
	{ "all come a little late", { 60 }, 1, false, 0, 0, 1 },
	{ "a client on the same processor", { 20 }, 1, true, 0, 0, 1 },
};

static void it_polls_only_where_that_pays(void **unused)
{
	bool ok = true;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct traffic *t = &kinds[i];
		struct spin s;
		struct outcome o;

		spin_init(&s, LIMIT);
		o = run(&s, t, 5 * (int64_t)SECOND);
		if (o.hits * 1000 >= t->hits_least * o.waits &&
		    o.hits * 1000 <= t->hits_most * o.waits &&
		    o.vain_us <= (int64_t)t->vain_most * MEASURED_S * SECOND / 1000)
			continue;
		ok = false;
		print_error("%s: %lld waits, %lld polled, %lld hits, %lld us in vain\n", t->what,
		            (long long)o.waits, (long long)o.polled, (long long)o.hits,
		            (long long)o.vain_us);
	}
	assert_true(ok);
}

/* A turn each `gap` until one is followed by a polled wait; how many it took. */
static uint32_t turns_until_polled(struct spin *s, int64_t *clock, int64_t gap)
{
	for (uint32_t n = 1; n < 1000000; n++) {
		*clock += gap;
		if (spin_turn(s, *clock, 1))
			return n;
	}
	return 0;
}

/* Nothing comes while it polls; how long it does. */
static int64_t miss(struct spin *s, int64_t *clock)
{
	int64_t begin = *clock;

	while (spin_again(s, *clock))
		++*clock;
	return *clock - begin;
}

static void a_run_of_short_waits_begins_it(void **unused)
{
	static const struct {
		int64_t gap;
		uint32_t turns;
	} cases[] = { { 1, SPIN_RUN },
		      { LIMIT + SPIN_WAKE_US, SPIN_RUN },
		      { LIMIT + SPIN_WAKE_US + 1, 0 } };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t clock = SECOND;
		struct spin s;

		spin_init(&s, LIMIT);
		assert_false(spin_turn(&s, clock, 1));
		assert_int_equal(turns_until_polled(&s, &clock, cases[i].gap), cases[i].turns);
	}
}

static void a_long_wait_or_many_events_end_it(void **unused)
{
	int64_t clock = SECOND;
	struct spin s;

	(void)unused;
	spin_init(&s, LIMIT);
	assert_false(spin_turn(&s, clock, 1));
	assert_int_equal(turns_until_polled(&s, &clock, 10), SPIN_RUN);
	assert_false(spin_turn(&s, clock += 10, SPIN_FEW + 1));
	assert_int_equal(turns_until_polled(&s, &clock, 10), SPIN_RUN);
	assert_true(spin_turn(&s, clock += 10, SPIN_FEW));
	assert_false(spin_turn(&s, clock += SECOND, 1));
	assert_int_equal(turns_until_polled(&s, &clock, 10), SPIN_RUN);
}

static void each_miss_makes_a_pause_twice_as_long_up_to_a_second(void **unused)
{
	static const int64_t pauses[] = { 800,    1600,   3200,   6400,   12800,   25600,  51200,
		                          102400, 204800, 409600, 819200, 1000000, 1000000 };
	int64_t clock = SECOND;
	struct spin s;

	(void)unused;
	spin_init(&s, LIMIT);
	assert_false(spin_turn(&s, clock, 1));
	assert_true(turns_until_polled(&s, &clock, 10) > 0);
	for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
		int64_t begin;

		assert_int_equal(miss(&s, &clock), LIMIT);
		begin = clock;
		assert_true(turns_until_polled(&s, &clock, 10) > 0);
		assert_in_range(clock - begin, pauses[i], pauses[i] + 10);
	}
}

static void waits_that_are_no_misses_make_the_next_pause_short(void **unused)
{
	static const struct {
		int hits;
		int64_t pause;
	} cases[] = { { SPIN_TRUST - 1, 3200 }, { SPIN_TRUST, 800 } };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t clock = SECOND;
		struct spin s;

		spin_init(&s, LIMIT);
		assert_false(spin_turn(&s, clock, 1));
		for (int k = 0; k < 2; k++) {
			assert_true(turns_until_polled(&s, &clock, 10) > 0);
			miss(&s, &clock);
		}
		assert_true(turns_until_polled(&s, &clock, 10) > 0);
		for (int k = 0; k < cases[i].hits; k++)
			assert_true(spin_turn(&s, clock += 10, 1));
		miss(&s, &clock);
		assert_int_equal(s.not_before - clock, cases[i].pause);
	}
}

static void it_is_never_longer_than_a_millisecond(void **unused)
{
	static const uint32_t limits[][2] = {
		{ 1, 1 }, { 1000, 1000 }, { 1001, 1000 }, { UINT32_MAX, 1000 }
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		int64_t clock = SECOND;
		struct spin s;

		spin_init(&s, limits[i][0]);
		assert_true(turns_until_polled(&s, &clock, 10) > 0);
		assert_int_equal(miss(&s, &clock), limits[i][1]);
	}
}

static void a_limit_of_0_is_never(void **unused)
{
	int64_t clock = SECOND;
	struct spin s;

	(void)unused;
	spin_init(&s, 0);
	assert_int_equal(turns_until_polled(&s, &clock, 1), 0);
}

/* libev's time is that of the day. */
static void a_clock_that_jumps_does_no_harm(void **unused)
{
	int64_t clock = 1000 * (int64_t)SECOND;
	struct spin s;

	(void)unused;
	spin_init(&s, LIMIT);
	assert_true(turns_until_polled(&s, &clock, 10) > 0);
	assert_true(spin_again(&s, clock));
	assert_false(spin_again(&s, clock - 100 * (int64_t)SECOND));
	clock -= 500 * (int64_t)SECOND;
	assert_false(spin_turn(&s, clock, 1));
	assert_int_equal(turns_until_polled(&s, &clock, 10), SPIN_RUN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_polls_only_where_that_pays),
		cmocka_unit_test(a_run_of_short_waits_begins_it),
		cmocka_unit_test(a_long_wait_or_many_events_end_it),
		cmocka_unit_test(each_miss_makes_a_pause_twice_as_long_up_to_a_second),
		cmocka_unit_test(waits_that_are_no_misses_make_the_next_pause_short),
		cmocka_unit_test(it_is_never_longer_than_a_millisecond),
		cmocka_unit_test(a_limit_of_0_is_never),
		cmocka_unit_test(a_clock_that_jumps_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
