/* SPDX-License-Identifier: MIT */
/* Groups of hosts, as an inventory has them: which of them are the nodes, and what is said of them.
 */
#include "nodedocparts.h"

#include <stdlib.h>
#include <string.h>

void nodedoc_groups_init(struct nodedoc_groups *g)
{
	*g = (struct nodedoc_groups){ .host_numbers = json_object(),
		                      .group_numbers = json_object() };
}

void nodedoc_groups_release(struct nodedoc_groups *g)
{
	json_decref(g->host_numbers);
	json_decref(g->group_numbers);
	for (size_t i = 0; i < g->host_count; i++)
		free(g->hosts[i].groups.at);
	for (size_t i = 0; i < g->group_count; i++) {
		free(g->groups[i].hosts.at);
		free(g->groups[i].children.at);
		free(g->groups[i].parents.at);
	}
	free(g->hosts);
	free(g->groups);
}

static void add_number(struct nodedoc_numbers *n, size_t number)
{
	if (n->count == n->room) {
		n->room = n->room ? n->room * 2 : 4;
		n->at = mem_resize(n->at, n->room, sizeof(*n->at));
	}
	n->at[n->count++] = number;
}

/* Of a name that is known; otherwise `next` is its number from now on. */
static size_t number_of(json_t *numbers, const char *name, size_t next)
{
	const json_t *known = json_object_get(numbers, name);

	if (known)
		return (size_t)json_integer_value(known);
	json_object_set_new_nocheck(numbers, name, json_integer((json_int_t)next));
	return next;
}

size_t nodedoc_groups_host(struct nodedoc_reader *r, struct nodedoc_groups *g, const char *name,
                           const struct nodedoc_place *at)
{
	size_t i = number_of(g->host_numbers, name, g->host_count);

	if (i < g->host_count)
		return i;
	if (g->host_count == g->host_room) {
		g->host_room = g->host_room ? g->host_room * 2 : 16;
		g->hosts = mem_resize(g->hosts, g->host_room, sizeof(*g->hosts));
	}
	g->hosts[g->host_count++] = (struct nodedoc_host){
		.name = mem_arena_strdup(&r->list.arena, name),
		.at = *at,
	};
	return i;
}

size_t nodedoc_groups_group(struct nodedoc_reader *r, struct nodedoc_groups *g, const char *name)
{
	size_t i = number_of(g->group_numbers, name, g->group_count);

	if (i < g->group_count)
		return i;
	if (g->group_count == g->group_room) {
		g->group_room = g->group_room ? g->group_room * 2 : 16;
		g->groups = mem_resize(g->groups, g->group_room, sizeof(*g->groups));
	}
	g->groups[g->group_count++] = (struct nodedoc_group){
		.name = mem_arena_strdup(&r->list.arena, name),
	};
	return i;
}

void nodedoc_groups_put(struct nodedoc_reader *r, struct nodedoc_groups *g, size_t group,
                        size_t host)
{
	(void)r;
	add_number(&g->groups[group].hosts, host);
	add_number(&g->hosts[host].groups, group);
}

void nodedoc_groups_nest(struct nodedoc_reader *r, struct nodedoc_groups *g, size_t group,
                         size_t child)
{
	(void)r;
	add_number(&g->groups[group].children, child);
	add_number(&g->groups[child].parents, group);
}

static void forget_ways(struct nodedoc_groups *g)
{
	for (size_t i = 0; i < g->group_count; i++)
		g->groups[i].seen = false;
}

/* All groups that are reached from this one, it itself included; `up`: through its parents. */
static size_t walk(struct nodedoc_groups *g, size_t group, bool up, size_t *ret)
{
	size_t count = 0;

	forget_ways(g);
	ret[count++] = group;
	g->groups[group].seen = true;
	for (size_t i = 0; i < count; i++) {
		const struct nodedoc_group *at = &g->groups[ret[i]];
		const struct nodedoc_numbers *next = up ? &at->parents : &at->children;

		for (size_t k = 0; k < next->count; k++) {
			struct nodedoc_group *to = &g->groups[next->at[k]];

			if (!to->seen)
				ret[count++] = next->at[k];
			to->seen = true;
		}
	}
	return count;
}

