/* SPDX-License-Identifier: MIT */
#ifndef CLI_STATECMD_H
#define CLI_STATECMD_H

#include "cli/console.h"

/*
 * `sluice drain`, `maint` and `ready`, told apart by argv[0].  A bare server name stands for that
 * server in every service.  With --wait, drain and maint return when the last session on those
 * servers is gone and ready when all of them take sessions; CONSOLE_FAILED if it takes too long.
 */
int statecmd_main(const struct console *c, int argc, char **argv);

#endif
