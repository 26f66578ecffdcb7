/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port tick_ms */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "../../../src/control/closing.h"
#include "rosterclock.h"

/* s1 of three, all UP, with a hundred sessions. */
static struct topology_server *open_scene(struct rosterscene *s, struct settings_server set)
{
	const struct rosterscene_server specs[] = {
		{ .name = "s1", .check = SETTINGS_CHECK_HTTP, .set = set },
		{ .name = "s2", .check = SETTINGS_CHECK_HTTP },
		{ .name = "s3", .check = SETTINGS_CHECK_HTTP },
	};
	struct topology_server *s1;

	rosterscene_open(s, specs, ARRAY_LEN(specs), NULL);
	rosterscene_own(s);
	for (size_t i = 0; i < ARRAY_LEN(specs); i++)
		rosterclock_passed(s, i);
	s1 = rosterscene_server(s, "be/s1");
	atomic_store(&s1->active, 100);
	return s1;
}

static void step(struct rosterscene *s, int64_t ms)
{
	rosterclock_pass(ms);
	closing_step(s->roster, rosterclock_ms);
}

static void what_had_no_answer_goes_on_elsewhere_when_its_server_goes_down(void **state)
{
	struct rosterscene s;

	(void)state;
	open_scene(&s, (struct settings_server){ .name = NULL });
	rosterclock_times(rosterclock_refused, &s, 0, 2);
	rosterscene_expect_of(&s.wished, "");
	rosterclock_refused(&s, 0);
	rosterscene_expect_of(&s.wished, "s1:server_down:unanswered:0 ");
	assert_string_equal(text_str(&s.ended), "");
	roster_order(s.roster, rosterscene_server(&s, "be/s2"), ROSTER_MAINT);
	rosterclock_times(rosterclock_draining, &s, 2, 3);
	rosterscene_expect(&s, "s1:UP->DOWN s2:UP->UP+maint s3:UP->NOLB s3:NOLB->DOWN ");
	rosterscene_expect_of(&s.wished, "");
	rosterscene_close(&s);
}

static void in_haproxys_place_sessions_end_at_once(void **state)
{
	struct rosterscene s;

	(void)state;
	open_scene(&s, (struct settings_server){ .shutdown_on_down = true });
	s.topology->owned->haproxy = true;
	rosterclock_times(rosterclock_silent, &s, 0, 3);
	rosterscene_expect_of(&s.ended, "s1:DD ");
	rosterscene_expect_of(&s.wished, "");
	rosterscene_close(&s);
}

static void sessions_of_one_that_is_silent_are_given_time(void **state)
{
	struct rosterscene s;

	(void)state;
	open_scene(&s, (struct settings_server){ .shutdown_on_down = true, .down_grace_ms = 1000 });
	rosterclock_times(rosterclock_silent, &s, 0, 3);
	rosterscene_expect_of(&s.wished, "s1:server_down:unanswered:0 ");
	step(&s, 999);
	rosterscene_expect_of(&s.wished, "");
	step(&s, 1);
	rosterscene_expect_of(&s.wished, "s1:server_down:now:0 ");
	step(&s, 1000);
	rosterscene_expect_of(&s.wished, "");
	assert_string_equal(text_str(&s.ended), "");
	rosterscene_close(&s);
}

static void one_that_returns_in_time_keeps_its_sessions(void **state)
{
	struct rosterscene s;

	(void)state;
	open_scene(&s, (struct settings_server){ .shutdown_on_down = true, .down_grace_ms = 1000 });
	rosterclock_times(rosterclock_silent, &s, 0, 3);
	rosterclock_times(rosterclock_passed, &s, 0, 2);
	rosterscene_expect(&s, "s1:UP->DOWN s1:DOWN->UP ");
	text_clear(&s.wished);
	step(&s, 5000);
	rosterscene_expect_of(&s.wished, "");
	rosterscene_close(&s);
}

static void of_one_that_is_proven_dead_nothing_is_waited_for(void **state)
{
	struct rosterscene s;
	struct topology_server *s1;

	(void)state;
	s1 = open_scene(
	    &s, (struct settings_server){ .shutdown_on_down = true, .down_grace_ms = 1000 });
	rosterclock_times(rosterclock_refused, &s, 0, 3);
	rosterscene_expect_of(&s.ended, "s1:DD ");
	rosterclock_times(rosterclock_passed, &s, 0, 2);
	/* Silent first, then gone: the wait is over. */
	rosterclock_times(rosterclock_silent, &s, 0, 3);
	text_clear(&s.wished);
	step(&s, 100);
	rosterscene_expect_of(&s.wished, "");
	rosterclock_refused(&s, 0);
	step(&s, 100);
	rosterscene_expect_of(&s.wished, "s1:server_down:now:0 ");
	rosterclock_times(rosterclock_passed, &s, 0, 2);
	roster_order(s.roster, s1, ROSTER_MAINT);
	rosterscene_expect_of(&s.ended, "s1:DD ");
	roster_order(s.roster, s1, ROSTER_READY);
	roster_order(s.roster, s1, ROSTER_HEALTH_DOWN);
	rosterscene_expect_of(&s.ended, "s1:DD ");
	rosterscene_close(&s);
}

