/* SPDX-License-Identifier: MIT */
#include "report/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void the_table_is_complete(void **state)
{
	(void)state;
	assert_int_equal(METRIC_COUNT, 103);
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		const struct metric_info *i = metric_get(m);

		assert_non_null(i->column);
		assert_true(strlen(i->help) > 3);
		assert_int_equal(strlen(i->tags), 3);
		assert_int_equal(i->family != NULL, i->scopes != METRIC_NONE);
	}
}

static void counters_end_in_total_and_gauges_do_not(void **state)
{
	(void)state;
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		const struct metric_info *i = metric_get(m);
		size_t len = i->family ? strlen(i->family) : 0;

		if (len)
			assert_int_equal(strcmp(i->family + len - 6, "_total") == 0,
			                 i->kind == METRIC_KIND_COUNTER ||
			                     i->kind == METRIC_KIND_HTTP);
	}
}

static void milliseconds_become_seconds(void **state)
{
	(void)state;
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		const struct metric_info *i = metric_get(m);

		if (i->unit == METRIC_UNIT_MS)
			assert_non_null(strstr(i->family, "_seconds"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_complete),
		cmocka_unit_test(counters_end_in_total_and_gauges_do_not),
		cmocka_unit_test(milliseconds_become_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
