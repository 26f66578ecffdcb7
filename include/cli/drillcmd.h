/* SPDX-License-Identifier: MIT */
#ifndef CLI_DRILLCMD_H
#define CLI_DRILLCMD_H

#include "cli/console.h"

/*
 * `sluice drill start|stop|mark|list|report|compare`: spans that the daemon records, and what they
 * show.  A report is made from the daemon's record or from a file of one; CONSOLE_FAILED also if
 * an expectation does not hold.
 */
int drillcmd_main(const struct console *c, int argc, char **argv);

#endif
