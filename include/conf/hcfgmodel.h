/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGMODEL_H
#define CONF_HCFGMODEL_H

#include "conf/hcfglex.h"
#include "conf/hcfgnote.h"
#include "core/settings.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * HAProxy's configuration as HAProxy understands it: sections with their values, `defaults` already
 * put under each proxy, `default-server` under each server.  Values that mean the same in sluice
 * are in the types of its settings already.
 *
 * Each directive is looked at once, where it stands: what it lacks, and what sluice cannot carry,
 * is noted there.  Strings belong to the lexer's arena or to the model's: both must live as long
 * as the model.
 */

/* A number that may have been written, and where.  Times are milliseconds unless named. */
struct hcfgmodel_value {
	bool set;
	uint32_t n;
	struct hcfgnote_place place;
};

/* Lists that a proxy shares with its defaults grow at the head: the newest comes first. */
struct hcfgmodel_log {
	struct settings_log log; /* without tag and hostname */
	struct hcfgnote_place place;
	const struct hcfgmodel_log *next;
};

struct hcfgmodel_header {
	const char *line; /* "Name: value" */
	const struct hcfgmodel_header *next;
};

/* A rule of "tcp-check" or "http-check" as a step. */
struct hcfgmodel_step {
	struct settings_step step; /* without `line` */
	struct hcfgnote_place place;
	const struct hcfgmodel_step *next;
};

/* Rules of one kind.  Those of the defaults go once the section writes its own. */
struct hcfgmodel_rules {
	const struct hcfgmodel_step *newest;
	const struct hcfgmodel_proxy *owner; /* where they were written */
	bool lost;                           /* one cannot be carried: none is */
};

/* How a backend checks its servers. */
struct hcfgmodel_health {
	enum settings_check_type type; /* without TLS; TCP if no option says otherwise */
	const char *option;            /* "option httpchk", for notes */
	struct hcfgnote_place place;
	const struct hcfgmodel_proxy *owner;        /* where the option was written */
	const char *method, *path, *version, *host; /* of "option httpchk"; NULL: not written */
	const struct hcfgmodel_header *headers;     /* hidden after its version */
	const char *user, *smtp_hello;
	const char *command, *search_path; /* of "external-check" */
	bool disable_on_404, spop;
	struct hcfgmodel_rules tcp, http;
};

enum hcfgmodel_port {
	HCFGMODEL_PORT_NUMBER,
	HCFGMODEL_PORT_SAME,  /* none written: the one that the client dialled */
	HCFGMODEL_PORT_OFFSET /* "+N", "-N": that one and N */
};

struct hcfgmodel_server {
	/*
	 * What is carried as it is; without name, node and agent.  `host` is a name, an address,
	 * "unix:/path"; NULL: not usable.
	 */
	struct settings_server s;
	enum hcfgmodel_port port_kind;
	int port;
	struct hcfgnote_place place;
	bool check, ssl, check_ssl, check_send_proxy, agent;
	struct hcfgmodel_value inter, fastinter, downinter, rise, fall, check_port, tcp_ut,
	    init_down, verify_none, ca, agent_port, agent_inter, source;
	const char *check_addr, *check_sni, *check_alpn, *verifyhost, *ca_file, *crt, *resolvers,
	    *agent_addr, *agent_send;
	uint16_t check_addr_port; /* of "addr HOST:PORT", where no "port" is; 0: none */
	STAILQ_ENTRY(hcfgmodel_server) next;
};

struct hcfgmodel_bind {
	struct settings_bind bind; /* without `line`; its port is the first of a range */
	struct hcfgnote_place place;
	bool ssl;
	STAILQ_ENTRY(hcfgmodel_bind) next;
};

/* What a condition of "tcp-request connection" looks at. */
enum hcfgmodel_look {
	HCFGMODEL_LOOK_SRC,  /* client addresses */
	HCFGMODEL_LOOK_RATE, /* connections of the client's address: true above `limit` */
	HCFGMODEL_LOOK_OTHER
};

/* acl NAME src NET..., acl NAME sc0_conn_rate gt N, or anything else */
struct hcfgmodel_acl {
	const char *name;
	enum hcfgmodel_look look;
	const struct addr_net *nets;
	size_t count;
	uint32_t limit;
	const char *table; /* NULL: the proxy's own, or what is tracked */
	const char *path;  /* "path X" and "path_beg X", which pages depend on; or NULL */
	const struct hcfgmodel_acl *next;
};

/* tcp-request connection accept|reject [if|unless ACL], or track-sc0 src [table T] */
struct hcfgmodel_rule {
	bool accept, track;
	bool inverted;                   /* for clients that are not in `acl` */
	const struct hcfgmodel_acl *acl; /* NULL: for all */
	const char *table;               /* track: NULL is the proxy's own */
	struct hcfgnote_place place;
	const struct hcfgmodel_rule *next;
};

/* stick-table type ip size N store conn_rate(T) */
struct hcfgmodel_table {
	bool set, of_addresses;
	uint32_t size, conn_period_ms; /* 0: no such rate */
	struct hcfgnote_place place;
};

