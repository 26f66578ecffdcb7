/* SPDX-License-Identifier: MIT */
#include "conf/drillfile.h"

#include "fixture.h"

#include <sys/stat.h>

#define HEAD                                                                                       \
	"\"drill\":{\"name\":\"k\",\"source\":\"s\",\"from_ms\":1000,\"to_ms\":9000,"              \
	"\"samples_from_ms\":1000,\"every_ms\":500,\"truncated\":false}"
#define FARM                                                                                       \
	"\"services\":[{\"name\":\"psql\",\"series\":{\"held\":[1,2]},\"servers\":["               \
	"{\"name\":\"n1\",\"first\":\"up\",\"series\":{\"cut\":[0,4294967295]}},"                  \
	"{\"name\":\"n2\",\"first\":\"maint\",\"series\":{}}]}]"
#define EVENT(ms, kind, service, server, state)                                                    \
	"{\"ms\":" ms ",\"kind\":\"" kind "\",\"service\":" service ",\"server\":" server          \
	",\"state\":\"" state "\",\"good\":true,\"sessions\":7,\"text\":\"why\"}"
#define EVENTS(list)                "\"events\":[" list "]"
#define ALL(head, services, events) "{" head "," services "," events "}"

static void a_record_is_read_as_it_was_written(void **state)
{
	struct error err;
	struct drill *d =
	    drillfile_parse(ALL(HEAD, FARM,
	                        EVENTS(EVENT("2000", "state", "0", "1", "down") "," EVENT(
	                            "2000", "mark", "null", "null", "up"))),
	                    &err);

	(void)state;
	assert_non_null(d);
	assert_string_equal(d->name, "k");
	assert_string_equal(d->source, "s");
	assert_int_equal(d->from_ms, 1000);
	assert_int_equal(d->to_ms, 9000);
	assert_int_equal(d->samples_from_ms, 1000);
	assert_int_equal(d->every_ms, 500);
	assert_false(d->truncated);
	assert_int_equal(d->samples, 2);
	assert_int_equal(d->service_count, 1);
	assert_string_equal(d->services[0].name, "psql");
	assert_int_equal(d->services[0].at[DRILL_SERIES_HELD][1], 2);
	assert_null(d->services[0].at[DRILL_SERIES_GAP]);
	assert_int_equal(d->services[0].server_count, 2);
	assert_int_equal(d->services[0].servers[0].at[DRILL_SERIES_CUT][1], UINT32_MAX);
	assert_int_equal(d->services[0].servers[1].first, DRILL_MAINT);
	assert_int_equal(d->event_count, 2);
	assert_int_equal(d->events[0].kind, DRILL_STATE);
	assert_int_equal(d->events[0].server, 1);
	assert_int_equal(d->events[0].state, DRILL_DOWN);
	assert_int_equal(d->events[0].sessions, 7);
	assert_true(d->events[0].good);
	assert_string_equal(d->events[0].text, "why");
	assert_true(d->events[1].service == SIZE_MAX && d->events[1].server == SIZE_MAX);
	drill_free(d);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
	static const struct {
		const char *json, *error;
	} cases[] = {
		{ "", "not a record of a drill: '[' or '{' expected" },
		{ "[]", "not a JSON object" },
		{ "{\"a\":1,\"a\":2}", "duplicate object key" },
		{ "{\"drill\":{},\"numbers\":{}}",
		  "this is a report of --format json: write it with --format record" },
		{ "{}", "drill is missing: it is an object" },
		{ "{\"drill\":7}", "drill is not an object" },
		{ "{\"drill\":{}}", "drill.name is missing: it is a string" },
		{ "{" HEAD "}", "services is missing: it is a list" },
		{ "{" HEAD ",\"services\":[7]}", "services[0].name is missing" },
		{ "{" HEAD ",\"services\":[{\"name\":\"a\"}]}", "services[0].series is missing" },
		{ "{" HEAD "," FARM "}", "events is missing" },
		{ ALL(HEAD, FARM, EVENTS("null")),
		  "events[0].ms is missing: it is a whole number" },
		{ ALL(HEAD, FARM, EVENTS(EVENT("-1", "mark", "null", "null", "up"))),
		  "events[0].ms is -1: at most " },
		{ ALL(HEAD, FARM, EVENTS(EVENT("1", "party", "null", "null", "up"))),
		  "events[0].kind is \"party\": there are state check service fault mark" },
		{ ALL(HEAD, FARM, EVENTS(EVENT("1", "mark", "null", "null", "drunk\\u0007"))),
		  "events[0].state is \"drunk?\": there are checking up nolb drain down maint" },
		{ ALL(HEAD, FARM, EVENTS(EVENT("1", "state", "0", "2", "up"))),
		  "events[0].server is 2, but there are only 2" },
		{ ALL(HEAD, FARM, EVENTS(EVENT("1", "state", "-1", "0", "up"))),
		  "events[0].service is -1, but there are only 1" },
		{ ALL(HEAD, FARM, EVENTS(EVENT("1", "state", "\"0\"", "0", "up"))),
		  "events[0].service is not a number or null" },
		{ ALL(HEAD, FARM, EVENTS(EVENT("1", "state", "0", "null", "up"))),
		  "events[0].server is null: this event needs one" },
		{ ALL(HEAD, FARM, EVENTS(EVENT("1", "check", "null", "null", "up"))),
		  "events[0].server is null" },
		{ ALL(HEAD, FARM, EVENTS(EVENT("1", "service", "null", "null", "up"))),
		  "events[0].service is null" },
		{ ALL(HEAD, FARM, EVENTS(EVENT("1", "mark", "null", "0", "up"))),
		  "events[0].server is of no service" },
		{ ALL(HEAD, FARM,
		      EVENTS(EVENT("2", "mark", "null", "null", "up") "," EVENT("1", "mark", "null",
		                                                                "null", "up"))),
		  "events[1].ms is before that of the event before" },
		{ "{" HEAD
		  ",\"services\":[{\"name\":\"a\",\"series\":{\"cut\":[1],\"held\":[1,2]}}]}",
		  "services[0].series.held has 2 counts, and the first one has 1" },
		{ "{" HEAD ",\"services\":[{\"name\":\"a\",\"series\":{\"cut\":[4294967296]}}]}",
		  "services[0].series.cut[0] is not a count" },
		{ "{" HEAD ",\"services\":[{\"name\":\"a\",\"series\":{\"cut\":7}}]}",
		  "services[0].series.cut is not a list" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err;

		assert_null(drillfile_parse(cases[i].json, &err));
		assert_int_equal(strncmp(err.text, "not a record of a drill: ", 25), 0);
		if (strstr(err.text, cases[i].error) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", cases[i].error, err.text);
	}
}

static void the_head_has_to_make_sense(void **state)
{
	static const struct {
		const char *numbers, *error;
	} cases[] = {
		{ "\"from_ms\":2,\"to_ms\":1,\"samples_from_ms\":0,\"every_ms\":1",
		  "to_ms is before" },
		{ "\"from_ms\":0,\"to_ms\":1,\"samples_from_ms\":0,\"every_ms\":0",
		  "every_ms is 0" },
		{ "\"from_ms\":0,\"to_ms\":1,\"samples_from_ms\":0,\"every_ms\":86400001",
		  "every_ms is 86400001: at most 86400000" },
		{ "\"from_ms\":0,\"to_ms\":9007199254740992,\"samples_from_ms\":0,\"every_ms\":1",
		  "to_ms is 9007199254740992" },
		{ "\"from_ms\":0.5,\"to_ms\":1,\"samples_from_ms\":0,\"every_ms\":1",
		  "from_ms is not a whole number" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err;
		AUTO_TEXT json = { 0 };

		text_addf(&json,
		          "{\"drill\":{\"name\":\"\",\"source\":\"\",%s,\"truncated\":true},%s,%s}",
		          cases[i].numbers, FARM, EVENTS(""));
		assert_null(drillfile_parse(text_str(&json), &err));
		if (strstr(err.text, cases[i].error) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", cases[i].error, err.text);
	}
}

static void files_are_read_and_named_in_errors(void **state)
{
	struct error err;
	struct drill *d = drillfile_read(TEST_DATA "/drills/kill.json", &err);

	(void)state;
	assert_non_null(d);
	assert_string_equal(d->name, "kill-n2");
	drill_free(d);
	assert_null(drillfile_read("/nonexistent/a.json", &err));
	assert_string_equal(err.text, "/nonexistent/a.json: No such file or directory");
	assert_null(drillfile_read(TEST_DATA, &err));
	assert_non_null(strstr(err.text, ": Is a directory"));
	assert_null(drillfile_read("/dev/null", &err));
	assert_non_null(strstr(err.text, "/dev/null: not a record of a drill: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_read_as_it_was_written),
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
		cmocka_unit_test(the_head_has_to_make_sense),
		cmocka_unit_test(files_are_read_and_named_in_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
