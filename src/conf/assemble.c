/* SPDX-License-Identifier: MIT */
#include "assemble.h"

#include "base/log.h"

#include <string.h>

struct assembly {
	const struct draft_context *c;
	const struct draft_root *root;
	struct settings *settings;
	struct settings_target *targets;
	size_t target_count;
};

/* Defaults are parsed from a text of their own, whose lines mean nothing. */
static int line_of(const struct draft_context *c, const config_setting_t *at)
{
	return at && at->config != c->defaults ? (int)at->line : 0;
}

static uint16_t pick_port(enum settings_port_ref ref, uint16_t number, uint16_t traffic,
                          const struct settings_node *node)
{
	switch (ref) {
	case SETTINGS_PORT_SERVER:
		return traffic;
	case SETTINGS_PORT_SQL:
		return node ? node->sql_port : traffic;
	case SETTINGS_PORT_HTTP:
		return node ? node->http_port : traffic;
	case SETTINGS_PORT_NUMBER:
		return number;
	}
	return traffic;
}

static struct settings_check make_check(const struct assembly *a, const struct draft_check *d,
                                        const char *type, bool of_node)
{
	struct settings_check check = d->c;
	bool http;

	while (strcmp(settings_check_name(check.type), type) != 0)
		check.type++;
	http = check.type == SETTINGS_CHECK_HTTP || check.type == SETTINGS_CHECK_HTTPS;
	if (!http) {
		check.method = check.path = check.version = check.host = NULL;
		check.headers = (struct settings_strings){ 0 };
		check.expect_status = check.drain_status = (struct settings_ranges){ 0 };
		check.expect_string = NULL;
	}
	if (check.type != SETTINGS_CHECK_PGSQL)
		check.user = NULL;
	check.port = d->port.ref;
	check.port_number = d->port.number;
	if (!d->port.set && of_node)
		check.port = http ? SETTINGS_PORT_HTTP : SETTINGS_PORT_SQL;
	check.line = line_of(a->c, d->at);
	return check;
}

static size_t add_target(struct assembly *a, const struct settings_target *t)
{
	a->targets[a->target_count] = *t;
	return a->target_count++;
}

static void add_node_targets(struct assembly *a)
{
	const struct draft_cluster *cluster = &a->root->cluster;
	const struct draft_node *nodes = cluster->nodes.at;
	const char *type = cluster->check.type ? cluster->check.type : "http";

	for (size_t i = 0; i < cluster->nodes.count; i++) {
		const struct settings_node *n = &nodes[i].n;
		struct settings_target t = { .name = n->name,
			                     .host = n->host,
			                     .check = make_check(a, &cluster->check, type, true),
			                     .line = line_of(a->c, nodes[i].at) };

		t.check_port = pick_port(t.check.port, t.check.port_number, n->sql_port, n);
		add_target(a, &t);
	}
}

/* The servers that stand for nodes; their targets are the first ones, in the same order. */
static void add_node_servers(struct assembly *a, const struct draft_service *d,
                             struct settings_service *service)
{
	const struct draft_cluster *cluster = &a->root->cluster;
	const struct draft_node *nodes = cluster->nodes.at;
	struct settings_server *servers =
	    mem_arena_zalloc(a->c->arena, cluster->nodes.count * sizeof(*servers));
	enum settings_port_ref ref = d->port.set ? d->port.ref : SETTINGS_PORT_SQL;

	for (size_t i = 0; i < cluster->nodes.count; i++) {
		const struct settings_node *n = &nodes[i].n;

		servers[i] = (struct settings_server){
			.name = n->name,
			.host = n->host,
			.port = pick_port(ref, d->port.number, n->sql_port, n),
			.locality = n->locality,
			.weight = n->weight < 0 ? cluster->server.weight : (uint16_t)n->weight,
			.backup = n->backup,
			.disabled = n->disabled,
			.maxconn = cluster->server.maxconn,
			.node = i,
			.line = line_of(a->c, nodes[i].at),
		};
	}
	service->servers = servers;
	service->server_count = cluster->nodes.count;
}

static void add_own_servers(struct assembly *a, const struct draft_service *d,
                            struct settings_service *service)
{
	const struct draft_server *from = d->servers.at;
	struct settings_server *servers =
	    mem_arena_zalloc(a->c->arena, d->servers.count * sizeof(*servers));

