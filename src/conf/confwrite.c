/* SPDX-License-Identifier: MIT */
#include "conf/confwrite.h"

#include "confdraft.h"
#include "confitems.h"
#include "confvalue.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 96, LINE_WIDTH = 120, TAB = 8, KEYS_MAX = 512 };

struct page {
	struct text *out;
	size_t depth;
	bool explained[KEYS_MAX]; /* by position in the table */
	bool common[KEYS_MAX];    /* keys of services that stand at the top level */
	const struct confwrite_comments *comments;
};

static size_t position(const struct keytable_key *k)
{
	size_t count;

	return (size_t)(k - keytable_keys(&count)) % KEYS_MAX;
}

static void add_indent(struct page *p)
{
	for (size_t i = 0; i < p->depth; i++)
		text_addc(p->out, '\t');
}

/* Words with `mark` before each line, no wider than the page. */
static void add_wrapped(struct page *p, const char *mark, const char *s, char separator)
{
	size_t room = WIDTH - p->depth * TAB;
	size_t used = 0;

	while (*s) {
		size_t len = strcspn(s, separator == ' ' ? " " : "\n");

		if (!used || used + 1 + len > room) {
			if (used)
				text_addc(p->out, '\n');
			add_indent(p);
			text_add(p->out, mark);
			used = strlen(mark);
			if (used)
				text_addc(p->out, ' ');
		} else {
			text_addc(p->out, ' ');
		}
		text_addn(p->out, s, len);
		used += 1 + len;
		s += len + (s[len] != '\0');
	}
	text_addc(p->out, '\n');
}

static void explain(struct page *p, const struct keytable_key *k)
{
	bool *explained = &p->explained[position(k)];

	if (!*explained && k->type != KEYTABLE_NAME)
		add_wrapped(p, "#", k->help, ' ');
	*explained = true;
}

/* --- laying them out ------------------------------------------------------------------------ */

/* `before` { items } `after`, in one line or in as many as it takes. */
static void add_braces(struct page *p, const char *before, const char *items, const char *after)
{
	AUTO_TEXT line = { 0 };

	confitems_add_inline(items, &line);
	add_indent(p);
	if (p->depth * TAB + strlen(before) + line.len + strlen(after) <= LINE_WIDTH) {
		text_addf(p->out, "%s%s%s\n", before, text_str(&line), after);
		return;
	}
	text_addf(p->out, "%s{\n", before);
	p->depth++;
	add_wrapped(p, "", items, '\n');
	p->depth--;
	add_indent(p);
	text_addf(p->out, "}%s\n", after);
}

static void add_group(struct page *p, const struct keytable_key *k, const void *base)
{
	AUTO_TEXT items = { 0 };
	AUTO_TEXT before = { 0 };

	confitems_add(k->child, (const char *)base + k->offset, NULL, &items);
	if (!items.len)
		return;
	explain(p, k);
	text_addf(&before, "%s = ", k->name);
	add_braces(p, text_str(&before), text_str(&items), ";");
}

/* name = ( { ... }, { ... } ); with one element a line. */
static void add_elements(struct page *p, const struct keytable_key *k, const void *base)
{
	const struct draft_list *list = (const void *)((const char *)base + k->offset);
	size_t size = keytable_find_group(k->child)->size;

	explain(p, k);
	add_indent(p);
	text_addf(p->out, "%s = (\n", k->name);
	p->depth++;
	for (size_t i = 0; i < list->count; i++) {
		AUTO_TEXT items = { 0 };

		confitems_add(k->child, (const char *)list->at + i * size, NULL, &items);
		add_braces(p, "", text_str(&items), i + 1 < list->count ? "," : "");
	}
	p->depth--;
	add_indent(p);
	text_add(p->out, ");\n");
}

static void add_scalar(struct page *p, const struct keytable_key *k, const void *base)
{
	AUTO_TEXT value = { 0 };

	confitems_add_value(k, base, &value);
	if (!confitems_is_needed(k, base, NULL, &value))
		return;
	explain(p, k);
	add_indent(p);
	text_addf(p->out, "%s = %s;\n", k->name, text_str(&value));
}

/* --- services ------------------------------------------------------------------------------- */

/* ":26257", or a group if there is more to say than the address. */
static void add_bind(const struct keytable_key *k, const struct draft_bind *b, struct text *out)
{
	AUTO_TEXT items = { 0 };

	confitems_add(k->child, b, NULL, &items);
	if (strchr(text_str(&items), '\n') == text_str(&items) + items.len - 1)
		confvalue_add_string(b->b.text, out);
	else
		confitems_add_inline(text_str(&items), out);
}

