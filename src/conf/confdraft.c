/* SPDX-License-Identifier: MIT */
#include "confdraft.h"

#include "base/text.h"
#include "confcluster.h"
#include "confsteps.h"

#include <string.h>

static const config_setting_t written; /* the place of what came from no file */

struct drafting {
	const struct settings *s;
	struct mem_arena *arena;
	bool cluster; /* services that share targets use the nodes of a cluster */
};

static void *make_list(const struct drafting *d, struct draft_list *list, size_t count, size_t size)
{
	list->count = count;
	list->at = count ? mem_arena_zalloc(d->arena, count * size) : NULL;
	return list->at;
}

struct draft_check confdraft_check(const struct settings_target *t, struct mem_arena *arena)
{
	const struct settings_check *c = &t->check;
	struct draft_check check = { .c = *c, .type = settings_check_name(c->type) };

	check.port = (struct draft_port){ .set = c->port != SETTINGS_PORT_SERVER,
		                          .ref = c->port,
		                          .number = c->port_number };
	if (!c->send_proxy)
		check.c.proxy_version = SETTINGS_PROXY_NONE;
	else if (c->proxy_version == SETTINGS_PROXY_NONE)
		check.c.proxy_version = SETTINGS_PROXY_V1;
	confsteps_make(&c->steps, &written, arena, &check.steps);
	return check;
}

/* A service's own servers know no ports by name. */
static struct draft_check make_own_check(const struct drafting *d, const struct settings_target *t)
{
	struct draft_check check = confdraft_check(t, d->arena);

	if (check.port.ref == SETTINGS_PORT_SQL || check.port.ref == SETTINGS_PORT_HTTP) {
		check.port.ref = SETTINGS_PORT_NUMBER;
		check.port.number = t->check_port;
	}
	return check;
}

static struct draft_agent make_agent(const struct drafting *d, const struct settings_server *s)
{
	struct draft_agent agent = { 0 };

	if (s->agent) {
		agent.at = &written;
		agent.c = d->s->targets[s->agent - 1].check;
		agent.c.port_number = d->s->targets[s->agent - 1].check_port;
	}
	return agent;
}

static bool uses_cluster(const struct drafting *d, const struct settings_service *service)
{
	return d->cluster && confcluster_has_nodes(d->s, service);
}

static struct draft_list make_binds(const struct drafting *d, const struct settings_bind *from,
                                    size_t count)
{
	struct draft_list list = { 0 };
	struct draft_bind *binds = make_list(d, &list, count, sizeof(*binds));

	for (size_t i = 0; i < count; i++)
		binds[i].b = from[i];
	return list;
}

static struct draft_list make_logs(const struct drafting *d, const struct settings_log *from,
                                   size_t count)
{
	struct draft_list list = { .set = true };
	struct draft_log *logs = make_list(d, &list, count, sizeof(*logs));

	for (size_t i = 0; i < count; i++) {
		bool haproxy = from[i].format == SETTINGS_LOG_HAPROXY;

		logs[i].l = from[i];
		if (from[i].tag && strcmp(from[i].tag, haproxy ? "haproxy" : "sluice") == 0)
			logs[i].l.tag = NULL; /* what it is anyway */
		if (from[i].framing == SETTINGS_LOG_CONSOLE)
			logs[i].l.framing = SETTINGS_LOG_USUAL; /* only HAProxy's terminal has it */
	}
	return list;
}

static void add_servers(const struct drafting *d, const struct settings_service *from,
                        struct draft_service *ret)
{
	struct draft_server *servers =
	    make_list(d, &ret->servers, from->server_count, sizeof(*servers));

	for (size_t i = 0; i < from->server_count; i++) {
		const struct settings_server *s = &from->servers[i];

		servers[i].s = *s;
		servers[i].check = make_own_check(d, &d->s->targets[s->node]);
		servers[i].source.s = s->source;
		servers[i].agent = make_agent(d, s);
	}
}

