/* SPDX-License-Identifier: MIT */
#include "assemble.h"

#include "base/log.h"
#include "core/logvars.h"
#include "servicerules.h"
#include "targets.h"

#include <string.h>

struct assembly {
	const struct draft_context *c;
	const struct draft_root *root;
	struct settings *settings;
	struct targets targets;
	const size_t *node_agents; /* settings_server.agent of each node */
};

static int line_of(const struct assembly *a, const config_setting_t *at)
{
	return targets_line(a->c, at);
}

static void *make(const struct assembly *a, size_t count, size_t size)
{
	return mem_arena_zalloc(a->c->arena, count * size);
}

/* --- servers ------------------------------------------------------------------------------- */

static void add_node_targets(struct assembly *a)
{
	const struct draft_cluster *cluster = &a->root->cluster;
	const struct draft_node *nodes = cluster->nodes.at;
	size_t *agents = make(a, cluster->nodes.count, sizeof(*agents));

	for (size_t i = 0; i < cluster->nodes.count; i++)
		targets_add_node(&a->targets, cluster, &nodes[i]);
	for (size_t i = 0; i < cluster->nodes.count; i++)
		agents[i] = targets_add_agent(&a->targets, &cluster->server.agent, nodes[i].n.name,
		                              nodes[i].n.host);
	a->node_agents = agents;
}

static void set_found_check(const struct assembly *a)
{
	struct settings_check *check = make(a, 1, sizeof(*check));

	*check = targets_check_of_nodes(&a->targets, &a->root->cluster);
	a->settings->found_check = check;
}

/* Checks and agents are asked from where clients' connections come from. */
static void set_source(const struct assembly *a, const struct settings_server *s)
{
	a->targets.at[s->node].source = s->source;
	if (s->agent)
		a->targets.at[s->agent - 1].source = s->source;
}

/* The servers that stand for nodes; their targets are the first ones, in the same order. */
static void add_node_servers(struct assembly *a, const struct draft_service *d,
                             struct settings_service *service)
{
	const struct draft_cluster *cluster = &a->root->cluster;
	const struct draft_node *nodes = cluster->nodes.at;
	struct settings_server *servers = make(a, cluster->nodes.count, sizeof(*servers));
	enum settings_port_ref ref = d->port.set ? d->port.ref : SETTINGS_PORT_SQL;

	for (size_t i = 0; i < cluster->nodes.count; i++) {
		const struct settings_node *n = &nodes[i].n;
		struct settings_server *s = &servers[i];

		*s = nodes[i].s;
		s->name = n->name;
		s->host = n->host;
		s->port = targets_port(ref, d->port.number, n->sql_port, n);
		s->locality = n->locality;
		s->backup = n->backup;
		s->disabled = n->disabled;
		s->leaving = n->leaving;
		s->source = cluster->server.source.s;
		s->node = i;
		s->agent = a->node_agents[i];
		set_source(a, s);
		s->line = line_of(a, nodes[i].at);
	}
	service->servers = servers;
	service->server_count = cluster->nodes.count;
}

static const char *full_track(const struct assembly *a, const struct draft_service *d,
                              const char *track)
{
	if (!track || strchr(track, '/'))
		return track;
	return mem_arena_printf(a->c->arena, "%s/%s", d->s.name, track);
}

static void add_own_servers(struct assembly *a, const struct draft_service *d,
                            struct settings_service *service)
{
	const struct draft_server *from = d->servers.at;
	struct settings_server *servers = make(a, d->servers.count, sizeof(*servers));

	for (size_t i = 0; i < d->servers.count; i++) {
		struct settings_server *s = &servers[i];
		const char *name;

		*s = from[i].s;
		s->line = line_of(a, from[i].at);
		if (!s->port && strncmp(s->host, "unix:", 5) != 0)
			s->port = d->port.number;
		s->source = from[i].source.s;
		s->track = full_track(a, d, s->track);
		name = mem_arena_printf(a->c->arena, "%s/%s", d->s.name, s->name);
		s->node = targets_add_server(&a->targets, s, name, &from[i].check);
		s->agent = targets_add_agent(&a->targets, &from[i].agent, name, s->host);
		set_source(a, s);
	}
	service->servers = servers;
	service->server_count = d->servers.count;
}

