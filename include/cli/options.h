/* SPDX-License-Identifier: MIT */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/error.h"
#include "cli/commands.h"

#include <stdint.h>

/*
 * The arguments of a command, parsed through the table of commands: "--name VALUE",
 * "--name=VALUE", "-x VALUE", "-xVALUE", flags, options and words in any order, "--" before words
 * that begin with a dash; "-" alone is a word.
 */
enum { OPTIONS_MAX = 64 };

struct options {
	const struct commands_entry *command;
	struct {
		const struct commands_option *option;
		const char *value; /* NULL for a flag */
	} given[OPTIONS_MAX];
	size_t given_count;
	char **words; /* `word_count` arguments that are not options; they stay in argv */
	size_t word_count;
};

/*
 * argv[0] is the command's name.  The pointers of argv are put into another order.  False for an
 * unknown option (with the nearest known one), a missing or needless value, an option given
 * twice, too few or too many words.
 */
bool options_parse(struct options *o, enum commands_id command, int argc, char **argv,
                   struct error *err) MUST_CHECK;

/* The value of an option that takes a duration, of at most 24 days; it has to have its unit. */
bool options_duration(const char *name, const char *value, uint64_t *ret_ms,
                      struct error *err) MUST_CHECK;

/* `name` must be one of the command's options in the table. */
bool options_has(const struct options *o, const char *name);
/* NULL if it was not given. */
const char *options_value(const struct options *o, const char *name);
/* The n-th value (from 0) of an option that repeats; NULL after the last. */
const char *options_value_at(const struct options *o, const char *name, size_t n);

#endif
