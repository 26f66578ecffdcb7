/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOPOLOGY_ROLL_H
#define CORE_TOPOLOGY_ROLL_H

#include "core/settings.h"

/* The servers of a service as workers see them; see topology_publish().  One block of memory. */
struct topology_server;

struct topology_roll {
	size_t count;
	struct wheel
	    *wheel; /* core/wheel.h, of a service that hashes, in the same memory; or NULL */
	struct topology_server *at[];
};

struct topology_roll *topology_roll_new(const struct settings_service *service,
                                        struct topology_server *const *servers, size_t count);

#endif
