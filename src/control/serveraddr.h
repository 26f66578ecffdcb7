/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_SERVERADDR_H
#define CONTROL_SERVERADDR_H

#include "call.h"

/*
 * `set server <b>/<s>` with addresses and ports: of traffic, of checks, of the agent.  What is
 * wrong is refused as a whole; HAProxy takes ports modulo 65536 (2.6).
 */
void serveraddr_set(struct call *c, struct topology_server *s);
void serveraddr_set_check(struct call *c, struct topology_server *s);
void serveraddr_set_check_port(struct call *c, struct topology_server *s);
void serveraddr_set_agent(struct call *c, struct topology_server *s);
void serveraddr_set_agent_port(struct call *c, struct topology_server *s);

#endif
