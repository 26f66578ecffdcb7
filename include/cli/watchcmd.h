/* SPDX-License-Identifier: MIT */
#ifndef CLI_WATCHCMD_H
#define CLI_WATCHCMD_H

#include "cli/console.h"

/*
 * `sluice watch`: a line for each event, written out at once, until the daemon goes away
 * (CONSOLE_FAILED) or a signal ends the program.
 */
int watchcmd_main(const struct console *c, int argc, char **argv);

#endif
