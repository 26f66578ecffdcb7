/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMPLETIONCMD_H
#define CLI_COMPLETIONCMD_H

#include "cli/console.h"

/*
 * `sluice completion bash|zsh|fish`: what that shell reads.  What those scripts ask for in turn are
 * the words servers, services and conditions: names of a daemon that answers at once, one a line;
 * without one there is no output and the status is CONSOLE_FAILED.
 */
int completioncmd_main(const struct console *c, int argc, char **argv);

#endif
