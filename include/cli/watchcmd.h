/* SPDX-License-Identifier: MIT */
#ifndef CLI_WATCHCMD_H
#define CLI_WATCHCMD_H

#include "cli/console.h"

/*
 * `sluice watch`: a line for each event, written out at once, until a signal ends the program, or
 * the daemon goes away and does not come back in time (CONSOLE_FAILED).  With --until it ends with
 * CONSOLE_OK as soon as that is so, with CONSOLE_FAILED if --timeout is over before.
 */
int watchcmd_main(const struct console *c, int argc, char **argv);

#endif
