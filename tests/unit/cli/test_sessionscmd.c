/* SPDX-License-Identifier: MIT */
#include "cli/sessionscmd.h"

#include "fake.h"
#include "report/sessionline.h"

static char *make_list(size_t count)
{
	struct text out = { 0 };

	text_add(&out, "{\"sessions\": [");
	for (size_t i = 0; i < count; i++) {
		struct sessionline l = { .id = 4711 + i,
			                 .accepted_wall_ms = 1795223521000,
			                 .service = "psql",
			                 .server = "n1",
			                 .client = "192.0.2.7:40000",
			                 .bind = ":26257",
			                 .connect_ms = 1,
			                 .total_ms = 61000,
			                 .idle_ms = 5,
			                 .bytes_in = 100,
			                 .bytes_out = 2000000 };

		text_add(&out, i > 0 ? ", " : "");
		sessionline_write_json(&l, &out);
	}
	text_add(&out, "]}\n");
	return text_take(&out);
}

static void sessions_are_listed(void **state)
{
	char *list = make_list(2);
	struct fake_step step = { .answer = list, .trickle = true };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, sessionscmd_list, "sessions"), CONSOLE_OK);
	assert_string_equal(text_str(&f.asked), "show sess json\n");
	assert_contains(f.out, "4711");
	assert_contains(f.out, "4712");
	assert_contains(f.out, "192.0.2.7:40000");
	fake_stop(&f);
	assert_int_equal(fake_run(&f, &step, 1, sessionscmd_list, "sessions --json"), CONSOLE_OK);
	assert_string_equal(f.out, list);
	fake_stop(&f);
	free(list);
}

static void no_sessions_are_said_so(void **state)
{
	char *list = make_list(0);
	struct fake_step step = { .answer = list };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, sessionscmd_list, "sessions"), CONSOLE_OK);
	assert_string_equal(f.out, "no sessions\n");
	fake_stop(&f);
	free(list);
}

static void bad_answers_are_failures_with_words(void **state)
{
	static const struct {
		const char *answer, *error;
	} cases[] = {
		{ NULL, "without an answer" },
		{ "Unknown command: 'show sess json'\n\n", "the daemon answered: Unknown command" },
		{ "{\"sessions\": [{]}", "the daemon's answer is not understood: " },
		{ "{\"sessions\": 3}", "the daemon's answer is not understood: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = cases[i].answer };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, sessionscmd_list, "sessions"),
		                 CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

static void killing_ends_each_session(void **state)
{
	const struct fake_step steps[] = { { .answer = "\n" }, { .answer = "\n" } };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 2, sessionscmd_kill, "kill 4711 0x1268"), CONSOLE_OK);
	assert_string_equal(text_str(&f.asked), "shutdown session 4711\nshutdown session 0x1268\n");
	assert_string_equal(f.out, "session 4711 is ended\nsession 0x1268 is ended\n");
	fake_stop(&f);
}

static void killing_stops_at_the_first_failure(void **state)
{
	const struct fake_step steps[] = { { .answer = "\n" },
		                           { .answer = "No such session (use 'show sess').\n\n" } };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 2, sessionscmd_kill, "kill 1 2 3"), CONSOLE_FAILED);
	assert_string_equal(f.out, "session 1 is ended\n");
	assert_string_equal(f.err, "sluice: session 2: the daemon answered: "
	                           "No such session (use 'show sess').\n");
	fake_stop(&f);
}

static void only_numbers_are_sent(void **state)
{
	static const char *const lines[] = { "kill n1", "kill 1;2", "kill 1 *", "kill -- -1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct fake f;

		assert_int_equal(fake_run(&f, NULL, 0, sessionscmd_kill, lines[i]), CONSOLE_USAGE);
		assert_contains(
		    f.err, "is not a session's number; see sluice sessions\nUsage: sluice kill");
		assert_int_equal(f.asked.len, 0);
		fake_stop(&f);
	}
}

static void wrong_options_ask_nobody(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, NULL, 0, sessionscmd_list, "sessions all"), CONSOLE_USAGE);
	assert_contains(f.err, "unexpected \"all\"");
	fake_stop(&f);
	assert_int_equal(fake_run(&f, NULL, 0, sessionscmd_kill, "kill"), CONSOLE_USAGE);
	assert_contains(f.err, "ID is missing");
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_listed),
		cmocka_unit_test(no_sessions_are_said_so),
		cmocka_unit_test(bad_answers_are_failures_with_words),
		cmocka_unit_test(killing_ends_each_session),
		cmocka_unit_test(killing_stops_at_the_first_failure),
		cmocka_unit_test(only_numbers_are_sent),
		cmocka_unit_test(wrong_options_ask_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
