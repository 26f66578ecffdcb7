/* SPDX-License-Identifier: MIT */
#include "cli/rebalancecmd.h"

#include "fake.h"

static void the_daemon_is_asked_and_its_lines_are_shown(void **state)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "rebalance", "rebalance\n" },
		{ "rebalance psql", "rebalance psql\n" },
		{ "rebalance --dry-run", "rebalance dry-run\n" },
		{ "rebalance --dry-run psql", "rebalance psql dry-run\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct fake_step step = { .answer = "psql/n1: 1 session\ndone\n\n" };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, rebalancecmd_main, cases[i].line),
		                 CONSOLE_OK);
		assert_string_equal(text_str(&f.asked), cases[i].asked);
		assert_string_equal(f.out, "psql/n1: 1 session\n");
		assert_int_equal(f.err_len, 0);
		fake_stop(&f);
	}
}

static void a_refusal_is_the_error(void **state)
{
	const struct fake_step step = { .answer = "No such backend.\n\n" };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, rebalancecmd_main, "rebalance nobody"),
	                 CONSOLE_FAILED);
	assert_contains(f.err, "No such backend.");
	assert_int_equal(f.out_len, 0);
	fake_stop(&f);
}

static void a_name_cannot_be_another_command(void **state)
{
	const struct fake_step step = { .answer = "No such backend.\n\n" };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, rebalancecmd_main, "rebalance a;shutdown"),
	                 CONSOLE_FAILED);
	assert_string_equal(text_str(&f.asked), "rebalance a\\;shutdown\n");
	assert_contains(f.err, "No such backend.");
	fake_stop(&f);
}

static void more_than_one_service_is_a_mistake(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, NULL, 0, rebalancecmd_main, "rebalance a b"), CONSOLE_USAGE);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_daemon_is_asked_and_its_lines_are_shown),
		cmocka_unit_test(a_refusal_is_the_error),
		cmocka_unit_test(a_name_cannot_be_another_command),
		cmocka_unit_test(more_than_one_service_is_a_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
