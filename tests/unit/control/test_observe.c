/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove */
#include "rosterscene.h"

static void lose(struct rosterscene *s, uint32_t errors)
{
	struct topology_server *s1 = rosterscene_server(s, "be/s1");

	atomic_store(&s1->errors, errors);
	roster_connect_failed(s->roster, s1, REASON_CONNECT_REFUSED);
}

/* s1 is UP with a full counter. */
static void open_observed(struct rosterscene *s, enum settings_on_error on_error, bool observe)
{
	const struct rosterscene_server spec = {
		.name = "s1",
		.check = SETTINGS_CHECK_TCP,
		.set = { .observe = observe, .error_limit = 3, .on_error = on_error },
	};
	struct probe_result passed = { .code = PROBE_L4OK };

	rosterscene_open(s, &spec, 1, NULL);
	roster_check_result(s->roster, 0, &passed);
}

static void enough_errors_in_a_row_do_what_on_error_says(void **state)
{
	static const struct {
		enum settings_on_error on_error;
		const char *first, *second;
	} cases[] = {
		{ SETTINGS_ON_ERROR_FASTINTER, "UP", "UP" },
		{ SETTINGS_ON_ERROR_FAIL_CHECK, "UP 2/3", "UP 1/3" },
		{ SETTINGS_ON_ERROR_SUDDEN_DEATH, "UP 1/3", "DOWN" },
		{ SETTINGS_ON_ERROR_MARK_DOWN, "DOWN", "DOWN" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rosterscene s;
		struct topology_server *s1;
		unsigned int hurried;

		open_observed(&s, cases[i].on_error, true);
		s1 = rosterscene_server(&s, "be/s1");
		lose(&s, 2);
		assert_string_equal(rosterscene_status(s1), "UP");
		assert_int_equal(s1->errors, 2);
		hurried = s.checker.slots[0].hurried;
		lose(&s, 3);
		assert_true(s.checker.slots[0].hurried > hurried);
		assert_string_equal(rosterscene_status(s1), cases[i].first);
		assert_int_equal(s1->errors, 0);
		lose(&s, 5);
		assert_string_equal(rosterscene_status(s1), cases[i].second);
		rosterscene_close(&s);
	}
}

static void the_check_that_was_made_of_it_tells_how_often(void **state)
{
	struct rosterscene s;
	struct topology_server *s1;

	(void)state;
	open_observed(&s, SETTINGS_ON_ERROR_MARK_DOWN, true);
	s1 = rosterscene_server(&s, "be/s1");
	lose(&s, 3);
	assert_int_equal(s1->check.code, PROBE_HANA);
	assert_string_equal(s1->check.info, "Detected 3 consecutive errors, last one was: L4 "
	                                    "unsuccessful connection");
	assert_int_equal(s.last.cause, JOURNAL_BY_TRAFFIC);
	assert_int_equal(s.last.level, LOG_LEVEL_ALERT);
	assert_int_equal(s1->check_failures, 1);
	rosterscene_close(&s);
}

static void who_is_not_observed_or_not_checked_is_left_alone(void **state)
{
	struct rosterscene s;
	struct topology_server *s1;

	(void)state;
	open_observed(&s, SETTINGS_ON_ERROR_MARK_DOWN, false);
	lose(&s, 9);
	assert_string_equal(rosterscene_status(rosterscene_server(&s, "be/s1")), "UP");
	rosterscene_close(&s);
	open_observed(&s, SETTINGS_ON_ERROR_MARK_DOWN, true);
	s1 = rosterscene_server(&s, "be/s1");
	roster_enable_check(s.roster, s1, false);
	lose(&s, 9);
	assert_string_equal(rosterscene_status(s1), "no check");
	roster_enable_check(s.roster, s1, true);
	assert_string_equal(rosterscene_status(s1), "UP 1/3");
	roster_server_error(s.roster, s1);
	assert_string_equal(rosterscene_status(s1), "DOWN");
	rosterscene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enough_errors_in_a_row_do_what_on_error_says),
		cmocka_unit_test(the_check_that_was_made_of_it_tells_how_often),
		cmocka_unit_test(who_is_not_observed_or_not_checked_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
