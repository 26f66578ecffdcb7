/* SPDX-License-Identifier: MIT */
#ifndef CLI_STATUSCMD_H
#define CLI_STATUSCMD_H

#include "cli/console.h"

/* `sluice status`: the table of services and servers, or the daemon's JSON as it came. */
int statuscmd_main(const struct console *c, int argc, char **argv);

#endif
