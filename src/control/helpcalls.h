/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_HELPCALLS_H
#define CONTROL_HELPCALLS_H

#include "call.h"

/* The answer to a line whose words, all of them in `args`, name no command. */
void helpcalls_unknown(struct call *c);

#endif
