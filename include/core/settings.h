/* SPDX-License-Identifier: MIT */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include "base/addr.h"
#include "base/mem.h"
#include "core/settings_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A configuration as plain data: what was written plus the defaults, names not yet resolved, no
 * socket open.  The conf layer fills it from a file, the demo and the tests fill it by hand.
 * Every pointer belongs to `arena`.  Durations are milliseconds, 0 is "not set / no limit" unless
 * said otherwise.  `line` members tell where in the file a thing was written (0: nowhere).
 */

/* How the cluster lets go of a node that it told before. */
enum settings_leaving {
	SETTINGS_STAYS,
	SETTINGS_LEFT,            /* it does not list it any more */
	SETTINGS_DECOMMISSIONING, /* it is being decommissioned */
	SETTINGS_DECOMMISSIONED
};

struct settings_node {
	const char *name, *host, *locality;
	const char *told; /* of one that became a server: the name that the cluster told; or NULL */
	uint16_t sql_port, http_port;
	int32_t weight; /* -1: the service's servers decide (1) */
	bool backup, disabled;
	enum settings_leaving leaving;
	int line;
};

struct settings_nodes {
	const struct settings_node *at;
	size_t count;
};

/* Where a discovered node is for those who cannot reach the address that it advertises. */
struct settings_mapping {
	const char *node;             /* its advertised host, or its name */
	const char *host;             /* NULL: as advertised */
	uint16_t sql_port, http_port; /* 0: as advertised */
	int line;
};

/* How the nodes are learned from the cluster itself. */
struct settings_discover {
	struct settings_strings from; /* URLs, at least one */
	uint32_t every_ms;
	const char *session;         /* as webget_session() takes it, or NULL */
	const char *ca, *cert, *key; /* PEM files or NULL */
	bool verify;
	const struct settings_mapping *map;
	size_t map_count;
	const char *locality; /* only nodes that match KEY=REGEX,...; NULL: all */
	uint32_t minimum;     /* a list of fewer nodes is not believed */
	const char *cache;    /* the file that keeps the last list; NULL: it is not kept */
	int line;
};

/* What a failed connect or a reset of ordinary traffic counts for (manual 5.2 "on-error"). */
enum settings_on_error {
	SETTINGS_ON_ERROR_FASTINTER,    /* the next check comes at fastinter */
	SETTINGS_ON_ERROR_FAIL_CHECK,   /* one failed check */
	SETTINGS_ON_ERROR_SUDDEN_DEATH, /* one more failure takes it down */
	SETTINGS_ON_ERROR_MARK_DOWN     /* down at once */
};

/* Where connections to a server come from, those of checks, too (manual 5.2 "source"). */
struct settings_source {
	struct addr addr;             /* len 0: the kernel chooses */
	uint16_t port_low, port_high; /* 0: the kernel chooses */
	const char *interface;        /* or NULL */
};

struct settings_server {
	const char *name, *host; /* host: a name, an address, or "unix:/path" */
	uint16_t port;           /* where traffic goes; 0 with "unix:" */
	const char *locality;    /* or NULL */
	uint16_t weight;         /* 0..256; 0 takes no new sessions */
	bool backup, disabled;
	enum settings_leaving leaving; /* of its node */
	uint32_t maxconn;              /* sessions at once, 0 = no limit */
	size_t node;                   /* index into settings.targets: what is checked for it */
	size_t agent;    /* 1 + index into settings.targets of its agent check; 0: none */
	uint32_t id;     /* HAProxy's sid; 0: its place in the service */
	bool id_counted; /* nobody wrote `id`: it was counted */
	uint32_t
	    minconn; /* with `fullconn`: the limit while the service has little to do; 0: none */
	uint32_t maxqueue; /* sessions that may wait for this very server; 0 = no limit */
	uint32_t slowstart_ms;
	uint32_t tcp_user_timeout_ms; /* 0: the service's */
	enum settings_proxy_header send_proxy;
	struct settings_source source;
	const char *track;          /* "service/server": its health is that one's; or NULL */
	bool shutdown_on_down;      /* on_marked_down = "shutdown-sessions" */
	uint32_t down_grace_ms;     /* ... after it has been down for so long; at once if refused */
	uint32_t close_spread_ms;   /* ... evenly over that time; 0: all at once */
	uint32_t max_connecting;    /* sessions on their way to it at once; 0 = no limit */
	uint32_t warm;              /* idle connections kept ready, of the whole process; 0: none */
	bool shutdown_backup_on_up; /* on_marked_up = "shutdown-backup-sessions" */
	bool observe;               /* "layer4" */
	uint32_t error_limit;       /* errors in a row */
	enum settings_on_error on_error;
	int line;
};

