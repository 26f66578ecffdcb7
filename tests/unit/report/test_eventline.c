/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/eventline.h"

static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

static void expect_line(const struct journal_event *e, unsigned int flags, const char *line)
{
	AUTO_TEXT out = { 0 };

	eventline_write(e, flags, &out);
	assert_string_equal(text_str(&out), line);
}

static void a_drain_is_told_with_its_cause_and_sessions(void **state)
{
	struct journal_event e = fixture_event();

	(void)state;
	expect_line(&e, EVENTLINE_TIME,
	            "12:12:01.095  psql/n2  UP -> NOLB  drain: HTTP 503 \"Service Unavailable\" (1 "
	            "ms); 12 sessions stay; 2 servers usable");
	expect_line(&e, EVENTLINE_TIME | EVENTLINE_DATE,
	            "2026-11-20 12:12:01.095  psql/n2  UP -> NOLB  drain: HTTP 503 \"Service "
	            "Unavailable\" (1 ms); 12 sessions stay; 2 servers usable");
	expect_line(
	    &e, EVENTLINE_ALIGN,
	    "psql/n2           UP -> NOLB          drain: HTTP 503 \"Service Unavailable\" (1 "
	    "ms); 12 sessions stay; 2 servers usable");
	e.sessions = 1;
	e.active_left = 0;
	e.backup_left = 1;
	expect_line(
	    &e, 0,
	    "psql/n2  UP -> NOLB  drain: HTTP 503 \"Service Unavailable\" (1 ms); 1 session "
	    "stays; 1 backup usable");
}

static void other_transitions_are_told_too(void **state)
{
	struct journal_event e = fixture_event();

	(void)state;
	e.check = fixture_answer(PROBE_L4CON, 0, "Connection refused");
	e.after = fixture_state(STATE_DOWN, 0, 0);
	e.active_left = 0;
	expect_line(
	    &e, 0,
	    "psql/n2  UP -> DOWN  check failed: Connection refused (1 ms); 12 sessions on it; "
	    "no server usable");
	e.before = e.after;
	e.after = fixture_state(STATE_UP, 4, 0);
	e.check = fixture_answer(PROBE_L7OK, 200, "OK");
	e.active_left = 1;
	e.backup_left = 1;
	expect_line(
	    &e, 0,
	    "psql/n2  DOWN -> UP  check passed: HTTP 200 \"OK\" (1 ms); 1 server and 1 backup "
	    "usable");
	e.before = fixture_state(STATE_UP, 4, 0);
	e.after = fixture_state(STATE_UP, 4, STATE_DRAIN_COMMAND);
	e.check = (struct probe_result){ 0 };
	e.backup_left = 0;
	snprintf(e.text, sizeof(e.text), "set by an operator");
	expect_line(&e, 0,
	            "psql/n2  UP -> DRAIN  set by an operator; 12 sessions stay; 1 server usable");
	e.before = fixture_state(STATE_CHECKING, 0, STATE_MAINT_COMMAND);
	e.after = fixture_state(STATE_CHECKING, 0, 0);
	expect_line(&e, 0, "psql/n2  MAINT -> CHECKING  set by an operator; 1 server usable");
}

static void a_check_shows_the_counter(void **state)
{
	struct journal_event e = fixture_event();

	(void)state;
	e.kind = JOURNAL_CHECK;
	e.after = fixture_state(STATE_UP, 3, 0);
	e.check = fixture_answer(PROBE_L7TOUT, 0, "");
	expect_line(&e, 0, "psql/n2  UP 2/3  check failed: no answer in time (1 ms)");
}

static void services_and_the_process_have_lines(void **state)
{
	struct journal_event e = { .service = "psql", .kind = JOURNAL_SERVICE_DOWN };

	(void)state;
	expect_line(&e, 0, "psql  OUT OF SERVICE  no server usable");
	e.kind = JOURNAL_SERVICE_UP;
	e.active_left = 2;
	e.since_ms = 12345;
	expect_line(&e, 0, "psql  IN SERVICE  2 servers usable after 12s");
	e.since_ms = 36;
	expect_line(&e, 0, "psql  IN SERVICE  2 servers usable after 36 ms");
	e = (struct journal_event){ .kind = JOURNAL_PROCESS, .text = "ready" };
	expect_line(&e, 0, "sluice  ready");
}

static void every_code_of_a_check_has_words(void **state)
{
	(void)state;
	for (enum probe_code c = 0; c < PROBE_CODE_COUNT; c++) {
		struct probe_result r = { .code = c, .info = "why" };
		AUTO_TEXT out = { 0 };

		eventline_write_check(&r, &out);
		assert_non_null(strstr(text_str(&out), "why"));
		assert_int_equal(strstr(text_str(&out), " ms)") != NULL,
		                 c != PROBE_UNKNOWN && c != PROBE_INIT);
	}
}

static void control_characters_do_not_get_through(void **state)
{
	struct journal_event e = fixture_event();
	AUTO_TEXT out = { 0 };

	(void)state;
	snprintf(e.server, sizeof(e.server), "n\033[2J\n");
	snprintf(e.check.info, sizeof(e.check.info),
	         "a\r\nb\xc2\x9bz\xff"
	         "\xc3\xa9");
	eventline_write(&e, 0, &out);
	for (const char *p = text_str(&out); *p; p++)
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
	assert_non_null(strstr(text_str(&out), "psql/n?[2J?"));
	assert_non_null(strstr(text_str(&out), "\"a??b??z?\xc3\xa9\""));
}

static void colours_are_taken_back(void **state)
{
	struct journal_event e = fixture_event();

	(void)state;
	e.sessions = 0;
	expect_line(
	    &e, EVENTLINE_COLOUR | EVENTLINE_TIME,
	    "\033[2m12:12:01.095\033[0m  psql/n2  \033[33mUP -> NOLB  \033[0mdrain: HTTP 503 "
	    "\"Service Unavailable\" (1 ms); 2 servers usable");
}

static void the_parts_of_a_line_stand_alone(void **state)
{
	struct journal_event e = fixture_event();
	AUTO_TEXT name = { 0 };
	AUTO_TEXT cause = { 0 };
	AUTO_TEXT usable = { 0 };
	AUTO_TEXT what = { 0 };
	AUTO_TEXT mark = { 0 };

	(void)state;
	eventline_write_name(&e, &name);
	assert_string_equal(text_str(&name), "psql/n2");
	eventline_write_cause(&e, &cause);
	assert_string_equal(text_str(&cause), "drain: HTTP 503 \"Service Unavailable\" (1 ms)");
	eventline_write_usable(&e, &usable);
	assert_string_equal(text_str(&usable), "2 servers usable");
	eventline_write_state(&e, true, 12, &what);
	assert_string_equal(text_str(&what), "\033[33mUP -> NOLB    \033[0m");
	assert_true(eventline_turns_away(&e));
	e.before = fixture_state(STATE_DOWN, 0, 0);
	e.after = fixture_state(STATE_UP, 4, 0);
	assert_false(eventline_turns_away(&e));
	e.kind = JOURNAL_MARK;
	eventline_write_state(&e, true, 12, &mark);
	assert_int_equal(mark.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drain_is_told_with_its_cause_and_sessions),
		cmocka_unit_test(other_transitions_are_told_too),
		cmocka_unit_test(a_check_shows_the_counter),
		cmocka_unit_test(services_and_the_process_have_lines),
		cmocka_unit_test(every_code_of_a_check_has_words),
		cmocka_unit_test(control_characters_do_not_get_through),
		cmocka_unit_test(the_parts_of_a_line_stand_alone),
		cmocka_unit_test(colours_are_taken_back),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
