/* SPDX-License-Identifier: MIT */
#include "drillfixture.h"

#include "report/drillrecord.h"

#include <jansson.h>

static json_t *record_of(struct drillfixture *f)
{
	AUTO_TEXT out = { 0 };
	json_t *o;

	drillrecord_write(f->drill, &out);
	assert_null(strchr(text_str(&out), '\n'));
	o = json_loads(text_str(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	return o;
}

static void a_record_has_all_of_a_drill(void **state)
{
	struct drillfixture f;
	const json_t *service, *server, *event;
	json_t *o;

	(void)state;
	drillfixture_begin(&f, "psql", "n2", "kill");
	f.servers[1].began_with = 7;
	o = record_of(&f);
	service = json_array_get(json_object_get(o, "services"), 0);
	assert_string_equal(json_string_value(json_object_get(service, "name")), "psql");
	assert_int_equal(
	    json_array_size(json_object_get(json_object_get(service, "series"), "held")), 10);
	assert_null(json_object_get(json_object_get(service, "series"), "gap"));
	assert_int_equal(json_array_size(json_object_get(service, "servers")), 2);
	server = json_array_get(json_object_get(service, "servers"), 0);
	assert_null(json_object_get(server, "began_with"));
	server = json_array_get(json_object_get(service, "servers"), 1);
	assert_int_equal(json_integer_value(json_object_get(server, "began_with")), 7);
	event = json_array_get(json_object_get(o, "events"), 2);
	assert_string_equal(json_string_value(json_object_get(event, "state")), "down");
	assert_int_equal(json_integer_value(json_object_get(event, "server")), 1);
	event = json_array_get(json_object_get(o, "events"), 4);
	assert_true(json_is_null(json_object_get(event, "server")));
	json_decref(o);
	drillfixture_end(&f);
}

static void any_name_is_a_json_string(void **state)
{
	struct drillfixture f;
	json_t *o;

	(void)state;
	drillfixture_begin(&f, DRILLFIXTURE_HOSTILE, DRILLFIXTURE_HOSTILE, DRILLFIXTURE_HOSTILE);
	f.events[0].text = NULL;
	o = record_of(&f);
	json_decref(o);
	drillfixture_end(&f);
}

static void an_empty_drill_is_a_record(void **state)
{
	struct drill *d = drill_new();
	AUTO_TEXT out = { 0 };

	(void)state;
	drillrecord_write(d, &out);
	assert_string_equal(text_str(&out),
	                    "{\"drill\":{\"name\":\"\",\"source\":\"\",\"from_ms\":0,\"to_ms\":0,"
	                    "\"samples_from_ms\":0,\"every_ms\":0,\"truncated\":false},"
	                    "\"services\":[],\"events\":[]}");
	drill_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_has_all_of_a_drill),
		cmocka_unit_test(any_name_is_a_json_string),
		cmocka_unit_test(an_empty_drill_is_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
