/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_CREWPARTS_H
#define ENGINE_CREWPARTS_H

#include "engine/crew.h"
#include "engine/listener.h"
#include "engine/worker.h"

#include <semaphore.h>

/* What the listeners of one frontend share. */
struct door {
	struct topology_frontend *frontend;
	struct listener_rate sessions;
	pthread_mutex_t lock; /* of frontend->rates */
};

/* A listener's place: the crew it accepts for and the worker that runs it. */
struct post {
	struct crew *crew;
	struct worker *worker;
	struct listener *listener;
	struct listener *before; /* it takes over the socket of this one: for one call */
	bool idle;               /* of one that was taken away: crew_mark_idle() */
};

/* Their addresses are known to listeners: the elements stay where they are. */
struct posts {
	struct post **at;
	size_t count;
};

struct crew {
	struct crew_options options;
	struct worker **workers;
	struct posts posts; /* of all listeners */
	struct posts gone;  /* of those that were taken away and still have sessions */
	struct door **doors;
	size_t door_count;
	uint32_t listening;
	bool warms;               /* some server has warm connections */
	bool yields;              /* another process takes the clients: crew_yield() */
	uint64_t accepted_before; /* by listeners that are no more */
	struct listener_rate conn_rate, session_rate;
	sem_t halted, go, gone_on; /* crew_halt() */
	alignas(TOPOLOGY_LINE) _Atomic uint32_t connections;
};

/* A connection was accepted: listener_on_accept. */
void crew_accept(void *ctx, struct listener *l, int fd, const struct addr_ip *client);

/* options.maxconn has changed. */
void crew_limit_listeners(struct crew *c);

/*
 * Tells the workers which servers have warm connections; with `afresh` those that there are are
 * closed.  Whenever servers, their settings or listeners have changed: before servers that were
 * taken out are freed.
 */
void crew_warm(struct crew *c, bool afresh);
/* The same if it concerns warm connections that a listener of that service comes or goes. */
void crew_warm_for(struct crew *c, const struct topology_service *service);

/* All doors and listeners, at the end. */
void crew_free_listeners(struct crew *c);

#endif
