/* SPDX-License-Identifier: MIT */
#include "validate.h"

#include "checkrules.h"
#include "core/logvars.h"
#include "discoverkeys.h"
#include "serverrules.h"
#include "servicerules.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_LINE_MIN = 80 }; /* HAProxy's */

/* Something of which there may be only one, and where it was written. */
struct taken {
	const char *key; /* what must not repeat */
	const config_setting_t *at;
};

struct taken_list {
	struct taken *items;
	size_t count;
};

/* What is only there once in a whole file. */
struct uniques {
	struct taken_list services, frontends, ids, places;
};

/* Where `key` was seen before, or NULL; then it is remembered. */
static const config_setting_t *take(struct draft_context *c, struct taken_list *l, const char *key,
                                    const config_setting_t *at)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i].key, key) == 0)
			return l->items[i].at;
	if (l->count % 64 == 0) {
		struct taken *more = mem_arena_zalloc(c->arena, (l->count + 64) * sizeof(*more));

		if (l->count)
			memcpy(more, l->items, l->count * sizeof(*more));
		l->items = more;
	}
	l->items[l->count++] = (struct taken){ key, at };
	return NULL;
}

/* False if the name is taken. */
static bool check_name(struct draft_context *c, struct taken_list *l, const char *name,
                       const config_setting_t *at)
{
	const config_setting_t *before = name ? take(c, l, name, at) : NULL;

	if (before)
		problem_add_key(c->problems, at, "name",
		                "the name \"%s\" is taken in line %u: choose another", name,
		                before->line);
	return !before;
}

static void check_bind(struct draft_context *c, struct taken_list *l, const struct settings_bind *b,
                       const config_setting_t *at)
{
	char text[ADDR_TEXT_MAX] = "";
	const config_setting_t *before;
	const char *key;

	if (!b->text)
		return;
	addr_format(&b->addr, text);
	if (b->kind == SETTINGS_BIND_FD)
		key = mem_arena_printf(c->arena, "fd:%d", b->fd);
	else
		key = mem_arena_printf(c->arena, "%s%s%s", text, b->interface ? "%" : "",
		                       b->interface ? b->interface : "");
	before = take(c, l, key, at);
	if (before)
		problem_add(
		    c->problems, at,
		    "\"%.60s\" is already listened on in line %u: choose another address or "
		    "port",
		    b->text, before->line);
}

/* True if the member is written as a list without elements. */
static bool is_empty_list(const config_setting_t *group, const char *name)
{
	const config_setting_t *v = config_setting_get_member(group, name);

	return v && (config_setting_is_list(v) || config_setting_is_array(v)) &&
	       config_setting_length(v) == 0;
}

/* Numbers that were given by hand; 0 is none. */
static void check_id(struct draft_context *c, struct taken_list *l, uint32_t id,
                     const config_setting_t *at)
{
	const config_setting_t *before =
	    id ? take(c, l, mem_arena_printf(c->arena, "%u", id), at) : NULL;

	if (before)
		problem_add_key(c->problems, at, "id",
		                "the number %u is taken in line %u: choose another", id,
		                before->line);
}

static void check_logs(struct draft_context *c, const struct draft_list *list)
{
	const struct draft_log *logs = list->at;

	for (size_t i = 0; i < list->count; i++)
		if (logs[i].l.len && logs[i].l.len < LOG_LINE_MIN)
			problem_add_key(c->problems, logs[i].at, "len",
			                "%u is too short for a line: write 80 to 65535, or 0",
			                logs[i].l.len);
}

/* Where it is written: what inherits it is not to blame. */
static void check_format(struct draft_context *c, const char *format, const config_setting_t *at)
{
	struct error err;

	if (format && config_setting_get_member(at, "log_format") && !logvars_check(format, &err))
		problem_add_key(c->problems, at, "log_format", "%s", err.text);
}

static void check_cluster(struct draft_context *c, const struct draft_root *root)
{
	const struct draft_cluster *cluster = &root->cluster;
	const struct draft_node *nodes = cluster->nodes.at;
	struct taken_list names = { 0 };
	struct taken_list ids = { 0 };

	if (!cluster->at)
		return;
	discoverkeys_check(c, &cluster->discover);
	if (is_empty_list(cluster->at, "nodes") && !cluster->discover.at)
		problem_add_key(c->problems, cluster->at, "nodes",
		                "there are no nodes: write { name = \"n1\"; host = "
		                "\"10.0.134.115\"; } for each");
	for (size_t i = 0; i < cluster->nodes.count; i++) {
		check_name(c, &names, nodes[i].n.name, nodes[i].at);
		check_id(c, &ids, nodes[i].s.id, nodes[i].at);
		serverrules_limits(c, &nodes[i].s, nodes[i].at);
	}
	if (cluster->server.at && !cluster->nodes.count)
		serverrules_limits(c, &cluster->server.s, cluster->server.at);
	if (cluster->server.at)
		serverrules_going_down(c, &cluster->server.s, cluster->server.at);
	checkrules_check(c, root, &cluster->check, cluster->at, "http");
}