	for (size_t i = 0; i < d->servers.count; i++) {
		const struct draft_check *check = &from[i].check;
		const char *type = check->type ? check->type : check->at ? "tcp" : "none";
		struct settings_target t = { .check = make_check(a, check, type, false) };

		servers[i] = from[i].s;
		servers[i].line = line_of(a->c, from[i].at);
		if (!servers[i].port && strncmp(servers[i].host, "unix:", 5) != 0)
			servers[i].port = d->port.number;
		t.name = mem_arena_printf(a->c->arena, "%s/%s", d->s.name, from[i].s.name);
		t.host = servers[i].host;
		t.check_port = pick_port(t.check.port, t.check.port_number, servers[i].port, NULL);
		t.line = servers[i].line;
		servers[i].node = add_target(a, &t);
	}
	service->servers = servers;
	service->server_count = d->servers.count;
}

static void add_binds(struct assembly *a, const struct draft_service *d,
                      struct settings_service *service)
{
	const struct draft_bind *from = d->binds.at;
	struct settings_bind *binds =
	    mem_arena_zalloc(a->c->arena, d->binds.count * sizeof(*binds));

	for (size_t i = 0; i < d->binds.count; i++) {
		binds[i] = from[i].b;
		binds[i].line = line_of(a->c, from[i].at);
	}
	service->binds = binds;
	service->bind_count = d->binds.count;
}

static void add_services(struct assembly *a)
{
	const struct draft_list *list = &a->root->services;
	const struct draft_service *from = list->at;
	struct settings_service *services =
	    mem_arena_zalloc(a->c->arena, list->count * sizeof(*services));

	for (size_t i = 0; i < list->count; i++) {
		const struct draft_service *d = &from[i];
		struct settings_service *s = &services[i];

		*s = d->s;
		s->timeout = d->timeout.t;
		s->keepalive = d->keepalive.k;
		s->allow = d->allow.at;
		s->allow_count = d->allow.count;
		s->deny = d->deny.at;
		s->deny_count = d->deny.count;
		s->line = line_of(a->c, d->at);
		add_binds(a, d, s);
		if (d->servers.count)
			add_own_servers(a, d, s);
		else
			add_node_servers(a, d, s);
	}
	a->settings->services = services;
	a->settings->service_count = list->count;
}

static void add_logs(struct assembly *a)
{
	const struct draft_list *list = &a->root->logs;
	const struct draft_log *from = list->at;
	struct settings_log *logs = mem_arena_zalloc(a->c->arena, list->count * sizeof(*logs));

	for (size_t i = 0; i < list->count; i++) {
		struct settings_log *l = &logs[i];
		bool haproxy;

		*l = from[i].l;
		l->line = line_of(a->c, from[i].at);
		haproxy = l->format == SETTINGS_LOG_HAPROXY;
		if (!l->tag)
			l->tag = haproxy ? "haproxy" : "sluice";
		if (!config_setting_get_member(from[i].at, "sessions"))
			l->sessions = haproxy && l->level >= LOG_LEVEL_INFO;
	}
	a->settings->logs = logs;
	a->settings->log_count = list->count;
}

/* Whether nodes are checked at all: a cluster that no service uses is left out. */
static size_t count_targets(const struct draft_root *root, bool *ret_nodes)
{
	const struct draft_service *services = root->services.at;
	size_t n = 0;

	*ret_nodes = false;
	for (size_t i = 0; i < root->services.count; i++) {
		n += services[i].servers.count;
		*ret_nodes = *ret_nodes || !services[i].servers.count;
	}
	return n + (*ret_nodes ? root->cluster.nodes.count : 0);
}

void assemble_settings(const struct draft_context *c, struct draft_root *root, struct settings *ret)
{
	struct assembly a = { .c = c, .root = root, .settings = &root->s };
	bool nodes;
	size_t n = count_targets(root, &nodes);

	a.targets = mem_arena_zalloc(c->arena, n * sizeof(*a.targets));
	if (nodes)
		add_node_targets(&a);
	add_services(&a);
	add_logs(&a);
	root->s.targets = a.targets;
	root->s.target_count = a.target_count;
	root->s.resolver = root->resolver.r;
	root->s.admin_bind = root->admin.bind;
	root->s.admin_addr = root->admin.addr;
	root->s.admin_socket = root->admin.socket;
	root->s.admin_line = line_of(c, root->admin.at);
	*ret = root->s;
	root->s.arena = (struct mem_arena){ 0 };
}
