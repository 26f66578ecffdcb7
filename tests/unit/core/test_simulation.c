/* SPDX-License-Identifier: MIT */
#include "simscene.h"

#include "core/detection.h"
#include "core/tiers.h"

#include <stdlib.h>

static void no_session_is_lost_or_made(void **state)
{
	static const char *const events[] = {
		"",
		"n2 dies at 10s, returns at 30s",
		"n2 vanishes at 10s, returns at 20s; n3 hangs at 12s, dies at 40s",
		"all dies at 10s, returns at 17s; burst 500 at 11s",
		"all vanishes at 10s, returns at 15s; all hangs at 30s; n1 drains at 5s",
		"drain n1 at 5s; maint n2 at 9s; ready n1 at 20s; ready n2 at 30s; rate 0/s at 40s",
		"weight n1 0 at 5s; weight n2 200% at 7s; n3 slows 10s at 9s; maint all at 50s",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		for (uint32_t how = 0; how < 16; how++) {
			struct simscene s;

			simscene_open(&s, 3, how & 1 ? SETTINGS_LEASTCONN : SETTINGS_ROUNDROBIN);
			s.o.pool = how & 2 ? 100 : 0;
			s.service->hold_ms = how & 4 ? 5000 : 0;
			s.service->protocol =
			    how & 8 ? SETTINGS_PROTOCOL_PGWIRE : SETTINGS_PROTOCOL_TCP;
			s.servers[0].maxconn = s.servers[1].maxconn = how & 1 ? 200 : 0;
			s.servers[1].shutdown_on_down = true;
			s.servers[1].down_grace_ms = how & 2 ? 2000 : 0;
			s.servers[1].close_spread_ms = 3000;
			simscene_run(&s, events[i]);
			simscene_expect_conserved(&s);
			simscene_close(&s);
		}
}

static void leastconn_is_even_before_and_after_a_node_was_away(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_LEASTCONN);
	simscene_run(&s, "n1 dies at 10s, returns at 30s");
	assert_true(simscene_spread(&s, 10000, 0, 3) <= 1);
	assert_true(simscene_spread(&s, 30000, 1, 2) <= 1);
	assert_int_equal(simscene_sessions(&s, 15000, 0), 0);
	assert_int_equal(simscene_row(&s, 15000)->cells[0].mark, SIMULATION_DOWN);
	assert_true(simscene_spread(&s, 60000, 0, 3) <= 1);
	assert_int_equal(s.r.effect_count, 2);
	assert_int_equal(s.r.effects[0].cut, 167);
	assert_int_equal(s.r.counts.cut, 167);
	assert_int_equal(s.r.effects[1].seen, 1);
	assert_true(s.r.effects[1].even_ms > s.r.effects[1].last_ms);
	/* 50 a second, all to the one that has the fewest. */
	assert_true(s.r.effects[1].even_ms - s.r.effects[1].last_ms < 15000);
	simscene_close(&s);
}

