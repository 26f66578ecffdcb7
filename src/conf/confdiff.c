/* SPDX-License-Identifier: MIT */
#include "conf/confdiff.h"

#include "base/error.h"
#include "confcluster.h"
#include "confdiffparts.h"
#include "confdraft.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * Both configurations are taken apart into what their files would say (confdraft.h), and then
 * compared key by key.  Nodes are a cluster as long as that fits both; otherwise they are servers
 * of their services like any others.
 */
struct comparison {
	struct mem_arena arena;
	struct confdiff *ret;
};

static void compare_group(struct comparison *c, const char *path, const char *group, const void *a,
                          const void *b);

static const char *join(struct comparison *c, const char *path, const char *name)
{
	return mem_arena_printf(&c->arena, "%s%s%s", path, *path ? "." : "", name);
}

/* Of the process; all others can be swapped while it runs. */
static bool needs_restart(const char *path)
{
	static const char *const names[] = { "threads", "user",   "group",
		                             "chroot",  "nofile", "pidfile" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return false;
}

/* NULL and "" are both nothing in a file, but a thing that is there may have no value. */
static void add_change(struct comparison *c, const char *path, const char *before,
                       const char *after)
{
	struct confdiff *d = c->ret;

	d->at = mem_resize(d->at, d->count + 1, sizeof(*d->at));
	d->at[d->count++] = (struct confdiff_change){ .path = mem_strdup(path),
		                                      .before = before ? mem_strdup(before) : NULL,
		                                      .after = after ? mem_strdup(after) : NULL,
		                                      .restart = needs_restart(path) };
}

static const char *written(const struct text *value)
{
	return value->len ? text_str(value) : NULL;
}

static bool is_secret(const struct keytable_key *k)
{
	return strcmp(k->name, "password") == 0 || strcmp(k->name, "session") == 0;
}

static void compare_value(struct comparison *c, const char *path, const struct keytable_key *k,
                          const void *a, const void *b)
{
	AUTO_TEXT before = { 0 };
	AUTO_TEXT after = { 0 };

	/* What only one of two types of checks has goes without saying. */
	if (!confitems_applies(k, a) || !confitems_applies(k, b) || confdiff_same_key(k, a, b))
		return;
	confitems_add_value(k, a, &before);
	confitems_add_value(k, b, &after);
	if (is_secret(k))
		add_change(c, path, before.len ? "\"...\"" : NULL, after.len ? "\"...\"" : NULL);
	else
		add_change(c, path, written(&before), written(&after));
}

/* --- lists ----------------------------------------------------------------------------------- */

/* The key by which an element of a list is known: the first of its group. */
static const struct keytable_key *identity(const char *group)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	for (; strcmp(k->group, group) != 0; k++, count--)
		assert(count > 1);
	return k;
}

static bool is_same_one(const struct keytable_key *id, const void *a, const void *b)
{
	if (id->type == KEYTABLE_LISTEN)
		return confdiff_same_place(&((const struct draft_bind *)a)->b,
		                           &((const struct draft_bind *)b)->b);
	if (id->type == KEYTABLE_CONTROL)
		return confdiff_same_door(&((const struct draft_socket *)a)->s,
		                          &((const struct draft_socket *)b)->s);
	return confdiff_same_key(id, a, b);
}

/* "servers.n1" by a name, "bind[:26257]" by anything else. */
static const char *element_path(struct comparison *c, const char *path,
                                const struct keytable_key *id, const void *element)
{
	AUTO_TEXT value = { 0 };
	int len;

	confitems_add_value(id, element, &value);
	len = value.len > 2 ? (int)value.len - 2 : 0; /* without its quotes */
	return mem_arena_printf(&c->arena, id->type == KEYTABLE_NAME ? "%s.%.*s" : "%s[%.*s]", path,
	                        len, text_str(&value) + (len > 0));
}

static void add_places(const struct draft_list *list, struct text *out)
{
	const struct draft_bind *binds = list->at;

	for (size_t i = 0; i < list->count; i++)
		text_addf(out, "%s%s", out->len ? ", " : "", binds[i].b.text);
}

