/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOPOLOGY_H
#define CORE_TOPOLOGY_H

#include "core/counter.h"
#include "core/probe.h"
#include "core/reason.h"
#include "core/settings.h"
#include "core/state.h"

#include <stdalign.h>

/*
 * The running form of a configuration: services with their servers.  The structure never changes;
 * what changes in it is _Atomic, grouped by who writes it and kept on cache lines of its own.
 *
 *   control thread writes: state, weight, address         workers read them
 *   workers write: `active`, `turn`, `count`, times       control reads them for its reports
 *
 * What is named "control thread only" is plain data of that thread.
 */
enum { TOPOLOGY_LINE = 64 }; /* bytes of a cache line */

/* Average and maximum of a time in milliseconds, over about the last 512 samples as HAProxy's. */
struct topology_time {
	_Atomic uint64_t sum; /* of the sliding window, in 1/1024 ms: see topology_time_average() */
	_Atomic uint32_t max;
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): lines of their own are the point */
struct topology_server {
	const struct settings_server *settings;
	const struct settings_target *target; /* what is checked for it */
	struct topology_service *service;
	uint32_t id; /* 1.. in the service: HAProxy's sid */
	struct state_limits limits;
	struct addr unix_addr; /* of a "unix:" server, otherwise len 0 */

	alignas(TOPOLOGY_LINE) _Atomic uint64_t state; /* state_pack() */
	_Atomic uint32_t weight;                       /* effective, 0..256 */
	_Atomic uint32_t addr_version;                 /* odd while the words change */
	_Atomic uint64_t addr_words[3];                /* struct addr_ip */

	alignas(TOPOLOGY_LINE) _Atomic uint64_t turn; /* balance_candidate.turn */
	_Atomic uint32_t active;                      /* sessions now, dialing ones included */
	_Atomic uint32_t active_max;
	_Atomic int64_t last_session_ms; /* tick_ms() of the last choice, 0 never */

	alignas(TOPOLOGY_LINE) struct counter_set count;
	struct topology_time queue_time, connect_time, total_time;

	/* Control thread only. */
	struct probe_result check; /* the last result; code INIT before the first */
	bool check_running;
	int64_t since_wall_ms;   /* when the state last changed */
	int64_t since_ms;        /* the same, monotonic */
	char cause[192];         /* why it is in this state, in words */
	uint64_t check_failures; /* failed checks while up: HAProxy's chkfail */
	uint64_t down_count;     /* UP -> DOWN transitions: chkdown */
	uint64_t downtime_ms;    /* of past periods; the present one is added when shown */
	int64_t check_wall_ms;   /* when the last check ended */
	uint64_t rate, rate_max, last_total; /* sessions per second, sampled each second */
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): as above */
struct topology_service {
	const struct settings_service *settings;
	uint32_t id; /* HAProxy's iid: 2, 3, ... in the order of the file */
	struct topology_server **servers;
	size_t server_count;

	alignas(TOPOLOGY_LINE) _Atomic uint64_t clock; /* the highest turn chosen so far */
	_Atomic uint32_t active;                       /* client connections now */
	_Atomic uint32_t active_max;

	alignas(TOPOLOGY_LINE) struct counter_set count; /* of the frontend */
	_Atomic uint64_t ended[REASON_COUNT];            /* sessions by reason */

	/* Control thread only. */
	bool judged;     /* the first checks are over: has_server means something */
	bool has_server; /* a usable one, the last time it was looked at */
	int64_t since_wall_ms, since_ms;
	uint64_t down_count, downtime_ms;
	uint64_t rate, rate_max, last_total;
	uint64_t conn_rate, conn_rate_max;
};

struct topology {
	const struct settings *settings; /* owned */
	struct topology_service **services;
	size_t service_count;
};

/* Takes over `settings`.  Servers start in state_first(); addresses that are numeric are set. */
struct topology *topology_new(struct settings *settings);
void topology_free(struct topology *t); /* NULL is fine; no thread may use it any more */

struct topology_service *topology_find_service(const struct topology *t, const char *name);
/* "service/server"; NULL if there is no such thing. */
struct topology_server *topology_find_server(const struct topology *t, const char *path);

struct state topology_state(const struct topology_server *s);
void topology_set_state(struct topology_server *s, struct state state);

/* The address to connect to; false if the name has not been resolved. */
bool topology_address(struct topology_server *s, struct addr *ret);
bool topology_has_address(struct topology_server *s);
/* NULL takes the address away. */
void topology_set_address(struct topology_server *s, const struct addr *addr);

/* Usable servers of a service: state allows it and the weight is above 0. */
void topology_count_usable(const struct topology_service *s, uint32_t *active, uint32_t *backup);

void topology_time_add(struct topology_time *t, uint32_t ms);
/* `samples`: how many have been added in all; exact while the window is not full, too. */
uint32_t topology_time_average(struct topology_time *t, uint64_t samples);

#endif
