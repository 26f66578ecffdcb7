/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/statustable.h"
#include "widest.h"

static struct statusjson *status_of(const char *first_name)
{
	struct fixture f;
	struct snapshot *snapshot;
	struct statusjson *s;
	AUTO_TEXT json = { 0 };

	fixture_init_named(&f, first_name);
	snapshot = snapshot_take(f.topology, &f.process);
	statusjson_write(snapshot, &json);
	s = statusjson_read(text_str(&json), NULL);
	assert_non_null(s);
	snapshot_free(snapshot);
	fixture_release(&f);
	return s;
}

static int setup(void **state)
{
	*state = status_of("n1");
	return 0;
}

static int teardown(void **state)
{
	statusjson_free(*state);
	return 0;
}

static void eighty_columns_hold_the_table(void **state)
{
	AUTO_TEXT out = { 0 };

	statustable_write(*state, 80, STATUSTABLE_ASCII, &out);
	assert_string_equal(
	    text_str(&out),
	    "sluice 0.1.0 on lb1, pid 4711, up 2h05m; 7 of 4096 sessions, 4/s\n\n"
	    "psql  leastconn  :26257                           2 of 4 usable  7 sessions  4/s\n"
	    "    STATE      SERVER  SINCE  LAST CHECK                   SESSIONS   RATE\n"
	    "  + UP         n1      1m05s  HTTP 200 in 1 ms                    5    4/s\n"
	    "  ~ NOLB 2/3   n2      1m05s  HTTP 503 in 1 ms                2/100    0/s\n"
	    "    ` the node is draining: HTTP 503 Service Unavailable\n"
	    "  x DOWN       n3      1m05s  Connection refused in 1 ms          0    0/s\n"
	    "    ` Layer4 connection problem: Connection refused\n"
	    "  + UP         n4 (b)  1m05s  HTTP 200 in 1 ms                    0    0/s\n\n"
	    "web  roundrobin  :8080                            1 of 1 usable  0 sessions  0/s\n"
	    "    STATE      SERVER  SINCE  LAST CHECK                   SESSIONS   RATE\n"
	    "  + no check   w1      1d03h  none                                0    0/s\n");
}

static void no_line_is_wider_than_asked(void **state)
{
	static const char *const names[] = {
		"n1", "a-node-with-a-name-that-is-far-too-long-for-any-terminal",
		"\xc3\xa9\xc3\xa9\xc3\xa9",
		"\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct statusjson *s = status_of(names[i]);

		for (unsigned int width = 80; width < 200; width += 7) {
			AUTO_TEXT out = { 0 };

			statustable_write(s, width, 0, &out);
			assert_true(widest(text_str(&out)) <= width);
		}
		statusjson_free(s);
	}
}

static void wide_terminals_show_addresses(void **state)
{
	AUTO_TEXT narrow = { 0 };
	AUTO_TEXT wide = { 0 };

	statustable_write(*state, 80, 0, &narrow);
	statustable_write(*state, 120, 0, &wide);
	assert_null(strstr(text_str(&narrow), "10.0.0.1:26257"));
	assert_non_null(strstr(text_str(&wide), "10.0.0.1:26257"));
}

static void ascii_is_ascii(void **state)
{
	struct statusjson *s = status_of("n\xc3\xa9");
	AUTO_TEXT out = { 0 };

	(void)state;
	statustable_write(s, 100, STATUSTABLE_ASCII, &out);
	for (const char *p = text_str(&out); *p; p++)
		assert_true((unsigned char)*p < 127);
	assert_non_null(strstr(text_str(&out), "n?"));
	statusjson_free(s);
}

static void a_service_that_holds_clients_says_so(void **state)
{
	struct statusjson *s = *state;
	AUTO_TEXT calm = { 0 };
	AUTO_TEXT out = { 0 };

	statustable_write(s, 100, 0, &calm);
	assert_null(strstr(text_str(&calm), "held"));
	assert_null(strstr(text_str(&calm), "PANIC"));
	s->services[0].held = 3;
	s->services[0].panicking = true;
	statustable_write(s, 100, 0, &out);
	assert_non_null(strstr(text_str(&out), "PANIC  "));
	assert_non_null(strstr(text_str(&out), "  3 held  "));
	assert_true(widest(text_str(&out)) <= 100);
}

