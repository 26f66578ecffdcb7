/* SPDX-License-Identifier: MIT */
#include "cli/topgrid.h"

#include "faketop.h"

/* A grid of one row as text, without what ends it. */
static void expect_row(const struct topgrid *g, const char *expected)
{
	AUTO_TEXT text = { 0 };
	AUTO_TEXT line = { 0 };

	topgrid_write(g, &text);
	text_addf(&line, "%s\n", expected);
	assert_string_equal(text_str(&text), text_str(&line));
}

static void strings_are_cut_or_filled_to_their_columns(void **state)
{
	static const struct {
		const char *s;
		unsigned int width;
		const char *left, *right, *ascii;
	} cases[] = {
		{ "abc", 5, "|abc  |", "|  abc|", "|abc  |" },
		{ "abc", 3, "|abc|", "|abc|", "|abc|" },
		{ "abcd", 3, "|ab\u2026|", "|ab\u2026|", "|ab~|" },
		{ "abcd", 1, "|\u2026|", "|\u2026|", "|~|" },
		{ "", 2, "|  |", "|  |", "|  |" },
		/* two columns each */
		{ "\u6f22\u5b57", 4, "|\u6f22\u5b57|", "|\u6f22\u5b57|", "|??  |" },
		{ "\u6f22\u5b57", 3, "|\u6f22\u2026|", "|\u6f22\u2026|", "|?? |" },
		{ "\u6f22\u5b57", 2, "|\u2026 |", "|\u2026 |", "|??|" },
		{ "a\u6f22b", 3, "|a\u2026 |", "|a\u2026 |", "|a?b|" },
		/* a mark goes over what is before it, and takes no column */
		{ "e\u0301x", 3, "|e\u0301x |", "| e\u0301x|", "|e?x|" },
		{ "\u0301x", 2, "|x |", "| x|", "|?x|" },
		{ "a\u0301\u0302\u0303b", 2, "|a\u0301\u0302b|", "|a\u0301\u0302b|", "|a~|" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int form = 0; form < 3; form++) {
			struct topgrid g;
			unsigned int end = cases[i].width + 1;

			topgrid_init(&g, 1, end + 1, form == 2);
			topgrid_put(&g, 0, 0, 1, TOPGRID_PLAIN, "|");
			topgrid_put(&g, 0, end, 1, TOPGRID_PLAIN, "|");
			if (form == 1)
				topgrid_put_right(&g, 0, 1, cases[i].width, TOPGRID_PLAIN,
				                  cases[i].s);
			else
				topgrid_put(&g, 0, 1, cases[i].width, TOPGRID_PLAIN, cases[i].s);
			expect_row(&g, form == 0   ? cases[i].left
			               : form == 1 ? cases[i].right
			                           : cases[i].ascii);
			topgrid_release(&g);
		}
	}
}

static void what_could_move_the_cursor_is_a_question_mark(void **state)
{
	static const struct {
		const char *s, *shown;
	} cases[] = {
		{ "a\033[2Jb", "a?[2Jb" },
		{ "a\nb\tc\rd\x7f", "a?b?c?d?" },
		{ "a\xc2\x9b"
		  "b\xc2\x85",
		  "a?b?" },
		{ "\xff\xc3-\xc0\xaf", "?"
		                       "?-?"
		                       "?" },
		{ "\xed\xa0\x80x", "???x" },
		{ "\xf4\x90\x80\x80", "????" },
		{ "a\xe2\x80", "a??" },
		/* directions, joiners, invisible ones */
		{ "a\u202eb\u200dc\ufeff\u2066", "a?b?c??" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct topgrid g;

		topgrid_init(&g, 1, 20, false);
		topgrid_put(&g, 0, 0, 20, TOPGRID_PLAIN, cases[i].s);
		expect_row(&g, cases[i].shown);
		assert_int_equal(topgrid_width(&g, cases[i].s), strlen(cases[i].shown));
		topgrid_release(&g);
	}
}

static void nothing_is_drawn_outside(void **state)
{
	struct topgrid g;

	(void)state;
	topgrid_init(&g, 2, 4, false);
	topgrid_put(&g, 0, 2, 100, TOPGRID_PLAIN, "abcdef");
	topgrid_put(&g, 2, 0, 4, TOPGRID_PLAIN, "x");
	topgrid_put(&g, 1, 4, 4, TOPGRID_PLAIN, "x");
	topgrid_put_right(&g, 1, 9, 4, TOPGRID_PLAIN, "x");
	topgrid_paint(&g, 7, 0, 4, TOPGRID_REVERSE);
	assert_int_equal(topgrid_add(&g, 1, 1, TOPGRID_PLAIN, "\u6f22\u6f22"), 4);
	{
		AUTO_TEXT text = { 0 };

		topgrid_write(&g, &text);
		assert_string_equal(text_str(&text), "  a\u2026\n \u6f22\u2026\n");
	}
	topgrid_release(&g);
	topgrid_init(&g, 0, 0, false);
	topgrid_put(&g, 0, 0, 1, TOPGRID_PLAIN, "x");
	topgrid_release(&g);
}

static void half_of_a_wide_character_does_not_stay(void **state)
{
	struct topgrid g;

	(void)state;
	topgrid_init(&g, 1, 6, false);
	topgrid_put(&g, 0, 0, 6, TOPGRID_PLAIN, "\u6f22\u5b57\u6f22");
	topgrid_put(&g, 0, 1, 2, TOPGRID_RED, "ab");
	expect_row(&g, " ab \u6f22");
	assert_int_equal(topgrid_at(&g, 0, 1)->style, TOPGRID_RED);
	topgrid_paint(&g, 0, 0, 2, TOPGRID_REVERSE);
	assert_int_equal(topgrid_at(&g, 0, 1)->style, TOPGRID_RED | TOPGRID_REVERSE);
	assert_int_equal(topgrid_at(&g, 0, 2)->style, TOPGRID_RED);
	topgrid_release(&g);
}

static void words_are_folded_at_blanks(void **state)
{
	static const struct {
		const char *s;
		unsigned int width;
		const char *lines;
	} cases[] = {
		{ "one two three", 7, "one two\nthree\n" },
		{ "one two three", 80, "one two three\n" },
		{ "  one\n     two ", 80, "one two\n" },
		{ "incomprehensible it is", 5, "incomprehensible\nit is\n" },
		{ "\u6f22\u5b57 \u6f22", 5, "\u6f22\u5b57\n\u6f22\n" },
		{ "", 5, "\n" },
	};
	struct topgrid g;

	(void)state;
	topgrid_init(&g, 1, 1, false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT lines = { 0 };

		topgrid_fold(&g, cases[i].s, cases[i].width, &lines);
		assert_string_equal(text_str(&lines), cases[i].lines);
	}
	topgrid_release(&g);
}

static void characters_are_encoded(void **state)
{
	AUTO_TEXT text = { 0 };

	(void)state;
	topgrid_encode('a', &text);
	topgrid_encode(0xe9, &text);
	topgrid_encode(0x2026, &text);
	topgrid_encode(0x1f600, &text);
	assert_string_equal(text_str(&text), "a\u00e9\u2026\U0001f600");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_cut_or_filled_to_their_columns),
		cmocka_unit_test(what_could_move_the_cursor_is_a_question_mark),
		cmocka_unit_test(nothing_is_drawn_outside),
		cmocka_unit_test(half_of_a_wide_character_does_not_stay),
		cmocka_unit_test(words_are_folded_at_blanks),
		cmocka_unit_test(characters_are_encoded),
	};

	return cmocka_run_group_tests(tests, faketop_locale, NULL);
}
