/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMPLETION_ZSH_H
#define CLI_COMPLETION_ZSH_H

#include "base/text.h"

/* What zsh reads to complete the commands of the program. */
void completion_zsh_write(struct text *out);

#endif
