/* SPDX-License-Identifier: MIT */
#include "core/agentreply.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct agentreply parse(const char *line)
{
	struct agentreply r;

	agentreply_parse(line, strlen(line), &r);
	return r;
}

static void weights_are_relative_or_absolute(void **unused)
{
	static const struct {
		const char *line;
		enum agentreply_weight kind;
		uint32_t weight;
		const char *warning;
	} cases[] = {
		{ "75%", AGENTREPLY_PERCENT, 75, NULL },
		{ "0%", AGENTREPLY_PERCENT, 0, NULL },
		{ "99999999999%", AGENTREPLY_PERCENT, 25600, NULL },
		{ "weight:30%", AGENTREPLY_PERCENT, 30, NULL },
		{ "weight:30", AGENTREPLY_ABSOLUTE, 30, NULL },
		{ "weight:256", AGENTREPLY_ABSOLUTE, 256, NULL },
		{ "75% 20%", AGENTREPLY_PERCENT, 20, NULL },
		{ "5%x 20%", AGENTREPLY_PERCENT, 20, NULL },
		{ "up", AGENTREPLY_NO_WEIGHT, 0, NULL },
		{ "weight:257", AGENTREPLY_NO_WEIGHT, 0,
		  "Absolute weight can only be between 0 and 256 inclusive." },
		{ "weight:", AGENTREPLY_NO_WEIGHT, 0,
		  "Empty weight string empty or preceded by garbage" },
		{ "12.5%", AGENTREPLY_NO_WEIGHT, 0, "Trailing garbage in weight string" },
		{ "5%x", AGENTREPLY_NO_WEIGHT, 0, "Trailing garbage in weight string" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct agentreply r = parse(cases[i].line);

		assert_int_equal(r.weight_kind, cases[i].kind);
		assert_int_equal(r.weight, cases[i].weight);
		if (cases[i].warning)
			assert_string_equal(r.warning, cases[i].warning);
		else
			assert_null(r.warning);
		assert_string_equal(r.unknown, "");
	}
}

static void maxconn_is_a_number(void **unused)
{
	struct agentreply r = parse("MAXCONN:20");

	(void)unused;
	assert_true(r.has_maxconn);
	assert_int_equal(r.maxconn, 20);
	r = parse("maxconn:x");
	assert_false(r.has_maxconn);
	assert_string_equal(r.warning, "maxconn string empty or preceded by garbage");
	r = parse("maxconn:5x");
	assert_false(r.has_maxconn);
	assert_string_equal(r.warning, "Trailing garbage in maxconn string");
}

static void the_last_word_of_a_kind_counts(void **unused)
{
	static const struct {
		const char *line;
		enum agentreply_admin admin;
		enum agentreply_health health;
		const char *word, *reason, *unknown;
	} cases[] = {
		{ "", 0, 0, "", "", "" },
		{ " ,\t, ", 0, 0, "", "", "" },
		{ "ready up", AGENTREPLY_READY, AGENTREPLY_UP, "up", "", "" },
		{ "UP,Drain", AGENTREPLY_DRAIN, AGENTREPLY_UP, "UP", "", "" },
		{ "drain ready down up", AGENTREPLY_READY, AGENTREPLY_UP, "up", "", "" },
		{ "maint", AGENTREPLY_MAINT, 0, "", "", "" },
		{ "fail", 0, AGENTREPLY_DOWN, "fail", "", "" },
		{ "stopped # \t maint now", 0, AGENTREPLY_DOWN, "stopped", "maint now", "" },
		{ "down #", 0, AGENTREPLY_DOWN, "down", "", "" },
		{ "down#because of x", 0, 0, "", "", "down#because" },
		{ "hello world up", 0, AGENTREPLY_UP, "up", "", "hello" },
		{ "30", 0, 0, "", "", "30" },
		{ "# up", 0, 0, "", "up", "" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct agentreply r = parse(cases[i].line);

		assert_int_equal(r.admin, cases[i].admin);
		assert_int_equal(r.health, cases[i].health);
		assert_string_equal(r.word, cases[i].word);
		assert_string_equal(r.reason, cases[i].reason);
		assert_string_equal(r.unknown, cases[i].unknown);
	}
}

/* As HAProxy 2.6.12 says it of the same lines. */
static void info_is_in_haproxys_words(void **unused)
{
	static const char *const cases[][2] = {
		{ "up", "via agent : up" },
		{ "UP 20%", "via agent : UP" },
		{ "up # fine", "via agent : up (fine)" },
		{ "up hello # fine", "via agent : up (hello)" },
		{ "up maxconn:5x", "via agent : up (Trailing garbage in maxconn string)" },
		{ "down # because", "via agent : down (because)" },
		{ "down hello", "via agent : down (hello)" },
		{ "down hello # x", "via agent : down (x)" },
		{ "drain", "" },
		{ "75%", "" },
		{ "hello world", "agent reports an error : hello" },
		{ "maxconn:x", "agent warns : maxconn string empty or preceded by garbage" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct agentreply r = parse(cases[i][0]);
		char info[128];

		agentreply_describe(&r, info, sizeof(info));
		assert_string_equal(info, cases[i][1]);
	}
}

static void long_words_are_cut(void **unused)
{
	char line[600];
	struct agentreply r;

	(void)unused;
	memset(line, 'x', sizeof(line));
	memcpy(line + 200, " down # ", 8);
	agentreply_parse(line, sizeof(line), &r);
	assert_int_equal(strlen(r.unknown), AGENTREPLY_WORD_MAX - 1);
	assert_int_equal(r.health, AGENTREPLY_DOWN);
	assert_int_equal(strlen(r.reason), sizeof(r.reason) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_are_relative_or_absolute),
		cmocka_unit_test(maxconn_is_a_number),
		cmocka_unit_test(the_last_word_of_a_kind_counts),
		cmocka_unit_test(info_is_in_haproxys_words),
		cmocka_unit_test(long_words_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
