/* SPDX-License-Identifier: MIT */
#include "conf/lintfile.h"

#include "fixture.h"

#include <unistd.h>

static const char text[] = "timeout = {\n"                                  /* 1 */
                           "  client = \"10m\";\n"                          /* 2 */
                           "};\n"                                           /* 3 */
                           "cluster = {\n"                                  /* 4 */
                           "  nodes = (\n"                                  /* 5 */
                           "    { name = \"n1\"; host = \"h1\"; },\n"       /* 6 */
                           "    { name = \"n2\"; host = \"h2\";\n"          /* 7 */
                           "      weight = 2; }\n"                          /* 8 */
                           "  );\n"                                         /* 9 */
                           "  check = { type = \"http\";\n"                 /* 10 */
                           "    fall = 2; };\n"                             /* 11 */
                           "  server = { slowstart = \"1s\"; };\n"          /* 12 */
                           "};\n"                                           /* 13 */
                           "services = (\n"                                 /* 14 */
                           "  { name = \"a\"; bind = \":1\";\n"             /* 15 */
                           "    timeout = { server = \"1m\"; }; },\n"       /* 16 */
                           "  { name = \"b\"; bind = \":2\";\n"             /* 17 */
                           "    check = { type = \"tcp\";\n"                /* 18 */
                           "      rise = 3; };\n"                           /* 19 */
                           "    servers = (\n"                              /* 20 */
                           "      { name = \"s1\"; address = \"h:1\"; },\n" /* 21 */
                           "      { name = \"s2\"; address = \"h:2\";\n"    /* 22 */
                           "        check = {\n"                            /* 23 */
                           "          fall = 5; }; }\n"                     /* 24 */
                           "    ); }\n"                                     /* 25 */
                           ");\n";

static struct lintfile *read_text(const char *conf)
{
	struct loader_problems problems = { 0 };
	struct lintfile *f = lintfile_read_string("x.conf", conf, &problems);

	if (!f)
		fail_msg("%s", problems.lines[0]);
	loader_problems_release(&problems);
	return f;
}

static void keys_are_found_where_they_are_written(void **state)
{
	struct lintfile *f = read_text(text);

	(void)state;
	assert_string_equal(lintfile_name(f), "x.conf");
	assert_false(lintfile_is_haproxy(f));
	assert_int_equal(lintfile_settings(f)->service_count, 2);
	assert_int_equal(lintfile_find(f, "cluster.check.fall").line, 11);
	assert_int_equal(lintfile_find(f, "cluster.check.inter").line, 10);
	assert_int_equal(lintfile_find(f, "cluster.nodes.[1].weight").line, 8);
	assert_int_equal(lintfile_find(f, "maxconn").line, 0);
	assert_string_equal(lintfile_find(f, "maxconn").file, "x.conf");
	lintfile_free(f);
}

static void a_services_key_may_stand_at_the_top(void **state)
{
	struct lintfile *f = read_text(text);

	(void)state;
	assert_int_equal(lintfile_service(f, 0, "timeout.server").line, 16);
	assert_int_equal(lintfile_service(f, 0, "timeout.client").line, 2);
	assert_int_equal(lintfile_service(f, 1, "timeout.server").line, 1);
	assert_int_equal(lintfile_service(f, 1, "redispatch").line, 17);
	lintfile_free(f);
}

static void a_check_is_found_from_the_inside_out(void **state)
{
	struct lintfile *f = read_text(text);

	(void)state;
	assert_int_equal(lintfile_check(f, 0, 1, "fall").line, 11);
	assert_int_equal(lintfile_check(f, 0, 1, NULL).line, 10);
	assert_int_equal(lintfile_check(f, 1, 1, "fall").line, 24);
	assert_int_equal(lintfile_check(f, 1, 1, "rise").line, 19);
	assert_int_equal(lintfile_check(f, 1, 1, "inter").line, 23);
	assert_int_equal(lintfile_check(f, 1, 0, "fall").line, 18);
	assert_int_equal(lintfile_check(f, 1, 0, NULL).line, 18);
	lintfile_free(f);
}

static void a_servers_key_may_be_that_of_all_nodes(void **state)
{
	struct lintfile *f = read_text(text);

	(void)state;
	assert_int_equal(lintfile_server(f, 0, 1, "weight").line, 8);
	assert_int_equal(lintfile_server(f, 0, 0, "weight").line, 6);
	assert_int_equal(lintfile_server(f, 0, 0, "slowstart").line, 12);
	assert_int_equal(lintfile_server(f, 1, 1, "weight").line, 22);
	lintfile_free(f);
}