struct hcfgmodel_user {
	struct settings_user user;
	const struct hcfgmodel_user *next;
};

struct hcfgmodel_scope {
	const char *name;
	const struct hcfgmodel_scope *next;
};

/* Who may change states on a page: "stats admin". */
enum hcfgmodel_admin { HCFGMODEL_ADMIN_NOBODY, HCFGMODEL_ADMIN_LOCAL, HCFGMODEL_ADMIN_ALL };

/* What a section in mode http shows by itself. */
struct hcfgmodel_page {
	struct hcfgmodel_value stats; /* the page, or any of its words */
	const char *uri, *realm, *metrics_path, *monitor_uri;
	const struct hcfgmodel_user *users;
	const struct hcfgmodel_scope *scope;
	enum hcfgmodel_admin admin;
	struct hcfgnote_place admin_place;
	uint32_t refresh_s;
	bool hide_version;
};

enum hcfgmodel_kind { HCFGMODEL_DEFAULTS, HCFGMODEL_FRONTEND, HCFGMODEL_LISTEN, HCFGMODEL_BACKEND };

/* use_backend by a condition: nothing but whether it is there. */
struct hcfgmodel_use {
	const char *backend;
	struct hcfgnote_place place;
	const struct hcfgmodel_use *next;
};

struct hcfgmodel_proxy {
	enum hcfgmodel_kind kind;
	const char *name; /* "" for nameless defaults */
	struct hcfgnote_place place;
	struct hcfgmodel_value id; /* `n` also if it was not written */
	struct hcfgmodel_value http, disabled, retries, redispatch, maxconn, backlog, allbackups,
	    log_health_checks, dontlognull, dontlog_normal, log_separate_errors, logasap,
	    socket_stats, connect_ms, client_ms, server_ms, client_fin_ms, server_fin_ms, tunnel_ms,
	    check_ms, queue_ms, clitcpka, srvtcpka, client_idle_s, client_interval_s, client_count,
	    server_idle_s, server_interval_s, server_count, fullconn, rate_limit;
	enum settings_balance balance;
	uint32_t random_draws;
	struct settings_hash hash;
	struct settings_source source;
	bool log_global;
	const struct hcfgmodel_log *logs;
	enum settings_session_log session_log;
	const char *log_format, *log_tag, *description;
	struct hcfgnote_place log_format_place;
	const char *backend; /* default_backend, or NULL */
	struct hcfgnote_place backend_place;
	const struct hcfgmodel_use *uses;
	struct hcfgmodel_health health;
	struct hcfgmodel_page page;
	struct hcfgmodel_server default_server;
	const struct hcfgmodel_acl *acls;
	const struct hcfgmodel_rule *rules;
	struct hcfgmodel_table table;
	STAILQ_HEAD(hcfgmodel_binds, hcfgmodel_bind) binds;
	STAILQ_HEAD(hcfgmodel_servers, hcfgmodel_server) servers;
	STAILQ_ENTRY(hcfgmodel_proxy) next;
};

/* "stats socket" */
struct hcfgmodel_socket {
	struct settings_socket socket; /* without `line` */
	struct hcfgnote_place place;
	STAILQ_ENTRY(hcfgmodel_socket) next;
};

struct hcfgmodel_global {
	struct hcfgmodel_value maxconn, threads, nofile, hard_stop_ms, verify_none, conn_rate,
	    session_rate, stats_ms, external_check, unix_mode;
	const char *user, *group, *chroot, *pidfile, *log_tag, *hostname, *ca_base, *crt_base,
	    *node, *description, *unix_user, *unix_group;
	bool send_hostname; /* `hostname` NULL: the host's own */
	const struct hcfgmodel_log *logs;
	STAILQ_HEAD(hcfgmodel_sockets, hcfgmodel_socket) sockets;
};

struct hcfgmodel_resolvers {
	const char *name;
	struct hcfgnote_place place;
	const char *servers[16]; /* "ip:port" */
	size_t count;
	struct hcfgmodel_value hold_valid_ms;
	STAILQ_ENTRY(hcfgmodel_resolvers) next;
};

STAILQ_HEAD(hcfgmodel_proxies, hcfgmodel_proxy);

/* Initialise with { 0 }. */
struct hcfgmodel {
	struct mem_arena arena;
	struct hcfgmodel_global global;
	struct hcfgmodel_proxies defaults;
	struct hcfgmodel_proxies proxies; /* frontends, listens and backends, in the order read */
	STAILQ_HEAD(hcfgmodel_resolver_list, hcfgmodel_resolvers) resolvers;
};

void hcfgmodel_build(struct hcfgmodel *m, const struct hcfglex *lex, struct hcfgnote_list *notes);
void hcfgmodel_release(struct hcfgmodel *m);

/* The proxy of that name that has one of the two sides, or NULL. */
struct hcfgmodel_proxy *hcfgmodel_find_backend(const struct hcfgmodel *m, const char *name);
struct hcfgmodel_resolvers *hcfgmodel_find_resolvers(const struct hcfgmodel *m, const char *name);

/* "frontend", "listen", ... */
const char *hcfgmodel_kind_name(enum hcfgmodel_kind kind);

#endif