static void each_algorithm_gives_what_it_promises(void **state)
{
	static const struct {
		enum settings_balance balance;
		uint16_t weights[3];
		uint32_t sessions[3], tolerance;
	} cases[] = {
		{ SETTINGS_ROUNDROBIN, { 1, 1, 1 }, { 1000, 1000, 1000 }, 1 },
		{ SETTINGS_ROUNDROBIN, { 3, 2, 1 }, { 1500, 1000, 500 }, 1 },
		{ SETTINGS_STATIC_RR, { 1, 2, 3 }, { 500, 1000, 1500 }, 1 },
		{ SETTINGS_LEASTCONN, { 1, 1, 4 }, { 500, 500, 2000 }, 1 },
		{ SETTINGS_FIRST, { 1, 1, 1 }, { 3000, 0, 0 }, 1 },
		{ SETTINGS_RANDOM, { 1, 1, 1 }, { 1000, 1000, 1000 }, 20 },
		{ SETTINGS_SOURCE, { 1, 1, 1 }, { 1000, 1000, 1000 }, 150 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct simscene s;

		simscene_open(&s, 3, cases[i].balance);
		s.o.session.lasts = SIMARRIVAL_EVER;
		for (size_t k = 0; k < 3; k++) {
			s.servers[k].weight = cases[i].weights[k];
			s.servers[k].id = (uint32_t)k + 1;
		}
		simscene_run(&s, "rate 0/s at 60s");
		for (size_t k = 0; k < 3; k++)
			assert_true(labs((long)simscene_sessions(&s, 60000, k) -
			                 (long)cases[i].sessions[k]) <= cases[i].tolerance);
		simscene_close(&s);
	}
}

/* --- how fast failures are found ---------------------------------------------------------- */

static void checks_find_failures_as_fast_as_they_are_said_to(void **state)
{
	enum { TIMES = 200 };
	static const char *const events[] = {
		"n1 dies at 10s",
		"n1 vanishes at 10s",
		"n1 hangs at 10s",
		"n1 drains at 10s",
		"n1 dies at 0s, returns at 40s",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		struct detection_span span;
		struct detection d;
		struct simscene s;
		int64_t sum = 0;

		simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
		s.o.rate.count = 0;
		for (size_t k = 0; k < 3; k++) {
			s.targets[k].check.fastinter_ms = 500;
			s.targets[k].check.downinter_ms = 5000;
			s.targets[k].check.timeout_ms = 1500;
		}
		d = detection_of(&s.targets[0].check);
		span = i == 0 ? d.refused : i == 3 ? d.drain : i == 4 ? d.back : d.silent;
		for (uint64_t seed = 0; seed < TIMES; seed++) {
			const struct simulation_effect *f;

			s.o.seed = seed * 77;
			simscene_run(&s, events[i]);
			f = &s.r.effects[s.r.effect_count - 1];
			assert_int_equal(f->seen, 1);
			/* A check that passes takes a millisecond. */
			assert_in_range(f->first_ms, span.best_ms, span.worst_ms + 2);
			sum += f->first_ms;
		}
		assert_in_range(sum / TIMES, span.typical_ms * 80 / 100,
		                span.typical_ms * 120 / 100);
		simscene_close(&s);
	}
}

static void a_client_that_is_refused_finds_it_first(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	simscene_run(&s, "n1 dies at 10s");
	assert_true(s.r.effects[0].first_ms < 200);
	assert_in_range(s.r.effects[0].vain, 1, 6);
	assert_int_equal(s.r.counts.refused, 0);
	/* In HAProxy's place it only has its checks earlier: three of them. */
	s.settings->haproxy = true;
	simscene_run(&s, "n1 dies at 10s");
	assert_in_range(s.r.effects[0].first_ms, 200, 1000);
	assert_true(s.r.effects[0].vain > 1);
	assert_int_equal(s.r.counts.refused, 0);
	simscene_close(&s);
}

static void a_check_that_only_connects_never_finds_one_that_hangs(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	for (size_t i = 0; i < 3; i++)
		s.targets[i].check.type = SETTINGS_CHECK_TCP;
	simscene_run(&s, "n1 hangs at 10s; n2 drains at 10s");
	assert_int_equal(s.r.effects[0].servers, 1);
	assert_int_equal(s.r.effects[0].seen + s.r.effects[1].seen, 0);
	/* Those on it wait in vain until they give up. */
	assert_true(s.r.effects[0].cut > 300);
	simscene_close(&s);
}

static void a_drained_node_keeps_its_sessions(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_LEASTCONN);
	simscene_run(&s, "n1 drains at 10s, returns at 25s");
	assert_true(s.r.effects[0].first_ms <= 2200 + 2);
	assert_int_equal(s.r.counts.cut, 0);
	assert_true(simscene_sessions(&s, 15000, 0) > 150);
	assert_int_equal(simscene_row(&s, 20000)->cells[0].news, 0);
	simscene_close(&s);
}

/* --- coming back, and near before far ----------------------------------------------------- */

static void slowstart_takes_its_share_little_by_little(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 2, SETTINGS_ROUNDROBIN);
	s.o.rate.count = 200;
	s.o.step_ms = 1000;
	s.o.for_ms = 90000;
	s.servers[0].slowstart_ms = 20000;
	s.servers[0].weight = s.servers[1].weight = 100;
	simscene_run(&s, "n1 dies at 10s, returns at 30s");
	for (int64_t up = 30000 + (s.r.effects[1].first_ms + 999) / 1000 * 1000, t = 2; t <= 18;
	     t++) {
		/* In the middle of that second, in sixteenths, beside a server of a whole one. */
		double share = ((double)t - .5) / 20;
		double want = 200 * share / (1 + share);
		uint32_t got = simscene_row(&s, up + t * 1000)->cells[0].news;

		assert_int_equal(simscene_row(&s, up + t * 1000)->cells[0].mark,
		                 SIMULATION_STARTING);
		assert_true((double)got > want - 8 && (double)got < want + 12);
	}
	assert_int_equal(simscene_row(&s, 60000)->cells[0].mark, SIMULATION_UP);
	assert_int_equal(simscene_row(&s, 60000)->cells[0].news, 100);
	simscene_close(&s);
}

