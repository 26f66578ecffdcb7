/* SPDX-License-Identifier: MIT */
#include "conf/nodesettings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define WAIT(value) "\"server.shutdown.drain_wait\": {\"value\": \"" value "\", \"type\": \"d\"}"

static bool parse(const char *text, struct nodesettings *ret, struct error *err)
{
	return nodesettings_parse("http://n1", text, strlen(text), ret, err);
}

static void an_answer_is_read(void **state)
{
	struct nodesettings s;
	struct error err;

	(void)state;
	assert_true(parse("{\"keyValues\": {" WAIT("9s") ", \"sql.defaults.statement_timeout\": "
	                                                 "{\"value\": \"1m30s\"}}}",
	                  &s, &err));
	assert_int_equal(s.initial_wait_ms, 9000);
	assert_int_equal(s.statement_ms, 90000);
}

static void the_new_name_and_the_other_spelling_are_read_too(void **state)
{
	struct nodesettings s;
	struct error err;

	(void)state;
	assert_true(parse("{\"key_values\": {\"server.shutdown.initial_wait\": {\"value\": "
	                  "\"10s\"}, " WAIT("1s") "}}",
	                  &s, &err));
	assert_int_equal(s.initial_wait_ms, 10000);
	assert_int_equal(s.statement_ms, 0);
}

static void durations_are_those_of_go(void **state)
{
	static const struct {
		const char *value;
		uint64_t ms;
	} rows[] = {
		{ "0s", 0 },
		{ "0", 0 },
		{ "500ms", 500 },
		{ "1.5s", 1500 },
		{ "1h0m0.25s", 3600250 },
		{ "10h0m0s", 36000000 },
		{ "999.999ms", 999 },
		{ "1500\u00b5s", 1 },
		{ "1.0000000000000000009s", 1000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct nodesettings s;
		struct error err;
		char text[256];

		snprintf(text, sizeof(text),
		         "{\"keyValues\": {\"server.shutdown.drain_wait\": {\"value\": \"%s\"}}}",
		         rows[i].value);
		assert_true(parse(text, &s, &err));
		assert_int_equal(s.initial_wait_ms, rows[i].ms);
	}
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ "<html>", "http://n1: this is not JSON: " },
		{ "{}", "\"keyValues\" is missing" },
		{ "[]", "\"keyValues\" is missing" },
		{ "{\"keyValues\": []}", "\"keyValues\" is missing" },
		{ "{\"error\": \"x\", \"code\": 7, \"message\": \"no\\u001b[2J way\"}",
		  "the node says: no?[2J way" },
		{ "{\"keyValues\": {}}", "it does not tell server.shutdown.initial_wait" },
		{ "{\"keyValues\": {\"server.shutdown.drain_wait\": {}}}", "has no value" },
		{ "{\"keyValues\": {\"server.shutdown.drain_wait\": {\"value\": 9}}}",
		  "has no value" },
		{ "{\"keyValues\": {" WAIT("<redacted>") "}}",
		  "server.shutdown.initial_wait is \"<redacted>\", which is no duration" },
		{ "{\"keyValues\": {" WAIT("9") "}}", "which is no duration" },
		{ "{\"keyValues\": {" WAIT("-9s") "}}", "which is no duration" },
		{ "{\"keyValues\": {" WAIT("") "}}", "which is no duration" },
		{ "{\"keyValues\": {" WAIT("99999999999999999999h") "}}", "which is no duration" },
		{ "{\"keyValues\": {" WAIT("5000000000000000h") "}}", "which is no duration" },
		{ "{\"keyValues\": {" WAIT("9s") ", \"sql.defaults.statement_timeout\": "
		                                 "{\"value\": \"x\"}}}",
		  "sql.defaults.statement_timeout is \"x\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct nodesettings s;
		struct error err;

		assert_false(parse(rows[i].text, &s, &err));
		if (!strstr(err.text, rows[i].said))
			fail_msg("\"%s\" is not in \"%s\"", rows[i].said, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_read),
		cmocka_unit_test(the_new_name_and_the_other_spelling_are_read_too),
		cmocka_unit_test(durations_are_those_of_go),
		cmocka_unit_test(what_is_wrong_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
