/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "rosterscene.h"

static void say(struct rosterscene *s, enum probe_code code, const char *line)
{
	struct probe_result r = { .code = code, .duration_ms = 1 };

	snprintf(r.agent, sizeof(r.agent), "%s", line);
	snprintf(r.info, sizeof(r.info), "%s", line);
	roster_check_result(s->roster, 1, &r);
}

static const struct rosterscene_server specs[] = {
	{ .name = "s1", .check = SETTINGS_CHECK_TCP, .agent = true, .set = { .weight = 10 } },
};

static void what_an_agent_says_is_done(void **state)
{
	static const struct {
		enum probe_code code;
		const char *line, *status;
		uint32_t weight, maxconn;
	} cases[] = {
		{ PROBE_CHECKED, "75%", "UP 1/3", 7, 0 },
		{ PROBE_CHECKED, "weight:30", "UP 1/3", 30, 0 },
		{ PROBE_CHECKED, "weight:1%", "UP 1/3", 1, 0 },
		{ PROBE_CHECKED, "100%", "UP 1/3", 10, 0 },
		{ PROBE_CHECKED, "maxconn:20", "UP 1/3", 10, 20 },
		{ PROBE_CHECKED, "drain", "DRAIN (agent)", 10, 20 },
		{ PROBE_CHECKED, "maint", "MAINT", 10, 20 },
		{ PROBE_CHECKED, "ready", "UP 1/3", 10, 20 },
		{ PROBE_L7STS, "down", "DOWN (agent)", 10, 20 },
		{ PROBE_L4CON, "", "DOWN (agent)", 10, 20 },
		{ PROBE_L7OK, "up", "UP 1/3", 10, 20 },
		{ PROBE_L4CON, "", "UP 1/3", 10, 20 },
		{ PROBE_L7RSP, "", "UP 1/3", 10, 20 },
		{ PROBE_L7STS, "stopped", "DOWN (agent)", 10, 20 },
		{ PROBE_L7OK, "ready,up,50%", "UP 1/3", 5, 20 },
	};
	struct rosterscene s;
	struct topology_server *s1;

	(void)state;
	rosterscene_open(&s, specs, 1, NULL);
	s1 = rosterscene_server(&s, "be/s1");
	assert_int_equal(s1->agent_health, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		say(&s, cases[i].code, cases[i].line);
		assert_string_equal(rosterscene_status(s1), cases[i].status);
		assert_int_equal(s1->weight, cases[i].weight);
		assert_int_equal(s1->maxconn, cases[i].maxconn);
		assert_int_equal(s1->agent.code, cases[i].code);
	}
	rosterscene_close(&s);
}

static void an_agent_and_a_check_must_agree_that_it_is_up(void **state)
{
	struct rosterscene s;
	struct probe_result failed = { .code = PROBE_L4CON };
	struct probe_result passed = { .code = PROBE_L4OK };

	(void)state;
	rosterscene_open(&s, specs, 1, NULL);
	say(&s, PROBE_L7STS, "down");
	rosterscene_expect(&s, "s1:UP->DOWN ");
	assert_int_equal(s.last.cause, JOURNAL_BY_AGENT);
	assert_true(s.last.agent_check);
	assert_int_equal(s.checker.slots[1].pace, CHECKER_SLOW);
	roster_check_result(s.roster, 0, &failed);
	say(&s, PROBE_L7OK, "up");
	rosterscene_expect(&s, "");
	roster_check_result(s.roster, 0, &passed);
	roster_check_result(s.roster, 0, &passed);
	rosterscene_expect(&s, "s1:DOWN->UP ");
	rosterscene_close(&s);
}

static void checks_of_the_agent_are_told_as_such(void **state)
{
	struct rosterscene s;

	(void)state;
	rosterscene_open(&s, specs, 1, NULL);
	say(&s, PROBE_L7STS, "down");
	assert_true(s.last_check.agent_check);
	assert_int_equal(s.last_check.limits.rise, 1);
	assert_int_equal(s.last_check.limits.fall, 1);
	assert_int_equal(s.last_check.after.counter, 0);
	say(&s, PROBE_L7OK, "up");
	assert_int_equal(s.last_check.after.counter, 1);
	rosterscene_close(&s);
}

