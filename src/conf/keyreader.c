/* SPDX-License-Identifier: MIT */
#include "keyreader.h"

#include "base/suggest.h"
#include "base/text.h"
#include "discoverkeys.h"
#include "endpoints.h"
#include "keytable.h"
#include "lists.h"
#include "logtarget.h"
#include "places.h"
#include "scalars.h"
#include "wirebytes.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 96, WORD_MAX = 64 };

static draft_convert *const readers[] = {
#define X(name, reader) [KEYTABLE_##name] = (reader),
	KEYTABLE_TYPES(X)
#undef X
};

/* The default configuration has one group per group of the table: "cluster.nodes" is
 * g_cluster_nodes. */
static const char *default_name(const char *group, char buf[static WORD_MAX])
{
	snprintf(buf, WORD_MAX, "g_%s", group);
	for (char *dot = strchr(buf, '.'); dot; dot = strchr(dot, '.'))
		*dot = '_';
	return buf;
}

void keyreader_write_defaults(struct text *out)
{
	size_t key_count;
	size_t group_count;
	const struct keytable_key *keys = keytable_keys(&key_count);
	const struct keytable_group *groups = keytable_groups(&group_count);
	char buf[WORD_MAX];

	for (size_t g = 0; g < group_count; g++) {
		text_addf(out, "%s = {\n", default_name(groups[g].name, buf));
		for (size_t i = 0; i < key_count; i++)
			if (*keys[i].initial && strcmp(keys[i].group, groups[g].name) == 0)
				text_addf(out, "%s = %s;\n", keys[i].name, keys[i].initial);
		text_add(out, "};\n");
	}
}

static void fill_many(struct draft_context *c, const struct keytable_key *k, void *base);

/* Puts the defaults of a group, and of the groups in it, into its structure. */
static void fill(struct draft_context *c, const char *group, void *base)
{
	char buf[WORD_MAX];
	const config_setting_t *from = config_lookup(c->defaults, default_name(group, buf));
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	assert(from);
	for (; count; k++, count--) {
		const config_setting_t *v = NULL;

		if (strcmp(k->group, group) != 0)
			continue;
		if (*k->initial)
			v = config_setting_get_member(from, k->name);
		if (v)
			readers[k->type](c, k, v, base);
		else if (k->type == KEYTABLE_GROUP)
			fill(c, k->child, (char *)base + k->offset);
		else if (k->type == KEYTABLE_MANY)
			fill_many(c, k, base);
	}
}

/* Without a word there is one, of defaults. */
static void fill_many(struct draft_context *c, const struct keytable_key *k, void *base)
{
	struct draft_list list = { .count = 1 };

	list.at = mem_arena_zalloc(c->arena, keytable_find_group(k->child)->size);
	fill(c, k->child, list.at);
	memcpy((char *)base + k->offset, &list, sizeof(list));
}

/* Another group that has a key of this name, for whoever wrote it in the wrong place. */
static const char *other_home(const char *name)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	for (; count; k++, count--)
		if (*k->group && strcmp(k->name, name) == 0)
			return k->group;
	return NULL;
}

static void report_unknown(struct draft_context *c, const char *group,
                           const config_setting_t *parent, const config_setting_t *v)
{
	const char *names[NAMES_MAX];
	char word[WORD_MAX];
	size_t n = 0;
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);
	const char *near;

	for (; count; k++, count--)
		if (n < NAMES_MAX && keytable_belongs(k, group))
			names[n++] = k->name;
	snprintf(word, sizeof(word), "%s", v->name);
	for (char *dash = strchr(word, '-'); dash; dash = strchr(dash, '-'))
		*dash = '_';
	near = suggest_nearest(word, names, n);
	if (near)
		problem_add_member(c->problems, parent, v,
		                   "unknown key \"%.60s\"; did you mean \"%s\"?", v->name, near);
	else if (other_home(word))
		problem_add_member(c->problems, parent, v,
		                   "unknown key \"%.60s\" here: it belongs to \"%s\"", v->name,
		                   other_home(word));
	else
		problem_add_member(c->problems, parent, v,
		                   "unknown key \"%.60s\": take it out (sluice.conf(5) lists all)",
		                   v->name);
}

