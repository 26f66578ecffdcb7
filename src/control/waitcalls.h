/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_WAITCALLS_H
#define CONTROL_WAITCALLS_H

#include "call.h"

/* Is what `wait` waits for over?  Then the answer has been given. */
bool waitcalls_over(struct call *c);

#endif
