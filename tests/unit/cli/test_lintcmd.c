/* SPDX-License-Identifier: MIT */
#include "cli/lintcmd.h"

#include "onfile.h"

#define NODES                                                                                      \
	"{ name = \"n1\"; host = \"10.0.0.1\"; }, { name = \"n2\"; host = \"10.0.0.2\"; }, "       \
	"{ name = \"n3\"; host = \"10.0.0.3\"; }"
#define SERVICES "services = ( { name = \"psql\"; bind = \":26257\"; } );\n"

static const char good[] = "cluster = { nodes = ( " NODES " ); };\n" SERVICES;
static const char risky[] = "cluster = { nodes = ( " NODES " );\n"
                            "check = { type = \"tcp\"; }; };\n" SERVICES;
static const char bad[] = "nonsense = 1;\n" SERVICES;

static int lint(struct fake *f, const char *content, const char *more)
{
	return onfile_run(f, lintcmd_main, content, "lint", more);
}

static void what_is_clean_is_ok(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(lint(&f, good, "--initial-wait 10s"), CONSOLE_OK);
	assert_contains(f.out, "/sluice.conf: ok: none of ");
	assert_string_equal(f.err, "");
	fake_stop(&f);
}

static void a_note_is_ok_too(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(lint(&f, good, ""), CONSOLE_OK);
	assert_contains(f.out, ": note: initial-wait: n1, n2, n3: ");
	assert_contains(f.out, "\n    run in SQL: SET CLUSTER SETTING "
	                       "server.shutdown.initial_wait = '6s';\n");
	assert_contains(f.out, "0 warnings, 1 note; ");
	fake_stop(&f);
}

static void a_warning_has_its_place_and_its_cure(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(lint(&f, risky, ""), CONSOLE_FAILED);
	assert_contains(f.out, "/sluice.conf:2: warning: blind-check: n1, n2, n3: ");
	assert_contains(f.out, "\n    write: check = { type = \"http\"; port = \"http\"; ");
	assert_contains(f.out, "1 warning, 0 notes; ");
	fake_stop(&f);
}

static void many_subjects_are_counted(void **state)
{
	AUTO_TEXT conf = { 0 };
	struct fake f;

	(void)state;
	text_add(&conf, "cluster = { nodes = (");
	for (int i = 1; i <= 9; i++)
		text_addf(&conf, "%s { name = \"n%d\"; host = \"h%d\"; }", i > 1 ? "," : "", i, i);
	text_add(&conf, " ); check = { type = \"http\"; fall = 1; }; };\n" SERVICES);
	assert_int_equal(lint(&f, text_str(&conf), "--initial-wait 10s"), CONSOLE_FAILED);
	assert_contains(f.out, "fall-one: n1, n2, n3, n4 and 5 more: ");
	fake_stop(&f);
}

static void nodes_that_stand_for_others_are_told_to(void **state)
{
	static const char found[] = "cluster = { discover = { from = \"http://h:8080\"; };"
	                            " check = { type = \"http\"; fall = 1; }; };\n" SERVICES;
	struct fake f;

	(void)state;
	assert_int_equal(lint(&f, found, "--initial-wait 10s"), CONSOLE_FAILED);
	assert_contains(f.out, "/sluice.conf: the cluster tells its nodes (cluster.discover); n1, "
	                       "n2 and n3 stand for them here\n");
	assert_contains(f.out, "fall-one: n1, n2, n3: ");
	fake_stop(&f);
}

static void a_cluster_that_cannot_be_asked_is_no_verdict(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(lint(&f, good, "--from http://127.0.0.1:1 --from http://127.0.0.1:1/x"),
	                 CONSOLE_FAILED);
	assert_contains(f.err, "sluice: http://127.0.0.1:1/_admin/v1/settings: cannot connect");
	assert_contains(f.err, "sluice: http://127.0.0.1:1/x: ");
	assert_string_equal(f.out, "");
	fake_stop(&f);
}

static void colour_is_for_terminals(void **state)
{
	struct fake f;

	(void)state;
	lint(&f, risky, "");
	assert_null(strchr(f.out, '\033'));
	fake_stop(&f);
}

