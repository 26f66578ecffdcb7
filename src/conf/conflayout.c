/* SPDX-License-Identifier: MIT */
#include "conflayout.h"

#include "confitems.h"

#include <string.h>

enum { COMMENT_WIDTH = 96 };

void conflayout_indent(const struct conflayout *l)
{
	for (size_t i = 0; i < l->depth; i++)
		text_addc(l->out, '\t');
}

void conflayout_comment(const struct conflayout *l, const char *s)
{
	size_t width = COMMENT_WIDTH - l->depth * CONFLAYOUT_TAB;
	size_t used = 0;

	while (*s) {
		size_t len = strcspn(s, " ");

		if (!used || used + 1 + len > width) {
			if (used)
				text_addc(l->out, '\n');
			conflayout_indent(l);
			text_addc(l->out, '#');
			used = 1;
		}
		text_addc(l->out, ' ');
		text_addn(l->out, s, len);
		used += 1 + len;
		s += len + (s[len] != '\0');
	}
	text_addc(l->out, '\n');
}

static size_t room(const struct conflayout *l)
{
	return CONFLAYOUT_WIDTH - l->depth * CONFLAYOUT_TAB;
}

/* Characters up to one of `stop`, or to the bracket that ends the group or list around. */
static size_t span(const char *s, const char *stop)
{
	size_t i = 0;
	int depth = 0;

	for (; s[i]; i++) {
		if (s[i] == '"') {
			for (i++; s[i] && s[i] != '"'; i++)
				i += s[i] == '\\' && s[i + 1];
			if (!s[i])
				break;
		} else if ((depth == 0 && strchr(stop, s[i])) ||
		           (strchr(")}", s[i]) && depth-- == 0)) {
			break;
		} else if (strchr("({", s[i])) {
			depth++;
		}
	}
	return i;
}

static void add_broken(const struct conflayout *l, const char *s, size_t len, size_t open);

/* Where a text that is too long may be broken: its group, or its list of groups; or 0. */
static size_t find_break(const struct conflayout *l, const char *s, size_t len)
{
	size_t open = len > room(l) ? span(s, "({") : len;

	if (open >= len || (s[open] == '(' && strncmp(s + open, "( {", 3) != 0))
		return 0;
	return open + 1;
}

/* Settings side by side as far as they go, elements of lists each in its line. */
static void add_inner(const struct conflayout *l, const char *s, bool list)
{
	size_t used = 0;

	for (s += strspn(s, " "); !strchr(")}", *s); s += strspn(s, " ")) {
		size_t len = span(s, list ? "," : ";");
		size_t open;

		len += s[len] == (list ? ',' : ';');
		while (s[len - 1] == ' ')
			len--;
		open = find_break(l, s, len);
		if (used && (list || open || used + 1 + len > room(l))) {
			text_addc(l->out, '\n');
			used = 0;
		}
		if (open) {
			add_broken(l, s, len, open);
		} else {
			if (used)
				text_addc(l->out, ' ');
			else
				conflayout_indent(l);
			text_addn(l->out, s, len);
			used += 1 + len;
		}
		s += len;
	}
	if (used)
		text_addc(l->out, '\n');
}

/* A text with what is between its brackets in lines of its own. */
static void add_broken(const struct conflayout *l, const char *s, size_t len, size_t open)
{
	const struct conflayout inner = { l->out, l->depth + 1 };
	size_t close = open + span(s + open, "");

	conflayout_indent(l);
	text_addn(l->out, s, open);
	text_addc(l->out, '\n');
	add_inner(&inner, s + open, s[open - 1] == '(');
	conflayout_indent(l);
	text_addn(l->out, s + close, len - close);
	text_addc(l->out, '\n');
}

void conflayout_braces(const struct conflayout *l, const char *before, const char *items,
                       const char *after)
{
	AUTO_TEXT line = { 0 };
	size_t open;

	text_add(&line, before);
	confitems_add_inline(items, &line);
	text_add(&line, after);
	open = find_break(l, text_str(&line), line.len);
	if (open) {
		add_broken(l, text_str(&line), line.len, open);
		return;
	}
	conflayout_indent(l);
	text_addf(l->out, "%s\n", text_str(&line));
}
