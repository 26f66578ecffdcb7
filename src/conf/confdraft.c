/* SPDX-License-Identifier: MIT */
#include "confdraft.h"

#include <string.h>

static void *make_list(struct mem_arena *arena, struct draft_list *list, size_t count, size_t size)
{
	list->count = count;
	list->at = count ? mem_arena_zalloc(arena, count * size) : NULL;
	return list->at;
}

static struct draft_check make_check(const struct settings_check *c)
{
	struct draft_check d = { .c = *c, .type = settings_check_name(c->type) };

	d.port = (struct draft_port){ .set = c->port != SETTINGS_PORT_SERVER,
		                      .ref = c->port,
		                      .number = c->port_number };
	return d;
}

/* Targets of a service's own servers are named "service/server"; a node's name has no slash. */
static bool uses_cluster(const struct settings *s, const struct settings_service *service)
{
	return service->server_count && !strchr(s->targets[service->servers[0].node].name, '/');
}

static void add_binds(struct mem_arena *arena, const struct settings_service *from,
                      struct draft_service *d)
{
	struct draft_bind *binds = make_list(arena, &d->binds, from->bind_count, sizeof(*binds));

	for (size_t i = 0; i < from->bind_count; i++)
		binds[i].b = from->binds[i];
}

static void add_servers(const struct settings *s, struct mem_arena *arena,
                        const struct settings_service *from, struct draft_service *d)
{
	struct draft_server *servers =
	    make_list(arena, &d->servers, from->server_count, sizeof(*servers));

	for (size_t i = 0; i < from->server_count; i++) {
		servers[i].s = from->servers[i];
		servers[i].check = make_check(&s->targets[from->servers[i].node].check);
	}
}

static bool same_check(const struct draft_check *a, const struct draft_check *b)
{
	return a->port.set == b->port.set && a->port.ref == b->port.ref &&
	       a->port.number == b->port.number;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
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
		if (!same_check(common, c))
			common->port.set = false;
		if (!same_text(common->c.address, c->c.address))
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

/* The nodes, from the first service that uses them; their ports come later. */
static struct draft_node *add_nodes(struct mem_arena *arena, const struct settings_service *from,
                                    struct draft_cluster *cluster)
{
	struct draft_node *nodes =
	    make_list(arena, &cluster->nodes, from->server_count, sizeof(*nodes));

	for (size_t i = 0; i < from->server_count; i++) {
		const struct settings_server *s = &from->servers[i];

		nodes[i].n = (struct settings_node){ .name = s->name,
			                             .host = s->host,
			                             .locality = s->locality,
			                             .weight = (int32_t)s->weight,
			                             .backup = s->backup,
			                             .disabled = s->disabled };
		cluster->server.maxconn = s->maxconn;
	}
	cluster->server.weight = 1;
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
static void take_check_ports(const struct settings *s, const struct draft_cluster *cluster,
                             struct draft_node *nodes)
{
	enum settings_port_ref ref = cluster->check.port.ref;

	for (size_t i = 0; i < cluster->nodes.count; i++) {
		if (ref == SETTINGS_PORT_HTTP)
			nodes[i].n.http_port = s->targets[i].check_port;
		else if (ref == SETTINGS_PORT_SQL)
			nodes[i].n.sql_port = s->targets[i].check_port;
	}
}

static void add_cluster(const struct settings *s, struct mem_arena *arena, struct draft_root *ret)
{
	struct draft_service *services = ret->services.at;
	struct draft_node *nodes = NULL;

	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *from = &s->services[i];

		if (!uses_cluster(s, from))
			continue;
		if (!nodes) {
			nodes = add_nodes(arena, from, &ret->cluster);
			ret->cluster.check = make_check(&s->targets[0].check);
			take_check_ports(s, &ret->cluster, nodes);
		}
		choose_port(from, nodes, &services[i].port);
	}
	for (size_t n = 0; nodes && n < ret->cluster.nodes.count; n++) {
		nodes[n].n.sql_port = nodes[n].n.sql_port ? nodes[n].n.sql_port : 26257;
		nodes[n].n.http_port = nodes[n].n.http_port ? nodes[n].n.http_port : 8080;
	}
}

static void add_services(const struct settings *s, struct mem_arena *arena, struct draft_root *ret)
{
	struct draft_service *services =
	    make_list(arena, &ret->services, s->service_count, sizeof(*services));

	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *from = &s->services[i];
		struct draft_service *d = &services[i];

		d->s = *from;
		d->timeout.t = from->timeout;
		d->keepalive.k = from->keepalive;
		d->allow = (struct draft_nets){ from->allow, from->allow_count };
		d->deny = (struct draft_nets){ from->deny, from->deny_count };
		add_binds(arena, from, d);
		if (uses_cluster(s, from))
			continue;
		add_servers(s, arena, from, d);
		set_common_check(d);
	}
}

static void add_logs(const struct settings *s, struct mem_arena *arena, struct draft_root *ret)
{
	struct draft_log *logs = make_list(arena, &ret->logs, s->log_count, sizeof(*logs));

	for (size_t i = 0; i < s->log_count; i++) {
		bool haproxy = s->logs[i].format == SETTINGS_LOG_HAPROXY;

		logs[i].l = s->logs[i];
		if (same_text(logs[i].l.tag, haproxy ? "haproxy" : "sluice"))
			logs[i].l.tag = NULL; /* what it is anyway */
	}
}

void confdraft_make(const struct settings *s, struct mem_arena *arena, struct draft_root *ret)
{
	*ret = (struct draft_root){ .s = *s };
	ret->s.arena = (struct mem_arena){ 0 };
	ret->resolver.r = s->resolver;
	ret->admin.bind = s->admin_bind;
	ret->admin.addr = s->admin_addr;
	ret->admin.socket = s->admin_socket;
	add_services(s, arena, ret);
	add_cluster(s, arena, ret);
	add_logs(s, arena, ret);
}