static void check_port_name(struct draft_context *c, const struct draft_port *port,
                            const config_setting_t *group)
{
	if (port->set && port->ref != SETTINGS_PORT_NUMBER)
		problem_add_key(c->problems, group, "port",
		                "only nodes of the cluster have a port of that name; these are the "
		                "service's own servers: write a number");
}

static void check_servers(struct draft_context *c, const struct draft_root *root,
                          const struct draft_service *service)
{
	const struct draft_server *servers = service->servers.at;
	struct taken_list names = { 0 };
	struct taken_list ids = { 0 };

	if (is_empty_list(service->at, "servers"))
		problem_add_key(c->problems, service->at, "servers",
		                "there are no servers: write { name = \"s1\"; address = "
		                "\"10.0.0.21:5432\"; } for each");
	check_port_name(c, &service->port, service->at);
	checkrules_check(c, root, &service->check, service->at, "tcp");
	if (service->check.at)
		check_port_name(c, &service->check.port, service->check.at);
	for (size_t i = 0; i < service->servers.count; i++) {
		const struct draft_server *s = &servers[i];

		if (!config_setting_is_group(s->at))
			continue;
		check_name(c, &names, s->s.name, s->at);
		check_id(c, &ids, s->s.id, s->at);
		serverrules_server(c, s);
		checkrules_check(c, root, &s->check, s->at, "tcp");
		if (s->check.at && s->check.at != service->check.at &&
		    config_setting_get_member(s->check.at, "port"))
			check_port_name(c, &s->check.port, s->check.at);
		if (s->s.host && !s->s.port && strncmp(s->s.host, "unix:", 5) != 0 &&
		    !service->port.number)
			problem_add_key(
			    c->problems, s->at, "address",
			    "a port is missing: write \"%.60s:5432\", or port = 5432; in "
			    "the service",
			    s->s.host);
	}
}

static void check_binds(struct draft_context *c, const struct draft_list *list,
                        const config_setting_t *owner, struct taken_list *places)
{
	const config_setting_t *bind = config_setting_get_member(owner, "bind");
	const struct draft_bind *b = list->at;
	struct taken_list ids = { 0 };

	if (bind && !list->count)
		problem_add(c->problems, bind, "there is no address: write bind = \":26257\";");
	for (size_t i = 0; i < list->count; i++) {
		check_bind(c, places, &b[i].b, b[i].at);
		if (config_setting_is_group(b[i].at))
			check_id(c, &ids, b[i].b.id, b[i].at);
	}
}

static void check_ways_in(struct draft_context *c, const struct draft_service *service,
                          struct uniques *u)
{
	const config_setting_t *written = config_setting_get_member(service->at, "frontends");
	const struct draft_frontend *f = service->frontends.at;

	if (!written)
		return;
	if (config_setting_get_member(service->at, "bind"))
		problem_add_key(c->problems, service->at, "bind",
		                "clients come in through the frontends: leave out this or them");
	if (is_empty_list(service->at, "frontends"))
		problem_add(
		    c->problems, written,
		    "there are no frontends: write { name = \"public\"; bind = \":26257\"; } "
		    "for each");
	for (size_t i = 0; i < service->frontends.count; i++) {
		if (!config_setting_is_group(f[i].at))
			continue;
		check_name(c, &u->frontends, f[i].f.name, f[i].at);
		check_id(c, &u->ids, f[i].f.id, f[i].at);
		check_binds(c, &f[i].binds, f[i].at, &u->places);
		if (config_setting_get_member(f[i].at, "log"))
			check_logs(c, &f[i].logs);
		check_format(c, f[i].f.log_format, f[i].at);
	}
}

static void check_hash(struct draft_context *c, const config_setting_t *owner,
                       const struct draft_hash *hash)
{
	const config_setting_t *at = config_setting_get_member(owner, "hash");

	if (!at || !hash->h.balance_factor)
		return;
	if (hash->h.balance_factor <= 100)
		problem_add_key(c->problems, at, "balance_factor",
		                "%u per cent of the average leaves sessions without a server: "
		                "write more than 100, or 0",
		                hash->h.balance_factor);
	else if (hash->h.type != SETTINGS_HASH_CONSISTENT)
		problem_add_key(c->problems, at, "balance_factor",
		                "a map has no next server to go to: write type = \"consistent\";");
}

static void check_service(struct draft_context *c, const struct draft_root *root,
                          const struct draft_service *service, struct uniques *u)
{
	if (!config_setting_is_group(service->at))
		return;
	check_id(c, &u->ids, service->s.id, service->at);
	check_binds(c, &service->binds, service->at, &u->places);
	check_ways_in(c, service, u);
	check_hash(c, service->at, &service->hash);
	check_logs(c, &service->logs);
	check_format(c, service->s.log_format, service->at);
	if (config_setting_get_member(service->at, "servers")) {
		check_servers(c, root, service);
		return;
	}
	if (!config_setting_get_member(root->at, "cluster"))
		problem_add(
		    c->problems, service->at,
		    "it has no servers: write cluster = { nodes = ( ... ); }; for all services, "
		    "or servers = ( ... ); in this one");
	if (config_setting_get_member(service->at, "check"))
		problem_add_key(c->problems, service->at, "check",
		                "the nodes of the cluster are checked once for all services: write "
		                "it in cluster.check");
}

