/* SPDX-License-Identifier: MIT */
#ifndef CLI_REBALANCECMD_H
#define CLI_REBALANCECMD_H

#include "cli/console.h"

/* `sluice rebalance [SERVICE] [--dry-run]`: sessions of overloaded servers end, or would. */
int rebalancecmd_main(const struct console *c, int argc, char **argv);

#endif