/* One thing to check: a cluster node, or a server that a service wrote for itself. */
struct settings_target {
	const char *name; /* node name, or "service/server" */
	const char *host; /* of the node; the check may name another (`check.address`) */
	uint16_t check_port;
	struct settings_check check;
	struct settings_source source; /* its servers' */
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
	const char *interface;        /* or NULL */
	uint32_t maxconn;             /* sessions through this bind, 0 = no limit */
	bool accept_proxy;            /* each connection must begin with a PROXY header */
	uint32_t tcp_user_timeout_ms; /* 0: the service's */
	uint32_t id;                  /* HAProxy's sid of the listener; 0: its place */
	uint32_t mode;                /* of a UNIX socket's file, 0: the umask decides */
	const char *user, *group;     /* owner of that file, or NULL */
	int line;
};

enum settings_balance {
	SETTINGS_ROUNDROBIN,
	SETTINGS_LEASTCONN,
	SETTINGS_RANDOM, /* the less loaded of `random_draws` servers drawn by weight */
	SETTINGS_FIRST,  /* the lowest id with a free slot */
	SETTINGS_SOURCE, /* hash of the client's address */
	SETTINGS_HASH,   /* hash of `hash_input` */
	SETTINGS_STATIC_RR
};

enum settings_hash_type { SETTINGS_HASH_MAP, SETTINGS_HASH_CONSISTENT };
/* HAProxy configuration manual 4.2 "hash-type". */
enum settings_hash_function {
	SETTINGS_HASH_SDBM,
	SETTINGS_HASH_DJB2,
	SETTINGS_HASH_WT6,
	SETTINGS_HASH_CRC32
};
enum settings_hash_input {
	SETTINGS_HASH_SRC,
	SETTINGS_HASH_SRC_PORT,
	SETTINGS_HASH_DST,
	SETTINGS_HASH_DST_PORT
};

struct settings_hash {
	enum settings_hash_type type;
	enum settings_hash_function function;
	enum settings_hash_input input;
	bool avalanche;
	uint32_t balance_factor; /* per cent of the average load that a server may have; 0: any */
};

struct settings_timeouts {
	uint32_t connect_ms, client_ms, server_ms; /* 0 = none */
	uint32_t client_fin_ms, server_fin_ms;     /* 0 = client_ms / server_ms */
	uint32_t queue_ms;                         /* waiting for a server; 0 = connect_ms */
};

struct settings_keepalive {
	bool client, server;
	uint32_t idle_s, interval_s, count; /* 0 = the kernel's */
};

enum settings_log_format { SETTINGS_LOG_TEXT, SETTINGS_LOG_JSON, SETTINGS_LOG_HAPROXY };
enum settings_log_kind {
	SETTINGS_LOG_STDERR,
	SETTINGS_LOG_SYSLOG, /* UNIX datagram socket `path` */
	SETTINGS_LOG_UDP,    /* `host`:`port` */
	SETTINGS_LOG_FILE,   /* `path` */
	SETTINGS_LOG_STDOUT,
	SETTINGS_LOG_FD /* descriptor `fd`, inherited */
};

