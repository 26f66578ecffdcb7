/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/watchline.h"
#include "widest.h"

static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

static struct watchline on(unsigned int width)
{
	return (struct watchline){ .width = width, .before_wall_ms = FIXTURE_WALL_MS - 3200 };
}

static void expect(unsigned int width, const struct journal_event *e, const char *line)
{
	struct watchline w = on(width);
	AUTO_TEXT out = { 0 };

	watchline_write(&w, e, &out);
	assert_string_equal(text_str(&out), line);
}

static struct journal_event went_down(void)
{
	struct journal_event e = fixture_event();

	e.before = fixture_state(STATE_UP, 4, 0);
	e.after = fixture_state(STATE_DOWN, 0, 0);
	e.check = fixture_answer(PROBE_L4CON, 0, "Connection refused");
	e.since_ms = 11520000;
	return e;
}

static void a_pipe_gets_whole_lines_with_a_date(void **state)
{
	struct journal_event e = went_down();

	(void)state;
	expect(0, &e,
	       "2026-11-20 12:12:01.095   +3.2s  psql/n2       UP -> DOWN    check failed: "
	       "Connection refused (1 ms); 12 sessions on it; after 3h12m; 2 servers usable\n");
	e.requeued = 3;
	expect(0, &e,
	       "2026-11-20 12:12:01.095   +3.2s  psql/n2       UP -> DOWN    check failed: "
	       "Connection refused (1 ms); 12 sessions on it, 3 that waited for it go elsewhere; "
	       "after 3h12m; 2 servers usable\n");
}

static void a_terminal_gets_what_fits(void **state)
{
	struct journal_event e = went_down();

	(void)state;
	expect(200, &e,
	       "12:12:01.095   +3.2s  psql/n2       UP -> DOWN    check failed: Connection "
	       "refused (1 ms); 12 sessions on it; after 3h12m; 2 servers usable\n");
	expect(120, &e,
	       "12:12:01.095   +3.2s  psql/n2       UP -> DOWN    refused; 12 sessions; "
	       "after 3h12m; 2 usable\n");
	expect(100, &e,
	       "12:12:01.095   +3.2s  psql/n2       UP -> DOWN    refused; 12 sessions; "
	       "after 3h12m; 2 usable\n");
	expect(80, &e, "12:12:01   +3.2s  psql/n2       UP -> DOWN    refused; 12 sessions ~\n");
	expect(60, &e, "12:12:01   +3.2s  psql/n2       UP -> DOWN    refused ~\n");
	expect(30, &e, "12:12:01   +3.2s  psql/n2    ~\n");
}

static void a_command_is_told_in_few_words(void **state)
{
	struct journal_event e = fixture_event();

	(void)state;
	e.cause = JOURNAL_BY_COMMAND;
	e.check = (struct probe_result){ 0 };
	e.after = fixture_state(STATE_UP, 4, STATE_DRAIN_COMMAND);
	e.sessions = 1;
	snprintf(e.text, sizeof(e.text), "draining by a command");
	expect(80, &e, "12:12:01   +3.2s  psql/n2       UP -> DRAIN   by a command; 1 session ~\n");
	expect(120, &e,
	       "12:12:01.095   +3.2s  psql/n2       UP -> DRAIN   draining by a command; 1 "
	       "session stays; after 1m05s; 2 servers usable\n");
}

static void what_it_cost_is_said_of_services_too(void **state)
{
	struct journal_event e = { .wall_ms = FIXTURE_WALL_MS,
		                   .service = "psql",
		                   .kind = JOURNAL_SERVICE_DOWN,
		                   .since_ms = 7500000 };

	(void)state;
	expect(200, &e,
	       "12:12:01.095   +3.2s  psql          OUT OF SERVICE  no server usable; after "
	       "2h05m in service\n");
	e.kind = JOURNAL_SERVICE_UP;
	e.since_ms = 4200;
	e.active_left = 1;
	e.backup_left = 1;
	expect(200, &e,
	       "12:12:01.095   +3.2s  psql          IN SERVICE    after 4.2s without a server; "
	       "1 server and 1 backup usable\n");
	expect(80, &e, "12:12:01   +3.2s  psql          IN SERVICE    after 4.2s; 2 usable\n");
	e = (struct journal_event){ .wall_ms = FIXTURE_WALL_MS,
		                    .kind = JOURNAL_PROCESS,
		                    .level = LOG_LEVEL_NOTICE,
		                    .text = "ready" };
	expect(80, &e, "12:12:01   +3.2s  sluice        ready\n");
}

static void a_return_costs_the_time_that_it_was_away(void **state)
{
	struct journal_event e = fixture_event();

	(void)state;
	e.before = fixture_state(STATE_DOWN, 0, 0);
	e.after = fixture_state(STATE_UP, 4, 0);
	e.check = fixture_answer(PROBE_L7OK, 200, "OK");
	expect(0, &e,
	       "2026-11-20 12:12:01.095   +3.2s  psql/n2       DOWN -> UP    check passed: HTTP "
	       "200 \"OK\" (1 ms); after 1m05s; 2 servers usable\n");
	expect(80, &e,
	       "12:12:01   +3.2s  psql/n2       DOWN -> UP    HTTP 200; after 1m05s; 2 usable\n");
}

