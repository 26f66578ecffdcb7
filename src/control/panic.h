/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_PANIC_H
#define CONTROL_PANIC_H

#include "rosterparts.h"

/*
 * When most servers of a service stop to serve at once without being dead - they ask for patience
 * or do not answer - the cluster has lost its quorum, and taking its nodes away one by one makes
 * that worse: no session is cut, one alert says so, and settings_service.panic tells what becomes
 * of new ones.  Never in HAProxy's place.  Control thread.
 */
/*
 * Looks whether a panic of that service begins, goes on or is over, and which servers are taken as
 * usable in it.  After everything that may have changed a server's state.
 */
void panic_look(struct roster *r, struct topology_service *service);

/* Is there one, or would there be one if those that fail their checks right now were lost? */
bool panic_is_near(const struct roster *r, const struct topology_service *service);

/* topology_count_usable() with those that a panic takes as usable. */
void panic_count_usable(const struct topology_service *service, uint32_t *active, uint32_t *backup);

#endif
