/* SPDX-License-Identifier: MIT */
#include "problem.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 600, DEPTH_MAX = 16 };

/* One line of printable text, whatever bytes the file had. */
static char *clean(const char *s)
{
	struct text t = { 0 };

	for (size_t i = 0; s[i]; i++) {
		unsigned char c = (unsigned char)s[i];

		if (i == MESSAGE_MAX) {
			text_add(&t, "...");
			break;
		}
		if (c < 0x20 || c == 0x7f)
			text_addf(&t, "\\x%02x", c);
		else
			text_addc(&t, s[i]);
	}
	return text_take(&t);
}

static void add(struct problem_list *l, const char *file, unsigned int line, const char *message)
{
	struct problem_item *p;

	if (l->count == PROBLEM_MAX) {
		l->left_out++;
		return;
	}
	if (!l->items)
		l->items = mem_resize(NULL, PROBLEM_MAX, sizeof(*l->items));
	p = &l->items[l->count];
	*p = (struct problem_item){ .file = mem_strdup(file ? file : l->name),
		                    .line = line,
		                    .included = file != NULL,
		                    .message = clean(message),
		                    .order = l->count };
	l->count++;
}

static void add_element(struct text *t, const config_setting_t *s)
{
	const char *name = NULL;

	text_addf(t, "[%d]", config_setting_index(s));
	if (config_setting_is_group(s) && config_setting_lookup_string(s, "name", &name))
		text_addf(t, " \"%.40s\": ", name);
}

/* services[0] "psql": check.inter */
static void add_path(struct text *t, const config_setting_t *s)
{
	const config_setting_t *chain[DEPTH_MAX];
	size_t depth = 0;

	for (; s && s->parent && depth < DEPTH_MAX; s = s->parent)
		chain[depth++] = s;
	while (depth) {
		s = chain[--depth];
		if (!s->name) {
			add_element(t, s);
			continue;
		}
		if (t->len && t->data[t->len - 1] != ' ')
			text_addc(t, '.');
		text_add(t, s->name);
	}
	if (t->len && t->data[t->len - 1] != ' ')
		text_add(t, ": ");
}

char *problem_path(const struct problem_list *l, const char *file)
{
	struct text t = { 0 };

	if (l->dir)
		text_addf(&t, "%s/", l->dir);
	text_add(&t, file);
	return text_take(&t);
}

__attribute__((format(printf, 4, 0))) static void add_at(struct problem_list *l,
                                                         const config_setting_t *place,
                                                         const config_setting_t *path,
                                                         const char *fmt, va_list args)
{
	AUTO_FREE char *path_of_file = NULL;
	AUTO_TEXT t = { 0 };
	char buf[MESSAGE_MAX];

	add_path(&t, path);
	vsnprintf(buf, sizeof(buf), fmt, args);
	text_add(&t, buf);
	path_of_file = place->file ? problem_path(l, place->file) : NULL;
	add(l, path_of_file, place->line ? place->line : 1, text_str(&t));
}

void problem_add(struct problem_list *l, const config_setting_t *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_at(l, at, at, fmt, args);
	va_end(args);
}

void problem_add_key(struct problem_list *l, const config_setting_t *at, const char *name,
                     const char *fmt, ...)
{
	const config_setting_t *v = config_setting_get_member(at, name);
	va_list args;

	va_start(args, fmt);
	add_at(l, v ? v : at, v ? v : at, fmt, args);
	va_end(args);
}

void problem_add_member(struct problem_list *l, const config_setting_t *at,
                        const config_setting_t *member, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_at(l, member, at, fmt, args);
	va_end(args);
}

void problem_add_line(struct problem_list *l, const char *file, unsigned int line, const char *fmt,
                      ...)
{
	char buf[MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	add(l, file, line, buf);
}

const char *problem_value(const config_setting_t *v, char buf[static PROBLEM_VALUE_MAX])
{
	switch (config_setting_type(v)) {
	case CONFIG_TYPE_STRING:
		snprintf(buf, PROBLEM_VALUE_MAX, "\"%.60s\"", config_setting_get_string(v));
		break;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(buf, PROBLEM_VALUE_MAX, "%lld", config_setting_get_int64(v));
		break;
	case CONFIG_TYPE_FLOAT:
		snprintf(buf, PROBLEM_VALUE_MAX, "%g", config_setting_get_float(v));
		break;
	case CONFIG_TYPE_BOOL:
		snprintf(buf, PROBLEM_VALUE_MAX, "%s",
		         config_setting_get_bool(v) ? "true" : "false");
		break;
	case CONFIG_TYPE_GROUP:
		snprintf(buf, PROBLEM_VALUE_MAX, "a group { }");
		break;
	default:
		snprintf(buf, PROBLEM_VALUE_MAX, "a list");
	}
	return buf;
}

static int compare(const void *va, const void *vb)
{
	const struct problem_item *a = va;
	const struct problem_item *b = vb;
	int files = strcmp(a->file, b->file);

	if (a->included != b->included)
		return a->included < b->included ? -1 : 1;
	if (a->included && files)
		return files;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

char **problem_take_lines(struct problem_list *l, size_t *ret_count)
{
	size_t n = l->count + (l->left_out != 0);
	char **lines = mem_resize(NULL, n + 1, sizeof(*lines));
	struct text t = { 0 };

	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), compare);
	for (size_t i = 0; i < l->count; i++) {
		const struct problem_item *p = &l->items[i];

		if (p->line)
			text_addf(&t, "%s:%u: %s", p->file, p->line, p->message);
		else
			text_addf(&t, "%s: %s", p->file, p->message);
		lines[i] = text_take(&t);
	}
	if (l->left_out) {
		text_addf(&t, "%s: %zu more problems", l->name, l->left_out);
		lines[l->count] = text_take(&t);
	}
	*ret_count = n;
	problem_release(l);
	return lines;
}

void problem_release(struct problem_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].file);
		free(l->items[i].message);
	}
	free(l->items);
	*l = (struct problem_list){ .name = l->name };
}