static bool same_port(const struct draft_check *a, const struct draft_check *b)
{
	return a->port.set == b->port.set && a->port.ref == b->port.ref &&
	       a->port.number == b->port.number;
}

/*
 * What the checks of a service's servers have in common: the first one's, without the places that
 * are not the same for all.  Not set (type NULL) if no server is checked.
 */
static void set_common_check(struct draft_service *d)
{
	const struct draft_server *servers = d->servers.at;
	struct draft_check *common = &d->check;
	size_t checked = 0;

	for (size_t i = 0; i < d->servers.count; i++) {
		const struct draft_check *c = &servers[i].check;

		if (c->c.type == SETTINGS_CHECK_NONE)
			continue;
		if (!checked++)
			*common = *c;
		if (!same_port(common, c))
			common->port.set = false;
		if (!text_same(common->c.address, c->c.address))
			common->c.address = NULL;
	}
	if (!checked)
		*common = (struct draft_check){ 0 };
}

static bool ports_are(const struct settings_service *service, const struct draft_node *nodes,
                      enum settings_port_ref ref)
{
	for (size_t i = 0; i < service->server_count; i++) {
		uint16_t port =
		    ref == SETTINGS_PORT_SQL ? nodes[i].n.sql_port : nodes[i].n.http_port;

		if (service->servers[i].port != port)
			return false;
	}
	return true;
}

/* What all nodes have is said once for them. */
static uint32_t common_number(const struct settings_service *from, size_t offset)
{
	uint32_t first = 0;
	uint32_t n;

	for (size_t i = 0; i < from->server_count; i++) {
		memcpy(&n, (const char *)&from->servers[i] + offset, sizeof(n));
		if (i && n != first)
			return 0;
		first = n;
	}
	return first;
}

static void add_common_server(const struct drafting *d, const struct settings_service *from,
                              struct draft_node_server *ret)
{
	ret->s = from->servers[0];
	ret->s.id = 0;
	ret->s.weight = 1;
	ret->s.maxconn = common_number(from, offsetof(struct settings_server, maxconn));
	ret->s.minconn = common_number(from, offsetof(struct settings_server, minconn));
	ret->s.maxqueue = common_number(from, offsetof(struct settings_server, maxqueue));
	ret->s.slowstart_ms = common_number(from, offsetof(struct settings_server, slowstart_ms));
	ret->s.max_connecting =
	    common_number(from, offsetof(struct settings_server, max_connecting));
	ret->s.warm = common_number(from, offsetof(struct settings_server, warm));
	ret->source.s = from->servers[0].source;
	ret->agent = make_agent(d, &from->servers[0]);
}

/* The nodes, from the first service that uses them; their ports come later. */
static struct draft_node *add_nodes(const struct drafting *d, const struct settings_service *from,
                                    struct draft_cluster *cluster)
{
	struct draft_node *nodes =
	    make_list(d, &cluster->nodes, from->server_count, sizeof(*nodes));

	for (size_t i = 0; i < from->server_count; i++) {
		const struct settings_server *s = &from->servers[i];

		nodes[i].n = (struct settings_node){ .name = s->name,
			                             .host = s->host,
			                             .locality = s->locality,
			                             .backup = s->backup,
			                             .disabled = s->disabled };
		nodes[i].s = *s;
	}
	add_common_server(d, from, &cluster->server);
	return nodes;
}

/* Which of a node's two ports a service means, giving the nodes that port if it is still free. */
static void choose_port(const struct settings_service *service, struct draft_node *nodes,
                        struct draft_port *ret)
{
	static const enum settings_port_ref refs[] = { SETTINGS_PORT_HTTP, SETTINGS_PORT_SQL,
		                                       SETTINGS_PORT_HTTP };

	*ret = (struct draft_port){ .set = true };
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		ret->ref = refs[i];
		if (ports_are(service, nodes, ret->ref))
			return;
		for (size_t n = 0; i && n < service->server_count; n++) {
			uint16_t *port = ret->ref == SETTINGS_PORT_SQL ? &nodes[n].n.sql_port
			                                               : &nodes[n].n.http_port;

			if (!*port)
				*port = service->servers[n].port;
		}
		if (ports_are(service, nodes, ret->ref))
			return;
	}
	ret->ref = SETTINGS_PORT_NUMBER;
	ret->number = service->servers[0].port;
}

