/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port tick_ms */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "../../../src/control/closing.h"
#include "../../../src/control/panic.h"
#include "core/quorum.h"
#include "rosterclock.h"

#include <stdio.h>

/* So many servers s1, s2, ... in the service "be", all UP. */
static struct topology_service *open_scene(struct rosterscene *s, size_t count,
                                           enum settings_panic panic)
{
	static const char *const names[] = { "s1", "s2", "s3", "s4", "s5" };
	struct rosterscene_server specs[ARRAY_LEN(names)] = { { 0 } };
	struct settings_service like = settings_service_default();

	like.panic = panic;
	for (size_t i = 0; i < count; i++) {
		specs[i].name = names[i];
		specs[i].check = SETTINGS_CHECK_HTTP;
		specs[i].set.shutdown_on_down = true;
	}
	rosterscene_open(s, specs, count, &like);
	rosterscene_own(s);
	roster_judge(s->roster);
	for (size_t i = 0; i < count; i++)
		rosterclock_passed(s, i);
	text_clear(&s->said);
	return s->topology->services[0];
}

static bool is_usable(const struct topology_service *service, size_t i)
{
	return topology_is_usable(service->servers[i]);
}

static void one_draining_node_of_three_is_no_panic(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 3, SETTINGS_PANIC_ROUTE);

	(void)state;
	rosterclock_times(rosterclock_draining, &s, 0, 5);
	assert_false(be->panicking);
	assert_false(is_usable(be, 0));
	rosterscene_expect_of(&s.said, "");
	rosterscene_close(&s);
}

/* As after an upgrade: states and the panic are known, the journal is empty. */
static void one_that_was_handed_over_goes_on_until_it_is_over(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 3, SETTINGS_PANIC_ROUTE);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		topology_set_state(be->servers[i], (struct state){ .health = STATE_DOWN });
		be->servers[i]->check =
		    (struct probe_result){ .code = PROBE_L7STS, .draining = true, .status = 503 };
	}
	journal_free(s.journal);
	s.journal = journal_new(16);
	s.roster->o.journal = s.journal;
	roster_start(s.roster);
	assert_false(be->panicking);
	atomic_store(&be->panicking, true);
	roster_start(s.roster);
	assert_true(be->panicking);
	assert_true(is_usable(be, 0) && is_usable(be, 1) && is_usable(be, 2));
	rosterscene_expect_of(&s.said, "");
	rosterclock_times(rosterclock_passed, &s, 0, 2);
	assert_true(be->panicking);
	rosterclock_times(rosterclock_passed, &s, 1, 2);
	assert_false(be->panicking);
	assert_false(is_usable(be, 2));
	rosterscene_close(&s);
}

static void a_rolling_restart_is_no_panic(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 3, SETTINGS_PANIC_ROUTE);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		rosterclock_times(rosterclock_draining, &s, i, 2);
		rosterclock_times(rosterclock_refused, &s, i, 3);
		/* The next one begins while this one is still away, but dead. */
		rosterclock_draining(&s, (i + 1) % 3);
		assert_false(be->panicking);
		rosterclock_times(rosterclock_passed, &s, i, 2);
		rosterclock_times(rosterclock_passed, &s, (i + 1) % 3, 2);
		rosterclock_pass(3000);
	}
	rosterscene_expect_of(&s.said, "");
	rosterscene_close(&s);
}

static void most_that_drain_or_are_silent_at_once_are_a_panic(void **state)
{
	static const struct {
		size_t servers, lost;
	} cases[] = { { 2, 2 }, { 3, 2 }, { 4, 3 }, { 5, 3 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rosterscene s;
		struct topology_service *be =
		    open_scene(&s, cases[i].servers, SETTINGS_PANIC_REFUSE);

		for (size_t k = 0; k < cases[i].lost; k++) {
			assert_false(be->panicking);
			if (k % 2)
				rosterclock_draining(&s, k);
			else
				rosterclock_times(rosterclock_silent, &s, k, 3);
		}
		assert_true(be->panicking);
		assert_false(is_usable(be, 0));
		rosterscene_close(&s);
	}
}

static void one_server_alone_does_not_panic(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 1, SETTINGS_PANIC_ROUTE);

	(void)state;
	rosterclock_times(rosterclock_silent, &s, 0, 3);
	assert_false(be->panicking);
	rosterscene_expect_of(&s.said, "be is down\n");
	rosterscene_close(&s);
}

static void losses_that_are_far_apart_are_no_panic(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 3, SETTINGS_PANIC_ROUTE);

	(void)state;
	rosterclock_draining(&s, 0);
	rosterclock_pass(QUORUM_WINDOW_MS + 1);
	rosterclock_draining(&s, 1);
	assert_false(be->panicking);
	rosterclock_pass(QUORUM_WINDOW_MS - 1);
	rosterclock_draining(&s, 2);
	assert_true(be->panicking);
	rosterscene_close(&s);
}

