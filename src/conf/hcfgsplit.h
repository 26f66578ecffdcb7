/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGSPLIT_H
#define CONF_HCFGSPLIT_H

#include "base/error.h"
#include "base/mem.h"
#include "conf/hcfgcond.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One line of HAProxy's configuration cut into words (HAProxy configuration manual, 2.2 and 2.3):
 * quotes, backslashes, comments, and variables inside double quotes.
 */
enum { HCFGSPLIT_WORDS_MAX = 64 };

struct hcfgsplit {
	const char *words[HCFGSPLIT_WORDS_MAX]; /* in the arena */
	size_t count;
	bool no_break_space; /* one stood outside of quotes, and was taken for a space */
};

/* `line` holds no NUL and no line feed. */
bool hcfgsplit_line(const char *line, const struct hcfgcond_variables *variables,
                    struct mem_arena *arena, struct hcfgsplit *ret, struct error *err) MUST_CHECK;

#endif
