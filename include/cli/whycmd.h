/* SPDX-License-Identifier: MIT */
#ifndef CLI_WHYCMD_H
#define CLI_WHYCMD_H

#include "cli/console.h"

/* `sluice why`: why a server is in its state, its last checks, or the daemon's JSON as it came. */
int whycmd_main(const struct console *c, int argc, char **argv);

#endif