/* What tells most about a thing besides its name: where it is. */
static void describe(const char *group, const void *element, struct text *out)
{
	const struct draft_service *service = element;
	const struct draft_frontend *frontend = element;
	const struct draft_server *server = element;

	if (strcmp(group, "services") == 0) {
		add_places(&service->binds, out);
		frontend = service->frontends.at;
		for (size_t i = 0; i < service->frontends.count; i++)
			add_places(&frontend[i].binds, out);
	} else if (strcmp(group, "services.frontends") == 0) {
		add_places(&frontend->binds, out);
	} else if (strcmp(group, "services.servers") == 0) {
		text_addf(out, strchr(server->s.host, ':') && server->s.port ? "[%s]" : "%s",
		          server->s.host);
		if (server->s.port)
			text_addf(out, ":%u", server->s.port);
	}
}

/* Things of one group, each known by its `id`, that look for those that they were before. */
struct pairing {
	const char *path, *group;
	const struct keytable_key *id;
	size_t size;
	const struct draft_list *before;
	bool *taken; /* of those before */
};

static const void *element_at(const struct pairing *p, const struct draft_list *list, size_t i)
{
	return (const char *)list->at + i * p->size;
}

/* The first one like it that has no partner yet, or NULL. */
static const void *find_partner(struct pairing *p, const void *element)
{
	for (size_t i = 0; i < p->before->count; i++) {
		const void *other = element_at(p, p->before, i);

		if (p->taken[i] || !is_same_one(p->id, other, element))
			continue;
		p->taken[i] = true;
		return other;
	}
	return NULL;
}

static void add_whole(struct comparison *c, const struct pairing *p, const void *element, bool gone)
{
	const char *path = element_path(c, p->path, p->id, element);
	AUTO_TEXT what = { 0 };

	describe(p->group, element, &what);
	add_change(c, path, gone ? text_str(&what) : NULL, gone ? NULL : text_str(&what));
}

static void compare_list(struct comparison *c, const char *path, const char *group,
                         const struct draft_list *a, const struct draft_list *b)
{
	struct pairing p = { .path = path,
		             .group = group,
		             .id = identity(group),
		             .size = keytable_find_group(group)->size,
		             .before = a };

	p.taken = mem_arena_zalloc(&c->arena, a->count + 1);
	for (size_t i = 0; i < b->count; i++) {
		const void *element = element_at(&p, b, i);
		const void *partner = find_partner(&p, element);

		if (partner)
			compare_group(c, element_path(c, path, p.id, element), group, partner,
			              element);
		else
			add_whole(c, &p, element, false);
	}
	for (size_t i = 0; i < a->count; i++)
		if (!p.taken[i])
			add_whole(c, &p, element_at(&p, a, i), true);
}

/* --- groups ---------------------------------------------------------------------------------- */

/* A server that stands for a node: all but its address is said in the cluster. */
static bool stands_for_node(const void *server)
{
	return !((const struct draft_server *)server)->check.type;
}

/* What another key of the comparison says already. */
static bool is_said_elsewhere(const struct keytable_key *k, const void *a)
{
	static const char *const keys[][2] = {
		{ "services", "port" },         /* in the addresses of the servers */
		{ "services", "check" },        /* in the servers' checks */
		{ "services.bind", "address" }, /* the same place, written in another way */
		{ "admin.sockets", "address" },
		{ "admin", "socket" }, /* of all endpoints together */
		{ "admin", "sockets" },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(k->group, keys[i][0]) == 0 && strcmp(k->name, keys[i][1]) == 0)
			return true;
	if (strcmp(k->group, "services.servers") == 0 && strcmp(k->name, "address") != 0)
		return stands_for_node(a);
	/* Each node has its value of these. */
	return strcmp(k->group, "cluster.server") == 0 && keytable_find("cluster.nodes", k->name);
}

/* An agent means something by being there. */
static bool is_entered(const struct keytable_key *k, const void *a, const void *b)
{
	if (k->type != KEYTABLE_GROUP)
		return false;
	return strcmp(k->child, "agent") != 0 ||
	       (((const struct draft_agent *)a)->at && ((const struct draft_agent *)b)->at);
}

