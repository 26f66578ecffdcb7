/* SPDX-License-Identifier: MIT */
#include "cli/gencmd.h"

#include "conf/loader.h"
#include "fake.h"

/* Runs "gen `arguments`" with `input` on standard input; @ stands for the scratch directory. */
static int generate(struct fake *f, const char *arguments, const char *input)
{
	char *argv[32], *rest;
	AUTO_TEXT line = { 0 };
	int argc = 0, status;

	fake_start(f, NULL, 0);
	f->console.in = fmemopen((void *)(uintptr_t)(input != NULL ? input : "\n"),
	                         input != NULL ? strlen(input) : 1, "r");
	text_add(&line, "gen ");
	for (const char *s = arguments; *s != '\0'; s++)
		if (*s == '@')
			text_add(&line, f->dir);
		else
			text_addc(&line, *s);
	for (char *word = strtok_r(line.data, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	status = gencmd_main(&f->console, argc, argv);
	fclose(f->console.in);
	fake_join(f);
	return status;
}

static struct settings *load(const char *conf)
{
	struct loader_problems problems = { 0 };
	struct settings *s = loader_read_string("generated", conf, &problems);

	if (s == NULL)
		fail_msg("%s\n%s", problems.lines[0], conf);
	loader_problems_release(&problems);
	return s;
}

static void hosts_become_a_valid_configuration(void **state)
{
	struct settings *s;
	struct fake f;

	(void)state;
	assert_int_equal(generate(&f, "10.0.0.1 10.0.0.2:26300 10.0.0.3:26301:8081", NULL),
	                 CONSOLE_OK);
	s = load(f.out);
	assert_int_equal(s->target_count, 3);
	assert_int_equal(s->service_count, 2);
	assert_string_equal(s->services[0].name, "psql");
	assert_string_equal(s->services[0].servers[0].host, "10.0.0.1");
	assert_int_equal(s->services[0].servers[0].port, 26257);
	assert_int_equal(s->services[0].servers[1].port, 26300);
	assert_int_equal(s->services[0].servers[2].port, 26301);
	assert_string_equal(s->services[1].name, "dbconsole");
	assert_int_equal(s->services[1].servers[0].port, 8080);
	assert_int_equal(s->services[1].servers[2].port, 8081);
	assert_int_equal(f.err_len, 0);
	settings_free(s);
	fake_stop(&f);
}

static void a_list_from_standard_input_is_filtered_and_placed(void **state)
{
	static const char list[] = "# the cluster\n"
	                           "a 10.0.0.1 region=eu-1,zone=a\n"
	                           "b 10.0.0.2 region=us-1,zone=a\n"
	                           "c 10.0.0.3 region=eu-2,zone=b\n";
	struct settings *s;
	struct fake f;

	(void)state;
	assert_int_equal(generate(&f, "--nodes - --locality region=eu-.* --here region=eu-1", list),
	                 CONSOLE_OK);
	s = load(f.out);
	assert_int_equal(s->target_count, 2);
	assert_string_equal(s->services[0].servers[0].name, "a");
	assert_string_equal(s->services[0].servers[1].name, "c");
	assert_string_equal(s->locality, "region=eu-1");
	settings_free(s);
	fake_stop(&f);
}

static void hosts_are_added_to_a_list_from_a_file(void **state)
{
	struct settings *s;
	char path[96];
	struct fake f;
	FILE *list;

	(void)state;
	strcpy(path, "/tmp/sluice-nodes-XXXXXX");
	list = fdopen(mkstemp(path), "w");
	assert_non_null(list);
	fputs("10.0.0.1\n10.0.0.2\n", list);
	fclose(list);
	{
		AUTO_TEXT arguments = { 0 };

		text_addf(&arguments, "--nodes %s 10.0.0.3", path);
		assert_int_equal(generate(&f, text_str(&arguments), NULL), CONSOLE_OK);
	}
	unlink(path);
	s = load(f.out);
	assert_int_equal(s->target_count, 3);
	settings_free(s);
	fake_stop(&f);
}

static void services_are_as_asked_for(void **state)
{
	struct settings *s;
	struct fake f;

	(void)state;
	assert_int_equal(generate(&f,
	                          "h:1:2 --service db=5432 --service dbconsole=80 "
	                          "--service ui=81:http --service http=82:sql",
	                          NULL),
	                 CONSOLE_OK);
	s = load(f.out);
	assert_int_equal(s->service_count, 4);
	assert_string_equal(s->services[0].name, "db");
	assert_int_equal(addr_port(&s->services[0].binds[0].addr), 5432);
	assert_int_equal(s->services[0].servers[0].port, 1);
	assert_int_equal(s->services[1].servers[0].port, 2);
	assert_int_equal(s->services[2].servers[0].port, 2);
	assert_int_equal(s->services[3].servers[0].port, 1);
	settings_free(s);
	fake_stop(&f);
}

static void a_file_is_written_at_once(void **state)
{
	char path[128], bytes[16] = "";
	struct fake f;
	FILE *file;

	(void)state;
	assert_int_equal(generate(&f, "h1 --out @/sluice.conf", NULL), CONSOLE_OK);
	snprintf(path, sizeof(path), "%s/sluice.conf", f.dir);
	assert_int_equal(f.out_len, 0);
	assert_contains(f.err, "/sluice.conf: written, 1 node; next: sluice check -f ");
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, 2, file), 2);
	fclose(file);
	unlink(path);
	fake_stop(&f);
}

