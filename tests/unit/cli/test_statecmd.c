/* SPDX-License-Identifier: MIT */
#include "cli/statecmd.h"

#include "fake.h"
#include "fakestatus.h"

/* Answers to `show status json`, made once. */
static char *up_12, *drain_12, *drain_1, *drain_0, *down_0, *none;

static int set_up(void **state)
{
	const struct state up = { .health = STATE_UP, .counter = 4 };
	const struct state down = { .health = STATE_DOWN };
	const struct state drain = { .health = STATE_UP,
		                     .counter = 4,
		                     .admin = STATE_DRAIN_COMMAND };

	(void)state;
	up_12 = fakestatus_make(up, 12, "");
	drain_12 = fakestatus_make(drain, 12, "");
	drain_1 = fakestatus_make(drain, 1, "");
	drain_0 = fakestatus_make(drain, 0, "");
	down_0 = fakestatus_make(down, 0, "connection refused");
	none = strdup(up_12);
	for (char *at = none; (at = strstr(at, "\"n1\"")) != NULL; at++)
		memcpy(at, "\"xx\"", 4);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(up_12);
	free(drain_12);
	free(drain_1);
	free(drain_0);
	free(down_0);
	free(none);
	return 0;
}

static void a_full_name_changes_one_server(void **state)
{
	const struct fake_step steps[] = { { .answer = up_12 },
		                           { .answer = "\n" },
		                           { .answer = drain_12 } };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 3, statecmd_main, "drain psql/n1"), CONSOLE_OK);
	assert_string_equal(text_str(&f.asked), "show status json\n"
	                                        "set server psql/n1 state drain\n"
	                                        "show status json\n");
	assert_string_equal(f.out, "psql/n1: DRAIN, 12 sessions\n");
	assert_int_equal(f.err_len, 0);
	fake_stop(&f);
}

/* n2 of psql is not usable either. */
static char *make_last(const char *status)
{
	static const char usable[] = "\"usable\":true";
	const char *at = strstr(status, usable);
	struct text t = { 0 };

	assert_non_null(at);
	text_addn(&t, status, (size_t)(at - status));
	text_add(&t, "\"usable\":false");
	text_add(&t, at + sizeof(usable) - 1);
	return text_take(&t);
}

static void the_last_usable_server_is_warned_of(void **state)
{
	char *last = make_last(drain_12);
	const struct fake_step steps[] = { { .answer = up_12 },
		                           { .answer = "\n" },
		                           { .answer = last } };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 3, statecmd_main, "drain psql/n1"), CONSOLE_OK);
	assert_string_equal(f.out, "psql/n1: DRAIN, 12 sessions\n");
	assert_string_equal(f.err, "warning: psql has no usable server left: "
	                           "`sluice ready psql/n1` brings this one back\n");
	fake_stop(&f);
	free(last);
}

static void a_bare_name_changes_that_server_in_every_service(void **state)
{
	const struct fake_step steps[] = {
		{ .answer = up_12 }, { .answer = "\n" }, { .answer = "\n" }, { .answer = drain_1 }
	};
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 4, statecmd_main, "maint n1"), CONSOLE_OK);
	assert_string_equal(text_str(&f.asked), "show status json\n"
	                                        "set server psql/n1 state maint\n"
	                                        "set server dbconsole/n1 state maint\n"
	                                        "show status json\n");
	assert_string_equal(f.out, "psql/n1: DRAIN, 1 session\ndbconsole/n1: DRAIN, 1 session\n");
	fake_stop(&f);
}

static void a_drain_may_have_a_deadline(void **state)
{
	const struct fake_step steps[] = {
		{ .answer = up_12 }, { .answer = "\n" }, { .answer = "\n" }, { .answer = drain_1 }
	};
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 4, statecmd_main, "drain n1 --deadline 5m"),
	                 CONSOLE_OK);
	assert_string_equal(text_str(&f.asked), "show status json\n"
	                                        "drain psql/n1 deadline 300000ms\n"
	                                        "drain dbconsole/n1 deadline 300000ms\n"
	                                        "show status json\n");
	fake_stop(&f);
}

static void a_deadline_is_a_duration_in_the_future(void **state)
{
	static const char *const lines[] = { "drain n1 --deadline 5", "drain n1 --deadline soon",
		                             "drain n1 --deadline 0s", "drain n1 -d 40000d",
		                             "maint n1 --deadline 5m" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct fake f;

		assert_int_equal(fake_run(&f, NULL, 0, statecmd_main, lines[i]), CONSOLE_USAGE);
		assert_contains(f.err, "deadline");
		fake_stop(&f);
	}
}

