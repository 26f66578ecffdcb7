/* SPDX-License-Identifier: MIT */
#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H

#include "core/settings.h"
#include "problem.h"

#include <libconfig.h>

/*
 * A configuration while it is read: what each group of the file said, put over its defaults.  The
 * table of keys writes into these structures (one per group, the target column of conf/keys.def),
 * validate.c looks at all of them together and assemble.c makes settings of them.
 *
 * Each begins with `at`, where the group stands in the file, or NULL if it was not written.
 */

/* A port by name or number; unset if neither was written. */
struct draft_port {
	bool set;
	enum settings_port_ref ref;
	uint16_t number;
};

/* A list of groups: `count` structures of the child group. */
struct draft_list {
	void *at;
	size_t count;
	bool set; /* it was written, perhaps without elements */
};

/* Any bytes; `at` is NULL if they were not written. */
struct draft_bytes {
	const char *at;
	size_t len;
};

struct draft_nets {
	const struct addr_net *at;
	size_t count;
};

struct draft_step_connect {
	const config_setting_t *at;
	struct settings_step s;
};

struct draft_step_request {
	const config_setting_t *at;
	struct settings_step s;
};

/* Of the kinds of expectations one is written. */
struct draft_step_expect {
	const config_setting_t *at;
	struct settings_step s;
	struct draft_bytes string, hex;
	const char *regex, *hex_regex, *status_regex, *header, *value;
};

/* Of the kinds of steps one is written. */
struct draft_step {
	const config_setting_t *at;
	const char *comment;
	struct draft_bytes send, send_hex;
	struct draft_step_connect connect;
	struct draft_step_request request;
	struct draft_step_expect expect;
};

struct draft_check {
	const config_setting_t *at;
	struct settings_check c;
	const char *type; /* NULL: not written */
	struct draft_port port;
	struct draft_list steps; /* draft_step */
};

struct draft_agent {
	const config_setting_t *at;
	struct settings_check c;
};

struct draft_source {
	const config_setting_t *at;
	struct settings_source s;
};

struct draft_timeout {
	const config_setting_t *at;
	struct settings_timeouts t;
};

struct draft_keepalive {
	const config_setting_t *at;
	struct settings_keepalive k;
};

struct draft_bind {
	const config_setting_t *at;
	struct settings_bind b;
};

struct draft_hash {
	const config_setting_t *at;
	struct settings_hash h;
};

struct draft_rate_limit {
	const config_setting_t *at;
	struct settings_rate_limit r;
};

struct draft_server {
	const config_setting_t *at;
	struct settings_server s;
	struct draft_check check;
	struct draft_source source;
	struct draft_agent agent;
};

struct draft_frontend {
	const config_setting_t *at;
	struct settings_frontend f;
	struct draft_list binds; /* draft_bind */
	struct draft_timeout timeout;
	struct draft_keepalive keepalive;
	struct draft_nets allow, deny;
	struct draft_rate_limit conn_rate_limit;
	struct draft_list logs; /* draft_log */
};

struct draft_service {
	const config_setting_t *at;
	struct settings_service s;
	struct draft_port port;
	struct draft_list binds;     /* draft_bind */
	struct draft_list servers;   /* draft_server */
	struct draft_list frontends; /* draft_frontend */
	struct draft_timeout timeout;
	struct draft_keepalive keepalive;
	struct draft_nets allow, deny;
	struct draft_hash hash;
	struct draft_rate_limit conn_rate_limit;
	struct draft_check check;
	struct draft_list logs; /* draft_log */
};

struct draft_node {
	const config_setting_t *at;
	struct settings_node n;
	struct settings_server s; /* begins as what the nodes have in common */
};

/* What the servers of all services have that stand for nodes. */
struct draft_node_server {
	const config_setting_t *at;
	struct settings_server s;
	struct draft_source source;
	struct draft_agent agent;
};

struct draft_mapping {
	const config_setting_t *at;
	struct settings_mapping m;
};

struct draft_discover {
	const config_setting_t *at;
	struct settings_discover d;
	struct draft_list map; /* draft_mapping */
};

struct draft_cluster {
	const config_setting_t *at;
	struct draft_list nodes; /* draft_node */
	struct draft_discover discover;
	struct draft_check check;
	struct draft_node_server server;
};

struct draft_resolver {
	const config_setting_t *at;
	struct settings_resolver r;
};

struct draft_socket {
	const config_setting_t *at;
	struct settings_socket s;
};

struct draft_user {
	const config_setting_t *at;
	struct settings_user u;
};

struct draft_admin_tls {
	const config_setting_t *at;
	const char *cert, *key, *ca;
};

struct draft_admin {
	const config_setting_t *at;
	struct settings_admin a; /* `bind` NULL: none */
	const char *socket;
	struct draft_list sockets; /* draft_socket */
	struct draft_list users;   /* draft_user */
	struct draft_admin_tls tls;
};

struct draft_log {
	const config_setting_t *at;
	struct settings_log l;
};

struct draft_root {
	const config_setting_t *at;
	struct settings s; /* the process-wide part; its arena holds everything of the draft */
	struct draft_service shared; /* what stands at the top level for all services */
	struct draft_resolver resolver;
	struct draft_cluster cluster;
	struct draft_list services; /* draft_service */
	struct draft_list admins;   /* draft_admin */
	struct draft_list logs;     /* draft_log */
};

/* What every reader of a value gets. */
struct draft_context {
	struct mem_arena *arena;
	struct problem_list *problems;
	const config_t *defaults; /* the initial column of the table, as a configuration */
	bool again; /* it was valid before: what it names on this host is not looked at */
};

/*
 * What a frontend begins with: what its service says.  Its timeouts, lists and so on are those of
 * the service as long as it does not write its own.
 */
struct draft_frontend draft_frontend_begin(const struct draft_service *service);

struct keytable_key;

/*
 * Reads the value `v` of the key `k` into the group's structure at `base`, or reports what is wrong
 * with it and leaves the target alone.
 */
typedef void draft_convert(struct draft_context *c, const struct keytable_key *k,
                           const config_setting_t *v, void *base);

#endif
