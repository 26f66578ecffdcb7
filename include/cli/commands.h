/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "base/text.h"

#include <stddef.h>

/*
 * What commands there are and what they take: the table of cli/commands.def, and the help that is
 * written from it.  Help shows examples first and fits 80 columns.
 */
enum commands_id {
#define COMMAND(id, name, function, min, max, group, arguments, summary, details) COMMANDS_##id,
#include "cli/commands.def"
	COMMANDS_COUNT
};

struct commands_entry {
	enum commands_id id;
	const char *name;
	unsigned int min, max; /* words besides options */
	const char *group;
	const char *arguments; /* "SERVER [--wait DUR]" */
	const char *summary;
	const char *details; /* "": there is no more to say */
};

struct commands_option {
	enum commands_id command;
	char letter; /* 0: none */
	bool repeats;
	const char *name;  /* without dashes */
	const char *value; /* "FILE"; "": a flag */
	const char *help;
};

const struct commands_entry *commands_get(enum commands_id id);
/* By name; NULL if there is none. */
const struct commands_entry *commands_find(const char *name);
/* The nearest name to what was written, or NULL. */
const char *commands_suggest(const char *name);

/* All options of all commands, in the order of the table; NULL after the last. */
const struct commands_option *commands_option_at(size_t i);

/* `sluice --help` */
void commands_write_overview(const char *version, struct text *out);
/* `sluice COMMAND --help` */
void commands_write_help(const struct commands_entry *command, struct text *out);
/* "Usage: sluice drain SERVER [--wait DUR] [-s SOCKET]\n" */
void commands_write_usage(const struct commands_entry *command, struct text *out);

#endif
