/* SPDX-License-Identifier: MIT */
#include "whyfixture.h"

#include <jansson.h>

static json_t *parse(const struct text *json)
{
	json_error_t why;
	json_t *o = json_loads(text_str(json), JSON_REJECT_DUPLICATES, &why);

	if (!o)
		fail_msg("%s (line %d) in %s", why.text, why.line, text_str(json));
	return o;
}

static json_t *write(const struct whyjson_source *s)
{
	AUTO_TEXT json = { 0 };

	whyjson_write(s, &json);
	assert_true(json.len && json.data[json.len - 1] == '\n');
	assert_null(strstr(text_str(&json), "\n\n"));
	return parse(&json);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (!s)
		fail_msg("no text \"%s\"", key);
	return s;
}

static json_int_t number_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v))
		fail_msg("no number \"%s\"", key);
	return json_integer_value(v);
}

static void the_keys_are_there(void **state)
{
	struct whyfixture w;
	json_t *o;

	(void)state;
	whyfixture_init(&w);
	o = write(&w.source);
	assert_string_equal(text_of(o, "service"), "psql");
	assert_string_equal(text_of(o, "server"), "n2");
	assert_string_equal(text_of(o, "node"), "n2");
	assert_true(json_is_null(json_object_get(o, "tracks")));
	assert_string_equal(text_of(o, "state"), "DOWN");
	assert_string_equal(text_of(o, "health"), "down");
	assert_true(json_is_false(json_object_get(o, "gets_sessions")));
	assert_int_equal(number_of(o, "sessions"), 0);
	assert_string_equal(text_of(o, "since"), "2026-11-20T12:11:49.095Z");
	assert_int_equal(number_of(o, "since_s"), 12);
	assert_string_equal(text_of(o, "now"), "2026-11-20T12:12:01.095Z");
	assert_string_equal(
	    text_of(o, "verdict"),
	    "DOWN for 12s: 3 failed checks in a row (fall = 3): Connection refused; "
	    "it comes back after 2 good checks in a row (rise = 2); the next check "
	    "is in 400 ms");
	assert_int_equal(number_of(o, "next_check_ms"), 400);
	assert_true(json_array_size(json_object_get(o, "rules")) >= 3);
	json_decref(o);
	w.facts.next_check_ms = -1;
	w.facts.tracked = "web/w1";
	o = write(&w.source);
	assert_true(json_is_null(json_object_get(o, "next_check_ms")));
	assert_string_equal(text_of(o, "tracks"), "web/w1");
	json_decref(o);
	whyfixture_release(&w);
}

static void checks_are_newest_first_with_their_counters(void **state)
{
	static const struct {
		const char *time, *state, *code, *text;
		int before, after;
		bool passed;
	} want[] = {
		{ "2026-11-20T12:11:49.095Z", "DOWN", "L4CON", "Connection refused", 2, 0, false },
		{ "2026-11-20T12:11:47.095Z", "UP 1/3", "L4CON", "Connection refused", 3, 2,
		  false },
		{ "2026-11-20T12:11:45.095Z", "UP 2/3", "L4CON", "Connection refused", 4, 3,
		  false },
		{ "2026-11-20T12:11:43.095Z", "UP", "L7OK", "HTTP 200 \"OK\"", 4, 4, true },
	};
	struct whyfixture w;
	json_t *o;
	const json_t *list;

	(void)state;
	whyfixture_init(&w);
	o = write(&w.source);
	list = json_object_get(o, "checks");
	assert_int_equal(json_array_size(list), ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		const json_t *c = json_array_get(list, i);

		assert_string_equal(text_of(c, "time"), want[i].time);
		assert_string_equal(text_of(c, "state"), want[i].state);
		assert_string_equal(text_of(c, "code"), want[i].code);
		assert_string_equal(text_of(c, "text"), want[i].text);
		assert_int_equal(number_of(c, "counter_before"), want[i].before);
		assert_int_equal(number_of(c, "counter_after"), want[i].after);
		assert_int_equal(json_is_true(json_object_get(c, "passed")), want[i].passed);
		assert_int_equal(number_of(c, "duration_ms"), 1);
		assert_true(json_is_false(json_object_get(c, "draining")));
	}
	assert_int_equal(number_of(json_array_get(list, 3), "status"), 200);
	assert_string_equal(text_of(json_array_get(list, 3), "info"), "OK");
	assert_string_equal(text_of(json_array_get(list, 3), "words"), "Layer7 check passed");
	list = json_object_get(o, "agent_checks");
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(text_of(json_array_get(list, 0), "info"), "up");
	json_decref(o);
	whyfixture_release(&w);
}

