/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_OPENING_H
#define CONTROL_OPENING_H

#include "supervising.h"

/* What a supervisor opens for others: sockets for clients and operators, and how many may come. */

uint32_t opening_threads(const struct settings *set);
/* As many sessions as those settings want and descriptors allow; says if that is less. */
uint32_t opening_maxconn(const struct supervisor *s, const struct settings *set);
bool opening_listeners(struct supervisor *s, struct error *err) MUST_CHECK;
bool opening_admin(struct supervisor *s, struct error *err) MUST_CHECK;
/* How many operators one of the doors lets in. */
void opening_limit(const struct supervisor *s, struct stream_server *door);
/* Those of frontends that a process before this one has shut down for good. */
void opening_close_stopped(struct supervisor *s);
/* Says what a frontend listens on, unless it does not. */
void opening_announce(const struct supervisor *s, const struct topology_frontend *f);

#endif
