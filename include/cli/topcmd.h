/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPCMD_H
#define CLI_TOPCMD_H

#include "cli/console.h"

/*
 * `sluice top`: services, sessions and events live, in a terminal; with --write also what changes
 * them; with --once one screen as text.  Ends with CONSOLE_OK when it is quit; a signal that ends
 * it kills the process when the terminal is as it was.
 */
int topcmd_main(const struct console *c, int argc, char **argv);

#endif
