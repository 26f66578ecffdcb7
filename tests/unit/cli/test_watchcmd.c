/* SPDX-License-Identifier: MIT */
#include "cli/watchcmd.h"

#include "base/tick.h"
#include "cli/client.h"
#include "fake.h"
#include "fakestatus.h"
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
	assert_int_equal(fake_run(&f, steps, 2, watchcmd_main, "watch --retry 0s"), CONSOLE_FAILED);
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
	assert_int_equal(fake_run(&f, &step, 1, watchcmd_main, "watch --json --since 7 --retry 0s"),
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
	assert_int_equal(fake_run(&f, steps, 2, watchcmd_main, "watch --retry 0s"), CONSOLE_FAILED);
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

		assert_int_equal(fake_run(&f, &step, 1, watchcmd_main, "watch --retry 0s"),
		                 CONSOLE_FAILED);
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

		assert_int_equal(
		    fake_run(&f, &step, 1, watchcmd_main, "watch --since 1 --retry 0s"),
		    CONSOLE_FAILED);
		assert_contains(f.err, cases[i].error);
		assert_int_equal(f.out_len, 0);
		fake_stop(&f);
	}
}

static void a_terminal_is_told_what_it_waits_for(void **state)
{
	struct fake_step steps[] = { { .answer = "\n" }, { .answer = NULL } };
	char watch[] = "watch", retry[] = "--retry=0s", s[] = "-s";
	struct fake f;

	(void)state;
	fake_start(&f, steps, 2);
	f.console.live = true;
	assert_int_equal(watchcmd_main(&f.console, 4, (char *[]){ watch, retry, s, f.path, NULL }),
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
	static const struct {
		const char *argument, *error;
	} cases[] = {
		{ "--until=all", "--until: \"all\" is not who and what" },
		{ "--until=all upp", "did you mean \"all up\"?" },
		{ "--timeout=60s", "--timeout is for --until" },
		{ "--retry=5", "--retry \"5\": write a duration with its unit" },
		{ "--since=25:00", "--since \"25:00\": write the number" },
	};
	char watch[] = "watch";
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, NULL, 0, watchcmd_main, "watch --since today"),
	                 CONSOLE_USAGE);
	assert_contains(f.err,
	                "--since \"today\": write the number of an event, so long ago (10m), "
	                "a time of day (14:05) or 2026-11-20T14:05:00Z");
	fake_stop(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char word[64];

		snprintf(word, sizeof(word), "%s", cases[i].argument);
		fake_start(&f, NULL, 0);
		assert_int_equal(watchcmd_main(&f.console, 2, (char *[]){ watch, word, NULL }),
		                 CONSOLE_USAGE);
		fake_join(&f);
		assert_contains(f.err, cases[i].error);
		fake_stop(&f);
	}
	assert_int_equal(fake_run(&f, NULL, 0, watchcmd_main, "watch n1"), CONSOLE_USAGE);
	fake_stop(&f);
}

/* The first of the two events, `minutes` after the usual time. */
static void add_event(struct text *out, uint64_t seq, int minutes)
{
	char *stream = make_stream();
	struct journal_event e;
	struct error err;

	*strchr(stream, '\n') = '\0';
	if (!eventjson_read(stream, &e, &err))
		fail_msg("%s", err.text);
	e.seq = seq;
	e.wall_ms += INT64_C(60000) * minutes;
	eventjson_write(&e, out);
	text_addc(out, '\n');
	free(stream);
}

static void a_moment_chooses_the_first_event(void **state)
{
	static const struct {
		const char *since;
		int first;
	} cases[] = {
		{ "2026-11-21T01:12:01Z", 1 },  { "2026-11-21T01:12:01.500Z", 12 },
		{ "2026-11-21T01:13:00Z", 12 }, { "2026-11-22T00:00Z", 14 },
		{ "1970-01-01T00:00Z", 1 },
	};
	AUTO_TEXT past = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		add_event(&past, 11 + (uint64_t)i, i);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_step steps[] = { { .answer = text_str(&past) }, { .answer = NULL } };
		char line[96], asked[96];
		struct fake f;

		snprintf(line, sizeof(line), "watch --retry 0s --since %s", cases[i].since);
		snprintf(asked, sizeof(asked),
		         "show events json\nshow events json follow since %d\n", cases[i].first);
		assert_int_equal(fake_run(&f, steps, 2, watchcmd_main, line), CONSOLE_FAILED);
		assert_string_equal(text_str(&f.asked), asked);
		fake_stop(&f);
	}
}

/* What is asked after an event 7 when the journal then says `answer`. */
static void expect_place(const char *answer, const char *place)
{
	AUTO_TEXT stream = { 0 };
	AUTO_TEXT asked = { 0 };
	struct fake_step steps[] = { { .answer = NULL },
		                     { .answer = answer },
		                     { .answer = "Unknown command\n" } };
	struct fake f;

	add_event(&stream, 7, 0);
	steps[0].answer = text_str(&stream);
	assert_int_equal(fake_run(&f, steps, 3, watchcmd_main, "watch --since 7 --retry 10s"),
	                 CONSOLE_FAILED);
	text_addf(&asked,
	          "show events json follow since 7\nshow events json since 7\n"
	          "show events json follow since %s\n",
	          place);
	assert_string_equal(text_str(&f.asked), text_str(&asked));
	assert_contains(f.out, "psql/n2");
	assert_contains(f.err, "the daemon answered: Unknown command");
	fake_stop(&f);
}

