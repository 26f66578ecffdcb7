/* SPDX-License-Identifier: MIT */
#include "core/balance.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct pair {
	struct balance_candidate a, b;
	bool want;
};

static void compare(enum settings_balance algo, const struct pair *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct pair *c = &cases[i];

		assert_int_equal(balance_prefers(algo, &c->a, &c->b), c->want);
		/* Two cannot both go before each other. */
		assert_false(c->want && balance_prefers(algo, &c->b, &c->a));
	}
}

static void roundrobin_looks_at_turns_only(void **unused)
{
	static const struct pair cases[] = {
		{ { 1, 1, 0, 0 }, { 2, 1, 0, 0 }, true },
		{ { 2, 1, 0, 0 }, { 1, 1, 0, 0 }, false },
		{ { 5, 1, 0, 0 }, { 5, 1, 0, 0 }, false },
		{ { 1, 1, 100, 0 }, { 2, 256, 0, 0 }, true },
		{ { 2, 256, 0, 0 }, { 1, 1, 100, 0 }, false },
	};

	(void)unused;
	compare(SETTINGS_ROUNDROBIN, cases, sizeof(cases) / sizeof(cases[0]));
}

static void leastconn_compares_sessions_per_weight(void **unused)
{
	static const struct pair cases[] = {
		{ { 9, 1, 0, 0 }, { 1, 1, 1, 0 }, true },
		{ { 1, 1, 1, 0 }, { 9, 1, 0, 0 }, false },
		{ { 9, 2, 3, 0 }, { 1, 1, 2, 0 }, true },
		{ { 1, 1, 2, 0 }, { 9, 2, 3, 0 }, false },
		{ { 9, 256, 255, 0 }, { 1, 1, 1, 0 }, true },
		{ { 9, 256, UINT32_MAX, 0 }, { 1, 255, UINT32_MAX, 0 }, true },
		{ { 1, 3, 0, 0 }, { 9, 7, 0, 0 }, true },
	};

	(void)unused;
	compare(SETTINGS_LEASTCONN, cases, sizeof(cases) / sizeof(cases[0]));
}

static void leastconn_lets_equals_take_turns(void **unused)
{
	static const struct pair cases[] = {
		{ { 1, 1, 5, 0 }, { 2, 1, 5, 0 }, true },
		{ { 2, 1, 5, 0 }, { 1, 1, 5, 0 }, false },
		{ { 1, 2, 10, 0 }, { 2, 1, 5, 0 }, true },
		{ { 7, 2, 10, 0 }, { 7, 1, 5, 0 }, false },
	};

	(void)unused;
	compare(SETTINGS_LEASTCONN, cases, sizeof(cases) / sizeof(cases[0]));
}

static void first_looks_at_ids_only(void **unused)
{
	static const struct pair cases[] = {
		{ { 9, 1, 100, 1 }, { 1, 256, 0, 2 }, true },
		{ { 1, 256, 0, 2 }, { 9, 1, 100, 1 }, false },
		{ { 1, 1, 0, 7 }, { 2, 1, 0, 7 }, false },
	};

	(void)unused;
	compare(SETTINGS_FIRST, cases, sizeof(cases) / sizeof(cases[0]));
}

static void random_compares_those_drawn_by_load(void **unused)
{
	static const struct pair cases[] = {
		{ { 9, 1, 0, 2 }, { 1, 1, 1, 1 }, true },
		{ { 1, 1, 1, 1 }, { 9, 1, 0, 2 }, false },
		{ { 1, 2, 2, 1 }, { 9, 1, 1, 2 }, false },
		{ { 1, 3, 2, 1 }, { 9, 1, 1, 2 }, true },
	};

	(void)unused;
	compare(SETTINGS_RANDOM, cases, sizeof(cases) / sizeof(cases[0]));
}

static void hashes_without_a_key_and_static_rr_go_by_turns(void **unused)
{
	static const enum settings_balance algos[] = { SETTINGS_STATIC_RR, SETTINGS_SOURCE,
		                                       SETTINGS_HASH };
	static const struct pair cases[] = {
		{ { 1, 1, 100, 2 }, { 2, 256, 0, 1 }, true },
		{ { 2, 256, 0, 1 }, { 1, 1, 100, 2 }, false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(algos) / sizeof(algos[0]); i++) {
		compare(algos[i], cases, sizeof(cases) / sizeof(cases[0]));
		assert_true(balance_uses_turns(algos[i]));
	}
	assert_true(balance_uses_turns(SETTINGS_ROUNDROBIN));
	assert_true(balance_uses_turns(SETTINGS_LEASTCONN));
	assert_false(balance_uses_turns(SETTINGS_FIRST));
	assert_false(balance_uses_turns(SETTINGS_RANDOM));
}

static void turns_wrap_around(void **unused)
{
	static const struct pair cases[] = {
		{ { UINT64_MAX, 1, 0, 0 }, { 0, 1, 0, 0 }, true },
		{ { 0, 1, 0, 0 }, { UINT64_MAX, 1, 0, 0 }, false },
		{ { UINT64_MAX - 9, 1, 0, 0 }, { 1000, 1, 0, 0 }, true },
	};

	(void)unused;
	compare(SETTINGS_ROUNDROBIN, cases, sizeof(cases) / sizeof(cases[0]));
	compare(SETTINGS_LEASTCONN, cases, sizeof(cases) / sizeof(cases[0]));
	assert_true(balance_is_earlier(UINT64_MAX, 0));
	assert_false(balance_is_earlier(0, UINT64_MAX));
	assert_false(balance_is_earlier(3, 3));
}

static void a_stride_is_the_share_of_one_turn(void **unused)
{
	(void)unused;
	for (uint32_t weight = 1; weight <= 4096; weight++) {
		uint64_t cycle = balance_stride(weight) * weight;

		assert_true(cycle <= balance_stride(1));
		assert_true(balance_stride(1) - cycle < weight);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roundrobin_looks_at_turns_only),
		cmocka_unit_test(leastconn_compares_sessions_per_weight),
		cmocka_unit_test(leastconn_lets_equals_take_turns),
		cmocka_unit_test(first_looks_at_ids_only),
		cmocka_unit_test(random_compares_those_drawn_by_load),
		cmocka_unit_test(hashes_without_a_key_and_static_rr_go_by_turns),
		cmocka_unit_test(turns_wrap_around),
		cmocka_unit_test(a_stride_is_the_share_of_one_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
