/* SPDX-License-Identifier: MIT */
/* WRAP: getrandom */
#include "base/rng.h"

#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#include <cmocka.h>

static bool no_entropy;

ssize_t __real_getrandom(void *buf, size_t size, unsigned int flags);
ssize_t __wrap_getrandom(void *buf, size_t size, unsigned int flags);

ssize_t __wrap_getrandom(void *buf, size_t size, unsigned int flags)
{
	if (!no_entropy)
		return __real_getrandom(buf, size, flags);
	errno = EAGAIN;
	return -1;
}

static void sequence_is_splitmix64(void **unused)
{
	/* The published test vector for seed 1234567. */
	static const uint64_t expected[] = { UINT64_C(6457827717110365317),
		                             UINT64_C(3203168211198807973),
		                             UINT64_C(9817491932198370423),
		                             UINT64_C(4593380528125082431),
		                             UINT64_C(16408922859458223821) };
	struct rng r = { 1234567 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		assert_true(rng_next(&r) == expected[i]);
}

static void below_reaches_each_value_evenly(void **unused)
{
	enum { N = 7, ROUNDS = 70000 };
	int seen[N] = { 0 };
	struct rng r = { 1 };

	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t n = rng_below(&r, N);

		assert_true(n < N);
		seen[n]++;
	}
	for (size_t i = 0; i < N; i++)
		assert_in_range(seen[i], ROUNDS / N * 95 / 100, ROUNDS / N * 105 / 100);
	assert_int_equal(rng_below(&r, 1), 0);
	for (int i = 0; i < 1000; i++)
		assert_true(rng_below(&r, UINT64_MAX) < UINT64_MAX);
}

static void jitter_stays_in_its_band_and_reaches_both_ends(void **unused)
{
	uint64_t least = UINT64_MAX;
	uint64_t most = 0;
	struct rng r = { 1 };

	(void)unused;
	for (int i = 0; i < 20000; i++) {
		uint64_t n = rng_jitter(&r, 2000, 10);

		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	assert_int_equal(least, 1800);
	assert_int_equal(most, 2200);
	assert_int_equal(rng_jitter(&r, 2000, 0), 2000);
	assert_int_equal(rng_jitter(&r, 0, 10), 0);
	assert_int_equal(rng_jitter(&r, 9, 10), 9);
	/* No overflow on the way: half of the largest number, a half more or less. */
	assert_true(rng_jitter(&r, UINT64_MAX / 2, 50) >= UINT64_MAX / 4);
}

static void seeds_differ_even_without_entropy(void **unused)
{
	struct rng a = { 0 };
	struct rng b = { 0 };

	(void)unused;
	rng_seed(&a);
	rng_seed(&b);
	assert_true(a.state != b.state);
	no_entropy = true;
	rng_seed(&b);
	no_entropy = false;
	assert_true(b.state != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequence_is_splitmix64),
		cmocka_unit_test(below_reaches_each_value_evenly),
		cmocka_unit_test(jitter_stays_in_its_band_and_reaches_both_ends),
		cmocka_unit_test(seeds_differ_even_without_entropy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