/* Whether others than this host reach it. */
static bool is_public(const struct addr *a)
{
	struct addr_net v4;
	struct addr_net v6;

	if (!a->len || a->sa.sa_family == AF_UNIX)
		return false;
	return !addr_net_parse("127.0.0.0/8", &v4, NULL) || !addr_net_parse("::1", &v6, NULL) ||
	       (!addr_net_contains(&v4, a) && !addr_net_contains(&v6, a));
}

static void check_users(struct draft_context *c, const struct draft_admin *d)
{
	const struct draft_user *users = d->users.at;
	struct taken_list names = { 0 };

	for (size_t i = 0; i < d->users.count; i++) {
		check_name(c, &names, users[i].u.name, users[i].at);
		if (users[i].u.name && strchr(users[i].u.name, ':'))
			problem_add_key(c->problems, users[i].at, "name",
			                "browsers cannot send a name with ':': choose another");
	}
	if (d->a.writable && !d->users.count && !d->tls.ca && is_public(&d->a.addr))
		problem_add_key(c->problems, d->at, "writable",
		                "anybody could change things: write users, or tls.ca, or an "
		                "address that only this host reaches");
}

/* Paths of the endpoint that would hide each other. */
static void check_paths(struct draft_context *c, const struct draft_admin *d)
{
	const char *const names[] = { "stats_uri", "metrics_path", "monitor_uri" };
	const char *const paths[] = { d->a.stats_uri, d->a.metrics_path, d->a.monitor_uri };

	for (size_t i = 1; i < ARRAY_LEN(paths); i++)
		for (size_t k = 0; k < i; k++)
			if (paths[i] && paths[k] && strcmp(paths[i], paths[k]) == 0)
				problem_add_key(c->problems, d->at, names[i],
				                "\"%.60s\" is %s already: choose another", paths[i],
				                names[k]);
}

static void check_admin(struct draft_context *c, const struct draft_admin *d,
                        const config_setting_t *root, struct taken_list *places)
{
	struct settings_bind bind = { .text = d->a.bind, .addr = d->a.addr };
	const config_setting_t *at = d->at && config_setting_is_group(d->at) ? d->at : NULL;
	const config_setting_t *written = at ? config_setting_get_member(at, "bind") : NULL;
	const struct draft_socket *sockets = d->sockets.at;

	check_bind(c, places, &bind, written ? written : at ? at : root);
	if (!at)
		return;
	check_users(c, d);
	check_paths(c, d);
	for (size_t i = 0; i < d->sockets.count; i++) {
		const struct settings_socket *s = &sockets[i].s;

		bind = (struct settings_bind){ .text = s->text, .addr = s->addr, .fd = s->fd };
		if (!s->addr.len)
			bind.kind = SETTINGS_BIND_FD;
		check_bind(c, places, &bind, sockets[i].at);
	}
}

/* The control socket of the short form, which has no other problem than being there twice. */
static void check_socket(struct draft_context *c, const struct draft_admin *d,
                         struct taken_list *places)
{
	struct settings_bind bind = { .text = d->socket };
	const config_setting_t *v = d->at && config_setting_is_group(d->at)
	                                ? config_setting_get_member(d->at, "socket")
	                                : NULL;

	if (v && d->socket && addr_from_unix(d->socket, &bind.addr, NULL))
		check_bind(c, places, &bind, v);
}

void validate_draft(struct draft_context *c, const struct draft_root *root)
{
	const struct draft_service *services = root->services.at;
	const struct draft_admin *admins = root->admins.at;
	struct uniques u = { 0 };

	check_cluster(c, root);
	check_hash(c, root->at, &root->shared.hash);
	check_logs(c, &root->logs);
	check_format(c, root->shared.s.log_format, root->at);
	if (is_empty_list(root->at, "services"))
		problem_add_key(
		    c->problems, root->at, "services",
		    "there are no services: write { name = \"psql\"; bind = \":26257\"; "
		    "port = \"sql\"; }");
	for (size_t i = 0; i < root->services.count; i++) {
		/* A service that listens itself is a frontend of its name. */
		if (check_name(c, &u.services, services[i].s.name, services[i].at) &&
		    !services[i].frontends.set)
			check_name(c, &u.frontends, services[i].s.name, services[i].at);
		check_service(c, root, &services[i], &u);
	}
	servicerules_check(c, root);
	serverrules_tracks(c, root);
	serverrules_warm(c, root);
	for (size_t i = 0; i < root->admins.count; i++) {
		check_socket(c, &admins[i], &u.places);
		check_admin(c, &admins[i], root->at, &u.places);
	}
}
