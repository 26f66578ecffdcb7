/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_DRILLANSWER_H
#define CONTROL_DRILLANSWER_H

#include "base/text.h"
#include "control/drillbook.h"

/* The record of the last `seconds`, a line of JSON; false: that is not a number of seconds. */
bool drillanswer_last(const struct drillbook *b, const char *seconds, struct text *out);
/* The record of that drill; false: there is none. */
bool drillanswer_named(const struct drillbook *b, const char *name, struct text *out);

#endif
