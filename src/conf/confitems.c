/* SPDX-License-Identifier: MIT */
#include "confitems.h"

#include "confvalue.h"
#include "draft.h"

#include <string.h>

/* Whether a key of a check means something for its type (conf/keys.def, flags). */
static bool applies(const struct keytable_key *k, const void *base)
{
	const struct draft_check *check = base;
	bool tls;
	bool http;

	if (strcmp(k->group, "check") != 0)
		return true;
	if (check->c.type == SETTINGS_CHECK_NONE)
		return strcmp(k->name, "type") == 0;
	tls = check->c.type == SETTINGS_CHECK_HTTPS;
	http = tls || check->c.type == SETTINGS_CHECK_HTTP;
	if (k->flags & KEYTABLE_HTTP)
		return http;
	if (k->flags & KEYTABLE_TLS)
		return tls;
	return !(k->flags & KEYTABLE_PGSQL) || check->c.type == SETTINGS_CHECK_PGSQL;
}

/* The value of a key in words of the file; nothing if it is not written. */
void confitems_add_value(const struct keytable_key *k, const void *base, struct text *out)
{
	if (applies(k, base))
		confvalue_add(k, base, out);
}

/* Good to see although it is the default. */
static bool is_telling(const struct keytable_key *k)
{
	static const char *const names[] = { "balance", "path", "inter", "rise", "fall" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(k->name, names[i]) == 0)
			return true;
	return (strcmp(k->group, "timeout") == 0 || strcmp(k->group, "admin") == 0) &&
	       strcmp(k->initial, "\"0s\"") != 0;
}

/* Whether the value has to be written where the group begins as `other`, or as its defaults. */
bool confitems_is_needed(const struct keytable_key *k, const void *base, const void *other,
                         const struct text *value)
{
	AUTO_TEXT already = { 0 };

	if (!value->len || !applies(k, base))
		return false;
	if (!other)
		return is_telling(k) || strcmp(text_str(value), k->initial) != 0;
	confitems_add_value(k, other, &already);
	/* A key that its type of check has not shown is at its default. */
	if (!already.len && !applies(k, other))
		text_add(&already, k->initial);
	return strcmp(text_str(value), text_str(&already)) != 0;
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

	if (k->type == KEYTABLE_GROUP) {
		AUTO_TEXT inner = { 0 };

		confitems_add(k->child, (const char *)base + k->offset,
		              other ? (const char *)other + k->offset : NULL, &inner);
		if (inner.len)
			confitems_add_inline(text_str(&inner), &value);
	} else {
		confitems_add_value(k, base, &value);
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
