/* SPDX-License-Identifier: MIT */
#ifndef CORE_FAULTCHECK_H
#define CORE_FAULTCHECK_H

#include "core/fault.h"
#include "core/topology.h"

/*
 * What checks find under the fault of a server, made of what they really found: it suffers the
 * fault, not the node, which may be checked for others as well.  Control thread only.
 */

/*
 * A check of `s` has ended and found `found`; it found `ret`.  False: nothing yet, it hangs until
 * its time-out; others that end meanwhile are not told of, either.
 */
bool faultcheck_apply(struct topology_server *s, const struct probe_result *found, int64_t now_ms,
                      struct probe_result *ret);

/* The check that hangs has timed out: what it found. */
bool faultcheck_expired(struct topology_server *s, int64_t now_ms, struct probe_result *ret);

/* Can a fault of that kind be noticed there?  Says why not. */
bool faultcheck_makes_sense(const struct topology_server *s, enum fault_kind kind,
                            struct error *err) MUST_CHECK;

#endif
