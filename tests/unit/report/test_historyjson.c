/* SPDX-License-Identifier: MIT */
#include "report/historyjson.h"

#include "base/error.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { POINTS = 3 };

static const uint32_t counts[POINTS] = { DRILL_NO_COUNT, 0, 4294967294U };
static const uint32_t small[POINTS] = { 7, 10, 9 };

#define CURVE "[null,0,4294967294]"
#define SMALL "[7,10,9]"

struct history {
	struct drill d;
	struct drill_service services[2];
	struct drill_server servers[2];
	struct drill_event events[5];
};

static void fill(struct history *h, const char *name)
{
	*h = (struct history){
		.services = { { .name = name, .servers = h->servers, .server_count = 2 },
		              { .name = "empty" } },
		.servers = { { .name = name, .first = DRILL_UP },
		             { .name = "n2", .first = DRILL_CHECKING } },
		.events = { { 1000, DRILL_STATE, 0, 1, DRILL_UP, false, 0, "passed" },
		            { 1001, DRILL_MARK, SIZE_MAX, SIZE_MAX, DRILL_UP, false, 0, name },
		            { 1002, DRILL_STATE, 0, 0, DRILL_DOWN, false, 3, "re\"fused" },
		            { 1003, DRILL_STATE, 0, 1, DRILL_NOLB, false, 0, "503" },
		            { 1004, DRILL_MARK, 0, SIZE_MAX, DRILL_UP, false, 0, "panic" } },
	};
	h->d = (struct drill){
		.samples_from_ms = 900,
		.every_ms = 5000,
		.samples = POINTS,
		.services = h->services,
		.service_count = 2,
		.events = h->events,
		.event_count = 5,
	};
	for (size_t i = 0; i < 2; i++) {
		h->services[i].at[DRILL_SERIES_CONNECTED] = counts;
		h->services[i].at[DRILL_SERIES_SESSIONS] = small;
		h->services[i].at[DRILL_SERIES_CUT] = counts;
		h->services[i].at[DRILL_SERIES_FAILED] = small;
		h->servers[i].at[DRILL_SERIES_CONNECTED] = small;
		h->servers[i].at[DRILL_SERIES_SESSIONS] = counts;
		h->servers[i].at[DRILL_SERIES_CUT] = small;
	}
}

static void curves_states_drills_and_marks_are_written(void **state)
{
	static const struct historyjson_span drills[] = { { "a", 500, 700 }, { "b\"", 950, 0 } };
	AUTO_TEXT out = { 0 };
	struct history h;

	(void)state;
	fill(&h, "n1");
	historyjson_write(&h.d, drills, ARRAY_LEN(drills), &out);
	assert_string_equal(
	    text_str(&out),
	    "{\"from\":900,\"every_ms\":5000,\"points\":3,\"services\":{\n"
	    "\"n1\":{\"connected\":" CURVE ",\"sessions\":" SMALL ",\"cut\":" CURVE
	    ",\"failed\":" SMALL ",\"servers\":{\n"
	    "\"n1\":{\"connected\":" SMALL ",\"sessions\":" CURVE ",\"cut\":" SMALL
	    ",\"first\":\"up\",\"states\":[[1002,\"down\",\"re\\\"fused\"]]},\n"
	    "\"n2\":{\"connected\":" SMALL ",\"sessions\":" CURVE ",\"cut\":" SMALL
	    ",\"first\":\"checking\",\"states\":[[1000,\"up\",\"passed\"],[1003,\"nolb\",\"503\"]]}"
	    "}},\n"
	    "\"empty\":{\"connected\":" CURVE ",\"sessions\":" SMALL ",\"cut\":" CURVE
	    ",\"failed\":" SMALL ",\"servers\":{}}},"
	    "\"drills\":[{\"name\":\"a\",\"from\":500,\"to\":700},"
	    "{\"name\":\"b\\\"\",\"from\":950,\"to\":null}],"
	    "\"marks\":[[1001,\"n1\"],[1004,\"panic\"]]}");
}

static void hostile_names_are_still_json(void **state)
{
	static const char name[] = "</script>\"\\\n\033[31m\xff";
	AUTO_TEXT out = { 0 };
	struct history h;
	json_t *o;

	(void)state;
	fill(&h, name);
	historyjson_write(&h.d, NULL, 0, &out);
	o = json_loads(text_str(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	assert_int_equal(json_array_size(json_object_get(o, "drills")), 0);
	assert_non_null(
	    json_object_get(json_object_get(o, "services"), "</script>\"\\\n\033[31m\xef\xbf\xbd"));
	json_decref(o);
}

static void nothing_at_all_is_an_empty_history(void **state)
{
	struct drill d = { .every_ms = 250 };
	AUTO_TEXT out = { 0 };

	(void)state;
	historyjson_write(&d, NULL, 0, &out);
	assert_string_equal(text_str(&out), "{\"from\":0,\"every_ms\":250,\"points\":0,"
	                                    "\"services\":{},\"drills\":[],\"marks\":[]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(curves_states_drills_and_marks_are_written),
		cmocka_unit_test(hostile_names_are_still_json),
		cmocka_unit_test(nothing_at_all_is_an_empty_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
