/* SPDX-License-Identifier: MIT */
#ifndef CLI_RELOADCMD_H
#define CLI_RELOADCMD_H

#include "cli/console.h"

/*
 * `sluice reload`: the daemon reads its configuration again, and what has changed is printed; with
 * --diff only what would change.  CONSOLE_INVALID with the problems on `err` if the file has any,
 * CONSOLE_FAILED if it cannot be taken over for another reason.
 */
int reloadcmd_main(const struct console *c, int argc, char **argv);

#endif
