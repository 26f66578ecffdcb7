/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_NEARSERVER_H
#define CONTROL_NEARSERVER_H

#include "base/text.h"
#include "core/topology.h"

/*
 * What to say of a server that is not there: `no server "psql/n4": did you mean "psql/n1"?`, or
 * where to look.  `name` is "service/server", or the name of a server in any service.
 */
void nearserver_write(const struct topology *t, const char *name, struct text *out);

#endif
