/* SPDX-License-Identifier: MIT */
#include "cli/whycmd.h"

#include "../report/whyfixture.h"
#include "fake.h"

/* The daemon's answer; the caller frees it. */
static char *answer(bool list)
{
	struct whyfixture w;
	struct text out = { 0 };

	whyfixture_init(&w);
	if (list)
		whyjson_write_list(&w.source, 1, &out);
	else
		whyjson_write(&w.source, &out);
	whyfixture_release(&w);
	return text_take(&out);
}

static void the_answer_is_shown_within_the_width(void **state)
{
	char *json = answer(false);
	struct fake_step step = { .answer = json, .trickle = true };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, whycmd_main, "why psql/n2"), CONSOLE_OK);
	assert_string_equal(text_str(&f.asked), "show why psql/n2\n");
	assert_contains(f.out, "psql/n2  DOWN  since ");
	assert_contains(f.out, "3 failed checks in a row (fall = 3): Connection refused");
	assert_contains(f.out, "LAST CHECKS");
	assert_null(strchr(f.out, '\033'));
	assert_int_equal(f.err_len, 0);
	fake_stop(&f);
	free(json);
}

static void json_is_passed_on_as_it_came(void **state)
{
	(void)state;
	for (int list = 0; list < 2; list++) {
		char *json = answer(list);
		struct fake_step step = { .answer = json };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, whycmd_main, "why n2 --json"), CONSOLE_OK);
		assert_string_equal(f.out, json);
		fake_stop(&f);
		free(json);
	}
}

static void names_cannot_become_commands(void **state)
{
	struct fake_step step = { .answer = "no\n\n" };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, whycmd_main, "why n1;quit"), CONSOLE_FAILED);
	assert_string_equal(text_str(&f.asked), "show why n1\\;quit\n");
	fake_stop(&f);
}

static void bad_answers_are_failures_with_words(void **state)
{
	static const struct {
		const char *answer, *error;
	} cases[] = {
		{ NULL, "sluice: the daemon closed the connection without an answer\n" },
		{ "no server \"n9\": did you mean \"n1\"?\n\n",
		  "sluice: the daemon answered: no server \"n9\": did you mean \"n1\"?\n" },
		{ "{}\n\n",
		  "sluice: the daemon's answer is not understood: \"service\" is missing" },
		{ "{\n\n", "sluice: the daemon's answer is not understood: not JSON" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = cases[i].answer };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, whycmd_main, "why n9"), CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

static void a_server_must_be_named(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, NULL, 0, whycmd_main, "why"), CONSOLE_USAGE);
	assert_contains(f.err, "Usage: sluice why SERVER [--json]");
	fake_stop(&f);
	assert_int_equal(fake_run(&f, NULL, 0, whycmd_main, "why n1 --jsn"), CONSOLE_USAGE);
	assert_contains(f.err, "did you mean \"--json\"?");
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_is_shown_within_the_width),
		cmocka_unit_test(json_is_passed_on_as_it_came),
		cmocka_unit_test(names_cannot_become_commands),
		cmocka_unit_test(bad_answers_are_failures_with_words),
		cmocka_unit_test(a_server_must_be_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