static void take_hosts(struct nodedoc_groups *g, size_t group, size_t *way)
{
	size_t count = walk(g, group, false, way);

	for (size_t i = 0; i < count; i++) {
		const struct nodedoc_numbers *hosts = &g->groups[way[i]].hosts;

		for (size_t k = 0; k < hosts->count; k++)
			g->hosts[hosts->at[k]].taken = true;
	}
}

static bool fail_group(struct nodedoc_reader *r, const struct nodedoc_groups *g)
{
	const struct nodedoc_place at = { "" };
	AUTO_TEXT t = { 0 };

	for (size_t i = 0; i < g->group_count && t.len < 200; i++)
		text_addf(&t, "%s%.60s", i ? ", " : "", g->groups[i].name);
	return nodedoc_fail(r, &at, "there is no group \"%.60s\"; there are: %s", r->o->group,
	                    text_str(&t));
}

/* The group of the nodes; `g->group_count`: there is none, and all hosts are nodes. */
static bool choose(struct nodedoc_reader *r, const struct nodedoc_groups *g, size_t *ret)
{
	unsigned int best = 0;

	*ret = g->group_count;
	for (size_t i = 0; i < g->group_count; i++) {
		unsigned int rank = nodedoc_rank_name(g->groups[i].name);

		if (r->o->group && strcmp(g->groups[i].name, r->o->group) == 0) {
			*ret = i;
			return true;
		}
		if (!r->o->group && rank && (!best || rank < best)) {
			best = rank;
			*ret = i;
		}
	}
	return !r->o->group || fail_group(r, g);
}

static void add_all(struct nodedoc_reader *r, struct nodedoc_facts *to,
                    const struct nodedoc_facts *from)
{
	for (size_t i = 0; i < from->count; i++)
		nodedoc_facts_append(r, to, &from->at[i]);
}

/* What its groups say comes before what is said of the host itself; the nearest group last. */
static void collect_facts(struct nodedoc_reader *r, struct nodedoc_groups *g, size_t host,
                          size_t *way, struct nodedoc_facts *ret)
{
	const struct nodedoc_host *h = &g->hosts[host];
	const json_t *all = json_object_get(g->group_numbers, "all");

	*ret = (struct nodedoc_facts){ 0 };
	if (all)
		add_all(r, ret, &g->groups[json_integer_value(all)].vars);
	for (size_t i = 0; i < h->groups.count; i++) {
		size_t count = walk(g, h->groups.at[i], true, way);

		for (; count > 0; count--)
			add_all(r, ret, &g->groups[way[count - 1]].vars);
	}
	add_all(r, ret, &h->facts);
}

static bool add_taken(struct nodedoc_reader *r, struct nodedoc_groups *g, size_t *way)
{
	for (size_t i = 0; i < g->host_count; i++) {
		struct nodedoc_facts facts;

		if (!g->hosts[i].taken)
			continue;
		collect_facts(r, g, i, way, &facts);
		if (!nodedoc_add_facts(r, g->hosts[i].name, true, &facts, &g->hosts[i].at))
			return false;
	}
	return true;
}

bool nodedoc_add_groups(struct nodedoc_reader *r, struct nodedoc_groups *g)
{
	size_t *way = mem_zalloc((g->group_count + 1) * sizeof(*way));
	size_t group, taken = 0;
	bool ok = choose(r, g, &group);

	if (ok && group < g->group_count)
		take_hosts(g, group, way);
	for (size_t i = 0; ok && i < g->host_count; i++) {
		if (group == g->group_count)
			g->hosts[i].taken = true;
		taken += g->hosts[i].taken;
	}
	if (ok && taken < g->host_count && !r->o->group)
		nodedoc_warn(r, "only the hosts of the group \"%.60s\" are taken, %zu of %zu",
		             g->groups[group].name, taken, g->host_count);
	ok = ok && add_taken(r, g, way);
	free(way);
	return ok;
}
