/* SPDX-License-Identifier: MIT */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include "base/addr.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A configuration as plain data: what was written plus the defaults, names not yet resolved, no
 * socket open.  The conf layer fills it from a file, the demo and the tests fill it by hand.
 * Every pointer belongs to `arena`.  Durations are milliseconds, 0 is "not set / no limit" unless
 * said otherwise.  `line` members tell where in the file a thing was written (0: nowhere).
 */

enum settings_check_type {
	SETTINGS_CHECK_NONE, /* no check: the server counts as usable (health NOCHECK) */
	SETTINGS_CHECK_TCP,
	SETTINGS_CHECK_HTTP,
	SETTINGS_CHECK_HTTPS,
	SETTINGS_CHECK_PGSQL
};

enum settings_port_ref {
	SETTINGS_PORT_SERVER, /* the port that traffic goes to */
	SETTINGS_PORT_SQL,    /* the node's sql_port */
	SETTINGS_PORT_HTTP,   /* the node's http_port */
	SETTINGS_PORT_NUMBER  /* `port_number` */
};

enum settings_init_state { SETTINGS_INIT_DOWN, SETTINGS_INIT_UP };

struct settings_range {
	uint16_t low, high; /* both included */
};

struct settings_ranges {
	const struct settings_range *at;
	size_t count;
};

struct settings_strings {
	const char *const *at;
	size_t count;
};

/* How a node is checked (HAProxy configuration manual 5.2 "check", "inter"). */
struct settings_check {
	enum settings_check_type type;
	enum settings_port_ref port;
	uint16_t port_number;
	const char *address; /* host to check instead of the node's, or NULL */
	uint32_t inter_ms, fastinter_ms, downinter_ms; /* fast/down: 0 = inter */
	uint32_t timeout_ms;                           /* over the whole check; 0 = inter */
	uint16_t rise, fall;
	enum settings_init_state init_state;
	const char *method, *path, *version; /* "GET", "/health?ready=1", "1.0" or "1.1" */
	const char *host;                /* Host header; NULL: none with 1.0, host:port with 1.1 */
	struct settings_strings headers; /* "Name: value" */
	struct settings_ranges expect_status;
	const char *expect_string;           /* the body must contain it; NULL: any body */
	struct settings_ranges drain_status; /* an answer of these means "finish politely" */
	bool verify;                         /* https: verify chain and name */
	const char *ca, *cert, *key;         /* PEM files or NULL; ca NULL: the system's */
	const char *sni;                     /* NULL: the node's host, if it is a name */
	const char *user;                    /* pgsql: user of a startup packet, NULL: SSLRequest */
	int line;
};

struct settings_node {
	const char *name, *host, *locality;
	uint16_t sql_port, http_port;
	int32_t weight; /* -1: the service's servers decide (1) */
	bool backup, disabled;
	int line;
};

struct settings_server {
	const char *name, *host; /* host: a name, an address, or "unix:/path" */
	uint16_t port;           /* where traffic goes; 0 with "unix:" */
	const char *locality;    /* or NULL */
	uint16_t weight;         /* 0..256; 0 takes no new sessions */
	bool backup, disabled;
	uint32_t maxconn; /* sessions at once, 0 = no limit */
	size_t node;      /* index into settings.targets: what is checked for it */
	int line;
};

/* One thing to check: a cluster node, or a server that a service wrote for itself. */
struct settings_target {
	const char *name; /* node name, or "service/server" */
	const char *host; /* of the node; the check may name another (`check.address`) */
	uint16_t check_port;
	struct settings_check check;
	int line;
};

enum settings_bind_kind { SETTINGS_BIND_ADDR, SETTINGS_BIND_FD };

struct settings_bind {
	enum settings_bind_kind kind;
	const char *text; /* as written */
	const char *name; /* or NULL */
	struct addr addr; /* SETTINGS_BIND_ADDR: numeric or UNIX */
	int fd;           /* SETTINGS_BIND_FD */
	int backlog;      /* 0: the kernel's maximum */
	bool v6only;
	bool defer_accept;
	const char *interface; /* or NULL */
	uint32_t maxconn;      /* sessions through this bind, 0 = no limit */
	int line;
};

