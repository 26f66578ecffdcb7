/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ABSENTCALLS_H
#define CONTROL_ABSENTCALLS_H

#include "call.h"

/*
 * Answers what control/absent.def knows; false if it does not know the command.  `args` are all the
 * words of the line.
 */
bool absentcalls_run(struct call *c);

#endif
