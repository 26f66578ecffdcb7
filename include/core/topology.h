/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOPOLOGY_H
#define CORE_TOPOLOGY_H

#include "core/counter.h"
#include "core/probe.h"
#include "core/reason.h"
#include "core/settings.h"
#include "core/state.h"
#include "core/tiers.h"
#include "core/topology_find.h"
#include "core/topology_roll.h"
#include "core/topology_tiers.h"
#include "core/topology_time.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

/*
 * The running form of a configuration: services with their frontends and servers.  What threads
 * share is _Atomic, grouped by who writes it and kept on cache lines of its own.
 *
 *   control thread writes: state, weight, address, limits    workers read them
 *   workers write: `active`, `turn`, `count`, times          control reads them for its reports
 *
 * What is named "control thread only" is plain data of that thread.  Servers come and go at run
 * time: workers read a service's servers from its `roll`, a list that is replaced as a whole and
 * freed once no worker can be looking at it.
 */
enum {
	TOPOLOGY_LINE = 64, /* bytes of a cache line */
	TOPOLOGY_SHARE = 16 /* of a weight of 1: topology_share() */
};

struct checklog; /* core/checklog.h */

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): lines of their own are the point */
struct topology_server {
	const struct settings_server *_Atomic settings;
	const struct settings_target *target; /* what is checked for it */
	struct topology_service *service;
	uint32_t id; /* 1.. in the service: HAProxy's sid */
	struct state_limits limits;
	struct addr unix_addr; /* of a "unix:" server, otherwise len 0 */
	struct settings *own;  /* owned: of a server that came at run time; NULL: the topology's */
	struct settings *base; /* a reference: those that `own` was made from; or NULL */
	struct topology_server *tracked; /* its health is that one's (`track`); or NULL */

	alignas(TOPOLOGY_LINE) _Atomic uint64_t state; /* state_pack() */
	_Atomic bool usable;                           /* state_is_usable() of it, or `pressed` */
	_Atomic uint8_t tier;     /* of an active server, 0 the nearest: core/tiers.h */
	_Atomic uint64_t fault;   /* fault_pack() of what it suffers; 0: none */
	_Atomic uint32_t weight;  /* as set, 0..256 */
	_Atomic uint32_t ramp;    /* per cent of weight and maxconn that count now (slowstart) */
	_Atomic uint32_t maxconn; /* 0: no limit */
	_Atomic uint32_t port;    /* where traffic goes */
	_Atomic uint32_t addr_version;  /* odd while the words change */
	_Atomic uint64_t addr_words[3]; /* struct addr_ip */

	alignas(TOPOLOGY_LINE) _Atomic uint64_t turn; /* balance_candidate.turn */
	_Atomic uint32_t active;                      /* sessions now, dialing ones included */
	_Atomic uint32_t active_max;
	_Atomic int64_t last_session_ms;     /* tick_ms() of the last choice, 0 never */
	_Atomic uint32_t errors;             /* failed connects and resets in a row (`observe`) */
	_Atomic uint32_t queued, queued_max; /* sessions that wait for this very server */
	_Atomic uint32_t connecting;         /* sessions on their way to it */
	_Atomic uint8_t far;   /* so many connects to it will not be complete at once */
	_Atomic uint32_t warm; /* idle connections that wait for a session: engine/warm.h */

	alignas(TOPOLOGY_LINE) struct counter_set count;
	struct topology_time queue_time, connect_time, total_time;

	/* Control thread only. */
	uint32_t active_before; /* sessions that processes before this one still have on it */
	size_t check_slot, agent_slot;    /* of the checker; SIZE_MAX: none */
	struct probe_result check;        /* the last result; code INIT before the first */
	struct probe_result agent;        /* the same of its agent */
	struct checklog *checks;          /* owned: the last ones; NULL: there was none */
	struct checklog *agent_checks;    /* the same of its agent */
	struct state_limits agent_limits; /* of its agent; 1 and 1 if it has none */
	uint16_t agent_health; /* 0 .. rise+fall-1 of the agent check, up from `rise` on */
	bool check_running, agent_running;
	bool check_disabled, agent_disabled; /* by a command */
	bool pressed;                        /* taken as usable in a panic: topology_press() */
	int64_t fault_until_ms; /* tick_ms() when its fault ends by itself; 0: it does not */
	int64_t fault_check_ms; /* tick_ms() when a check began to vanish in a black hole; 0: not */
	int64_t drain_until_ms; /* tick_ms() when what is left on it is ended; 0: never */
	uint32_t iweight;       /* the configured weight, or the last one in absolute terms */
	int64_t ramp_since_ms;  /* slowstart began; 0: it is over */
	uint32_t latency_us;    /* of its checks, smoothed; 0: none yet */
	uint32_t ranked_us;     /* ... as it counts for its tier: topology_tiers_measure() */
	uint8_t next_tier;      /* as the last measurement had it: topology_tiers_measure() */
	int64_t since_wall_ms;  /* when the state last changed */
	int64_t since_ms;       /* the same, monotonic */
	char cause[192];        /* why it is in this state, in words */
	uint64_t check_failures; /* failed checks while up: HAProxy's chkfail */
	uint64_t down_count;     /* UP -> DOWN transitions: chkdown */
	uint64_t downtime_ms;    /* of past periods; the present one is added when shown */
	int64_t check_wall_ms;   /* when the last check ended */
	uint64_t rate, rate_max, last_total; /* sessions per second, sampled each second */
};

