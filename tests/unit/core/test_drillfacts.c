/* SPDX-License-Identifier: MIT */
#include "drillscene.h"

enum { UNKNOWN = DRILLFACTS_UNKNOWN };

static void a_kill_has_all_its_numbers(void **state)
{
	const struct drillfacts_outage *o;
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (size_t i = 0; i < SCENE_SERVERS; i++)
		scene_fill(&s, i, DRILL_SERIES_SESSIONS, 0, 20, 10);
	scene_fill(&s, 1, DRILL_SERIES_SESSIONS, 5, 12, 0);
	scene_fill(&s, 1, DRILL_SERIES_SESSIONS, 12, 14, 3);
	scene_fill(&s, 1, DRILL_SERIES_CONNECTED, 0, 7, 5);
	scene_series(&s, 1, DRILL_SERIES_CUT)[5] = 8;
	scene_series(&s, 1, DRILL_SERIES_ASKED)[6] = 1;
	scene_series(&s, 1, DRILL_SERIES_FAILED)[5] = 4;
	scene_series(&s, 1, DRILL_SERIES_MOVED)[5] = 3;
	scene_fill(&s, SCENE_NONE, DRILL_SERIES_HELD, 6, 8, 7);
	scene_event(&s, 5100, DRILL_MARK, SCENE_NONE, "kill -9 n2");
	scene_check(&s, 5500, 1, false);
	scene_state(&s, 7250, 1, DRILL_DOWN, 2);
	scene_check(&s, 11000, 1, true);
	scene_state(&s, 12000, 1, DRILL_UP, 0);
	o = scene_find(&s);
	assert_int_equal(s.facts.outage_count, 1);
	assert_string_equal(drillfacts_server(&s.facts, o), "n2");
	assert_string_equal(drillfacts_service(&s.facts, o), "psql");
	assert_int_equal(o->state, DRILL_DOWN);
	assert_string_equal(o->cause, "why");
	assert_string_equal(o->fault, "kill -9 n2");
	assert_int_equal(o->out_ms, SCENE_FROM + 7250);
	assert_int_equal(o->back_ms, SCENE_FROM + 12000);
	assert_int_equal(o->detect_ms, 1750);
	assert_int_equal(o->noticed_ms, 2150);
	assert_int_equal(o->began_ms, SCENE_FROM + 5100);
	assert_int_equal(o->recover_ms, 4750);
	assert_int_equal(o->last_new_ms, 1500);
	assert_int_equal(o->sessions, 10);
	assert_int_equal(o->cut, 8);
	assert_int_equal(o->asked, 1);
	assert_int_equal(o->survived, 1);
	assert_int_equal(o->failed, 4);
	assert_int_equal(o->moved, 3);
	assert_int_equal(o->held, 7);
	assert_int_equal(o->rebalanced_ms, 3000);
	assert_int_equal(o->share_percent, 0);
	assert_false(o->idle || o->early || o->ordered);
	scene_end(&s);
}

static void what_was_not_recorded_is_unknown(void **state)
{
	const struct drillfacts_outage *o;
	struct scene s;

	(void)state;
	scene_begin(&s);
	scene_state(&s, 7250, 1, DRILL_DOWN, 2);
	o = scene_find(&s);
	assert_int_equal(o->first_bad_ms, UNKNOWN);
	assert_int_equal(o->fault_ms, UNKNOWN);
	assert_string_equal(o->fault, "");
	assert_int_equal(o->back_ms, UNKNOWN);
	assert_int_equal(o->detect_ms, UNKNOWN);
	assert_int_equal(o->noticed_ms, UNKNOWN);
	assert_int_equal(o->last_new_ms, UNKNOWN);
	assert_int_equal(o->recover_ms, UNKNOWN);
	assert_int_equal(o->rebalanced_ms, UNKNOWN);
	assert_int_equal(o->share_percent, UNKNOWN);
	assert_int_equal(o->cut, UNKNOWN);
	assert_int_equal(o->held, UNKNOWN);
	assert_int_equal(o->sessions, 2);
	assert_int_equal(o->survived, UNKNOWN);
	assert_int_equal(s.facts.services[0].gap_ms, UNKNOWN);
	assert_int_equal(s.facts.services[0].failed, UNKNOWN);
	assert_int_equal(s.facts.services[0].connects, UNKNOWN);
	assert_int_equal(s.facts.services[0].no_server_ms, 0);
	scene_end(&s);
}

