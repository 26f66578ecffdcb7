/* SPDX-License-Identifier: MIT */
#include "simscene.h"

#include <stdlib.h>

/* --- clients ------------------------------------------------------------------------------ */

static void a_pool_connects_again(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_LEASTCONN);
	s.o.rate.count = 0;
	s.o.session.lasts = SIMARRIVAL_EVER;
	s.o.pool = 300;
	simscene_run(&s, "n2 dies at 10s, returns at 20s");
	assert_int_equal(simscene_row(&s, 10000)->counts.live, 300);
	assert_int_equal(s.r.counts.cut, 100);
	assert_int_equal(s.r.counts.arrived, 400);
	assert_int_equal(s.r.counts.live, 300);
	/* Nobody goes back by itself: that is what rebalance is for. */
	assert_int_equal(simscene_sessions(&s, 60000, 1), 0);
	assert_int_equal(s.r.effects[1].even_ms, -1);
	s.service->rebalance = true;
	s.service->protocol = SETTINGS_PROTOCOL_PGWIRE;
	s.service->rebalance_every_ms = 5000;
	s.service->rebalance_budget = 20;
	simscene_run(&s, "n2 dies at 10s, returns at 20s");
	assert_true(s.r.counts.moved >= 60 && s.r.counts.moved <= 160);
	assert_true(s.r.effects[1].even_ms > 0);
	assert_true(simscene_spread(&s, 60000, 0, 3) <= 30);
	simscene_close(&s);
}

static void clients_are_held_until_a_server_is_back(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	for (size_t i = 0; i < 3; i++)
		s.targets[i].check.downinter_ms = 200;
	s.service->hold_ms = 0;
	simscene_run(&s, "all dies at 10s, returns at 12s");
	assert_in_range(s.r.counts.refused, 70, 170);
	s.service->hold_ms = 5000;
	s.service->hold_max = 1000;
	simscene_run(&s, "all dies at 10s, returns at 12s");
	assert_int_equal(s.r.counts.refused, 0);
	assert_in_range(s.r.waited, 70, 170);
	assert_in_range(s.r.longest_ms, 1500, 5000);
	/* They wait no longer, and no more of them. */
	simscene_run(&s, "all dies at 10s");
	assert_int_equal(s.r.longest_ms, 5000);
	s.service->hold_max = 50;
	simscene_run(&s, "all dies at 10s");
	assert_int_equal(simscene_row(&s, 30000)->counts.waiting, 50);
	simscene_close(&s);
}

/* More than a session remembers that it has tried: it rests all the same. */
static void many_servers_that_die_at_once_are_not_gone_round(void **state)
{
	static const uint32_t holds_ms[] = { 0, 5000 };
	static const uint8_t retries[] = { 0, 3, 20 };
	static const uint32_t most[] = { 5, 1024 };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(retries) * ARRAY_LEN(most); i++) {
		struct simscene s;

		simscene_open(&s, 8, i & 1 ? SETTINGS_ROUNDROBIN : SETTINGS_LEASTCONN);
		s.o.step_ms = 1000;
		s.service->retries = retries[i / 2 % ARRAY_LEN(retries)];
		s.service->hold_max = most[i / 2 / ARRAY_LEN(retries)];
		for (size_t k = 0; k < ARRAY_LEN(holds_ms); k++) {
			s.service->hold_ms = holds_ms[k];
			simscene_run(&s, "all dies at 10s; n1 returns at 13s; all returns at 20s");
			simscene_expect_conserved(&s);
			assert_true(s.r.vain > 0);
		}
		simscene_close(&s);
	}
}

/* A round when it comes, and one for each second that it rests. */
static void who_rests_does_not_try_when_others_come(void **state)
{
	struct simscene s;
	struct simulation_counts c;

	(void)state;
	simscene_open(&s, 8, SETTINGS_ROUNDROBIN);
	for (size_t i = 0; i < 8; i++)
		s.targets[i].check.type = SETTINGS_CHECK_NONE;
	s.o.rate.count = 0;
	s.service->hold_ms = 3500;
	simscene_run(&s, "all dies at 10s; burst 1 at 10500ms; burst 30 at 11100ms");
	c = s.r.counts;
	assert_int_equal(c.refused, 31);
	assert_int_equal(s.r.longest_ms, 3500);
	assert_int_equal(s.r.vain, 31 * 4 * 8);
	simscene_close(&s);
}