static void waiting_ends_with_the_last_session(void **state)
{
	const struct fake_step steps[] = { { .answer = up_12 },   { .answer = "\n" },
		                           { .answer = "\n" },    { .answer = drain_12 },
		                           { .answer = drain_1 }, { .answer = drain_0 } };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 6, statecmd_main, "drain n1 --wait 1m"), CONSOLE_OK);
	assert_contains(f.out, "psql/n1: DRAIN, 12 sessions\ndbconsole/n1: DRAIN, 12 sessions\n");
	assert_contains(f.out, "\nn1: no session is left (");
	assert_string_equal(f.err, "waiting up to 1m for 24 sessions to end\n");
	fake_stop(&f);
}

/* The text of `status` with that in place of the first `old`. */
static char *exchange(const char *status, const char *old, const char *new)
{
	const char *at = strstr(status, old);
	struct text t = { 0 };

	assert_non_null(at);
	text_addn(&t, status, (size_t)(at - status));
	text_addf(&t, "%s%s", new, at + strlen(old));
	return text_take(&t);
}

static void waiting_is_for_the_sessions_of_an_upgraded_process_too(void **state)
{
	char *two = exchange(drain_0, "\"sessions_before\":0", "\"sessions_before\":2");
	char *untold = exchange(drain_0, "\"predecessors\":[",
	                        "\"predecessors\":[{\"known\":false,\"pid\":7,\"sessions\":1,"
	                        "\"since\":\"\",\"since_s\":1}");
	const struct fake_step steps[] = { { .answer = up_12 },  { .answer = "\n" },
		                           { .answer = "\n" },   { .answer = two },
		                           { .answer = untold }, { .answer = drain_0 } };
	const struct fake_step silent[] = {
		{ .answer = up_12 }, { .answer = "\n" }, { .answer = "\n" }, { .answer = untold }
	};
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 6, statecmd_main, "drain n1 --wait 1m"), CONSOLE_OK);
	assert_contains(f.out, "psql/n1: DRAIN, 2 sessions, 2 of them from before an upgrade\n"
	                       "dbconsole/n1: DRAIN, 0 sessions\n");
	assert_contains(f.out, "\nn1: no session is left (");
	assert_string_equal(f.err, "waiting up to 1m for 2 sessions to end\n");
	fake_stop(&f);
	assert_int_equal(fake_run(&f, silent, 4, statecmd_main, "drain n1 --wait 0s"),
	                 CONSOLE_FAILED);
	assert_contains(f.err, "a process from before an upgrade has not told");
	fake_stop(&f);
	free(two);
	free(untold);
}

static void waiting_for_nothing_returns_at_once(void **state)
{
	const struct fake_step steps[] = { { .answer = up_12 },
		                           { .answer = "\n" },
		                           { .answer = drain_0 } };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 3, statecmd_main, "drain psql/n1 -w 1m"), CONSOLE_OK);
	assert_contains(f.out, "psql/n1: no session is left (");
	assert_int_equal(f.err_len, 0);
	fake_stop(&f);
}

static void waiting_gives_up_after_its_time(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{ "drain psql/n1 --wait 1ms", "sluice: after 1ms, 1 session is still there\n" },
		{ "ready psql/n1 --wait 1ms", "sluice: after 1ms, psql/n1 is DRAIN\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct fake_step steps[] = { { .answer = up_12 },
			                           { .answer = "\n" },
			                           { .answer = drain_1 },
			                           { .answer = drain_1 },
			                           { .answer = drain_1 } };
		struct fake f;

		assert_int_equal(fake_run(&f, steps, 5, statecmd_main, cases[i].line),
		                 CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		fake_stop(&f);
	}
}

static void ready_waits_until_it_takes_sessions(void **state)
{
	const struct fake_step steps[] = { { .answer = drain_0 }, { .answer = "\n" },
		                           { .answer = "\n" },    { .answer = down_0 },
		                           { .answer = down_0 },  { .answer = up_12 } };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 6, statecmd_main, "ready n1 --wait 1m"), CONSOLE_OK);
	assert_contains(text_str(&f.asked), "set server psql/n1 state ready\n");
	assert_contains(f.out, "\nn1: takes sessions (");
	assert_string_equal(f.err, "waiting up to 1m until it takes sessions\n");
	fake_stop(&f);
}

static void a_terminal_gets_progress_on_one_line(void **state)
{
	const struct fake_step steps[] = { { .answer = up_12 },
		                           { .answer = "\n" },
		                           { .answer = drain_12 },
		                           { .answer = drain_1 },
		                           { .answer = drain_0 } };
	char drain[] = "drain", server[] = "psql/n1", wait[] = "--wait=1m", s[] = "-s";
	struct fake f;

	(void)state;
	fake_start(&f, steps, 5);
	f.console.live = true;
	assert_int_equal(
	    statecmd_main(&f.console, 5, (char *[]){ drain, server, wait, s, f.path, NULL }),
	    CONSOLE_OK);
	fake_join(&f);
	assert_string_equal(f.err, "waiting up to 1m for 12 sessions to end"
	                           "\r\033[Kwaiting up to 1m for 1 session to end"
	                           "\r\033[K");
	fake_stop(&f);
}