static void tiers_are_shown_where_there_are_several(void **state)
{
	struct statusjson *s = status_of("a-node-with-a-name-that-is-long");
	AUTO_TEXT out = { 0 };

	(void)state;
	s->services[0].tiers = 2;
	s->services[0].tier_percent[0] = 93;
	s->services[0].tier_percent[1] = 7;
	s->services[0].servers[0].locality = "region=eu-west";
	s->services[0].servers[1].tier = s->services[0].servers[2].tier = 1;
	s->services[0].servers[1].cross_tier_sessions = 12;
	statustable_write(s, 80, STATUSTABLE_ASCII, &out);
	assert_non_null(strstr(text_str(&out),
	                       " usable  7 sessions  4/s\n"
	                       "    tier 0 eu-west 93 %, tier 1 7 %; 12 sessions crossed tiers\n"
	                       "    STATE "));
	assert_non_null(strstr(text_str(&out), "    5    4/s    0\n"));
	assert_non_null(strstr(text_str(&out), "2/100    0/s    1\n"));
	assert_non_null(strstr(text_str(&out), "    0    0/s    -\n"));
	assert_non_null(strstr(text_str(&out), " SESSIONS   RATE TIER\n"));
	assert_non_null(strstr(text_str(&out), " SESSIONS   RATE\n"));
	assert_true(widest(text_str(&out)) <= 80);
	statusjson_free(s);
}

static void processes_that_were_upgraded_have_a_line(void **state)
{
	struct statusjson_predecessor before[] = {
		{ .known = true, .pid = 815, .sessions = 4, .since_s = 192 },
		{ .known = false, .pid = 0, .sessions = 1 },
	};
	struct statusjson *s = *state;
	AUTO_TEXT calm = { 0 };
	AUTO_TEXT out = { 0 };

	statustable_write(s, 80, 0, &calm);
	assert_null(strstr(text_str(&calm), "still has"));
	s->predecessors = before;
	s->predecessor_count = ARRAY_LEN(before);
	statustable_write(s, 80, 0, &out);
	assert_non_null(strstr(text_str(&out),
	                       "\npid 815, replaced 3m12s ago, still has 4 sessions\n"
	                       "a process from before an upgrade still has 1 "
	                       "session\n"));
}

static void discovery_has_a_line_where_it_is_on(void **state)
{
	static const struct {
		struct statusjson_discovery d;
		const char *words;
	} cases[] = {
		{ { .on = true, .known = 5, .joined = 4, .last_s = 3, .from = "http://n1:8080" },
		  " sessions, 4/s\ndiscovery: 5 nodes from http://n1:8080, 3s ago\n\npsql" },
		{ { .on = true, .known = 1, .last_s = 7500, .error = "n1:8080: nobody is there" },
		  "\ndiscovery: 1 node from a list that was kept, 2h05m old\n"
		  "    ` n1:8080: nobody is there\n\npsql" },
		{ { .on = true, .last_s = -1, .error = "caf\xc3\xa9" },
		  "\ndiscovery: no list of nodes yet\n    ` caf?\n\npsql" },
		{ { .on = true, .last_s = -1 }, "\ndiscovery: no list of nodes yet\n\npsql" },
	};
	struct statusjson *s = *state;
	AUTO_TEXT calm = { 0 };

	statustable_write(s, 80, STATUSTABLE_ASCII, &calm);
	assert_null(strstr(text_str(&calm), "discovery"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT out = { 0 };

		s->discovery = cases[i].d;
		statustable_write(s, 80, STATUSTABLE_ASCII, &out);
		assert_non_null(strstr(text_str(&out), cases[i].words));
	}
}

static void what_discovery_complains_of_is_folded(void **state)
{
	struct statusjson *s = *state;
	AUTO_TEXT out = { 0 };

	s->discovery = (struct statusjson_discovery){
		.on = true,
		.last_s = 5,
		.known = 3,
		.from = "http://a-host-with-a-long-name.example.com:8080/_status/nodes?and=so&on=1",
		.error = "the cluster cannot be asked: 10.0.134.115:8080: time is over while "
		         "connecting (a node's HTTP port is 8080 unless its --http-addr says "
		         "otherwise)",
	};
	statustable_write(s, 80, 0, &out);
	assert_true(widest(text_str(&out)) <= 80);
	assert_non_null(strstr(text_str(&out), "\n      "));
	text_clear(&out);
	statustable_write(s, 80, STATUSTABLE_COLOUR, &out);
	assert_non_null(strstr(text_str(&out), "\033[33mdiscovery: 3 nodes from http://"));
}

static void a_server_with_a_fault_says_so(void **state)
{
	struct statusjson *s = *state;
	AUTO_TEXT calm = { 0 };
	AUTO_TEXT out = { 0 };

	statustable_write(s, 100, STATUSTABLE_ASCII, &calm);
	assert_null(strstr(text_str(&calm), "fault"));
	s->services[0].servers[0].fault = "delay 200ms";
	s->services[0].servers[0].fault_left_ms = 12345;
	s->services[0].servers[1].fault = "refuse";
	s->services[0].servers[1].fault_left_ms = -1;
	statustable_write(s, 100, STATUSTABLE_ASCII, &out);
	assert_non_null(strstr(text_str(&out), "    ` fault: delay 200ms, 12s left\n"));
	assert_non_null(strstr(text_str(&out), "    ` fault: refuse\n"));
}

static void every_state_has_its_own_colour_and_glyph(void **state)
{
	static const struct {
		enum state_health health;
		bool maint, drain;
		const char *start;
	} cases[] = {
		{ STATE_UP, false, false, "\033[32m+ " },
		{ STATE_NOCHECK, false, false, "\033[32m+ " },
		{ STATE_NOLB, false, false, "\033[33m~ " },
		{ STATE_CHECKING, false, false, "\033[33m? " },
		{ STATE_DOWN, false, false, "\033[31mx " },
		{ STATE_DOWN, false, true, "\033[31mx " },
		{ STATE_UP, false, true, "\033[36m~ " },
		{ STATE_UP, true, true, "\033[34m- " },
	};
	struct statusjson *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT out = { 0 };

		s->services[0].servers[0].health = cases[i].health;
		s->services[0].servers[0].maint = cases[i].maint;
		s->services[0].servers[0].drain = cases[i].drain;
		statustable_write(s, 80, STATUSTABLE_COLOUR | STATUSTABLE_ASCII, &out);
		assert_non_null(strstr(text_str(&out), cases[i].start));
	}
}

