/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "control/roster.h"

#include "base/log.h"
#include "base/mem.h"
#include "fakechecker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two nodes, checked once each, behind two services; the second node is a backup in "dbconsole". */
struct scene {
	struct topology *topology;
	struct journal *journal;
	struct fakechecker checker;
	struct roster *roster;
	struct topology_server *psql1, *psql2, *console1, *console2;
	struct journal_event seen[64];
	size_t seen_count, quiet_count; /* quiet: not for logs */
};

static void on_event(void *ctx, const struct journal_event *e)
{
	struct scene *s = ctx;

	assert_true(s->seen_count < 64);
	if (e->level < LOG_LEVEL_DEBUG)
		s->seen[s->seen_count++] = *e;
	else
		s->quiet_count++;
}

static struct settings *make_settings(bool log_health_checks)
{
	struct settings *set = settings_new();
	struct settings_target *targets = mem_arena_zalloc(&set->arena, 2 * sizeof(*targets));
	struct settings_service *services = mem_arena_zalloc(&set->arena, 2 * sizeof(*services));
	struct settings_server *servers = mem_arena_zalloc(&set->arena, 4 * sizeof(*servers));

	for (size_t i = 0; i < 4; i++)
		servers[i] = (struct settings_server){ .name = i % 2 ? "n2" : "n1",
			                               .host = "127.0.0.1",
			                               .port = (uint16_t)(26257 + i),
			                               .weight = 1,
			                               .backup = i == 3,
			                               .node = i % 2 };
	for (size_t i = 0; i < 2; i++) {
		targets[i].name = servers[i].name;
		targets[i].host = "127.0.0.1";
		targets[i].check = settings_check_default(SETTINGS_CHECK_HTTP);
		services[i] = settings_service_default();
		services[i].name = i ? "dbconsole" : "psql";
		services[i].servers = &servers[2 * i];
		services[i].server_count = 2;
		services[i].log_health_checks = log_health_checks;
	}
	set->targets = targets;
	set->target_count = 2;
	set->services = services;
	set->service_count = 2;
	return set;
}

static void open_scene(struct scene *s, bool log_health_checks)
{
	struct roster_options o = { .on_event = on_event, .ctx = s };

	memset(s, 0, sizeof(*s));
	s->topology = topology_new(make_settings(log_health_checks));
	s->journal = journal_new(64);
	o.topology = s->topology;
	o.journal = s->journal;
	o.checker = fakechecker_as_checker(&s->checker);
	s->roster = roster_new(&o);
	s->psql1 = topology_find_server(s->topology, "psql/n1");
	s->psql2 = topology_find_server(s->topology, "psql/n2");
	s->console1 = topology_find_server(s->topology, "dbconsole/n1");
	s->console2 = topology_find_server(s->topology, "dbconsole/n2");
}

static void close_scene(struct scene *s)
{
	roster_free(s->roster);
	journal_free(s->journal);
	topology_free(s->topology);
}

static void result(struct scene *s, size_t target, enum probe_code code, bool draining)
{
	struct probe_result r = { .code = code, .draining = draining, .duration_ms = 1 };

	roster_check_result(s->roster, target, &r);
}

static enum state_health health(const struct topology_server *server)
{
	return topology_state(server).health;
}

static void one_check_moves_the_servers_of_all_services(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	assert_false(roster_settled(s.roster));
	result(&s, 0, PROBE_L7OK, false);
	assert_int_equal(health(s.psql1), STATE_UP);
	assert_int_equal(health(s.console1), STATE_UP);
	assert_int_equal(health(s.psql2), STATE_CHECKING);
	assert_int_equal(s.seen_count, 2);
	assert_string_equal(s.seen[0].service, "psql");
	assert_string_equal(s.seen[0].server, "n1");
	assert_string_equal(s.seen[1].service, "dbconsole");
	result(&s, 1, PROBE_L4CON, false);
	assert_int_equal(health(s.psql2), STATE_DOWN);
	assert_true(roster_settled(s.roster));
	close_scene(&s);
}

static void a_drain_answer_acts_at_once_and_is_told_once(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	result(&s, 0, PROBE_L7OK, false);
	result(&s, 1, PROBE_L7OK, false);
	roster_judge(s.roster);
	s.seen_count = 0;
	result(&s, 0, PROBE_L7STS, true);
	assert_int_equal(health(s.psql1), STATE_NOLB);
	assert_int_equal(s.seen_count, 2); /* psql/n1, and dbconsole/n1 */
	assert_int_equal(s.seen[0].level, LOG_LEVEL_NOTICE);
	assert_int_equal(s.seen[0].active_left, 1);
	result(&s, 0, PROBE_L7STS, true);
	assert_int_equal(health(s.psql1), STATE_NOLB);
	assert_int_equal(s.seen_count, 2);
	assert_int_equal(s.quiet_count, 2);
	result(&s, 0, PROBE_L4CON, false);
	assert_int_equal(health(s.psql1), STATE_DOWN);
	assert_int_equal(s.psql1->down_count, 1);
	close_scene(&s);
}

