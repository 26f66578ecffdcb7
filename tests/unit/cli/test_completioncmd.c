/* SPDX-License-Identifier: MIT */
#include "cli/completioncmd.h"

#include "fake.h"

static const char answer[] = "# bkname/svname bkid/svid addr port - purge_delay used_cur\n"
                             "psql/n1 2/1 10.0.0.1 26257 - 5000 0\n"
                             "psql/n2 2/2 10.0.0.2 26257 - 5000 0\n"
                             "dbconsole/n1 3/1 10.0.0.1 8080 - 5000 0\n\n";

static void expect_names(const char *line, const char *names)
{
	struct fake_step step = { .answer = answer };
	struct fake f;

	assert_int_equal(fake_run(&f, &step, 1, completioncmd_main, line), CONSOLE_OK);
	assert_string_equal(text_str(&f.asked), "show servers conn\n");
	assert_string_equal(f.out, names);
	assert_int_equal(f.err_len, 0);
	fake_stop(&f);
}

static void names_are_listed_once(void **state)
{
	(void)state;
	expect_names("completion servers", "n1\npsql/n1\nn2\npsql/n2\ndbconsole/n1\n");
	expect_names("completion services", "psql\ndbconsole\n");
	expect_names("completion conditions",
	             "all up\nall down\nall drained\npsql up\npsql down\npsql drained\n"
	             "psql/n1 up\npsql/n1 down\npsql/n1 drained\n"
	             "psql/n2 up\npsql/n2 down\npsql/n2 drained\n"
	             "dbconsole up\ndbconsole down\ndbconsole drained\n"
	             "dbconsole/n1 up\ndbconsole/n1 down\ndbconsole/n1 drained\n");
}

static void what_can_be_no_name_is_left_out(void **state)
{
	static const char odd[] = "# heading\n$(reboot)/n1 2/1\nps\033[2Jql/n1 2/2\n"
	                          "psql/`id` 2/3\npsql/n4 2/4\n\n";
	struct fake_step step = { .answer = odd };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, completioncmd_main, "completion servers"),
	                 CONSOLE_OK);
	assert_string_equal(f.out, "n4\npsql/n4\n");
	fake_stop(&f);
}

static void without_a_daemon_there_is_silence(void **state)
{
	struct fake_step step = { .answer = NULL };
	char completion[] = "completion", servers[] = "servers", s[] = "-s",
	     none[] = "/nonexistent";
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, completioncmd_main, "completion servers"),
	                 CONSOLE_FAILED);
	assert_int_equal(f.out_len + f.err_len, 0);
	fake_stop(&f);
	fake_start(&f, NULL, 0);
	assert_int_equal(
	    completioncmd_main(&f.console, 4, (char *[]){ completion, servers, s, none, NULL }),
	    CONSOLE_FAILED);
	fake_join(&f);
	assert_int_equal(f.out_len + f.err_len, 0);
	fake_stop(&f);
}

static void each_shell_gets_its_script(void **state)
{
	static const struct {
		const char *line, *part;
	} cases[] = {
		{ "completion bash", "complete -F _sluice sluice\n" },
		{ "completion zsh", "#compdef sluice\n" },
		{ "completion fish", "complete -c sluice -f\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(fake_run(&f, NULL, 0, completioncmd_main, cases[i].line),
		                 CONSOLE_OK);
		assert_contains(f.out, cases[i].part);
		fake_stop(&f);
	}
}

static void another_shell_is_refused_with_the_cure(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{ "completion bsh", "no shell \"bsh\": did you mean \"bash\"?\nUsage: " },
		{ "completion powershell", "no shell \"powershell\": write bash, zsh or fish\n" },
		{ "completion", "bash|zsh|fish is missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(fake_run(&f, NULL, 0, completioncmd_main, cases[i].line),
		                 CONSOLE_USAGE);
		assert_contains(f.err, cases[i].error);
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_listed_once),
		cmocka_unit_test(what_can_be_no_name_is_left_out),
		cmocka_unit_test(without_a_daemon_there_is_silence),
		cmocka_unit_test(each_shell_gets_its_script),
		cmocka_unit_test(another_shell_is_refused_with_the_cure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