static void wrong_arguments_are_usage(void **state)
{
	static const struct {
		const char *arguments, *error;
	} cases[] = {
		{ "", "no nodes: name their hosts, or a list with --nodes FILE" },
		{ "--nodse x", "did you mean \"--nodes\"?" },
		{ "h --cacert /ca", "--cacert needs --secure" },
		{ "h --service psql", "--service \"psql\": write NAME=PORT, as psql=26257" },
		{ "h --service =1", "a name has letters" },
		{ "h --service a/b=1", "a name has letters" },
		{ "h --service a=", "a port is a number from 1 to 65535" },
		{ "h --service a=0", "a port is a number from 1 to 65535" },
		{ "h --service a=65536", "a port is a number from 1 to 65535" },
		{ "h --service a=655350", "a port is a number from 1 to 65535" },
		{ "h --service a=1x", "a port is a number from 1 to 65535" },
		{ "h --service a=1:tcp", "after the port comes :sql or :http" },
		{ "h --service a=1:", "after the port comes :sql or :http" },
		{ "h --service a=1 --service a=2", "--service \"a\" is given twice" },
		{ "h --service a=1 --service b=1", "a and b cannot both listen on 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(generate(&f, cases[i].arguments, NULL), CONSOLE_USAGE);
		assert_contains(f.err, cases[i].error);
		assert_contains(f.err, "\nUsage: sluice gen ");
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

static void bad_lists_are_failures_with_their_line(void **state)
{
	static const struct {
		const char *arguments, *input, *error;
	} cases[] = {
		{ "::1", NULL, "sluice: ::1: write [::1]\n" },
		{ "a:26257,b:26257", NULL, "separate nodes by spaces" },
		{ "--nodes -", "a 10.0.0.1\na 10.0.0.2\n", "standard input:2: " },
		{ "--nodes -", "# nothing\n", "" },
		{ "--nodes /tmp/no-such-dir-of-sluice/n", NULL,
		  "/tmp/no-such-dir-of-sluice/n: No such file or directory" },
		{ "--nodes @", NULL, "Is a directory" },
		{ "--nodes /dev/zero", NULL, "/dev/zero is not a text" },
		{ "10.0.0.1 10.0.0.1", NULL, "10.0.0.1" },
		{ "10.0.0.1:99999", NULL, "99999" },
		{ "--nodes - --locality region=ap", "10.0.0.1 region=eu\n", "region=eu" },
		{ "--nodes - --locality region=(", "10.0.0.1 region=eu\n", "" },
		{ "h --out /dev/null", NULL, "/dev/null is not a regular file" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(generate(&f, cases[i].arguments, cases[i].input), CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		assert_true(f.err_len > strlen("sluice: \n"));
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_become_a_valid_configuration),
		cmocka_unit_test(a_list_from_standard_input_is_filtered_and_placed),
		cmocka_unit_test(hosts_are_added_to_a_list_from_a_file),
		cmocka_unit_test(services_are_as_asked_for),
		cmocka_unit_test(a_file_is_written_at_once),
		cmocka_unit_test(wrong_arguments_are_usage),
		cmocka_unit_test(bad_lists_are_failures_with_their_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
