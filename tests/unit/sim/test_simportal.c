/* SPDX-License-Identifier: MIT */
#include "sim/simportal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct simstmt one = { .kind = SIMSTMT_INT, .value = 1 };
static const struct simstmt two = { .kind = SIMSTMT_INT, .value = 2 };

static void statements_and_portals_have_names_of_their_own(void **state)
{
	struct simportal_set set = LIST_HEAD_INITIALIZER(set);

	(void)state;
	assert_null(simportal_find(&set, 'S', "a"));
	simportal_put(&set, 'S', "a", &one, false);
	simportal_put(&set, 'P', "a", &two, true);
	assert_true(simportal_find(&set, 'S', "a")->stmt.value == 1);
	assert_true(simportal_find(&set, 'P', "a")->stmt.value == 2);
	assert_true(simportal_find(&set, 'P', "a")->binary);
	assert_null(simportal_find(&set, 'S', ""));
	simportal_release(&set);
	assert_true(LIST_EMPTY(&set));
}

static void putting_replaces_and_dropping_forgets(void **state)
{
	struct simportal_set set = LIST_HEAD_INITIALIZER(set);

	(void)state;
	simportal_put(&set, 'S', "", &one, false);
	simportal_put(&set, 'S', "", &two, false);
	assert_true(simportal_find(&set, 'S', "")->stmt.value == 2);
	simportal_drop(&set, 'S', "not there");
	simportal_drop(&set, 'S', "");
	assert_null(simportal_find(&set, 'S', ""));
	assert_true(LIST_EMPTY(&set));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_and_portals_have_names_of_their_own),
		cmocka_unit_test(putting_replaces_and_dropping_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