static void refused_servers_are_dead_and_no_panic(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 3, SETTINGS_PANIC_ROUTE);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		rosterclock_times(rosterclock_refused, &s, i, 3);
	assert_false(be->panicking);
	assert_string_equal(text_str(&s.ended), "s1:DD s2:DD s3:DD ");
	rosterscene_expect_of(&s.said, "be is down\n");
	rosterscene_close(&s);
}

static void in_haproxys_place_there_is_no_panic(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 3, SETTINGS_PANIC_ROUTE);

	(void)state;
	s.topology->owned->haproxy = true;
	for (size_t i = 0; i < 3; i++)
		rosterclock_times(rosterclock_silent, &s, i, 3);
	assert_false(be->panicking);
	assert_string_equal(text_str(&s.ended), "s1:DD s2:DD s3:DD ");
	rosterscene_close(&s);
}

static void servers_under_maintenance_do_not_count(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 4, SETTINGS_PANIC_ROUTE);

	(void)state;
	roster_order(s.roster, be->servers[3], ROSTER_MAINT);
	text_clear(&s.ended);
	rosterclock_draining(&s, 0);
	assert_false(be->panicking);
	rosterclock_draining(&s, 1);
	assert_true(be->panicking);
	assert_true(is_usable(be, 0) && is_usable(be, 1) && is_usable(be, 2));
	assert_false(is_usable(be, 3));
	rosterscene_close(&s);
}

static void route_takes_them_as_usable_until_it_is_over(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 3, SETTINGS_PANIC_ROUTE);
	char reason[64];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		rosterclock_draining(&s, i);
	rosterscene_expect_of(&s.said, "panic be: 2 of 3 servers ask for patience or do not "
	                               "answer: sessions stay, new ones go to them, too\n");
	assert_true(is_usable(be, 0) && is_usable(be, 1) && is_usable(be, 2));
	rosterclock_times(rosterclock_draining, &s, 0, 3);
	assert_int_equal(topology_state(be->servers[0]).health, STATE_DOWN);
	assert_true(is_usable(be, 0));
	s.topology->services[1]->server_count = 0;
	roster_ready(s.roster, reason, sizeof(reason));
	assert_string_equal(reason, "service other has no usable server");
	rosterclock_times(rosterclock_passed, &s, 1, 2);
	assert_true(be->panicking);
	rosterclock_times(rosterclock_passed, &s, 2, 2);
	assert_false(be->panicking);
	assert_false(is_usable(be, 0));
	rosterscene_expect_of(&s.said, "over be: of 3 servers 2 serve and 0 are dead\n");
	rosterscene_expect_of(&s.ended, "");
	rosterscene_close(&s);
}

/* The last two go at once: nobody is told that the service is down. */
static void a_panic_begins_before_the_service_is_down(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 2, SETTINGS_PANIC_ROUTE);

	(void)state;
	rosterclock_times(rosterclock_silent, &s, 0, 3);
	rosterclock_times(rosterclock_silent, &s, 1, 3);
	assert_true(be->panicking && is_usable(be, 0) && is_usable(be, 1));
	rosterscene_expect_of(&s.said, "panic be: 2 of 2 servers ask for patience or do not "
	                               "answer: sessions stay, new ones go to them, too\n");
	rosterscene_close(&s);
}

static void refuse_and_hold_take_none_as_usable(void **state)
{
	static const struct {
		enum settings_panic panic;
		const char *said;
	} cases[] = {
		{ SETTINGS_PANIC_REFUSE, "new ones go to those that serve\n" },
		{ SETTINGS_PANIC_HOLD, "new ones wait if none serves\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rosterscene s;
		struct topology_service *be = open_scene(&s, 3, cases[i].panic);

		rosterclock_draining(&s, 0);
		rosterclock_draining(&s, 1);
		assert_true(be->panicking);
		assert_non_null(strstr(text_str(&s.said), cases[i].said));
		assert_false(is_usable(be, 0) || is_usable(be, 1));
		assert_true(is_usable(be, 2));
		rosterclock_draining(&s, 2);
		assert_non_null(strstr(text_str(&s.said), "be is down\n"));
		rosterscene_close(&s);
	}
}

static void the_dead_are_not_pressed_and_too_many_of_them_end_it(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 3, SETTINGS_PANIC_ROUTE);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		rosterclock_times(rosterclock_silent, &s, i, 3);
	text_clear(&s.said);
	rosterclock_refused(&s, 0);
	assert_true(be->panicking);
	assert_false(is_usable(be, 0));
	assert_true(is_usable(be, 1));
	rosterclock_refused(&s, 1);
	assert_false(be->panicking);
	assert_false(is_usable(be, 2));
	rosterscene_expect_of(&s.said,
	                      "over be: of 3 servers 0 serve and 2 are dead\nbe is down\n");
	rosterscene_close(&s);
}