static void sessions_end_evenly_over_the_spread(void **state)
{
	struct rosterscene s;

	(void)state;
	open_scene(&s,
	           (struct settings_server){ .shutdown_on_down = true, .close_spread_ms = 1000 });
	rosterclock_times(rosterclock_refused, &s, 0, 3);
	text_clear(&s.wished);
	assert_string_equal(text_str(&s.ended), "");
	for (int i = 1; i < 10; i++) {
		step(&s, 100);
		rosterscene_expect_of(&s.wished, "s1:server_down:now:10 ");
	}
	step(&s, 50);
	rosterscene_expect_of(&s.wished, "s1:server_down:now:5 ");
	step(&s, 50);
	rosterscene_expect_of(&s.wished, "s1:server_down:now:0 ");
	step(&s, 100);
	rosterscene_expect_of(&s.wished, "");
	rosterscene_close(&s);
}

static void what_a_panic_interrupts_begins_anew(void **state)
{
	struct rosterscene s;
	struct topology_server *s1 = open_scene(
	    &s, (struct settings_server){ .shutdown_on_down = true, .close_spread_ms = 1000 });

	(void)state;
	rosterclock_times(rosterclock_silent, &s, 0, 3);
	step(&s, 1);
	text_clear(&s.wished);
	step(&s, 500);
	rosterscene_expect_of(&s.wished, "s1:server_down:now:50 ");
	rosterclock_times(rosterclock_silent, &s, 1, 3);
	assert_true(s1->service->panicking);
	atomic_store(&s1->active, 50);
	text_clear(&s.wished);
	step(&s, 5000);
	rosterscene_expect_of(&s.wished, "");
	rosterclock_times(rosterclock_passed, &s, 1, 2);
	assert_false(s1->service->panicking);
	step(&s, 1);
	step(&s, 100);
	rosterscene_expect_of(&s.wished, "s1:server_down:now:5 ");
	rosterscene_close(&s);
}

static void a_node_that_says_that_it_drains_ends_its_sessions_itself(void **state)
{
	struct rosterscene s;

	(void)state;
	open_scene(&s, (struct settings_server){ .shutdown_on_down = true });
	rosterclock_times(rosterclock_draining, &s, 0, 3);
	rosterscene_expect(&s, "s1:UP->NOLB s1:NOLB->DOWN ");
	step(&s, 60000);
	rosterscene_expect_of(&s.wished, "");
	rosterclock_refused(&s, 0);
	step(&s, 100);
	rosterscene_expect_of(&s.wished, "s1:server_down:now:0 ");
	assert_string_equal(text_str(&s.ended), "");
	rosterscene_close(&s);
}

/* t2 tracks t1, which tracks s1. */
static void those_that_track_a_node_that_drains_are_as_polite(void **state)
{
	static const struct settings_server set = { .track = "be/s1", .shutdown_on_down = true };
	struct rosterscene_server specs[] = {
		{ .name = "s1", .check = SETTINGS_CHECK_HTTP },
		{ .name = "other/t1", .check = SETTINGS_CHECK_NONE, .set = set },
		{ .name = "other/t2", .check = SETTINGS_CHECK_NONE, .set = set },
	};
	struct rosterscene s;

	(void)state;
	specs[2].set.track = "other/t1";
	rosterscene_open(&s, specs, ARRAY_LEN(specs), NULL);
	rosterscene_own(&s);
	rosterclock_passed(&s, 0);
	rosterclock_times(rosterclock_draining, &s, 0, 3);
	assert_int_equal(topology_state(rosterscene_server(&s, "other/t2")).health, STATE_DOWN);
	step(&s, 60000);
	rosterscene_expect_of(&s.ended, "");
	rosterscene_expect_of(&s.wished, "");
	rosterclock_refused(&s, 0);
	step(&s, 100);
	rosterscene_expect_of(&s.wished, "t1:server_down:now:0 t2:server_down:now:0 ");
	rosterclock_times(rosterclock_passed, &s, 0, 2);
	rosterclock_times(rosterclock_refused, &s, 0, 3);
	rosterscene_expect_of(&s.ended, "t1:DD t2:DD ");
	rosterscene_close(&s);
}