/* Of the two ports the one that checks go to is known. */
static void take_check_ports(const struct drafting *d, const struct settings_service *from,
                             const struct draft_check *check, struct draft_node *nodes)
{
	for (size_t i = 0; i < from->server_count; i++) {
		uint16_t port = d->s->targets[from->servers[i].node].check_port;

		if (check->port.ref == SETTINGS_PORT_HTTP)
			nodes[i].n.http_port = port;
		else if (check->port.ref == SETTINGS_PORT_SQL)
			nodes[i].n.sql_port = port;
	}
}

static void add_discover(const struct drafting *d, struct draft_discover *ret)
{
	const struct settings_discover *from = d->s->discover;
	struct draft_mapping *map;

	if (!from)
		return;
	ret->at = &written;
	ret->d = *from;
	map = make_list(d, &ret->map, from->map_count, sizeof(*map));
	for (size_t i = 0; i < from->map_count; i++)
		map[i].m = from->map[i];
}

static void add_cluster(const struct drafting *d, struct draft_root *ret)
{
	struct draft_service *services = ret->services.at;
	struct draft_node *nodes = NULL;

	for (size_t i = 0; i < d->s->service_count; i++) {
		const struct settings_service *from = &d->s->services[i];

		if (!uses_cluster(d, from))
			continue;
		if (!nodes) {
			nodes = add_nodes(d, from, &ret->cluster);
			ret->cluster.check =
			    confdraft_check(&d->s->targets[from->servers[0].node], d->arena);
			take_check_ports(d, from, &ret->cluster.check, nodes);
		}
		choose_port(from, nodes, &services[i].port);
	}
	for (size_t n = 0; nodes && n < ret->cluster.nodes.count; n++) {
		nodes[n].n.sql_port = nodes[n].n.sql_port ? nodes[n].n.sql_port : 26257;
		nodes[n].n.http_port = nodes[n].n.http_port ? nodes[n].n.http_port : 8080;
	}
}

/* Limits of nothing have the defaults, whatever else they say. */
static struct settings_rate_limit make_rate_limit(const struct settings_rate_limit *r)
{
	return r->count ? *r : settings_service_default().conn_rate_limit;
}

static void add_frontends(const struct drafting *d, const struct settings_service *from,
                          struct draft_service *ret)
{
	struct draft_frontend *frontends =
	    make_list(d, &ret->frontends, from->frontend_count, sizeof(*frontends));

	for (size_t i = 0; i < from->frontend_count; i++) {
		const struct settings_frontend *f = &from->frontends[i];
		struct draft_frontend *to = &frontends[i];

		to->f = *f;
		if (f->session_log == SETTINGS_SESSION_FORMAT)
			to->f.session_log = ret->s.session_log;
		else
			to->f.log_format = NULL;
		to->binds = make_binds(d, f->binds, f->bind_count);
		to->timeout.t.client_ms = f->client_ms;
		to->timeout.t.client_fin_ms = f->client_fin_ms;
		to->keepalive.k = f->keepalive;
		to->allow = (struct draft_nets){ f->allow, f->allow_count };
		to->deny = (struct draft_nets){ f->deny, f->deny_count };
		to->conn_rate_limit.r = f->conn_rate_limit;
		if (!f->conn_rate_limit.count) {
			to->conn_rate_limit = ret->conn_rate_limit;
			to->conn_rate_limit.r.count = 0;
		}
		if (f->own_logs)
			to->logs = make_logs(d, f->logs, f->log_count);
		else if (from->own_logs)
			to->logs = make_logs(d, d->s->logs, d->s->log_count);
	}
}

