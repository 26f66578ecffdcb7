/* SPDX-License-Identifier: MIT */
#include "conf/nodeset.h"

#include <string.h>
#include <strings.h>

static const char *keep(struct mem_arena *arena, const char *s)
{
	return s ? mem_arena_strdup(arena, s) : NULL;
}

/* --- copies ------------------------------------------------------------------------------- */

static struct settings_node *make(struct mem_arena *arena, size_t count, struct settings_nodes *ret)
{
	struct settings_node *at = mem_arena_zalloc(arena, count * sizeof(*at));

	*ret = (struct settings_nodes){ at, count };
	return at;
}

void nodeset_take(const struct nodelist *l, struct mem_arena *arena, struct settings_nodes *ret)
{
	struct settings_node *at = make(arena, l->count, ret);

	for (size_t i = 0; i < l->count; i++) {
		const struct nodelist_node *n = &l->nodes[i];

		at[i] = (struct settings_node){ .name = keep(arena, n->name),
			                        .host = keep(arena, n->host),
			                        .locality = keep(arena, n->locality),
			                        .sql_port = n->sql_port,
			                        .http_port = n->http_port };
	}
}

void nodeset_take_leavers(const struct nodelist *l, struct mem_arena *arena,
                          struct settings_nodes *ret)
{
	struct settings_node *at = make(arena, l->leaver_count, ret);

	for (size_t i = 0; i < l->leaver_count; i++)
		at[i] = (struct settings_node){ .name = keep(arena, l->leavers[i].name),
			                        .host = "",
			                        .leaving = l->leavers[i].done
			                                       ? SETTINGS_DECOMMISSIONED
			                                       : SETTINGS_DECOMMISSIONING };
}

void nodeset_copy(const struct settings_nodes *from, struct mem_arena *arena,
                  struct settings_nodes *ret)
{
	struct settings_node *at = make(arena, from->count, ret);

	for (size_t i = 0; i < from->count; i++) {
		at[i] = from->at[i];
		at[i].name = keep(arena, at[i].name);
		at[i].host = keep(arena, at[i].host);
		at[i].locality = keep(arena, at[i].locality);
		at[i].told = keep(arena, at[i].told);
	}
}

void nodeset_write(const struct settings_nodes *nodes, struct text *out)
{
	for (size_t i = 0; i < nodes->count; i++) {
		const struct settings_node *n = &nodes->at[i];

		text_addf(out, strchr(n->host, ':') ? "%s [%s]:%u:%u" : "%s %s:%u:%u", n->name,
		          n->host, n->sql_port, n->http_port);
		if (n->locality)
			text_addf(out, " %s", n->locality);
		text_addc(out, '\n');
	}
}

/* --- what is wanted of them ----------------------------------------------------------------- */

static const struct settings_mapping *find_mapping(const struct settings_discover *d,
                                                   const char *word)
{
	for (size_t i = 0; i < d->map_count; i++)
		if (strcasecmp(d->map[i].node, word) == 0)
			return &d->map[i];
	return NULL;
}

struct settings_node nodeset_map(const struct settings_node *node,
                                 const struct settings_discover *d)
{
	const struct settings_mapping *m = find_mapping(d, node->host);
	struct settings_node n = *node;

	if (!m)
		m = find_mapping(d, node->name);
	if (!m)
		return n;
	n.host = m->host ? m->host : n.host;
	n.sql_port = m->sql_port ? m->sql_port : n.sql_port;
	n.http_port = m->http_port ? m->http_port : n.http_port;
	return n;
}

bool nodeset_select(const struct settings_nodes *found, const struct settings_discover *d,
                    struct mem_arena *arena, struct settings_nodes *ret, struct error *err)
{
	struct nodelist l = { .count = found->count };
	bool ok = true;

	l.nodes = mem_arena_zalloc(&l.arena, (found->count + 1) * sizeof(*l.nodes));
	for (size_t i = 0; i < found->count; i++) {
		struct settings_node n = nodeset_map(&found->at[i], d);

		l.nodes[i] = (struct nodelist_node){ .name = n.name,
			                             .host = n.host,
			                             .locality = n.locality,
			                             .sql_port = n.sql_port,
			                             .http_port = n.http_port };
	}
	if (d->locality)
		ok = nodelist_filter(&l, d->locality, err);
	if (ok)
		nodeset_take(&l, arena, ret);
	nodelist_release(&l);
	return ok;
}

/* --- servers ------------------------------------------------------------------------------ */

static bool has_address(const struct settings_nodes *nodes, const struct settings_node *n)
{
	for (size_t i = 0; i < nodes->count; i++)
		if (nodes->at[i].sql_port == n->sql_port &&
		    strcasecmp(nodes->at[i].host, n->host) == 0)
			return true;
	return false;
}

const struct settings_node *nodeset_find(const struct settings_nodes *nodes, const char *name)
{
	for (size_t i = 0; i < nodes->count; i++)
		if (strcmp(nodes->at[i].name, name) == 0)
			return &nodes->at[i];
	return NULL;
}

static const char *free_name(const struct settings_nodes *written,
                             const struct settings_nodes *joined, const char *name,
                             struct mem_arena *arena)
{
	const char *free = name;

	for (size_t i = 2; nodeset_find(written, free) || nodeset_find(joined, free); i++)
		free = mem_arena_printf(arena, "%.*s-%zu", SETTINGS_NAME_MAX - 8, name, i);
	return free;
}

void nodeset_join(const struct settings_nodes *written, const struct settings_nodes *selected,
                  struct mem_arena *arena, struct settings_nodes *ret)
{
	struct settings_node *at = make(arena, selected->count, ret);

