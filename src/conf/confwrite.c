/* SPDX-License-Identifier: MIT */
#include "conf/confwrite.h"

#include "confdraft.h"
#include "confitems.h"
#include "conflayout.h"
#include "confvalue.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 512 };

struct page {
	struct conflayout l;
	bool explained[KEYS_MAX]; /* by position in the table */
	bool common[KEYS_MAX];    /* keys of services that stand at the top level */
	const struct confwrite_comments *comments;
};

static size_t position(const struct keytable_key *k)
{
	size_t count;

	return (size_t)(k - keytable_keys(&count)) % KEYS_MAX;
}

static void explain(struct page *p, const struct keytable_key *k)
{
	bool *explained = &p->explained[position(k)];

	if (!*explained && k->type != KEYTABLE_NAME)
		conflayout_comment(&p->l, k->help);
	*explained = true;
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
	conflayout_braces(&p->l, text_str(&before), text_str(&items), ";");
}

/* name = ( { ... }, { ... } ); with one element a line.  `other` is what each begins as, or NULL.
 */
static void add_elements(struct page *p, const struct keytable_key *k, const void *base,
                         const void *other)
{
	const struct draft_list *list = (const void *)((const char *)base + k->offset);
	size_t size = keytable_find_group(k->child)->size;

	explain(p, k);
	conflayout_indent(&p->l);
	text_addf(p->l.out, "%s = (\n", k->name);
	p->l.depth++;
	for (size_t i = 0; i < list->count; i++) {
		AUTO_TEXT items = { 0 };

		confitems_add(k->child, (const char *)list->at + i * size, other, &items);
		conflayout_braces(&p->l, "", text_str(&items), i + 1 < list->count ? "," : "");
	}
	p->l.depth--;
	conflayout_indent(&p->l);
	text_add(p->l.out, ");\n");
}

static void add_scalar(struct page *p, const struct keytable_key *k, const void *base)
{
	AUTO_TEXT value = { 0 };

	confitems_add_value(k, base, &value);
	if (!confitems_is_needed(k, base, NULL, &value))
		return;
	explain(p, k);
	conflayout_indent(&p->l);
	text_addf(p->l.out, "%s = %s;\n", k->name, text_str(&value));
}

/* --- services ------------------------------------------------------------------------------- */

/* bind = ":26257"; or a list of addresses and groups. */
static void add_binds(struct page *p, const struct keytable_key *k, const struct draft_service *d)
{
	const struct draft_bind *binds = d->binds.at;
	const char *between = ", ";
	AUTO_TEXT all = { 0 };

	if (!d->binds.count)
		return;
	explain(p, k);
	for (size_t i = 0; i < d->binds.count; i++)
		confitems_add_bind(k, &binds[i], &all);
	if (p->l.depth * CONFLAYOUT_TAB + all.len > CONFLAYOUT_WIDTH - 16)
		between = p->l.depth == 2 ? ",\n\t\t\t" : ",\n\t\t";
	conflayout_indent(&p->l);
	text_addf(p->l.out, "%s = ", k->name);
	if (d->binds.count == 1 && *text_str(&all) != '{') {
		text_addf(p->l.out, "%s;\n", text_str(&all));
		return;
	}
	text_addf(p->l.out, "(%s", *between == ',' && between[1] == ' ' ? " " : between + 1);
	for (size_t i = 0; i < d->binds.count; i++) {
		if (i)
			text_add(p->l.out, between);
		confitems_add_bind(k, &binds[i], p->l.out);
	}
	text_add(p->l.out, between[1] == ' ' ? " );\n" : "\n\t\t);\n");
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
		if (strcmp(k->group, "services.servers") == 0 && strcmp(k->name, "check") != 0)
			confitems_add_key(k, s, NULL, &items);
	/* Who tracks another server has no check, whatever the others have. */
	if (!s->s.track && (common || s->check.c.type != SETTINGS_CHECK_NONE))
		confitems_add("check", &s->check, common, &check);
	if (check.len) {
		text_add(&items, "check = ");
		confitems_add_inline(text_str(&check), &items);
		text_add(&items, ";\n");
	}
	conflayout_braces(&p->l, "", text_str(&items), after);
}

static void add_servers(struct page *p, const struct keytable_key *k, const struct draft_service *d)
{
	const struct draft_server *servers = d->servers.at;
	bool common = has_common_check(d);

	if (!d->servers.count)
		return;
	explain(p, k);
	conflayout_indent(&p->l);
	text_addf(p->l.out, "%s = (\n", k->name);
	p->l.depth++;
	for (size_t i = 0; i < d->servers.count; i++)
		add_server(p, &servers[i], common ? &d->check : NULL,
		           i + 1 < d->servers.count ? "," : "");
	p->l.depth--;
	conflayout_indent(&p->l);
	text_add(p->l.out, ");\n");
}

