/* SPDX-License-Identifier: MIT */
#include "cli/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* 2026-11-20T12:12:01.095Z */
#define NOW INT64_C(1795176721095)

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void expect(const char *s, int64_t moment)
{
	int64_t ms = -1;

	if (!moment_parse(s, NOW, &ms))
		fail_msg("\"%s\" is not understood", s);
	if (ms != moment)
		fail_msg("\"%s\" is %lld and not %lld", s, (long long)ms, (long long)moment);
}

static void a_duration_is_so_long_ago(void **state)
{
	(void)state;
	expect("10m", NOW - 10 * MINUTE);
	expect("1h30m", NOW - 90 * MINUTE);
	expect("250ms", NOW - 250);
	expect("0s", NOW);
}

static void a_time_of_day_is_the_last_one(void **state)
{
	(void)state;
	set_zone("UTC");
	expect("12:12", NOW - 1095);
	expect("12:12:01", NOW - 95);
	expect("12:12:01.09", NOW - 5);
	expect("12:12:01.095", NOW);
	expect("12:12:02", NOW + 905 - 24 * HOUR);
	expect("14:05", NOW - 1095 - 7 * MINUTE - 22 * HOUR);
	set_zone("CET-1");
	expect("13:12", NOW - 1095);
	expect("12:12", NOW - 1095 - HOUR);
	set_zone("UTC");
}

static void a_date_has_its_zone_or_the_local_one(void **state)
{
	(void)state;
	set_zone("CET-1");
	expect("2026-11-20T12:12:01.095Z", NOW);
	expect("2026-11-20t12:12:01.0959z", NOW);
	expect("2026-11-20T12:12Z", NOW - 1095);
	expect("2026-11-20T07:12:01.095-05:00", NOW);
	expect("2026-11-20 17:42:01.095+05:30", NOW);
	expect("2026-11-20T13:12:01.095", NOW);
	expect("2026-11-20 13:12", NOW - 1095);
	set_zone("UTC");
	expect("1970-01-01T00:00Z", 0);
}

static void everything_else_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"17",
		"today",
		"10 m",
		"-10m",
		"25:00",
		"12:60",
		"1:05",
		"12:05:61",
		"12:05:09.",
		"12:05:",
		"12:05 ",
		"12",
		"2026-11-20",
		"2026-11-20T",
		"2026-13-01T00:00Z",
		"2026-02-30T00:00Z",
		"2026-11-20T12:12:01+1:00",
		"2026-11-20T12:12:01+01",
		"2026-11-20T12:12:01Zulu",
		"2026-11-20  12:12",
		"999999999999999999d",
	};
	int64_t ms = 4711;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (moment_parse(cases[i], NOW, &ms))
			fail_msg("\"%s\" is understood", cases[i]);
	assert_int_equal(ms, 4711);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_is_so_long_ago),
		cmocka_unit_test(a_time_of_day_is_the_last_one),
		cmocka_unit_test(a_date_has_its_zone_or_the_local_one),
		cmocka_unit_test(everything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
