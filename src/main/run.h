/* SPDX-License-Identifier: MIT */
#ifndef MAIN_RUN_H
#define MAIN_RUN_H

#include "cli/console.h"

/* `sluice run`: argv[0] is "run"; the result is the exit status. */
int run_main(const struct console *c, int argc, char **argv);

#endif
