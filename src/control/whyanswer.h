/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_WHYANSWER_H
#define CONTROL_WHYANSWER_H

#include "base/text.h"
#include "control/daemon.h"

/*
 * Why that server is in its state, as report/whyjson.h has it: `name` is "service/server", or the
 * name of a server in any service, then it is a list.  False: there is none, and `out` says so.
 */
bool whyanswer_write(const struct daemon *d, const char *name, struct text *out);

#endif
