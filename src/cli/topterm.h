/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPTERM_H
#define CLI_TOPTERM_H

#include <stdbool.h>

/* Is there a description of that type of terminal?  newterm() of an unknown one leaks. */
bool topterm_is_known(const char *name);

#endif
