/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPVIEW_H
#define CLI_TOPVIEW_H

#include "cli/topgrid.h"
#include "cli/toprows.h"

/*
 * Draws what `sluice top` shows: a title with the state of the link, a summary, the tabs, the rows
 * of one of them, a line for keys and answers, and over it what is asked.  The smaller the grid,
 * the less of it: columns go in the order of what they matter, then the summary.
 */

/* Where things are, for the mouse. */
struct topview_place {
	unsigned int tab_row, tab_from[TOPSTATE_TABS], tab_to[TOPSTATE_TABS];
	unsigned int list_top, list_rows;
};

/* Scrolls the list as it has to be. */
void topview_draw(struct topgrid *g, const struct topmodel *m, struct topstate *s, int64_t now_ms,
                  struct topview_place *ret);

#endif
