/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "base/text.h"

/*
 * What bash, zsh and fish read to complete the commands of the program, made from the table of
 * commands.  Names of servers come from `sluice completion servers` when they are wanted.
 */
enum completion_shell { COMPLETION_BASH, COMPLETION_ZSH, COMPLETION_FISH, COMPLETION_SHELL_COUNT };

/* "bash" */
const char *completion_shell_name(enum completion_shell s);

void completion_write(enum completion_shell s, struct text *out);

#endif