enum settings_balance { SETTINGS_ROUNDROBIN, SETTINGS_LEASTCONN };

struct settings_timeouts {
	uint32_t connect_ms, client_ms, server_ms; /* 0 = none */
	uint32_t client_fin_ms, server_fin_ms;     /* 0 = client_ms / server_ms */
};

struct settings_keepalive {
	bool client, server;
	uint32_t idle_s, interval_s, count; /* 0 = the kernel's */
};

struct settings_service {
	const char *name;
	const struct settings_bind *binds;
	size_t bind_count;
	const struct settings_server *servers;
	size_t server_count;
	enum settings_balance balance;
	uint32_t retries; /* further connect attempts after the first */
	bool redispatch;  /* a retry may go to another server */
	bool allbackups;
	uint32_t maxconn; /* sessions at once, 0 = no limit of its own */
	struct settings_timeouts timeout;
	struct settings_keepalive keepalive;
	uint32_t tcp_user_timeout_ms;
	bool log_health_checks, dontlognull;
	const struct addr_net *allow, *deny; /* client addresses; allow wins over deny */
	size_t allow_count, deny_count;
	int line;
};

enum settings_log_format { SETTINGS_LOG_TEXT, SETTINGS_LOG_JSON, SETTINGS_LOG_HAPROXY };
enum settings_log_kind {
	SETTINGS_LOG_STDERR,
	SETTINGS_LOG_SYSLOG, /* UNIX datagram socket `path` */
	SETTINGS_LOG_UDP,    /* `host`:`port` */
	SETTINGS_LOG_FILE    /* `path` */
};

struct settings_log {
	enum settings_log_kind kind;
	const char *text; /* the target as written */
	const char *path;
	struct addr addr; /* UDP, numeric */
	int facility;     /* 0..23 (RFC 5424 table 1) */
	enum settings_log_format format;
	int level;       /* lines above this severity number are left out */
	bool sessions;   /* also one line per session, at info */
	const char *tag; /* program name in syslog lines: "sluice", or "haproxy" */
	int line;
};

struct settings_resolver {
	struct settings_strings nameservers; /* "ip:port"; none: /etc/resolv.conf */
	uint32_t every_ms;   /* resolve again after the record's TTL, but not later than this */
	uint32_t timeout_ms; /* one whole look-up */
};

struct settings {
	struct mem_arena arena;
	const char *file;     /* where it came from, or NULL */
	const char *locality; /* where this proxy stands, or NULL */
	uint32_t threads;     /* 0: one per CPU it may run on */
	uint32_t maxconn;     /* 0: as many as file descriptors allow */
	uint32_t nofile;      /* RLIMIT_NOFILE to ask for; 0: the hard limit */
	uint32_t hard_stop_after_ms;
	const char *user, *group, *chroot, *pidfile;
	struct settings_resolver resolver;
	const char *admin_bind; /* "host:port" or "unix:/path"; NULL: no HTTP endpoint */
	struct addr admin_addr;
	int admin_line;
	const char *admin_socket; /* path of the control socket; NULL: none */
	const struct settings_service *services;
	size_t service_count;
	const struct settings_target *targets;
	size_t target_count;
	const struct settings_log *logs;
	size_t log_count;
};

/* An empty configuration with the process-wide defaults. */
struct settings *settings_new(void);
void settings_free(struct settings *s); /* NULL is fine */

/* The defaults of a check and of a service, before what was written is put over them. */
struct settings_check settings_check_default(enum settings_check_type type);
struct settings_service settings_service_default(void);

/* "roundrobin", "http", ... : the words of the enumerations, as the file has them. */
const char *settings_balance_name(enum settings_balance b);
const char *settings_check_name(enum settings_check_type t);

/* True if `n` is in one of the ranges. */
bool settings_ranges_contain(const struct settings_ranges *r, unsigned int n);

#endif