static void people_are_obeyed_in_a_panic(void **state)
{
	static const enum roster_order orders[] = { ROSTER_MAINT, ROSTER_DRAIN };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct rosterscene s;
		struct topology_service *be = open_scene(&s, 5, SETTINGS_PANIC_ROUTE);

		for (size_t k = 0; k < 4; k++)
			rosterclock_draining(&s, k);
		assert_true(is_usable(be, 0));
		roster_order(s.roster, be->servers[0], orders[i]);
		assert_true(be->panicking);
		assert_false(is_usable(be, 0));
		rosterscene_close(&s);
	}
}

static void no_session_is_cut_when_a_panic_is_near(void **state)
{
	struct rosterscene s;
	struct topology_service *be = open_scene(&s, 3, SETTINGS_PANIC_REFUSE);

	(void)state;
	assert_false(panic_is_near(s.roster, be));
	for (int i = 0; i < 2; i++) {
		rosterclock_silent(&s, 0);
		rosterclock_silent(&s, 1);
	}
	assert_true(panic_is_near(s.roster, be));
	rosterclock_silent(&s, 0);
	assert_false(be->panicking);
	assert_int_equal(topology_state(be->servers[0]).health, STATE_DOWN);
	rosterscene_expect_of(&s.ended, "");
	rosterclock_silent(&s, 1);
	assert_true(be->panicking && panic_is_near(s.roster, be));
	rosterscene_expect_of(&s.ended, "");
	rosterscene_close(&s);
}

static void step(struct rosterscene *s, int64_t ms)
{
	rosterclock_pass(ms);
	closing_step(s->roster, rosterclock_ms);
}

/* The order of s3 is made in the panic, that of s2 before it. */
static void those_that_are_still_down_when_it_ends_lose_their_sessions(void **state)
{
	static const struct {
		size_t returns;
		const char *wished;
	} cases[] = { { 1, "s3:server_down:now:0 " }, { 2, "s2:server_down:now:0 " } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rosterscene s;
		struct topology_service *be = open_scene(&s, 3, SETTINGS_PANIC_REFUSE);

		rosterclock_times(rosterclock_silent, &s, 2, 2);
		rosterclock_times(rosterclock_silent, &s, 1, 3);
		assert_true(!be->panicking && panic_is_near(s.roster, be));
		rosterclock_silent(&s, 2);
		assert_true(be->panicking);
		text_clear(&s.wished);
		step(&s, 1000);
		rosterscene_expect_of(&s.wished, "");
		rosterclock_times(rosterclock_passed, &s, cases[i].returns, 2);
		assert_false(be->panicking);
		step(&s, 1000);
		rosterscene_expect_of(&s.wished, cases[i].wished);
		rosterscene_expect_of(&s.ended, "");
		rosterscene_close(&s);
	}
}

static void those_that_track_a_server_are_lost_with_it(void **state)
{
	static const struct rosterscene_server specs[] = {
		{ .name = "s1", .check = SETTINGS_CHECK_HTTP },
		{ .name = "s2", .check = SETTINGS_CHECK_HTTP },
		{ .name = "other/t1", .check = SETTINGS_CHECK_NONE, .set = { .track = "be/s1" } },
		{ .name = "other/t2",
		  .check = SETTINGS_CHECK_NONE,
		  .set = { .track = "other/t1" } },
	};
	struct rosterscene s;

	(void)state;
	rosterscene_open(&s, specs, ARRAY_LEN(specs), NULL);
	rosterscene_own(&s);
	rosterclock_passed(&s, 0);
	rosterclock_passed(&s, 1);
	rosterclock_draining(&s, 0);
	assert_false(s.topology->services[0]->panicking);
	assert_true(s.topology->services[1]->panicking);
	rosterscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_draining_node_of_three_is_no_panic),
		cmocka_unit_test(one_that_was_handed_over_goes_on_until_it_is_over),
		cmocka_unit_test(a_rolling_restart_is_no_panic),
		cmocka_unit_test(most_that_drain_or_are_silent_at_once_are_a_panic),
		cmocka_unit_test(one_server_alone_does_not_panic),
		cmocka_unit_test(losses_that_are_far_apart_are_no_panic),
		cmocka_unit_test(refused_servers_are_dead_and_no_panic),
		cmocka_unit_test(in_haproxys_place_there_is_no_panic),
		cmocka_unit_test(servers_under_maintenance_do_not_count),
		cmocka_unit_test(route_takes_them_as_usable_until_it_is_over),
		cmocka_unit_test(a_panic_begins_before_the_service_is_down),
		cmocka_unit_test(refuse_and_hold_take_none_as_usable),
		cmocka_unit_test(the_dead_are_not_pressed_and_too_many_of_them_end_it),
		cmocka_unit_test(people_are_obeyed_in_a_panic),
		cmocka_unit_test(no_session_is_cut_when_a_panic_is_near),
		cmocka_unit_test(those_that_are_still_down_when_it_ends_lose_their_sessions),
		cmocka_unit_test(those_that_track_a_server_are_lost_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