static void it_goes_on_where_it_was_or_begins_anew(void **state)
{
	AUTO_TEXT same = { 0 };
	AUTO_TEXT other = { 0 };
	AUTO_TEXT later = { 0 };

	(void)state;
	add_event(&same, 7, 0);
	add_event(&same, 8, 1);
	add_event(&other, 7, 5);
	add_event(&later, 30, 5);
	expect_place(text_str(&same), "8");
	expect_place(text_str(&other), "1");
	expect_place("\n", "1");
	expect_place(text_str(&later), "30");
}

static void a_daemon_that_stays_away_ends_it(void **state)
{
	struct fake_step step = { .answer = NULL };
	struct fake f;

	(void)state;
	assert_int_equal(fake_run(&f, &step, 1, watchcmd_main, "watch --since 1 --retry 2s"),
	                 CONSOLE_FAILED);
	assert_contains(f.err, "the daemon has gone away; waiting up to 2s for it\n");
	assert_contains(f.err, "sluice: the daemon has gone away (");
	fake_stop(&f);
}

static int run_until(struct fake *f, const struct fake_step *steps, size_t count,
                     const char *condition, bool json)
{
	char watch[] = "watch", since[] = "--since=1", until[] = "--until", flag[] = "--json",
	     timeout[] = "--timeout=300ms", retry[] = "--retry=0s", s[] = "-s", word[64];
	int status;

	snprintf(word, sizeof(word), "%s", condition);
	fake_start(f, steps, count);
	status = watchcmd_main(&f->console, json ? 9 : 8,
	                       (char *[]){ watch, since, until, word, timeout, retry, s, f->path,
	                                   json ? flag : NULL, NULL });
	fake_join(f);
	return status;
}

static const struct state is_up = { .health = STATE_UP, .counter = 4 };

static void what_holds_already_ends_it_at_once(void **state)
{
	char *status = fakestatus_make(is_up, 0, "");
	struct fake_step steps[] = { { .answer = "\n", .open = true }, { .answer = status } };
	struct fake f;

	(void)state;
	assert_int_equal(run_until(&f, steps, 2, "all up", false), CONSOLE_OK);
	assert_string_equal(text_str(&f.asked),
	                    "show events json follow since 1\nshow status json\n");
	assert_memory_equal(f.out, "all up (0.", 10);
	assert_int_equal(f.err_len, 0);
	fake_stop(&f);
	assert_int_equal(run_until(&f, steps, 2, "all up", true), CONSOLE_OK);
	assert_int_equal(f.out_len, 0);
	fake_stop(&f);
	free(status);
}

static void time_that_is_over_says_what_was_missing(void **state)
{
	char *status = fakestatus_make((struct state){ .health = STATE_DOWN }, 0, "no answer");
	struct fake_step steps[] = { { .answer = "\n", .open = true },
		                     { .answer = status },
		                     { .answer = status },
		                     { .answer = status } };
	struct fake f;

	(void)state;
	assert_int_equal(run_until(&f, steps, 4, "all up", false), CONSOLE_FAILED);
	assert_string_equal(f.err,
	                    "sluice: after 300ms, it is not so: psql/n1 is DOWN: no answer\n");
	fake_stop(&f);
	free(status);
}

static void a_daemon_that_hangs_does_not_make_it_late(void **state)
{
	char *status = fakestatus_make((struct state){ .health = STATE_DOWN }, 0, "no answer");
	/* Half an event; or no answer to the question. */
	struct fake_step half[] = { { .answer = "{\"seq\": 1", .open = true },
		                    { .answer = status },
		                    { .answer = status },
		                    { .answer = status } };
	struct fake_step silent[] = { { .answer = "\n", .open = true }, { .hang = true } };
	int64_t before = tick_ms();
	struct fake f;

	(void)state;
	assert_int_equal(run_until(&f, half, 1, "all up", false), CONSOLE_FAILED);
	assert_contains(f.err, "the daemon does not answer on");
	fake_stop(&f);
	assert_int_equal(run_until(&f, silent, 2, "all up", false), CONSOLE_FAILED);
	assert_contains(f.err, "after 300ms, it is not so: the daemon does not answer on");
	fake_stop(&f);
	assert_in_range(tick_ms() - before, 600, CLIENT_PATIENCE_MS - 1);
	free(status);
}

static void somebody_unknown_is_wrong_usage(void **state)
{
	char *status = fakestatus_make(is_up, 0, "");
	struct fake_step steps[] = { { .answer = "\n", .open = true }, { .answer = status } };
	struct fake f;

	(void)state;
	assert_int_equal(run_until(&f, steps, 2, "n11 up", false), CONSOLE_USAGE);
	assert_contains(f.err,
	                "--until: no service or server \"n11\": did you mean \"n1\"?\nUsage: ");
	fake_stop(&f);
	free(status);
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
		cmocka_unit_test(a_moment_chooses_the_first_event),
		cmocka_unit_test(it_goes_on_where_it_was_or_begins_anew),
		cmocka_unit_test(a_daemon_that_stays_away_ends_it),
		cmocka_unit_test(what_holds_already_ends_it_at_once),
		cmocka_unit_test(time_that_is_over_says_what_was_missing),
		cmocka_unit_test(a_daemon_that_hangs_does_not_make_it_late),
		cmocka_unit_test(somebody_unknown_is_wrong_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
