/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMPLETION_FISH_H
#define CLI_COMPLETION_FISH_H

#include "base/text.h"

/* What fish reads to complete the commands of the program. */
void completion_fish_write(struct text *out);

#endif
