/* SPDX-License-Identifier: MIT */
#include "core/checklog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct state up = { .health = STATE_UP, .counter = 4 };
static const struct state down = { .health = STATE_DOWN };

static struct checklog_moment moment(enum state_event event, const struct probe_result *check,
                                     int64_t ms)
{
	return (struct checklog_moment){ .wall_ms = 1000000 + ms,
		                         .ms = ms,
		                         .event = event,
		                         .cause = JOURNAL_BY_CHECK,
		                         .check = check,
		                         .before = up,
		                         .after = up };
}

static void add(struct checklog **log, enum state_event event, int64_t ms)
{
	const struct probe_result r = { .code = event == STATE_CHECK_PASSED ? PROBE_L7OK
		                                                            : PROBE_L4CON };
	struct checklog_moment m = moment(event, &r, ms);

	checklog_add(log, &m);
}

static void there_is_nothing_before_the_first(void **state)
{
	struct checklog *log = NULL;

	(void)state;
	assert_null(checklog_at(log, 0));
	assert_null(checklog_decided(log, STATE_UP));
	add(&log, STATE_CHECK_PASSED, 5);
	assert_non_null(checklog_at(log, 0));
	assert_null(checklog_at(log, 1));
	assert_null(checklog_decided(log, STATE_CHECKING));
	free(log);
}

static void the_newest_come_first_and_the_oldest_are_forgotten(void **state)
{
	struct checklog *log = NULL;

	(void)state;
	for (int i = 1; i <= 3 * CHECKLOG_SIZE + 5; i++) {
		add(&log, STATE_CHECK_PASSED, i);
		for (int k = 0; k < CHECKLOG_SIZE && k < i; k++)
			assert_int_equal(checklog_at(log, (size_t)k)->ms, i - k);
		assert_null(checklog_at(log, i < CHECKLOG_SIZE ? (size_t)i : CHECKLOG_SIZE));
	}
	free(log);
}

static void results_come_back_as_they_were(void **state)
{
	struct probe_result r = { .code = PROBE_L7STS,
		                  .draining = true,
		                  .status = 503,
		                  .duration_ms = 7,
		                  .info = "Service Unavailable" };
	struct probe_result agent = { .code = PROBE_L7OK, .agent = "up 50%" };
	struct checklog_moment m = moment(STATE_CHECK_DRAINING, &r, 9);
	struct checklog *log = NULL;
	struct probe_result back;

	(void)state;
	m.after = (struct state){ .health = STATE_NOLB, .counter = 3 };
	checklog_add(&log, &m);
	back = checklog_result(checklog_at(log, 0));
	assert_int_equal(back.code, r.code);
	assert_int_equal(back.status, 503);
	assert_int_equal(back.duration_ms, 7);
	assert_true(back.draining);
	assert_string_equal(back.info, r.info);
	assert_int_equal(checklog_at(log, 0)->wall_ms, 1000009);
	assert_int_equal(state_unpack(checklog_at(log, 0)->before).counter, 4);
	assert_int_equal(state_unpack(checklog_at(log, 0)->after).health, STATE_NOLB);
	m = moment(STATE_AGENT_UP, &agent, 10);
	checklog_add(&log, &m);
	assert_string_equal(checklog_result(checklog_at(log, 0)).info, "up 50%");
	free(log);
}

static void good_and_bad_ones_are_counted_in_a_row(void **state)
{
	static const struct {
		enum state_event event;
		uint32_t run;
	} steps[] = {
		{ STATE_CHECK_PASSED, 1 },   { STATE_CHECK_PASSED, 2 }, { STATE_CHECK_FAILED, 1 },
		{ STATE_CHECK_DRAINING, 2 }, { STATE_EVENT_COUNT, 0 },  { STATE_CHECK_FAILED, 3 },
		{ STATE_MARK_DOWN, 4 },      { STATE_CHECK_PASSED, 1 }, { STATE_CHECK_CONDPASS, 2 },
	};
	struct checklog *log = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		add(&log, steps[i].event, (int64_t)i + 1);
		assert_int_equal(checklog_at(log, 0)->run, steps[i].run);
	}
	free(log);
}

static void a_fresh_start_begins_another_run(void **state)
{
	const struct probe_result r = { .code = PROBE_L4CON };
	struct checklog_moment m = moment(STATE_CHECK_FAILED, &r, 3);
	struct checklog *log = NULL;

	(void)state;
	add(&log, STATE_CHECK_FAILED, 1);
	add(&log, STATE_CHECK_FAILED, 2);
	m.before = (struct state){ .health = STATE_CHECKING };
	checklog_add(&log, &m);
	assert_int_equal(checklog_at(log, 0)->run, 1);
	free(log);
}

static void what_decided_is_kept_with_its_run(void **state)
{
	const struct probe_result r = { .code = PROBE_L4CON, .info = "Connection refused" };
	struct checklog_moment m = moment(STATE_CHECK_FAILED, &r, 3);
	struct checklog *log = NULL;
	const struct checklog_entry *e;

	(void)state;
	add(&log, STATE_CHECK_FAILED, 1);
	add(&log, STATE_CHECK_FAILED, 2);
	m.after = down;
	checklog_decide(&log, &m);
	checklog_add(&log, &m);
	for (int i = 0; i < 2 * CHECKLOG_SIZE; i++)
		add(&log, STATE_CHECK_FAILED, 10 + i);
	e = checklog_decided(log, STATE_DOWN);
	assert_non_null(e);
	assert_int_equal(e->run, 3);
	assert_int_equal(e->ms, 3);
	assert_int_equal(e->event, STATE_CHECK_FAILED);
	assert_string_equal(e->info, "Connection refused");
	assert_null(checklog_decided(log, STATE_UP));
	free(log);
}

static void a_command_decides_without_a_check(void **state)
{
	struct checklog_moment m = moment(STATE_FORCE_DOWN, NULL, 3);
	struct checklog *log = NULL;

	(void)state;
	m.cause = JOURNAL_BY_COMMAND;
	m.after = down;
	checklog_decide(&log, &m);
	assert_null(checklog_at(log, 0));
	assert_int_equal(checklog_decided(log, STATE_DOWN)->run, 0);
	assert_int_equal(checklog_decided(log, STATE_DOWN)->code, PROBE_UNKNOWN);
	assert_int_equal(checklog_decided(log, STATE_DOWN)->cause, JOURNAL_BY_COMMAND);
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_nothing_before_the_first),
		cmocka_unit_test(the_newest_come_first_and_the_oldest_are_forgotten),
		cmocka_unit_test(results_come_back_as_they_were),
		cmocka_unit_test(good_and_bad_ones_are_counted_in_a_row),
		cmocka_unit_test(a_fresh_start_begins_another_run),
		cmocka_unit_test(what_decided_is_kept_with_its_run),
		cmocka_unit_test(a_command_decides_without_a_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
