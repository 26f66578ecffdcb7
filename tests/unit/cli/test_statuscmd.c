/* SPDX-License-Identifier: MIT */
#include "cli/statuscmd.h"

#include "fake.h"
#include "fakestatus.h"

static const struct state up = { .health = STATE_UP, .counter = 4 };

static void a_table_is_shown_within_the_width(void **state)
{
	char *json = fakestatus_make(up, 12, "");
	struct fake_step step = { .answer = json, .trickle = true };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, statuscmd_main, "status"), CONSOLE_OK);
	assert_string_equal(text_str(&f.asked), "show status json\n");
	assert_contains(f.out, "psql");
	assert_contains(f.out, "dbconsole");
	assert_contains(f.out, "n2");
	assert_contains(f.out, "12");
	assert_null(strchr(f.out, '\033'));
	assert_int_equal(f.err_len, 0);
	fake_stop(&f);
	free(json);
}

static void json_is_passed_on_as_it_came(void **state)
{
	char *json = fakestatus_make(up, 12, "");
	struct fake_step step = { .answer = json };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, statuscmd_main, "status --json"), CONSOLE_OK);
	assert_string_equal(f.out, json);
	fake_stop(&f);
	free(json);
}

static void bad_answers_are_failures_with_words(void **state)
{
	static const struct {
		const char *answer, *error;
	} cases[] = {
		{ NULL, "sluice: the daemon closed the connection without an answer\n" },
		{ "Permission denied\n\n", "sluice: the daemon answered: Permission denied\n" },
		{ "{\"services\": [{\n\n", "sluice: the daemon's answer is not understood: " },
		{ "{}\n\n", "sluice: the daemon's answer is not understood: " },
		{ "[1, 2]\n\n", "sluice: the daemon's answer is not understood: " },
		{ "\n", "sluice: the daemon answered: \n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = cases[i].answer };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, statuscmd_main, "status --json"),
		                 CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

static void wrong_options_ask_nobody(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, NULL, 0, statuscmd_main, "status --jsn"), CONSOLE_USAGE);
	assert_contains(f.err, "did you mean \"--json\"?\nUsage: sluice status");
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_shown_within_the_width),
		cmocka_unit_test(json_is_passed_on_as_it_came),
		cmocka_unit_test(bad_answers_are_failures_with_words),
		cmocka_unit_test(wrong_options_ask_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
