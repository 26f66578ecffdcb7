/* SPDX-License-Identifier: MIT */
#include "cli/ctlcmd.h"

#include "fake.h"

#define ORDER "set severity-output number;"

static void the_answer_is_printed_as_it_came(void **state)
{
	static const struct {
		const char *line, *asked, *answer, *out;
		int status;
	} cases[] = {
		{ "ctl show info", ORDER "show info\n", "\nName: HAProxy\nPid: 1\n\n",
		  "Name: HAProxy\nPid: 1\n", CONSOLE_OK },
		{ "ctl disable server a/b", ORDER "disable server a/b\n", "\n\n", "", CONSOLE_OK },
		{ "ctl set server a/b state x", ORDER "set server a/b state x\n",
		  "\n[3]: No such server.\n\n", "No such server.\n", CONSOLE_FAILED },
		{ "ctl help", ORDER "help\n", "\n[6]: The following\n  help\n\n",
		  "The following\n  help\n", CONSOLE_OK },
		{ "ctl show info;set weight a/b 1", ORDER "show info;set weight a/b 1\n",
		  "\nName: HAProxy\n\n[3]: No such server.\n\n",
		  "Name: HAProxy\n\nNo such server.\n", CONSOLE_FAILED },
		{ "ctl shwo", ORDER "shwo\n", "\n[6]: Unknown command: 'shwo'\n\n",
		  "Unknown command: 'shwo'\n", CONSOLE_FAILED },
		{ "ctl show env", ORDER "show env\n", "\n[3]: Permission denied\n\n",
		  "Permission denied\n", CONSOLE_FAILED },
		/* Who asks for severities gets them. */
		{ "ctl set severity-output number;get weight a/b",
		  "set severity-output number;get weight a/b\n", "\n[3]: No such server.\n\n",
		  "\n[3]: No such server.\n", CONSOLE_FAILED },
		{ "ctl set severity-output string;get weight a/b",
		  "set severity-output string;get weight a/b\n", "\n[err]: No such server.\n\n",
		  "\n[err]: No such server.\n", CONSOLE_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = cases[i].answer };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, ctlcmd_main, cases[i].line),
		                 cases[i].status);
		assert_string_equal(text_str(&f.asked), cases[i].asked);
		assert_string_equal(f.out, cases[i].out);
		assert_int_equal(f.err_len, 0);
		fake_stop(&f);
	}
}

static void no_command_and_no_daemon_are_failures(void **state)
{
	struct fake_step step = { .answer = NULL };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 0, ctlcmd_main, "ctl"), CONSOLE_USAGE);
	assert_contains(f.err, "Usage: sluice ctl \"COMMAND\"");
	fake_stop(&f);
	assert_int_equal(fake_run(&f, &step, 1, ctlcmd_main, "ctl help"), CONSOLE_FAILED);
	assert_contains(f.err, "without an answer");
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_is_printed_as_it_came),
		cmocka_unit_test(no_command_and_no_daemon_are_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
