/* SPDX-License-Identifier: MIT */
#ifndef CLI_EXPLAINCMD_H
#define CLI_EXPLAINCMD_H

#include "cli/console.h"

/*
 * `sluice explain TOPIC`: what a configuration, sluice's or HAProxy's, will do, in words and with
 * its numbers (report/explain.h).  CONSOLE_INVALID if it is not valid.
 */
int explaincmd_main(const struct console *c, int argc, char **argv);

#endif
