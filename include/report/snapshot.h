/* SPDX-License-Identifier: MIT */
#ifndef REPORT_SNAPSHOT_H
#define REPORT_SNAPSHOT_H

#include "core/fault.h"
#include "core/tiers.h"
#include "core/topology.h"
#include "report/metric.h"

/*
 * One consistent, plain copy of everything that is shown: taken on the control thread, then
 * independent of the topology, so that an answer can be written slowly while servers change.
 * All views (CSV, JSON, Prometheus, HTML, `show info`) are written from it.
 *
 * Totals: workers count what happens on a server there, and what happens without one (no server
 * usable, connection denied) in the service; a service's numbers here are both together.  A server
 * counts connection attempts as sessions, so the sessions of a service are its own count alone.
 * What a service counts where clients come in (connections, denied ones) is the sum of its
 * frontends.
 */

/* A listening socket, as the daemon hands it in; shown if its frontend says `socket_stats`. */
struct snapshot_listener {
	uint32_t frontend_id; /* topology_frontend.id */
	uint32_t id;          /* HAProxy's sid; 0: its place among those of the frontend, 1.. */
	const char *name;     /* of the bind; NULL: "sock-<id>" */
	char address[ADDR_TEXT_MAX]; /* "127.0.0.1:26257", or "unix" */
	uint32_t active, active_max, maxconn;
	uint64_t accepted;
};

enum { SNAPSHOT_HTTP_CLASSES = 6 }; /* 1xx .. 5xx, others */

/* An HTTP endpoint with a name, which HAProxy would show as a proxy: a row of mode http. */
struct snapshot_http {
	const char *name;
	uint32_t id;      /* HAProxy's iid */
	bool has_backend; /* a "listen" */
	uint32_t sessions, sessions_max, maxconn;
	uint64_t connections, rate, rate_max;
	uint64_t requests, request_rate, request_rate_max, bad_requests;
	uint64_t answers[SNAPSHOT_HTTP_CLASSES];
	uint64_t bytes_in, bytes_out;
	int64_t age_s; /* since it was opened */
};

/* A process that was upgraded, while its last sessions go on. */
struct snapshot_predecessor {
	int pid;               /* 0: it has not said */
	int64_t since_wall_ms; /* that it was replaced; 0: it has not said */
	uint32_t sessions;
	bool known; /* it has told where they are, and has obeyed what was ordered */
};

/* What the cluster tells of its nodes (`cluster.discover`). */
struct snapshot_discovery {
	bool on;
	size_t known;      /* nodes of the last list */
	size_t joined;     /* servers that came of them, besides those that are written */
	size_t elsewhere;  /* nodes of the list that are left out for their locality */
	const char *from;  /* the URL that told it; NULL: none has, since the start */
	int64_t last_s;    /* since then, or since the list was kept over a restart; -1: never */
	uint64_t failures; /* requests that brought no list that could be used */
	const char *error; /* NULL: the last round was well */
};

/* About the process; what `now` is, is the caller's to say (this layer has no clock). */
struct snapshot_process {
	const char *version; /* "0.1.0" */
	int pid;
	int64_t start_wall_ms, now_wall_ms; /* since the epoch */
	int64_t now_ms, start_ms;           /* monotonic */
	uint32_t threads, maxconn;
	uint64_t nofile;
	uint32_t connections; /* now */
	uint64_t connections_total;
	uint64_t conn_rate, conn_rate_max;
	const struct snapshot_listener *listening; /* in the order of their frontends */
	size_t listening_count;
	const struct snapshot_http *https; /* in any order */
	size_t http_count;
	bool stopping;
	uint64_t dropped_logs, bytes_out_total, bytes_out_rate;
	uint32_t listeners;
	const char *node;        /* host name; NULL: none */
	const char *description; /* NULL: none */
	const uint32_t *worker_sessions;
	size_t worker_count;
	const struct snapshot_predecessor *predecessors;
	size_t predecessor_count;
	struct snapshot_discovery discovery;
};

/* HAProxy's "type" column. */
enum snapshot_kind { SNAPSHOT_FRONTEND, SNAPSHOT_BACKEND, SNAPSHOT_SERVER, SNAPSHOT_LISTENER };

struct snapshot_value {
	bool present;     /* false: an empty CSV field, no series */
	const char *text; /* of words; NULL for a number */
	int64_t number;
};

struct snapshot_row {
	enum snapshot_kind kind;
	uint32_t proxy_id;  /* iid */
	uint32_t server_id; /* sid; 0 for FRONTEND and BACKEND */
	const char *proxy, *name;
	bool http;                              /* of a snapshot_http */
	bool full;                              /* a LISTENER at its maxconn */
	const struct snapshot_server *server;   /* of a SERVER, else NULL */
	const struct snapshot_service *service; /* of a SERVER or BACKEND; NULL for http ones */
	struct snapshot_value at[METRIC_COUNT];
};

