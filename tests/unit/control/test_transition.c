/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove tick_ms */
#include "rosterclock.h"

static void check(struct rosterscene *s, size_t slot, enum probe_code code)
{
	struct probe_result r = { .code = code, .duration_ms = 1 };

	roster_check_result(s->roster, slot, &r);
}

static void check_until_down(struct rosterscene *s, size_t slot)
{
	for (int i = 0; i < 5; i++)
		check(s, slot, PROBE_L4CON);
}

static const struct rosterscene_server tracking[] = {
	{ .name = "s1", .check = SETTINGS_CHECK_TCP },
	{ .name = "s2", .check = SETTINGS_CHECK_NONE, .set = { .track = "be/s1" } },
	{ .name = "other/s3", .check = SETTINGS_CHECK_NONE, .set = { .track = "be/s2" } },
};

static void a_tracking_server_follows_through_chains(void **state)
{
	struct rosterscene s;

	(void)state;
	rosterscene_open(&s, tracking, 3, NULL);
	check(&s, 0, PROBE_L4OK);
	rosterscene_expect(&s, "");
	check(&s, 0, PROBE_L4CON);
	assert_string_equal(rosterscene_status(rosterscene_server(&s, "be/s2")), "UP 2/3");
	assert_string_equal(rosterscene_status(rosterscene_server(&s, "other/s3")), "UP 2/3");
	check_until_down(&s, 0);
	rosterscene_expect(&s, "s1:UP->DOWN s2:UP->DOWN s3:UP->DOWN ");
	assert_int_equal(s.last.cause, JOURNAL_BY_TRACK);
	assert_string_equal(s.last.via, "be/s2");
	check(&s, 0, PROBE_L4OK);
	assert_string_equal(rosterscene_status(rosterscene_server(&s, "be/s2")), "DOWN 1/2");
	check(&s, 0, PROBE_L4OK);
	rosterscene_expect(&s, "s1:DOWN->UP s2:DOWN->UP s3:DOWN->UP ");
	rosterscene_close(&s);
}

static void maintenance_and_drain_are_inherited(void **state)
{
	struct rosterscene s;
	struct topology_server *s1;
	struct topology_server *s2;
	struct topology_server *s3;

	(void)state;
	rosterscene_open(&s, tracking, 3, NULL);
	s1 = rosterscene_server(&s, "be/s1");
	s2 = rosterscene_server(&s, "be/s2");
	s3 = rosterscene_server(&s, "other/s3");
	roster_order(s.roster, s1, ROSTER_DRAIN);
	rosterscene_expect(&s, "s1:UP->UP+drain s2:UP->UP+drain s3:UP->UP+drain ");
	assert_int_equal(topology_state(s3).admin, STATE_DRAIN_INHERITED);
	roster_order(s.roster, s1, ROSTER_MAINT);
	assert_string_equal(rosterscene_status(s2), "MAINT (via x)");
	assert_int_equal(topology_state(s3).admin, STATE_MAINT_INHERITED);
	roster_order(s.roster, s2, ROSTER_MAINT);
	roster_order(s.roster, s1, ROSTER_READY);
	assert_int_equal(topology_state(s2).admin, STATE_MAINT_COMMAND);
	assert_int_equal(topology_state(s3).admin, STATE_MAINT_INHERITED);
	roster_order(s.roster, s2, ROSTER_READY);
	assert_int_equal(topology_state(s2).admin, 0);
	assert_int_equal(topology_state(s3).admin, 0);
	assert_int_equal(topology_state(s3).health, topology_state(s1).health);
	rosterscene_close(&s);
}

static void the_longest_name_is_whole_in_the_journal(void **state)
{
	static const char name[] =
	    "a-server-whose-name-is-as-long-as-a-name-may-be-and-so-64-letter";
	static const struct rosterscene_server specs[] = {
		{ .name = name, .check = SETTINGS_CHECK_TCP },
	};
	struct rosterscene s;

	(void)state;
	assert_int_equal(strlen(name), SETTINGS_NAME_MAX);
	rosterscene_open(&s, specs, 1, NULL);
	check_until_down(&s, 0);
	assert_string_equal(s.last.server, name);
	rosterscene_close(&s);
}

/* As a report has it: with the present period. */
static uint64_t downtime(const struct topology_server *s)
{
	struct state state = topology_state(s);
	bool down = state_effective(&state) == STATE_DOWN;

	return s->downtime_ms + (down ? (uint64_t)(tick_ms() - s->since_ms) : 0);
}

static void the_time_of_being_down_only_grows(void **state)
{
	static const struct {
		enum roster_order order;
		uint64_t wanted;
	} orders[] = { { ROSTER_DRAIN, 2000 }, { ROSTER_MAINT, 3000 }, { ROSTER_READY, 3000 } };
	struct rosterscene s;
	struct topology_server *s1;

	(void)state;
	rosterscene_open(&s, tracking, 1, NULL);
	s1 = rosterscene_server(&s, "be/s1");
	check(&s, 0, PROBE_L4OK);
	rosterclock_pass(5000);
	check_until_down(&s, 0);
	assert_int_equal(downtime(s1), 0);
	rosterclock_pass(1000);
	assert_int_equal(downtime(s1), 1000);
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		roster_order(s.roster, s1, orders[i].order);
		rosterclock_pass(1000);
		assert_int_equal(downtime(s1), orders[i].wanted);
	}
	/* Maintenance alone is none. */
	roster_order(s.roster, s1, ROSTER_MAINT);
	rosterclock_pass(1000);
	assert_int_equal(downtime(s1), 3000);
	rosterscene_close(&s);
}

