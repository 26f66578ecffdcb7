/* SPDX-License-Identifier: MIT */
#include "cli/topstate.h"

#include "faketop.h"

static void tabs_are_found_by_name_and_number(void **state)
{
	static const struct {
		const char *name;
		int tab; /* -1: none */
	} cases[] = {
		{ "services", TOPSTATE_SERVICES },
		{ "Sessions", TOPSTATE_SESSIONS },
		{ "EVENTS", TOPSTATE_EVENTS },
		{ "4", TOPSTATE_PROCESS },
		{ "1", TOPSTATE_SERVICES },
		{ "5", -1 },
		{ "", -1 },
		{ "event", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum topstate_tab tab = TOPSTATE_TABS;

		assert_int_equal(topstate_find_tab(cases[i].name, &tab), cases[i].tab != -1);
		assert_int_equal(tab, cases[i].tab != -1 ? cases[i].tab : TOPSTATE_TABS);
	}
}

static void orders_have_names_and_an_end(void **state)
{
	(void)state;
	assert_string_equal(topstate_sort_name(TOPSTATE_SERVICES, TOPSTATE_SERVICES_NAME), "name");
	assert_null(topstate_sort_name(TOPSTATE_SERVICES, TOPSTATE_SERVICES_NAME + 1));
	assert_string_equal(topstate_sort_name(TOPSTATE_SESSIONS, TOPSTATE_SESSIONS_AGE), "age");
	assert_null(topstate_sort_name(TOPSTATE_SESSIONS, TOPSTATE_SESSIONS_ID + 1));
	assert_non_null(topstate_sort_name(TOPSTATE_EVENTS, 0));
	assert_null(topstate_sort_name(TOPSTATE_EVENTS, 1));
	assert_null(topstate_sort_name(TOPSTATE_PROCESS, 0));
}

static void what_was_said_is_kept_with_its_time(void **state)
{
	struct topstate s = { .tab = TOPSTATE_EVENTS };

	(void)state;
	topstate_say(&s, true, 77, "%s %d", "no", 7);
	assert_string_equal(s.said, "no 7");
	assert_true(s.said_bad);
	assert_int_equal(s.said_ms, 77);
	assert_ptr_equal(topstate_list(&s), &s.lists[TOPSTATE_EVENTS]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tabs_are_found_by_name_and_number),
		cmocka_unit_test(orders_have_names_and_an_end),
		cmocka_unit_test(what_was_said_is_kept_with_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
