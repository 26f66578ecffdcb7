/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port tick_ms */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "core/testimony.h"

#include "rosterclock.h"

/* s1 UP with a full counter. */
static struct topology_server *open_scene(struct rosterscene *s, bool observe)
{
	const struct rosterscene_server specs[] = {
		{ .name = "s1",
		  .check = SETTINGS_CHECK_HTTP,
		  .set = { .observe = observe, .error_limit = 10 } },
	};
	struct topology_server *s1;

	rosterscene_open(s, specs, ARRAY_LEN(specs), NULL);
	rosterscene_own(s);
	s1 = rosterscene_server(s, "be/s1");
	assert_int_equal(s1->target->check.inter_ms, 2000); /* the check's time-out, too */
	rosterclock_passed(s, 0);
	rosterclock_pass(60000);
	return s1;
}

static void what_clients_and_a_check_met_is_beyond_doubt(void **state)
{
	enum { REFUSED, TIMEOUT, SILENT, NOBODY };
	static const struct {
		int client;
		bool check_refused;
		int64_t after_ms;
		const char *status, *cause;
	} cases[] = {
		{ REFUSED, true, 0, "DOWN", "refused to clients and to a check" },
		{ REFUSED, true, 1000, "DOWN", "refused to clients and to a check" },
		{ REFUSED, true, 1001, "UP 2/3", "" },
		{ REFUSED, false, 0, "UP 2/3", "" },
		{ TIMEOUT, false, 0, "DOWN", "silent to clients and to a check" },
		{ TIMEOUT, true, 0, "UP 2/3", "" },
		{ SILENT, false, 3000, "DOWN", "silent to clients and to a check" },
		{ SILENT, false, 3001, "UP 2/3", "" },
		{ NOBODY, true, 0, "UP 2/3", "" },
		{ NOBODY, false, 0, "UP 2/3", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rosterscene s;
		struct topology_server *s1 = open_scene(&s, false);
		unsigned int hurried = s.checker.slots[0].hurried;

		if (cases[i].client == SILENT)
			roster_server_silent(s.roster, s1);
		else if (cases[i].client != NOBODY)
			roster_connect_failed(s.roster, s1,
			                      cases[i].client == TIMEOUT ? REASON_CONNECT_TIMEOUT
			                                                 : REASON_CONNECT_REFUSED);
		assert_int_equal(s.checker.slots[0].hurried - hurried, cases[i].client != NOBODY);
		rosterclock_pass(cases[i].after_ms);
		if (cases[i].check_refused)
			rosterclock_refused(&s, 0);
		else
			rosterclock_silent(&s, 0);
		assert_string_equal(rosterscene_status(s1), cases[i].status);
		assert_string_equal(s1->cause, cases[i].cause);
		rosterscene_close(&s);
	}
}

/* t2 tracks t1, which tracks s1. */
static void what_clients_met_at_one_that_tracks_counts_for_the_check(void **state)
{
	static const struct rosterscene_server specs[] = {
		{ .name = "s1", .check = SETTINGS_CHECK_HTTP },
		{ .name = "other/t1", .check = SETTINGS_CHECK_NONE, .set = { .track = "be/s1" } },
		{ .name = "other/t2",
		  .check = SETTINGS_CHECK_NONE,
		  .set = { .track = "other/t1" } },
	};
	struct rosterscene s;
	unsigned int hurried;

	(void)state;
	rosterscene_open(&s, specs, ARRAY_LEN(specs), NULL);
	rosterscene_own(&s);
	rosterclock_passed(&s, 0);
	hurried = s.checker.slots[0].hurried;
	roster_connect_failed(s.roster, rosterscene_server(&s, "other/t2"), REASON_CONNECT_REFUSED);
	roster_server_silent(s.roster, rosterscene_server(&s, "other/t1"));
	assert_int_equal(s.checker.slots[0].hurried - hurried, 2);
	rosterclock_refused(&s, 0);
	assert_string_equal(rosterscene_status(rosterscene_server(&s, "be/s1")), "DOWN");
	assert_string_equal(rosterscene_status(rosterscene_server(&s, "other/t2")), "DOWN");
	rosterscene_close(&s);
}

static void other_failures_confirm_nothing(void **state)
{
	struct rosterscene s;
	struct topology_server *s1 = open_scene(&s, false);

	(void)state;
	roster_connect_failed(s.roster, s1, REASON_CONNECT_REFUSED);
	roster_connect_failed(s.roster, s1, REASON_CONNECT_TIMEOUT);
	rosterclock_draining(&s, 0);
	assert_string_equal(rosterscene_status(s1), "NOLB 2/3");
	rosterclock_refused(&s, 0);
	assert_string_equal(rosterscene_status(s1), "DOWN");
	rosterscene_close(&s);
}

static void in_haproxys_place_only_observed_servers_count(void **state)
{
	(void)state;
	for (int observe = 0; observe <= 1; observe++) {
		struct rosterscene s;
		struct topology_server *s1 = open_scene(&s, observe);

		s.topology->owned->haproxy = true;
		roster_connect_failed(s.roster, s1, REASON_CONNECT_REFUSED);
		rosterclock_refused(&s, 0);
		assert_string_equal(rosterscene_status(s1), observe ? "DOWN" : "UP 2/3");
		rosterscene_close(&s);
	}
}

static void the_oldest_of_many_are_forgotten(void **state)
{
	static const struct rosterscene_server specs[] = {
		{ .name = "s1", .check = SETTINGS_CHECK_HTTP },
		{ .name = "s2", .check = SETTINGS_CHECK_HTTP },
	};
	struct rosterscene s;
	struct topology_server *s1;
	struct topology_server *s2;

	(void)state;
	rosterscene_open(&s, specs, ARRAY_LEN(specs), NULL);
	rosterscene_own(&s);
	s1 = rosterscene_server(&s, "be/s1");
	s2 = rosterscene_server(&s, "be/s2");
	rosterclock_passed(&s, 0);
	rosterclock_passed(&s, 1);
	roster_connect_failed(s.roster, s1, REASON_CONNECT_REFUSED);
	for (int i = 0; i < TESTIMONY_ROOM; i++)
		roster_connect_failed(s.roster, s2, REASON_CONNECT_REFUSED);
	rosterclock_refused(&s, 0);
	rosterclock_refused(&s, 1);
	assert_string_equal(rosterscene_status(s1), "UP 2/3");
	assert_string_equal(rosterscene_status(s2), "DOWN");
	rosterscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_clients_and_a_check_met_is_beyond_doubt),
		cmocka_unit_test(what_clients_met_at_one_that_tracks_counts_for_the_check),
		cmocka_unit_test(other_failures_confirm_nothing),
		cmocka_unit_test(in_haproxys_place_only_observed_servers_count),
		cmocka_unit_test(the_oldest_of_many_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
