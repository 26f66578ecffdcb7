/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_AGENTCHECK_H
#define CONTROL_AGENTCHECK_H

#include "rosterparts.h"

/*
 * What a server's agent says (HAProxy configuration manual 5.2, "agent-check"): its weight, limit,
 * drain or maintenance, up or down.  An agent that does not answer changes nothing; down and up
 * count from as many words in a row on as its `fall` and `rise` say.
 */

/* The agent is new, or another one: what was said before does not count.  State stays. */
void agentcheck_begin(struct topology_server *s);

/* NULL: a check of it begins. */
void agentcheck_take(struct roster *r, struct topology_server *s,
                     const struct probe_result *result);

/* Switched off, it is not listened to, and what it said about up and down is forgotten. */
void agentcheck_enable(struct roster *r, struct topology_server *s, bool on);

/* A person says what the agent would say. */
void agentcheck_set(struct roster *r, struct topology_server *s, bool up);

#endif
