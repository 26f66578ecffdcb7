/* SPDX-License-Identifier: MIT */
/*
 * What `terraform output -json` writes: {"NAME": {"sensitive": false, "type": ..., "value": ...}},
 * or with a name that value alone.  A value is a list of nodes if it is a list or a map of hosts,
 * each of them a string or an object.
 */
#include "nodedocparts.h"

#include <string.h>

static bool is_hosts(json_t *v)
{
	if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++)
			if (!json_is_string(json_array_get(v, i)) &&
			    !json_is_object(json_array_get(v, i)))
				return false;
		return json_array_size(v);
	}
	for (void *it = json_object_iter(v); it; it = json_object_iter_next(v, it))
		if (!json_is_string(json_object_iter_value(it)) &&
		    !json_is_object(json_object_iter_value(it)))
			return false;
	return json_object_size(v);
}

static bool add_value(struct nodedoc_reader *r, const char *name, json_t *v,
                      const struct nodedoc_place *at)
{
	const char *own = json_string_value(json_object_get(v, "name"));
	struct nodedoc_facts f = { 0 };

	if (own && nodelist_is_name(own))
		name = mem_arena_strdup(&r->list.arena, own);
	if (json_is_string(v))
		nodedoc_facts_add(r, &f, "host", nodedoc_scalar(r, v));
	else
		nodedoc_facts_add_json(r, &f, v);
	return nodedoc_add_facts(r, name, false, &f, at);
}

/* `of`: the output's name and a '.', or "". */
static bool add_hosts(struct nodedoc_reader *r, const char *of, json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		struct nodedoc_place at = nodedoc_path("%.60s[%zu]", of, i);

		if (!add_value(r, NULL, json_array_get(v, i), &at))
			return false;
	}
	for (void *it = json_object_iter(v); it; it = json_object_iter_next(v, it)) {
		const char *key = json_object_iter_key(it);
		struct nodedoc_place at = nodedoc_path("%.40s%s%.40s", of, *of ? "." : "", key);
		const char *name = mem_arena_strdup(&r->list.arena, key);

		if (!add_value(r, name, json_object_iter_value(it), &at))
			return false;
	}
	return true;
}

static bool is_outputs(json_t *doc)
{
	for (void *it = json_object_iter(doc); it; it = json_object_iter_next(doc, it)) {
		const json_t *v = json_object_iter_value(it);

		if (!json_object_get(v, "value") || !nodedoc_member(v, "type", "sensitive"))
			return false;
	}
	return json_object_size(doc);
}

/* The output of the nodes: that which is wanted, that which is called so, or the only one. */
static const char *choose(struct nodedoc_reader *r, json_t *doc, struct text *candidates)
{
	const char *only = NULL, *called = NULL;
	unsigned int best = 0;
	size_t count = 0;

	for (void *it = json_object_iter(doc); it; it = json_object_iter_next(doc, it)) {
		const char *name = json_object_iter_key(it);
		unsigned int rank = nodedoc_rank_name(name);

		if (!is_hosts(json_object_get(json_object_iter_value(it), "value")))
			continue;
		if (r->o->group && strcmp(name, r->o->group) == 0)
			return name;
		if (candidates->len < 200)
			text_addf(candidates, "%s%.60s", candidates->len ? ", " : "", name);
		only = count++ ? NULL : name;
		if (rank && (!best || rank < best)) {
			best = rank;
			called = name;
		}
	}
	if (r->o->group)
		return NULL;
	return called ? called : only;
}

static bool read_outputs(struct nodedoc_reader *r, json_t *doc)
{
	const struct nodedoc_place at = { "" };
	AUTO_TEXT candidates = { 0 };
	const char *name = choose(r, doc, &candidates);

	if (name)
		return add_hosts(r, name, json_object_get(json_object_get(doc, name), "value"));
	if (!candidates.len)
		return nodedoc_fail(r, &at,
		                    "no output is a list of hosts, of strings or of objects with "
		                    "an address");
	return nodedoc_fail(r, &at, "which output has the nodes? Name it (--group NAME): %s",
	                    text_str(&candidates));
}

bool nodedoc_terraform(struct nodedoc_reader *r, json_t *doc)
{
	const struct nodedoc_place at = { "" };

	if (json_is_object(doc) && is_outputs(doc))
		return read_outputs(r, doc);
	if (is_hosts(doc))
		return add_hosts(r, "", doc);
	return nodedoc_fail(r, &at,
	                    "this JSON is no list of nodes: take that of a node's /_status/nodes, "
	                    "`cockroach node status --format=json`, `ansible-inventory --list` or "
	                    "`terraform output -json`");
}
