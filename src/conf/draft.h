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
};

struct draft_nets {
	const struct addr_net *at;
	size_t count;
};

struct draft_check {
	const config_setting_t *at;
	struct settings_check c;
	const char *type; /* NULL: not written */
	struct draft_port port;
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

struct draft_server {
	const config_setting_t *at;
	struct settings_server s;
	struct draft_check check;
};

struct draft_service {
	const config_setting_t *at;
	struct settings_service s;
	struct draft_port port;
	struct draft_list binds;   /* draft_bind */
	struct draft_list servers; /* draft_server */
	struct draft_timeout timeout;
	struct draft_keepalive keepalive;
	struct draft_nets allow, deny;
	struct draft_check check;
};

struct draft_node {
	const config_setting_t *at;
	struct settings_node n;
};

/* What the servers of all services have that stand for nodes. */
struct draft_node_server {
	const config_setting_t *at;
	uint16_t weight;
	uint32_t maxconn;
};

struct draft_cluster {
	const config_setting_t *at;
	struct draft_list nodes; /* draft_node */
	struct draft_check check;
	struct draft_node_server server;
};

struct draft_resolver {
	const config_setting_t *at;
	struct settings_resolver r;
};

struct draft_admin {
	const config_setting_t *at;
	const char *bind, *socket;
	struct addr addr; /* of `bind` */
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
	struct draft_admin admin;
	struct draft_list logs; /* draft_log */
};

/* What every reader of a value gets. */
struct draft_context {
	struct mem_arena *arena;
	struct problem_list *problems;
	const config_t *defaults; /* the initial column of the table, as a configuration */
};

struct keytable_key;

/*
 * Reads the value `v` of the key `k` into the group's structure at `base`, or reports what is wrong
 * with it and leaves the target alone.
 */
typedef void draft_convert(struct draft_context *c, const struct keytable_key *k,
                           const config_setting_t *v, void *base);

#endif
