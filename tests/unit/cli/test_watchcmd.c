/* SPDX-License-Identifier: MIT */
#include "cli/watchcmd.h"

#include "fake.h"
#include "report/eventjson.h"

#include <signal.h>
#include <sys/wait.h>

/* Two events as the daemon streams them, and a third one that is cut off. */
static char *make_stream(void)
{
	struct text out = { 0 };
	struct journal_event e = {
		.seq = 7,
		.wall_ms = 1795223521000,
		.kind = JOURNAL_SERVER,
		.level = 5,
		.service = "psql",
		.server = "n2",
		.before = { STATE_UP, 4, 0, 0, 0 },
		.after = { STATE_NOLB, 3, 0, 0, 0 },
		.limits = { .rise = 2, .fall = 3, .checked = true },
		.check = { .code = PROBE_L7STS, .status = 503, .draining = true, .duration_ms = 1 },
		.active_left = 2,
		.sessions = 12,
	};

	eventjson_write(&e, &out);
	text_addc(&out, '\n');
	e.seq = 8;
	e.before = e.after;
	e.after.health = STATE_DOWN;
	e.after.counter = 0;
	eventjson_write(&e, &out);
	text_add(&out, "\n{\"seq\": 9, \"ti");
	return text_take(&out);
}

static void events_are_lines_until_the_daemon_goes_away(void **state)
{
	char *stream = make_stream();
	struct fake_step steps[] = { { .answer = "\n" }, { .answer = stream, .trickle = true } };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, steps, 2, watchcmd_main, "watch"), CONSOLE_FAILED);
	assert_string_equal(text_str(&f.asked),
	                    "show events json\nshow events json follow since 1\n");
	assert_contains(f.out, "NOLB");
	assert_contains(f.out, "DOWN");
	assert_ptr_equal(strchr(strchr(f.out, '\n') + 1, '\n') + 1, f.out + f.out_len);
	assert_contains(f.err, "sluice: the daemon has gone away (");
	fake_stop(&f);
	free(stream);
}

static void json_lines_are_passed_on(void **state)
{
	char *stream = make_stream();
	struct fake_step step = { .answer = stream };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, watchcmd_main, "watch --json --since 7"),
	                 CONSOLE_FAILED);
	assert_string_equal(text_str(&f.asked), "show events json follow since 7\n");
	assert_memory_equal(f.out, stream, f.out_len);
	assert_true(f.out_len > 100);
	assert_int_equal(f.out[f.out_len - 1], '\n');
	fake_stop(&f);
	free(stream);
}

static void it_begins_after_the_last_event(void **state)
{
	char *stream = make_stream();
	struct fake_step steps[] = { { .answer = stream }, { .answer = NULL } };
	struct fake f;

	(void)state;
	strcpy(strstr(stream, "{\"seq\": 9"), "\n");
	assert_int_equal(fake_run(&f, steps, 2, watchcmd_main, "watch"), CONSOLE_FAILED);
	assert_string_equal(text_str(&f.asked),
	                    "show events json\nshow events json follow since 9\n");
	assert_int_equal(f.out_len, 0);
	assert_contains(f.err, "the daemon has gone away");
	fake_stop(&f);
	free(stream);
}

static void bad_answers_end_it(void **state)
{
	static const struct {
		const char *answer, *error;
	} cases[] = {
		{ NULL, "the daemon closed the connection without an answer" },
		{ "Unknown command: 'show events'\n\n", "the daemon answered: Unknown command" },
		{ "{\"seq\": }\n\n", "the daemon's answer is not understood: " },
		{ "{}\n\n", "the daemon's answer is not understood: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = cases[i].answer };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, watchcmd_main, "watch"), CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

static void bad_lines_end_it(void **state)
{
	static const struct {
		const char *answer, *error;
	} cases[] = {
		{ NULL, "the daemon has gone away" },
		{ "\n\n", "the daemon has gone away" },
		{ "Unknown command: 'show events'\n\n", "the daemon answered: Unknown command" },
		{ "{\"seq\": }\n", "the daemon's answer is not understood: " },
		{ "{}\n", "the daemon's answer is not understood: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step step = { .answer = cases[i].answer };
		struct fake f;

		assert_int_equal(fake_run(&f, &step, 1, watchcmd_main, "watch --since 1"),
		                 CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

static void a_terminal_is_told_what_it_waits_for(void **state)
{
	struct fake_step steps[] = { { .answer = "\n" }, { .answer = NULL } };
	char watch[] = "watch", s[] = "-s";
	struct fake f;

	(void)state;
	fake_start(&f, steps, 2);
	f.console.live = true;
	assert_int_equal(watchcmd_main(&f.console, 3, (char *[]){ watch, s, f.path, NULL }),
	                 CONSOLE_FAILED);
	fake_join(&f);
	assert_contains(f.err, "waiting for events; Ctrl-C ends it");
	fake_stop(&f);
}

static void it_ends_when_nobody_reads_its_output(void **state)
{
	char watch[] = "watch", since[] = "--since=1", s[] = "-s";
	struct fake_step step = { .answer = "\n", .hang = true };
	struct fake f;
	FILE *memory;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	fake_start(&f, &step, 1);
	memory = f.console.out;
	f.console.out = fdopen(fds[1], "w");
	close(fds[0]);
	assert_int_equal(watchcmd_main(&f.console, 4, (char *[]){ watch, since, s, f.path, NULL }),
	                 CONSOLE_OK);
	fclose(f.console.out);
	f.console.out = memory;
	fake_join(&f);
	assert_int_equal(f.err_len, 0);
	fake_stop(&f);
}

static void a_line_is_shown_while_the_stream_stays_open(void **state)
{
	char *stream = make_stream(), watch[] = "watch", since[] = "--since=7", s[] = "-s";
	char bytes[1024] = "";
	struct fake_step step = { .answer = stream, .hang = true };
	struct fake f;
	FILE *out;
	int fds[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	fake_start(&f, &step, 1);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		f.console.out = fdopen(fds[1], "w");
		_exit(watchcmd_main(&f.console, 4, (char *[]){ watch, since, s, f.path, NULL }));
	}
	close(fds[1]);
	out = fdopen(fds[0], "r");
	assert_non_null(fgets(bytes, sizeof(bytes), out));
	assert_contains(bytes, "NOLB");
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	fclose(out);
	fake_join(&f);
	fake_stop(&f);
	free(stream);
}

static void wrong_options_ask_nobody(void **state)
{
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, NULL, 0, watchcmd_main, "watch --since today"),
	                 CONSOLE_USAGE);
	assert_contains(f.err, "--since \"today\" is not the number of an event");
	fake_stop(&f);
	assert_int_equal(fake_run(&f, NULL, 0, watchcmd_main, "watch n1"), CONSOLE_USAGE);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_lines_until_the_daemon_goes_away),
		cmocka_unit_test(json_lines_are_passed_on),
		cmocka_unit_test(it_begins_after_the_last_event),
		cmocka_unit_test(bad_answers_end_it),
		cmocka_unit_test(bad_lines_end_it),
		cmocka_unit_test(a_terminal_is_told_what_it_waits_for),
		cmocka_unit_test(it_ends_when_nobody_reads_its_output),
		cmocka_unit_test(a_line_is_shown_while_the_stream_stays_open),
		cmocka_unit_test(wrong_options_ask_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
