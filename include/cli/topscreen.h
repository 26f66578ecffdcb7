/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPSCREEN_H
#define CLI_TOPSCREEN_H

#include "base/error.h"
#include "cli/topgrid.h"

#include <stdio.h>

/*
 * The terminal of `sluice top`, through curses: shows a grid, hears keys.  The terminal is as it
 * was before when the screen is closed, when the process ends by exit() or a signal that kills it,
 * and while it is stopped.  At most one in a process; main thread.
 *
 * While it is open, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP and SIGCONT are blocked and
 * come as events.
 */
struct topscreen_options {
	bool colour;
	bool mouse; /* clicks are events, and not the terminal's own */
};

enum topscreen_kind {
	TOPSCREEN_NONE,
	TOPSCREEN_KEY,    /* `key`, as cli/topkeys.h has it */
	TOPSCREEN_CLICK,  /* at `row`, `column` */
	TOPSCREEN_RESIZE, /* or has to be drawn again for another reason */
	TOPSCREEN_END     /* by the signal `number`, or 0: the terminal has gone */
};

struct topscreen_event {
	enum topscreen_kind kind;
	unsigned int key, row, column;
	int number;
};

/* The error says what to do instead. */
bool topscreen_open(FILE *in, FILE *out, const struct topscreen_options *o,
                    struct error *err) MUST_CHECK;
void topscreen_close(void); /* may be called when none is open */

void topscreen_size(unsigned int *ret_rows, unsigned int *ret_columns);

/* Where to wait for events: the keyboard, and the signals. */
enum { TOPSCREEN_FDS = 2 };
void topscreen_fds(int ret[static TOPSCREEN_FDS]);

/* The next event that is there; never waits. */
struct topscreen_event topscreen_next(void);

void topscreen_show(const struct topgrid *g);
/* Forgets what the terminal is thought to show. */
void topscreen_repaint(void);

#endif
