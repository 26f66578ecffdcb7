/* SPDX-License-Identifier: MIT */
#ifndef CORE_QUORUM_H
#define CORE_QUORUM_H

#include "core/journal.h"
#include "core/topology.h"

/*
 * Has the cluster behind a service lost its quorum?  Most of its servers stop to serve at once
 * without being dead: they ask for patience, or do not answer.  What follows from it is for the
 * caller.  Decides only, from the states of the servers, their last checks and the journal.
 * `now_ms`: tick_ms(), or the time that is simulated.  Control thread, if nothing else is said.
 */
enum { QUORUM_WINDOW_MS = 30000 }; /* "at once": within so long */

/* Servers of a service that are not under maintenance, and what has become of them. */
struct quorum {
	uint32_t all;
	uint32_t healthy;
	uint32_t wavering; /* ... of these: their last check found them quiet */
	uint32_t quiet;    /* do not serve, but live */
	uint32_t dead;     /* nobody listens there */
	uint32_t lost;     /* of the quiet ones, those that went lately; see below */
};

/* Is it lost now?  `lost` of the result is only set if most are quiet. */
bool quorum_is_lost(const struct journal *j, const struct topology_service *service, int64_t now_ms,
                    struct quorum *ret);
/* Would it be if those that fail their checks right now were lost? */
bool quorum_is_near(const struct journal *j, const struct topology_service *service,
                    int64_t now_ms);
/* After it was lost: is it back, or are so many dead that it is another matter? */
bool quorum_is_back(const struct topology_service *service, struct quorum *ret);

/*
 * While it is lost (service->panicking): is that server to be taken as usable?  People and agents
 * are obeyed then, too.
 */
bool quorum_wants(const struct topology_server *s);

/*
 * For how long a session may be held at present, in milliseconds; 0: it may not.  `hold`, or 5 s
 * while the service is panicking and is to hold sessions then.  Any thread.
 */
uint32_t quorum_hold_ms(const struct topology_service *service);

#endif
