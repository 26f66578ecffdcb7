/* SPDX-License-Identifier: MIT */
#ifndef CONF_CONFCLUSTER_H
#define CONF_CONFCLUSTER_H

#include "core/settings.h"

/* Whether the service's servers are nodes: those have targets without a service in their name. */
bool confcluster_has_nodes(const struct settings *s, const struct settings_service *service);

/*
 * Whether the nodes can be written as a cluster: in each service that uses them they are the same
 * servers, and they differ from each other only in what cluster.nodes has keys for.
 */
bool confcluster_fits(const struct settings *s);

#endif
