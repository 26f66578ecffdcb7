/* SPDX-License-Identifier: MIT */
#ifndef CLI_LINTCMD_H
#define CLI_LINTCMD_H

#include "cli/console.h"

/*
 * `sluice lint`: risks in a valid configuration, with their cures.  CONSOLE_FAILED if there is a
 * warning, CONSOLE_INVALID if the configuration is not valid.
 *
 * --json writes one object; keys are added, never renamed:
 *   file haproxy warnings notes
 *   findings[]: rule severity title file line (null: none) subjects[] text cure{kind text}
 * haproxy: the file is HAProxy's, and what is said holds for its translation.  severity: "warning",
 * "note".  kind: "configuration", "sql", "command".
 *
 * --list writes the rules, with --json as {"rules": [{rule severity title text}]}.
 */
int lintcmd_main(const struct console *c, int argc, char **argv);

#endif
