/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ARRIVALS_H
#define CONTROL_ARRIVALS_H

#include "rosterparts.h"

/* Servers of the configuration at the start, and those that come and go: see control/roster.h. */
void arrivals_prepare(struct roster *r);
bool arrivals_add(struct roster *r, struct topology_service *service, struct settings *own,
                  struct topology_server **ret, struct error *err) MUST_CHECK;
bool arrivals_is_idle(struct roster *r, const struct topology_server *s);
void arrivals_remove(struct roster *r, struct topology_server *s);

/* For a reload: a server that is new to its service, and a service with all its servers. */
void arrivals_begin(struct roster *r, struct topology_server *s);
void arrivals_begin_service(struct roster *r, struct topology_service *service);
/* Its check begins now: a program is told the numbers of this moment. */
void arrivals_begin_check(struct roster *r, const struct topology_server *s);
/* Its check is another one. */
void arrivals_change_check(struct roster *r, const struct topology_server *s);

#endif
