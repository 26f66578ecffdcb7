/* SPDX-License-Identifier: MIT */
#ifndef CLI_CTLCMD_H
#define CLI_CTLCMD_H

#include "cli/console.h"

/*
 * `sluice ctl`: the words joined by spaces are a command; its answer goes to `out` as it came.
 * Since answers of the runtime API do not tell success from failure, only a command that the
 * daemon does not know, or may not be used, is CONSOLE_FAILED.
 */
int ctlcmd_main(const struct console *c, int argc, char **argv);

#endif