static void sessions_end_when_their_server_goes(void **state)
{
	static const struct rosterscene_server specs[] = {
		{ .name = "s1", .check = SETTINGS_CHECK_TCP, .set = { .shutdown_on_down = true } },
		{ .name = "s2", .check = SETTINGS_CHECK_TCP },
	};
	struct rosterscene s;

	(void)state;
	rosterscene_open(&s, specs, 2, NULL);
	check_until_down(&s, 1);
	assert_string_equal(text_str(&s.ended), "");
	check_until_down(&s, 0);
	assert_string_equal(text_str(&s.ended), "s1:DD ");
	roster_order(s.roster, rosterscene_server(&s, "be/s1"), ROSTER_MAINT);
	assert_string_equal(text_str(&s.ended), "s1:DD ");
	roster_order(s.roster, rosterscene_server(&s, "be/s1"), ROSTER_READY);
	roster_order(s.roster, rosterscene_server(&s, "be/s1"), ROSTER_MAINT);
	assert_string_equal(text_str(&s.ended), "s1:DD s1:DD ");
	rosterscene_close(&s);
}

static void sessions_on_backups_end_when_a_primary_is_back(void **state)
{
	static const struct rosterscene_server specs[] = {
		{ .name = "s1",
		  .check = SETTINGS_CHECK_TCP,
		  .set = { .shutdown_backup_on_up = true } },
		{ .name = "s2", .check = SETTINGS_CHECK_TCP, .set = { .backup = true } },
		{ .name = "s3", .check = SETTINGS_CHECK_TCP, .set = { .backup = true } },
		{ .name = "other/s4", .check = SETTINGS_CHECK_TCP, .set = { .backup = true } },
	};
	struct rosterscene s;

	(void)state;
	rosterscene_open(&s, specs, 4, NULL);
	check_until_down(&s, 0);
	check(&s, 0, PROBE_L4OK);
	assert_string_equal(text_str(&s.ended), "");
	check(&s, 0, PROBE_L4OK);
	assert_string_equal(text_str(&s.ended), "s2:UD s3:UD ");
	check_until_down(&s, 0);
	roster_set_weight(s.roster, rosterscene_server(&s, "be/s1"), 0);
	check(&s, 0, PROBE_L4OK);
	check(&s, 0, PROBE_L4OK);
	assert_string_equal(text_str(&s.ended), "s2:UD s3:UD ");
	rosterscene_close(&s);
}

static void a_server_without_an_address_is_down_after_maintenance_too(void **state)
{
	static const struct rosterscene_server specs[] = {
		{ .name = "s1", .check = SETTINGS_CHECK_NONE, .host = "db1" },
	};
	struct rosterscene s;
	struct topology_server *s1;
	struct addr addr;

	(void)state;
	rosterscene_open(&s, specs, 1, NULL);
	s1 = rosterscene_server(&s, "be/s1");
	roster_resolved(s.roster, s1, NULL, "no such name");
	roster_order(s.roster, s1, ROSTER_MAINT);
	roster_order(s.roster, s1, ROSTER_READY);
	assert_int_equal(topology_state(s1).health, STATE_DOWN);
	assert_true(addr_parse_ip("127.0.0.3", 0, &addr));
	roster_resolved(s.roster, s1, &addr, NULL);
	assert_int_equal(topology_state(s1).health, STATE_NOCHECK);
	roster_order(s.roster, s1, ROSTER_HEALTH_DOWN);
	roster_resolved(s.roster, s1, &addr, NULL);
	assert_int_equal(topology_state(s1).health, STATE_DOWN);
	roster_order(s.roster, s1, ROSTER_HEALTH_UP);
	assert_int_equal(topology_state(s1).health, STATE_NOCHECK);
	rosterscene_close(&s);
}

static void drain_and_maintenance_take_turns_as_haproxy_tells_it(void **state)
{
	static const struct rosterscene_server specs[] = {
		{ .name = "s1", .check = SETTINGS_CHECK_TCP, .set = { .disabled = true } },
	};
	struct rosterscene s;
	struct topology_server *s1;

	(void)state;
	rosterscene_open(&s, specs, 1, NULL);
	s1 = rosterscene_server(&s, "be/s1");
	roster_order(s.roster, s1, ROSTER_DRAIN);
	rosterscene_expect(&s, "s1:UP->UP+drain ");
	assert_string_equal(s1->cause, "draining by a command");
	roster_order(s.roster, s1, ROSTER_MAINT);
	rosterscene_expect(&s, "s1:UP->UP+maint+drain ");
	assert_int_equal(topology_state(s1).admin, STATE_MAINT_COMMAND);
	assert_string_equal(s1->cause, "maintenance by a command");
	roster_order(s.roster, s1, ROSTER_READY);
	rosterscene_expect(&s, "s1:UP->UP ");
	roster_enable_check(s.roster, s1, false);
	roster_enable_check(s.roster, s1, true);
	rosterscene_expect(&s, "");
	rosterscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tracking_server_follows_through_chains),
		cmocka_unit_test(maintenance_and_drain_are_inherited),
		cmocka_unit_test(the_longest_name_is_whole_in_the_journal),
		cmocka_unit_test(the_time_of_being_down_only_grows),
		cmocka_unit_test(sessions_end_when_their_server_goes),
		cmocka_unit_test(sessions_on_backups_end_when_a_primary_is_back),
		cmocka_unit_test(a_server_without_an_address_is_down_after_maintenance_too),
		cmocka_unit_test(drain_and_maintenance_take_turns_as_haproxy_tells_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
