/* SPDX-License-Identifier: MIT */
#include "engine/checker.h"

#include "checker_fixture.h"

#define OK_ANSWER "HTTP/1.0 200 OK\r\n\r\n"

static void set_pace(struct fixture *f, size_t target, enum checker_pace pace)
{
	f->in_call = true;
	checker_set_pace(f->checker, target, pace);
	f->in_call = false;
}

static void run_until_begun(struct fixture *f, size_t target, int begun)
{
	f->wanted_target = target;
	f->wanted_begun = begun;
	if (f->heard[target].begun < begun)
		ev_run(f->loop, 0);
	f->wanted_begun = 0;
}

static void first_checks_are_spread_over_one_interval(void **state)
{
	struct fixture *f = *state;
	int64_t before = tick_ms();

	for (size_t i = 0; i < TARGETS_MAX; i++)
		add_target(f, i == 1 ? SETTINGS_CHECK_NONE : SETTINGS_CHECK_TCP, 600);
	start(f);
	run_until_ended(f, 3, 1);
	assert_int_equal(f->heard[1].begun, 0);
	assert_in_range(f->heard[0].begun_ms[0] - before, 0, 190);
	assert_in_range(f->heard[2].begun_ms[0] - before, 199, 390);
	assert_in_range(f->heard[3].begun_ms[0] - before, 399, 1000);
}

static void next_check_comes_its_interval_after_the_end_of_the_last(void **state)
{
	struct fixture *f = *state;
	const struct heard *h = &f->heard[0];

	f->manner = PEER_IS_SILENT;
	add_target(f, SETTINGS_CHECK_HTTP, 100)->timeout_ms = 150;
	start(f);
	run_until_begun(f, 0, 5);
	for (int i = 0; i < 4; i++)
		assert_in_range(h->begun_ms[i + 1] - h->ended_ms[i], 88, 300);
	assert_int_equal(f->most_open, 1);
}

static void pace_sets_the_interval(void **state)
{
	static const struct {
		enum checker_pace pace;
		unsigned int low, high;
	} cases[] = {
		{ CHECKER_NORMAL, 178, 350 },
		{ CHECKER_FAST, 43, 170 },
		{ CHECKER_SLOW, 358, 1000 },
	};
	struct fixture *f = *state;
	const struct heard *h = &f->heard[0];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_check *check = add_target(f, SETTINGS_CHECK_TCP, 200);

		check->fastinter_ms = 50;
		check->downinter_ms = 400;
		start(f);
		set_pace(f, 0, cases[i].pace);
		run_until_begun(f, 0, 2);
		assert_in_range(h->begun_ms[1] - h->ended_ms[0], cases[i].low, cases[i].high);
		stop(f);
	}
}

static void faster_pace_pulls_the_pending_check_forward(void **state)
{
	struct fixture *f = *state;
	const struct heard *h = &f->heard[0];
	struct settings_check *check = add_target(f, SETTINGS_CHECK_TCP, 60000);

	check->fastinter_ms = 60;
	check->downinter_ms = 90000;
	start(f);
	run_until_ended(f, 0, 1);
	set_pace(f, 0, CHECKER_SLOW); /* not moved back */
	set_pace(f, 0, CHECKER_FAST);
	run_until_ended(f, 0, 2);
	assert_in_range(h->begun_ms[1] - h->ended_ms[0], 53, 500);
	f->pace_on_result = CHECKER_NORMAL; /* from inside the call */
	run_until_ended(f, 0, 3);
	f->pace_on_result = CHECKER_FAST;
	hurry(f, 0);
	run_until_ended(f, 0, 5);
	assert_in_range(h->begun_ms[4] - h->ended_ms[3], 53, 500);
}

static void paused_targets_are_not_checked_and_resume_at_once(void **state)
{
	struct fixture *f = *state;
	int64_t resumed;

	f->manner = PEER_IS_SILENT;
	add_target(f, SETTINGS_CHECK_HTTP, 60000);
	start_without_address(f);
	set_pace(f, 0, CHECKER_PAUSED);
	set_address(f, 0, &f->addr, NULL);
	hurry(f, 0);
	run_for(f, 0.05);
	assert_int_equal(f->heard[0].begun, 0);
	set_pace(f, 0, CHECKER_NORMAL);
	run_until_begun(f, 0, 1);
	set_pace(f, 0, CHECKER_PAUSED); /* with a check in flight: it is not heard of again */
	run_until_closed(f, 1);
	assert_int_equal(f->heard[0].ended, 0);
	f->heard[0].begun = 0;
	f->manner = PEER_ANSWERS;
	f->answer = OK_ANSWER;
	set_pace(f, 0, CHECKER_SLOW);
	resumed = tick_ms();
	run_until_ended(f, 0, 1);
	assert_in_range(tick_ms() - resumed, 0, 1000);
	f->pace_on_result = CHECKER_PAUSED; /* from inside the call */
	hurry(f, 0);
	run_until_ended(f, 0, 2);
	run_for(f, 0.15);
	assert_int_equal(f->heard[0].begun, 2);
}