/* bind = ":26257"; or a list of addresses and groups. */
static void add_binds(struct page *p, const struct keytable_key *k, const struct draft_service *d)
{
	const struct draft_bind *binds = d->binds.at;
	const char *between = ", ";
	AUTO_TEXT all = { 0 };

	explain(p, k);
	for (size_t i = 0; i < d->binds.count; i++)
		add_bind(k, &binds[i], &all);
	if (p->depth * TAB + all.len > LINE_WIDTH - 16)
		between = p->depth == 2 ? ",\n\t\t\t" : ",\n\t\t";
	add_indent(p);
	text_addf(p->out, "%s = ", k->name);
	if (d->binds.count == 1 && *text_str(&all) != '{') {
		text_addf(p->out, "%s;\n", text_str(&all));
		return;
	}
	text_addf(p->out, "(%s", *between == ',' && between[1] == ' ' ? " " : between + 1);
	for (size_t i = 0; i < d->binds.count; i++) {
		if (i)
			text_add(p->out, between);
		add_bind(k, &binds[i], p->out);
	}
	text_add(p->out, between[1] == ' ' ? " );\n" : "\n\t\t);\n");
}

/* Whether each value of `common` that a server does not have can be taken back there. */
static bool can_override(const struct draft_check *common, const struct draft_check *check)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	if (check->c.type == SETTINGS_CHECK_NONE)
		return true;
	if (check->c.type != common->c.type)
		return false;
	for (; count; k++, count--) {
		AUTO_TEXT theirs = { 0 };
		AUTO_TEXT own = { 0 };

		if (strcmp(k->group, "check") != 0)
			continue;
		confitems_add_value(k, common, &theirs);
		confitems_add_value(k, check, &own);
		if (theirs.len && !own.len)
			return false;
	}
	return true;
}

static bool has_common_check(const struct draft_service *d)
{
	const struct draft_server *servers = d->servers.at;

	if (!d->check.type)
		return false;
	for (size_t i = 0; i < d->servers.count; i++)
		if (!can_override(&d->check, &servers[i].check))
			return false;
	return true;
}

static void add_server(struct page *p, const struct draft_server *s,
                       const struct draft_check *common, const char *after)
{
	AUTO_TEXT items = { 0 };
	AUTO_TEXT check = { 0 };
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	for (; count; k++, count--)
		if (strcmp(k->group, "services.servers") == 0 && k->type != KEYTABLE_GROUP)
			confitems_add_key(k, s, NULL, &items);
	if (common || s->check.c.type != SETTINGS_CHECK_NONE)
		confitems_add("check", &s->check, common, &check);
	if (check.len) {
		text_add(&items, "check = ");
		confitems_add_inline(text_str(&check), &items);
		text_add(&items, ";\n");
	}
	add_braces(p, "", text_str(&items), after);
}

static void add_servers(struct page *p, const struct keytable_key *k, const struct draft_service *d)
{
	const struct draft_server *servers = d->servers.at;
	bool common = has_common_check(d);

	if (!d->servers.count)
		return;
	explain(p, k);
	add_indent(p);
	text_addf(p->out, "%s = (\n", k->name);
	p->depth++;
	for (size_t i = 0; i < d->servers.count; i++)
		add_server(p, &servers[i], common ? &d->check : NULL,
		           i + 1 < d->servers.count ? "," : "");
	p->depth--;
	add_indent(p);
	text_add(p->out, ");\n");
}

static void add_service_key(struct page *p, const struct keytable_key *k,
                            const struct draft_service *d)
{
	if (p->common[position(k)])
		return;
	if (k->type == KEYTABLE_BINDS)
		add_binds(p, k, d);
	else if (k->type == KEYTABLE_GROUPS)
		add_servers(p, k, d);
	else if (k->type != KEYTABLE_GROUP)
		add_scalar(p, k, d);
	else if (strcmp(k->child, "check") != 0 || has_common_check(d))
		add_group(p, k, d);
}

static void add_service(struct page *p, const struct draft_service *d, const char *origin,
                        bool last)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	if (origin)
		add_wrapped(p, "#", origin, ' ');
	add_indent(p);
	text_add(p->out, "{\n");
	p->depth++;
	for (; count; k++, count--)
		if (strcmp(k->group, "services") == 0)
			add_service_key(p, k, d);
	p->depth--;
	add_indent(p);
	text_addf(p->out, "}%s\n", last ? "" : ",");
}

