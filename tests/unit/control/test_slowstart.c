/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "core/slowstart.h"

#include "rosterscene.h"

static void the_ramp_rises_in_steps_of_a_second_or_a_twentieth(void **state)
{
	static const struct {
		uint32_t slowstart_ms;
		int64_t elapsed_ms;
		uint32_t ramp;
	} cases[] = {
		{ 10000, 0, 1 },         { 10000, 999, 1 },
		{ 10000, 1000, 10 },     { 10000, 1999, 10 },
		{ 10000, 9999, 90 },     { 10000, 10000, 100 },
		{ 10000, 99999, 100 },   { 100000, 4999, 1 },
		{ 100000, 5000, 5 },     { 100000, 99999, 95 },
		{ 100000, 100000, 100 }, { 500, 499, 1 },
		{ 500, 500, 100 },       { 1500, 1000, 66 },
		{ 200000, 9999, 1 },     { 4000000000U, 200000000, 5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(slowstart_ramp(cases[i].slowstart_ms, cases[i].elapsed_ms),
		                 cases[i].ramp);
}

static const struct rosterscene_server specs[] = {
	{ .name = "s1", .check = SETTINGS_CHECK_TCP, .set = { .slowstart_ms = 10000 } },
	{ .name = "s2", .check = SETTINGS_CHECK_TCP },
};

static const struct state up = { .health = STATE_UP };
static const struct state down = { .health = STATE_DOWN };
static const struct state maint = { .health = STATE_UP, .admin = STATE_MAINT_COMMAND };
static const struct state awaiting = { .health = STATE_CHECKING };
static const struct state drain = { .health = STATE_UP, .admin = STATE_DRAIN_COMMAND };

/* A script of states, a second apart. */
static void expect_ramp(const struct state *const *states, const uint32_t *ramps, size_t count)
{
	struct rosterscene s;
	struct topology_server *s1;

	rosterscene_open(&s, specs, 2, NULL);
	s1 = rosterscene_server(&s, "be/s1");
	for (size_t i = 0; i + 1 < count; i++) {
		int64_t now = 5000 + 1000 * (int64_t)i;

		slowstart_step(s1, now);
		topology_set_state(s1, *states[i + 1]);
		slowstart_follow(s1, states[i], states[i + 1], now);
		assert_int_equal(s1->ramp, ramps[i]);
	}
	rosterscene_close(&s);
}

static void a_server_that_comes_back_starts_slowly(void **state)
{
	static const struct state *const states[] = {
		&down, &up, &up, &up, &drain, &up, &down, &up
	};
	static const uint32_t ramps[] = { 1, 10, 20, 30, 40, 100, 1 };

	(void)state;
	expect_ramp(states, ramps, ARRAY_LEN(states));
}

static void at_the_start_of_the_program_there_is_no_slowstart(void **state)
{
	static const struct state *const states[] = { &awaiting, &up, &up };
	static const uint32_t ramps[] = { 100, 100 };

	(void)state;
	expect_ramp(states, ramps, ARRAY_LEN(states));
}

static void after_maintenance_it_begins_with_the_first_good_check(void **state)
{
	static const struct state *const states[] = {
		&maint, &awaiting, &awaiting, &up, &up, &maint
	};
	static const uint32_t ramps[] = { 1, 1, 1, 10, 100 };

	(void)state;
	expect_ramp(states, ramps, ARRAY_LEN(states));
}

static void a_second_that_passes_steps_every_server(void **state)
{
	struct rosterscene s;
	struct topology_server *s1;

	(void)state;
	rosterscene_open(&s, specs, 2, NULL);
	s1 = rosterscene_server(&s, "be/s1");
	roster_order(s.roster, s1, ROSTER_HEALTH_DOWN);
	roster_order(s.roster, s1, ROSTER_HEALTH_UP);
	assert_int_equal(s1->ramp, 1);
	s1->ramp_since_ms -= 5000;
	roster_sample(s.roster);
	assert_int_equal(s1->ramp, 50);
	s1->ramp_since_ms -= 5000;
	roster_sample(s.roster);
	assert_int_equal(s1->ramp, 100);
	assert_int_equal(s1->ramp_since_ms, 0);
	assert_int_equal(rosterscene_server(&s, "be/s2")->ramp, 100);
	rosterscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ramp_rises_in_steps_of_a_second_or_a_twentieth),
		cmocka_unit_test(a_server_that_comes_back_starts_slowly),
		cmocka_unit_test(at_the_start_of_the_program_there_is_no_slowstart),
		cmocka_unit_test(after_maintenance_it_begins_with_the_first_good_check),
		cmocka_unit_test(a_second_that_passes_steps_every_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
