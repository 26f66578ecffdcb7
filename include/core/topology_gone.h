/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOPOLOGY_GONE_H
#define CORE_TOPOLOGY_GONE_H

#include "core/topology.h"

/*
 * What servers, frontends and services have counted that are not shown any more: a sum that is
 * shown never goes back because one of its parts has gone.  What is counted so far is moved, so
 * that it can be done again while the last sessions of a leaving one go on.  Control thread only.
 */

/* To its service; its connection attempts are COUNTER_GONE_ATTEMPTS there. */
void topology_gone_server(struct topology_server *s);
/* The same of a set that no server has any more. */
void topology_gone_set(struct topology_service *to, struct counter_set *from);
/* To its service: what that shows as the sum of its frontends. */
void topology_gone_frontend(struct topology_frontend *f);
/* To the topology, with what its servers have. */
void topology_gone_service(struct topology *t, struct topology_service *s);

/* Of all that there is and was. */
uint64_t topology_gone_bytes_out(const struct topology *t);

#endif
