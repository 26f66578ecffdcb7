/* SPDX-License-Identifier: MIT */
#include "discoverkeys.h"

#include "base/url.h"
#include "conf/nodelist.h"
#include "keytable.h"
#include "lists.h"
#include "scalars.h"
#include "targets.h"

#include <string.h>
#include <strings.h>

/* --- values ------------------------------------------------------------------------------- */

static bool read_seed(struct draft_context *c, const struct keytable_key *k,
                      const config_setting_t *v, const char **ret)
{
	const char *s = scalars_text(c, v, k->example);
	struct error err;
	struct url url;

	if (s && url_parse(s, &url, &err)) {
		*ret = mem_arena_strdup(c->arena, s);
		return true;
	}
	if (s)
		problem_add(c->problems, v, "%s", err.text);
	return false;
}

void discoverkeys_seeds(struct draft_context *c, const struct keytable_key *k,
                        const config_setting_t *v, void *base)
{
	size_t n = lists_length(v);
	const char **at = mem_arena_zalloc(c->arena, n * sizeof(*at));
	struct settings_strings list = { at, n };
	bool ok = n;

	if (!n)
		problem_add(c->problems, v, "there is nobody to ask: write %s = %s;", k->name,
		            k->example);
	for (size_t i = 0; i < n; i++)
		ok &= read_seed(c, k, lists_element(v, i), &at[i]);
	if (ok)
		memcpy((char *)base + k->offset, &list, sizeof(list));
}

void discoverkeys_filter(struct draft_context *c, const struct keytable_key *k,
                         const config_setting_t *v, void *base)
{
	const char *s = scalars_text(c, v, k->example);
	struct error err;

	if (s && nodelist_filter_check(s, &err))
		scalars_store_text(c, k, base, s);
	else if (s)
		problem_add(c->problems, v, "%s", err.text);
}

void discoverkeys_kept(struct draft_context *c, const struct keytable_key *k,
                       const config_setting_t *v, void *base)
{
	const char *s = scalars_text(c, v, k->initial);

	if (!s)
		return;
	if (*s && *s != '/')
		problem_add(
		    c->problems, v,
		    "\"%.60s\" is not an absolute path: begin it with \"/\", as in %s, or write "
		    "\"\" for none",
		    s, k->initial);
	else if (*s)
		scalars_store_text(c, k, base, s);
	else
		memset((char *)base + k->offset, 0, k->size);
}

/* --- all of them -------------------------------------------------------------------------- */

static bool asks_https(const struct settings_discover *d)
{
	for (size_t i = 0; i < d->from.count; i++)
		if (strncasecmp(d->from.at[i], "https:", 6) == 0)
			return true;
	return false;
}

static bool says_something(const config_setting_t *mapping)
{
	return config_setting_get_member(mapping, "host") ||
	       config_setting_get_member(mapping, "sql_port") ||
	       config_setting_get_member(mapping, "http_port");
}

static void check_map(struct draft_context *c, const struct draft_list *map)
{
	const struct draft_mapping *m = map->at;

	for (size_t i = 0; i < map->count; i++) {
		if (!config_setting_is_group(m[i].at))
			continue;
		if (!says_something(m[i].at))
			problem_add(c->problems, m[i].at,
			            "it says nothing else of the node: write host, sql_port or "
			            "http_port");
		for (size_t k = 0; k < i; k++)
			if (m[i].m.node && m[k].m.node && strcasecmp(m[i].m.node, m[k].m.node) == 0)
				problem_add_key(c->problems, m[i].at, "node",
				                "\"%.60s\" is there in line %u already: keep one",
				                m[i].m.node, m[k].at->line);
	}
}

void discoverkeys_check(struct draft_context *c, const struct draft_discover *d)
{
	static const char *const names[] = { "ca", "cert", "key", "verify" };

	if (!d->at)
		return;
	check_map(c, &d->map);
	if (d->d.key && !d->d.cert)
		problem_add_key(c->problems, d->at, "key",
		                "a key without its certificate: write cert, too");
	for (size_t i = 0; d->d.from.count && !asks_https(&d->d) && i < ARRAY_LEN(names); i++)
		if (config_setting_get_member(d->at, names[i]))
			problem_add_key(c->problems, d->at, names[i],
			                "it counts only with https: write https:// in from, or "
			                "take it out");
}

const struct settings_discover *discoverkeys_make(const struct draft_context *c,
                                                  const struct draft_discover *d)
{
	const struct draft_mapping *from = d->map.at;
	struct settings_discover *ret;
	struct settings_mapping *map;

	if (!d->at)
		return NULL;
	ret = mem_arena_zalloc(c->arena, sizeof(*ret));
	map = mem_arena_zalloc(c->arena, d->map.count * sizeof(*map));
	for (size_t i = 0; i < d->map.count; i++) {
		map[i] = from[i].m;
		map[i].line = targets_line(c, from[i].at);
	}
	*ret = d->d;
	ret->map = map;
	ret->map_count = d->map.count;
	ret->line = targets_line(c, d->at);
	return ret;
}
