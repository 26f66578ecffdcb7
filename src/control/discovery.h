/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_DISCOVERY_H
#define CONTROL_DISCOVERY_H

#include "base/error.h"
#include "core/settings.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Learns the nodes from the cluster itself (`cluster.discover`): from time to time somebody of it
 * is asked for the list, and what is new in a list that can be believed comes into force as by a
 * reload.
 *
 * A round asks one address after the other until one tells a list that is believed: those of the
 * file, beginning with the one that answered last, then some of the nodes that are known.  Failed
 * rounds come more and more seldom.  Trouble is told when it begins, when it becomes another, and
 * when it is over; nodes that are known stay in use.  One that the cluster lets go (it left, or is
 * being decommissioned) stays as long as it has sessions, in drain.  Control thread only.
 */
struct discovery;
struct supervisor;
struct tls_context;
struct loader_nodes; /* conf/loader.h */

/* What can fail of settings that are about to come into force: NULL in `*ret` if they need none. */
bool discovery_prepare(const struct settings *s, struct tls_context **ret,
                       struct error *err) MUST_CHECK;

/* What becomes of nodes that were told: they come into force, if they can. */
enum discovery_verdict { DISCOVERY_TAKEN, DISCOVERY_LATER, DISCOVERY_REFUSED };
typedef enum discovery_verdict discovery_take(struct supervisor *s, const struct loader_nodes *told,
                                              struct error *err);

/* Before privileges are dropped; nobody is asked yet. */
bool discovery_new(struct supervisor *s, discovery_take *take, struct discovery **ret,
                   struct error *err) MUST_CHECK;
void discovery_free(struct discovery *d); /* before the resolver; NULL is fine */

/* The process serves. */
void discovery_start(struct discovery *d);
/*
 * The process has other settings, and maybe another resolver, now: asks anew.  `*tls` of
 * discovery_prepare() is exchanged for the one before.
 */
void discovery_follow(struct discovery *d, struct tls_context **tls);
/* Once a second: takes over what was told, sees who has left, stops when the process does. */
void discovery_tend(struct discovery *d);

#endif