static void failures_while_waiting_are_told(void **state)
{
	const struct {
		const char *answer, *error;
	} cases[] = {
		{ NULL, "sluice: the daemon closed the connection without an answer\n" },
		{ none, "sluice: psql/n1 is not configured any more\n" },
		{ "{}", "sluice: the daemon's answer is not understood: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct fake_step steps[] = { { .answer = up_12 },
			                           { .answer = "\n" },
			                           { .answer = drain_12 },
			                           { .answer = cases[i].answer } };
		struct fake f;

		assert_int_equal(fake_run(&f, steps, 4, statecmd_main, "drain psql/n1 --wait 1m"),
		                 CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		fake_stop(&f);
	}
}

static void an_unknown_server_gets_a_suggestion(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{ "drain n3", "sluice: no server \"n3\": did you mean \"n1\"?\n" },
		{ "drain psq/n1", "sluice: no server \"psq/n1\": did you mean \"psql/n1\"?\n" },
		{ "drain elephant",
		  "sluice: no server \"elephant\"; `sluice status` shows them\n" },
		{ "drain /n1", "no server \"/n1\"" },
		{ "drain psql/", "no server \"psql/\"" },
		{ "drain psql", "sluice: psql is a service; name psql/n1\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct fake_step step = { .answer = up_12 };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, statecmd_main, cases[i].line),
		                 CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		assert_string_equal(text_str(&f.asked), "show status json\n");
		fake_stop(&f);
	}
}

static void a_refused_change_is_told(void **state)
{
	const struct fake_step steps[] = { { .answer = up_12 },
		                           { .answer = "Permission denied\n\n" } };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 2, statecmd_main, "ready n1"), CONSOLE_FAILED);
	assert_string_equal(f.err, "sluice: psql/n1: the daemon answered: Permission denied\n");
	fake_stop(&f);
}

static void a_daemon_that_dies_is_told(void **state)
{
	const struct fake_step steps[] = { { .answer = up_12 },
		                           { .answer = "\n" },
		                           { .answer = NULL } };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &steps[2], 1, statecmd_main, "ready n1"), CONSOLE_FAILED);
	assert_contains(f.err, "without an answer");
	fake_stop(&f);
	assert_int_equal(fake_run(&f, steps, 3, statecmd_main, "ready psql/n1"), CONSOLE_FAILED);
	assert_contains(f.err, "without an answer");
	fake_stop(&f);
}

static void wrong_arguments_ask_nobody(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{ "drain", "sluice drain: SERVER is missing\nUsage: sluice drain SERVER" },
		{ "maint n1 n2", "sluice maint: unexpected \"n2\"\nUsage: sluice maint" },
		{ "ready n1 --wait 30", "--wait \"30\": write a duration with its unit" },
		{ "ready n1 --wait=", "--wait \"\": write a duration with its unit" },
		{ "ready n1 --wait soon", "--wait \"soon\": write a duration with its unit" },
		{ "ready n1 --wait 1000d", "--wait \"1000d\": write a duration with its unit" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake f;

		assert_int_equal(fake_run(&f, NULL, 0, statecmd_main, cases[i].line),
		                 CONSOLE_USAGE);
		assert_contains(f.err, cases[i].error);
		fake_stop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_name_changes_one_server),
		cmocka_unit_test(the_last_usable_server_is_warned_of),
		cmocka_unit_test(a_bare_name_changes_that_server_in_every_service),
		cmocka_unit_test(a_drain_may_have_a_deadline),
		cmocka_unit_test(a_deadline_is_a_duration_in_the_future),
		cmocka_unit_test(waiting_ends_with_the_last_session),
		cmocka_unit_test(waiting_is_for_the_sessions_of_an_upgraded_process_too),
		cmocka_unit_test(waiting_for_nothing_returns_at_once),
		cmocka_unit_test(waiting_gives_up_after_its_time),
		cmocka_unit_test(ready_waits_until_it_takes_sessions),
		cmocka_unit_test(a_terminal_gets_progress_on_one_line),
		cmocka_unit_test(failures_while_waiting_are_told),
		cmocka_unit_test(an_unknown_server_gets_a_suggestion),
		cmocka_unit_test(a_refused_change_is_told),
		cmocka_unit_test(a_daemon_that_dies_is_told),
		cmocka_unit_test(wrong_arguments_ask_nobody),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