static void words_count_when_they_follow_one_another(void **state)
{
	static const struct {
		const char *line, *status;
		uint16_t health;
	} cases[] = {
		{ "down", "UP 1/3", 3 },     { "down", "UP 1/3", 2 },
		{ "up", "UP 1/3", 4 },       { "down", "UP 1/3", 3 },
		{ "down", "UP 1/3", 2 },     { "down", "DOWN (agent)", 0 },
		{ "up", "DOWN (agent)", 1 }, { "down", "DOWN (agent)", 0 },
		{ "up", "DOWN (agent)", 1 }, { "up", "UP 1/3", 4 },
		{ "down", "UP 1/3", 3 },     { "down", "UP 1/3", 2 },
	};
	struct rosterscene s;
	struct topology_server *s1;

	(void)state;
	rosterscene_open(&s, specs, 1, NULL);
	s1 = rosterscene_server(&s, "be/s1");
	s1->agent_limits.rise = 2;
	s1->agent_limits.fall = 3;
	roster_enable_agent(s.roster, s1, true);
	assert_int_equal(s1->agent_health, 4);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool up = strcmp(cases[i].line, "up") == 0;

		say(&s, up ? PROBE_L7OK : PROBE_L7STS, cases[i].line);
		assert_string_equal(rosterscene_status(s1), cases[i].status);
		assert_int_equal(s1->agent_health, cases[i].health);
		assert_int_equal(s.last_check.after.counter, cases[i].health);
		assert_int_equal(s.last_check.limits.fall, 3);
	}
	rosterscene_expect(&s, "s1:UP->DOWN s1:DOWN->UP ");
	/* What was said before it was switched on, or set by a person, does not count. */
	roster_enable_agent(s.roster, s1, true);
	say(&s, PROBE_L7STS, "down");
	assert_string_equal(rosterscene_status(s1), "UP 1/3");
	roster_set_agent(s.roster, s1, false);
	say(&s, PROBE_L7OK, "up");
	assert_string_equal(rosterscene_status(s1), "DOWN (agent)");
	rosterscene_close(&s);
}

static void a_person_can_say_what_the_agent_would_say_and_switch_it_off(void **state)
{
	struct rosterscene s;
	struct topology_server *s1;

	(void)state;
	rosterscene_open(&s, specs, 1, NULL);
	s1 = rosterscene_server(&s, "be/s1");
	roster_set_agent(s.roster, s1, false);
	assert_string_equal(rosterscene_status(s1), "DOWN (agent)");
	assert_int_equal(s.last.cause, JOURNAL_BY_COMMAND);
	roster_set_agent(s.roster, s1, true);
	assert_string_equal(rosterscene_status(s1), "UP 1/3");
	roster_order(s.roster, s1, ROSTER_MAINT);
	assert_int_equal(s.checker.slots[0].pace, CHECKER_PAUSED);
	assert_int_equal(s.checker.slots[1].pace, CHECKER_NORMAL);
	say(&s, PROBE_CHECKED, "ready");
	assert_string_equal(rosterscene_status(s1), "UP 1/3");
	say(&s, PROBE_L7STS, "down");
	roster_enable_agent(s.roster, s1, false);
	assert_int_equal(s.checker.slots[1].pace, CHECKER_PAUSED);
	assert_string_equal(rosterscene_status(s1), "UP 1/3");
	say(&s, PROBE_L7STS, "down");
	assert_string_equal(rosterscene_status(s1), "UP 1/3");
	roster_enable_agent(s.roster, s1, true);
	assert_int_equal(s.checker.slots[1].pace, CHECKER_NORMAL);
	rosterscene_close(&s);
}

static void a_static_algorithm_takes_none_or_all_of_a_weight(void **state)
{
	struct settings_service like = settings_service_default();
	struct rosterscene s;
	struct topology_server *s1;

	(void)state;
	like.balance = SETTINGS_STATIC_RR;
	rosterscene_open(&s, specs, 1, &like);
	s1 = rosterscene_server(&s, "be/s1");
	say(&s, PROBE_CHECKED, "50%");
	assert_int_equal(s1->weight, 10);
	say(&s, PROBE_CHECKED, "0%");
	assert_int_equal(s1->weight, 0);
	say(&s, PROBE_CHECKED, "100%");
	assert_int_equal(s1->weight, 10);
	rosterscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_agent_says_is_done),
		cmocka_unit_test(an_agent_and_a_check_must_agree_that_it_is_up),
		cmocka_unit_test(checks_of_the_agent_are_told_as_such),
		cmocka_unit_test(words_count_when_they_follow_one_another),
		cmocka_unit_test(a_person_can_say_what_the_agent_would_say_and_switch_it_off),
		cmocka_unit_test(a_static_algorithm_takes_none_or_all_of_a_weight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