static void going_down_is_an_alert_and_the_last_one_an_emergency(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	result(&s, 0, PROBE_L7OK, false);
	result(&s, 1, PROBE_L7OK, false);
	for (int i = 0; i < 3; i++)
		result(&s, 1, PROBE_L4TOUT, false);
	roster_judge(s.roster);
	s.seen_count = 0;
	for (int i = 0; i < 3; i++)
		result(&s, 0, PROBE_L4CON, false);
	assert_int_equal(s.seen[0].kind, JOURNAL_SERVER);
	assert_int_equal(s.seen[0].level, LOG_LEVEL_ALERT);
	assert_int_equal(s.seen[1].kind, JOURNAL_SERVICE_DOWN);
	assert_int_equal(s.seen[1].level, LOG_LEVEL_EMERG);
	assert_string_equal(s.seen[1].service, "psql");
	assert_int_equal(s.psql1->check_failures, 3);
	close_scene(&s);
}

static void a_backup_takes_over_and_is_told(void **state)
{
	struct scene s;
	char reason[128];

	(void)state;
	open_scene(&s, false);
	result(&s, 0, PROBE_L7OK, false);
	result(&s, 1, PROBE_L7OK, false);
	roster_judge(s.roster);
	s.seen_count = 0;
	for (int i = 0; i < 3; i++)
		result(&s, 0, PROBE_L4CON, false);
	assert_int_equal(s.seen_count, 2);
	assert_string_equal(s.seen[1].service, "dbconsole");
	assert_true(s.seen[1].on_backup);
	assert_true(roster_ready(s.roster, reason, sizeof(reason)));
	for (int i = 0; i < 3; i++)
		result(&s, 1, PROBE_L4CON, false);
	assert_false(roster_ready(s.roster, reason, sizeof(reason)));
	assert_string_equal(
	    reason, "service psql has no usable server; service dbconsole has no usable server");
	close_scene(&s);
}

static void orders_change_one_service_only_and_can_be_taken_back(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	result(&s, 0, PROBE_L7OK, false);
	roster_judge(s.roster);
	s.seen_count = 0;
	roster_order(s.roster, s.psql1, ROSTER_DRAIN);
	assert_int_equal(topology_state(s.psql1).admin, STATE_DRAIN_COMMAND);
	assert_int_equal(topology_state(s.console1).admin, 0);
	assert_int_equal(s.seen[0].cause, JOURNAL_BY_COMMAND);
	roster_order(s.roster, s.psql1, ROSTER_DRAIN);
	assert_int_equal(s.seen_count,
	                 2); /* drained, and psql has no server; nothing the second time */
	roster_order(s.roster, s.psql1, ROSTER_MAINT);
	assert_int_equal(topology_state(s.psql1).admin, STATE_MAINT_COMMAND);
	roster_order(s.roster, s.psql1, ROSTER_READY);
	assert_int_equal(topology_state(s.psql1).admin, 0);
	assert_int_equal(health(s.psql1), STATE_CHECKING); /* starts afresh after maintenance */
	close_scene(&s);
}

static void every_counted_check_is_told_if_the_service_asks_for_it(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, true);
	result(&s, 0, PROBE_L7OK, false);
	s.seen_count = 0;
	result(&s, 0, PROBE_L4CON, false);
	assert_int_equal(s.seen_count, 2);
	assert_int_equal(s.seen[0].kind, JOURNAL_CHECK);
	assert_int_equal(s.seen[0].after.counter, 3);
	result(&s, 0, PROBE_L7OK, false);
	assert_int_equal(s.seen_count, 4);
	result(&s, 0, PROBE_L7OK, false);
	assert_int_equal(s.seen_count, 4); /* full already: nothing moved */
	close_scene(&s);
}

static void a_weight_of_zero_takes_the_server_out(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	result(&s, 0, PROBE_L7OK, false);
	roster_judge(s.roster);
	s.seen_count = 0;
	roster_set_weight(s.roster, s.psql1, 0);
	assert_int_equal(s.seen_count, 1);
	assert_int_equal(s.seen[0].kind, JOURNAL_SERVICE_DOWN);
	roster_set_weight(s.roster, s.psql1, 5);
	assert_int_equal(s.seen[1].kind, JOURNAL_SERVICE_UP);
	close_scene(&s);
}

static void a_service_without_a_server_is_told_when_the_first_checks_are_over(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	result(&s, 0, PROBE_L4CON, false);
	result(&s, 1, PROBE_L4CON, false);
	assert_int_equal(s.seen_count, 4);
	roster_judge(s.roster);
	assert_int_equal(s.seen_count, 6);
	assert_int_equal(s.seen[4].kind, JOURNAL_SERVICE_DOWN);
	assert_string_equal(s.seen[4].service, "psql");
	close_scene(&s);
}

