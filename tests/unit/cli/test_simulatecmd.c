/* SPDX-License-Identifier: MIT */
#include "cli/simulatecmd.h"

#include "onfile.h"

static const char conf[] =
    "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; },\n"
    "  { name = \"n2\"; host = \"db2\"; } ); };\n"
    "services = ( { name = \"psql\"; bind = \":26257\"; balance = \"leastconn\"; },\n"
    "  { name = \"web\"; bind = \":8080\"; port = \"http\"; } );\n";

static int simulate(struct fake *f, const char *content, const char *words)
{
	return onfile_run(f, simulatecmd_main, content, "simulate", words);
}

static void what_is_not_said_is_the_usual(void **state)
{
	static const struct {
		const char *words, *said;
	} cases[] = {
		{ "",
		  "psql: leastconn, 2 servers; 50/s, each for 30s; 60s in steps of 5s, seed 1" },
		{ "--service web --pool 9",
		  "web: roundrobin, 2 servers; a pool of 9 for ever; 60s in steps of 5s" },
		{ "--pool 9 --rate 1/m", "a pool of 9 and 1/m, each for 30s; " },
		{ "--for 10s --seed 77", "; 10s in steps of 0.5s, seed 77" },
		{ "--for 1s --step 300ms --rate poisson:9/s --session exp:1m",
		  "; poisson:9/s, each for exp:1m; 1s in steps of 0.3s" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(simulate(&f, conf, cases[i].words), CONSOLE_OK);
		assert_contains(f.out, cases[i].said);
		assert_string_equal(f.err, "");
		fake_stop(&f);
	}
}

static void haproxys_file_is_simulated_too(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(simulate(&f,
	                          "listen a\n  bind :1\n  balance roundrobin\n"
	                          "  server s 10.0.0.1:2 check\n  server t 10.0.0.2:2 check\n",
	                          "--json --for 2s --step 1s"),
	                 CONSOLE_OK);
	assert_contains(f.out, "{\"service\": \"a\", \"balance\": \"roundrobin\"");
	fake_stop(&f);
}

static void what_cannot_be_is_said(void **state)
{
	static const struct {
		const char *words, *said;
		int status;
	} cases[] = {
		{ "--event dies", "--event: \"dies\": \"dies\" is no time", CONSOLE_USAGE },
		{ "--events /nowhere", "/nowhere: No such file", CONSOLE_USAGE },
		{ "--rate 5", "--rate: \"5\" is no rate", CONSOLE_USAGE },
		{ "--session 5", "--session: \"5\" is not how long", CONSOLE_USAGE },
		{ "--for 0s", "--for \"0s\": it is between 1ms and 1d", CONSOLE_USAGE },
		{ "--for 10", "write a duration with its unit", CONSOLE_USAGE },
		{ "--pool many", "--pool \"many\": write a number up to 500000", CONSOLE_USAGE },
		{ "--seed -1", "--seed \"-1\": write a number", CONSOLE_USAGE },
		{ "--for 5s --event rate;", "is no time", CONSOLE_USAGE },
		{ "more", "unexpected \"more\"", CONSOLE_USAGE },
		{ "--service other", "no service \"other\"; the first one is \"psql\"",
		  CONSOLE_FAILED },
		{ "--step 1ms", "more than 2000 steps", CONSOLE_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(simulate(&f, conf, cases[i].words), cases[i].status);
		assert_contains(f.err, cases[i].said);
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

static void a_file_that_is_not_valid_is_said(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(simulate(&f, "nonsense = 1;\n", ""), CONSOLE_INVALID);
	assert_contains(f.err, "/sluice.conf:1: ");
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_is_the_usual),
		cmocka_unit_test(haproxys_file_is_simulated_too),
		cmocka_unit_test(what_cannot_be_is_said),
		cmocka_unit_test(a_file_that_is_not_valid_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
