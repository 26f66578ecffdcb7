/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMPLETION_BASH_H
#define CLI_COMPLETION_BASH_H

#include "base/text.h"

/* What bash reads to complete the commands of the program. */
void completion_bash_write(struct text *out);

#endif
