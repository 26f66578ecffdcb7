/* SPDX-License-Identifier: MIT */
/*
 * What `ansible-inventory --list` writes and what scripts for Ansible do: groups by name, with
 * "hosts", "children" and "vars", or a list of hosts alone; "_meta" has the hosts' variables.
 */
#include "nodedocparts.h"

#include <string.h>

static void take_hosts(struct nodedoc_reader *r, struct nodedoc_groups *g, size_t group,
                       const json_t *hosts)
{
	for (size_t i = 0; i < json_array_size(hosts); i++) {
		const char *name = json_string_value(json_array_get(hosts, i));
		struct nodedoc_place at;

		if (!name)
			continue;
		at = nodedoc_path("%.60s", name);
		nodedoc_groups_put(r, g, group, nodedoc_groups_host(r, g, name, &at));
	}
}

static void take_group(struct nodedoc_reader *r, struct nodedoc_groups *g, const char *name,
                       const json_t *v)
{
	size_t group = nodedoc_groups_group(r, g, name);
	const json_t *children = json_object_get(v, "children");

	take_hosts(r, g, group, json_is_array(v) ? v : json_object_get(v, "hosts"));
	for (size_t i = 0; i < json_array_size(children); i++) {
		const char *child = json_string_value(json_array_get(children, i));

		if (child)
			nodedoc_groups_nest(r, g, group, nodedoc_groups_group(r, g, child));
	}
	nodedoc_facts_add_json(r, &g->groups[group].vars, json_object_get(v, "vars"));
}

static void take_vars(struct nodedoc_reader *r, struct nodedoc_groups *g, json_t *vars)
{
	for (void *it = json_object_iter(vars); it; it = json_object_iter_next(vars, it)) {
		const char *name = json_object_iter_key(it);
		struct nodedoc_place at = nodedoc_path("%.60s", name);
		size_t host = nodedoc_groups_host(r, g, name, &at);

		nodedoc_facts_add_json(r, &g->hosts[host].facts, json_object_iter_value(it));
	}
}

bool nodedoc_inventory(struct nodedoc_reader *r, json_t *doc)
{
	struct nodedoc_groups g;
	bool ok;

	nodedoc_groups_init(&g);
	for (void *it = json_object_iter(doc); it; it = json_object_iter_next(doc, it))
		if (strcmp(json_object_iter_key(it), "_meta") != 0)
			take_group(r, &g, json_object_iter_key(it), json_object_iter_value(it));
	take_vars(r, &g, json_object_get(json_object_get(doc, "_meta"), "hostvars"));
	ok = nodedoc_add_groups(r, &g);
	nodedoc_groups_release(&g);
	return ok;
}
