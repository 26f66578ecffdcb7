/* SPDX-License-Identifier: MIT */
#include "base/printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void what_may_be_shown_stays(void **unused)
{
	static const char *const good[] = { "region=us-east-2", "a b~",    "münchen", "東京",
		                            "\xf0\x9f\x92\xa5", "\xc2\xa0" };
	char buf[32];

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(buf, sizeof(buf), "%s", good[i]);
		printable_clean(buf);
		assert_string_equal(buf, good[i]);
	}
	assert_int_equal(printable_len("ü"), 2);
	assert_int_equal(printable_len(""), 0);
}

static void what_moves_the_cursor_or_turns_the_line_does_not(void **unused)
{
	static const struct {
		const char *said, *shown;
	} rows[] = {
		{ "a\x1b[2Jb", "a?[2Jb" },
		{ "a\nb\r\tc\x7f", "a?b??c?" },
		{ "x\xc2\x9b"
		  "31m",
		  "x??31m" },
		{ "\x9b"
		  "31m",
		  "?31m" },
		{ "\xe2\x80\xae"
		  "gnp",
		  "???gnp" },
		{ "\xe2\x81\xa6z", "???z" },
		{ "\xd8\x9cz", "??z" },
		{ "\xe2\x80\xa8.", "???." },
		{ "\xc0\x8a.", "??." },
		{ "cut \xe6\x9d", "cut ??" },
	};
	char buf[32];

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(buf, sizeof(buf), "%s", rows[i].said);
		printable_clean(buf);
		assert_string_equal(buf, rows[i].shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_be_shown_stays),
		cmocka_unit_test(what_moves_the_cursor_or_turns_the_line_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
