/* SPDX-License-Identifier: MIT */
#include "core/rate.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

enum { START = 1000000 };

static void a_burst_counts_whole_in_its_period(void **unused)
{
	struct rate_window w = { 0 };

	(void)unused;
	assert_int_equal(rate_window_get(&w, 1000, START), 0);
	for (uint32_t n = 1; n <= 50; n++) {
		rate_window_add(&w, 1000, START + n, 1);
		assert_int_equal(rate_window_get(&w, 1000, START + n), n);
	}
	assert_int_equal(rate_window_get(&w, 1000, START + 1000), 50);
}

struct faded {
	int64_t after_ms;
	uint32_t want;
};

/* 100 events at once, then nothing: the part that the window still covers. */
static void the_period_before_fades_away(void **unused)
{
	static const struct faded cases[] = {
		{ 0, 100 },  { 999, 100 }, { 1000, 100 }, { 1250, 75 },   { 1500, 50 },
		{ 1990, 1 }, { 1999, 0 },  { 2000, 0 },   { 1000000, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rate_window w = { 0 };

		rate_window_add(&w, 1000, START, 100);
		assert_int_equal(rate_window_get(&w, 1000, START + cases[i].after_ms),
		                 cases[i].want);
	}
}

static void a_single_event_counts_for_two_periods(void **unused)
{
	struct rate_window w = { 0 };

	(void)unused;
	rate_window_add(&w, 500, START, 1);
	assert_int_equal(rate_window_get(&w, 500, START + 999), 1);
	assert_int_equal(rate_window_get(&w, 500, START + 1000), 0);
}

/* An even stream has its own rate at any moment, whatever the period. */
static void an_even_stream_has_its_rate(void **unused)
{
	static const uint32_t periods[] = { 100, 1000, 10000, 60000 };

	(void)unused;
	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		struct rate_window w = { 0 };
		uint32_t want = periods[i] / 10;

		for (int64_t ms = 0; ms < 5 * (int64_t)periods[i]; ms += 10) {
			rate_window_add(&w, periods[i], START + ms, 1);
			if (ms > 2 * (int64_t)periods[i])
				assert_in_range(rate_window_get(&w, periods[i], START + ms),
				                want - 1, want + 1);
		}
	}
}

static void counts_do_not_wrap_around(void **unused)
{
	struct rate_window w = { 0 };

	(void)unused;
	rate_window_add(&w, 10, START, UINT32_MAX);
	rate_window_add(&w, 10, START, UINT32_MAX);
	assert_int_equal(rate_window_get(&w, 10, START), UINT32_MAX);
	rate_window_add(&w, 10, START + 10, UINT32_MAX);
	assert_int_equal(rate_window_get(&w, 10, START + 10), UINT32_MAX);
}

static void no_limit_lets_all_pass_and_counts_them(void **unused)
{
	struct rate r = { 0 };

	(void)unused;
	for (int n = 0; n < 1000; n++)
		assert_int_equal(rate_take(&r, 0, START), 0);
	assert_int_equal(rate_get(&r, START), 1000);
	assert_int_equal(rate_get(&r, START + 1500), 500);
	assert_int_equal(rate_get(&r, START + 2000), 0);
}

/* Who waits as told passes then, and not a millisecond before. */
static uint64_t pass_for_20_s(struct rate *r, uint32_t limit)
{
	int64_t now = START;
	uint64_t passed = 0;

	while (now < START + 20000) {
		uint32_t wait = rate_take(r, limit, now);

		if (!wait) {
			passed++;
			continue;
		}
		assert_in_range(wait, 1, 2000);
		assert_int_not_equal(rate_take(r, limit, now + wait - 1), 0);
		assert_true(rate_get(r, now) >= limit);
		now += wait;
	}
	return passed;
}

static void the_wait_is_exact(void **unused)
{
	static const uint32_t limits[] = { 1, 2, 3, 10, 100, 999, 5000 };

	(void)unused;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rate r = { 0 };
		uint64_t passed = pass_for_20_s(&r, limits[i]);

		assert_in_range(passed, limits[i] * 18, limits[i] * 21 + 20);
	}
}

static void a_lower_limit_is_felt_at_once(void **unused)
{
	struct rate r = { 0 };

	(void)unused;
	for (int n = 0; n < 100; n++)
		assert_int_equal(rate_take(&r, 1000, START), 0);
	assert_int_equal(rate_take(&r, 10, START), 1901);
	assert_int_equal(rate_take(&r, 101, START), 0);
}

static void a_clock_that_lags_behind_does_no_harm(void **unused)
{
	struct rate r = { 0 };

	(void)unused;
	for (int n = 0; n < 10; n++)
		assert_int_equal(rate_take(&r, 20, START), 0);
	for (int n = 0; n < 10; n++)
		assert_int_equal(rate_take(&r, 20, START - 5), 0);
	assert_in_range(rate_take(&r, 20, START - 5), 1, 2000);
	assert_int_equal(rate_get(&r, START - 5), 20);
}

enum { THREADS = 8, LIMIT = 1000 };

struct shared {
	struct rate rate;
	_Atomic uint64_t passed;
	_Atomic int64_t now;
};

static void *take_on(void *arg)
{
	struct shared *s = arg;

	for (int n = 0; n < 40000; n++) {
		if (rate_take(&s->rate, LIMIT, s->now) == 0)
			s->passed++;
		s->now += n % 8 == 0;
	}
	return NULL;
}

/* One moment: exactly so many pass.  Then time runs on: as many as its seconds allow. */
static void the_limit_holds_across_threads(void **unused)
{
	pthread_t threads[THREADS];
	struct shared s = { .now = START };
	uint64_t seconds;

	(void)unused;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_on, &s), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	seconds = (uint64_t)(s.now - START) / 1000;
	assert_in_range(s.passed, LIMIT, LIMIT * (seconds + 2));
	assert_true(s.passed >= LIMIT * seconds * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_counts_whole_in_its_period),
		cmocka_unit_test(the_period_before_fades_away),
		cmocka_unit_test(a_single_event_counts_for_two_periods),
		cmocka_unit_test(an_even_stream_has_its_rate),
		cmocka_unit_test(counts_do_not_wrap_around),
		cmocka_unit_test(no_limit_lets_all_pass_and_counts_them),
		cmocka_unit_test(the_wait_is_exact),
		cmocka_unit_test(a_lower_limit_is_felt_at_once),
		cmocka_unit_test(a_clock_that_lags_behind_does_no_harm),
		cmocka_unit_test(the_limit_holds_across_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
