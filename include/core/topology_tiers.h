/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOPOLOGY_TIERS_H
#define CORE_TOPOLOGY_TIERS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The tiers of a service's active servers (core/tiers.h), kept with the topology: each server's
 * `tier`, the service's `tier_count` and `spread`, which workers read for each session.  Control
 * thread only.
 */
struct topology_server;
struct topology_service;

/* Its list of servers, or where they stand, is another one: topology_publish() does it. */
void topology_tiers_rank(struct topology_service *service);

/* A server has become usable, or is not any more, or has another weight. */
void topology_tiers_update(struct topology_service *service);

/*
 * `tiers = "latency"`: ranks them by `latency_us`.  So that a single slow check moves nobody, an
 * order that is new has to be found twice in a row, unless there was none before; and so that a
 * server near the border of two tiers does not go back and forth, what counts follows its latency
 * only when the two are a fourth of it and 2 ms apart.  True if it is another order now.
 */
bool topology_tiers_measure(struct topology_service *service) MUST_CHECK;

/* A check of `s` took so long: smoothed into latency_us. */
void topology_tiers_note(struct topology_server *s, uint32_t duration_ms);

#endif
