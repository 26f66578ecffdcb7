/* SPDX-License-Identifier: MIT */
#include "whyfixture.h"

#include "report/whytext.h"

static void show(const struct whyjson_source *at, size_t count, unsigned int width,
                 unsigned int flags, struct text *out)
{
	AUTO_TEXT json = { 0 };
	struct whyjson *w;

	if (count == 1)
		whyjson_write(at, &json);
	else
		whyjson_write_list(at, count, &json);
	w = whyjson_read(text_str(&json), NULL);
	assert_non_null(w);
	whytext_write(w, width, flags, out);
	whyjson_free(w);
}

static void eighty_columns_hold_the_answer(void **state)
{
	struct whyfixture w;
	AUTO_TEXT out = { 0 };

	(void)state;
	whyfixture_init(&w);
	show(&w.source, 1, 80, WHYTEXT_ASCII, &out);
	assert_string_equal(
	    text_str(&out),
	    "x psql/n2  DOWN  since 12:11:49.095\n"
	    "  DOWN for 12s: 3 failed checks in a row (fall = 3): Connection refused; it\n"
	    "  comes back after 2 good checks in a row (rise = 2); the next check is in 400\n"
	    "  ms\n"
	    "\n"
	    "  - checked every 2s: GET /health?ready=1 of 10.0.0.2:8080, http; node n2 is\n"
	    "    checked once for all services\n"
	    "  - 2 good checks in a row bring it back (rise = 2)\n"
	    "  - no connection to 10.0.0.2:8080: does the node run, and does it listen there?\n"
	    "  - its agent said last: up\n"
	    "\n"
	    "    LAST CHECKS     AGO    TOOK  AFTER IT   RESULT\n"
	    "  x 12:11:49.095  12.0s    1 ms  DOWN       Connection refused\n"
	    "  x 12:11:47.095  14.0s    1 ms  UP 1/3     Connection refused\n"
	    "  x 12:11:45.095  16.0s    1 ms  UP 2/3     Connection refused\n"
	    "  + 12:11:43.095  18.0s    1 ms  UP         HTTP 200 \"OK\"\n"
	    "\n"
	    "    OF ITS AGENT    AGO    TOOK  AFTER IT   RESULT\n"
	    "  + 12:12:00.395 700 ms    1 ms  DOWN       answered: up\n"
	    "\n"
	    "  WHAT HAPPENED   AGO\n"
	    "  12:11:49.095  12.0s  UP -> DOWN  check failed: Connection refused (1 ms); 12\n"
	    "                       sessions on it; 2 servers usable\n"
	    "  12:12:01.095   0 ms  UP -> NOLB  drain: HTTP 503 \"Service Unavailable\" (1 ms);\n"
	    "                       12 sessions stay; 2 servers usable\n");
	whyfixture_release(&w);
}

/* Columns of the widest line, one for each code point, escapes aside. */
static size_t widest(const char *s)
{
	size_t max = 0;
	size_t n = 0;

	for (; *s; s++) {
		if (*s == '\033')
			s += strcspn(s, "m");
		else
			n = *s == '\n' ? 0 : n + (((unsigned char)*s & 0xc0) != 0x80);
		max = n > max ? n : max;
	}
	return max;
}

static void no_line_is_wider_than_asked(void **state)
{
	struct probe_result r = fixture_answer(
	    PROBE_L7STS, 503, "A reason phrase that goes on and on and does not come to its end");
	struct whyfixture w;

	(void)state;
	whyfixture_init(&w);
	r.draining = true;
	whyfixture_check(&w, &r, STATE_CHECK_DRAINING, fixture_state(STATE_DOWN, 0, 0),
	                 fixture_state(STATE_DOWN, 0, 0), 100);
	for (unsigned int width = 60; width < 200; width += 7) {
		AUTO_TEXT out = { 0 };

		show(&w.source, 1, width, width & 1 ? WHYTEXT_COLOUR : 0, &out);
		assert_true(widest(text_str(&out)) <= width);
	}
	whyfixture_release(&w);
}