/* It had arrived before its server fell silent: that it had waited until then does not count. */
static void who_loses_its_server_is_held_anew(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 1, SETTINGS_LEASTCONN);
	s.targets[0].check.downinter_ms = 200;
	s.servers[0].maxconn = 5;
	s.service->protocol = SETTINGS_PROTOCOL_PGWIRE;
	s.service->hold_ms = 5000;
	s.o.rate.count = 0;
	s.o.session.ms = 4000;
	simscene_run(&s, "burst 5 at 9s; burst 5 at 10s; n1 hangs at 12s, returns at 17s");
	assert_int_equal(s.r.counts.cut, 5);
	assert_int_equal(s.r.counts.ended, 5);
	assert_int_equal(s.r.counts.refused, 0);
	simscene_close(&s);
}

static void nobody_gets_more_than_maxconn(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 2, SETTINGS_LEASTCONN);
	s.servers[0].maxconn = s.servers[1].maxconn = 100;
	s.service->timeout.queue_ms = 2000;
	simscene_run(&s, "");
	for (size_t i = 0; i < s.r.row_count; i++)
		for (size_t k = 0; k < 2; k++)
			assert_true(s.r.rows[i].cells[k].sessions <= 100);
	assert_int_equal(simscene_row(&s, 20000)->counts.waiting, 100);
	assert_int_equal(s.r.longest_ms, 2000);
	assert_true(s.r.counts.refused > 1000);
	simscene_close(&s);
}

static void orders_are_obeyed_at_once(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	s.servers[2].weight = 10;
	s.servers[0].weight = s.servers[1].weight = 10;
	simscene_run(&s,
	             "drain n1 at 10s; maint n2 at 10s; weight n3 0 at 30s; "
	             "ready n1 at 20s; ready n2 at 20s; weight n3 50% at 40s; rate 500/s at 40s");
	assert_int_equal(simscene_row(&s, 15000)->cells[0].mark, SIMULATION_DRAIN);
	assert_int_equal(simscene_row(&s, 15000)->cells[1].mark, SIMULATION_MAINT);
	assert_int_equal(simscene_row(&s, 15000)->cells[2].news, 250);
	assert_int_equal(simscene_row(&s, 35000)->cells[2].news, 0);
	assert_int_equal(simscene_row(&s, 50000)->cells[2].news, 500);
	assert_int_equal(s.r.effects[0].first_ms, 0);
	assert_int_equal(s.r.counts.cut, 0);
	simscene_close(&s);
}

/* --- what else a configuration says ------------------------------------------------------- */

static void sessions_of_one_that_is_down_are_ended_as_configured(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_LEASTCONN);
	s.o.session.lasts = SIMARRIVAL_EVER;
	s.o.step_ms = 1000;
	simscene_run(&s, "n1 hangs at 10s");
	assert_int_equal(s.r.counts.cut, 0);
	s.servers[0].shutdown_on_down = true;
	s.servers[0].down_grace_ms = 5000;
	s.servers[0].close_spread_ms = 10000;
	simscene_run(&s, "n1 hangs at 10s");
	assert_int_equal(simscene_sessions(&s, 60000, 0), 0);
	for (int64_t t = 1; t <= 15; t++) {
		uint64_t cut;
		int64_t since = 10000 + (s.r.effects[0].first_ms + 999) / 1000 * 1000;

		cut = simscene_row(&s, since + t * 1000)->counts.cut;
		if (t <= 4)
			assert_int_equal(cut, 0);
		else if (t > 6 && t < 15)
			assert_in_range(cut, s.r.counts.cut * (uint64_t)(t - 6) / 10,
			                s.r.counts.cut * (uint64_t)(t - 4) / 10);
	}
	simscene_close(&s);
}

