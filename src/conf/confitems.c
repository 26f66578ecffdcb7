/* SPDX-License-Identifier: MIT */
#include "confitems.h"

#include "checkrules.h"
#include "confvalue.h"

#include <string.h>

bool confitems_applies(const struct keytable_key *k, const void *base)
{
	const struct draft_check *check = base;

	if (strcmp(k->group, "check") != 0)
		return true;
	if (check->c.type == SETTINGS_CHECK_NONE)
		return strcmp(k->name, "type") == 0;
	return keytable_applies(k, check->c.type, checkrules_has_tls(check),
	                        check->steps.count != 0);
}

/* Groups that mean something by being there. */
static bool speaks_by_presence(const struct keytable_key *k)
{
	return strcmp(k->child, "agent") == 0 || strcmp(k->child, "cluster.discover") == 0 ||
	       strncmp(k->child, "steps.", 6) == 0;
}

static const config_setting_t *place_of(const void *group)
{
	return *(const config_setting_t *const *)group;
}

static void add_groups(const struct keytable_key *k, const struct draft_list *list,
                       struct text *out)
{
	size_t size = keytable_find_group(k->child)->size;

	if (!list->set && !list->count)
		return;
	text_add(out, "( ");
	for (size_t i = 0; i < list->count; i++) {
		AUTO_TEXT items = { 0 };

		confitems_add(k->child, (const char *)list->at + i * size, NULL, &items);
		text_add(out, i ? ", " : "");
		confitems_add_inline(text_str(&items), out);
	}
	text_add(out, list->count ? " )" : ")");
}

void confitems_add_bind(const struct keytable_key *k, const struct draft_bind *b, struct text *out)
{
	AUTO_TEXT items = { 0 };

	confitems_add(k->child, b, NULL, &items);
	if (strchr(text_str(&items), '\n') == text_str(&items) + items.len - 1)
		confvalue_add_string(b->b.text, out);
	else
		confitems_add_inline(text_str(&items), out);
}

static void add_binds(const struct keytable_key *k, const struct draft_list *list, struct text *out)
{
	const struct draft_bind *binds = list->at;
	AUTO_TEXT all = { 0 };

	for (size_t i = 0; i < list->count; i++) {
		text_add(&all, i ? ", " : "");
		confitems_add_bind(k, &binds[i], &all);
	}
	if (list->count == 1)
		text_add(out, text_str(&all));
	else
		text_addf(out, "( %s )", text_str(&all));
}

/* "10.0.0.5", or a group if there is more to say than the address. */
static void add_source(const struct keytable_key *k, const struct draft_source *source,
                       struct text *out)
{
	AUTO_TEXT items = { 0 };

	confitems_add(k->child, source, NULL, &items);
	if (source->s.interface)
		confitems_add_inline(text_str(&items), out);
	else if (source->s.addr.len)
		confvalue_add(keytable_find(k->child, "address"), source, out);
}

void confitems_add_value(const struct keytable_key *k, const void *base, struct text *out)
{
	const void *target = (const char *)base + k->offset;

	if (!confitems_applies(k, base))
		return;
	if (k->type == KEYTABLE_GROUPS) {
		add_groups(k, target, out);
	} else if (k->type == KEYTABLE_BINDS) {
		add_binds(k, target, out);
	} else if (k->type == KEYTABLE_SOURCE) {
		add_source(k, target, out);
	} else if (k->type == KEYTABLE_GROUP) {
		AUTO_TEXT inner = { 0 };

		if (speaks_by_presence(k) && !place_of(target))
			return;
		confitems_add(k->child, target, NULL, &inner);
		if (inner.len || speaks_by_presence(k))
			confitems_add_inline(text_str(&inner), out);
	} else {
		confvalue_add(k, base, out);
	}
}

/* Good to see although it is the default. */
static bool is_telling(const struct keytable_key *k)
{
	static const char *const names[] = { "balance", "path", "inter", "rise",
		                             "fall",    "bind", "socket" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(k->name, names[i]) == 0)
			return true;
	return strcmp(k->group, "timeout") == 0 && strcmp(k->initial, "\"0s\"") != 0;
}

/* Whether the value has to be written where the group begins as `other`, or as its defaults. */
bool confitems_is_needed(const struct keytable_key *k, const void *base, const void *other,
                         const struct text *value)
{
	AUTO_TEXT already = { 0 };

	if (!value->len || !confitems_applies(k, base))
		return false;
	if (!other)
		return is_telling(k) || strcmp(text_str(value), k->initial) != 0;
	confitems_add_value(k, other, &already);
	/* A key that its type of check has not shown is at its default. */
	if (!already.len && !confitems_applies(k, other))
		text_add(&already, k->initial);
	return strcmp(text_str(value), text_str(&already)) != 0;
}

/* An empty list takes back what the group begins with. */
static bool takes_back(const struct keytable_key *k, const void *other)
{
	AUTO_TEXT already = { 0 };

	if (!other || (k->type != KEYTABLE_NETS && k->type != KEYTABLE_HEADERS))
		return false;
	confitems_add_value(k, other, &already);
	return already.len != 0;
}

/* The items of a group in one line. */
void confitems_add_inline(const char *items, struct text *out)
{
	text_add(out, "{ ");
	for (; *items; items++)
		text_addn(out, *items == '\n' ? " " : items, 1);
	text_add(out, "}");
}

void confitems_add_key(const struct keytable_key *k, const void *base, const void *other,
                       struct text *items)
{
	AUTO_TEXT value = { 0 };

	if (k->type == KEYTABLE_GROUP && !speaks_by_presence(k)) {
		AUTO_TEXT inner = { 0 };

		confitems_add(k->child, (const char *)base + k->offset,
		              other ? (const char *)other + k->offset : NULL, &inner);
		if (inner.len)
			confitems_add_inline(text_str(&inner), &value);
	} else {
		confitems_add_value(k, base, &value);
		if (!value.len && takes_back(k, other))
			text_add(&value, "( )");
		if (!confitems_is_needed(k, base, other, &value))
			return;
	}
	if (value.len)
		text_addf(items, "%s = %s;\n", k->name, text_str(&value));
}

void confitems_add(const char *group, const void *base, const void *other, struct text *items)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	for (; count; k++, count--)
		if (strcmp(k->group, group) == 0)
			confitems_add_key(k, base, other, items);
}
