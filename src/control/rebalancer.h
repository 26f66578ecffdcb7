/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_REBALANCER_H
#define CONTROL_REBALANCER_H

#include "base/text.h"
#include "rosterparts.h"

/*
 * Sessions of servers that have more than their share (core/rebalance.h) end between two
 * transactions, so that their clients come back and are spread anew.  Those that cannot be followed
 * end only if the service says so and they have been silent for long.  Control thread.
 */

/* Once a second: a pass over each service that wants one, every rebalance_every_ms. */
void rebalancer_tick(struct roster *r, int64_t now_ms);

/* A pass now; see roster_rebalance(). */
void rebalancer_run(struct roster *r, const struct topology_service *service, bool dry,
                    struct text *out);

#endif