/* --- services ------------------------------------------------------------------------------ */

static const struct settings_bind *make_binds(const struct assembly *a, const struct draft_list *l)
{
	const struct draft_bind *from = l->at;
	struct settings_bind *binds = make(a, l->count, sizeof(*binds));

	for (size_t i = 0; i < l->count; i++) {
		binds[i] = from[i].b;
		binds[i].line = line_of(a, from[i].at);
	}
	return binds;
}

static const struct settings_log *make_logs(const struct assembly *a, const struct draft_list *l)
{
	const struct draft_log *from = l->at;
	struct settings_log *logs = make(a, l->count, sizeof(*logs));

	for (size_t i = 0; i < l->count; i++) {
		struct settings_log *log = &logs[i];
		bool haproxy;

		*log = from[i].l;
		log->line = line_of(a, from[i].at);
		haproxy = log->format == SETTINGS_LOG_HAPROXY;
		if (!log->tag)
			log->tag = haproxy ? "haproxy" : "sluice";
		if (!config_setting_get_member(from[i].at, "sessions"))
			log->sessions = haproxy && log->level >= LOG_LEVEL_INFO;
	}
	return logs;
}

static void make_frontend(const struct assembly *a, const struct draft_frontend *d,
                          const struct settings_service *service, struct settings_frontend *ret)
{
	*ret = d->f;
	ret->binds = make_binds(a, &d->binds);
	ret->bind_count = d->binds.count;
	ret->client_ms = d->timeout.t.client_ms;
	ret->client_fin_ms = d->timeout.t.client_fin_ms;
	ret->keepalive = d->keepalive.k;
	ret->keepalive.server = service->keepalive.server;
	ret->allow = d->allow.at;
	ret->allow_count = d->allow.count;
	ret->deny = d->deny.at;
	ret->deny_count = d->deny.count;
	ret->conn_rate_limit = d->conn_rate_limit.r;
	if (ret->log_format)
		ret->session_log = SETTINGS_SESSION_FORMAT;
	ret->log_addresses = logvars_shows_addresses(ret->log_format);
	ret->own_logs = d->logs.set;
	ret->logs = make_logs(a, &d->logs);
	ret->log_count = d->logs.count;
	ret->line = line_of(a, d->at);
}

static void add_frontends(const struct assembly *a, const struct draft_service *d,
                          struct settings_service *service)
{
	const struct draft_frontend *from = d->frontends.at;
	struct settings_frontend *frontends = make(a, d->frontends.count, sizeof(*frontends));

	for (size_t i = 0; i < d->frontends.count; i++)
		make_frontend(a, &from[i], service, &frontends[i]);
	service->frontends = frontends;
	service->frontend_count = d->frontends.count;
}

static void add_service(struct assembly *a, const struct draft_service *d,
                        struct settings_service *s)
{
	*s = d->s;
	servicerules_settle(s);
	s->timeout = d->timeout.t;
	s->keepalive = d->keepalive.k;
	s->hash = d->hash.h;
	s->conn_rate_limit = d->conn_rate_limit.r;
	s->allow = d->allow.at;
	s->allow_count = d->allow.count;
	s->deny = d->deny.at;
	s->deny_count = d->deny.count;
	if (s->log_format)
		s->session_log = SETTINGS_SESSION_FORMAT;
	s->own_logs = d->logs.set;
	s->logs = make_logs(a, &d->logs);
	s->log_count = d->logs.count;
	s->line = line_of(a, d->at);
	s->binds = make_binds(a, &d->binds);
	s->bind_count = d->binds.count;
	s->here = a->root->s.locality;
	add_frontends(a, d, s);
	if (d->servers.count)
		add_own_servers(a, d, s);
	else
		add_node_servers(a, d, s);
}

