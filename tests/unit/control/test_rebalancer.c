/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port tick_ms */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "../../../src/control/rebalancer.h"

#include "rosterclock.h"

#define BLIND "; without protocol = \"pgwire\" nobody sees where a transaction ends"

/* s1 has 100 sessions, s2 and s3 none. */
static void open_scene(struct rosterscene *s, bool rebalance, uint32_t encrypted_ms)
{
	static const struct rosterscene_server specs[] = {
		{ .name = "s1", .check = SETTINGS_CHECK_NONE },
		{ .name = "s2", .check = SETTINGS_CHECK_NONE },
		{ .name = "s3", .check = SETTINGS_CHECK_NONE },
		{ .name = "other/a", .check = SETTINGS_CHECK_NONE },
	};
	struct settings_service like = settings_service_default();

	like.rebalance = rebalance;
	like.rebalance_every_ms = 30000;
	like.rebalance_budget = 20;
	like.rebalance_encrypted_ms = encrypted_ms;
	rosterscene_open(s, specs, ARRAY_LEN(specs), &like);
	rosterscene_own(s);
	atomic_store(&rosterscene_server(s, "be/s1")->active, 100);
}

static void each_pass_ends_what_is_too_much(void **state)
{
	struct rosterscene s;

	(void)state;
	open_scene(&s, true, 0);
	rosterclock_ms = 30000 * 7 + 29000;
	rebalancer_tick(s.roster, rosterclock_ms);
	rosterscene_expect_of(&s.wished, "");
	rosterclock_pass(999);
	rebalancer_tick(s.roster, rosterclock_ms);
	rosterscene_expect_of(&s.wished, "");
	rosterclock_pass(1);
	rebalancer_tick(s.roster, rosterclock_ms);
	rosterscene_expect_of(&s.wished, "s1:rebalanced:between:20 ");
	rosterscene_expect_of(&s.said, "rebalancing be: 20 sessions end: 20 on s1\n");
	for (int i = 0; i < 29; i++) {
		rosterclock_pass(1000);
		rebalancer_tick(s.roster, rosterclock_ms);
	}
	rosterscene_expect_of(&s.wished, "");
	rosterclock_pass(1000);
	roster_balance(s.roster);
	rosterscene_expect_of(&s.wished, "s1:rebalanced:between:20 ");
	rosterscene_close(&s);
}

static void services_that_do_not_want_it_are_left_alone(void **state)
{
	struct rosterscene s;

	(void)state;
	open_scene(&s, false, 0);
	rebalancer_tick(s.roster, 1);
	rebalancer_tick(s.roster, 1000000);
	rosterscene_expect_of(&s.wished, "");
	rosterscene_close(&s);
}

static void what_ends_nothing_is_not_told(void **state)
{
	struct rosterscene s;

	(void)state;
	open_scene(&s, true, 0);
	atomic_store(&rosterscene_server(&s, "be/s1")->active, 1);
	rebalancer_run(s.roster, NULL, false, NULL);
	rosterscene_expect_of(&s.wished, "");
	rosterscene_expect_of(&s.said, "");
	rosterscene_close(&s);
}

static void silent_ones_end_only_if_that_is_wanted_and_needed(void **state)
{
	struct rosterscene s;

	(void)state;
	open_scene(&s, true, 300000);
	rebalancer_run(s.roster, NULL, false, NULL);
	rosterscene_expect_of(&s.wished, "s1:rebalanced:between:20 ");
	s.granted = 5;
	rebalancer_run(s.roster, NULL, false, NULL);
	rosterscene_expect_of(&s.wished, "s1:rebalanced:between:20 s1:rebalanced:now:15+silent ");
	rosterscene_expect_of(&s.said, "rebalancing be: 20 sessions end: 20 on s1\n"
	                               "rebalancing be: 10 sessions end: 10 on s1\n");
	rosterscene_close(&s);
}

static void a_dry_run_only_shows(void **state)
{
	struct rosterscene s;
	AUTO_TEXT out = { 0 };

	(void)state;
	open_scene(&s, false, 0);
	roster_rebalance(s.roster, s.topology->services[0], true, &out);
	rosterscene_expect_of(
	    &out, "be/s1: 100 sessions, an even share is 34: 20 would be asked to end" BLIND "\n"
	          "be/s2: 0 sessions, an even share is 34\n"
	          "be/s3: 0 sessions, an even share is 34\n");
	rosterscene_expect_of(&s.wished, "");
	s.granted = 1;
	roster_rebalance(s.roster, NULL, false, &out);
	rosterscene_expect_of(&out,
	                      "be/s1: 100 sessions, an even share is 34: 1 of 20 end" BLIND "\n"
	                      "be/s2: 0 sessions, an even share is 34\n"
	                      "be/s3: 0 sessions, an even share is 34\n"
	                      "other/a: 0 sessions, an even share is 0\n"
	                      "other: nothing to end: fewer than two servers are usable\n");
	rosterscene_expect_of(&s.said, "rebalancing be: 1 session ends: 1 on s1\n");
	rosterscene_close(&s);
}

static void why_sessions_stay_is_said(void **state)
{
	static const struct {
		bool pgwire;
		uint32_t encrypted_ms;
		const char *why;
	} cases[] = {
		{ false, 0, BLIND },
		{ true, 0,
		  "; the others are encrypted, for which there is rebalance_encrypted, or were "
		  "asked before" },
		{ true, 1,
		  "; the others were asked before, or have not been silent for "
		  "rebalance_encrypted" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_service *set;
		struct rosterscene s;
		AUTO_TEXT out = { 0 };

		open_scene(&s, false, cases[i].encrypted_ms);
		set = (struct settings_service *)(uintptr_t)s.topology->services[0]->settings;
		set->protocol = cases[i].pgwire ? SETTINGS_PROTOCOL_PGWIRE : SETTINGS_PROTOCOL_TCP;
		s.granted = 1;
		roster_rebalance(s.roster, s.topology->services[0], false, &out);
		assert_non_null(strstr(text_str(&out), cases[i].why));
		rosterscene_close(&s);
	}
}

static void that_all_is_even_is_said(void **state)
{
	struct rosterscene s;
	AUTO_TEXT out = { 0 };

	(void)state;
	open_scene(&s, false, 0);
	atomic_store(&rosterscene_server(&s, "be/s1")->active, 1);
	roster_rebalance(s.roster, s.topology->services[0], true, &out);
	assert_non_null(strstr(text_str(&out), "\nbe: nothing to end: no server has more than "
	                                       "15 % beyond its share\n"));
	rosterscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pass_ends_what_is_too_much),
		cmocka_unit_test(services_that_do_not_want_it_are_left_alone),
		cmocka_unit_test(what_ends_nothing_is_not_told),
		cmocka_unit_test(silent_ones_end_only_if_that_is_wanted_and_needed),
		cmocka_unit_test(a_dry_run_only_shows),
		cmocka_unit_test(why_sessions_stay_is_said),
		cmocka_unit_test(that_all_is_even_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