/* How a line is wrapped (HAProxy configuration manual 4.2 "log"). */
enum settings_log_framing {
	SETTINGS_LOG_USUAL, /* the target's own: local for syslog and UDP, none for the others */
	SETTINGS_LOG_LOCAL,
	SETTINGS_LOG_RFC3164,
	SETTINGS_LOG_RFC5424,
	SETTINGS_LOG_PRIORITY,
	SETTINGS_LOG_SHORT,
	SETTINGS_LOG_TIMED,
	SETTINGS_LOG_ISO,
	SETTINGS_LOG_RAW,
	SETTINGS_LOG_CONSOLE /* "[WARNING]  (pid) : ...", as HAProxy writes to its terminal */
};

struct settings_log {
	enum settings_log_kind kind;
	const char *text; /* the target as written */
	const char *path;
	struct addr addr; /* UDP, numeric */
	int fd;           /* FD */
	int facility;     /* 0..23 (RFC 5424 table 1) */
	enum settings_log_format format;
	enum settings_log_framing framing;
	int level;     /* lines above this severity number are left out */
	int min_level; /* lines more severe than this are sent as if of this one; 0: as they are */
	uint32_t len;  /* longest line, 0: the usual 1024 of HAProxy's formats */
	bool sessions; /* also one line per session, at info */
	const char *tag;      /* program name in syslog lines: "sluice", or "haproxy" */
	const char *hostname; /* in rfc3164 and rfc5424; NULL: the host's */
	struct settings_ranges
	    sample; /* of every `sample_size` lines those numbers, 1..; none: all */
	uint16_t sample_size;
	int line;
};

/* What a session's line is on targets of format "haproxy" (configuration manual 8.2). */
enum settings_session_log {
	SETTINGS_SESSION_TCPLOG,
	SETTINGS_SESSION_CONNECT, /* HAProxy's default: "Connect from ...", when it begins */
	SETTINGS_SESSION_CLF,
	SETTINGS_SESSION_FORMAT /* `log_format` */
};

/* Clients that connect too often (manual 4.2 "stick-table", "tcp-request connection"). */
struct settings_rate_limit {
	uint32_t count; /* connections of one address within `period_ms`; 0 = no limit */
	uint32_t period_ms;
	uint32_t size; /* addresses that are remembered */
};

/*
 * Where clients come in.  A service that names none has one of its own name, made of its own
 * values (HAProxy's "listen"); the other form is HAProxy's frontends with their default_backend.
 */
struct settings_frontend {
	const char *name;
	uint32_t id; /* HAProxy's iid; 0: in the order of the file */
	const struct settings_bind *binds;
	size_t bind_count;
	uint32_t maxconn, backlog;
	uint32_t client_ms, client_fin_ms;
	uint32_t rate_limit; /* sessions per second; 0 = no limit */
	struct settings_rate_limit conn_rate_limit;
	struct settings_keepalive keepalive; /* the client's side of it */
	uint32_t tcp_user_timeout_ms;        /* towards clients */
	const struct addr_net *allow, *deny;
	size_t allow_count, deny_count;
	bool dontlognull, dontlog_normal, log_separate_errors, logasap, socket_stats, disabled;
	enum settings_session_log session_log;
	bool log_addresses;     /* `log_format` shows more addresses than the client's */
	const char *log_format; /* of HAProxy's syntax; SETTINGS_SESSION_FORMAT */
	bool own_logs;          /* `logs` instead of the process's */
	const struct settings_log *logs;
	size_t log_count;
	const char *description;
	int line;
};

enum settings_protocol {
	SETTINGS_PROTOCOL_TCP,
	SETTINGS_PROTOCOL_PGWIRE /* PostgreSQL's: sessions are followed while they are in clear */
};