static void places_in_included_files_name_those(void **state)
{
	char dir[] = "/tmp/sluice-lintfile-XXXXXX";
	char path[64], part[64];
	struct loader_problems problems = { 0 };
	struct lintfile *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/main.conf", dir);
	snprintf(part, sizeof(part), "%s/part.conf", dir);
	write_whole(path, "@include \"part.conf\"\n" SERVICES "\n");
	write_whole(part, "\n\nredispatch = false;\n" CLUSTER "\n");
	f = lintfile_read(path, &problems);
	assert_non_null(f);
	assert_string_equal(lintfile_service(f, 0, "redispatch").file, part);
	assert_int_equal(lintfile_service(f, 0, "redispatch").line, 3);
	assert_string_equal(lintfile_service(f, 0, "retries").file, path);
	loader_problems_release(&problems);
	lintfile_free(f);
	unlink(path);
	unlink(part);
	rmdir(dir);
}

static void haproxys_places_are_its_sections(void **state)
{
	struct lintfile *f =
	    read_text("\nfrontend in\n  bind :1\n  default_backend b\n\nbackend b\n"
	              "  server s 10.0.0.1:2 check\n");

	(void)state;
	assert_true(lintfile_is_haproxy(f));
	assert_int_equal(lintfile_service(f, 0, "retries").line, 6);
	assert_int_equal(lintfile_check(f, 0, 0, "fall").line, 6);
	assert_int_equal(lintfile_server(f, 0, 0, "weight").line, 6);
	assert_int_equal(lintfile_find(f, "maxconn").line, 0);
	lintfile_free(f);
}

static void haproxys_file_may_be_indented(void **state)
{
	struct lintfile *f = read_text("  # ours\n\n  global\n    maxconn 9\n\n  listen b\n"
	                               "    bind :1\n    server s 10.0.0.1:2 check\n");

	(void)state;
	assert_true(lintfile_is_haproxy(f));
	assert_int_equal(lintfile_service(f, 0, "retries").line, 6);
	lintfile_free(f);
}

static void what_is_not_valid_has_its_problems(void **state)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "services = ( {", "x.conf:1: " },
		{ "nonsense = 1;\n" BASE, "x.conf:1: " },
		{ "listen a\n  bind :1\n  servr s 10.0.0.1:2\n", "x.conf:3: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct loader_problems problems = { 0 };

		assert_null(lintfile_read_string("x.conf", cases[i].text, &problems));
		assert_true(problems.count > 0);
		assert_memory_equal(problems.lines[0], cases[i].problem, strlen(cases[i].problem));
		assert_null(strchr(problems.lines[0], '\n'));
		loader_problems_release(&problems);
	}
}

static void nodes_that_the_cluster_would_tell_have_stand_ins(void **state)
{
	static const char rest[] = "services = ( { name = \"a\"; bind = \":1\"; } );\n";
	static const struct {
		const char *cluster;
		size_t servers;
		bool has_stand_ins;
	} cases[] = {
		{ "cluster = { discover = { from = \"http://h:1\"; }; check = { fall = 2; }; };\n",
		  3, true },
		{ "cluster = { nodes = ( { name = \"n\"; host = \"h\"; } );"
		  "discover = { from = \"http://h:1\"; }; };\n",
		  1, false },
		{ "cluster = { discover = { from = \"http://h:1\"; locality = \"a=b\"; }; };\n", 0,
		  false },
		{ "cluster = { nodes = ( { name = \"n\"; host = \"h\"; } ); };\n", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT conf = { 0 };
		struct lintfile *f;

		text_addf(&conf, "%s%s", cases[i].cluster, rest);
		f = read_text(text_str(&conf));
		assert_int_equal(lintfile_settings(f)->services[0].server_count, cases[i].servers);
		assert_int_equal(lintfile_has_stand_ins(f), cases[i].has_stand_ins);
		assert_int_equal(lintfile_check(f, 0, 0, "fall").line, 1);
		assert_int_equal(lintfile_server(f, 0, 0, "weight").line, 1);
		lintfile_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_that_the_cluster_would_tell_have_stand_ins),
		cmocka_unit_test(keys_are_found_where_they_are_written),
		cmocka_unit_test(a_services_key_may_stand_at_the_top),
		cmocka_unit_test(a_check_is_found_from_the_inside_out),
		cmocka_unit_test(a_servers_key_may_be_that_of_all_nodes),
		cmocka_unit_test(places_in_included_files_name_those),
		cmocka_unit_test(haproxys_places_are_its_sections),
		cmocka_unit_test(haproxys_file_may_be_indented),
		cmocka_unit_test(what_is_not_valid_has_its_problems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
