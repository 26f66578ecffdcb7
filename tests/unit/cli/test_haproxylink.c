/* SPDX-License-Identifier: MIT */
#include "cli/haproxylink.h"

#include "fake.h"

static void an_answer_is_read_to_its_end(void **state)
{
	static const struct fake_step steps[] = { { .answer = "Pid: 7\n\nrows\n",
		                                    .trickle = true } };
	AUTO_TEXT answer = { 0 };
	struct error err;
	struct fake f;

	(void)state;
	fake_start(&f, steps, ARRAY_LEN(steps));
	assert_true(haproxylink_ask(f.path, "show info;show stat", 5000, &answer, &err));
	assert_string_equal(text_str(&answer), "Pid: 7\n\nrows\n");
	fake_join(&f);
	assert_string_equal(text_str(&f.asked), "show info;show stat\n");
	fake_stop(&f);
}

static void nobody_is_waited_for_longer_than_that(void **state)
{
	static const struct fake_step steps[] = { { .answer = "half", .hang = true }, { 0 } };
	AUTO_TEXT answer = { 0 };
	struct error err;
	struct fake f;

	(void)state;
	fake_start(&f, steps, ARRAY_LEN(steps));
	assert_false(haproxylink_ask(f.path, "show info", 100, &answer, &err));
	assert_contains(err.text, "no answer from");
	text_clear(&answer);
	assert_false(haproxylink_ask(f.path, "show info", 5000, &answer, &err));
	assert_contains(err.text, "without an answer");
	fake_join(&f);
	fake_stop(&f);
}

static void places_that_cannot_be_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "/tmp/there/is/nothing", "cannot connect to" },
		{ "unix@/tmp/there/is/nothing", "cannot connect to" },
		{ "127.0.0.1:1", "cannot connect to 127.0.0.1:1" },
		{ "127.0.0.1", "has no port" },
		{ "lb1", "has no port" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT answer = { 0 };
		struct error err;

		assert_false(haproxylink_ask(cases[i][0], "show info", 1000, &answer, &err));
		assert_contains(err.text, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_read_to_its_end),
		cmocka_unit_test(nobody_is_waited_for_longer_than_that),
		cmocka_unit_test(places_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