static void add_services(struct page *p, const struct keytable_key *k,
                         const struct draft_root *root)
{
	const struct draft_service *services = root->services.at;

	text_addc(p->out, '\n');
	explain(p, k);
	text_add(p->out, "services = (\n");
	p->depth++;
	for (size_t i = 0; i < root->services.count; i++)
		add_service(p, &services[i], p->comments->origins ? p->comments->origins[i] : NULL,
		            i + 1 == root->services.count);
	p->depth--;
	text_add(p->out, ");\n");
}

/* A service's value of a key, whatever its kind, to be compared with another service's. */
static void add_any_value(const struct keytable_key *k, const struct draft_service *d,
                          struct text *out)
{
	if (k->type == KEYTABLE_GROUP)
		confitems_add(k->child, (const char *)d + k->offset, NULL, out);
	else
		confitems_add_value(k, d, out);
}

static bool is_common(const struct keytable_key *k, const struct draft_root *root)
{
	const struct draft_service *services = root->services.at;
	AUTO_TEXT first = { 0 };

	if (!(k->flags & KEYTABLE_SHARED) || root->services.count < 2)
		return false;
	add_any_value(k, &services[0], &first);
	for (size_t i = 1; i < root->services.count; i++) {
		AUTO_TEXT other = { 0 };

		add_any_value(k, &services[i], &other);
		if (strcmp(text_str(&first), text_str(&other)) != 0)
			return false;
	}
	return true;
}

/* What all services say, if there are several, is said once. */
static void add_common(struct page *p, const struct draft_root *root)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);
	struct text *out = p->out;
	AUTO_TEXT body = { 0 };

	p->out = &body;
	for (; count; k++, count--)
		if (is_common(k, root)) {
			add_service_key(p, k, root->services.at);
			p->common[position(k)] = true;
		}
	p->out = out;
	if (body.len)
		text_addf(out, "\n# --- for all services ---\n%s", text_str(&body));
}

/* --- the file ------------------------------------------------------------------------------- */

/* cluster = { nodes = ( ... ); check = { ... }; server = { ... }; }; */
static void add_cluster(struct page *p, const struct keytable_key *k, const struct draft_root *root)
{
	size_t count;
	const struct keytable_key *inner = keytable_keys(&count);

	if (!root->cluster.nodes.count)
		return;
	text_addc(p->out, '\n');
	explain(p, k);
	text_add(p->out, "cluster = {\n");
	p->depth++;
	for (; count; inner++, count--) {
		if (strcmp(inner->group, "cluster") != 0)
			continue;
		if (inner->type == KEYTABLE_GROUPS)
			add_elements(p, inner, &root->cluster);
		else
			add_group(p, inner, &root->cluster);
	}
	p->depth--;
	text_add(p->out, "};\n");
}

static void add_root_key(struct page *p, const struct keytable_key *k,
                         const struct draft_root *root)
{
	if (!k->child) {
		add_scalar(p, k, root);
	} else if (strcmp(k->name, "cluster") == 0) {
		add_cluster(p, k, root);
	} else if (strcmp(k->name, "services") == 0) {
		add_common(p, root);
		add_services(p, k, root);
	} else {
		if (strcmp(k->name, "resolver") != 0)
			text_addc(p->out, '\n');
		if (k->type == KEYTABLE_GROUPS)
			add_elements(p, k, root);
		else
			add_group(p, k, root);
	}
}

static void add_head(struct page *p)
{
	const char *s = p->comments->head;

	while (s && *s) {
		size_t len = strcspn(s, "\n");

		text_addf(p->out, "#%s%.*s\n", len ? " " : "", (int)len, s);
		s += len + (s[len] != '\0');
	}
	if (p->comments->head)
		text_addc(p->out, '\n');
}

void confwrite_settings(const struct settings *s, const struct confwrite_comments *comments,
                        struct text *out)
{
	static const struct confwrite_comments none = { 0 };
	struct page p = { .out = out, .comments = comments ? comments : &none };
	struct mem_arena arena = { 0 };
	struct draft_root root;
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	confdraft_make(s, &arena, &root);
	add_head(&p);
	for (; count; k++, count--)
		if (!*k->group)
			add_root_key(&p, k, &root);
	mem_arena_release(&arena);
}
