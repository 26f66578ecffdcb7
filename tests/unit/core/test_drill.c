/* SPDX-License-Identifier: MIT */
#include "drillscene.h"

static void keys_are_those_of_the_tables(void **state)
{
	(void)state;
#define X(name, key, usable, words)                                                                \
	assert_string_equal(drill_state_key(DRILL_##name), key);                                   \
	assert_int_equal(drill_state_is_usable(DRILL_##name), usable);
	DRILL_STATE_TABLE(X)
#undef X
#define X(name, key, words) assert_string_equal(drill_series_key(DRILL_SERIES_##name), key);
	DRILL_SERIES_TABLE(X)
#undef X
}

static void kinds_have_keys_of_their_own(void **state)
{
	(void)state;
	for (int a = 0; a < DRILL_KIND_COUNT; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(drill_kind_key((enum drill_kind)a),
			                        drill_kind_key((enum drill_kind)b));
}

static void a_new_drill_is_empty_and_can_be_freed(void **state)
{
	struct drill *d = drill_new();

	(void)state;
	assert_string_equal(d->name, "");
	assert_string_equal(d->source, "");
	assert_int_equal(d->service_count, 0);
	assert_non_null(mem_arena_zalloc(&d->arena, 10));
	drill_free(d);
	drill_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_those_of_the_tables),
		cmocka_unit_test(kinds_have_keys_of_their_own),
		cmocka_unit_test(a_new_drill_is_empty_and_can_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