static void orders_are_not_detected(void **state)
{
	static const enum drill_state ordered[] = { DRILL_DRAIN, DRILL_MAINT };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct drillfacts_outage *o;
		struct scene s;

		scene_begin(&s);
		scene_event(&s, 3000, DRILL_MARK, SCENE_NONE, "drain n1");
		scene_check(&s, 3500, 0, false);
		scene_state(&s, 4000, 0, ordered[i], 5);
		scene_state(&s, 6000, 0, DRILL_DOWN, 5);
		scene_state(&s, 9000, 0, DRILL_UP, 5);
		o = scene_find(&s);
		assert_int_equal(s.facts.outage_count, 1);
		assert_true(o->ordered);
		assert_int_equal(o->state, ordered[i]);
		assert_int_equal(o->gravest, DRILL_DOWN);
		assert_int_equal(o->first_bad_ms, o->out_ms);
		assert_int_equal(o->began_ms, o->out_ms);
		assert_int_equal(o->detect_ms, UNKNOWN);
		assert_int_equal(o->fault_ms, UNKNOWN);
		assert_int_equal(o->recover_ms, 5000);
		scene_end(&s);
	}
}

static void a_request_for_no_new_sessions_is_its_own_first_answer(void **state)
{
	const struct drillfacts_outage *o;
	struct scene s;

	(void)state;
	scene_begin(&s);
	scene_state(&s, 4000, 0, DRILL_NOLB, 5);
	o = scene_find(&s);
	assert_int_equal(o->first_bad_ms, o->out_ms);
	assert_int_equal(o->detect_ms, 0);
	assert_false(o->ordered);
	scene_end(&s);
}

static void what_was_out_at_the_beginning_is_early(void **state)
{
	const struct drillfacts_outage *o;
	struct scene s;

	(void)state;
	scene_begin(&s);
	s.servers[0].first = DRILL_DOWN;
	s.servers[1].first = DRILL_CHECKING;
	scene_state(&s, 2000, 1, DRILL_UP, 0);
	scene_state(&s, 4000, 0, DRILL_UP, 0);
	o = scene_find(&s);
	assert_int_equal(s.facts.outage_count, 1);
	assert_true(o->early);
	assert_int_equal(o->out_ms, SCENE_FROM);
	assert_int_equal(o->back_ms, SCENE_FROM + 4000);
	assert_int_equal(o->recover_ms, UNKNOWN);
	assert_int_equal(o->sessions, UNKNOWN);
	assert_string_equal(o->cause, "");
	scene_end(&s);
}

static void a_good_check_begins_the_row_again(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	scene_check(&s, 1000, 0, false);
	scene_check(&s, 2000, 0, true);
	scene_check(&s, 3000, 0, false);
	scene_check(&s, 4000, 0, false);
	scene_check(&s, 4500, 1, false);
	scene_state(&s, 5000, 0, DRILL_DOWN, 0);
	assert_int_equal(scene_find(&s)->detect_ms, 2000);
	scene_end(&s);
}

static void a_state_forgets_the_checks_before_it(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	scene_check(&s, 1000, 0, false);
	scene_state(&s, 2000, 0, DRILL_DOWN, 0);
	scene_state(&s, 3000, 0, DRILL_UP, 0);
	scene_state(&s, 5000, 0, DRILL_DOWN, 0);
	(void)scene_find(&s);
	assert_int_equal(s.facts.outage_count, 2);
	assert_int_equal(s.facts.outages[1].detect_ms, UNKNOWN);
	scene_end(&s);
}

