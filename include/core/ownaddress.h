/* SPDX-License-Identifier: MIT */
#ifndef CORE_OWNADDRESS_H
#define CORE_OWNADDRESS_H

#include "core/settings.h"

/*
 * The loop of a service that is its own server: each session comes back as another one, which goes
 * there again, until there are no descriptors left.  Written by mistake, or told by a cluster whose
 * nodes advertise "localhost" or the address of the balancer in front of them.
 *
 * The bind of `service`, or of one of its frontends, to which a connection to `to` comes; NULL:
 * none.  `is_local`: `to` is one of this host's addresses.  Sockets that others have bound
 * (SETTINGS_BIND_FD) are not known.
 */
const struct settings_bind *ownaddress_find(const struct settings_service *service,
                                            const struct addr *to, bool is_local);

#endif
