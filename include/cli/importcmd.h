/* SPDX-License-Identifier: MIT */
#ifndef CLI_IMPORTCMD_H
#define CLI_IMPORTCMD_H

#include "cli/console.h"

/*
 * `sluice import`: a configuration of HAProxy in sluice's words.  The result goes to standard
 * output or replaces a file; what is left out is said on standard error, per line.
 */
int importcmd_main(const struct console *c, int argc, char **argv);

#endif