static void old_sessions_are_moved(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_LEASTCONN);
	s.service->protocol = SETTINGS_PROTOCOL_PGWIRE;
	s.service->max_session_age_ms = 10000;
	simscene_run(&s, "");
	assert_int_equal(s.r.counts.ended, 0);
	assert_int_equal(s.r.counts.moved, 50 * 50 + 1);
	assert_int_equal(s.r.counts.live, 500);
	simscene_close(&s);
}

/* What it waited for was an answer, not its age. */
static void a_hung_node_that_returns_keeps_its_sessions(void **state)
{
	static const char *const events = "n1 hangs at 10s, returns at 10200ms; rate 0/s at 30s";
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_LEASTCONN);
	s.service->protocol = SETTINGS_PROTOCOL_PGWIRE;
	simscene_run(&s, events);
	assert_int_equal(s.r.counts.moved, 0);
	assert_int_equal(s.r.counts.cut, 0);
	assert_int_equal(s.r.counts.arrived, s.r.counts.ended);
	/* Those have their age limit, too. */
	s.service->max_session_age_ms = 20000;
	simscene_run(&s, events);
	assert_int_equal(s.r.counts.ended, 0);
	assert_int_equal(s.r.counts.arrived, s.r.counts.moved);
	simscene_close(&s);
}

static void who_is_too_old_while_its_node_hangs_is_moved_afterwards(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 1, SETTINGS_LEASTCONN);
	s.targets[0].check.type = SETTINGS_CHECK_NONE;
	s.service->protocol = SETTINGS_PROTOCOL_PGWIRE;
	s.service->max_session_age_ms = 5000;
	s.o.rate.count = 0;
	simscene_run(&s, "burst 7 at 9s; n1 hangs at 10s; burst 8 at 11s; n1 returns at 20s");
	assert_int_equal(simscene_sessions(&s, 20000, 0), 15);
	assert_int_equal(simscene_sessions(&s, 25000, 0), 0);
	assert_int_equal(s.r.counts.moved, 15);
	simscene_close(&s);
}

/* A drain that a node is told of does not make it answer. */
static void a_node_that_hangs_and_drains_has_not_answered(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 2, SETTINGS_ROUNDROBIN);
	s.service->protocol = SETTINGS_PROTOCOL_PGWIRE;
	s.o.rate.count = 0;
	simscene_run(&s, "n1 hangs at 10s; burst 10 at 10010ms; n1 drains at 10020ms");
	assert_int_equal(simscene_sessions(&s, 30000, 0), 0);
	assert_int_equal(simscene_sessions(&s, 30000, 1), 10);
	simscene_close(&s);
}

static void most_that_are_silent_are_a_panic(void **state)
{
	struct simscene s;
	bool seen = false;

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	s.service->panic = SETTINGS_PANIC_ROUTE;
	simscene_run(&s, "n1 drains at 10s; n2 drains at 10s; n3 drains at 10s");
	for (size_t i = 0; i < s.r.note_count; i++)
		seen |= s.r.notes[i].kind == SIMULATION_CHANGE &&
		        s.r.notes[i].e.kind == JOURNAL_PANIC && s.r.notes[i].e.begins;
	assert_true(seen);
	assert_int_equal(s.r.counts.refused, 0);
	assert_int_equal(simscene_row(&s, 30000)->cells[0].mark, SIMULATION_PRESSED);
	assert_true(simscene_row(&s, 30000)->cells[0].news > 80);
	s.service->panic = SETTINGS_PANIC_REFUSE;
	simscene_run(&s, "n1 drains at 10s; n2 drains at 10s; n3 drains at 10s");
	assert_true(s.r.counts.refused > 2000);
	simscene_close(&s);
}

static void one_that_is_still_down_when_a_panic_ends_loses_its_sessions(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	s.o.session.ms = 600000;
	s.service->panic = SETTINGS_PANIC_REFUSE;
	for (size_t i = 0; i < 3; i++)
		s.servers[i].shutdown_on_down = true;
	simscene_run(&s, "n2 hangs at 10s; n3 hangs at 10s; n2 returns at 30s");
	assert_true(simscene_sessions(&s, 30000, 1) > 100);
	assert_true(simscene_sessions(&s, 30000, 2) > 100);
	assert_true(simscene_sessions(&s, 45000, 1) > 100);
	assert_int_equal(simscene_sessions(&s, 45000, 2), 0);
	assert_true(s.r.counts.cut > 100);
	simscene_close(&s);
}

