/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPGRID_H
#define CLI_TOPGRID_H

#include "base/text.h"

#include <stdint.h>
#include <wchar.h>

/*
 * A screen without a terminal: cells that `sluice top` draws into, which curses then shows, or
 * --once prints.  What is put into it may come from anywhere: bytes that are not UTF-8, control
 * characters and what turns the direction of writing become "?".  Wide characters take two cells,
 * marks go over the character before them; how wide one is, the locale says (LC_CTYPE has to be a
 * UTF-8 one unless `ascii`).  Nothing is drawn outside of the grid.
 */
enum topgrid_style {
	TOPGRID_PLAIN,
	TOPGRID_GREEN,
	TOPGRID_YELLOW,
	TOPGRID_RED,
	TOPGRID_BLUE,
	TOPGRID_CYAN,
	TOPGRID_COLOURS,
	/* may be added to a colour */
	TOPGRID_BOLD = 0x10,
	TOPGRID_DIM = 0x20,
	TOPGRID_REVERSE = 0x40
};

enum { TOPGRID_MARKS = 2 }; /* over one character; more are left out */

struct topgrid_cell {
	/* A character and its marks, ended by 0; empty: the right half of a wide one. */
	wchar_t text[1 + TOPGRID_MARKS + 1];
	unsigned int style;
};

struct topgrid {
	unsigned int rows, columns;
	bool ascii; /* each character above 126 is a "?" */
	struct topgrid_cell *cells;
};

/* Of blanks; the caller releases it. */
void topgrid_init(struct topgrid *g, unsigned int rows, unsigned int columns, bool ascii);
void topgrid_release(struct topgrid *g);
void topgrid_clear(struct topgrid *g);

const struct topgrid_cell *topgrid_at(const struct topgrid *g, unsigned int row,
                                      unsigned int column);

/* The columns that `s` takes. */
unsigned int topgrid_width(const struct topgrid *g, const char *s);

/*
 * Puts `s` into exactly `width` columns: cut, with a sign that it is, or filled with blanks; in
 * the second form on their left.
 */
void topgrid_put(struct topgrid *g, unsigned int row, unsigned int column, unsigned int width,
                 unsigned int style, const char *s);
void topgrid_put_right(struct topgrid *g, unsigned int row, unsigned int column, unsigned int width,
                       unsigned int style, const char *s);

/* Puts as much of `s` as there is room for up to the end of the row; returns the column after. */
unsigned int topgrid_add(struct topgrid *g, unsigned int row, unsigned int column,
                         unsigned int style, const char *s);

/* Adds `style` to what is there. */
void topgrid_paint(struct topgrid *g, unsigned int row, unsigned int column, unsigned int width,
                   unsigned int style);

/* Breaks `s` at its blanks, and only there, into lines of at most `width` columns, each ended by a
 * newline. */
void topgrid_fold(const struct topgrid *g, const char *s, unsigned int width, struct text *out);

/* Appends a character as UTF-8. */
void topgrid_encode(uint32_t c, struct text *out);

/* A line for each row, without the blanks at its end. */
void topgrid_write(const struct topgrid *g, struct text *out);

#endif
