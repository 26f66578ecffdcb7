/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_PACE_H
#define CONTROL_PACE_H

#include "rosterparts.h"

/*
 * How fast the checks of a target go: what suits all servers that hang on it (HAProxy configuration
 * manual 5.2, "inter").  Agents are asked under maintenance, too, for they may end it.
 */
void pace_set(struct roster *r, size_t slot);
/* Of the checks and the agent of a server. */
void pace_set_server(struct roster *r, const struct topology_server *s);
/* A check now, if there is one; of one that tracks another, by which its health is. */
void pace_hurry(struct roster *r, const struct topology_server *s);

#endif