struct snapshot_server {
	const char *name, *service;
	const char *address;    /* "10.0.0.1:26257", or "-" while its name does not resolve */
	const char *ip;         /* the same without the port; "-" */
	const char *host;       /* as configured */
	const char *locality;   /* NULL: none */
	const char *target;     /* what is checked for it */
	const char *check_type; /* "http", ... */
	uint32_t id;
	uint16_t port, check_port; /* check_port 0: the same as port, or no check */
	bool host_is_name, check_elsewhere;
	struct state state;
	struct state_limits limits;
	const char *status; /* "UP 2/3": state_describe() */
	bool usable;        /* state allows it and the weight is above 0 */
	bool backup;
	uint32_t tier; /* how near it is, 0 the nearest; of an active server */
	uint32_t weight, weight_initial, maxconn;
	uint32_t weight_now;     /* under slowstart */
	uint32_t ramp;           /* per cent of weight and maxconn; 100 unless in slowstart */
	const char *tracked;     /* "service/server" whose checks it follows; NULL: none */
	bool check_on, agent_on; /* there is one, and no command has turned it off */
	bool observed;           /* `observe` */
	uint32_t queued, queued_max, maxqueue;
	uint32_t sessions, sessions_max;
	uint32_t sessions_before;      /* of predecessors */
	uint32_t warm;                 /* idle connections that wait for a session */
	int64_t since_wall_ms, age_ms; /* of the state */
	const char *cause;             /* why, in words; may be "" */
	struct fault fault;            /* on the way to it */
	int64_t fault_left_ms;         /* until it ends by itself; -1: it does not */
	struct probe_result check, agent;
	bool check_running, agent_running;
	struct state_limits agent_limits;
	uint16_t agent_health;
	int64_t check_wall_ms;  /* when the last check ended; 0 never */
	int64_t check_age_ms;   /* -1 never */
	int64_t last_session_s; /* seconds ago; -1 never */
	uint64_t check_failures, down_count, downtime_ms;
	uint64_t rate, rate_max;
	uint64_t count[COUNTER_COUNT];
	uint32_t queue_ms, connect_ms, total_ms; /* averages */
	uint32_t queue_max_ms, connect_max_ms, total_max_ms;
	struct snapshot_row row;
};

struct snapshot_frontend {
	const char *name;
	uint32_t id;
	bool paused, stopped;
	bool hidden; /* disabled in the file, or without an address: HAProxy does not show it */
	uint32_t sessions, sessions_max, maxconn, rate_limit;
	uint64_t rate, rate_max, conn_rate, conn_rate_max;
	uint64_t count[COUNTER_COUNT];  /* its own; bytes if it is the only one: the service's */
	struct snapshot_row *listeners; /* LISTENER rows, with `socket_stats` */
	size_t listener_count;
	struct snapshot_row row;
};

struct snapshot_service {
	const char *name;
	const char *balance;
	const char *const *binds; /* as written */
	size_t bind_count;
	uint32_t id;
	struct snapshot_server *servers;
	size_t server_count;
	uint32_t active_usable, backup_usable;
	bool up;        /* a server is usable */
	bool on_backup; /* up, but only on backups */
	bool allbackups;
	bool http;   /* shown as "mode http" */
	bool hidden; /* disabled in the file: HAProxy does not show it */
	uint32_t sessions, sessions_max, maxconn, fullconn;
	uint32_t queued, queued_max;
	uint32_t held, held_max; /* of these, because no server is usable */
	bool panicking;          /* `panic` is in force */
	uint32_t tier_count;
	uint32_t tier_percent[TIERS_MAX]; /* of new sessions, at present; 0: no usable server */
	int64_t since_wall_ms, age_ms;
	uint64_t down_count, downtime_ms;
	uint64_t rate, rate_max, conn_rate, conn_rate_max;
	uint64_t count[COUNTER_COUNT];
	uint64_t ended[REASON_COUNT];
	struct snapshot_frontend *frontends; /* at least one */
	size_t frontend_count;
	struct snapshot_row backend;
};

/* What HAProxy calls a proxy: rows of one iid, FRONTEND, listeners, servers, BACKEND. */
struct snapshot_proxy {
	const char *name;
	uint32_t id;
	size_t first, count; /* of snapshot.rows */
};

struct snapshot {
	struct mem_arena arena; /* owns all that is below */
	struct snapshot_process process;
	struct snapshot_service *services;
	size_t service_count;
	const struct snapshot_row **rows; /* in HAProxy's order: by iid */
	size_t row_count;
	struct snapshot_proxy *proxies; /* by iid */
	size_t proxy_count;
};

/* Reads the "control thread only" members: call it there.  Never NULL. */
struct snapshot *snapshot_take(const struct topology *t, const struct snapshot_process *p);
void snapshot_free(struct snapshot *s); /* NULL is fine */

/* The next row in HAProxy's order, or NULL. */
struct snapshot_cursor {
	size_t row;
};
const struct snapshot_row *snapshot_next(const struct snapshot *s, struct snapshot_cursor *c);

/* By name; NULL if there is none. */
const struct snapshot_service *snapshot_find(const struct snapshot *s, const char *service);

#endif