struct ratetable; /* core/ratetable.h */

/* Where clients come in: HAProxy's frontend. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): as above */
struct topology_frontend {
	const struct settings_frontend *_Atomic settings;
	struct topology_service *service;
	uint32_t id; /* HAProxy's iid; of a "listen" the service's, too */

	alignas(TOPOLOGY_LINE) _Atomic uint32_t active; /* client connections now */
	_Atomic uint32_t active_max;
	_Atomic uint32_t maxconn; /* 0: no limit but the process's */
	_Atomic bool paused;      /* `disable frontend` */
	_Atomic bool untold;      /* nobody wants to hear of its sessions' ends */
	struct counter_set count; /* bytes only if the service has several frontends */
	struct ratetable *rates;  /* who connects how often; the engine's: crew_lock_rates() */

	struct settings_frontend *own; /* owned: `settings` of a service that names no frontend */

	/* Control thread only. */
	bool stopped; /* `shutdown frontend` */
	bool limited; /* `set maxconn frontend` */
	uint64_t rate, rate_max, last_total;
	uint64_t conn_rate, conn_rate_max, last_accepted;
};

struct queue; /* engine/queue.h */

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): as above */
struct topology_service {
	const struct settings_service *_Atomic settings;
	uint32_t id;                          /* HAProxy's iid of the backend */
	struct topology_frontend **frontends; /* at least one */
	size_t frontend_count;
	struct queue *queue;                  /* of sessions that wait for a server; the engine's */
	_Atomic(struct topology_roll *) roll; /* the same servers, for workers */
	_Atomic uint64_t spread;          /* tiers_spread(): which tier gets how many sessions */
	_Atomic uint32_t tier_count;      /* 1 unless there are tiers */
	struct topology_server **servers; /* control thread only */
	size_t server_count;              /* control thread only */

	/*
	 * The highest turn chosen so far, of each tier: one that gets few of all sessions would
	 * fall behind a common clock, and its servers would not take turns.  Backups go by the
	 * first.
	 */
	alignas(TOPOLOGY_LINE) _Atomic uint64_t clock[TIERS_MAX];
	_Atomic uint32_t active; /* client connections now, of all frontends */
	_Atomic uint32_t active_max;
	_Atomic uint32_t queued, queued_max; /* sessions that wait for any server */
	_Atomic uint32_t held, held_max;     /* ... of these, because none was usable */
	_Atomic bool panicking;              /* settings_service.panic is in force */
	_Atomic int64_t connected_ms;        /* tick_ms() of the last established connection */
	_Atomic uint32_t gap_max_ms;         /* longest time without one; reset by who reads it */
	uint32_t fullconn;                   /* topology_set_maxconn() */

	/* What happens without a server, and with those that have gone: core/topology_gone.h. */
	alignas(TOPOLOGY_LINE) struct counter_set count;
	_Atomic uint64_t ended[REASON_COUNT]; /* sessions by reason */

	/* Control thread only. */
	bool judged;     /* the first checks are over: has_server means something */
	bool has_server; /* a usable one, the last time it was looked at */
	int64_t since_wall_ms, since_ms;
	uint64_t down_count, downtime_ms;
	uint64_t rate, rate_max, last_total;
	uint64_t conn_rate, conn_rate_max;
};

struct topology {
	const struct settings *settings;
	struct settings *owned; /* the same: for settings_ref() */
	size_t *slots;          /* control thread only: the checker's, of each settings->targets */
	struct topology_service **services;
	size_t service_count;
	uint64_t gone_bytes_out; /* control thread only: of services that are not there any more */
};

/* Takes over `settings`.  Servers start in state_first(); addresses that are numeric are set. */
struct topology *topology_new(struct settings *settings);
void topology_free(struct topology *t); /* NULL is fine; no thread may use it any more */

