/* SPDX-License-Identifier: MIT */
#ifndef CLI_INFILE_H
#define CLI_INFILE_H

#include "base/text.h"
#include "cli/console.h"

struct infile {
	const char *path; /* "-": standard input */
	const char *what; /* "a list of nodes": whose bytes there are too many of */
	size_t max;       /* more are refused */
};

/* What errors call it. */
const char *infile_name(const struct infile *f);

/* All of a text that a command was given, added to `ret`; a zero byte in it is an error. */
bool infile_read(const struct infile *f, const struct console *c, struct text *ret,
                 struct error *err) MUST_CHECK;

#endif