static void the_fault_behind_an_outage_is_found(void **state)
{
	static const struct {
		struct {
			int64_t ms;
			enum drill_kind kind;
			size_t server;
			bool over;
			const char *text;
		} events[3];
		int64_t fault_ms; /* of the outage of n2 at 15000 */
	} cases[] = {
		{ { { 3000, DRILL_FAULT, 1, false, "a" } }, 3000 },
		{ { { 3000, DRILL_FAULT, SCENE_NONE, false, "all" } }, 3000 },
		{ { { 3000, DRILL_FAULT, 0, false, "of another" } }, UNKNOWN },
		{ { { 3000, DRILL_FAULT, 1, false, "a" }, { 4000, DRILL_FAULT, 1, true, "a" } },
		  UNKNOWN },
		{ { { 3000, DRILL_FAULT, 1, false, "a" }, { 4000, DRILL_FAULT, 0, true, "b" } },
		  3000 },
		{ { { 3000, DRILL_FAULT, 1, false, "a" }, { 4000, DRILL_FAULT, 1, false, "b" } },
		  4000 },
		{ { { 3000, DRILL_FAULT, 1, false, "a" }, { 4000, DRILL_MARK, 1, false, "m" } },
		  3000 },
		{ { { 3000, DRILL_MARK, SCENE_NONE, false, "kill -9 n2" } }, 3000 },
		{ { { 3000, DRILL_MARK, SCENE_NONE, false, "n2." } }, 3000 },
		{ { { 3000, DRILL_MARK, SCENE_NONE, false, "psql/n2, hard" } }, 3000 },
		{ { { 3000, DRILL_MARK, SCENE_NONE, false, "kill-n2 n2" } }, 3000 },
		{ { { 3000, DRILL_MARK, SCENE_NONE, false, "kill-n2" } }, UNKNOWN },
		{ { { 3000, DRILL_MARK, SCENE_NONE, false, "n2.example.org" } }, UNKNOWN },
		{ { { 3000, DRILL_MARK, SCENE_NONE, false, "n21" } }, UNKNOWN },
		{ { { 3000, DRILL_MARK, SCENE_NONE, false, "n2\xc3\xa9" } }, UNKNOWN },
		{ { { 3000, DRILL_MARK, SCENE_NONE, false, "" } }, UNKNOWN },
		{ { { -46000, DRILL_MARK, SCENE_NONE, false, "long ago, n2" } }, UNKNOWN },
		{ { { -45000, DRILL_MARK, SCENE_NONE, false, "a minute ago, n2" } }, -45000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct drillfacts_outage *o;
		struct scene s;

		scene_begin(&s);
		for (size_t k = 0; k < 3 && cases[i].events[k].text != NULL; k++)
			scene_event(&s, cases[i].events[k].ms, cases[i].events[k].kind,
			            cases[i].events[k].server, cases[i].events[k].text)
			    ->good = cases[i].events[k].over;
		scene_state(&s, 15000, 1, DRILL_DOWN, 0);
		o = scene_find(&s);
		assert_int_equal(o->fault_ms, cases[i].fault_ms == UNKNOWN
		                                  ? UNKNOWN
		                                  : SCENE_FROM + cases[i].fault_ms);
		scene_end(&s);
	}
}

static void a_fault_belongs_to_one_outage(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	scene_event(&s, 1000, DRILL_MARK, SCENE_NONE, "kill -9 n1");
	scene_state(&s, 2000, 0, DRILL_DOWN, 0);
	scene_state(&s, 3000, 0, DRILL_UP, 0);
	scene_state(&s, 5000, 0, DRILL_DOWN, 0);
	(void)scene_find(&s);
	assert_int_equal(s.facts.outages[0].noticed_ms, 1000);
	assert_int_equal(s.facts.outages[1].noticed_ms, UNKNOWN);
	scene_end(&s);
}

static void clients_may_feel_it_before_the_checks(void **state)
{
	static const struct {
		size_t interval; /* in which a session was cut */
		int64_t began_ms;
	} cases[] = { { 4, 7500 }, { 5, 5000 }, { 6, 6000 }, { 7, 7000 }, { 8, 7500 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene s;

		scene_begin(&s);
		scene_series(&s, 0, DRILL_SERIES_CUT)[cases[i].interval] = 1;
		scene_check(&s, 7500, 0, false);
		scene_state(&s, 9000, 0, DRILL_DOWN, 0);
		assert_int_equal(scene_find(&s)->began_ms, SCENE_FROM + cases[i].began_ms);
		scene_end(&s);
	}
}

static void sessions_are_never_fewer_than_were_ended(void **state)
{
	const struct drillfacts_outage *o;
	struct scene s;

	(void)state;
	scene_begin(&s);
	scene_series(&s, 0, DRILL_SERIES_CUT)[9] = 12;
	scene_series(&s, 0, DRILL_SERIES_ASKED)[10] = 2;
	scene_state(&s, 9000, 0, DRILL_DRAIN, 5);
	o = scene_find(&s);
	assert_int_equal(o->sessions, 14);
	assert_int_equal(o->survived, 0);
	scene_end(&s);
}

static void an_outage_at_once_has_the_sessions_of_the_beginning(void **state)
{
	static const struct {
		int64_t began_with, sessions;
	} cases[] = { { 1, 1 }, { 0, 0 }, { UNKNOWN, 6 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene s;

		scene_begin(&s);
		s.servers[0].began_with = cases[i].began_with;
		scene_fill(&s, 0, DRILL_SERIES_SESSIONS, 0, 20, 6);
		scene_fill(&s, 0, DRILL_SERIES_CUT, 0, 20, 0);
		scene_event(&s, 3, DRILL_FAULT, 0, "blackhole");
		scene_state(&s, 5000, 0, DRILL_DOWN, 6);
		assert_int_equal(scene_find(&s)->sessions, cases[i].sessions);
		assert_int_equal(s.facts.outages[0].survived, cases[i].sessions);
		scene_end(&s);
	}
}

static void a_service_without_sessions_is_idle(void **state)
{
	const struct drillfacts_outage *o;
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (size_t i = 0; i < SCENE_SERVERS; i++)
		scene_fill(&s, i, DRILL_SERIES_SESSIONS, 0, 8, 4);
	scene_state(&s, 5000, 0, DRILL_DOWN, 4);
	scene_state(&s, 8000, 0, DRILL_UP, 0);
	o = scene_find(&s);
	assert_true(o->idle);
	assert_int_equal(o->rebalanced_ms, UNKNOWN);
	assert_int_equal(o->share_percent, UNKNOWN);
	scene_end(&s);
}

static void evenness_is_of_usable_servers_and_before_the_next_outage(void **state)
{
	static const struct {
		uint32_t mine; /* of n1 from its return at 8000 on; n2 has 100 and n3 is down */
		int64_t next_ms;
		int64_t rebalanced_ms, share_percent;
	} cases[] = {
		{ 100, 0, 1000, 0 },
		{ 75, 0, 1000, 15 },
		{ 73, 0, UNKNOWN, 16 },
		{ 0, 0, UNKNOWN, 100 },
		{ 100, 8500, UNKNOWN, UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct drillfacts_outage *o;
		struct scene s;

		scene_begin(&s);
		s.servers[2].first = DRILL_CHECKING;
		scene_fill(&s, 0, DRILL_SERIES_SESSIONS, 8, 20, cases[i].mine);
		scene_fill(&s, 1, DRILL_SERIES_SESSIONS, 0, 20, 100);
		scene_series(&s, 2, DRILL_SERIES_SESSIONS);
		scene_state(&s, 5000, 0, DRILL_DOWN, 0);
		scene_state(&s, 8000, 0, DRILL_UP, 0);
		if (cases[i].next_ms > 0)
			scene_state(&s, cases[i].next_ms, 0, DRILL_DOWN, 0);
		o = scene_find(&s);
		assert_int_equal(o->rebalanced_ms, cases[i].rebalanced_ms);
		assert_int_equal(o->share_percent, cases[i].share_percent);
		scene_end(&s);
	}
}

static void less_than_one_session_is_even(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	scene_fill(&s, 0, DRILL_SERIES_SESSIONS, 8, 20, 1);
	scene_fill(&s, 1, DRILL_SERIES_SESSIONS, 0, 20, 2);
	scene_fill(&s, 2, DRILL_SERIES_SESSIONS, 0, 20, 2);
	scene_state(&s, 5000, 0, DRILL_DOWN, 0);
	scene_state(&s, 8000, 0, DRILL_UP, 0);
	assert_int_equal(scene_find(&s)->rebalanced_ms, 1000);
	scene_end(&s);
}

static void outages_stand_as_they_began(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	scene_state(&s, 1000, 2, DRILL_DOWN, 0);
	scene_state(&s, 1000, 0, DRILL_DOWN, 0);
	scene_state(&s, 2000, 0, DRILL_UP, 0);
	scene_state(&s, 3000, 1, DRILL_MAINT, 0);
	scene_state(&s, 4000, 0, DRILL_DOWN, 0);
	(void)scene_find(&s);
	assert_int_equal(s.facts.outage_count, 4);
	assert_int_equal(s.facts.outages[0].server, 0);
	assert_int_equal(s.facts.outages[1].server, 2);
	assert_int_equal(s.facts.outages[2].server, 1);
	assert_int_equal(s.facts.outages[3].server, 0);
	scene_end(&s);
}

static void time_without_a_server_is_counted(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	s.servers[0].first = DRILL_DOWN;
	s.servers[2].first = DRILL_CHECKING;
	scene_state(&s, 1500, 1, DRILL_DOWN, 0);
	scene_state(&s, 4000, 2, DRILL_UP, 0);
	scene_state(&s, 5000, 0, DRILL_UP, 0);
	scene_state(&s, 18000, 0, DRILL_DOWN, 0);
	scene_state(&s, 19000, 2, DRILL_NOLB, 0);
	(void)scene_find(&s);
	assert_int_equal(s.facts.services[0].no_server_ms, 2500 + 1000);
	scene_end(&s);
}

static void a_start_is_no_time_without_a_server(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (size_t i = 0; i < SCENE_SERVERS; i++)
		s.servers[i].first = DRILL_CHECKING;
	scene_state(&s, 1000, 0, DRILL_DOWN, 0);
	scene_state(&s, 3000, 1, DRILL_UP, 0);
	scene_state(&s, 7000, 1, DRILL_DOWN, 0); /* n3 still waits */
	scene_state(&s, 9000, 2, DRILL_UP, 0);
	(void)scene_find(&s);
	assert_int_equal(s.facts.services[0].no_server_ms, 2000);
	scene_end(&s);
	/* All have been asked, none answered well. */
	scene_begin(&s);
	for (size_t i = 0; i < SCENE_SERVERS; i++) {
		s.servers[i].first = DRILL_CHECKING;
		scene_state(&s, 1000, i, DRILL_DOWN, 0);
	}
	scene_state(&s, 4000, 0, DRILL_UP, 0);
	(void)scene_find(&s);
	assert_int_equal(s.facts.services[0].no_server_ms, 3000);
	scene_end(&s);
}

static void a_service_counts_itself_or_its_servers(void **state)
{
	const struct drillfacts_service *f;
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (size_t i = 0; i < SCENE_SERVERS; i++) {
		scene_series(&s, i, DRILL_SERIES_CUT)[3] = 2;
		scene_series(&s, i, DRILL_SERIES_FAILED)[3] = 1;
		scene_series(&s, i, DRILL_SERIES_MOVED)[3] = 1;
	}
	scene_series(&s, SCENE_NONE, DRILL_SERIES_CUT)[3] = 7;
	scene_series(&s, SCENE_NONE, DRILL_SERIES_FAILED)[3] = 5;
	scene_series(&s, SCENE_NONE, DRILL_SERIES_HELD)[3] = 4;
	scene_series(&s, SCENE_NONE, DRILL_SERIES_HELD)[4] = 9;
	(void)scene_find(&s);
	f = s.facts.services;
	assert_int_equal(f->cut, 7);
	assert_int_equal(f->moved, 3);
	assert_int_equal(f->failed, 5);
	assert_int_equal(f->connects, 3);
	assert_int_equal(f->held, 9);
	assert_int_equal(f->asked, UNKNOWN);
	scene_end(&s);
}

/* --- gaps --------------------------------------------------------------------------------- */

static void gaps_are_rows_of_intervals_if_they_were_not_measured(void **state)
{
	static const struct {
		const char *connected; /* '.': none, '#': some */
		size_t failed;         /* interval in which a client was turned away, or 99 */
		int64_t gap_ms, end_ms;
	} cases[] = {
		{ "####################", 99, 0, UNKNOWN },
		{ "#####..#############", 99, 2000, 7000 },
		{ "##.##..######...####", 99, 3000, 16000 },
		{ "...#################", 99, 0, UNKNOWN },
		{ "#################...", 99, 0, UNKNOWN },
		{ "#################...", 18, 3000, 20000 },
		{ "...#################", 1, 3000, 3000 },
		{ "#..................#", 99, UNKNOWN, UNKNOWN },
		{ "#..................#", 9, 18000, 19000 },
		{ "#...................", 99, UNKNOWN, UNKNOWN },
		{ "....................", 99, UNKNOWN, UNKNOWN },
		{ "....................", 3, 20000, 20000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t *at;
		struct scene s;

		scene_begin(&s);
		at = scene_series(&s, SCENE_NONE, DRILL_SERIES_CONNECTED);
		for (size_t k = 0; k < SCENE_SAMPLES; k++)
			at[k] = cases[i].connected[k] == '#';
		if (cases[i].failed < SCENE_SAMPLES)
			scene_series(&s, SCENE_NONE, DRILL_SERIES_FAILED)[cases[i].failed] = 1;
		(void)scene_find(&s);
		assert_int_equal(s.facts.services[0].gap_ms, cases[i].gap_ms);
		assert_int_equal(s.facts.services[0].gap_end_ms,
		                 cases[i].end_ms == UNKNOWN ? UNKNOWN
		                                            : SCENE_FROM + cases[i].end_ms);
		scene_end(&s);
	}
}

static void measured_gaps_count_if_clients_came(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	for (size_t i = 0; i < SCENE_SERVERS; i++)
		scene_fill(&s, i, DRILL_SERIES_CONNECTED, 0, 20, 3);
	scene_fill(&s, SCENE_NONE, DRILL_SERIES_GAP, 0, 20, 40);
	s.of_service[DRILL_SERIES_GAP][0] = 60000; /* of the time before the record */
	s.of_service[DRILL_SERIES_GAP][9] = 1730;
	(void)scene_find(&s);
	assert_int_equal(s.facts.services[0].gap_ms, 1730);
	assert_int_equal(s.facts.services[0].gap_end_ms, SCENE_FROM + 10000);
	scene_end(&s);
}

static void an_empty_record_has_no_facts(void **state)
{
	struct drill *d = drill_new();
	struct drillfacts f;

	(void)state;
	drillfacts_find(d, &f);
	assert_int_equal(f.outage_count, 0);
	drillfacts_release(&f);
	drill_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kill_has_all_its_numbers),
		cmocka_unit_test(what_was_not_recorded_is_unknown),
		cmocka_unit_test(orders_are_not_detected),
		cmocka_unit_test(a_request_for_no_new_sessions_is_its_own_first_answer),
		cmocka_unit_test(what_was_out_at_the_beginning_is_early),
		cmocka_unit_test(a_good_check_begins_the_row_again),
		cmocka_unit_test(a_state_forgets_the_checks_before_it),
		cmocka_unit_test(the_fault_behind_an_outage_is_found),
		cmocka_unit_test(a_fault_belongs_to_one_outage),
		cmocka_unit_test(clients_may_feel_it_before_the_checks),
		cmocka_unit_test(sessions_are_never_fewer_than_were_ended),
		cmocka_unit_test(an_outage_at_once_has_the_sessions_of_the_beginning),
		cmocka_unit_test(a_service_without_sessions_is_idle),
		cmocka_unit_test(evenness_is_of_usable_servers_and_before_the_next_outage),
		cmocka_unit_test(less_than_one_session_is_even),
		cmocka_unit_test(outages_stand_as_they_began),
		cmocka_unit_test(time_without_a_server_is_counted),
		cmocka_unit_test(a_start_is_no_time_without_a_server),
		cmocka_unit_test(a_service_counts_itself_or_its_servers),
		cmocka_unit_test(gaps_are_rows_of_intervals_if_they_were_not_measured),
		cmocka_unit_test(measured_gaps_count_if_clients_came),
		cmocka_unit_test(an_empty_record_has_no_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
