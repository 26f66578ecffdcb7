/* SPDX-License-Identifier: MIT */
#include "cli/explaincmd.h"

#include "onfile.h"

static const char conf[] = "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); };\n"
                           "services = ( { name = \"psql\"; bind = \":26257\"; } );\n";

static int explain(struct fake *f, const char *content, const char *words)
{
	return onfile_run(f, explaincmd_main, content, "explain", words);
}

static void each_topic_explains_the_file(void **state)
{
	static const struct {
		const char *words, *said;
	} cases[] = {
		{ "detection", "worst, draining:  2.2s" },
		{ "balance", "psql: roundrobin, 1 server\n" },
		{ "tiers", "psql\n  active   n1\n" },
		{ "drain", "= '6s';" },
		{ "drain --initial-wait 10s", "It is 10s: long enough by 5.8s" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(explain(&f, conf, cases[i].words), CONSOLE_OK);
		assert_contains(f.out, cases[i].said);
		assert_string_equal(f.err, "");
		fake_stop(&f);
	}
}

static void nodes_that_the_cluster_tells_have_stand_ins(void **state)
{
	static const char discovers[] = "cluster = { discover = { from = \"http://h:8080\"; }; };\n"
	                                "services = ( { name = \"psql\"; bind = \":26257\"; } );\n";
	static const char *const said[][2] = {
		{ "detection", "worst, draining:  2.2s" },
		{ "balance", "psql: roundrobin, 3 servers\n" },
		{ "tiers", "n1, n2, n3" },
		{ "drain", "= '6s';" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		struct fake f;

		assert_int_equal(explain(&f, discovers, said[i][0]), CONSOLE_OK);
		assert_contains(f.out, "The cluster tells its nodes (cluster.discover); three "
		                       "stand for them here.\n\n");
		assert_contains(f.out, said[i][1]);
		fake_stop(&f);
	}
}

static void where_nodes_stand_is_told_by_the_cluster(void **state)
{
	static const char discovers[] = "locality = \"region=eu\";\n"
	                                "cluster = { discover = { from = \"http://h:8080\"; }; };\n"
	                                "services = ( { name = \"psql\"; bind = \":26257\"; } );\n";
	struct fake f;

	(void)state;
	assert_int_equal(explain(&f, discovers, "tiers"), CONSOLE_OK);
	assert_contains(f.out, "where they stand (cluster.discover); `sluice");
	assert_null(strstr(f.out, "equally near"));
	assert_null(strstr(f.out, "of 3"));
	fake_stop(&f);
}

static void haproxys_file_is_explained_too(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(
	    explain(&f, "listen a\n  bind :1\n  server s 10.0.0.1:2 check\n", "detection"),
	    CONSOLE_OK);
	assert_contains(f.out, "a/s: tcp");
	fake_stop(&f);
}

static void what_is_not_valid_is_said(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(explain(&f, "nonsense = 1;\n", "tiers"), CONSOLE_INVALID);
	assert_contains(f.err, "/sluice.conf:1: ");
	assert_int_equal(f.out_len, 0);
	fake_stop(&f);
}

static void wrong_arguments_are_usage(void **state)
{
	static const struct {
		const char *words, *said;
	} cases[] = {
		{ "", "is missing" },
		{ "tires", "did you mean \"tiers\"?" },
		{ "nothing", "there are detection, balance, tiers and drain" },
		{ "drain --initial-wait 10", "write a duration with its unit" },
		{ "drain tiers", "unexpected \"tiers\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(explain(&f, conf, cases[i].words), CONSOLE_USAGE);
		assert_contains(f.err, cases[i].said);
		fake_stop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_topic_explains_the_file),
		cmocka_unit_test(nodes_that_the_cluster_tells_have_stand_ins),
		cmocka_unit_test(where_nodes_stand_is_told_by_the_cluster),
		cmocka_unit_test(haproxys_file_is_explained_too),
		cmocka_unit_test(what_is_not_valid_is_said),
		cmocka_unit_test(wrong_arguments_are_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
