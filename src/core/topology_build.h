/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOPOLOGY_BUILD_H
#define CORE_TOPOLOGY_BUILD_H

#include "core/topology.h"

/* The parts of a topology as they are made of settings, at the start and for a reload. */

struct state_limits topology_build_limits(const struct settings_server *set,
                                          const struct settings_target *target);

/* How its agent counts, of `settings`, whose `set` is. */
void topology_build_agent(struct topology_server *s, const struct settings_server *set,
                          const struct settings *settings);

/* Its state, turn and number are still to come; its check is that of `slots[set->node]`. */
struct topology_server *topology_build_server(struct topology_service *service,
                                              const struct settings_server *set,
                                              const struct settings *settings);

/* In the state of a configured server before its first check. */
void topology_build_state(struct topology_server *s);

struct topology_frontend *topology_build_frontend(struct topology_service *service,
                                                  const struct settings_frontend *set);

/* What a service is as its own frontend if it names none; to be freed with free(). */
struct settings_frontend *topology_build_own(const struct settings_service *s);

/* With its servers and frontends; numbers and the roll are still to come. */
struct topology_service *topology_build_service(const struct settings_service *set,
                                                const struct settings *settings);

#endif
