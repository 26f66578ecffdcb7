/* SPDX-License-Identifier: MIT */
#include "conf/hcfgnote.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTE_LEN_MAX = 600 };

static bool is_known(const struct hcfgnote_list *l, enum hcfgnote_kind kind,
                     const struct hcfgnote_place *place, const char *text)
{
	for (size_t i = l->count; i-- > 0;) {
		const struct hcfgnote *n = &l->items[i];

		if (n->kind == kind && n->place.file_number == place->file_number &&
		    n->place.line == place->line && strcmp(n->text, text) == 0)
			return true;
	}
	return false;
}

void hcfgnote_add(struct hcfgnote_list *l, enum hcfgnote_kind kind, struct hcfgnote_place place,
                  const char *fmt, ...)
{
	char text[NOTE_LEN_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (char *s = text; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	if (is_known(l, kind, &place, text))
		return;
	l->of_kind[kind]++;
	if (l->count == HCFGNOTE_MAX) {
		l->left_out++;
		return;
	}
	if (!l->items)
		l->items = mem_arena_zalloc(&l->arena, HCFGNOTE_MAX * sizeof(*l->items));
	if (place.file)
		place.file = mem_arena_strdup(&l->arena, place.file);
	l->items[l->count] = (struct hcfgnote){ .kind = kind,
		                                .place = place,
		                                .text = mem_arena_strdup(&l->arena, text),
		                                .order = l->count };
	l->count++;
}

static int compare(const void *a, const void *b)
{
	const struct hcfgnote *x = a;
	const struct hcfgnote *y = b;

	if (!x->place.file != !y->place.file)
		return x->place.file ? -1 : 1; /* about all of it: at the end */
	if (x->place.file_number != y->place.file_number)
		return x->place.file_number < y->place.file_number ? -1 : 1;
	if (x->place.line != y->place.line)
		return x->place.line < y->place.line ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

void hcfgnote_sort(struct hcfgnote_list *l)
{
	if (l->count > 1)
		qsort(l->items, l->count, sizeof(*l->items), compare);
}

void hcfgnote_write(const struct hcfgnote *n, struct text *out)
{
	static const char *const prefixes[] = {
		[HCFGNOTE_ERROR] = "",
		[HCFGNOTE_LOSS] = "not carried over: ",
		[HCFGNOTE_REMARK] = "note: ",
	};

	if (n->place.file)
		text_addf(out, "%s:", n->place.file);
	if (n->place.file && n->place.line)
		text_addf(out, "%u:", n->place.line);
	text_addf(out, "%s%s%s\n", n->place.file ? " " : "", prefixes[n->kind], n->text);
}

void hcfgnote_release(struct hcfgnote_list *l)
{
	mem_arena_release(&l->arena);
	*l = (struct hcfgnote_list){ 0 };
}