/* New sessions while most servers ask for patience or are silent: the cluster lost its quorum. */
enum settings_panic {
	SETTINGS_PANIC_REFUSE, /* only servers that are usable take them */
	SETTINGS_PANIC_ROUTE,  /* all servers take them that were not proven dead */
	SETTINGS_PANIC_HOLD    /* they wait, as in `hold` */
};

/* What makes a server a near one (core/tiers.h). */
enum settings_tiers { SETTINGS_TIERS_LOCALITY, SETTINGS_TIERS_LATENCY, SETTINGS_TIERS_NONE };

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
	const struct settings_frontend *frontends; /* none: one is made of the values above */
	size_t frontend_count;
	uint32_t id;     /* HAProxy's iid of the backend; 0: in the order of the file */
	bool id_counted; /* nobody wrote `id`: it was counted */
	uint32_t
	    fullconn; /* sessions at which servers reach their maxconn; 0: a tenth of maxconn */
	uint32_t random_draws;
	enum settings_tiers tiers;
	uint32_t spill;   /* per cent: tiers_spread() */
	const char *here; /* settings.locality */
	struct settings_hash hash;
	uint32_t rate_limit; /* sessions per second; 0 = no limit */
	struct settings_rate_limit conn_rate_limit;
	bool dontlog_normal, log_separate_errors, logasap, socket_stats, disabled;
	enum settings_protocol protocol;
	uint32_t hold_ms;  /* how long a client waits for a usable server; 0: not at all */
	uint32_t hold_max; /* clients that wait so at once */
	bool replay;       /* what a client said first is said again to another server */
	enum settings_panic panic;
	uint32_t max_session_age_ms; /* pgwire: then it ends between transactions; 0: never */
	bool rebalance;              /* sessions of overloaded servers end between transactions */
	uint32_t rebalance_every_ms; /* between two passes */
	uint32_t rebalance_budget;   /* sessions that a pass may end */
	uint32_t rebalance_encrypted_ms; /* also encrypted ones, silent for so long; 0: never */
	bool http;                       /* the file says "mode http": shown so in the statistics */
	enum settings_session_log session_log;
	const char *log_format;
	bool own_logs; /* `logs` instead of the process's, also for transitions */
	const struct settings_log *logs;
	size_t log_count;
	const char *description;
	int line;
};

struct settings_resolver {
	struct settings_strings nameservers; /* "ip:port"; none: /etc/resolv.conf */
	uint32_t every_ms;   /* resolve again after the record's TTL, but not later than this */
	uint32_t timeout_ms; /* one whole look-up */
};

/* An HTTP endpoint for operators and their tools. */
struct settings_user {
	const char *name;
	const char *password; /* in clear, or a crypt(3) hash: it begins with '$' */
};

struct settings_admin {
	const char *bind; /* "host:port" or "unix:/path" */
	struct addr addr;
	const char *name;      /* of HAProxy's section; NULL: its own, no row in the statistics */
	uint32_t id;           /* HAProxy's iid of that section */
	bool listen;           /* that section is a \"listen\": it has a row as a backend, too */
	const char *stats_uri; /* HAProxy's statistics are at paths that begin so; NULL: /stats */
	const char *metrics_path;          /* NULL: /metrics */
	const char *monitor_uri;           /* answers 200 while the process serves, or NULL */
	const char *realm;                 /* NULL: "sluice" */
	const struct settings_user *users; /* none: no authentication */
	size_t user_count;
	bool writable;                 /* state may be changed over HTTP */
	uint32_t refresh_s;            /* of HAProxy's page; 0: not */
	bool hide_version, stats_only; /* stats_only: a section that HAProxy would serve alone */
	struct settings_strings scope; /* proxies that are shown; none: all */
	const char *cert, *key, *ca;   /* TLS, PEM files; with `ca` clients need a certificate */
	int line;
};

/* A socket that speaks the runtime API (management manual 9.3). */
enum settings_level { SETTINGS_LEVEL_USER, SETTINGS_LEVEL_OPERATOR, SETTINGS_LEVEL_ADMIN };

