/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPKEYS_H
#define CLI_TOPKEYS_H

#include "cli/topview.h"

/*
 * What keys and clicks do to what the person has chosen.  A key is a character (Unicode), or one of
 * these.
 */
enum topkeys_key {
	TOPKEYS_UP = 0x200000,
	TOPKEYS_DOWN,
	TOPKEYS_LEFT,
	TOPKEYS_RIGHT,
	TOPKEYS_PAGE_UP,
	TOPKEYS_PAGE_DOWN,
	TOPKEYS_HOME,
	TOPKEYS_END,
	TOPKEYS_BACK_TAB,
	TOPKEYS_BACKSPACE,
	/* characters of their own */
	TOPKEYS_REDRAW = 0x0c,
	TOPKEYS_ESCAPE = 0x1b
};

/* What is to be done beyond drawing again. */
enum topkeys_wish {
	TOPKEYS_NOTHING,
	TOPKEYS_QUIT,
	TOPKEYS_REPAINT, /* the screen, whatever may be on it */
	TOPKEYS_ORDER    /* s->order is confirmed: give it */
};

/* `page`: the rows that are shown. */
enum topkeys_wish topkeys_press(struct topstate *s, const struct topmodel *m, unsigned int page,
                                unsigned int key, int64_t now_ms);

/* A click into the screen that was drawn as `place` says: on a tab or on a row. */
void topkeys_click(struct topstate *s, const struct topmodel *m, const struct topview_place *place,
                   unsigned int row, unsigned int column);

#endif
