/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ORDERS_H
#define CONTROL_ORDERS_H

#include "rosterparts.h"

/* What a person or a server's agent wants of it; `cause` tells who, `why` in words. */
void orders_obey(struct roster *r, struct topology_server *s, enum roster_order order,
                 enum journal_cause cause);
/* Who has the orders that follow carried out, "ops at 10.0.0.7"; NULL: some command.  Kept. */
void orders_come_from(struct roster *r, const char *who);
void orders_set_weight(struct roster *r, struct topology_server *s, uint32_t weight);
void orders_set_maxconn(struct topology_server *s, uint32_t maxconn);

/* Can servers come, and weights change, with this service's way of balancing? */
bool orders_is_dynamic(const struct topology_service *service);
/* Otherwise only none and all of a weight are possible. */
bool orders_allow_weight(const struct topology_server *s, uint32_t weight);
/*
 * So many per cent of the configured weight, rounded down as in HAProxy, but not to 0: half of 1
 * must not drain the server.
 */
uint32_t orders_relative_weight(const struct topology_server *s, uint64_t percent);

#endif