static void checks_are_told_in_few_words(void **state)
{
	static const struct {
		const char *code, *info, *words;
		bool maint;
	} cases[] = {
		{ "RESOLVE", "no such name", "does not resolve in 1 ms", false },
		{ "L4TOUT", "", "no connection in time", false },
		{ "SOCKERR", "Connection reset by peer", "Connection reset by peer", false },
		{ "L7TOUT", "", "no answer in time", false },
		{ "L4CON", "Connection refused", "not checked", true },
	};
	struct statusjson *s = *state;
	struct statusjson_server *n3 = &s->services[0].servers[2];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT out = { 0 };

		n3->check_code = cases[i].code;
		n3->check_info = cases[i].info;
		n3->maint = cases[i].maint;
		statustable_write(s, 120, STATUSTABLE_ASCII, &out);
		if (!strstr(text_str(&out), cases[i].words))
			fail_msg("no \"%s\" in:\n%s", cases[i].words, text_str(&out));
	}
}

static void a_service_in_trouble_says_so(void **state)
{
	struct statusjson *s = *state;
	AUTO_TEXT out = { 0 };

	s->services[0].up = false;
	statustable_write(s, 100, 0, &out);
	assert_non_null(strstr(text_str(&out), "NO SERVER USABLE  7 sessions"));
	text_clear(&out);
	s->services[0].up = s->services[0].on_backup = true;
	statustable_write(s, 100, 0, &out);
	assert_non_null(strstr(text_str(&out), "on backup"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(eighty_columns_hold_the_table, setup, teardown),
		cmocka_unit_test(no_line_is_wider_than_asked),
		cmocka_unit_test_setup_teardown(wide_terminals_show_addresses, setup, teardown),
		cmocka_unit_test(ascii_is_ascii),
		cmocka_unit_test_setup_teardown(a_service_that_holds_clients_says_so, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(every_state_has_its_own_colour_and_glyph, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(checks_are_told_in_few_words, setup, teardown),
		cmocka_unit_test_setup_teardown(a_service_in_trouble_says_so, setup, teardown),
		cmocka_unit_test(tiers_are_shown_where_there_are_several),
		cmocka_unit_test_setup_teardown(processes_that_were_upgraded_have_a_line, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(discovery_has_a_line_where_it_is_on, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(what_discovery_complains_of_is_folded, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_server_with_a_fault_says_so, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
