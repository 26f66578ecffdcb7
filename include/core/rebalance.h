/* SPDX-License-Identifier: MIT */
#ifndef CORE_REBALANCE_H
#define CORE_REBALANCE_H

#include "core/topology.h"

/*
 * Which servers of a service have more than their share, and how many sessions each should lose.
 * All are left alone while each has its share of its tier's sessions (by weight, over the usable
 * servers) within 15 % more or less; beyond that half of each excess goes in one pass, so that
 * pools that connect again spread out instead of swinging.  Pure.
 */
enum { REBALANCE_DEAD_ZONE_PERCENT = 15 };

struct rebalance_move {
	struct topology_server *server;
	uint32_t sessions; /* now */
	uint32_t share;    /* what would be even, rounded up */
	uint32_t close;    /* how many should end in this pass; 0: it is left alone */
};

/*
 * One move for each server of the service; `moves` has room for service->server_count.  Together
 * they close at most `budget`.  Returns how many that is; 0 as well while no tier has two usable
 * servers, or the service panics.  Control thread.
 */
uint32_t rebalance_plan(const struct topology_service *service, uint32_t budget,
                        struct rebalance_move *moves);

#endif
