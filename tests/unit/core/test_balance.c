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
		{ { 1, 1, 0 }, { 2, 1, 0 }, true },      { { 2, 1, 0 }, { 1, 1, 0 }, false },
		{ { 5, 1, 0 }, { 5, 1, 0 }, false },     { { 1, 1, 100 }, { 2, 256, 0 }, true },
		{ { 2, 256, 0 }, { 1, 1, 100 }, false },
	};

	(void)unused;
	compare(SETTINGS_ROUNDROBIN, cases, sizeof(cases) / sizeof(cases[0]));
}

static void leastconn_compares_sessions_per_weight(void **unused)
{
	static const struct pair cases[] = {
		{ { 9, 1, 0 }, { 1, 1, 1 }, true },
		{ { 1, 1, 1 }, { 9, 1, 0 }, false },
		{ { 9, 2, 3 }, { 1, 1, 2 }, true },
		{ { 1, 1, 2 }, { 9, 2, 3 }, false },
		{ { 9, 256, 255 }, { 1, 1, 1 }, true },
		{ { 9, 256, UINT32_MAX }, { 1, 255, UINT32_MAX }, true },
		{ { 1, 3, 0 }, { 9, 7, 0 }, true },
	};

	(void)unused;
	compare(SETTINGS_LEASTCONN, cases, sizeof(cases) / sizeof(cases[0]));
}

static void leastconn_lets_equals_take_turns(void **unused)
{
	static const struct pair cases[] = {
		{ { 1, 1, 5 }, { 2, 1, 5 }, true },
		{ { 2, 1, 5 }, { 1, 1, 5 }, false },
		{ { 1, 2, 10 }, { 2, 1, 5 }, true },
		{ { 7, 2, 10 }, { 7, 1, 5 }, false },
	};

	(void)unused;
	compare(SETTINGS_LEASTCONN, cases, sizeof(cases) / sizeof(cases[0]));
}

static void turns_wrap_around(void **unused)
{
	static const struct pair cases[] = {
		{ { UINT64_MAX, 1, 0 }, { 0, 1, 0 }, true },
		{ { 0, 1, 0 }, { UINT64_MAX, 1, 0 }, false },
		{ { UINT64_MAX - 9, 1, 0 }, { 1000, 1, 0 }, true },
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
	for (uint32_t weight = 1; weight <= 256; weight++) {
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
		cmocka_unit_test(turns_wrap_around),
		cmocka_unit_test(a_stride_is_the_share_of_one_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
