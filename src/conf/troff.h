/* SPDX-License-Identifier: MIT */
#ifndef CONF_TROFF_H
#define CONF_TROFF_H

#include "base/text.h"

/* Text for troff: nothing of it is a request or an escape. */
void troff_add(struct text *out, const char *s);

#endif