struct settings_socket {
	const char *text; /* as written */
	struct addr addr; /* UNIX or TCP; len 0: `fd` */
	int fd;
	enum settings_level level;
	uint32_t mode;            /* of a UNIX socket's file; 0: 0660 */
	const char *user, *group; /* its owner, or NULL */
	int line;
};

struct settings {
	struct mem_arena arena;
	uint32_t refs;        /* settings_ref() */
	const char *file;     /* where it came from, or NULL */
	const char *locality; /* where this proxy stands, or NULL */
	uint32_t threads;     /* 0: one per CPU it may run on */
	uint32_t maxconn;     /* 0: as many as file descriptors allow */
	uint32_t spin_us;     /* longest polling before a sleep; 0: none */
	uint32_t nofile;      /* RLIMIT_NOFILE to ask for; 0: the hard limit */
	uint32_t hard_stop_after_ms;
	uint32_t stop_delay_ms; /* /readyz says 503 for so long before accepting ends */
	const char *user, *group, *chroot, *pidfile;
	struct settings_resolver resolver;
	const struct settings_admin *admins; /* HTTP endpoints; none: no dashboard */
	size_t admin_count;
	const struct settings_socket *sockets; /* control sockets */
	size_t socket_count;
	uint32_t operator_timeout_ms;   /* an idle operator is sent away; 0: 60 s */
	const char *node, *description; /* shown in the statistics; node NULL: the host's name */
	uint32_t conn_rate_limit, session_rate_limit; /* of the process, per second; 0 = no limit */
	bool external_checks;                         /* programs may be run as checks */
	bool haproxy; /* runs in HAProxy's place: its words, its log lines on the terminal */
	const struct settings_service *services;
	size_t service_count;
	const struct settings_target *targets;
	size_t target_count;
	const struct settings_log *logs;
	size_t log_count;
	const struct settings_discover *discover; /* NULL: the nodes are those of the file */
	/* With `discover`. */
	const char *text;              /* the file, with those that it includes in their places */
	struct settings_nodes found;   /* what the cluster told last, as it advertises them */
	struct settings_nodes joined;  /* the servers that came of these */
	struct settings_nodes leaving; /* those that did before, and go with their last session */
	struct settings_nodes written; /* those of the file */
	size_t elsewhere;              /* found ones that are left out, by `discover->locality` */
	int64_t found_wall_ms;         /* when it told them; 0: never */
	bool recalled;                 /* `found` is what was kept over a restart */
	/* How nodes that it tells are checked; NULL: no service uses them. */
	const struct settings_check *found_check;
};

/* An empty configuration with the process-wide defaults. */
struct settings *settings_new(void);
void settings_free(struct settings *s); /* NULL is fine; gives one reference back */
/* One more owner: it is freed with the last settings_free().  Control thread. */
struct settings *settings_ref(struct settings *s);

/* The defaults of a check and of a service, before what was written is put over them. */
struct settings_check settings_check_default(enum settings_check_type type);
struct settings_service settings_service_default(void);
struct settings_server settings_server_default(void);

/* The warm connections of a service at the most: each of `threads` keeps one of a server's. */
uint64_t settings_warm_most(const struct settings_service *s, uint32_t threads);

/* "left the cluster", "is being decommissioned"; "is in the cluster again" of one that stays. */
const char *settings_leaving_words(enum settings_leaving leaving);

/* Whether things of a file may have that name: 1 to 64 letters, digits, '-', '_', '.' and ':'. */
enum { SETTINGS_NAME_MAX = 64 };
bool settings_is_name(const char *s);

/* "roundrobin", "http", ... : the words of the enumerations, as the file has them. */
const char *settings_balance_name(enum settings_balance b);
const char *settings_check_name(enum settings_check_type t);

/* True if `n` is in one of the ranges. */
bool settings_ranges_contain(const struct settings_ranges *r, unsigned int n);

#endif
