/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPTABLE_H
#define CLI_TOPTABLE_H

#include "cli/topgrid.h"

/*
 * Columns of a table that has to fit: those that matter most get their place first, and what is
 * left over goes to those that can use it.  Between two columns there is one blank.
 */
enum { TOPTABLE_MAX = 16 };

struct toptable_column {
	const char *heading;
	unsigned int least; /* columns of the screen without which it is left out; 0: always out */
	unsigned int most;  /* what it can use */
	unsigned int rank;  /* 0 is given a place first; each rank once */
	bool right;         /* aligned on the right */
};

struct toptable {
	size_t count;
	unsigned int left; /* where the first column begins */
	struct toptable_column columns[TOPTABLE_MAX];
	unsigned int widths[TOPTABLE_MAX]; /* what toptable_share() gave; 0: left out */
};

/*
 * Shares a row of `width` among the columns.  The column of rank 0 is always there, however
 * narrow.
 */
void toptable_share(struct toptable *t, unsigned int width);

/* Draws the headings; `mark` stands behind that of the column with the number `marked`. */
void toptable_head(const struct toptable *t, struct topgrid *g, unsigned int row, size_t marked,
                   const char *mark);

/* One cell: what it says, and how. */
struct toptable_cell {
	struct text text;
	unsigned int style;
};

/* Appends to the cell's text, for which there are `width` columns, and sets its style. */
typedef void toptable_fill(const void *ctx, size_t column, unsigned int width,
                           struct toptable_cell *cell);

void toptable_row(const struct toptable *t, struct topgrid *g, unsigned int row,
                  toptable_fill *fill, const void *ctx);

#endif
