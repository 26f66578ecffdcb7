/* SPDX-License-Identifier: MIT */
#include "core/topology_time.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void the_average_of_equal_times_is_that_time(void **unused)
{
	static const uint32_t times[] = { 0, 1, 3, 250, 60000, 86400000 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct topology_time t = { 0 };

		assert_int_equal(topology_time_average(&t, 0), 0);
		for (uint64_t n = 1; n <= 3000; n++) {
			topology_time_add(&t, times[i]);
			assert_in_range(topology_time_average(&t, n), times[i] - times[i] / 1000000,
			                times[i]);
		}
		assert_int_equal(t.max, times[i]);
	}
}

static void old_times_fade_away(void **unused)
{
	struct topology_time t = { 0 };

	(void)unused;
	for (int i = 0; i < 5000; i++)
		topology_time_add(&t, 1000);
	for (int i = 0; i < 512; i++)
		topology_time_add(&t, 0);
	/* 1/e of it is left after one window. */
	assert_in_range(topology_time_average(&t, 5512), 360, 375);
	assert_int_equal(t.max, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_average_of_equal_times_is_that_time),
		cmocka_unit_test(old_times_fade_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
