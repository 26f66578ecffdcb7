/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOPOLOGY_NUMBER_H
#define CORE_TOPOLOGY_NUMBER_H

#include "core/topology.h"

/*
 * HAProxy's numbers: of frontends and backends (iid) from 2 on, of servers (sid) from 1 on in each
 * service.  What has no number of its own gets the one that fits its place in the list, or the
 * next that is free; a number that is written counts as a place, too, as in HAProxy.
 */
void topology_number(struct topology *t);

/* Gives the servers of a list that have no number (0) theirs, by place. */
void topology_number_servers(struct topology_server *const *servers, size_t count);

/* The lowest number that no server of the service has: for one that comes at run time. */
uint32_t topology_number_free(const struct topology_service *service);

#endif
