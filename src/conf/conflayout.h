/* SPDX-License-Identifier: MIT */
#ifndef CONF_CONFLAYOUT_H
#define CONF_CONFLAYOUT_H

#include "base/text.h"

/* How the text of a configuration file is laid out: tabs, and lines that are not too long. */
struct conflayout {
	struct text *out;
	size_t depth; /* of groups and lists around */
};

enum { CONFLAYOUT_WIDTH = 120, CONFLAYOUT_TAB = 8 };

void conflayout_indent(const struct conflayout *l);

/* Words as a paragraph of comment. */
void conflayout_comment(const struct conflayout *l, const char *s);

/*
 * `before` { items } `after`, in one line or in as many as it takes.  `items` are as
 * confitems_add() makes them, one a line.
 */
void conflayout_braces(const struct conflayout *l, const char *before, const char *items,
                       const char *after);

#endif
