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
 * put under each proxy, `default-server` under each server.  Nothing of sluice is in it yet but
 * the types of log targets and balance algorithms.
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
	struct settings_log log;
	struct hcfgnote_place place;
	const struct hcfgmodel_log *next;
};

struct hcfgmodel_header {
	const char *line; /* "Name: value" */
	const struct hcfgmodel_header *next;
};

enum hcfgmodel_test {
	HCFGMODEL_TEST_CONNECT, /* no option, or "option tcp-check" */
	HCFGMODEL_TEST_HTTP,
	HCFGMODEL_TEST_PGSQL,
	HCFGMODEL_TEST_OTHER /* `option` names it */
};

/* How a backend checks its servers. */
struct hcfgmodel_health {
	enum hcfgmodel_test test;
	const char *option; /* "option httpchk", for notes */
	struct hcfgnote_place place;
	const char *method, *path, *version;                /* of "option httpchk" */
	const char *send_method, *send_path, *send_version; /* of "http-check send": they win */
	const char *host, *user;
	const struct hcfgmodel_header *headers;
	const struct settings_range *statuses; /* NULL: 200-399 */
	size_t status_count;
	const char *string; /* the body must contain it, or NULL */
	bool disable_on_404;
	struct hcfgmodel_value connect_port;
	bool connect_ssl, connect_plain; /* of a "connect" rule: with ssl, or without */
	const char *connect_sni, *connect_addr;
};

enum hcfgmodel_port {
	HCFGMODEL_PORT_NUMBER,
	HCFGMODEL_PORT_SAME,  /* none written: the one that the client dialled */
	HCFGMODEL_PORT_OFFSET /* "+N", "-N": that one and N */
};

struct hcfgmodel_server {
	const char *name, *host; /* host: a name, an address, "unix:/path"; NULL: not usable */
	enum hcfgmodel_port port_kind;
	int port;
	struct hcfgnote_place place;
	bool check, backup, disabled, ssl, check_ssl;
	struct hcfgmodel_value inter, fastinter, downinter, rise, fall, check_port, weight, maxconn,
	    tcp_ut, init_down, verify_none;
	const char *check_addr, *check_sni, *verifyhost, *ca_file, *crt, *resolvers;
	STAILQ_ENTRY(hcfgmodel_server) next;
};

struct hcfgmodel_bind {
	struct settings_bind bind; /* without `line`; its port is the first of a range */
	struct hcfgnote_place place;
	bool ssl;
	struct hcfgmodel_value tcp_ut;
	STAILQ_ENTRY(hcfgmodel_bind) next;
};

/* acl NAME src NET... */
struct hcfgmodel_acl {
	const char *name;
	const struct addr_net *nets; /* NULL: not a list of client addresses */
	size_t count;
	const struct hcfgmodel_acl *next;
};

/* tcp-request connection accept|reject [if|unless ACL] */
struct hcfgmodel_rule {
	bool accept;
	bool inverted;                   /* for clients that are not in `acl` */
	const struct hcfgmodel_acl *acl; /* NULL: for all */
	struct hcfgnote_place place;
	const struct hcfgmodel_rule *next;
};

enum hcfgmodel_kind { HCFGMODEL_DEFAULTS, HCFGMODEL_FRONTEND, HCFGMODEL_LISTEN, HCFGMODEL_BACKEND };

struct hcfgmodel_proxy {
	enum hcfgmodel_kind kind;
	const char *name; /* "" for nameless defaults */
	struct hcfgnote_place place;
	struct hcfgmodel_value http, disabled, retries, redispatch, maxconn, backlog, allbackups,
	    log_health_checks, dontlognull, session_log, stats, connect_ms, client_ms, server_ms,
	    client_fin_ms, server_fin_ms, tunnel_ms, check_ms, clitcpka, srvtcpka, client_idle_s,
	    client_interval_s, client_count, server_idle_s, server_interval_s, server_count;
	enum settings_balance balance;
	bool log_global;
	const struct hcfgmodel_log *logs;
	const char *backend; /* default_backend, or NULL */
	struct hcfgnote_place backend_place;
	struct hcfgmodel_health health;
	struct hcfgmodel_server default_server;
	const struct hcfgmodel_acl *acls;
	const struct hcfgmodel_rule *rules;
	STAILQ_HEAD(hcfgmodel_binds, hcfgmodel_bind) binds;
	STAILQ_HEAD(hcfgmodel_servers, hcfgmodel_server) servers;
	STAILQ_ENTRY(hcfgmodel_proxy) next;
};

struct hcfgmodel_global {
	struct hcfgmodel_value maxconn, threads, nofile, hard_stop_ms, verify_none;
	const char *user, *group, *chroot, *pidfile, *log_tag, *ca_base, *crt_base, *socket;
	struct hcfgnote_place socket_place;
	const struct hcfgmodel_log *logs;
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