static void add_service_key(struct page *p, const struct keytable_key *k,
                            const struct draft_service *d)
{
	const struct draft_list *list = (const void *)((const char *)d + k->offset);
	struct draft_frontend frontend = draft_frontend_begin(d);

	if (p->common[position(k)])
		return;
	if (k->type == KEYTABLE_BINDS)
		add_binds(p, k, d);
	else if (k->type == KEYTABLE_GROUPS && strcmp(k->name, "servers") == 0)
		add_servers(p, k, d);
	else if (k->type == KEYTABLE_GROUPS && (list->set || list->count))
		add_elements(p, k, d, strcmp(k->name, "frontends") == 0 ? &frontend : NULL);
	else if (k->type == KEYTABLE_GROUPS)
		return;
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
		conflayout_comment(&p->l, origin);
	conflayout_indent(&p->l);
	text_add(p->l.out, "{\n");
	p->l.depth++;
	for (; count; k++, count--)
		if (strcmp(k->group, "services") == 0)
			add_service_key(p, k, d);
	p->l.depth--;
	conflayout_indent(&p->l);
	text_addf(p->l.out, "}%s\n", last ? "" : ",");
}

static void add_services(struct page *p, const struct keytable_key *k,
                         const struct draft_root *root)
{
	const struct draft_service *services = root->services.at;

	text_addc(p->l.out, '\n');
	explain(p, k);
	text_add(p->l.out, "services = (\n");
	p->l.depth++;
	for (size_t i = 0; i < root->services.count; i++)
		add_service(p, &services[i], p->comments->origins ? p->comments->origins[i] : NULL,
		            i + 1 == root->services.count);
	p->l.depth--;
	text_add(p->l.out, ");\n");
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
	struct text *out = p->l.out;
	AUTO_TEXT body = { 0 };

	p->l.out = &body;
	for (; count; k++, count--)
		if (is_common(k, root)) {
			add_service_key(p, k, root->services.at);
			p->common[position(k)] = true;
		}
	p->l.out = out;
	if (body.len)
		text_addf(out, "\n# --- for all services ---\n%s", text_str(&body));
}

/* --- the file ------------------------------------------------------------------------------- */

/* Discovery means something by being there; what nodes have in common is known by these. */
static void add_cluster_group(struct page *p, const struct keytable_key *k,
                              const struct draft_cluster *cluster)
{
	bool there = strcmp(k->name, "discover") == 0 ? cluster->discover.at != NULL
	                                              : cluster->nodes.count != 0;

	if (there)
		add_group(p, k, cluster);
}

/* cluster = { nodes = ( ... ); check = { ... }; server = { ... }; }; */
static void add_cluster(struct page *p, const struct keytable_key *k, const struct draft_root *root)
{
	struct draft_node common = { .s = root->cluster.server.s,
		                     .n = { .sql_port = 26257, .http_port = 8080 } };
	size_t count;
	const struct keytable_key *inner = keytable_keys(&count);

	if (!root->cluster.nodes.count && !root->cluster.discover.at)
		return;
	text_addc(p->l.out, '\n');
	explain(p, k);
	text_add(p->l.out, "cluster = {\n");
	p->l.depth++;
	for (; count; inner++, count--) {
		if (strcmp(inner->group, "cluster") != 0)
			continue;
		if (inner->type != KEYTABLE_GROUPS)
			add_cluster_group(p, inner, &root->cluster);
		else if (root->cluster.nodes.count)
			add_elements(p, inner, &root->cluster, &common);
	}
	p->l.depth--;
	text_add(p->l.out, "};\n");
}

/* admin = { ... }; or a list of such groups; of those only the first has addresses as defaults. */
static void add_admins(struct page *p, const struct keytable_key *k, const struct draft_root *root)
{
	const struct draft_admin *admins = root->admins.at;
	struct draft_admin none = { 0 };
	bool list = root->admins.count > 1;

	explain(p, k);
	if (list)
		text_addf(p->l.out, "%s = (\n", k->name);
	p->l.depth += list;
	for (size_t i = 0; i < root->admins.count; i++) {
		AUTO_TEXT items = { 0 };

		confitems_add(k->child, &admins[i], i ? &none : NULL, &items);
		conflayout_braces(&p->l, list ? "" : "admin = ", text_str(&items),
		                  !list                        ? ";"
		                  : i + 1 < root->admins.count ? ","
		                                               : "");
	}
	p->l.depth -= list;
	if (list)
		text_add(p->l.out, ");\n");
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
			text_addc(p->l.out, '\n');
		if (k->type == KEYTABLE_GROUPS)
			add_elements(p, k, root, NULL);
		else if (k->type == KEYTABLE_MANY)
			add_admins(p, k, root);
		else
			add_group(p, k, root);
	}
}

static void add_head(struct page *p)
{
	const char *s = p->comments->head;

	while (s && *s) {
		size_t len = strcspn(s, "\n");

		text_addf(p->l.out, "#%s%.*s\n", len ? " " : "", (int)len, s);
		s += len + (s[len] != '\0');
	}
	if (p->comments->head)
		text_addc(p->l.out, '\n');
}

void confwrite_settings(const struct settings *s, const struct confwrite_comments *comments,
                        struct text *out)
{
	static const struct confwrite_comments none = { 0 };
	struct page p = { .l.out = out, .comments = comments ? comments : &none };
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
