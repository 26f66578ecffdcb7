/* SPDX-License-Identifier: MIT */
#ifndef CLI_FAULTCMD_H
#define CLI_FAULTCMD_H

#include "cli/console.h"

/* `sluice fault SERVER KIND [AMOUNT] [for DUR]`: a fault on sluice's own way to a server. */
int faultcmd_main(const struct console *c, int argc, char **argv);

#endif
