/* SPDX-License-Identifier: MIT */
#include "cli/drillcmd.h"

#include "fake.h"

#define DRILLS TEST_DATA "/drills/"
#define GOLDEN DRILLS "golden/"

static char *read_whole(const char *path)
{
	FILE *f = fopen(path, "re");
	struct text all = { 0 };
	char buf[4096];
	size_t n;

	if (f == NULL)
		return NULL;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_addn(&all, buf, n);
	fclose(f);
	return text_take(&all);
}

/* The file at `path` is `want`; with UPDATE=1 in the environment it becomes it. */
static void expect_file(const char *path, const char *want)
{
	const char *update = getenv("UPDATE");
	char *have;

	if (update != NULL && strcmp(update, "1") == 0) {
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		assert_int_equal(fwrite(want, 1, strlen(want), f), strlen(want));
		assert_int_equal(fclose(f), 0);
	}
	have = read_whole(path);
	if (have == NULL || strcmp(have, want) != 0)
		fail_msg("%s is not what the code writes: run this test with UPDATE=1", path);
	free(have);
}

/* Without a daemon. */
static int run(struct fake *f, const char *line)
{
	return fake_run(f, NULL, 0, drillcmd_main, line);
}

/* --- golden reports ----------------------------------------------------------------------- */

static void expect_golden(const char *line, int status, const char *file)
{
	struct fake f;

	assert_int_equal(run(&f, line), status);
	expect_file(file, f.out);
	fake_stop(&f);
}

static void reports_are_as_they_were(void **state)
{
	static const struct {
		const char *format, *ending;
	} forms[] = { { "markdown", "md" }, { "text", "txt" }, { "json", "json" } };
	static const char *const names[] = { "kill", "kill-haproxy", "quorum", "rolling" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < ARRAY_LEN(forms); k++) {
			char line[256], file[256];

			snprintf(line, sizeof(line),
			         "drill report --from " DRILLS "%s.json --format %s "
			         "--expect detect<3s,gap<5s,failed=0",
			         names[i], forms[k].format);
			snprintf(file, sizeof(file), GOLDEN "%s.%s", names[i], forms[k].ending);
			expect_golden(line, strcmp(names[i], "kill-haproxy") == 0, file);
		}
}

static void pages_are_as_they_were(void **state)
{
	(void)state;
	expect_golden("drill report --from " DRILLS "quorum.json --format html", CONSOLE_OK,
	              GOLDEN "quorum.html");
}