static void add_services(struct assembly *a)
{
	const struct draft_list *list = &a->root->services;
	const struct draft_service *from = list->at;
	struct settings_service *services = make(a, list->count, sizeof(*services));

	for (size_t i = 0; i < list->count; i++)
		add_service(a, &from[i], &services[i]);
	a->settings->services = services;
	a->settings->service_count = list->count;
}

/* --- admin --------------------------------------------------------------------------------- */

static void add_admin(const struct assembly *a, const struct draft_admin *d,
                      struct settings_admin *ret)
{
	const struct draft_user *from = d->users.at;
	struct settings_user *users = make(a, d->users.count, sizeof(*users));

	for (size_t i = 0; i < d->users.count; i++)
		users[i] = from[i].u;
	*ret = d->a;
	ret->users = users;
	ret->user_count = d->users.count;
	ret->cert = d->tls.cert;
	ret->key = d->tls.key;
	ret->ca = d->tls.ca;
	ret->line = line_of(a, d->at);
}

static void add_sockets(const struct assembly *a, const struct draft_admin *d,
                        struct settings_socket *sockets)
{
	const struct draft_socket *from = d->sockets.at;
	struct settings_socket *s = &sockets[a->settings->socket_count];

	if (d->socket) {
		*s = (struct settings_socket){ .text = d->socket,
			                       .level = SETTINGS_LEVEL_ADMIN,
			                       .line = line_of(a, d->at) };
		if (addr_from_unix(d->socket, &s->addr, NULL))
			s++;
	}
	for (size_t i = 0; i < d->sockets.count; i++, s++) {
		*s = from[i].s;
		s->line = line_of(a, from[i].at);
	}
	a->settings->socket_count = (size_t)(s - sockets);
}

static void add_admins(const struct assembly *a)
{
	const struct draft_list *list = &a->root->admins;
	const struct draft_admin *from = list->at;
	struct settings_admin *admins = make(a, list->count, sizeof(*admins));
	struct settings_socket *sockets;
	size_t room = list->count;

	for (size_t i = 0; i < list->count; i++)
		room += from[i].sockets.count;
	sockets = make(a, room, sizeof(*sockets));
	for (size_t i = 0; i < list->count; i++) {
		if (from[i].a.bind)
			add_admin(a, &from[i], &admins[a->settings->admin_count++]);
		add_sockets(a, &from[i], sockets);
	}
	a->settings->admins = admins;
	a->settings->sockets = sockets;
}

/* --- all of it ----------------------------------------------------------------------------- */

/* At most so many targets; a cluster that no service uses is left out. */
static size_t count_targets(const struct draft_root *root, bool *ret_nodes)
{
	const struct draft_service *services = root->services.at;
	size_t n = 0;

	*ret_nodes = false;
	for (size_t i = 0; i < root->services.count; i++) {
		n += services[i].servers.count;
		*ret_nodes = *ret_nodes || !services[i].servers.count;
	}
	return 2 * (n + (*ret_nodes ? root->cluster.nodes.count : 0));
}

void assemble_settings(const struct draft_context *c, struct draft_root *root, struct settings *ret)
{
	struct assembly a = { .c = c, .root = root, .settings = &root->s, .targets = { .c = c } };
	bool nodes;
	size_t n = count_targets(root, &nodes);

	a.targets.at = mem_arena_zalloc(c->arena, n * sizeof(*a.targets.at));
	if (nodes)
		add_node_targets(&a);
	if (nodes && root->s.discover)
		set_found_check(&a);
	add_services(&a);
	root->s.logs = make_logs(&a, &root->logs);
	root->s.log_count = root->logs.count;
	root->s.targets = a.targets.at;
	root->s.target_count = a.targets.count;
	root->s.resolver = root->resolver.r;
	add_admins(&a);
	*ret = root->s;
	root->s.arena = (struct mem_arena){ 0 };
}