static void hurried_checks_come_at_once_but_a_storm_is_thinned(void **state)
{
	struct fixture *f = *state;
	const struct heard *h = &f->heard[1];

	add_target(f, SETTINGS_CHECK_NONE, 60000);
	add_target(f, SETTINGS_CHECK_TCP, 60000);
	start(f);
	hurry(f, 0); /* has no check */
	hurry(f, 1);
	run_until_ended(f, 1, 1);
	for (int i = 2; i <= 4; i++) {
		hurry(f, 1);
		hurry(f, 1);
		run_until_ended(f, 1, i);
		assert_in_range(h->begun_ms[i - 1] - h->ended_ms[i - 2], 95, 500);
	}
	run_for(f, 0.15);
	hurry(f, 1);
	run_until_begun(f, 1, 5);
	hurry(f, 1); /* one is running */
	run_until_ended(f, 1, 5);
	run_for(f, 0.15);
	assert_int_equal(h->begun, 5);
	assert_int_equal(f->heard[0].begun, 0);
}

static void checks_wait_for_an_address(void **state)
{
	struct fixture *f = *state;

	f->answer = OK_ANSWER;
	add_target(f, SETTINGS_CHECK_HTTP, 50);
	start_without_address(f);
	run_for(f, 0.15);
	assert_int_equal(f->heard[0].begun, 0);
	set_address(f, 0, NULL, "Domain name not found");
	assert_verdict(run_until_ended(f, 0, 1), PROBE_RESOLVE, 0, "Domain name not found");
	assert_int_equal(f->heard[0].begun, 1);
	run_until_ended(f, 0, 2);
	set_address(f, 0, &f->addr, NULL);
	assert_verdict(run_until_ended(f, 0, 3), PROBE_L7OK, 200, "");
	set_address(f, 0, NULL, NULL);
	assert_verdict(run_until_ended(f, 0, 4), PROBE_RESOLVE, 0, "");
}

static void check_can_be_ended_in_flight(void **state)
{
	struct fixture *f = *state;

	f->manner = PEER_IS_SILENT;
	add_target(f, SETTINGS_CHECK_HTTP, 60000);
	add_target(f, SETTINGS_CHECK_HTTPS, 60000)->verify = false;
	start(f);
	hurry(f, 1);
	run_until_begun(f, 0, 1);
	run_until_begun(f, 1, 1);
	run_for(f, 0.05);
	assert_int_equal(f->accepted, 2);
	stop(f);
	run_until_closed(f, 2);
	add_target(f, SETTINGS_CHECK_HTTP, 60000); /* before its first turn */
	start(f);
	stop(f);
	run_for(f, 0.02);
	assert_int_equal(f->accepted, 2);
	checker_free(NULL);
}

static void checker_can_be_freed_from_its_own_call(void **state)
{
	struct fixture *f = *state;

	for (int announced = 0; announced <= 1; announced++) {
		add_target(f, SETTINGS_CHECK_TCP, 60000);
		start(f);
		f->free_on_call = announced;
		run_until_begun(f, 0, 1);
		f->free_on_call = true;
		if (!announced)
			run_until_ended(f, 0, 1);
		assert_null(f->checker);
		f->free_on_call = false;
		stop(f);
	}
}

static void files_that_cannot_be_used_are_refused(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	add_target(f, SETTINGS_CHECK_HTTPS, 60000)->ca = "/nowhere/ca.pem";
	assert_null(checker_new(f->loop, f->targets, f->count, note_result, f, &err));
	assert_non_null(strstr(err.text, "check of \"n1\": "));
	assert_non_null(strstr(err.text, "/nowhere/ca.pem"));
	assert_null(checker_new(f->loop, f->targets, f->count, note_result, f, NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_checks_are_spread_over_one_interval),
		TEST(next_check_comes_its_interval_after_the_end_of_the_last),
		TEST(pace_sets_the_interval),
		TEST(faster_pace_pulls_the_pending_check_forward),
		TEST(paused_targets_are_not_checked_and_resume_at_once),
		TEST(hurried_checks_come_at_once_but_a_storm_is_thinned),
		TEST(checks_wait_for_an_address),
		TEST(check_can_be_ended_in_flight),
		TEST(checker_can_be_freed_from_its_own_call),
		TEST(files_that_cannot_be_used_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
