/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/eventjson.h"

#include <jansson.h>

static void expect_round_trip(const struct journal_event *e)
{
	AUTO_TEXT first = { 0 };
	AUTO_TEXT second = { 0 };
	struct journal_event back;
	struct error err;

	eventjson_write(e, &first);
	assert_null(strchr(text_str(&first), '\n'));
	if (!eventjson_read(text_str(&first), &back, &err))
		fail_msg("%s", err.text);
	eventjson_write(&back, &second);
	assert_string_equal(text_str(&first), text_str(&second));
	assert_int_equal(back.wall_ms, e->wall_ms);
	assert_int_equal(back.kind, e->kind);
	assert_int_equal(back.level, e->level);
}

static void an_event_comes_back_as_it_was(void **state)
{
	(void)state;
	for (enum journal_kind k = 0; k < JOURNAL_KIND_COUNT; k++) {
		struct journal_event e = fixture_event();

		e.kind = k;
		expect_round_trip(&e);
		for (enum probe_code c = 0; c < PROBE_CODE_COUNT; c++) {
			e.check.code = c;
			e.level = LOG_LEVEL_ALERT;
			e.cause = JOURNAL_BY_RESOLVER;
			expect_round_trip(&e);
		}
		for (enum state_health h = 0; h < STATE_HEALTH_COUNT; h++) {
			e.before.health = h;
			e.after.admin = STATE_DRAIN_COMMAND;
			expect_round_trip(&e);
		}
	}
}

static void the_keys_are_the_documented_ones(void **state)
{
	struct journal_event e = fixture_event();
	AUTO_TEXT out = { 0 };
	json_t *o;

	(void)state;
	eventjson_write(&e, &out);
	o = json_loads(text_str(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	assert_int_equal(json_integer_value(json_object_get(o, "seq")), 17);
	assert_string_equal(json_string_value(json_object_get(o, "time")),
	                    "2026-11-20T12:12:01.095Z");
	assert_string_equal(json_string_value(json_object_get(o, "from")), "UP");
	assert_string_equal(json_string_value(json_object_get(o, "to")), "NOLB 2/3");
	assert_true(json_is_false(json_object_get(o, "usable")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "check"), "code")),
	                    "L7STS");
	json_decref(o);
}

static void panics_faults_and_marks_have_their_own_keys(void **state)
{
	static const struct {
		enum journal_kind kind;
		bool begins;
		const char *service, *server, *json;
	} cases[] = {
		{ JOURNAL_PANIC, true, "psql", "",
		  "\"kind\":\"panic\",\"level\":\"alert\",\"service\":\"psql\",\"begins\":true,"
		  "\"text\":\"t\"}" },
		{ JOURNAL_PANIC, false, "psql", "",
		  "\"kind\":\"panic\",\"level\":\"alert\",\"service\":\"psql\",\"begins\":false,"
		  "\"text\":\"t\"}" },
		{ JOURNAL_FAULT, true, "psql", "n1",
		  "\"kind\":\"fault\",\"level\":\"alert\",\"service\":\"psql\",\"server\":\"n1\","
		  "\"begins\":true,\"text\":\"t\"}" },
		{ JOURNAL_FAULT, false, "psql", "",
		  "\"kind\":\"fault\",\"level\":\"alert\",\"service\":\"psql\",\"begins\":false,"
		  "\"text\":\"t\"}" },
		{ JOURNAL_MARK, true, "", "",
		  "\"kind\":\"mark\",\"level\":\"alert\",\"text\":\"t\"}" },
		{ JOURNAL_PROCESS, false, "", "",
		  "\"kind\":\"process\",\"level\":\"alert\",\"text\":\"t\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct journal_event e = { .kind = cases[i].kind,
			                   .begins = cases[i].begins,
			                   .level = LOG_LEVEL_ALERT,
			                   .text = "t",
			                   .active_left = 7,
			                   .since_ms = 8 };
		bool is_mark = e.kind == JOURNAL_MARK;
		struct journal_event back;
		struct error err;
		AUTO_TEXT out = { 0 };

		snprintf(e.service, sizeof(e.service), "%s", cases[i].service);
		snprintf(e.server, sizeof(e.server), "%s", cases[i].server);
		eventjson_write(&e, &out);
		assert_string_equal(strstr(text_str(&out), "\"kind\""), cases[i].json);
		assert_true(eventjson_read(text_str(&out), &back, &err));
		assert_string_equal(back.service, e.service);
		assert_string_equal(back.server, e.server);
		assert_int_equal(back.begins, e.begins && !is_mark);
		assert_int_equal(back.active_left, 0);
		expect_round_trip(&e);
	}
}

