/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_RELOAD_H
#define CONTROL_RELOAD_H

#include "base/error.h"
#include "core/settings.h"
#include "discovery.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the configuration again while the process serves its clients: all of it comes into force,
 * or nothing does and the journal says why.  What can fail comes first (reading, sockets,
 * certificates, logs), then everything is exchanged while the workers stand still for a moment.
 *
 *   kept      sessions, counters, health, what people ordered (drain, maint, weights, ...), as far
 *             as the file did not change that very thing; sockets with their queues; checks that
 *             are the same, with the one that is running
 *   new       servers wait for their first check; a service accepts when all its servers have had
 *             theirs, or after 3 s
 *   removed   servers and services get no new sessions and go with their last one
 *
 * Values that are fixed at the start (threads, user, ...) stay, with a warning.  A server whose
 * name does not resolve yet keeps the address that it had.  Control thread.
 */
struct reload;
struct supervisor;

/* After everything is open and before checks begin. */
struct reload *reload_new(struct supervisor *s);
/* After crew_stop(), before the topology is freed.  NULL is fine. */
void reload_free(struct reload *r);

/* SIGHUP: opens log files again and reads the configuration, in HAProxy's place only the former. */
void reload_now(struct supervisor *s);

/* Is there a SIGHUP that could not be obeyed yet?  NULL is fine. */
bool reload_is_wanted(const struct reload *r);
/* No more clients: services that still wait for their first checks are closed.  NULL is fine. */
void reload_stop(struct reload *r);

/*
 * The same for the nodes alone, which the cluster told: the configuration stays as it was read,
 * whatever has become of its file.
 */
enum discovery_verdict reload_nodes(struct reload *r, const struct loader_nodes *nodes,
                                    struct error *err) MUST_CHECK;

/* Once a second: frees what has gone, obeys a SIGHUP that had to wait. */
void reload_tend(struct reload *r);
/* A check has ended: services that wait for that may accept.  NULL is fine. */
void reload_settle(struct reload *r);

#endif
