/* SPDX-License-Identifier: MIT */
#ifndef CLI_CHECKCMD_H
#define CLI_CHECKCMD_H

#include "cli/console.h"

struct settings;

/* `sluice check`: every problem of a configuration on `err`; one line on `out` if there is none. */
int checkcmd_main(const struct console *c, int argc, char **argv);

/* The configuration of a file or of a text; NULL after each problem was said on `err`. */
struct settings *checkcmd_load(const struct console *c, const char *file);
struct settings *checkcmd_load_text(const struct console *c, const char *name, const char *text);

#endif
