/* SPDX-License-Identifier: MIT */
#include "conf/keys.h"

#include "keytable.h"
#include "troff.h"

#include <assert.h>
#include <string.h>

enum { WIDTH = 96, TAB = 8 };

size_t keys_count(void)
{
	size_t count;

	keytable_keys(&count);
	return count;
}

struct keys_entry keys_at(size_t i)
{
	size_t count;
	const struct keytable_key *k = &keytable_keys(&count)[i];

	return (struct keys_entry){ .group = k->group,
		                    .name = k->name,
		                    .type = k->type_words,
		                    .initial = k->initial,
		                    .help = k->help };
}

/* Of a key that counts in some checks only. */
static void add_remarks(struct text *out, const struct keytable_key *k)
{
	AUTO_TEXT types = { 0 };

	keytable_add_types(k, &types);
	if (types.len)
		text_addf(out, " Only with %s.", text_str(&types));
}

static void add_man_key(struct text *out, const struct keytable_key *k)
{
	text_add(out, ".TP\n\\fB");
	troff_add(out, k->name);
	text_add(out, "\\fR = \\fI");
	troff_add(out, k->type_words);
	text_add(out, "\\fR");
	if (*k->initial) {
		text_add(out, "; default \\fB");
		troff_add(out, k->initial);
		text_add(out, "\\fR");
	}
	text_addc(out, '\n');
	troff_add(out, k->help);
	if (k->flags & KEYTABLE_REQUIRED)
		text_add(out, " Required.");
	if (k->flags & KEYTABLE_SHARED)
		text_add(out, " At the top level it is the default of all services.");
	add_remarks(out, k);
	text_addc(out, '\n');
}

void keys_write_man(struct text *out)
{
	size_t key_count;
	size_t group_count;
	const struct keytable_key *keys = keytable_keys(&key_count);
	const struct keytable_group *groups = keytable_groups(&group_count);

	for (size_t g = 0; g < group_count; g++) {
		text_addf(out, ".SS \"%s\"\n", *groups[g].name ? groups[g].name : "Top level");
		troff_add(out, groups[g].help);
		text_addc(out, '\n');
		for (size_t i = 0; i < key_count; i++)
			if (strcmp(keys[i].group, groups[g].name) == 0)
				add_man_key(out, &keys[i]);
	}
}

/* Where the reference configuration is being written. */
struct page {
	struct text *out;
	size_t depth;
	bool aside; /* all of it is a comment */
};

static void add_indent(struct page *p)
{
	for (size_t i = 0; i < p->depth; i++)
		text_addc(p->out, '\t');
}

/* A paragraph of comment. */
static void add_comment(struct page *p, const char *s)
{
	const char *mark = p->aside ? "##" : "#";
	size_t room = WIDTH - p->depth * TAB;
	size_t used = 0;

	while (*s) {
		size_t len = strcspn(s, " ");

		if (!used || used + 1 + len > room) {
			if (used)
				text_addc(p->out, '\n');
			add_indent(p);
			text_add(p->out, mark);
			used = strlen(mark);
		}
		text_addc(p->out, ' ');
		text_addn(p->out, s, len);
		used += 1 + len;
		s += len + strspn(s + len, " ");
	}
	text_addc(p->out, '\n');
}

static void add_line(struct page *p, bool comment, const char *a, const char *b)
{
	add_indent(p);
	text_addf(p->out, "%s%s%s\n", comment ? "# " : "", a, b);
}

static void add_group(struct page *p, const char *group);

/* name = { keys }; or name = ( { keys } ); */
static void add_children(struct page *p, const struct keytable_key *k, bool comment)
{
	struct page inner = { p->out, p->depth + 1, comment };
	bool list = k->type == KEYTABLE_GROUPS || k->type == KEYTABLE_BINDS;

	assert(k->child);
	add_line(p, comment, k->name, list ? " = (" : " = {");
	if (list) {
		add_line(&inner, comment, "{", "");
		inner.depth++;
	}
	add_group(&inner, k->child);
	if (list) {
		inner.depth--;
		add_line(&inner, comment, "}", "");
	}
	add_line(p, comment, list ? ")" : "}", ";");
}

/* The check of the reference is of type http. */
static bool is_of_others(const struct keytable_key *k)
{
	return !keytable_applies(k, SETTINGS_CHECK_HTTP, false, false);
}

static void add_key(struct page *p, const struct keytable_key *k)
{
	struct text help = { 0 };
	const char *value = *k->initial ? k->initial : k->example;
	bool shown = *k->initial || k->flags & KEYTABLE_REQUIRED || k->child;
	bool comment = p->aside || !shown || k->flags & KEYTABLE_ASIDE || is_of_others(k);

	text_add(&help, k->help);
	add_remarks(&help, k);
	if (!k->child || k->type == KEYTABLE_BINDS)
		text_addf(&help, " [%s]", k->type_words);
	add_comment(p, text_str(&help));
	text_release(&help);
	if (!k->child || *k->example) {
		add_indent(p);
		text_addf(p->out, "%s%s = %s;\n", comment ? "# " : "", k->name, value);
	}
	if (k->type == KEYTABLE_BINDS)
		add_children(p, k, true);
	else if (k->child && !*k->example)
		add_children(p, k, comment);
}

/* What may stand at the top level for all services is shown there. */
static void add_group(struct page *p, const char *group)
{
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	for (; count; k++, count--)
		if (strcmp(k->group, group) == 0 && !(k->flags & KEYTABLE_SHARED))
			add_key(p, k);
}

void keys_write_reference(struct text *out)
{
	struct page p = { .out = out };
	size_t count;
	const struct keytable_key *k = keytable_keys(&count);

	add_comment(&p, "Every key of sluice's configuration with its default. A key that has no "
	                "default is a comment with an example, unless it is required. "
	                "sluice.conf(5) explains the format.");
	for (size_t i = 0; i < count; i++) {
		if (*k[i].group)
			continue;
		text_addc(out, '\n');
		add_key(&p, &k[i]);
	}
	text_addc(out, '\n');
	add_comment(&p,
	            "Defaults of all services. Each may also stand in a service, for that one.");
	for (size_t i = 0; i < count; i++) {
		if (!(k[i].flags & KEYTABLE_SHARED))
			continue;
		text_addc(out, '\n');
		add_key(&p, &k[i]);
	}
}