static void add_service(const struct drafting *d, const struct settings_service *from,
                        struct draft_service *ret)
{
	ret->s = *from;
	if (from->session_log == SETTINGS_SESSION_FORMAT)
		ret->s.session_log = SETTINGS_SESSION_TCPLOG;
	else
		ret->s.log_format = NULL;
	ret->timeout.t = from->timeout;
	ret->keepalive.k = from->keepalive;
	ret->hash.h = from->hash;
	if (from->hash.type != SETTINGS_HASH_CONSISTENT)
		ret->hash.h.balance_factor = 0; /* it means nothing */
	ret->conn_rate_limit.r = make_rate_limit(&from->conn_rate_limit);
	ret->allow = (struct draft_nets){ from->allow, from->allow_count };
	ret->deny = (struct draft_nets){ from->deny, from->deny_count };
	if (!from->frontend_count)
		ret->binds = make_binds(d, from->binds, from->bind_count);
	if (from->own_logs)
		ret->logs = make_logs(d, from->logs, from->log_count);
	add_frontends(d, from, ret);
	if (uses_cluster(d, from))
		return;
	add_servers(d, from, ret);
	set_common_check(ret);
}

static void add_services(const struct drafting *d, struct draft_root *ret)
{
	struct draft_service *services =
	    make_list(d, &ret->services, d->s->service_count, sizeof(*services));

	for (size_t i = 0; i < d->s->service_count; i++)
		add_service(d, &d->s->services[i], &services[i]);
}

/* --- admin --------------------------------------------------------------------------------- */

/* What the short form, socket = "/path", says. */
static bool is_plain_socket(const struct settings_socket *s)
{
	return *s->text == '/' && s->level == SETTINGS_LEVEL_ADMIN && !s->mode && !s->user &&
	       !s->group;
}

/* All control sockets are in the first group. */
static void add_sockets(const struct drafting *d, struct draft_admin *ret)
{
	const struct settings_socket *from = d->s->sockets;
	size_t count = d->s->socket_count;
	struct draft_socket *sockets;

	if (count && is_plain_socket(from)) {
		ret->socket = from->text;
		from++;
		count--;
	}
	sockets = make_list(d, &ret->sockets, count, sizeof(*sockets));
	for (size_t i = 0; i < count; i++)
		sockets[i].s = from[i];
}

struct draft_admin confdraft_admin(const struct settings_admin *from, struct mem_arena *arena)
{
	const struct drafting d = { .arena = arena };
	struct draft_admin admin = {
		.a = *from, .tls = { .cert = from->cert, .key = from->key, .ca = from->ca }
	};
	struct draft_user *users = make_list(&d, &admin.users, from->user_count, sizeof(*users));

	for (size_t i = 0; i < from->user_count; i++)
		users[i].u = from->users[i];
	return admin;
}

static void add_admins(const struct drafting *d, struct draft_root *ret)
{
	size_t count = d->s->admin_count ? d->s->admin_count : 1;
	struct draft_admin *admins = make_list(d, &ret->admins, count, sizeof(*admins));

	for (size_t i = 0; i < d->s->admin_count; i++)
		admins[i] = confdraft_admin(&d->s->admins[i], d->arena);
	add_sockets(d, &admins[0]);
}

static void make_root(const struct drafting *d, struct draft_root *ret)
{
	const struct settings *s = d->s;

	*ret = (struct draft_root){ .s = *s };
	ret->s.arena = (struct mem_arena){ 0 };
	ret->resolver.r = s->resolver;
	add_services(d, ret);
	add_discover(d, &ret->cluster.discover);
	add_cluster(d, ret);
	add_admins(d, ret);
	ret->logs = make_logs(d, s->logs, s->log_count);
}

void confdraft_make(const struct settings *s, struct mem_arena *arena, struct draft_root *ret)
{
	make_root(&(struct drafting){ .s = s, .arena = arena, .cluster = confcluster_fits(s) },
	          ret);
}

void confdraft_make_flat(const struct settings *s, struct mem_arena *arena, struct draft_root *ret)
{
	make_root(&(struct drafting){ .s = s, .arena = arena }, ret);
}