static void a_drain_with_a_deadline_asks_one_after_another(void **state)
{
	struct rosterscene s;
	struct topology_server *s1 = open_scene(&s, (struct settings_server){ .name = NULL });

	(void)state;
	roster_drain(s.roster, s1, 40000);
	rosterscene_expect(&s, "s1:UP->UP+drain ");
	assert_int_equal(s1->drain_until_ms, rosterclock_ms + 40000);
	step(&s, 3000);
	rosterscene_expect_of(&s.wished, "s1:drained:between:10 ");
	step(&s, 12000);
	rosterscene_expect_of(&s.wished, "s1:drained:between:40 ");
	step(&s, 15000);
	rosterscene_expect_of(&s.wished, "s1:drained:between:0 ");
	atomic_store(&s1->active, 7);
	step(&s, 9999);
	rosterscene_expect_of(&s.wished, "s1:drained:between:0 ");
	rosterscene_expect_of(&s.said, "");
	step(&s, 1);
	rosterscene_expect_of(&s.wished, "s1:drain_over:now:0 ");
	rosterscene_expect_of(&s.said, "the time to drain be/s1 is over: 7 sessions ended\n");
	assert_int_equal(s1->drain_until_ms, 0);
	step(&s, 100);
	rosterscene_expect_of(&s.wished, "");
	rosterscene_close(&s);
}

static void an_empty_server_is_drained_before_its_deadline(void **state)
{
	struct rosterscene s;
	struct topology_server *s1 = open_scene(&s, (struct settings_server){ .name = NULL });

	(void)state;
	roster_drain(s.roster, s1, 40000);
	atomic_store(&s1->active, 0);
	step(&s, 100);
	assert_int_equal(s1->drain_until_ms, 0);
	step(&s, 60000);
	rosterscene_expect_of(&s.said, "");
	rosterscene_close(&s);
}

static void a_drain_goes_on_while_predecessors_have_sessions(void **state)
{
	struct rosterscene s;
	struct topology_server *s1 = open_scene(&s, (struct settings_server){ .name = NULL });

	(void)state;
	roster_drain(s.roster, s1, 40000);
	atomic_store(&s1->active, 0);
	s1->active_before = 1;
	step(&s, 100);
	assert_int_not_equal(s1->drain_until_ms, 0);
	step(&s, 40000);
	assert_int_equal(s1->drain_until_ms, 0);
	rosterscene_expect_of(&s.said, "");
	rosterscene_close(&s);
}

static void what_ends_a_drain_ends_its_deadline(void **state)
{
	static const enum roster_order orders[] = { ROSTER_READY, ROSTER_MAINT };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct rosterscene s;
		struct topology_server *s1;

		s1 = open_scene(&s, (struct settings_server){ .name = NULL });
		roster_drain(s.roster, s1, 1000);
		roster_order(s.roster, s1, orders[i]);
		assert_int_equal(s1->drain_until_ms, 0);
		/* Another drain has nothing to do with the one before. */
		roster_order(s.roster, s1, ROSTER_DRAIN);
		step(&s, 5000);
		rosterscene_expect_of(&s.wished, "");
		roster_drain(s.roster, s1, 1000);
		roster_order(s.roster, s1, ROSTER_DRAIN);
		assert_int_equal(s1->drain_until_ms, rosterclock_ms + 1000);
		roster_drain(s.roster, s1, 0);
		step(&s, 5000);
		rosterscene_expect_of(&s.wished, "");
		rosterscene_close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_had_no_answer_goes_on_elsewhere_when_its_server_goes_down),
		cmocka_unit_test(in_haproxys_place_sessions_end_at_once),
		cmocka_unit_test(sessions_of_one_that_is_silent_are_given_time),
		cmocka_unit_test(one_that_returns_in_time_keeps_its_sessions),
		cmocka_unit_test(of_one_that_is_proven_dead_nothing_is_waited_for),
		cmocka_unit_test(sessions_end_evenly_over_the_spread),
		cmocka_unit_test(what_a_panic_interrupts_begins_anew),
		cmocka_unit_test(a_node_that_says_that_it_drains_ends_its_sessions_itself),
		cmocka_unit_test(those_that_track_a_node_that_drains_are_as_polite),
		cmocka_unit_test(a_drain_with_a_deadline_asks_one_after_another),
		cmocka_unit_test(an_empty_server_is_drained_before_its_deadline),
		cmocka_unit_test(a_drain_goes_on_while_predecessors_have_sessions),
		cmocka_unit_test(what_ends_a_drain_ends_its_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
