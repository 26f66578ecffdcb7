/* SPDX-License-Identifier: MIT */
#ifndef CONF_PROBLEM_H
#define CONF_PROBLEM_H

#include "base/error.h"

#include <libconfig.h>
#include <stddef.h>

/*
 * The problems of one configuration file, collected in any order and given out in the order of the
 * file.  More than PROBLEM_MAX are only counted.
 */
enum { PROBLEM_MAX = 500, PROBLEM_VALUE_MAX = 80 };

struct problem_item {
	char *file;
	unsigned int line;     /* 0: the file as a whole */
	unsigned int included; /* 1: in a file that the configuration includes */
	char *message;
	size_t order; /* of being found, so that sorting is stable */
};

struct problem_list {
	const char *name; /* of the configuration in messages */
	const char *dir;  /* of included files, or NULL */
	struct problem_item *items;
	size_t count;
	size_t left_out;
};

/* "PATH: message" at the place of `at`; the path names the groups around it. */
void problem_add(struct problem_list *l, const config_setting_t *at, const char *fmt, ...)
    PRINTF(3, 4);

/* The same at the member `name` of the group `at`, or at the group if there is no such member. */
void problem_add_key(struct problem_list *l, const config_setting_t *at, const char *name,
                     const char *fmt, ...) PRINTF(4, 5);

/* At `member`, with the path of the group `at` that it is in. */
void problem_add_member(struct problem_list *l, const config_setting_t *at,
                        const config_setting_t *member, const char *fmt, ...) PRINTF(4, 5);

/* At a line of a file; NULL is the configuration itself. */
void problem_add_line(struct problem_list *l, const char *file, unsigned int line, const char *fmt,
                      ...) PRINTF(4, 5);

/* The path of an included file from the name that libconfig has for it: allocated. */
char *problem_path(const struct problem_list *l, const char *file);

/* A value as it could have been written, for messages: "2 sec", 12, true, a list. */
const char *problem_value(const config_setting_t *v, char buf[static PROBLEM_VALUE_MAX]);

/* "FILE:LINE: message" in the order of the file: an allocated array of allocated strings. */
char **problem_take_lines(struct problem_list *l, size_t *ret_count);
void problem_release(struct problem_list *l);

#endif