/* The process's limit of sessions is known now: what is a part of it (`fullconn`) is set. */
void topology_set_maxconn(struct topology *t, uint32_t maxconn);
/* The same for one frontend (its maxconn), for one service (its fullconn). */
void topology_limit_frontend(struct topology_frontend *f, uint32_t maxconn);
void topology_set_fullconn(struct topology_service *s, uint32_t maxconn);
/* Finds the servers that others track. */
void topology_link_tracks(struct topology *t);

/*
 * A server that comes at run time: the one server of the one service of `own`, which it takes over
 * with its one or two targets.  It starts under maintenance, and `tracked` is not set.  Workers see
 * it after topology_publish().
 */
struct topology_server *topology_add_server(struct topology_service *service, struct settings *own);
/*
 * Takes it off the service's list; workers may still look at it until after the next publish.  No
 * other server may track it.
 */
void topology_remove_server(struct topology_server *s);
/*
 * Shows the workers the present list.  Returns the one before: to be freed with free(), as removed
 * servers with topology_free_server(), when each worker has been through its loop once.
 */
struct topology_roll *topology_publish(struct topology_service *service);
void topology_free_server(struct topology_server *s);
/* Those that a reload has taken out (core/topology_swap.h); NULL is fine. */
void topology_free_frontend(struct topology_frontend *f);
void topology_free_service(struct topology_service *s);

/*
 * What counts now: the weight under slowstart (at least 1 unless it is 0), and the limit of
 * sessions under slowstart, minconn and fullconn (0: none; HAProxy configuration manual 5.2
 * "minconn").  The share is the weight in sixteenths, as HAProxy balances with it: a server of
 * weight 1 can start slowly, too.  As there, slowstart does not touch the weight if the algorithm
 * is a static one (static-rr, a hash over a map).  Any thread.
 */
static inline uint32_t topology_share(const struct topology_server *s);
uint32_t topology_weight(const struct topology_server *s);
static inline uint32_t topology_maxconn(const struct topology_server *s);

/* Takes it as usable whatever its health (a panic), or as what it is again. */
void topology_press(struct topology_server *s, bool pressed);

/* Whose checks say how it is: its own, or those of the last one in the chain that it tracks. */
static inline const struct topology_server *topology_checked_for(const struct topology_server *s)
{
	while (s->tracked)
		s = s->tracked;
	return s;
}

struct state topology_state(const struct topology_server *s);
void topology_set_state(struct topology_server *s, struct state state);
/* state_is_usable() of the present state, quickly: asked of every server for every session. */
static inline bool topology_is_usable(const struct topology_server *s)
{
	return atomic_load_explicit(&s->usable, memory_order_acquire);
}

/* How near it is: 0 the nearest; of an active server.  Any thread. */
static inline uint8_t topology_tier(const struct topology_server *s)
{
	return atomic_load_explicit(&s->tier, memory_order_relaxed);
}

/* The address to connect to; false if the name has not been resolved. */
bool topology_address(struct topology_server *s, struct addr *ret);
static inline bool topology_has_address(const struct topology_server *s);
/* NULL takes the address away. */
void topology_set_address(struct topology_server *s, const struct addr *addr);

/* Usable servers of a service: state allows it and the weight is above 0. */
void topology_count_usable(const struct topology_service *s, uint32_t *active, uint32_t *backup);

/* --- What is asked of every server for every session --------------------------------------- */

/* Less than the whole counts, or may: under slowstart, and of limits (`max` > 0). */
uint32_t topology_ramped_share(const struct topology_server *s, uint32_t ramp);
uint32_t topology_present_maxconn(const struct topology_server *s, uint32_t max);

static inline uint32_t topology_share(const struct topology_server *s)
{
	uint32_t ramp = atomic_load_explicit(&s->ramp, memory_order_relaxed);

	if (ramp < 100)
		return topology_ramped_share(s, ramp);
	return atomic_load_explicit(&s->weight, memory_order_relaxed) * TOPOLOGY_SHARE;
}

static inline uint32_t topology_maxconn(const struct topology_server *s)
{
	uint32_t max = atomic_load_explicit(&s->maxconn, memory_order_relaxed);

	return max ? topology_present_maxconn(s, max) : 0;
}

/* A packed address begins with its family. */
static inline bool topology_has_address(const struct topology_server *s)
{
	uint64_t word = atomic_load_explicit(&s->addr_words[0], memory_order_relaxed);
	uint16_t family;

	_Static_assert(offsetof(struct addr_ip, family) == 0, "it is in the first word");
	memcpy(&family, &word, sizeof(family));
	return family || s->unix_addr.len;
}

#endif
