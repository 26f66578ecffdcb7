/* SPDX-License-Identifier: MIT */
#include "core/detection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <string.h>

static void same_span(struct detection_span have, uint64_t best, uint64_t typical, uint64_t worst)
{
	assert_int_equal(have.best_ms, best);
	assert_int_equal(have.typical_ms, typical);
	assert_int_equal(have.worst_ms, worst);
}

static void the_default_check_finds_a_drain_by_its_first_answer(void **state)
{
	struct settings_check c = settings_check_default(SETTINGS_CHECK_HTTP);
	struct detection d = detection_of(&c);

	(void)state;
	assert_true(d.checked && d.sees_hang && d.sees_drain);
	assert_int_equal(d.timeout_ms, 2000);
	assert_int_equal(d.fast_ms, 2000);
	assert_int_equal(d.drain_answers, 1);
	same_span(d.drain, 0, 1000, 2200 + 2000);
	same_span(d.drain_down, 3600, 5000, 6600 + 6000);
	same_span(d.refused, 3600, 5000, 6600);
	same_span(d.silent, 3600 + 6000, 5000 + 6000, 6600 + 6000);
	same_span(d.back, 1800, 3000, 2000 + 2200 + 2200);
}

static void times_of_their_own_count(void **state)
{
	struct settings_check c = settings_check_default(SETTINGS_CHECK_HTTPS);
	struct detection d;

	(void)state;
	c.inter_ms = 10000;
	c.fastinter_ms = 500;
	c.downinter_ms = 4000;
	c.timeout_ms = 1000;
	c.fall = 2;
	c.rise = 3;
	d = detection_of(&c);
	same_span(d.refused, 450, 5500, 11000 + 550);
	same_span(d.silent, 450 + 2000, 5500 + 2000, 11550 + 2000);
	same_span(d.drain, 0, 5000, 11000 + 1000);
	same_span(d.back, 900, 2000 + 1000, 1000 + 4400 + 1100);
}

static void without_drain_status_a_drain_takes_fall_answers(void **state)
{
	struct settings_check c = settings_check_default(SETTINGS_CHECK_HTTP);
	struct detection d;

	(void)state;
	c.drain_status = (struct settings_ranges){ 0 };
	d = detection_of(&c);
	assert_true(d.sees_drain);
	assert_int_equal(d.drain_answers, 3);
	same_span(d.drain, d.drain_down.best_ms, d.drain_down.typical_ms, d.drain_down.worst_ms);
}

static void only_the_ready_path_sees_a_drain(void **state)
{
	static const struct settings_step steps[] = {
		{ .kind = SETTINGS_STEP_CONNECT },
		{ .kind = SETTINGS_STEP_SEND, .method = "GET", .path = "/health?ready=1" },
	};
	static const struct {
		enum settings_check_type type;
		const char *path;
		size_t steps;
		bool sees;
	} cases[] = {
		{ SETTINGS_CHECK_HTTP, "/health?ready=1", 0, true },
		{ SETTINGS_CHECK_HTTPS, "/_admin/v1/health?ready=true", 0, true },
		{ SETTINGS_CHECK_HTTP, "/health", 0, false },
		{ SETTINGS_CHECK_HTTP, "/", 2, true },
		{ SETTINGS_CHECK_HTTP, "/health?ready=1", 1, false },
		{ SETTINGS_CHECK_TCP, NULL, 0, false },
		{ SETTINGS_CHECK_PGSQL, NULL, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_check c = settings_check_default(cases[i].type);

		c.path = cases[i].path;
		c.steps = (struct settings_steps){ steps, cases[i].steps };
		assert_int_equal(detection_of(&c).sees_drain, cases[i].sees);
	}
}

static void a_connection_alone_does_not_see_a_hang(void **state)
{
	struct settings_check c = settings_check_default(SETTINGS_CHECK_TCP);

	(void)state;
	assert_false(detection_of(&c).sees_hang);
	c.tls = true;
	assert_true(detection_of(&c).sees_hang);
	c = settings_check_default(SETTINGS_CHECK_PGSQL);
	assert_true(detection_of(&c).sees_hang);
	c = settings_check_default(SETTINGS_CHECK_NONE);
	assert_false(detection_of(&c).checked);
}

static void times_are_read_at_a_glance(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "0s" },        { 800, "800ms" },   { 4200, "4.2s" },   { 2000, "2s" },
		{ 12600, "12.6s" }, { 90000, "1m30s" }, { 90400, "1m30s" }, { 2050, "2s" },
	};
	char buf[DETECTION_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(detection_format(cases[i].ms, buf), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_check_finds_a_drain_by_its_first_answer),
		cmocka_unit_test(times_of_their_own_count),
		cmocka_unit_test(without_drain_status_a_drain_takes_fall_answers),
		cmocka_unit_test(only_the_ready_path_sees_a_drain),
		cmocka_unit_test(a_connection_alone_does_not_see_a_hang),
		cmocka_unit_test(times_are_read_at_a_glance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