static void comparisons_are_as_they_were(void **state)
{
	static const char both[] = DRILLS "kill-haproxy.json " DRILLS "kill.json";
	static const struct {
		const char *format, *file;
	} forms[] = {
		{ "markdown", GOLDEN "compare.md" },
		{ "text", GOLDEN "compare.txt" },
		{ "json", GOLDEN "compare.json" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		char line[256];

		snprintf(line, sizeof(line), "drill compare %s --format %s", both, forms[i].format);
		expect_golden(line, CONSOLE_OK, forms[i].file);
	}
}

static void a_record_comes_out_as_it_went_in(void **state)
{
	(void)state;
	expect_golden("drill report --from " DRILLS "kill.json --format record", CONSOLE_OK,
	              DRILLS "kill.json");
}

/* --- expectations, formats, files --------------------------------------------------------- */

static void an_expectation_decides_the_exit_status(void **state)
{
	static const struct {
		const char *expect;
		int status;
		const char *line;
	} cases[] = {
		{ "detect<3s", CONSOLE_OK, "ok      detect < 3 s: 3 ms, psql/n2\n" },
		{ "cut=0", CONSOLE_FAILED, "FAILED  cut = 0: 34\n" },
		{ "detect<3s,cut=0", CONSOLE_FAILED,
		  "ok      detect < 3 s: 3 ms, psql/n2\nFAILED" },
		{ "connected>0", CONSOLE_OK, "ok      connected > 0: 17" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char line[256];
		struct fake f;

		snprintf(line, sizeof(line),
		         "drill report --from " DRILLS "kill.json --format json --expect %s",
		         cases[i].expect);
		assert_int_equal(run(&f, line), cases[i].status);
		assert_contains(f.err, cases[i].line);
		fake_stop(&f);
	}
}

static void the_unknown_never_holds_and_says_why(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(run(&f, "drill report --from " DRILLS "kill-haproxy.json --format json "
	                         "--expect asked>=0"),
	                 CONSOLE_FAILED);
	assert_contains(f.err, "FAILED  asked >= 0: unknown, it was not recorded\n");
	fake_stop(&f);
}

static void without_a_terminal_it_is_markdown(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(run(&f, "drill report --from " DRILLS "kill.json --expect cut=0"),
	                 CONSOLE_FAILED);
	assert_int_equal(strncmp(f.out, "# Drill kill-n2\n", 16), 0);
	assert_int_equal(f.err_len, 0);
	fake_stop(&f);
}

static void the_name_of_the_file_chooses_the_format(void **state)
{
	static const struct {
		const char *ending, *begin;
	} cases[] = {
		{ "html", "<!DOCTYPE html>" }, { "htm", "<!DOCTYPE html>" },
		{ "json", "{\"drill\":" },     { "md", "# Drill kill-n2" },
		{ "txt", "# Drill kill-n2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char dir[] = "/tmp/sluice-drill-XXXXXX", file[64], line[256];
		struct fake f;
		char *have;

		assert_non_null(mkdtemp(dir));
		snprintf(file, sizeof(file), "%s/a.%s", dir, cases[i].ending);
		snprintf(line, sizeof(line), "drill report --from " DRILLS "kill.json --out %s",
		         file);
		assert_int_equal(run(&f, line), CONSOLE_OK);
		assert_int_equal(f.out_len, 0);
		have = read_whole(file);
		assert_non_null(have);
		assert_int_equal(strncmp(have, cases[i].begin, strlen(cases[i].begin)), 0);
		free(have);
		unlink(file);
		rmdir(dir);
		fake_stop(&f);
	}
}

static void misuse_is_explained(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{ "drill repport", "did you mean \"drill report\"?" },
		{ "drill xyzzy", "there are start, stop, mark, list, report and compare" },
		{ "drill report", "which drill? Write NAME" },
		{ "drill report a b", "write one of NAME, --last DUR and --from FILE" },
		{ "drill report a --last 10m", "write one of NAME, --last DUR and --from FILE" },
		{ "drill report --last soon",
		  "--last \"soon\": write a duration with its unit, as 90s or 10m" },
		{ "drill report --last 1", "--last \"1\": write a duration with its unit" },
		{ "drill report --last 0s", "--last needs more than that" },
		{ "drill report a --format pdf",
		  "there is no format \"pdf\": write text, markdown" },
		{ "drill report a --expect detct<3s",
		  "--expect: at character 1: \"detct\" is not" },
		{ "drill compare a", "write two drills or files" },
		{ "drill compare a b c", "write two drills or files" },
		{ "drill compare a b --format record", "two drills have no record" },
		{ "drill compare a b --expect cut=0", "go with `drill report`" },
		{ "drill start", "write one name: drill start NAME" },
		{ "drill start a b", "write one name: drill start NAME" },
		{ "drill stop now", "nothing follows drill stop" },
		{ "drill mark", "write what to note: drill mark TEXT" },
		{ "drill list all", "nothing follows drill list" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(run(&f, cases[i].line), CONSOLE_USAGE);
		assert_contains(f.err, cases[i].error);
		assert_contains(f.err, "\nUsage: sluice drill ");
		fake_stop(&f);
	}
}

static void files_that_cannot_be_read_are_failures(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(run(&f, "drill report --from /nonexistent"), CONSOLE_FAILED);
	assert_contains(f.err, "/nonexistent: No such file or directory");
	fake_stop(&f);
	assert_int_equal(run(&f, "drill compare " DRILLS "kill.json /dev/null"), CONSOLE_FAILED);
	assert_contains(f.err, "/dev/null: not a record of a drill");
	fake_stop(&f);
}

/* --- with a daemon ------------------------------------------------------------------------ */

static void commands_are_passed_on(void **state)
{
	static const struct {
		const char *line, *asked, *answer, *out;
	} cases[] = {
		{ "drill start kill-n2", "drill start kill-n2\n", "\n", "" },
		{ "drill stop", "drill stop\n", "\n", "" },
		{ "drill mark kill n2;x", "drill mark kill\\ n2\\;x\n", "\n", "" },
		{ "drill list", "show drill\n", "a 1 2\nb 3 running\n\n", "a 1 2\nb 3 running\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = cases[i].answer };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, drillcmd_main, cases[i].line), CONSOLE_OK);
		assert_string_equal(text_str(&f.asked), cases[i].asked);
		assert_string_equal(f.out, cases[i].out);
		fake_stop(&f);
	}
}

static void refusals_are_failures(void **state)
{
	static const struct {
		const char *line, *answer, *error;
	} cases[] = {
		{ "drill start a", "error: there is a drill \"a\" already\n\n",
		  "the daemon answered: there is a drill \"a\" already" },
		{ "drill stop", "Permission denied\n\n", "the daemon answered: Permission denied" },
		{ "drill mark x", "Unknown command: 'drill'\n\n", "the daemon answered: Unknown" },
		{ "drill list", "error: no\n\n", "the daemon answered: no" },
		{ "drill report a", "error: there is no such drill\n\n",
		  "the daemon answered: there is no such drill" },
		{ "drill report a", "{}\n\n", "the daemon's answer is not understood: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = cases[i].answer };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, drillcmd_main, cases[i].line),
		                 CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

static void the_daemons_record_is_reported(void **state)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "drill report kill-n2", "show drill kill-n2\n" },
		{ "drill report --last 10m", "show drill last 600\n" },
		{ "drill report --last 1500ms", "show drill last 2\n" },
	};
	AUTO_TEXT answer = { 0 };
	char *record = read_whole(DRILLS "kill.json");

	(void)state;
	assert_non_null(record);
	text_addf(&answer, "%s\n", record);
	free(record);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = text_str(&answer) };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, drillcmd_main, cases[i].line), CONSOLE_OK);
		assert_string_equal(text_str(&f.asked), cases[i].asked);
		assert_contains(f.out, "# Drill kill-n2\n");
		fake_stop(&f);
	}
}

