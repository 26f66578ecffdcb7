/* SPDX-License-Identifier: MIT */
#include "cli/client.h"

#include "base/tick.h"
#include "fake.h"

static void ask(const struct fake_step *step, const char *expected, const char *error)
{
	AUTO_TEXT answer = { 0 };
	struct error err = { 0 };
	struct fake f;

	fake_start(&f, step, 1);
	assert_int_equal(client_ask(f.path, "show info", step->hang ? 500 : 10000, &answer, &err),
	                 error == NULL);
	fake_join(&f);
	assert_string_equal(text_str(&f.asked), "show info\n");
	if (error != NULL)
		assert_contains(err.text, error);
	else
		assert_string_equal(text_str(&answer), expected);
	fake_stop(&f);
}

static void an_answer_comes_without_its_last_empty_line(void **state)
{
	static const struct {
		struct fake_step step;
		const char *expected;
	} cases[] = {
		{ { .answer = "\n" }, "" },
		{ { .answer = "a\n\n" }, "a\n" },
		{ { .answer = "a\nb\n\n", .trickle = true }, "a\nb\n" },
		{ { .answer = "a\n" }, "a\n" },
		{ { .answer = "cut off" }, "cut off" },
		{ { .answer = "a\n\n\nb\n\n" }, "a\n\n\nb\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ask(&cases[i].step, cases[i].expected, NULL);
}

static void no_answer_is_an_error(void **state)
{
	const struct fake_step closes = { .answer = NULL };
	const struct fake_step hangs = { .answer = NULL, .hang = true };
	const struct fake_step hangs_later = { .answer = "half an ans", .hang = true };

	(void)state;
	ask(&closes, NULL, "closed the connection without an answer");
	ask(&hangs, NULL, "does not answer");
	ask(&hangs_later, NULL, "does not answer");
}

static void a_missing_socket_is_explained_with_its_cure(void **state)
{
	AUTO_TEXT answer = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_false(client_ask("/tmp/no-such-dir-of-sluice/s", "help", 50, &answer, &err));
	assert_contains(err.text, "/tmp/no-such-dir-of-sluice/s does not exist");
	assert_contains(err.text, "-s SOCKET or $SLUICE_SOCKET");
}

static void a_socket_that_nobody_listens_on_is_explained(void **state)
{
	AUTO_TEXT answer = { 0 };
	struct error err = { 0 };
	struct fake f;

	(void)state;
	fake_start(&f, NULL, 0);
	fake_join(&f);
	close(f.listen_fd);
	f.listen_fd = -1;
	assert_false(client_ask(f.path, "help", 50, &answer, &err));
	assert_contains(err.text, "nothing listens on");
	fake_stop(&f);
}

static void a_path_that_is_too_long_is_an_error(void **state)
{
	AUTO_TEXT answer = { 0 };
	struct error err = { 0 };
	char path[300];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_false(client_ask(path, "help", 50, &answer, &err));
	assert_true(strlen(err.text) > 0);
}

static void a_command_of_two_lines_is_refused(void **state)
{
	AUTO_TEXT answer = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_false(client_ask("/nowhere", "show info\nshow stat", 50, &answer, &err));
	assert_contains(err.text, "one line");
}

static void lines_come_one_by_one_until_the_end(void **state)
{
	const struct fake_step step = { .answer = "one\n\nthree\nhalf", .trickle = true };
	struct error err = { 0 };
	struct client c;
	const char *line;
	struct fake f;

	(void)state;
	fake_start(&f, &step, 1);
	assert_true(client_start(&c, f.path, "x", 0, &err));
	assert_int_equal(client_read_line(&c, &line, &err), CLIENT_LINE);
	assert_string_equal(line, "one");
	assert_int_equal(client_read_line(&c, &line, &err), CLIENT_LINE);
	assert_string_equal(line, "");
	assert_int_equal(client_read_line(&c, &line, &err), CLIENT_LINE);
	assert_string_equal(line, "three");
	assert_int_equal(client_read_line(&c, &line, &err), CLIENT_END);
	client_close(&c);
	fake_join(&f);
	fake_stop(&f);
}

static void waiting_ends_with_a_line_or_in_time(void **state)
{
	const struct fake_step step = { .answer = "one\ntwo\n", .hang = true };
	struct error err = { 0 };
	struct client c;
	const char *line;
	struct fake f;

	(void)state;
	fake_start(&f, &step, 1);
	assert_true(client_start(&c, f.path, "x", 0, &err));
	assert_true(client_wait(&c, -1));
	assert_int_equal(client_read_line(&c, &line, &err), CLIENT_LINE);
	assert_string_equal(line, "one");
	assert_true(client_wait(&c, -1));
	assert_int_equal(client_read_line(&c, &line, &err), CLIENT_LINE);
	assert_string_equal(line, "two");
	assert_false(client_wait(&c, 0));
	assert_false(client_wait(&c, 20));
	shutdown(c.fd, SHUT_WR);
	assert_true(client_wait(&c, -1));
	assert_int_equal(client_read_line(&c, &line, &err), CLIENT_END);
	client_close(&c);
	fake_join(&f);
	fake_stop(&f);
}

static void half_a_line_is_waited_for_until_the_end(void **state)
{
	const struct fake_step step = { .answer = "half", .hang = true };
	struct error err = { 0 };
	struct client c;
	const char *line;
	struct fake f;

	(void)state;
	fake_start(&f, &step, 1);
	assert_true(client_start(&c, f.path, "x", 0, &err));
	c.end_ms = tick_ms() + 100;
	assert_int_equal(client_read_line(&c, &line, &err), CLIENT_FAILED);
	assert_contains(err.text, "does not answer");
	assert_true(tick_ms() >= c.end_ms);
	client_close(&c);
	fake_join(&f);
	fake_stop(&f);
}

static void a_line_without_an_end_is_an_error(void **state)
{
	char *bytes = malloc(CLIENT_LINE_MAX + 65536);
	struct fake_step step = { .answer = bytes };
	struct error err = { 0 };
	struct client c;
	const char *line;
	struct fake f;

	(void)state;
	memset(bytes, 'a', CLIENT_LINE_MAX + 65535);
	bytes[CLIENT_LINE_MAX + 65535] = '\0';
	fake_start(&f, &step, 1);
	assert_true(client_start(&c, f.path, "x", 0, &err));
	assert_int_equal(client_read_line(&c, &line, &err), CLIENT_FAILED);
	assert_contains(err.text, "without an end");
	client_close(&c);
	fake_join(&f);
	fake_stop(&f);
	free(bytes);
}

static void words_instead_of_json_become_the_error(void **state)
{
	static const struct {
		const char *answer, *error;
	} cases[] = {
		{ "Unknown command: 'show status json'\n\n",
		  "the daemon answered: Unknown command: 'show status json'" },
		{ "\033[2Jevil\n\n", "the daemon answered: ?[2Jevil" },
		{ "\302\2332Jevil \303\244\n\n", "the daemon answered: ??2Jevil \303\244" },
		{ "\n", "the daemon answered: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = cases[i].answer };
		AUTO_TEXT answer = { 0 };
		struct error err = { 0 };
		struct fake f;

		fake_start(&f, &step, 1);
		assert_false(client_ask_json(f.path, "show status json", &answer, &err));
		assert_string_equal(err.text, cases[i].error);
		fake_join(&f);
		fake_stop(&f);
	}
}

static void an_argument_stays_one_whatever_is_in_it(void **state)
{
	static const struct {
		const char *word, *expected;
	} cases[] = {
		{ "psql/n1", " psql/n1" },     { "", " " },
		{ "a b", " a\\ b" },           { "a\tb", " a\\\tb" },
		{ "a;b", " a\\;b" },           { "a\\", " a\\\\" },
		{ "\"a'b#", " \\\"a\\'b\\#" }, { "\303\251", " \303\251" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT out = { 0 };

		client_add_word(&out, cases[i].word);
		assert_string_equal(text_str(&out), cases[i].expected);
	}
}

static void what_is_done_is_told_in_the_lines_before(void **state)
{
	static const struct {
		struct fake_step step;
		const char *lines, *error; /* one of them */
	} cases[] = {
		{ { .answer = "psql/n1: 1 session\ndone\n\n" }, "psql/n1: 1 session\n", NULL },
		{ { .answer = "done\n\n" }, "", NULL },
		{ { .answer = "\n" }, NULL, "the daemon answered: " },
		{ { .answer = "No such backend.\n\n" },
		  NULL,
		  "the daemon answered: No such backend." },
		{ { .answer = "done\nNo.\n\n" }, NULL, "the daemon answered: done" },
		{ { .answer = NULL }, NULL, "the daemon closed the connection without an answer" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT answer = { 0 };
		struct error err = { 0 };
		struct fake f;

		fake_start(&f, &cases[i].step, 1);
		assert_int_equal(client_ask_done(f.path, "rebalance", &answer, &err),
		                 cases[i].lines != NULL);
		if (cases[i].lines != NULL)
			assert_string_equal(text_str(&answer), cases[i].lines);
		else
			assert_string_equal(err.text, cases[i].error);
		fake_join(&f);
		fake_stop(&f);
	}
}

static void an_order_succeeds_only_with_an_empty_answer(void **state)
{
	const struct fake_step steps[] = { { .answer = "\n" },
		                           { .answer = "No such server.\n\n" } };
	struct error err = { 0 };
	struct fake f;

	(void)state;
	fake_start(&f, steps, 2);
	assert_true(client_order(f.path, "set server a/b state drain", &err));
	assert_false(client_order(f.path, "set server a/c state drain", &err));
	assert_string_equal(err.text, "the daemon answered: No such server.");
	fake_join(&f);
	fake_stop(&f);
}

static void the_socket_is_the_option_the_variable_or_the_default(void **state)
{
	(void)state;
	setenv("SLUICE_SOCKET", "/from/env", 1);
	assert_string_equal(client_path("/from/option"), "/from/option");
	assert_string_equal(client_path(NULL), "/from/env");
	setenv("SLUICE_SOCKET", "", 1);
	assert_string_equal(client_path(NULL), "/run/sluice/admin.sock");
	unsetenv("SLUICE_SOCKET");
	assert_string_equal(client_path(NULL), "/run/sluice/admin.sock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_without_its_last_empty_line),
		cmocka_unit_test(no_answer_is_an_error),
		cmocka_unit_test(a_missing_socket_is_explained_with_its_cure),
		cmocka_unit_test(a_socket_that_nobody_listens_on_is_explained),
		cmocka_unit_test(a_path_that_is_too_long_is_an_error),
		cmocka_unit_test(a_command_of_two_lines_is_refused),
		cmocka_unit_test(lines_come_one_by_one_until_the_end),
		cmocka_unit_test(waiting_ends_with_a_line_or_in_time),
		cmocka_unit_test(half_a_line_is_waited_for_until_the_end),
		cmocka_unit_test(a_line_without_an_end_is_an_error),
		cmocka_unit_test(words_instead_of_json_become_the_error),
		cmocka_unit_test(an_argument_stays_one_whatever_is_in_it),
		cmocka_unit_test(what_is_done_is_told_in_the_lines_before),
		cmocka_unit_test(an_order_succeeds_only_with_an_empty_answer),
		cmocka_unit_test(the_socket_is_the_option_the_variable_or_the_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