static void events_are_its_own_newest_first_and_not_too_many(void **state)
{
	struct whyfixture w;
	struct journal_event e = fixture_event();
	const json_t *list;
	json_t *o;

	(void)state;
	whyfixture_init(&w);
	o = write(&w.source);
	list = json_object_get(o, "events");
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(number_of(json_array_get(list, 0), "seq"), 3);
	assert_int_equal(number_of(json_array_get(list, 1), "seq"), 1);
	json_decref(o);
	for (int i = 0; i < 200; i++)
		journal_append(w.journal, &e);
	o = write(&w.source);
	list = json_object_get(o, "events");
	assert_int_equal(json_array_size(list), WHYJSON_EVENTS_MAX);
	assert_int_equal(number_of(json_array_get(list, 0), "seq"), 203);
	json_decref(o);
	/* All that the ring still has are others'. */
	w.facts.server = "n9";
	o = write(&w.source);
	assert_int_equal(json_array_size(json_object_get(o, "events")), 0);
	json_decref(o);
	whyfixture_release(&w);
}

static void what_nodes_say_is_made_harmless(void **state)
{
	struct whyfixture w;
	json_t *o;

	(void)state;
	whyfixture_init(&w);
	w.facts.last_bad = w.facts.decided_words = "\033[2Jgone";
	w.facts.agent = "up\rdown";
	o = write(&w.source);
	assert_non_null(strstr(text_of(o, "verdict"), "?[2Jgone"));
	json_decref(o);
	whyfixture_release(&w);
}

static void the_reader_reads_what_was_written(void **state)
{
	struct whyfixture w;
	AUTO_TEXT json = { 0 };
	const struct whyjson_server *s;
	struct error err = { 0 };
	struct whyjson *read;

	(void)state;
	whyfixture_init(&w);
	whyjson_write(&w.source, &json);
	read = whyjson_read(text_str(&json), &err);
	if (!read)
		fail_msg("%s", err.text);
	assert_int_equal(read->server_count, 1);
	s = &read->servers[0];
	assert_string_equal(s->service, "psql");
	assert_string_equal(s->server, "n2");
	assert_string_equal(s->state, "DOWN");
	assert_int_equal(s->since_ms, FIXTURE_WALL_MS - 12000);
	assert_int_equal(s->now_ms, FIXTURE_WALL_MS);
	assert_int_equal(s->checks.count, 4);
	assert_false(s->checks.at[0].passed);
	assert_string_equal(s->checks.at[0].text, "Connection refused");
	assert_true(s->checks.at[3].passed);
	assert_int_equal(s->agent_checks.count, 1);
	assert_int_equal(s->event_count, 2);
	assert_int_equal(s->events[0].after.health, STATE_DOWN);
	assert_true(s->rule_count >= 3);
	whyjson_free(read);
	whyfixture_release(&w);
}

static void a_list_is_read_too(void **state)
{
	struct whyfixture w;
	struct whyjson_source both[2];
	struct why_facts other;
	AUTO_TEXT json = { 0 };
	struct whyjson *read;

	(void)state;
	whyfixture_init(&w);
	other = w.facts;
	other.service = "dbconsole";
	both[0] = both[1] = w.source;
	both[1].facts = &other;
	whyjson_write_list(both, 2, &json);
	json_decref(parse(&json));
	read = whyjson_read(text_str(&json), NULL);
	assert_non_null(read);
	assert_int_equal(read->server_count, 2);
	assert_string_equal(read->servers[0].service, "psql");
	assert_string_equal(read->servers[1].service, "dbconsole");
	whyjson_free(read);
	whyfixture_release(&w);
}

static void wrong_answers_are_told_by_name(void **state)
{
	static const struct {
		const char *json, *error;
	} cases[] = {
		{ "", "not JSON" },
		{ "[]", "not a JSON object" },
		{ "{}", "\"service\" is missing" },
		{ "{\"servers\": []}", "\"servers\" is not a list of servers" },
		{ "{\"servers\": 3}", "\"servers\" is not a list of servers" },
		{ "{\"servers\": [4]}", "\"service\" is missing" },
		{ "{\"service\": 3}", "\"service\" is not" },
	};
	struct whyfixture w;
	AUTO_TEXT json = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };

		assert_null(whyjson_read(cases[i].json, &err));
		if (!strstr(err.text, cases[i].error))
			fail_msg("\"%s\" instead of \"%s\"", err.text, cases[i].error);
	}
	/* Whatever is missing is an error, never a crash. */
	whyfixture_init(&w);
	whyjson_write(&w.source, &json);
	for (const char *key = text_str(&json); (key = strstr(key, "\":")); key++) {
		size_t at = (size_t)(key - text_str(&json)) - 1;
		char kept = json.data[at];

		json.data[at] = '_';
		whyjson_free(whyjson_read(text_str(&json), NULL));
		json.data[at] = kept;
	}
	whyjson_free(NULL);
	whyfixture_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_keys_are_there),
		cmocka_unit_test(checks_are_newest_first_with_their_counters),
		cmocka_unit_test(events_are_its_own_newest_first_and_not_too_many),
		cmocka_unit_test(what_nodes_say_is_made_harmless),
		cmocka_unit_test(the_reader_reads_what_was_written),
		cmocka_unit_test(a_list_is_read_too),
		cmocka_unit_test(wrong_answers_are_told_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