	ret->count = 0;
	for (size_t i = 0; i < selected->count && ret->count < NODESET_MAX; i++) {
		const struct settings_node *n = &selected->at[i];

		if (has_address(written, n) || has_address(ret, n))
			continue;
		at[ret->count] = *n;
		at[ret->count].told = n->name;
		at[ret->count].name = free_name(written, ret, n->name, arena);
		ret->count++;
	}
}

void nodeset_leave(const struct settings_nodes *nodes, const struct settings_nodes *written,
                   const struct settings_nodes *joined, struct mem_arena *arena,
                   struct settings_nodes *ret)
{
	struct settings_nodes copy;
	struct settings_node *at = make(arena, nodes->count, ret);

	ret->count = 0;
	nodeset_copy(nodes, arena, &copy);
	for (size_t i = 0; i < copy.count && ret->count < NODESET_MAX; i++)
		if (!nodeset_find(written, copy.at[i].name) &&
		    !nodeset_find(joined, copy.at[i].name))
			at[ret->count++] = copy.at[i];
}

enum settings_leaving nodeset_reason(const struct settings_nodes *leavers, const char *told)
{
	const struct settings_node *n = nodeset_find(leavers, told);

	return n ? n->leaving : SETTINGS_LEFT;
}

/* --- differences -------------------------------------------------------------------------- */

static bool same_address(const struct settings_node *a, const struct settings_node *b)
{
	return strcasecmp(a->host, b->host) == 0 && a->sql_port == b->sql_port &&
	       a->http_port == b->http_port;
}

bool nodeset_same(const struct settings_nodes *a, const struct settings_nodes *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->at[i].name, b->at[i].name) != 0 ||
		    !same_address(&a->at[i], &b->at[i]) ||
		    !text_same(a->at[i].locality, b->at[i].locality))
			return false;
	return true;
}

/* Names of nodes for which something is the case, with what that is. */
struct sentence {
	size_t room;
	struct text *out;
	size_t names, left_out;
};

static void add_name(struct sentence *s, const char *name)
{
	enum { REST = 48 }; /* " and 1024 more have another address; " and the like */

	if (s->out->len + strlen(name) + REST > s->room) {
		s->left_out++;
		return;
	}
	text_addf(s->out, "%s%s", s->names ? ", " : s->out->len ? "; " : "", name);
	s->names++;
}

static void end_sentence(struct sentence *s, const char *one, const char *many)
{
	size_t n = s->names + s->left_out;

	if (s->left_out && s->names)
		text_addf(s->out, " and %zu more", s->left_out);
	else if (s->left_out)
		text_addf(s->out, "%s%zu", s->out->len ? "; " : "", s->left_out);
	if (n)
		text_addf(s->out, " %s", n == 1 ? one : many);
	s->names = s->left_out = 0;
}

static const char *told_name(const struct settings_node *n)
{
	return n->told ? n->told : n->name;
}

static const struct {
	enum settings_leaving reason;
	const char *one, *many;
} endings[] = {
	{ SETTINGS_LEFT, "left", "left" },
	{ SETTINGS_DECOMMISSIONING, "is being decommissioned", "are being decommissioned" },
	{ SETTINGS_DECOMMISSIONED, "is decommissioned", "are decommissioned" },
};

/* Those of `before` that `after` has not. */
static void add_missing(struct sentence *s, const struct nodeset_news *news)
{
	for (size_t k = 0; k < ARRAY_LEN(endings); k++) {
		for (size_t i = 0; i < news->before.count; i++) {
			const struct settings_node *n = &news->before.at[i];

			if (!nodeset_find(&news->after, n->name) &&
			    nodeset_reason(&news->leavers, told_name(n)) == endings[k].reason)
				add_name(s, n->name);
		}
		end_sentence(s, endings[k].one, endings[k].many);
	}
}

void nodeset_tell(const struct nodeset_news *news, size_t room, struct text *out)
{
	const struct settings_nodes *before = &news->before, *after = &news->after;
	struct sentence s = { .room = room, .out = out };

	for (size_t i = 0; i < after->count; i++)
		if (!nodeset_find(before, after->at[i].name))
			add_name(&s, after->at[i].name);
	end_sentence(&s, "joined", "joined");
	add_missing(&s, news);
	for (size_t i = 0; i < after->count; i++) {
		const struct settings_node *old = nodeset_find(before, after->at[i].name);

		if (old && !same_address(old, &after->at[i]))
			add_name(&s, after->at[i].name);
	}
	end_sentence(&s, "has another address", "have other addresses");
}

/* The node of `written` that stands for that found one; NULL: none does. */
static const struct settings_node *stand_in(const struct settings_nodes *written,
                                            const struct settings_node *found,
                                            const struct settings_discover *d)
{
	struct settings_node n = nodeset_map(found, d);

	for (size_t i = 0; i < written->count; i++)
		if (has_address(&(struct settings_nodes){ &written->at[i], 1 }, &n))
			return &written->at[i];
	return NULL;
}

void nodeset_tell_written(const struct nodeset_news *news, const struct settings_nodes *written,
                          const struct settings_discover *d, size_t room, struct text *out)
{
	struct sentence s = { .room = room, .out = out };

	for (size_t k = 0; k < ARRAY_LEN(endings); k++) {
		for (size_t i = 0; i < news->before.count; i++) {
			const struct settings_node *n = &news->before.at[i];
			const struct settings_node *w = stand_in(written, n, d);

			if (w && !has_address(&news->after, n) &&
			    nodeset_reason(&news->leavers, n->name) == endings[k].reason)
				add_name(&s, w->name);
		}
		end_sentence(&s, endings[k].one, endings[k].many);
	}
}
