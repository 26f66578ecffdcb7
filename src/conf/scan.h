/* SPDX-License-Identifier: MIT */
#ifndef CONF_SCAN_H
#define CONF_SCAN_H

#include "base/text.h"
#include "problem.h"

/*
 * A look at the text of a configuration before libconfig parses it, for what libconfig 1.5 says
 * badly or not at all: brackets that do not pair, strings and comments without end, numbers that
 * would wrap around silently, and files to include that it would end the process over.
 *
 * `file` is NULL for the configuration itself, otherwise the included file's name.  `dir` is where
 * included files are looked for, or NULL.  False if a problem was reported.
 */
bool scan_text(const char *file, const char *text, const char *dir, struct problem_list *problems);

/* The same; `whole` gets the text with all that it includes in place, if it is good. */
bool scan_whole(const char *text, const char *dir, struct problem_list *problems,
                struct text *whole);

/* Reads a whole file of text; `ret` is allocated.  Directories, NUL bytes, and more than 16 MB are
 * errors. */
bool scan_read_file(const char *path, char **ret, struct error *err) MUST_CHECK;

/* Says in plain words what is wrong around a line that libconfig cannot parse. */
void scan_explain(const char *file, const char *text, unsigned int line,
                  struct problem_list *problems);

/* Has it lines that begin a section of haproxy.cfg? */
bool scan_is_haproxy(const char *text);

#endif
