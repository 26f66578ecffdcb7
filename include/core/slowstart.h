/* SPDX-License-Identifier: MIT */
#ifndef CORE_SLOWSTART_H
#define CORE_SLOWSTART_H

#include "core/topology.h"

/*
 * Servers that come back take their share of sessions little by little (HAProxy configuration
 * manual 5.2, "slowstart"): `ramp` of a server rises from 1 to 100 within slowstart_ms, in steps
 * of a second or a twentieth of that time, whichever is longer.  A server without that setting is
 * left at 100.  `now_ms`: tick_ms(), or the time that is simulated.  Control thread only.
 */

/* Per cent that count `elapsed_ms` after the start: 1..100. */
uint32_t slowstart_ramp(uint32_t slowstart_ms, int64_t elapsed_ms);

/* Its state went from `before` to `after`: begins, or forgets about it. */
void slowstart_follow(struct topology_server *s, const struct state *before,
                      const struct state *after, int64_t now_ms);

/* From time to time.  True if its ramp has risen. */
bool slowstart_step(struct topology_server *s, int64_t now_ms);

#endif
