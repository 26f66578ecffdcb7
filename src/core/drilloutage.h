/* SPDX-License-Identifier: MIT */
#ifndef CORE_DRILLOUTAGE_H
#define CORE_DRILLOUTAGE_H

#include "core/drillfacts.h"

/* The outages of one service with all their numbers; `items` is the caller's, to free(). */
struct drilloutage_list {
	struct drillfacts_outage *items;
	size_t count, room;
};

void drilloutage_find(const struct drill *d, size_t service, struct mem_arena *a,
                      struct drilloutage_list *ret);

#endif
