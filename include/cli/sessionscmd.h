/* SPDX-License-Identifier: MIT */
#ifndef CLI_SESSIONSCMD_H
#define CLI_SESSIONSCMD_H

#include "cli/console.h"

/* `sluice sessions`: the table of sessions, or the daemon's JSON as it came. */
int sessionscmd_list(const struct console *c, int argc, char **argv);

/* `sluice kill`: ends each of the sessions; the first that cannot be ended ends the command. */
int sessionscmd_kill(const struct console *c, int argc, char **argv);

#endif