/* A service with frontends does not listen itself; nodes may be learned. */
static bool is_missed(const struct keytable_key *k, const config_setting_t *v)
{
	static const char *const others[][3] = { { "services", "bind", "frontends" },
		                                 { "cluster", "nodes", "discover" } };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strcmp(k->group, others[i][0]) == 0 && strcmp(k->name, others[i][1]) == 0 &&
		    config_setting_get_member(v, others[i][2]))
			return false;
	return k->flags & KEYTABLE_REQUIRED;
}

/* The keys with those flags of `mask` that are `flags`. */
static void read_keys(struct draft_context *c, const char *group, const config_setting_t *v,
                      void *base, unsigned int mask, unsigned int flags)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	for (; count; k++, count--) {
		const config_setting_t *member;

		if (strcmp(k->group, group) != 0 || (k->flags & mask) != flags)
			continue;
		member = config_setting_get_member(v, k->name);
		if (member)
			readers[k->type](c, k, member, base);
		else if (is_missed(k, v))
			problem_add(c->problems, v, "the key \"%s\" is missing: write %s = %s;",
			            k->name, k->name, *k->example ? k->example : "( { ... } )");
	}
}

static void read_members(struct draft_context *c, const char *group, const config_setting_t *v,
                         void *base)
{
	for (int i = 0; i < config_setting_length(v); i++) {
		const config_setting_t *member = config_setting_get_elem(v, (unsigned int)i);

		if (!keytable_find(group, member->name) &&
		    (*group || !keytable_find_shared(member->name)))
			report_unknown(c, group, v, member);
	}
	read_keys(c, group, v, base, KEYTABLE_FIRST, KEYTABLE_FIRST);
	read_keys(c, group, v, base, KEYTABLE_FIRST, 0);
}

static void set_at(void *base, const config_setting_t *v)
{
	*(const config_setting_t **)base = v;
}

void keyreader_group(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base)
{
	void *child = (char *)base + k->offset;

	if (!config_setting_is_group(v)) {
		char buf[PROBLEM_VALUE_MAX];

		problem_add(c->problems, v, "%s is not a group: write %s = { ... };",
		            problem_value(v, buf), k->name);
		return;
	}
	set_at(child, v);
	read_members(c, k->child, v, child);
}

/* An element begins as its defaults, or as what the groups around it say about it. */
static void begin(struct draft_context *c, const char *group, void *element, const void *parent)
{
	fill(c, group, element);
	if (strcmp(group, "services") == 0) {
		const struct draft_root *root = parent;

		memcpy(element, &root->shared, sizeof(root->shared));
	} else if (strcmp(group, "services.servers") == 0) {
		const struct draft_service *service = parent;

		((struct draft_server *)element)->check = service->check;
	} else if (strcmp(group, "services.frontends") == 0) {
		*(struct draft_frontend *)element = draft_frontend_begin(parent);
	} else if (strcmp(group, "cluster.nodes") == 0) {
		const struct draft_cluster *cluster = parent;

		((struct draft_node *)element)->s = cluster->server.s;
	}
}

static void read_element(struct draft_context *c, const struct keytable_key *k,
                         const config_setting_t *e, void *element)
{
	set_at(element, e);
	if (config_setting_is_group(e)) {
		read_members(c, k->child, e, element);
	} else {
		char buf[PROBLEM_VALUE_MAX];

		problem_add(c->problems, e, "%s is not a group: write { ... }",
		            problem_value(e, buf));
	}
}

static bool is_list(const config_setting_t *v)
{
	return config_setting_is_list(v) ||
	       (config_setting_is_array(v) && config_setting_length(v) == 0);
}