static void times_are_told_from_the_line_before(void **state)
{
	static const struct {
		int64_t before_ms;
		const char *span;
	} cases[] = {
		{ 0, "    +0ms" },     { 999, "  +999ms" },    { 1000, "   +1.0s" },
		{ 59999, "  +59.9s" }, { 60000, "  +1m00s" },  { 7500000, "  +2h05m" },
		{ -250, "  -250ms" },  { -61000, "  -1m01s" },
	};
	struct journal_event e = went_down();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct watchline w = { .before_wall_ms = FIXTURE_WALL_MS - cases[i].before_ms };
		AUTO_TEXT out = { 0 };

		watchline_write(&w, &e, &out);
		assert_memory_equal(text_str(&out) + strlen("2026-11-20 12:12:01.095"),
		                    cases[i].span, 8);
		assert_int_equal(w.before_wall_ms, FIXTURE_WALL_MS);
	}
}

static void another_day_has_a_line_of_its_own(void **state)
{
	struct watchline w = { .width = 80, .before_wall_ms = FIXTURE_WALL_MS - 86400000 };
	struct journal_event e = went_down();
	AUTO_TEXT out = { 0 };

	(void)state;
	watchline_write(&w, &e, &out);
	assert_memory_equal(text_str(&out), "2026-11-20\n12:12:01 +24h00m", 19);
	text_clear(&out);
	watchline_write(&w, &e, &out);
	assert_memory_equal(text_str(&out), "12:12:01    +0ms", 16);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
	struct journal_event e = went_down();

	(void)state;
	snprintf(e.service, sizeof(e.service), "a-service-with-a-name-of-forty-characters");
	snprintf(e.server, sizeof(e.server),
	         "\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97-and-a-server-with-as-many");
	e.before = fixture_state(STATE_CHECKING, 0, STATE_MAINT_COMMAND);
	for (enum journal_kind k = 0; k < JOURNAL_KIND_COUNT; k++) {
		e.kind = k;
		snprintf(e.text, sizeof(e.text),
		         "\xe4\xb8\xad\xe6\x96\x87 and words that no terminal of so few columns "
		         "has any room for whatever it may leave out of them");
		for (unsigned int width = 10; width < 240; width++) {
			struct watchline w = on(width);
			AUTO_TEXT out = { 0 };

			watchline_write(&w, &e, &out);
			if (widest(text_str(&out)) > width)
				fail_msg("%u: %s", width, text_str(&out));
		}
	}
}

static void columns_grow_with_the_names_in_them(void **state)
{
	struct journal_event e = went_down();
	struct watchline w = on(200);
	AUTO_TEXT out = { 0 };

	(void)state;
	snprintf(e.server, sizeof(e.server), "a-longer-name");
	watchline_write(&w, &e, &out);
	text_clear(&out);
	e = went_down();
	watchline_write(&w, &e, &out);
	assert_memory_equal(text_str(&out) + strlen("12:12:01.095    +0ms  "),
	                    "psql/n2             UP", 22);
}

static void colours_are_taken_back_and_control_characters_do_not_get_through(void **state)
{
	struct journal_event e = went_down();
	struct watchline w = on(200);
	AUTO_TEXT out = { 0 };

	(void)state;
	w.colour = true;
	snprintf(e.server, sizeof(e.server), "n\033[2J");
	snprintf(e.check.info, sizeof(e.check.info), "a\r\nb");
	watchline_write(&w, &e, &out);
	assert_string_equal(text_str(&out),
	                    "\033[2m12:12:01.095   +3.2s\033[0m  psql/n?[2J    \033[31mUP -> DOWN  "
	                    "  \033[0mcheck failed: a??b (1 ms); 12 sessions on it; after "
	                    "3h12m; 2 servers usable\n");
}

static void marks_that_turn_the_direction_do_not_get_through(void **state)
{
	struct journal_event e = fixture_event();
	struct watchline w = on(0);
	AUTO_TEXT out = { 0 };

	(void)state;
	e.kind = JOURNAL_MARK;
	snprintf(e.text, sizeof(e.text),
	         "a\u202eb\u2066c\u2028d\u200fe\u061cf \u201cg\u201d \u2044 \u0628 \u4e2d");
	watchline_write(&w, &e, &out);
	assert_non_null(strstr(text_str(&out), "a???b???c???d???e??f \u201cg\u201d \u2044 \u0628 "
	                                       "\u4e2d\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_gets_whole_lines_with_a_date),
		cmocka_unit_test(a_terminal_gets_what_fits),
		cmocka_unit_test(a_command_is_told_in_few_words),
		cmocka_unit_test(what_it_cost_is_said_of_services_too),
		cmocka_unit_test(a_return_costs_the_time_that_it_was_away),
		cmocka_unit_test(times_are_told_from_the_line_before),
		cmocka_unit_test(another_day_has_a_line_of_its_own),
		cmocka_unit_test(no_line_is_wider_than_the_terminal),
		cmocka_unit_test(columns_grow_with_the_names_in_them),
		cmocka_unit_test(colours_are_taken_back_and_control_characters_do_not_get_through),
		cmocka_unit_test(marks_that_turn_the_direction_do_not_get_through),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
