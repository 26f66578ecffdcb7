/* SPDX-License-Identifier: MIT */
#include "base/number.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SAME UINT64_C(77) /* what stands there when nothing is written */

static void whole_numbers_are_taken_strictly(void **unused)
{
	static const struct {
		const char *s;
		uint64_t max;
		bool good;
		uint64_t n;
	} cases[] = {
		{ "0", 0, true, 0 },
		{ "65535", 65535, true, 65535 },
		{ "007", 10, true, 7 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "65536", 65535, false, SAME },
		{ "18446744073709551616", UINT64_MAX, false, SAME },
		{ "184467440737095516150", UINT64_MAX, false, SAME },
		{ "", 10, false, SAME },
		{ "-1", 10, false, SAME },
		{ "+1", 10, false, SAME },
		{ " 1", 10, false, SAME },
		{ "1 ", 10, false, SAME },
		{ "1a", 10, false, SAME },
		{ "0x1", 10, false, SAME },
		{ "1.0", 10, false, SAME },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t n = SAME;

		assert_int_equal(number_parse(cases[i].s, cases[i].max, &n), cases[i].good);
		assert_true(n == cases[i].n);
	}
}

static void a_number_may_stand_among_other_bytes(void **unused)
{
	static const struct {
		const char *s;
		size_t len;
		bool good;
		uint64_t n;
	} cases[] = {
		{ "427", 2, true, 42 },
		{ "42", 0, false, SAME },
		{ "4 2", 2, false, SAME },
		{ "4\0", 2, false, SAME },
		{ "\0", 1, false, SAME },
		{ "65536", 5, false, SAME },
		{ "6553", 4, true, 6553 },
		{ "00000000000000000000001", 23, true, 1 },
		{ "000000000000000000000001", 24, false, SAME },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t n = SAME;

		assert_int_equal(number_parse_bytes(cases[i].s, cases[i].len, 65535, &n),
		                 cases[i].good);
		assert_true(n == cases[i].n);
	}
}

static void durations_have_units_from_large_to_small(void **unused)
{
	static const struct {
		const char *s;
		bool good;
		uint64_t ms;
	} cases[] = {
		{ "0", true, 0 },
		{ "1500", true, 1500 },
		{ "500ms", true, 500 },
		{ "2s", true, 2000 },
		{ "10m", true, 600000 },
		{ "1h", true, 3600000 },
		{ "1d", true, 86400000 },
		{ "1m30s", true, 90000 },
		{ "1d2h3m4s5ms", true, 93784005 },
		{ "1d5ms", true, 86400005 },
		{ "90m", true, 5400000 },
		{ "0us", true, 0 },
		{ "1us", true, 1 },
		{ "1000us", true, 1 },
		{ "1001us", true, 2 },
		{ "213503982334d14h25m51s615ms", true, UINT64_MAX },
		{ "213503982334d14h25m51s616ms", false, SAME },
		{ "213503982335d", false, SAME },
		{ "18446744073709551616", false, SAME },
		{ "", false, SAME },
		{ "s", false, SAME },
		{ "-1s", false, SAME },
		{ "1.5s", false, SAME },
		{ "1 s", false, SAME },
		{ "1s ", false, SAME },
		{ "1S", false, SAME },
		{ "1w", false, SAME },
		{ "1sec", false, SAME },
		{ "1m30", false, SAME },
		{ "30s1m", false, SAME },
		{ "1s1s", false, SAME },
		{ "1ms1s", false, SAME },
		{ "1s500us", false, SAME },
		{ "1msm", false, SAME },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t ms = SAME;

		if (number_parse_duration(cases[i].s, &ms) != cases[i].good || ms != cases[i].ms)
			fail_msg("\"%s\"", cases[i].s);
	}
}

static void durations_can_be_read_in_microseconds(void **unused)
{
	static const struct {
		const char *s;
		bool good;
		uint64_t us;
	} cases[] = {
		{ "0", true, 0 },
		{ "0us", true, 0 },
		{ "50us", true, 50 },
		{ "1001us", true, 1001 },
		{ "1ms", true, 1000 },
		{ "1", true, 1000 },
		{ "1s5ms", true, 1005000 },
		{ "18446744073709551615us", true, UINT64_MAX },
		{ "18446744073709551616us", false, SAME },
		{ "213503982334d14h25m51s615ms", false, SAME },
		{ "us", false, SAME },
		{ "50 us", false, SAME },
		{ "50usx", false, SAME },
		{ "1ms50us", false, SAME },
		{ "", false, SAME },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t us = SAME;

		if (number_parse_micros(cases[i].s, &us) != cases[i].good || us != cases[i].us)
			fail_msg("\"%s\"", cases[i].s);
	}
}