void keyreader_groups(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	const struct keytable_group *child = keytable_find_group(k->child);
	struct draft_list list = { .set = true };

	if (!is_list(v)) {
		char buf[PROBLEM_VALUE_MAX];

		problem_add(c->problems, v, "%s is not a list of groups: write %s = ( { ... } );",
		            problem_value(v, buf), k->name);
		return;
	}
	list.count = (size_t)config_setting_length(v);
	list.at = mem_arena_zalloc(c->arena, list.count * child->size);
	for (size_t i = 0; i < list.count; i++) {
		void *element = (char *)list.at + i * child->size;

		begin(c, k->child, element, base);
		read_element(c, k, config_setting_get_elem(v, (unsigned int)i), element);
	}
	memcpy((char *)base + k->offset, &list, sizeof(list));
}

/* Only the first of several has the addresses that are the default of one. */
void keyreader_many(struct draft_context *c, const struct keytable_key *k,
                    const config_setting_t *v, void *base)
{
	struct draft_list list = { .count = lists_length(v), .set = true };
	struct draft_admin *admins = mem_arena_zalloc(c->arena, list.count * sizeof(*admins));

	assert(keytable_find_group(k->child)->size == sizeof(*admins));
	if (!is_list(v) && !config_setting_is_group(v)) {
		char buf[PROBLEM_VALUE_MAX];

		problem_add(c->problems, v, "%s is not a group: write %s = { ... };",
		            problem_value(v, buf), k->name);
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		begin(c, k->child, &admins[i], base);
		if (i) {
			admins[i].a.bind = admins[i].socket = NULL;
			admins[i].a.addr = (struct addr){ 0 };
		}
		read_element(c, k, lists_element(v, i), &admins[i]);
	}
	list.at = admins;
	memcpy((char *)base + k->offset, &list, sizeof(list));
}

void keyreader_source(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, void *base)
{
	struct draft_source *source = (void *)((char *)base + k->offset);

	source->at = v;
	if (config_setting_is_group(v))
		read_members(c, k->child, v, source);
	else
		endpoints_source(c, keytable_find(k->child, "address"), v, source);
}

void keyreader_add_nodes(struct draft_context *c, struct draft_cluster *cluster,
                         const struct settings_nodes *nodes)
{
	const struct draft_list *before = &cluster->nodes;
	struct draft_list list = { .count = before->count + nodes->count, .set = true };
	struct draft_node *at;

	if (!nodes->count)
		return;
	at = mem_arena_zalloc(c->arena, list.count * sizeof(*at));
	if (before->count)
		memcpy(at, before->at, before->count * sizeof(*at));
	for (size_t i = 0; i < nodes->count; i++) {
		struct draft_node *n = &at[before->count + i];
		const struct settings_node *from = &nodes->at[i];

		begin(c, "cluster.nodes", n, cluster);
		n->at = cluster->discover.at;
		n->n.name = from->name;
		n->n.host = from->host;
		n->n.locality = from->locality;
		n->n.sql_port = from->sql_port;
		n->n.http_port = from->http_port;
		n->n.leaving = from->leaving;
	}
	list.at = at;
	cluster->nodes = list;
}

void keyreader_binds(struct draft_context *c, const struct keytable_key *k,
                     const config_setting_t *v, void *base)
{
	const struct keytable_key *address = keytable_find(k->child, "address");
	struct draft_list list = { .count = lists_length(v), .set = true };
	struct draft_bind *binds = mem_arena_zalloc(c->arena, list.count * sizeof(*binds));

	for (size_t i = 0; i < list.count; i++) {
		const config_setting_t *e = lists_element(v, i);

		begin(c, k->child, &binds[i], base);
		set_at(&binds[i], e);
		if (config_setting_is_group(e))
			read_members(c, k->child, e, &binds[i]);
		else
			endpoints_listen(c, address, e, &binds[i]);
	}
	list.at = binds;
	memcpy((char *)base + k->offset, &list, sizeof(list));
}

void keyreader_root(struct draft_context *c, const config_setting_t *v, struct draft_root *root)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	root->at = v;
	fill(c, "", root);
	fill(c, "services", &root->shared);
	for (; count; k++, count--) {
		const config_setting_t *member = NULL;

		if (k->flags & KEYTABLE_SHARED)
			member = config_setting_get_member(v, k->name);
		if (member)
			readers[k->type](c, k, member, &root->shared);
	}
	read_members(c, "", v, root);
}
