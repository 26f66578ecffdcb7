/* SPDX-License-Identifier: MIT */
#ifndef MAIN_RUN_H
#define MAIN_RUN_H

#include "cli/console.h"

/* `sluice run`: argv[0] is "run", argv[-1] the program; the result is the exit status. */
int run_main(const struct console *c, int argc, char **argv);

struct settings;

/*
 * Serves until a signal says stop; takes over `settings`.  `started` (or NULL) is called when
 * everything is bound and open.  False: it could not start.
 */
struct run_options {
	void (*started)(void *arg);
	void *arg;
	/* As in supervisor_options. */
	bool heir, under_master;
	int predecessor;
	char *const *argv;
};

bool run_serve(struct settings *settings, const struct run_options *o,
               struct error *err) MUST_CHECK;

#endif
