/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_NEARNESS_H
#define CONTROL_NEARNESS_H

#include "rosterparts.h"

/*
 * `tiers = "latency"`: every ten seconds the servers of such services are ranked anew by how long
 * their checks take; a new order is noted in the journal.  Called once a second.
 */
void nearness_look(struct roster *r, int64_t now_ms);

#endif