static void tiers_spill_in_proportion(void **state)
{
	static const struct {
		const char *events;
		uint64_t usable;
	} cases[] = {
		{ "n12 drains at 0s", 3 },
		{ "n1 dies at 0s", 2 },
		{ "n1 dies at 0s; n2 dies at 0s", 1 },
		{ "region=near dies at 0s", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct tiers_health health[] = { { 3, cases[i].usable }, { 9, 9 } };
		double want = tiers_share(tiers_spread(health, 2, 140), 0) / (double)TIERS_ALL;
		struct simscene s;
		double near = 0;
		double all = 0;

		simscene_open(&s, 12, SETTINGS_RANDOM);
		s.service->here = "region=near";
		s.service->spill = 140;
		s.o.rate.count = 1000;
		for (size_t k = 0; k < 12; k++)
			s.servers[k].locality = k < 3 ? "region=near,zone=a" : "region=far";
		simscene_run(&s, cases[i].events);
		for (size_t k = 0; k < 12; k++) {
			uint32_t came = simscene_row(&s, 60000)->cells[k].news;

			near += k < 3 ? came : 0;
			all += came;
		}
		assert_true(near / all > want - .03 && near / all < want + .03);
		simscene_close(&s);
	}
}

static void backups_serve_only_when_nobody_else_does(void **state)
{
	struct simscene s;

	(void)state;
	simscene_open(&s, 3, SETTINGS_ROUNDROBIN);
	s.servers[2].backup = true;
	s.servers[0].shutdown_backup_on_up = true;
	simscene_run(&s, "n1 dies at 10s, returns at 40s; n2 dies at 20s");
	assert_int_equal(simscene_sessions(&s, 20000, 2), 0);
	assert_int_equal(simscene_row(&s, 30000)->cells[2].news, 250);
	assert_int_equal(simscene_sessions(&s, 50000, 2), 0);
	simscene_close(&s);
}

/* --- limits ------------------------------------------------------------------------------- */

static void chance_is_the_seeds(void **state)
{
	struct simscene s;
	struct simulation_counts counts[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		simscene_open(&s, 5, SETTINGS_RANDOM);
		s.o.rate.poisson = true;
		s.o.session.lasts = SIMARRIVAL_BY_CHANCE;
		s.o.seed = i < 2 ? 9 : 10;
		simscene_run(&s, "n1 vanishes at 10s");
		counts[i] = s.r.counts;
		simscene_close(&s);
	}
	assert_memory_equal(&counts[0], &counts[1], sizeof(counts[0]));
	assert_true(counts[1].arrived != counts[2].arrived);
	assert_in_range(counts[1].arrived, 2700, 3300);
}

static void what_cannot_be_simulated_is_said(void **state)
{
	static const struct {
		const char *service, *events, *said;
		uint32_t rate, pool;
		int64_t for_ms, step_ms;
	} cases[] = {
		{ .service = "psq", .said = "no service \"psq\"; the first one is \"psql\"" },
		{ .events = "m1 dies at 3s",
		  .said = "\"m1 dies\": no server is called \"m1\": did "
		          "you mean \"n1\"?" },
		{ .events = "node dies at 3s",
		  .said = "\"node dies\": no server is called "
		          "\"node\"; psql has n1, n2, n3" },
		{ .events = "other/n1 dies at 3s", .said = "no server is called \"other/n1\"" },
		{ .events = "region=x dies at 3s",
		  .said = "\"region=x dies\": no server has the locality \"region=x\"" },
		{ .step_ms = 1, .said = "more than 2000 steps: make them longer" },
		{ .pool = 500001, .said = "a pool has at most 500000 connections" },
		{ .rate = 60000, .said = "more than 500000 sessions would be there at once" },
		{ .rate = 1000,
		  .for_ms = 86400000,
		  .step_ms = 3600000,
		  .said = "more than 5000000 sessions would come" },
		{ .rate = 1,
		  .events = "rate 1000000/s at 50s",
		  .said = "more than 5000000 sessions would come" },
		{ .pool = 100000,
		  .for_ms = 3600000,
		  .step_ms = 3600000,
		  .said = "more than 5000000 sessions would come" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct simscene s;

		simscene_open(&s, 3, SETTINGS_FIRST);
		s.o.service = cases[i].service;
		s.o.rate.count = cases[i].rate;
		s.o.pool = cases[i].pool;
		s.o.for_ms = cases[i].for_ms ? cases[i].for_ms : s.o.for_ms;
		s.o.step_ms = cases[i].step_ms ? cases[i].step_ms : s.o.step_ms;
		assert_false(simscene_try(&s, cases[i].events ? cases[i].events : ""));
		assert_non_null(strstr(s.err.text, cases[i].said));
		simscene_close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_session_is_lost_or_made),
		cmocka_unit_test(leastconn_is_even_before_and_after_a_node_was_away),
		cmocka_unit_test(each_algorithm_gives_what_it_promises),
		cmocka_unit_test(checks_find_failures_as_fast_as_they_are_said_to),
		cmocka_unit_test(a_client_that_is_refused_finds_it_first),
		cmocka_unit_test(a_check_that_only_connects_never_finds_one_that_hangs),
		cmocka_unit_test(a_drained_node_keeps_its_sessions),
		cmocka_unit_test(slowstart_takes_its_share_little_by_little),
		cmocka_unit_test(tiers_spill_in_proportion),
		cmocka_unit_test(backups_serve_only_when_nobody_else_does),
		cmocka_unit_test(chance_is_the_seeds),
		cmocka_unit_test(what_cannot_be_simulated_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
