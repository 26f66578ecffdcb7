/* SPDX-License-Identifier: MIT */
#ifndef REPORT_DRILLGRID_H
#define REPORT_DRILLGRID_H

#include "base/mem.h"
#include "base/text.h"

#include <stdbool.h>

/*
 * A table that is filled once and written in any of the forms of a report.  Cells are plain text:
 * each form escapes what would mean something in it.
 */
enum { DRILLGRID_COLUMNS_MAX = 16 };

struct drillgrid {
	struct mem_arena arena;
	struct {
		const char *head;
		bool right;
	} columns[DRILLGRID_COLUMNS_MAX];
	size_t column_count;
	const char **cells;
	size_t cell_count, room;
};

/* Before the first cell.  `head` has to outlive the grid. */
void drillgrid_column(struct drillgrid *g, const char *head, bool right);
/* The next cell, row by row. */
void drillgrid_add(struct drillgrid *g, const char *s);
/* What `t` holds; it is empty afterwards. */
void drillgrid_take(struct drillgrid *g, struct text *t);
size_t drillgrid_rows(const struct drillgrid *g);
const char *drillgrid_cell(const struct drillgrid *g, size_t row, size_t column);
void drillgrid_release(struct drillgrid *g);

/* As a table of GitHub's Markdown. */
void drillgrid_write_markdown(const struct drillgrid *g, struct text *out);
/* As a <table>; each cell knows its column's head, for narrow screens. */
void drillgrid_write_html(const struct drillgrid *g, const char *class, struct text *out);
/* Columns of a terminal that it needs. */
size_t drillgrid_width(const struct drillgrid *g);
/* As lines of a terminal; the last column is cut where `width` ends. */
void drillgrid_write_lines(const struct drillgrid *g, unsigned int width, struct text *out);

/* Text that means only itself there. */
void drillgrid_escape_markdown(struct text *out, const char *s);

#endif
