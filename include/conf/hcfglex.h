/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGLEX_H
#define CONF_HCFGLEX_H

#include "base/mem.h"
#include "conf/hcfgcond.h"
#include "conf/hcfgnote.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * HAProxy's configuration files as lines of words (HAProxy configuration manual, chapter 2).
 * Quotes, escapes, comments, variables and conditional blocks are settled here; what the words
 * mean is not looked at, but for setenv, presetenv, unsetenv and resetenv, which later lines see.
 *
 * Files are read one after another into the same list.  Problems become notes of kind ERROR and
 * reading goes on, so that all are found at once.
 */
enum {
	HCFGLEX_FILE_MAX = 16 << 20, /* bytes */
	HCFGLEX_LINE_MAX = 64 << 10
};

struct hcfglex_line {
	struct hcfgnote_place place;
	const char *const *words; /* at least one */
	size_t count;
	bool first_of_file; /* a file begins a section of its own */
};

/* Initialise with { 0 }, set `environment` (get NULL: getenv); strings live in `arena`. */
struct hcfglex {
	struct mem_arena arena;
	struct hcfgcond_variables environment;
	struct hcfglex_line *lines;
	size_t count, room;
	unsigned int files;
	struct hcfglex_variable *variables; /* set by the configuration itself */
	bool ignore_environment;            /* after resetenv */
	const char *section;                /* for $.SECTION */
};

/* A file, or all *.cfg of a directory in the order of their names. */
void hcfglex_read(struct hcfglex *lex, const char *path, struct hcfgnote_list *notes);

/* A file that is in memory already; `name` stands for it in notes. */
void hcfglex_text(struct hcfglex *lex, const char *name, const char *bytes, size_t len,
                  struct hcfgnote_list *notes);

void hcfglex_release(struct hcfglex *lex);

#endif
