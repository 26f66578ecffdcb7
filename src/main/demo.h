/* SPDX-License-Identifier: MIT */
#ifndef MAIN_DEMO_H
#define MAIN_DEMO_H

#include "cli/console.h"

/* `sluice demo`: argv[0] is "demo"; the result is the exit status. */
int demo_main(const struct console *c, int argc, char **argv);

#endif
