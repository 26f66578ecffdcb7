/* SPDX-License-Identifier: MIT */
#include "cli/toptable.h"

/* The number of the column with that rank; `count` if there is none. */
static size_t of_rank(const struct toptable *t, unsigned int rank)
{
	size_t i = 0;

	while (i < t->count && t->columns[i].rank != rank)
		i++;
	return i;
}

/* As much of `want` as there is. */
static unsigned int grant(unsigned int *left, unsigned int want)
{
	unsigned int n = want < *left ? want : *left;

	*left -= n;
	return n;
}

static void choose(struct toptable *t, unsigned int *left)
{
	for (unsigned int rank = 0; rank < t->count; rank++) {
		size_t i = of_rank(t, rank);

		if (i == t->count || t->columns[i].least == 0)
			continue;
		if (rank == 0)
			t->widths[i] = grant(left, t->columns[i].least);
		else if (t->columns[i].least < *left)
			t->widths[i] = grant(left, t->columns[i].least + 1) - 1;
	}
}

void toptable_share(struct toptable *t, unsigned int width)
{
	for (size_t i = 0; i < t->count; i++)
		t->widths[i] = 0;
	choose(t, &width);
	for (unsigned int rank = 0; rank < t->count; rank++) {
		size_t i = of_rank(t, rank);

		if (i < t->count && t->widths[i] > 0 && t->widths[i] < t->columns[i].most)
			t->widths[i] += grant(&width, t->columns[i].most - t->widths[i]);
	}
}

static void put(const struct toptable *t, struct topgrid *g, unsigned int row, unsigned int *column,
                size_t i, const struct toptable_cell *cell)
{
	if (t->columns[i].right)
		topgrid_put_right(g, row, *column, t->widths[i], cell->style,
		                  text_str(&cell->text));
	else
		topgrid_put(g, row, *column, t->widths[i], cell->style, text_str(&cell->text));
	*column += t->widths[i] + 1;
}

void toptable_head(const struct toptable *t, struct topgrid *g, unsigned int row, size_t marked,
                   const char *mark)
{
	struct toptable_cell cell = { 0 };
	unsigned int column = t->left;

	for (size_t i = 0; i < t->count; i++) {
		if (t->widths[i] == 0)
			continue;
		text_clear(&cell.text);
		cell.style = i == marked ? TOPGRID_BOLD : TOPGRID_DIM;
		text_addf(&cell.text, "%s%s", t->columns[i].heading, i == marked ? mark : "");
		put(t, g, row, &column, i, &cell);
	}
	text_release(&cell.text);
}

void toptable_row(const struct toptable *t, struct topgrid *g, unsigned int row,
                  toptable_fill *fill, const void *ctx)
{
	struct toptable_cell cell = { 0 };
	unsigned int column = t->left;

	for (size_t i = 0; i < t->count; i++) {
		if (t->widths[i] == 0)
			continue;
		text_clear(&cell.text);
		cell.style = TOPGRID_PLAIN;
		fill(ctx, i, t->widths[i], &cell);
		put(t, g, row, &column, i, &cell);
	}
	text_release(&cell.text);
}
