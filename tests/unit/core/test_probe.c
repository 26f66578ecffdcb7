/* SPDX-License-Identifier: MIT */
#include "core/probe.h"

#include "answers.h"

#include <errno.h>

static void a_tcp_check_says_nothing(void **unused)
{
	struct settings_check check = settings_check_default(SETTINGS_CHECK_TCP);
	struct answer silent = { "", 0, CLOSED, PROBE_L4OK, 0, "" };
	struct answer banner = { "220 hi", 6, OPEN, PROBE_L4OK, 0, "" };

	(void)unused;
	answers_expect_request(&check, "", 0);
	assert_true(probe_is_connect_only(&check));
	answers_expect_all(&check, &silent, 1);
	answers_expect_all(&check, &banner, 1);
	for (enum settings_check_type t = SETTINGS_CHECK_NONE; t <= SETTINGS_CHECK_PGSQL; t++) {
		check.type = t;
		assert_int_equal(probe_is_connect_only(&check), t == SETTINGS_CHECK_TCP);
	}
}

static void a_failed_step_says_why(void **unused)
{
	struct probe_result r = probe_failed(PROBE_L4CON, ECONNREFUSED);

	(void)unused;
	assert_int_equal(r.code, PROBE_L4CON);
	assert_string_equal(r.info, "Connection refused");
	assert_false(r.draining);
	r = probe_failed(PROBE_L7TOUT, 0);
	assert_int_equal(r.code, PROBE_L7TOUT);
	assert_string_equal(r.info, "");
}

static void codes_have_haproxys_names_words_and_numbers(void **unused)
{
	static const struct {
		enum probe_code code;
		const char *name, *words;
		int number;
		bool passed;
	} cases[] = {
		{ PROBE_UNKNOWN, "UNK", "Unknown", 0, false },
		{ PROBE_INIT, "INI", "Initializing", 1, false },
		{ PROBE_SOCKERR, "SOCKERR", "Socket error", 5, false },
		{ PROBE_L4OK, "L4OK", "Layer4 check passed", 6, true },
		{ PROBE_L4TOUT, "L4TOUT", "Layer4 timeout", 7, false },
		{ PROBE_L4CON, "L4CON", "Layer4 connection problem", 8, false },
		{ PROBE_L6OK, "L6OK", "Layer6 check passed", 9, true },
		{ PROBE_L6TOUT, "L6TOUT", "Layer6 timeout", 10, false },
		{ PROBE_L6RSP, "L6RSP", "Layer6 invalid response", 11, false },
		{ PROBE_L7TOUT, "L7TOUT", "Layer7 timeout", 12, false },
		{ PROBE_L7RSP, "L7RSP", "Layer7 invalid response", 13, false },
		{ PROBE_L7OK, "L7OK", "Layer7 check passed", 15, true },
		{ PROBE_L7STS, "L7STS", "Layer7 wrong status", 17, false },
		{ PROBE_RESOLVE, "RESOLVE", "Name does not resolve", 4, false },
	};

	(void)unused;
	assert_int_equal(ARRAY_LEN(cases), PROBE_CODE_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(probe_code_name(cases[i].code), cases[i].name);
		assert_string_equal(probe_code_words(cases[i].code), cases[i].words);
		assert_int_equal(probe_code_number(cases[i].code), cases[i].number);
		assert_int_equal(probe_code_passed(cases[i].code), cases[i].passed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tcp_check_says_nothing),
		cmocka_unit_test(a_failed_step_says_why),
		cmocka_unit_test(codes_have_haproxys_names_words_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
