/* SPDX-License-Identifier: MIT */
#include "cli/toptable.h"

#include "faketop.h"

static const struct toptable three = { .count = 3,
	                               .columns = { { "NAME", 4, 10, 0, false },
	                                            { "LAST", 4, 4, 2, true },
	                                            { "NEXT", 6, 8, 1, false } } };

static void columns_that_matter_come_first(void **state)
{
	static const struct {
		unsigned int width, widths[3];
	} cases[] = {
		{ 0, { 0, 0, 0 } },   { 3, { 3, 0, 0 } },    { 4, { 4, 0, 0 } },
		{ 9, { 4, 4, 0 } },   { 11, { 4, 0, 6 } },   { 15, { 8, 0, 6 } },
		{ 16, { 4, 4, 6 } },  { 20, { 8, 4, 6 } },   { 23, { 10, 4, 7 } },
		{ 24, { 10, 4, 8 } }, { 200, { 10, 4, 8 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct toptable t = three;

		toptable_share(&t, cases[i].width);
		for (size_t k = 0; k < 3; k++)
			if (t.widths[k] != cases[i].widths[k])
				fail_msg("of %u, column %zu has %u", cases[i].width, k,
				         t.widths[k]);
	}
}

static void a_column_that_needs_nothing_is_left_out(void **state)
{
	struct toptable t = three;

	(void)state;
	t.columns[2].least = 0;
	toptable_share(&t, 100);
	assert_int_equal(t.widths[2], 0);
	assert_int_equal(t.widths[1], 4);
}

static void fill(const void *ctx, size_t column, unsigned int width, struct toptable_cell *cell)
{
	text_addf(&cell->text, "%s%zu:%u", (const char *)ctx, column, width);
	cell->style = column == 1 ? TOPGRID_RED : TOPGRID_PLAIN;
}

static void headings_and_cells_stand_below_each_other(void **state)
{
	struct toptable t = three;
	AUTO_TEXT text = { 0 };
	struct topgrid g;

	(void)state;
	topgrid_init(&g, 2, 24, true);
	t.left = 1;
	toptable_share(&t, 20);
	toptable_head(&t, &g, 0, 2, "v");
	toptable_row(&t, &g, 1, fill, "c");
	topgrid_write(&g, &text);
	assert_string_equal(text_str(&text), " NAME     LAST NEXTv\n c0:8     c1:4 c2:6\n");
	assert_int_equal(topgrid_at(&g, 1, 10)->style, TOPGRID_RED);
	assert_int_equal(topgrid_at(&g, 0, 15)->style, TOPGRID_BOLD);
	assert_int_equal(topgrid_at(&g, 0, 1)->style, TOPGRID_DIM);
	topgrid_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_that_matter_come_first),
		cmocka_unit_test(a_column_that_needs_nothing_is_left_out),
		cmocka_unit_test(headings_and_cells_stand_below_each_other),
	};

	return cmocka_run_group_tests(tests, faketop_locale, NULL);
}