static void sizes_are_1024_based(void **unused)
{
	static const struct {
		const char *s;
		bool good;
		uint64_t n;
	} cases[] = {
		{ "0", true, 0 },
		{ "16384", true, 16384 },
		{ "64k", true, 65536 },
		{ "64K", true, 65536 },
		{ "3m", true, 3145728 },
		{ "2G", true, 2147483648 },
		{ "17179869183g", true, UINT64_C(17179869183) << 30 },
		{ "17179869184g", false, SAME },
		{ "18446744073709551616", false, SAME },
		{ "", false, SAME },
		{ "k", false, SAME },
		{ "1kb", false, SAME },
		{ "1t", false, SAME },
		{ "1 k", false, SAME },
		{ "-1k", false, SAME },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t n = SAME;

		assert_int_equal(number_parse_size(cases[i].s, &n), cases[i].good);
		assert_true(n == cases[i].n);
	}
}

static void durations_are_written_as_they_are_read(void **unused)
{
	static const struct {
		uint64_t ms;
		const char *s;
	} cases[] = {
		{ 0, "0ms" },
		{ 1, "1ms" },
		{ 999, "999ms" },
		{ 2000, "2s" },
		{ 2500, "2s500ms" },
		{ 60000, "1m" },
		{ 90000, "1m30s" },
		{ 3600000, "1h" },
		{ 93784005, "1d2h3m4s5ms" },
		{ UINT64_MAX, "213503982334d14h25m51s615ms" },
	};
	char small[4];

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char buf[64];
		uint64_t back = SAME;

		number_format_duration(cases[i].ms, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].s);
		assert_true(number_parse_duration(buf, &back));
		assert_true(back == cases[i].ms);
	}
	number_format_duration(UINT64_MAX, small, sizeof(small));
	assert_string_equal(small, "213");
}

static void ages_have_two_units_at_most(void **unused)
{
	static const struct {
		uint64_t s;
		const char *text;
	} cases[] = {
		{ 0, "0s" },         { 59, "59s" },           { 60, "1m00s" },
		{ 252, "4m12s" },    { 3599, "59m59s" },      { 3600, "1h00m" },
		{ 7500, "2h05m" },   { 86399, "23h59m" },     { 86400, "1d00h" },
		{ 273600, "3d04h" }, { 31536000, "365d00h" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char buf[32];

		number_format_age(cases[i].s, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].text);
	}
}

static void bytes_never_show_four_digits(void **unused)
{
	static const struct {
		uint64_t n;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },          { 999, "999 B" },        { 1000, "1.0 kB" },
		{ 12345, "12.3 kB" },  { 999949, "999.9 kB" },  { 999950, "1.0 MB" },
		{ 4000000, "4.0 MB" }, { 999950000, "1.0 GB" }, { UINT64_MAX, "18.4 EB" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char buf[32];

		number_format_bytes(cases[i].n, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].text);
	}
}

static void hexadecimal_digits_have_values(void **state)
{
	static const char digits[] = "0123456789abcdef";

	(void)state;
	for (int i = 0; i < 16; i++)
		assert_int_equal(number_hex_digit(digits[i]), i);
	assert_int_equal(number_hex_digit('A'), 10);
	assert_int_equal(number_hex_digit('F'), 15);
	assert_int_equal(number_hex_digit('g'), -1);
	assert_int_equal(number_hex_digit('@'), -1);
	assert_int_equal(number_hex_digit(0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hexadecimal_digits_have_values),
		cmocka_unit_test(whole_numbers_are_taken_strictly),
		cmocka_unit_test(a_number_may_stand_among_other_bytes),
		cmocka_unit_test(durations_have_units_from_large_to_small),
		cmocka_unit_test(durations_can_be_read_in_microseconds),
		cmocka_unit_test(sizes_are_1024_based),
		cmocka_unit_test(durations_are_written_as_they_are_read),
		cmocka_unit_test(ages_have_two_units_at_most),
		cmocka_unit_test(bytes_never_show_four_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