static void compare_key(struct comparison *c, const char *path, const struct keytable_key *k,
                        const void *a, const void *b)
{
	const void *inner_a = (const char *)a + k->offset;
	const void *inner_b = (const char *)b + k->offset;
	const struct draft_list *list_a = inner_a;
	const struct draft_list *list_b = inner_b;
	bool list = k->type == KEYTABLE_BINDS || k->type == KEYTABLE_MANY ||
	            (k->type == KEYTABLE_GROUPS && strcmp(k->child, "steps") != 0);

	if (is_entered(k, inner_a, inner_b))
		compare_group(c, path, k->child, inner_a, inner_b);
	else if (list && list_a->set == list_b->set)
		compare_list(c, path, k->child, list_a, list_b);
	else
		compare_value(c, path, k, a, b);
}

struct place {
	struct comparison *c;
	const char *path;
};

static void say(void *data, const char *name, const char *before, const char *after)
{
	struct place *p = data;

	add_change(p->c, join(p->c, p->path, name), before, after);
}

static void compare_keyless(struct comparison *c, const char *path, const char *group,
                            const void *a, const void *b)
{
	struct place p = { c, path };

	if (strcmp(group, "services") == 0)
		confdiff_keyless_service(&((const struct draft_service *)a)->s,
		                         &((const struct draft_service *)b)->s, say, &p);
	else if (strcmp(group, "admin") == 0)
		confdiff_keyless_admin(&((const struct draft_admin *)a)->a,
		                       &((const struct draft_admin *)b)->a, say, &p);
}

static void compare_group(struct comparison *c, const char *path, const char *group, const void *a,
                          const void *b)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	for (; count; k++, count--)
		if (strcmp(k->group, group) == 0 && !is_said_elsewhere(k, a))
			compare_key(c, join(c, path, k->name), k, a, b);
	compare_keyless(c, path, group, a, b);
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Whoever asks the cluster may have a session of it: that is not shown. */
static void compare_discover(struct comparison *c, const struct draft_discover *a,
                             const struct draft_discover *b)
{
	static const char path[] = "cluster.discover";

	if (a->at && b->at)
		compare_group(c, path, path, a, b);
	else if (a->at || b->at)
		add_change(c, path, a->at ? "{ ... }" : NULL, b->at ? "{ ... }" : NULL);
}

/* The nodes of both; those that came or went are said as servers. */
static void compare_cluster(struct comparison *c, const struct draft_cluster *a,
                            const struct draft_cluster *b)
{
	const struct draft_node *before = a->nodes.at;
	const struct draft_node *after = b->nodes.at;

	compare_discover(c, &a->discover, &b->discover);
	if (!a->nodes.count || !b->nodes.count)
		return;
	for (size_t i = 0; i < b->nodes.count; i++)
		for (size_t k = 0; k < a->nodes.count; k++)
			if (strcmp(before[k].n.name, after[i].n.name) == 0)
				compare_group(c, join(c, "cluster.nodes", after[i].n.name),
				              "cluster.nodes", &before[k], &after[i]);
	compare_group(c, "cluster.check", "check", &a->check, &b->check);
	compare_group(c, "cluster.server", "cluster.server", &a->server, &b->server);
}

/* One endpoint on each side is the same one, wherever it listens. */
static void compare_admins(struct comparison *c, const struct draft_root *a,
                           const struct draft_root *b)
{
	const struct draft_admin *before = a->admins.at;
	const struct draft_admin *after = b->admins.at;
	const struct keytable_key *sockets = keytable_find("admin", "sockets");

	if (a->admins.count == 1 && b->admins.count == 1)
		compare_group(c, "admin", "admin", before, after);
	else
		compare_list(c, "admin", "admin", &a->admins, &b->admins);
	compare_value(c, "admin.socket", keytable_find("admin", "socket"), before, after);
	compare_list(c, "admin.sockets", sockets->child, &before->sockets, &after->sockets);
}

