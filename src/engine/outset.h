/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_OUTSET_H
#define ENGINE_OUTSET_H

#include "core/topology.h"
#include "net/sock.h"

/*
 * Begins a connection to that address of a server, from its source: sock_connect() with `o`, which
 * needs no source.  Any thread.
 */
int outset_connect(const struct topology_server *server, const struct addr *to,
                   struct sock_options o, bool *at_once);

#endif
