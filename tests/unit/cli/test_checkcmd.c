/* SPDX-License-Identifier: MIT */
#include "cli/checkcmd.h"

#include "core/settings.h"

#include "fake.h"

static const char good[] =
    "cluster = {\n"
    "  nodes = (\n"
    "    { name = \"n1\"; host = \"10.0.0.1\"; },\n"
    "    { name = \"n2\"; host = \"10.0.0.2\"; },\n"
    "    { name = \"n3\"; host = \"10.0.0.3\"; }\n"
    "  );\n"
    "  check = { type = \"http\"; port = \"http\"; path = \"/health?ready=1\"; };\n"
    "};\n"
    "services = (\n"
    "  { name = \"psql\"; bind = \":26257\"; port = \"sql\"; balance = \"leastconn\"; },\n"
    "  { name = \"dbconsole\"; bind = \":8080\"; port = \"http\"; }\n"
    ");\n";

static const char one[] = "services = (\n"
                          "  { name = \"psql\"; bind = \":26257\"; check = { type = \"tcp\"; };\n"
                          "    servers = ( { name = \"n1\"; address = \"10.0.0.1:26257\"; } ); }\n"
                          ");\n";

static const char bad[] = "cluster = {\n"
                          "  nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; weight = 257; } );\n"
                          "};\n"
                          "services = (\n"
                          "  { name = \"psql\"; bnid = \":26257\"; port = \"sql\"; }\n"
                          ");\n";

/* `sluice check -f FILE` on a file of that content; `f` has what it printed. */
static int check(struct fake *f, const char *content)
{
	char command[] = "check", option[] = "-f", path[128];
	FILE *file;
	int status;

	fake_start(f, NULL, 0);
	snprintf(path, sizeof(path), "%s/sluice.conf", f->dir);
	if (content != NULL) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(content, file);
		fclose(file);
	}
	status = checkcmd_main(&f->console, 3, (char *[]){ command, option, path, NULL });
	unlink(path);
	fake_join(f);
	return status;
}

static void a_good_file_is_counted(void **state)
{
	static const struct {
		const char *content, *out;
	} cases[] = {
		{ good, "/sluice.conf: ok: 2 services, 3 servers\n" },
		{ one, "/sluice.conf: ok: 1 service, 1 server\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;
		int status = check(&f, cases[i].content);

		assert_string_equal(f.err, "");
		assert_int_equal(status, CONSOLE_OK);
		assert_contains(f.out, cases[i].out);
		assert_memory_equal(f.out, f.dir, strlen(f.dir));
		fake_stop(&f);
	}
}

static void every_problem_is_printed_with_its_line(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(check(&f, bad), CONSOLE_INVALID);
	assert_contains(f.err, "/sluice.conf:2: ");
	assert_contains(f.err, "/sluice.conf:5: ");
	assert_contains(f.err, "bnid");
	assert_int_equal(f.out_len, 0);
	fake_stop(&f);
}

static void a_missing_file_is_an_invalid_configuration(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(check(&f, NULL), CONSOLE_INVALID);
	assert_contains(f.err, "/sluice.conf");
	assert_contains(f.err, "No such file");
	fake_stop(&f);
}

static void wrong_arguments_are_usage(void **state)
{
	char command[] = "check", word[] = "sluice.conf";
	struct fake f;

	(void)state;
	fake_start(&f, NULL, 0);
	assert_int_equal(checkcmd_main(&f.console, 2, (char *[]){ command, word, NULL }),
	                 CONSOLE_USAGE);
	fake_join(&f);
	assert_string_equal(f.err, "sluice check: unexpected \"sluice.conf\": did you mean -f "
	                           "sluice.conf?\n"
	                           "Usage: sluice check [-f FILE]\n");
	fake_stop(&f);
}

static void a_text_is_loaded_or_its_problems_are_said(void **state)
{
	struct settings *settings;
	struct fake f;

	(void)state;
	fake_start(&f, NULL, 0);
	settings = checkcmd_load_text(&f.console, "here", good);
	assert_non_null(settings);
	assert_int_equal(settings->service_count, 2);
	settings_free(settings);
	assert_null(checkcmd_load_text(&f.console, "here", bad));
	fake_join(&f);
	assert_contains(f.err, "here:2: ");
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_is_counted),
		cmocka_unit_test(every_problem_is_printed_with_its_line),
		cmocka_unit_test(a_missing_file_is_an_invalid_configuration),
		cmocka_unit_test(wrong_arguments_are_usage),
		cmocka_unit_test(a_text_is_loaded_or_its_problems_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
