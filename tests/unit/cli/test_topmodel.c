/* SPDX-License-Identifier: MIT */
#include "cli/topmodel.h"

#include "faketop.h"

enum { BIN = TOPMODEL_BIN_MS };

static void take(struct topmodel *m, int64_t rate, int64_t now_ms)
{
	struct statusjson *s = faketop_status();

	s->services[0].servers[0].rate = rate;
	topmodel_take_status(m, s, now_ms);
}

static void rates_are_the_greatest_of_each_bin(void **state)
{
	struct topmodel m = { 0 };
	int64_t rates[5];

	(void)state;
	take(&m, 3, 10 * BIN);
	take(&m, 9, 10 * BIN + 1000);
	take(&m, 4, 10 * BIN + 2000);
	take(&m, 5, 11 * BIN);
	take(&m, 0, 13 * BIN);
	topmodel_rates(&m, "psql", "n1", 13 * BIN + 10, 5, rates);
	assert_memory_equal(rates, ((int64_t[]){ -1, 9, 5, -1, 0 }), sizeof(rates));
	topmodel_rates(&m, "psql", "n1", 14 * BIN, 5, rates);
	assert_memory_equal(rates, ((int64_t[]){ 9, 5, -1, 0, -1 }), sizeof(rates));
	topmodel_rates(&m, "psql", NULL, 13 * BIN, 1, rates);
	assert_int_equal(rates[0], 8);
	topmodel_rates(&m, NULL, NULL, 13 * BIN, 1, rates);
	assert_int_equal(rates[0], 8);
	topmodel_rates(&m, "psql", "n9", 13 * BIN, 1, rates);
	assert_int_equal(rates[0], -1);
	assert_int_equal(topmodel_most_rate(&m, "psql"), 9);
	assert_int_equal(topmodel_most_rate(&m, "dbconsole"), 1);
	topmodel_release(&m);
}

static void rates_are_forgotten_after_their_time(void **state)
{
	struct topmodel m = { 0 };
	int64_t rates[TOPMODEL_BINS];

	(void)state;
	take(&m, 9, 100 * BIN);
	take(&m, 1, (100 + TOPMODEL_BINS) * BIN);
	topmodel_rates(&m, "psql", "n1", (100 + TOPMODEL_BINS) * BIN, TOPMODEL_BINS, rates);
	for (size_t i = 0; i + 1 < TOPMODEL_BINS; i++)
		assert_int_equal(rates[i], -1);
	assert_int_equal(rates[TOPMODEL_BINS - 1], 1);
	/* Just not forgotten: the ring is full, and what was not seen is not a number. */
	take(&m, 2, (99 + 2 * TOPMODEL_BINS) * BIN);
	topmodel_rates(&m, "psql", "n1", (99 + 2 * TOPMODEL_BINS) * BIN, TOPMODEL_BINS, rates);
	assert_int_equal(rates[0], 1);
	assert_int_equal(rates[1], -1);
	assert_int_equal(rates[TOPMODEL_BINS - 1], 2);
	topmodel_release(&m);
}

static void events_are_kept_up_to_a_number(void **state)
{
	struct topmodel m = { 0 };

	(void)state;
	for (uint64_t seq = 1; seq <= TOPMODEL_EVENTS + 1; seq++)
		faketop_event(&m, seq, "n1", STATE_UP, STATE_DOWN);
	assert_true(m.event_count <= TOPMODEL_EVENTS);
	assert_true(m.event_count >= TOPMODEL_EVENTS / 2);
	for (size_t i = 1; i < m.event_count; i++)
		assert_int_equal(m.events[i].seq, m.events[i - 1].seq + 1);
	assert_int_equal(m.event_last, TOPMODEL_EVENTS + 1);
	topmodel_release(&m);
}

static void another_daemon_has_another_journal(void **state)
{
	static const struct {
		int64_t pid, uptime_s;
		uint64_t last;
	} cases[] = { { 4242, 7201, 3 }, { 4242, 7200, 3 }, { 4243, 7201, 0 }, { 4242, 1, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct statusjson *s = faketop_status();
		struct topmodel m;

		faketop_model(&m, 1000);
		s->pid = cases[i].pid;
		s->uptime_s = cases[i].uptime_s;
		topmodel_take_status(&m, s, 2000);
		assert_int_equal(m.event_last, cases[i].last);
		assert_int_equal(m.event_count, 3);
		topmodel_release(&m);
	}
}

static void a_lost_daemon_is_lost_since_the_first_failure(void **state)
{
	struct topmodel m;

	(void)state;
	faketop_model(&m, 1000);
	assert_int_equal(m.link, TOPMODEL_LIVE);
	topmodel_lose(&m, "it has gone\n  start it", 5000);
	topmodel_lose(&m, "nobody listens", 6000);
	assert_int_equal(m.link, TOPMODEL_LOST);
	assert_int_equal(m.lost_ms, 5000);
	assert_string_equal(m.why, "nobody listens");
	assert_non_null(m.status);
	assert_int_equal(topmodel_age_s(&m, 6500), 5);
	topmodel_take_status(&m, faketop_status(), 7000);
	assert_int_equal(m.link, TOPMODEL_LIVE);
	assert_int_equal(topmodel_age_s(&m, 6000), 0);
	topmodel_release(&m);
}

static void servers_are_found_and_judged(void **state)
{
	struct topmodel m;

	(void)state;
	faketop_model(&m, 0);
	assert_string_equal(topmodel_server(&m, "psql", "n3")->state, "DOWN");
	assert_null(topmodel_server(&m, "psql", "n9"));
	assert_null(topmodel_server(&m, "sql", "n1"));
	assert_false(topmodel_is_trouble(topmodel_server(&m, "psql", "n1")));
	assert_true(topmodel_is_trouble(topmodel_server(&m, "psql", "n2")));
	assert_true(topmodel_is_trouble(topmodel_server(&m, "psql", "n4")));
	assert_true(topmodel_is_up(topmodel_server(&m, "psql", "n1")));
	assert_false(topmodel_is_up(topmodel_server(&m, "psql", "n4")));
	topmodel_refuse_sessions(&m, "Permission denied");
	assert_int_equal(m.session_count, 0);
	assert_false(m.sessions_known);
	topmodel_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_the_greatest_of_each_bin),
		cmocka_unit_test(rates_are_forgotten_after_their_time),
		cmocka_unit_test(events_are_kept_up_to_a_number),
		cmocka_unit_test(another_daemon_has_another_journal),
		cmocka_unit_test(a_lost_daemon_is_lost_since_the_first_failure),
		cmocka_unit_test(servers_are_found_and_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
