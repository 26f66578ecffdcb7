/* SPDX-License-Identifier: MIT */
#include "drillfixture.h"

#include "report/drilljson.h"

#include <jansson.h>

static json_t *json_of(struct drillfixture *f, const struct expectation_verdict *v)
{
	AUTO_TEXT out = { 0 };
	json_t *o;

	drilljson_write(&f->facts, v, &out);
	o = json_loads(text_str(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	return o;
}

static int64_t number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

static void numbers_are_numbers_and_the_unknown_is_null(void **state)
{
	struct drillfixture f;
	const json_t *outage, *service;
	json_t *o;

	(void)state;
	drillfixture_begin(&f, "psql", "n2", "kill");
	o = json_of(&f, NULL);
	outage = json_array_get(json_object_get(o, "outages"), 0);
	assert_string_equal(json_string_value(json_object_get(outage, "server")), "n2");
	assert_string_equal(json_string_value(json_object_get(outage, "out")),
	                    "2026-11-20T12:12:04.200Z");
	assert_int_equal(number(outage, "detect_ms"), 100);
	assert_int_equal(number(outage, "noticed_ms"), 200);
	assert_int_equal(number(outage, "cut"), 4);
	assert_true(json_is_null(json_object_get(outage, "asked")));
	service = json_array_get(json_object_get(o, "services"), 0);
	assert_int_equal(number(service, "held"), 3);
	assert_true(json_is_null(json_object_get(service, "moved")));
	assert_int_equal(json_object_size(json_object_get(o, "numbers")), EXPECTATION_COUNT);
	assert_int_equal(number(json_object_get(o, "numbers"), "cut"), 4);
	assert_null(json_object_get(o, "expectations"));
	json_decref(o);
	drillfixture_end(&f);
}

static void expectations_are_listed(void **state)
{
	struct drillfixture f;
	const json_t *list;
	json_t *o;

	(void)state;
	drillfixture_begin(&f, "psql", "n2", "kill");
	o = json_of(&f, &f.verdict);
	list = json_object_get(o, "expectations");
	assert_true(json_is_false(json_object_get(o, "expected_ok")));
	assert_int_equal(json_array_size(list), 3);
	assert_true(json_is_true(json_object_get(json_array_get(list, 0), "ok")));
	assert_true(json_is_false(json_object_get(json_array_get(list, 1), "ok")));
	assert_true(json_is_null(json_object_get(json_array_get(list, 2), "value")));
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "expected")),
	                    "detect < 1 s");
	json_decref(o);
	drillfixture_end(&f);
}

static void any_name_is_a_json_string(void **state)
{
	struct drillfixture f;

	(void)state;
	drillfixture_begin(&f, DRILLFIXTURE_HOSTILE, DRILLFIXTURE_HOSTILE, DRILLFIXTURE_HOSTILE);
	json_decref(json_of(&f, &f.verdict));
	drillfixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_numbers_and_the_unknown_is_null),
		cmocka_unit_test(expectations_are_listed),
		cmocka_unit_test(any_name_is_a_json_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