static void colour_comes_only_when_asked(void **state)
{
	struct whyfixture w;
	AUTO_TEXT plain = { 0 };
	AUTO_TEXT coloured = { 0 };

	(void)state;
	whyfixture_init(&w);
	show(&w.source, 1, 80, 0, &plain);
	show(&w.source, 1, 80, WHYTEXT_COLOUR, &coloured);
	assert_null(strchr(text_str(&plain), '\033'));
	assert_non_null(strstr(text_str(&coloured), "\033[31m\u2716 \033[0m"));
	assert_non_null(strstr(text_str(&coloured), "\033[32m\u25cf \033[0m"));
	whyfixture_release(&w);
}

static void each_state_has_a_glyph(void **state)
{
	static const struct {
		struct state state;
		const char *start;
	} cases[] = {
		{ { .health = STATE_UP, .counter = 4 }, "+ psql/n2  UP  " },
		{ { .health = STATE_NOCHECK, .counter = 4 }, "+ psql/n2  no check  " },
		{ { .health = STATE_UP, .counter = 4, .admin = STATE_DRAIN_COMMAND },
		  "~ psql/n2  DRAIN  " },
		{ { .health = STATE_UP, .counter = 4, .admin = STATE_MAINT_COMMAND },
		  "- psql/n2  MAINT  " },
		{ { .health = STATE_NOLB, .counter = 3 }, "~ psql/n2  NOLB 2/3  " },
		{ { .health = STATE_CHECKING }, "? psql/n2  CHECKING  " },
		{ { .health = STATE_DOWN, .counter = 1 }, "x psql/n2  DOWN 1/2  " },
		{ { .health = STATE_UP, .counter = 4, .agent_down = true },
		  "x psql/n2  DOWN (agent)  " },
	};
	struct whyfixture w;

	(void)state;
	whyfixture_init(&w);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT out = { 0 };

		w.facts.state = cases[i].state;
		show(&w.source, 1, 80, WHYTEXT_ASCII, &out);
		if (strncmp(text_str(&out), cases[i].start, strlen(cases[i].start)) != 0)
			fail_msg("\"%s\" does not begin \"%s\"", text_str(&out), cases[i].start);
	}
	whyfixture_release(&w);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static void of_several_servers_less_is_shown(void **state)
{
	struct probe_result r = fixture_answer(PROBE_L4CON, 0, "Connection refused");
	struct whyjson_source both[2];
	struct why_facts other;
	struct whyfixture w;
	AUTO_TEXT out = { 0 };

	(void)state;
	whyfixture_init(&w);
	for (int i = 0; i < CHECKLOG_SIZE; i++)
		whyfixture_check(&w, &r, STATE_CHECK_FAILED, fixture_state(STATE_DOWN, 0, 0),
		                 fixture_state(STATE_DOWN, 0, 0), 1000 - i);
	other = w.facts;
	other.service = "dbconsole";
	both[0] = both[1] = w.source;
	both[1].facts = &other;
	show(&w.source, 1, 80, 0, &out);
	assert_int_equal(count(text_str(&out), "    1 ms  DOWN       C"), CHECKLOG_SIZE);
	text_clear(&out);
	show(both, 2, 80, 0, &out);
	assert_int_equal(count(text_str(&out), "    1 ms  DOWN       C"), 2 * 5);
	assert_non_null(strstr(text_str(&out), "\n\n\u2716 dbconsole/n2  DOWN"));
	whyfixture_release(&w);
}

static void another_day_is_told_by_its_date(void **state)
{
	struct whyfixture w;
	AUTO_TEXT out = { 0 };

	(void)state;
	whyfixture_init(&w);
	w.source.now_wall_ms += INT64_C(3) * 86400000;
	show(&w.source, 1, 80, WHYTEXT_ASCII, &out);
	assert_non_null(strstr(text_str(&out), "since 2026-11-20 12:11:49.095\n"));
	assert_non_null(strstr(text_str(&out), "  x 2026-11-20    3d00h    1 ms  DOWN"));
	whyfixture_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eighty_columns_hold_the_answer),
		cmocka_unit_test(no_line_is_wider_than_asked),
		cmocka_unit_test(colour_comes_only_when_asked),
		cmocka_unit_test(each_state_has_a_glyph),
		cmocka_unit_test(of_several_servers_less_is_shown),
		cmocka_unit_test(another_day_is_told_by_its_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