static void options_reach_their_rules(void **state)
{
	static const struct {
		const char *options, *rule;
	} cases[] = {
		{ "--initial-wait 1s", "warning: initial-wait: " },
		{ "--statement 2h", "warning: statement-timeout: " },
		{ "--proxies 100", "warning: check-load: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(lint(&f, good, cases[i].options), CONSOLE_FAILED);
		assert_contains(f.out, cases[i].rule);
		fake_stop(&f);
	}
}

static void json_is_one_object(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(lint(&f, risky, "--json"), CONSOLE_FAILED);
	assert_memory_equal(f.out, "{\"file\": ", 9);
	assert_contains(f.out,
	                "\"haproxy\": false, \"warnings\": 1, \"notes\": 0, \"findings\": [");
	assert_contains(f.out, "{\"rule\": \"blind-check\", \"severity\": \"warning\", ");
	assert_contains(f.out, "\"line\": 2, \"subjects\": [\"n1\", \"n2\", \"n3\"], ");
	assert_contains(f.out,
	                "\"cure\": {\"kind\": \"configuration\", \"text\": \"check = { type = "
	                "\\\"http\\\";");
	fake_stop(&f);
	assert_int_equal(lint(&f, good, "--json --initial-wait 10s"), CONSOLE_OK);
	assert_contains(f.out, "\"findings\": []}\n");
	fake_stop(&f);
}

static void the_rules_are_listed_in_80_columns(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(lint(&f, good, "--list"), CONSOLE_OK);
	assert_contains(f.out, "blind-check (warning): ");
	assert_contains(f.out, "slow-start (note): ");
	for (const char *s = f.out; *s != '\0'; s += strcspn(s, "\n") + 1)
		assert_true(strcspn(s, "\n") <= 100 && (*s != ' ' || strcspn(s, "\n") <= 80));
	fake_stop(&f);
	assert_int_equal(lint(&f, good, "--list --json"), CONSOLE_OK);
	assert_memory_equal(f.out, "{\"rules\": [", 11);
	fake_stop(&f);
}

static void what_is_not_valid_is_said_as_check_says_it(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(lint(&f, bad, ""), CONSOLE_INVALID);
	assert_contains(f.err, "/sluice.conf:1: ");
	assert_int_equal(f.out_len, 0);
	fake_stop(&f);
}

static void haproxys_cures_are_for_its_translation(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(lint(&f, "listen psql\n  bind :26257\n  server n1 10.0.0.1:26257\n", ""),
	                 CONSOLE_FAILED);
	assert_contains(f.out, "/sluice.conf:1: warning: blind-check: ");
	assert_contains(f.out, "HAProxy's: what to write is in the words of `sluice import ");
	fake_stop(&f);
}

static void wrong_arguments_are_usage(void **state)
{
	static const struct {
		const char *options, *said;
	} cases[] = {
		{ "--initial-wait 10", "write a duration with its unit" },
		{ "--statement long", "write a duration with its unit" },
		{ "--proxies 0", "--proxies \"0\": write how many there are" },
		{ "--proxies many", "write how many there are" },
		{ "--from n1:8080", "--from: \"n1:8080\": write http://host:port" },
		{ "--session x", "--session needs --from" },
		{ "--from https://a --key x", "--key needs --cert" },
		{ "--jsno", "did you mean \"--json\"?" },
		{ "word", "unexpected \"word\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(lint(&f, good, cases[i].options), CONSOLE_USAGE);
		assert_contains(f.err, cases[i].said);
		fake_stop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_clean_is_ok),
		cmocka_unit_test(a_note_is_ok_too),
		cmocka_unit_test(a_warning_has_its_place_and_its_cure),
		cmocka_unit_test(many_subjects_are_counted),
		cmocka_unit_test(nodes_that_stand_for_others_are_told_to),
		cmocka_unit_test(a_cluster_that_cannot_be_asked_is_no_verdict),
		cmocka_unit_test(colour_is_for_terminals),
		cmocka_unit_test(options_reach_their_rules),
		cmocka_unit_test(json_is_one_object),
		cmocka_unit_test(the_rules_are_listed_in_80_columns),
		cmocka_unit_test(what_is_not_valid_is_said_as_check_says_it),
		cmocka_unit_test(haproxys_cures_are_for_its_translation),
		cmocka_unit_test(wrong_arguments_are_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
