/* SPDX-License-Identifier: MIT */
#include "base/processors.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void those_that_may_be_used_are_counted(void **unused)
{
	cpu_set_t all, one;
	int first = 0;

	(void)unused;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	assert_int_equal(processors_count(), CPU_COUNT(&all));
	while (!CPU_ISSET(first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(processors_count(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(those_that_may_be_used_are_counted) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
