/* SPDX-License-Identifier: MIT */
#include "report/schema.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void the_schema_is_one_line_of_json(void **state)
{
	AUTO_TEXT out = { 0 };
	json_t *o;

	(void)state;
	schema_write(&out);
	/* The length of HAProxy 2.6's, which clients compare with. */
	assert_int_equal(out.len, 2783);
	assert_int_equal(out.data[out.len - 1], '\n');
	o = json_loads(text_str(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	assert_int_equal(json_array_size(json_object_get(o, "oneOf")), 3);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_schema_is_one_line_of_json) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
