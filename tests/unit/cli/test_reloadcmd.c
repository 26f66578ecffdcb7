/* SPDX-License-Identifier: MIT */
#include "cli/reloadcmd.h"

#include "fake.h"

struct reload_case {
	const char *line, *asked, *answer;
	int status;
	const char *out, *err;
};

static void answers_become_exit_statuses(void **state)
{
	static const struct reload_case cases[] = {
		{ "reload", "reload\n", "~ services.psql.retries: 4 (was 3)\nreloaded\n\n",
		  CONSOLE_OK, "~ services.psql.retries: 4 (was 3)\nreloaded\n", "" },
		{ "reload", "reload\n", "nothing has changed\n\n", CONSOLE_OK,
		  "nothing has changed\n", "" },
		{ "reload --diff", "reload diff\n", "nothing would change\n\n", CONSOLE_OK,
		  "nothing would change\n", "" },
		{ "reload --diff", "reload diff\n", "+ services.b (:2)\n- services.c (:3)\n\n",
		  CONSOLE_OK, "+ services.b (:2)\n- services.c (:3)\n", "" },
		{ "reload", "reload\n",
		  "x.conf:3: wrong\nx.conf:5: bad\nnot reloaded: 2 problems in x.conf\n\n",
		  CONSOLE_INVALID, "",
		  "x.conf:3: wrong\nx.conf:5: bad\nsluice: not reloaded: 2 problems in x.conf\n" },
		{ "reload", "reload\n",
		  "+ services.b (:2)\nnot reloaded: :2: Address already in use\n\n", CONSOLE_FAILED,
		  "+ services.b (:2)\n", "sluice: not reloaded: :2: Address already in use\n" },
		{ "reload", "reload\n", "not reloaded: there is no file to read again\n\n",
		  CONSOLE_FAILED, "", "sluice: not reloaded: there is no file to read again\n" },
		{ "reload", "reload\n", "Permission denied\n\n", CONSOLE_FAILED, "",
		  "sluice: the daemon answered: Permission denied\n" },
		{ "reload", "reload\n", "\n", CONSOLE_FAILED, "",
		  "sluice: the daemon answered: \n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = cases[i].answer };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, reloadcmd_main, cases[i].line),
		                 cases[i].status);
		assert_string_equal(text_str(&f.asked), cases[i].asked);
		assert_string_equal(f.out, cases[i].out);
		assert_string_equal(f.err, cases[i].err);
		fake_stop(&f);
	}
}

static void a_daemon_without_an_answer_is_a_failure(void **state)
{
	struct fake_step step = { .answer = NULL };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, reloadcmd_main, "reload"), CONSOLE_FAILED);
	assert_contains(f.err, "without an answer");
	fake_stop(&f);
}

static void wrong_usage_is_said(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, NULL, 0, reloadcmd_main, "reload --dif"), CONSOLE_USAGE);
	assert_contains(f.err, "--diff");
	assert_contains(f.err, "Usage: sluice reload");
	fake_stop(&f);
	assert_int_equal(fake_run(&f, NULL, 0, reloadcmd_main, "reload now"), CONSOLE_USAGE);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_become_exit_statuses),
		cmocka_unit_test(a_daemon_without_an_answer_is_a_failure),
		cmocka_unit_test(wrong_usage_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