static void a_panic_that_holds_does_so_without_hold(void **state)
{
	static const char *const events = "all drains at 10s; n1 returns at 20s; n2 returns at 20s";
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	s.o.step_ms = 1000;
	s.service->hold_max = 100000;
	s.service->panic = SETTINGS_PANIC_HOLD;
	simscene_run(&s, events);
	simscene_expect_conserved(&s);
	assert_int_equal(s.r.longest_ms, 5000);
	assert_in_range(simscene_row(&s, 19000)->counts.waiting, 240, 260);
	/* Nobody is held that comes when it is over. */
	assert_true(s.r.counts.refused > 100 && s.r.counts.refused < 400);
	/* What the service says counts more. */
	s.service->hold_ms = 2000;
	simscene_run(&s, events);
	assert_int_equal(s.r.longest_ms, 2000);
	s.service->hold_ms = 0;
	s.service->panic = SETTINGS_PANIC_REFUSE;
	simscene_run(&s, events);
	assert_int_equal(s.r.waited, 0);
	simscene_close(&s);
}

static void one_that_tracks_another_follows_it(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	s.servers[1].track = "psql/n1";
	s.targets[1].check.type = SETTINGS_CHECK_NONE;
	s.o.step_ms = 1000;
	simscene_run(&s, "n1 drains at 10s, returns at 30s");
	assert_int_equal(simscene_row(&s, 13000)->cells[1].mark, SIMULATION_NOLB);
	assert_int_equal(simscene_row(&s, 20000)->cells[1].mark, SIMULATION_DOWN);
	assert_int_equal(simscene_row(&s, 20000)->cells[1].news, 0);
	assert_int_equal(simscene_row(&s, 40000)->cells[1].mark, SIMULATION_UP);
	simscene_close(&s);
}

static void what_clients_and_checks_meet_counts_for_those_that_track(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	s.servers[0].weight = 0; /* only its checks meet it */
	s.servers[1].track = "psql/n1";
	s.servers[1].shutdown_on_down = true;
	s.targets[1].check.type = SETTINGS_CHECK_NONE;
	simscene_run(&s, "n1 dies at 10s; n2 dies at 10s");
	assert_true(s.r.effects[1].first_ms >= 0 && s.r.effects[1].first_ms < 300);
	/* A node that drains ends its sessions itself. */
	simscene_run(&s, "n1 drains at 10s");
	assert_int_equal(simscene_row(&s, 20000)->cells[1].mark, SIMULATION_DOWN);
	assert_int_equal(s.r.counts.cut, 0);
	simscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_connects_again),
		cmocka_unit_test(clients_are_held_until_a_server_is_back),
		cmocka_unit_test(many_servers_that_die_at_once_are_not_gone_round),
		cmocka_unit_test(who_rests_does_not_try_when_others_come),
		cmocka_unit_test(who_loses_its_server_is_held_anew),
		cmocka_unit_test(nobody_gets_more_than_maxconn),
		cmocka_unit_test(orders_are_obeyed_at_once),
		cmocka_unit_test(sessions_of_one_that_is_down_are_ended_as_configured),
		cmocka_unit_test(old_sessions_are_moved),
		cmocka_unit_test(a_hung_node_that_returns_keeps_its_sessions),
		cmocka_unit_test(who_is_too_old_while_its_node_hangs_is_moved_afterwards),
		cmocka_unit_test(a_node_that_hangs_and_drains_has_not_answered),
		cmocka_unit_test(most_that_are_silent_are_a_panic),
		cmocka_unit_test(one_that_is_still_down_when_a_panic_ends_loses_its_sessions),
		cmocka_unit_test(what_clients_and_checks_meet_counts_for_those_that_track),
		cmocka_unit_test(a_panic_that_holds_does_so_without_hold),
		cmocka_unit_test(one_that_tracks_another_follows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
