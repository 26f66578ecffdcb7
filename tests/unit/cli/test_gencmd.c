/* SPDX-License-Identifier: MIT */
#include "cli/gencmd.h"

#include "base/cleanup.h"
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

static void near_nodes_are_written_first(void **state)
{
	struct settings *s;
	struct fake f;

	(void)state;
	assert_int_equal(generate(&f, "--nodes - --here region=eu,zone=b",
	                          "1.1.1.1 region=us\n1.1.1.2\n1.1.1.3 region=eu,zone=a\n"
	                          "1.1.1.4 region=eu,zone=b\n1.1.1.5 region=eu,zone=c\n"),
	                 CONSOLE_OK);
	s = load(f.out);
	assert_string_equal(s->services[0].servers[0].name, "n4");
	assert_string_equal(s->services[0].servers[1].name, "n3");
	assert_string_equal(s->services[0].servers[2].name, "n5");
	assert_string_equal(s->services[0].servers[3].name, "n1");
	assert_string_equal(s->services[0].servers[4].name, "n2");
	settings_free(s);
	fake_stop(&f);
}

static void files_are_named_in_full(void **state)
{
	struct text there = { 0 };
	struct fake f;
	FILE *file;

	(void)state;
	/* A path that begins where the test runs and that is there. */
	file = fopen("gencmd-ca.crt", "w");
	assert_non_null(file);
	fclose(file);
	{
		AUTO_FREE char *whole = realpath("gencmd-ca.crt", NULL);

		text_addf(&there, "ca = \"%s\";", whole);
	}
	assert_int_equal(generate(&f, "h --secure --cacert gencmd-ca.crt", NULL), CONSOLE_OK);
	unlink("gencmd-ca.crt");
	assert_contains(f.out, text_str(&there));
	fake_stop(&f);
	assert_int_equal(generate(&f, "h --secure --cacert elsewhere/ca.crt", NULL), CONSOLE_OK);
	assert_contains(f.out, "ca = \"elsewhere/ca.crt\";");
	fake_stop(&f);
	text_release(&there);
}

static void an_http_port_that_is_assumed_is_told(void **state)
{
	static const char list[] = "id,address,locality\n2,h2:1,\n1,h1:1,\n";
	struct fake f;

	(void)state;
	assert_int_equal(generate(&f, "--nodes -", list), CONSOLE_OK);
	assert_contains(f.err, "sluice: standard input: nothing tells the HTTP ports, where nodes "
	                       "are checked: 8080 is assumed for 2 of 2 (--http-port");
	fake_stop(&f);
	assert_int_equal(generate(&f, "--nodes - --http-port 8080", list), CONSOLE_OK);
	assert_int_equal(f.err_len, 0);
	fake_stop(&f);
	assert_int_equal(generate(&f, "--nodes -", "[db]\nh1\n"), CONSOLE_OK);
	assert_int_equal(f.err_len, 0);
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

static void what_tools_write_is_a_list_too(void **state)
{
	struct settings *s;
	struct fake f;

	(void)state;
	assert_int_equal(generate(&f, "--nodes - --http-port 8090",
	                          "id,address,locality,membership\n2,h2:1,,active\n"
	                          "1,h1:1,\"a=b,c=d\",active\n3,h3:1,,decommissioned\n"),
	                 CONSOLE_OK);
	assert_string_equal(f.err,
	                    "sluice: standard input: n3 is left out: it is decommissioned\n");
	s = load(f.out);
	assert_int_equal(s->target_count, 2);
	assert_string_equal(s->services[0].servers[0].name, "n1");
	assert_string_equal(s->services[0].servers[0].locality, "a=b,c=d");
	assert_int_equal(s->services[1].servers[1].port, 8090);
	settings_free(s);
	fake_stop(&f);
}

static void haproxy_gets_its_own_format(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(generate(&f, "a:1:2 b --format haproxy", NULL), CONSOLE_OK);
	assert_contains(f.out, "listen psql\n    bind :26257\n");
	assert_contains(f.out, "    server cockroach1 a:1 check port 2\n"
	                       "    server cockroach2 b:26257 check port 8080\n");
	fake_stop(&f);
	assert_int_equal(generate(&f, "a --secure --format haproxy", NULL), CONSOLE_OK);
	assert_contains(f.out, " check port 8080 check-ssl verify none\n");
	assert_contains(f.err, "give --cacert FILE");
	fake_stop(&f);
	assert_int_equal(generate(&f, "a --format haproxy --out @/h.cfg", NULL), CONSOLE_OK);
	assert_contains(f.err, "/h.cfg: written, 1 node; next: haproxy -c -f ");
	{
		AUTO_TEXT path = { 0 };

		text_addf(&path, "%s/h.cfg", f.dir);
		assert_int_equal(unlink(text_str(&path)), 0);
	}
	fake_stop(&f);
}

static void urls_in_vain_are_told_one_by_one(void **state)
{
	struct fake f;

	(void)state;
	/* Nobody listens on port 1, and port 0 is no port. */
	assert_int_equal(
	    generate(&f, "--from http://127.0.0.1:1 --from http://127.0.0.1:1/x", NULL),
	    CONSOLE_FAILED);
	assert_contains(f.err, "sluice: http://127.0.0.1:1/_status/nodes: cannot connect: "
	                       "Connection refused");
	assert_contains(f.err, "sluice: http://127.0.0.1:1/x: cannot connect: "
	                       "Connection refused (a node's HTTP port is 8080 unless");
	assert_int_equal(f.out_len, 0);
	fake_stop(&f);
	assert_int_equal(generate(&f, "--from http://127.0.0.1:1 --session file:/no/such", NULL),
	                 CONSOLE_FAILED);
	assert_contains(f.err, "--session: the session's file /no/such: No such file");
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
		{ "", "no nodes: name their hosts, a list with --nodes FILE, or a node to ask with "
		      "--from URL" },
		{ "--from db1:8080", "--from: \"db1:8080\": write http://host:port" },
		{ "--from http://a --nodes b",
		  "--nodes and --from are two lists: give one of them" },
		{ "h --session x", "--session needs --from" },
		{ "h --cert x", "--cert needs --from" },
		{ "h --timeout 5s", "--timeout needs --from" },
		{ "--from http://a --timeout 5", "5" },
		{ "--from https://a --key x", "--key needs --cert" },
		{ "h --group x", "--group needs --nodes" },
		{ "h --http-port 0", "--http-port \"0\": a port is a number from 1 to 65535" },
		{ "h --format json", "--format \"json\": write sluice or haproxy" },
		{ "--from http://a --cacert x", "--cacert needs --secure, or --from https://" },
		{ "--nodse x", "did you mean \"--nodes\"?" },
		{ "h --cacert /ca", "--cacert needs --secure" },
		{ "h --here foo", "--here \"foo\": write a locality, KEY=VALUE[,KEY=VALUE]" },
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
		cmocka_unit_test(near_nodes_are_written_first),
		cmocka_unit_test(files_are_named_in_full),
		cmocka_unit_test(an_http_port_that_is_assumed_is_told),
		cmocka_unit_test(hosts_are_added_to_a_list_from_a_file),
		cmocka_unit_test(services_are_as_asked_for),
		cmocka_unit_test(what_tools_write_is_a_list_too),
		cmocka_unit_test(haproxy_gets_its_own_format),
		cmocka_unit_test(urls_in_vain_are_told_one_by_one),
		cmocka_unit_test(a_file_is_written_at_once),
		cmocka_unit_test(wrong_arguments_are_usage),
		cmocka_unit_test(bad_lists_are_failures_with_their_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