static void a_fault_without_its_begin_is_refused(void **state)
{
	struct journal_event e = { 0 };
	struct error err;

	(void)state;
	assert_false(eventjson_read("{\"seq\":1,\"time\":\"2026-11-20T12:12:01.095Z\",\"ms\":1,"
	                            "\"kind\":\"fault\",\"level\":\"info\",\"text\":\"\"}",
	                            &e, &err));
	assert_string_equal(err.text, "\"begins\" is missing");
}

static void hostile_strings_stay_one_line_of_json(void **state)
{
	struct journal_event e = fixture_event();
	struct journal_event back;

	(void)state;
	snprintf(e.server, sizeof(e.server), "n\"\\\n\033[2J");
	memset(e.check.info, 0xff, sizeof(e.check.info) - 1);
	AUTO_TEXT out = { 0 };
	eventjson_write(&e, &out);
	assert_null(strchr(text_str(&out), '\n'));
	assert_true(eventjson_read(text_str(&out), &back, NULL));
	assert_string_equal(back.server, "n\"\\??[2J");
}

static void wrong_json_is_refused_with_the_key(void **state)
{
	static const char *const cases[][2] = {
		{ "", "not JSON" },
		{ "[]", "not a JSON object" },
		{ "{", "not JSON" },
		{ "{}", "\"seq\" is missing" },
		{ "{\"seq\":\"1\"}", "\"seq\" is not a whole number" },
		{ "{\"seq\":-1}", "\"seq\" is out of range" },
		{ "{\"seq\":1,\"time\":\"yesterday\"}", "\"time\" is not a time" },
		{ "{\"seq\":1,\"time\":\"2026-11-20T12:12:01.095Z\",\"ms\":1,\"kind\":\"party\"}",
		  "\"kind\" is \"party\", which is unknown" },
		{ "{\"seq\":1,\"time\":\"2026-11-20T12:12:01.095Z\",\"ms\":1,\"kind\":\"server\","
		  "\"level\":\"info\",\"service\":\"s\",\"text\":\"\",\"server\":7}",
		  "\"server\" is not a string" },
		{ "{\"seq\":1,\"time\":\"2026-11-20T12:12:01.095Z\",\"ms\":1,\"kind\":\"server\","
		  "\"level\":\"info\",\"service\":\"s\",\"text\":\"\",\"server\":\"a\",\"cause\":"
		  "\"check\",\"backup\":1}",
		  "\"backup\" is not true or false" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct journal_event e = { .seq = 99 };
		struct error err;

		assert_false(eventjson_read(cases[i][0], &e, &err));
		if (strncmp(err.text, cases[i][1], strlen(cases[i][1])) != 0)
			fail_msg("\"%s\" instead of \"%s\"", err.text, cases[i][1]);
		assert_int_equal(e.seq, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_comes_back_as_it_was),
		cmocka_unit_test(the_keys_are_the_documented_ones),
		cmocka_unit_test(panics_faults_and_marks_have_their_own_keys),
		cmocka_unit_test(a_fault_without_its_begin_is_refused),
		cmocka_unit_test(hostile_strings_stay_one_line_of_json),
		cmocka_unit_test(wrong_json_is_refused_with_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
