/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include "base/error.h"
#include "cli/commands.h"

#include <stdio.h>

/* Where a command reads and writes, and what that place can show. */
struct console {
	FILE *in, *out, *err;
	const char *command; /* what runs, as messages name it: "gen"; NULL: none yet */
	unsigned int width;  /* columns of `out`; 80 if it is not a terminal */
	bool colour;         /* `out` is a terminal and NO_COLOR (no-color.org) is not set */
	bool ascii;          /* the locale is not UTF-8 */
	bool live;           /* `err` is a terminal: a line of progress may be written over */
};

enum console_exit {
	CONSOLE_OK = 0,
	CONSOLE_FAILED = 1,
	CONSOLE_USAGE = 2,
	CONSOLE_INVALID = 3 /* the configuration */
};

/* On the standard streams. */
void console_init(struct console *c);

/* As `width`, of a terminal that may have been resized since. */
unsigned int console_width_now(const struct console *c);

/* Says "sluice COMMAND: text" on `err`; CONSOLE_FAILED. */
int console_fail(const struct console *c, const struct error *err);

/* Says "sluice COMMAND: text" and the usage line on `err`; CONSOLE_USAGE. */
int console_usage(const struct console *c, const struct commands_entry *command,
                  const struct error *err);

/*
 * `status`, or CONSOLE_FAILED with a message if not all of the output could be written (a full
 * disk is not a success).
 */
int console_finish(const struct console *c, int status);

#endif
