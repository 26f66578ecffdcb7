/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_NAMES_H
#define CONTROL_NAMES_H

#include "core/topology.h"
#include "engine/checker.h"
#include "engine/resolver.h"

/*
 * Hosts of servers and of check targets to addresses, at start and again while the program runs:
 * what the resolver finds is given to the workers (topology_set_address) and to the checker.
 * A server whose name does not resolve has no address and its checks fail with the reason.
 * Control thread only.
 */
struct names;

struct names *names_new(struct topology *topology, struct checker *checker,
                        struct resolver *resolver);
void names_free(struct names *n); /* NULL is fine */

#endif