static void names_and_files_can_be_compared(void **state)
{
	AUTO_TEXT answer = { 0 };
	char *record = read_whole(DRILLS "kill.json");
	struct fake_step step = { 0 };
	struct fake f;

	(void)state;
	assert_non_null(record);
	text_addf(&answer, "%s\n", record);
	free(record);
	step.answer = text_str(&answer);
	assert_int_equal(fake_run(&f, &step, 1, drillcmd_main,
	                          "drill compare " DRILLS "kill-haproxy.json kill-n2"),
	                 CONSOLE_OK);
	assert_string_equal(text_str(&f.asked), "show drill kill-n2\n");
	assert_contains(f.out, "# Two drills\n");
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_are_as_they_were),
		cmocka_unit_test(pages_are_as_they_were),
		cmocka_unit_test(comparisons_are_as_they_were),
		cmocka_unit_test(a_record_comes_out_as_it_went_in),
		cmocka_unit_test(an_expectation_decides_the_exit_status),
		cmocka_unit_test(the_unknown_never_holds_and_says_why),
		cmocka_unit_test(without_a_terminal_it_is_markdown),
		cmocka_unit_test(the_name_of_the_file_chooses_the_format),
		cmocka_unit_test(misuse_is_explained),
		cmocka_unit_test(files_that_cannot_be_read_are_failures),
		cmocka_unit_test(commands_are_passed_on),
		cmocka_unit_test(refusals_are_failures),
		cmocka_unit_test(the_daemons_record_is_reported),
		cmocka_unit_test(names_and_files_can_be_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
