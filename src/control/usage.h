/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_USAGE_H
#define CONTROL_USAGE_H

#include "base/text.h"

/*
 * Which commands there are: the answer to `help`, and to what is not a command, as HAProxy 2.6
 * gives it: all commands, or those that begin with the same words, or the few that look alike.
 */
struct usage_entry {
	const char *words, *arguments, *help;
	bool shy; /* never proposed for looking alike */
};

/*
 * `entries` in the order in which they are shown; the last `always` of them end every list.
 * `words`: what was asked for or typed, `count` of them.
 */
struct usage_table {
	const struct usage_entry *entries;
	size_t count, always;
};

/* `asked`: by `help`; otherwise the words are an unknown command. */
void usage_write(const struct usage_table *t, const char *const *words, size_t count, bool asked,
                 struct text *out);

/* How many of the words name a command that is `name`; 0: they name another one. */
size_t usage_match(const char *name, const char *const *words, size_t count);

#endif
