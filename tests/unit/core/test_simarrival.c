/* SPDX-License-Identifier: MIT */
#include "core/simarrival.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_rate_is_a_number_in_a_time(void **state)
{
	static const struct {
		const char *text;
		bool is_valid;
		struct simarrival_rate rate;
	} cases[] = {
		{ "50/s", true, { 50, 1000, false } },
		{ "0/s", true, { 0, 1000, false } },
		{ "3000/m", true, { 3000, 60000, false } },
		{ "poisson:10/h", true, { 10, 3600000, true } },
		{ "1000000/s", true, { 1000000, 1000, false } },
		{ "1000001/s", false, { 0 } },
		{ "50", false, { 0 } },
		{ "50/", false, { 0 } },
		{ "/s", false, { 0 } },
		{ "50/d", false, { 0 } },
		{ "-1/s", false, { 0 } },
		{ "1.5/s", false, { 0 } },
		{ "Poisson:1/s", false, { 0 } },
		{ "000000000000000000001/s", false, { 0 } },
		{ "", false, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct simarrival_rate rate = { 0 };
		struct error err = { 0 };

		assert_int_equal(simarrival_parse_rate(cases[i].text, &rate, &err),
		                 cases[i].is_valid);
		if (!cases[i].is_valid) {
			assert_non_null(strstr(err.text, "is no rate: "));
			continue;
		}
		assert_int_equal(rate.count, cases[i].rate.count);
		assert_int_equal(rate.period_ms, cases[i].rate.period_ms);
		assert_int_equal(rate.poisson, cases[i].rate.poisson);
	}
}

static void a_session_lasts_for_a_time_or_ever(void **state)
{
	static const struct {
		const char *text;
		bool is_valid;
		struct simarrival_session session;
	} cases[] = {
		{ "30s", true, { SIMARRIVAL_FIXED, 30000 } },
		{ "1m30s", true, { SIMARRIVAL_FIXED, 90000 } },
		{ "exp:500ms", true, { SIMARRIVAL_BY_CHANCE, 500 } },
		{ "1d", true, { SIMARRIVAL_FIXED, 86400000 } },
		{ "ever", true, { SIMARRIVAL_EVER, 0 } },
		{ "30", false, { 0 } },
		{ "0s", false, { 0 } },
		{ "25h", false, { 0 } },
		{ "exp:", false, { 0 } },
		{ "exp:ever", false, { 0 } },
		{ "", false, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct simarrival_session s = { 0 };
		struct error err = { 0 };

		assert_int_equal(simarrival_parse_session(cases[i].text, &s, &err),
		                 cases[i].is_valid);
		if (!cases[i].is_valid) {
			assert_non_null(strstr(err.text, "write a time"));
			continue;
		}
		assert_int_equal(s.lasts, cases[i].session.lasts);
		assert_int_equal(s.ms, cases[i].session.ms);
	}
}

static void an_even_rate_is_exact(void **state)
{
	const struct simarrival_rate rate = { 300, 1000, false };
	struct rng rng = { 1 };
	struct simarrival a;
	int counts[3] = { 0 };

	(void)state;
	simarrival_begin(&a, &rate, 7000);
	for (int i = 0; i < 900; i++) {
		int64_t at = simarrival_next(&a, &rng);

		assert_in_range(at, 7000, 9999);
		counts[(at - 7000) / 1000]++;
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(counts[i], 300);
	assert_int_equal(simarrival_next(&a, &rng), 10000);
}

static void chance_has_the_mean_that_is_asked_for(void **state)
{
	static const uint32_t counts[] = { 1, 50, 5000, 1000000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		const struct simarrival_rate rate = { counts[i], 1000, true };
		struct rng rng = { 42 + i };
		struct simarrival a;
		int64_t before = 0;
		int64_t at = 0;

		simarrival_begin(&a, &rate, 0);
		for (int n = 0; n < 100000; n++, before = at) {
			at = simarrival_next(&a, &rng);
			assert_true(at >= before);
		}
		/* Four standard deviations of 100,000. */
		assert_true(at * counts[i] / 1000 > 98700 && at * counts[i] / 1000 < 101300);
	}
}

/* Of an exponential distribution as much is above its mean as e says, and above twice its square.
 */
static void chance_is_exponential(void **state)
{
	const struct simarrival_session s = { SIMARRIVAL_BY_CHANCE, 10000 };
	struct rng rng = { 5 };
	int above = 0;
	int far_above = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int64_t ms = simarrival_length(&s, &rng);

		assert_true(ms >= 1);
		above += ms > 10000;
		far_above += ms > 20000;
	}
	assert_in_range(above, 36788 - 650, 36788 + 650);
	assert_in_range(far_above, 13534 - 450, 13534 + 450);
}

static void nobody_comes_at_no_rate_and_some_stay(void **state)
{
	const struct simarrival_rate none = { 0, 1000, true };
	const struct simarrival_session fixed = { SIMARRIVAL_FIXED, 5 };
	const struct simarrival_session ever = { SIMARRIVAL_EVER, 0 };
	struct rng rng = { 1 };
	struct simarrival a;

	(void)state;
	simarrival_begin(&a, &none, 5);
	assert_true(simarrival_next(&a, &rng) == INT64_MAX);
	assert_int_equal(simarrival_length(&fixed, &rng), 5);
	assert_true(simarrival_length(&ever, &rng) == INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_a_number_in_a_time),
		cmocka_unit_test(a_session_lasts_for_a_time_or_ever),
		cmocka_unit_test(an_even_rate_is_exact),
		cmocka_unit_test(chance_has_the_mean_that_is_asked_for),
		cmocka_unit_test(chance_is_exponential),
		cmocka_unit_test(nobody_comes_at_no_rate_and_some_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