static void the_reason_of_a_server_that_is_down_follows_its_last_check(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	result(&s, 0, PROBE_L7STS, true);
	result(&s, 0, PROBE_L4CON, false);
	assert_int_equal(health(s.psql1), STATE_DOWN);
	assert_string_equal(s.psql1->cause, "check failed: no connection");
	close_scene(&s);
}

static void rates_are_per_second_with_their_maximum(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	counter_add(&s.psql1->count, COUNTER_SESSIONS, 7);
	roster_sample(s.roster);
	assert_int_equal(s.psql1->rate, 7);
	roster_sample(s.roster);
	assert_int_equal(s.psql1->rate, 0);
	assert_int_equal(s.psql1->rate_max, 7);
	close_scene(&s);
}

static void a_conditional_pass_is_no_way_back_for_a_server_that_is_down(void **state)
{
	struct probe_result r = { .code = PROBE_L7OKC, .conditional = true, .status = 404 };
	struct scene s;

	(void)state;
	open_scene(&s, false);
	result(&s, 0, PROBE_L7OK, false);
	roster_check_result(s.roster, 0, &r);
	assert_int_equal(health(s.psql1), STATE_NOLB);
	assert_int_equal(s.psql1->check.code, PROBE_L7OKC);
	result(&s, 0, PROBE_L7OK, false);
	assert_int_equal(health(s.psql1), STATE_UP);
	for (int i = 0; i < 3; i++)
		result(&s, 0, PROBE_L4CON, false);
	roster_check_result(s.roster, 0, &r);
	roster_check_result(s.roster, 0, &r);
	assert_int_equal(health(s.psql1), STATE_DOWN);
	assert_int_equal(s.psql1->check.code, PROBE_L7STS);
	close_scene(&s);
}

static void a_shared_check_goes_as_fast_as_any_of_its_servers_wants(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	roster_start(s.roster);
	assert_int_equal(s.checker.slots[0].pace, CHECKER_NORMAL);
	result(&s, 0, PROBE_L7OK, false);
	result(&s, 0, PROBE_L4CON, false);
	assert_int_equal(s.checker.slots[0].pace, CHECKER_FAST);
	result(&s, 0, PROBE_L4CON, false);
	result(&s, 0, PROBE_L4CON, false);
	assert_int_equal(s.checker.slots[0].pace, CHECKER_SLOW);
	roster_order(s.roster, s.psql1, ROSTER_MAINT);
	assert_int_equal(s.checker.slots[0].pace, CHECKER_SLOW);
	roster_enable_check(s.roster, s.console1, false);
	assert_int_equal(s.checker.slots[0].pace, CHECKER_PAUSED);
	result(&s, 0, PROBE_L7OK, false);
	assert_int_equal(health(s.console1), STATE_DOWN); /* what was last found stays */
	roster_enable_check(s.roster, s.console1, true);
	assert_int_equal(s.checker.slots[0].pace, CHECKER_SLOW);
	close_scene(&s);
}

static void the_check_of_a_whole_node_does_not_move_with_one_of_its_servers(void **state)
{
	struct scene s;
	struct addr addr;

	(void)state;
	open_scene(&s, false);
	assert_true(addr_parse_ip("10.0.0.9", 0, &addr));
	roster_set_address(s.roster, s.psql1, &addr);
	assert_string_equal(s.checker.slots[0].address, "");
	assert_true(topology_address(s.psql1, &addr));
	assert_int_equal(addr_port(&addr), 26257);
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_check_moves_the_servers_of_all_services),
		cmocka_unit_test(a_drain_answer_acts_at_once_and_is_told_once),
		cmocka_unit_test(going_down_is_an_alert_and_the_last_one_an_emergency),
		cmocka_unit_test(a_backup_takes_over_and_is_told),
		cmocka_unit_test(orders_change_one_service_only_and_can_be_taken_back),
		cmocka_unit_test(every_counted_check_is_told_if_the_service_asks_for_it),
		cmocka_unit_test(a_weight_of_zero_takes_the_server_out),
		cmocka_unit_test(a_service_without_a_server_is_told_when_the_first_checks_are_over),
		cmocka_unit_test(the_reason_of_a_server_that_is_down_follows_its_last_check),
		cmocka_unit_test(rates_are_per_second_with_their_maximum),
		cmocka_unit_test(a_conditional_pass_is_no_way_back_for_a_server_that_is_down),
		cmocka_unit_test(a_shared_check_goes_as_fast_as_any_of_its_servers_wants),
		cmocka_unit_test(the_check_of_a_whole_node_does_not_move_with_one_of_its_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
