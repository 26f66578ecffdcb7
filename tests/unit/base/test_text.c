/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void text_grows_by_all_means(void **unused)
{
	AUTO_TEXT t = { 0 };

	(void)unused;
	assert_string_equal(text_str(&t), "");
	text_addn(&t, NULL, 0);
	assert_int_equal(t.len, 0);
	text_add(&t, "n");
	text_addc(&t, '1');
	text_addf(&t, " %s %d", "UP", 3);
	text_addn(&t, "/4 and more", 2);
	assert_string_equal(text_str(&t), "n1 UP 3/4");
	assert_int_equal(t.len, 9);
	text_clear(&t);
	assert_string_equal(text_str(&t), "");
	text_addn(&t, "a\0b", 3);
	assert_int_equal(t.len, 3);
	assert_memory_equal(t.data, "a\0b", 4);
}

static void formatted_text_of_any_length_fits(void **unused)
{
	(void)unused;
	for (int width = 0; width < 300; width++) {
		AUTO_TEXT t = { 0 };

		text_addf(&t, "%*s", width, "");
		text_addf(&t, "%*d", width, 7);
		assert_int_equal(t.len, width ? 2 * width : 1);
		assert_int_equal(strlen(text_str(&t)), t.len);
		assert_int_equal(t.data[t.len - 1], '7');
	}
}

static void consuming_drops_the_front(void **unused)
{
	AUTO_TEXT t = { 0 };

	(void)unused;
	text_consume(&t, 5);
	text_add(&t, "GET / HTTP");
	text_consume(&t, 0);
	text_consume(&t, 4);
	assert_string_equal(text_str(&t), "/ HTTP");
	assert_int_equal(t.len, 6);
	text_consume(&t, 100);
	assert_string_equal(text_str(&t), "");
	text_add(&t, "again");
	assert_string_equal(text_str(&t), "again");
}

static void taken_text_is_the_callers(void **unused)
{
	struct text t = { 0 };
	char *empty = text_take(&t);
	char *s;

	(void)unused;
	text_add(&t, "mine");
	s = text_take(&t);
	assert_string_equal(empty, "");
	assert_string_equal(s, "mine");
	assert_string_equal(text_str(&t), "");
	free(empty);
	free(s);
	text_release(&t);
	text_release(&t);
}

static void json_strings_are_quoted(void **unused)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "\"\"" },
		{ "plain / text'", "\"plain / text'\"" },
		{ "\"\\\n\r\t", "\"\\\"\\\\\\n\\r\\t\"" },
		{ "\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"" },
		/* the first and the last of each length, and around the surrogates */
		{ "\xc2\x80\xdf\xbf", "\"\xc2\x80\xdf\xbf\"" },
		{ "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
		  "\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"" },
		{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"" },
		/* stray, too short, overlong, surrogate, too large */
		{ "\x80x", "\"\\ufffdx\"" },
		{ "\xbf", "\"\\ufffd\"" },
		{ "\xc3", "\"\\ufffd\"" },
		{ "\xc3(", "\"\\ufffd(\"" },
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
		{ "\xc0\x80", "\"\\ufffd\\ufffd\"" },
		{ "\xc1\xbf", "\"\\ufffd\\ufffd\"" },
		{ "\xe0\x9f\xbf", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf0\x8f\xbf\xbf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf5\x80\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xff", "\"\\ufffd\"" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT t = { 0 };

		text_add_json(&t, cases[i].in);
		assert_string_equal(text_str(&t), cases[i].out);
	}
}

static void html_is_safe_in_text_and_attributes(void **unused)
{
	AUTO_TEXT t = { 0 };

	(void)unused;
	text_add_html(&t, "<b a=\"1\" b='2'>&amp; \xc3\xa9</b>");
	assert_string_equal(text_str(&t), "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp; "
	                                  "\xc3\xa9&lt;/b&gt;");
}

static void csv_is_quoted_only_if_it_must_be(void **unused)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "plain text;", "plain text;" },
		{ "a,b", "\"a,b\"" },
		{ "say \"hi\"", "\"say \"\"hi\"\"\"" },
		{ "two\nlines", "\"two\nlines\"" },
		{ "\r", "\"\r\"" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT t = { 0 };

		text_add_csv(&t, cases[i].in);
		assert_string_equal(text_str(&t), cases[i].out);
	}
}

static void a_string_that_is_not_there_is_like_none_alone(void **unused)
{
	char copy[] = "psql";

	(void)unused;
	assert_true(text_same("psql", copy));
	assert_false(text_same("psql", "psq"));
	assert_true(text_same("", ""));
	assert_true(text_same(NULL, NULL));
	assert_false(text_same("", NULL));
	assert_false(text_same(NULL, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_grows_by_all_means),
		cmocka_unit_test(formatted_text_of_any_length_fits),
		cmocka_unit_test(consuming_drops_the_front),
		cmocka_unit_test(taken_text_is_the_callers),
		cmocka_unit_test(json_strings_are_quoted),
		cmocka_unit_test(html_is_safe_in_text_and_attributes),
		cmocka_unit_test(csv_is_quoted_only_if_it_must_be),
		cmocka_unit_test(a_string_that_is_not_there_is_like_none_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
