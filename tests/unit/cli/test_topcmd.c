/* SPDX-License-Identifier: MIT */
#include "cli/topcmd.h"

#include "fake.h"

static void wrong_options_ask_nobody(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{ "top --writ", "did you mean \"--write\"?" },
		{ "top --once --size 80",
		  "--size \"80\": write columns and rows, at most 1000, as 80x24" },
		{ "top --once --size 0x24", "--size \"0x24\": write columns" },
		{ "top --once --size 80x1001", "--size \"80x1001\": write columns" },
		{ "top --once --size 123456789x2", "--size \"123456789x2\": write columns" },
		{ "top --size 80x24", "--size is for --once" },
		{ "top --interval 5", "write a duration with its unit" },
		{ "top --interval 1ms", "--interval \"1ms\": 100ms to 1h" },
		{ "top --interval 2h", "--interval \"2h\": 100ms to 1h" },
		{ "top --tab sesions", "--tab \"sesions\": services, sessions, events or process" },
		{ "top n1", "unexpected \"n1\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(fake_run(&f, NULL, 0, topcmd_main, cases[i].line), CONSOLE_USAGE);
		assert_contains(f.err, cases[i].error);
		assert_contains(f.err, "\nUsage: sluice top ");
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

static void once_fails_without_a_daemon(void **state)
{
	static const struct fake_step bad[] = { { .answer = NULL } };
	char top[] = "top", once[] = "--once", s[] = "-s", path[] = "/nonexistent/sock";
	struct fake f;

	(void)state;
	fake_start(&f, NULL, 0);
	assert_int_equal(topcmd_main(&f.console, 4, (char *[]){ top, once, s, path, NULL }),
	                 CONSOLE_FAILED);
	fake_join(&f);
	assert_contains(f.err, "no daemon: /nonexistent/sock does not exist\n        start sluice");
	fake_stop(&f);
	assert_int_equal(fake_run(&f, bad, 1, topcmd_main, "top --once"), CONSOLE_FAILED);
	assert_contains(f.err, "sluice: the daemon ");
	assert_int_equal(f.out_len, 0);
	fake_stop(&f);
}

static void live_it_needs_a_terminal(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, NULL, 0);
	f.console.in = fopen("/dev/null", "r");
	{
		char top[] = "top";
		FILE *null = fopen("/dev/null", "w");
		struct console c = f.console;

		c.out = null;
		assert_int_equal(topcmd_main(&c, 1, (char *[]){ top, NULL }), CONSOLE_FAILED);
		fclose(null);
	}
	fclose(f.console.in);
	fake_join(&f);
	assert_contains(f.err, "input and output have to be a terminal\n        use sluice top "
	                       "--once");
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_options_ask_nobody),
		cmocka_unit_test(once_fails_without_a_daemon),
		cmocka_unit_test(live_it_needs_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