static void compare_root(struct comparison *c, const struct draft_root *a,
                         const struct draft_root *b)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	for (; count; k++, count--) {
		if (*k->group)
			continue;
		if (strcmp(k->name, "cluster") == 0)
			compare_cluster(c, &a->cluster, &b->cluster);
		else if (strcmp(k->name, "admin") == 0)
			compare_admins(c, a, b);
		else
			compare_key(c, k->name, k, a, b);
	}
}

/* Whether each service that is in both uses the nodes in both, or in neither. */
static bool use_nodes_alike(const struct settings *a, const struct settings *b)
{
	for (size_t i = 0; i < a->service_count; i++)
		for (size_t k = 0; k < b->service_count; k++)
			if (strcmp(a->services[i].name, b->services[k].name) == 0 &&
			    confcluster_has_nodes(a, &a->services[i]) !=
			        confcluster_has_nodes(b, &b->services[k]))
				return false;
	return true;
}

static bool is_cluster(const struct settings *s)
{
	return confcluster_fits(s) && confdiff_one_check(s);
}

/* Takes out what is not in the file: counted numbers. */
static void drop_counted(struct draft_root *root)
{
	struct draft_service *services = root->services.at;
	struct draft_node *nodes = root->cluster.nodes.at;

	for (size_t i = 0; i < root->cluster.nodes.count; i++)
		nodes[i].s.id = nodes[i].s.id_counted ? 0 : nodes[i].s.id;
	for (size_t i = 0; i < root->services.count; i++) {
		struct draft_server *servers = services[i].servers.at;

		if (services[i].s.id_counted)
			services[i].s.id = 0;
		for (size_t k = 0; k < services[i].servers.count; k++)
			if (servers[k].s.id_counted)
				servers[k].s.id = 0;
	}
}

/* Gives the services that use the cluster their servers, which say where they are. */
static void add_stand_ins(struct comparison *c, struct draft_root *root)
{
	struct draft_service *services = root->services.at;

	for (size_t i = 0; i < root->services.count; i++) {
		struct draft_service *d = &services[i];
		struct draft_server *servers;

		if (d->servers.count)
			continue;
		servers = mem_arena_zalloc(&c->arena, d->s.server_count * sizeof(*servers));
		for (size_t k = 0; k < d->s.server_count; k++)
			servers[k].s = d->s.servers[k];
		d->servers.at = servers;
		d->servers.count = d->s.server_count;
	}
}

/* Of a node's two ports only the one that checks go to is not in the servers' addresses. */
static void drop_ports(struct draft_cluster *cluster, const struct draft_port *one,
                       const struct draft_port *other)
{
	struct draft_node *nodes = cluster->nodes.at;

	for (size_t i = 0; i < cluster->nodes.count; i++) {
		nodes[i].n.host = NULL; /* it is in those, too */
		if (one->ref != SETTINGS_PORT_SQL || other->ref != SETTINGS_PORT_SQL)
			nodes[i].n.sql_port = 0;
		if (one->ref != SETTINGS_PORT_HTTP || other->ref != SETTINGS_PORT_HTTP)
			nodes[i].n.http_port = 0;
	}
}

void confdiff_compare(const struct settings *before, const struct settings *after,
                      struct confdiff *ret)
{
	struct comparison c = { .ret = ret };
	bool cluster = is_cluster(before) && is_cluster(after) && use_nodes_alike(before, after);
	struct draft_root a;
	struct draft_root b;

	*ret = (struct confdiff){ 0 };
	if (cluster) {
		confdraft_make(before, &c.arena, &a);
		confdraft_make(after, &c.arena, &b);
		drop_ports(&a.cluster, &a.cluster.check.port, &b.cluster.check.port);
		drop_ports(&b.cluster, &a.cluster.check.port, &b.cluster.check.port);
		add_stand_ins(&c, &a);
		add_stand_ins(&c, &b);
	} else {
		confdraft_make_flat(before, &c.arena, &a);
		confdraft_make_flat(after, &c.arena, &b);
	}
	drop_counted(&a);
	drop_counted(&b);
	compare_root(&c, &a, &b);
	mem_arena_release(&c.arena);
}

void confdiff_release(struct confdiff *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->at[i].path);
		free(d->at[i].before);
		free(d->at[i].after);
	}
	free(d->at);
	*d = (struct confdiff){ 0 };
}
