/* SPDX-License-Identifier: MIT */
#ifndef CLI_GENCMD_H
#define CLI_GENCMD_H

#include "cli/console.h"

/* `sluice gen`: a configuration for a list of nodes. */
int gencmd_main(const struct console *c, int argc, char **argv);

#endif
