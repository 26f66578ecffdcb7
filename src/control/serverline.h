/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_SERVERLINE_H
#define CONTROL_SERVERLINE_H

#include "core/topology.h"

/*
 * What `add server <service>/<name> <address> [keyword ...]` says, as settings for
 * topology_add_server(): one service with one server and one target, two with an agent.  The
 * server is `disabled` unless the line says "enabled".
 *
 * Keywords are those that HAProxy 2.6 takes at run time (management manual 9.3, "add server");
 * those that mean nothing to TCP sessions are taken and have no effect, TLS to servers is refused.
 * How a check talks comes from the service's configured servers.  In HAProxy's place
 * (settings.haproxy) everything else is HAProxy's default, otherwise it is as those servers have
 * it, too.
 *
 * `words` ends with NULL, the address comes first.  NULL with HAProxy's text in `err` if
 * something is wrong; numbers that HAProxy would take for 0 are refused.
 */
struct settings *serverline_parse(const struct topology *t, const struct topology_service *service,
                                  const char *name, const char *const *words, struct error *err);

#endif
