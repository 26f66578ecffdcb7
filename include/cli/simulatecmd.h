/* SPDX-License-Identifier: MIT */
#ifndef CLI_SIMULATECMD_H
#define CLI_SIMULATECMD_H

#include "cli/console.h"

/* `sluice simulate`: a configuration under events, without a network. */
int simulatecmd_main(const struct console *c, int argc, char **argv);

#endif
