/* SPDX-License-Identifier: MIT */
#include "validate.h"

#include "keytable.h"

#include <stdlib.h>
#include <string.h>

/* Something of which there may be only one, and where it was written. */
struct taken {
	const char *key; /* what must not repeat */
	const config_setting_t *at;
};

struct taken_list {
	struct taken *items;
	size_t count;
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

static void check_name(struct draft_context *c, struct taken_list *l, const char *name,
                       const config_setting_t *at)
{
	const config_setting_t *before = name ? take(c, l, name, at) : NULL;

	if (before)
		problem_add_key(c->problems, at, "name",
		                "the name \"%s\" is taken in line %u: choose another", name,
		                before->line);
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

/* In which types of check a key means something; 0: in all. */
static bool applies(const struct keytable_key *k, enum settings_check_type type)
{
	bool tls = type == SETTINGS_CHECK_HTTPS;
	bool http = tls || type == SETTINGS_CHECK_HTTP;

	if (k->flags & KEYTABLE_HTTP)
		return http;
	if (k->flags & KEYTABLE_TLS)
		return tls;
	if (k->flags & KEYTABLE_PGSQL)
		return type == SETTINGS_CHECK_PGSQL;
	return true;
}

static const char *types_of(const struct keytable_key *k)
{
	if (k->flags & KEYTABLE_HTTP)
		return "type = \"http\" or \"https\"";
	return k->flags & KEYTABLE_TLS ? "type = \"https\"" : "type = \"pgsql\"";
}

/* `owner` is the group that the check is written in. */
static void check_check(struct draft_context *c, const struct draft_check *check,
                        const config_setting_t *owner, const char *without_type)
{
	const config_setting_t *at = owner ? config_setting_get_member(owner, "check") : NULL;
	enum settings_check_type type = SETTINGS_CHECK_NONE;
	const char *name = check->type ? check->type : without_type;
	const char *written;

	if (!at || !config_setting_is_group(at))
		return;
	if (config_setting_lookup_string(at, "type", &written) &&
	    (!check->type || strcmp(check->type, written) != 0))
		return; /* not a type: that is the problem */
	while (strcmp(settings_check_name(type), name) != 0)
		type++;
	for (int i = 0; i < config_setting_length(at); i++) {
		const config_setting_t *v = config_setting_get_elem(at, (unsigned int)i);
		const struct keytable_key *k = keytable_find("check", v->name);

		if (k && !applies(k, type))
			problem_add(
			    c->problems, v,
			    "this is only for checks with %s, and this check's type is \"%s\"",
			    types_of(k), name);
	}
	if (config_setting_get_member(at, "key") && !check->c.cert && check->c.key)
		problem_add_key(c->problems, at, "key",
		                "a key without a certificate: write cert, too");
}

static void check_cluster(struct draft_context *c, const struct draft_cluster *cluster)
{
	const struct draft_node *nodes = cluster->nodes.at;
	struct taken_list names = { 0 };

	if (!cluster->at)
		return;
	if (is_empty_list(cluster->at, "nodes"))
		problem_add_key(c->problems, cluster->at, "nodes",
		                "there are no nodes: write { name = \"n1\"; host = "
		                "\"10.0.134.115\"; } for each");
	for (size_t i = 0; i < cluster->nodes.count; i++)
		check_name(c, &names, nodes[i].n.name, nodes[i].at);
	check_check(c, &cluster->check, cluster->at, "http");
}

static void check_port_name(struct draft_context *c, const struct draft_port *port,
                            const config_setting_t *group)
{
	if (port->set && port->ref != SETTINGS_PORT_NUMBER)
		problem_add_key(c->problems, group, "port",
		                "only nodes of the cluster have a port of that name; these are the "
		                "service's own servers: write a number");
}

static void check_servers(struct draft_context *c, const struct draft_service *service)
{
	const struct draft_server *servers = service->servers.at;
	struct taken_list names = { 0 };

	if (is_empty_list(service->at, "servers"))
		problem_add_key(c->problems, service->at, "servers",
		                "there are no servers: write { name = \"s1\"; address = "
		                "\"10.0.0.21:5432\"; } for each");
	check_port_name(c, &service->port, service->at);
	check_check(c, &service->check, service->at, "tcp");
	if (service->check.at)
		check_port_name(c, &service->check.port, service->check.at);
	for (size_t i = 0; i < service->servers.count; i++) {
		const struct draft_server *s = &servers[i];

		check_name(c, &names, s->s.name, s->at);
		check_check(c, &s->check, s->at, "tcp");
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

static void check_service(struct draft_context *c, const struct draft_root *root,
                          const struct draft_service *service, struct taken_list *binds)
{
	const struct draft_bind *b = service->binds.at;
	const config_setting_t *bind;

	if (!config_setting_is_group(service->at))
		return;
	bind = config_setting_get_member(service->at, "bind");
	if (bind && !service->binds.count)
		problem_add(c->problems, bind, "there is no address: write bind = \":26257\";");
	for (size_t i = 0; i < service->binds.count; i++)
		check_bind(c, binds, &b[i].b, b[i].at);
	if (config_setting_get_member(service->at, "servers")) {
		check_servers(c, service);
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

void validate_draft(struct draft_context *c, const struct draft_root *root)
{
	const struct draft_service *services = root->services.at;
	struct taken_list names = { 0 };
	struct taken_list binds = { 0 };
	struct settings_bind admin = { .text = root->admin.bind, .addr = root->admin.addr };

	check_cluster(c, &root->cluster);
	if (is_empty_list(root->at, "services"))
		problem_add_key(
		    c->problems, root->at, "services",
		    "there are no services: write { name = \"psql\"; bind = \":26257\"; "
		    "port = \"sql\"; }");
	for (size_t i = 0; i < root->services.count; i++) {
		check_name(c, &names, services[i].s.name, services[i].at);
		check_service(c, root, &services[i], &binds);
	}
	if (root->admin.at && config_setting_get_member(root->admin.at, "bind"))
		check_bind(c, &binds, &admin, config_setting_get_member(root->admin.at, "bind"));
	else
		check_bind(c, &binds, &admin, root->at);
}
