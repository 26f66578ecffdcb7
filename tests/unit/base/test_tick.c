/* SPDX-License-Identifier: MIT */
#include "base/tick.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

static void clocks_agree_with_the_kernels(void **unused)
{
	int64_t us = tick_us();
	int64_t ms = tick_ms();
	int64_t wall = tick_wall_ms();
	int64_t now = (int64_t)time(NULL) * 1000;

	(void)unused;
	assert_true(ms >= us / 1000 && ms - us / 1000 < 10000);
	assert_true(wall > now - 10000 && wall < now + 10000);
	assert_true(tick_us() >= us);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_agree_with_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
