/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include "fake.h"

struct line {
	char copy[256], *argv[80];
	int argc;
	struct options o;
	struct error err;
};

static bool parse(struct line *l, enum commands_id id, const char *arguments)
{
	char *rest;

	memset(l, 0, sizeof(*l));
	snprintf(l->copy, sizeof(l->copy), "%s %s", commands_get(id)->name, arguments);
	for (char *word = strtok_r(l->copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		l->argv[l->argc++] = word;
	return options_parse(&l->o, id, l->argc, l->argv, &l->err);
}

static void an_option_is_written_in_four_ways(void **state)
{
	static const char *const ways[] = { "n1 -s /x", "-s/x n1", "--socket /x n1",
		                            "n1 --socket=/x" };
	struct line l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		assert_true(parse(&l, COMMANDS_DRAIN, ways[i]));
		assert_string_equal(options_value(&l.o, "socket"), "/x");
		assert_true(options_has(&l.o, "socket"));
		assert_false(options_has(&l.o, "wait"));
		assert_null(options_value(&l.o, "wait"));
		assert_int_equal(l.o.word_count, 1);
		assert_string_equal(l.o.words[0], "n1");
	}
}

static void a_value_may_be_empty_or_hold_an_equals_sign(void **state)
{
	struct line l;

	(void)state;
	assert_true(parse(&l, COMMANDS_GEN, "--here=region=eu,zone=a --nodes="));
	assert_string_equal(options_value(&l.o, "here"), "region=eu,zone=a");
	assert_string_equal(options_value(&l.o, "nodes"), "");
}

static void words_and_options_mix(void **state)
{
	struct line l;

	(void)state;
	assert_true(parse(&l, COMMANDS_GEN, "a --secure b --nodes - c -- --d -"));
	assert_int_equal(l.o.word_count, 5);
	assert_string_equal(l.o.words[0], "a");
	assert_string_equal(l.o.words[1], "b");
	assert_string_equal(l.o.words[2], "c");
	assert_string_equal(l.o.words[3], "--d");
	assert_string_equal(l.o.words[4], "-");
	assert_string_equal(options_value(&l.o, "nodes"), "-");
}

static void a_repeating_option_keeps_every_value(void **state)
{
	struct line l;

	(void)state;
	assert_true(parse(&l, COMMANDS_GEN, "h --service a=1 --out x --service b=2"));
	assert_string_equal(options_value_at(&l.o, "service", 0), "a=1");
	assert_string_equal(options_value_at(&l.o, "service", 1), "b=2");
	assert_null(options_value_at(&l.o, "service", 2));
}

static void mistakes_are_named(void **state)
{
	static const struct {
		enum commands_id id;
		const char *arguments, *error;
	} cases[] = {
		{ COMMANDS_DRAIN, "", "SERVER is missing" },
		{ COMMANDS_KILL, "", "ID is missing" },
		{ COMMANDS_FAULT, "", "SERVER is missing" },
		{ COMMANDS_FAULT, "n2", "KIND is missing" },
		{ COMMANDS_CTL, "", "\"COMMAND\" is missing" },
		{ COMMANDS_DRAIN, "n1 n2", "unexpected \"n2\"" },
		{ COMMANDS_STATUS, "now", "unexpected \"now\"" },
		{ COMMANDS_DRAIN, "n1 --wiat 3s",
		  "unknown option \"--wiat\": did you mean \"--wait\"?" },
		{ COMMANDS_DRAIN, "n1 --wiat=3s",
		  "unknown option \"--wiat\": did you mean \"--wait\"?" },
		{ COMMANDS_DRAIN, "n1 --xyzzy", "unknown option \"--xyzzy\"" },
		{ COMMANDS_DRAIN, "n1 -x", "unknown option \"-x\"" },
		{ COMMANDS_DRAIN, "n1 --=x", "unknown option \"--\"" },
		{ COMMANDS_CHECK, "--json", "unknown option \"--json\"" },
		{ COMMANDS_STATUS, "--jso", "unknown option \"--jso\": did you mean \"--json\"?" },
		{ COMMANDS_STATUS, "--json=1", "--json takes no value" },
		{ COMMANDS_STATUS, "--json --json", "--json is given twice" },
		{ COMMANDS_STATUS, "-s a --socket b", "--socket is given twice" },
		{ COMMANDS_DRAIN, "n1 --wait", "--wait needs a value: --wait DUR" },
		{ COMMANDS_DRAIN, "n1 -s", "--socket needs a value: --socket SOCKET" },
	};
	struct line l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_false(parse(&l, cases[i].id, cases[i].arguments));
		assert_string_equal(l.err.text, cases[i].error);
	}
}

static void a_very_long_unknown_option_is_harmless(void **state)
{
	char argument[200];
	struct line l;

	(void)state;
	memset(argument, '-', sizeof(argument));
	argument[sizeof(argument) - 1] = '\0';
	assert_false(parse(&l, COMMANDS_STATUS, argument));
	assert_contains(l.err.text, "unknown option");
}

static void there_is_a_limit_to_repetition(void **state)
{
	char *argv[2 * OPTIONS_MAX + 4], name[] = "gen", option[] = "--service", value[] = "a=1";
	struct options o;
	struct error err;
	int argc = 0;

	(void)state;
	argv[argc++] = name;
	for (int i = 0; i <= OPTIONS_MAX; i++) {
		argv[argc++] = option;
		argv[argc++] = value;
	}
	assert_true(options_parse(&o, COMMANDS_GEN, argc - 2, argv, &err));
	assert_false(options_parse(&o, COMMANDS_GEN, argc, argv, &err));
	assert_string_equal(err.text, "more than 64 options");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_is_written_in_four_ways),
		cmocka_unit_test(a_value_may_be_empty_or_hold_an_equals_sign),
		cmocka_unit_test(words_and_options_mix),
		cmocka_unit_test(a_repeating_option_keeps_every_value),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(a_very_long_unknown_option_is_harmless),
		cmocka_unit_test(there_is_a_limit_to_repetition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
