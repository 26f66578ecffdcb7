/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_DYNAMICCALLS_H
#define CONTROL_DYNAMICCALLS_H

#include "control/daemon.h"

/*
 * Servers that come and go at run time (management manual 9.3, "add server", "del server").  What
 * is refused is in `err`, in HAProxy 2.6's words.
 */

/* `words`: the address and the keywords after the server's name, ends with NULL. */
bool dynamiccalls_add(struct daemon *d, struct topology_service *service, const char *name,
                      const char *const *words, struct error *err) MUST_CHECK;
bool dynamiccalls_remove(struct daemon *d, struct topology_server *s, struct error *err) MUST_CHECK;

#endif
