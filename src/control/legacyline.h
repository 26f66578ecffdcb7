/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_LEGACYLINE_H
#define CONTROL_LEGACYLINE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One line of what a process leaves to its successor: "kind key=value key=value".  In values all
 * but letters, digits and some signs is written as %XX, so that they have no space.
 */
enum { LEGACYLINE_KEYS = 160 };

struct legacyline {
	const char *kind;
	const char *keys[LEGACYLINE_KEYS];
	const char *values[LEGACYLINE_KEYS];
	size_t count;
};

void legacyline_begin(struct text *out, const char *kind);
void legacyline_number(struct text *out, const char *key, uint64_t value);
void legacyline_word(struct text *out, const char *key, const char *value);
void legacyline_end(struct text *out);

/* `line` is changed and must outlive `ret`.  False: it is none. */
bool legacyline_parse(char *line, struct legacyline *ret);
/* NULL if there is no such key. */
const char *legacyline_find(const struct legacyline *l, const char *key);
/* False, and nothing is written, if there is no such key with a number. */
bool legacyline_get(const struct legacyline *l, const char *key, uint64_t max, uint64_t *ret);

#endif
