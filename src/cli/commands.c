/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include "base/error.h"
#include "base/suggest.h"

#include <string.h>

enum { WIDTH = 80, NAMES = 16 };

static const struct commands_entry commands[] = {
#define COMMAND(id_, name_, function, min_, max_, group_, arguments_, summary_, details_)          \
	[COMMANDS_##id_] = { .id = COMMANDS_##id_,                                                 \
		             .name = (name_),                                                      \
		             .min = (min_),                                                        \
		             .max = (max_),                                                        \
		             .group = (group_),                                                    \
		             .arguments = (arguments_),                                            \
		             .summary = (summary_),                                                \
		             .details = (details_) },
#include "cli/commands.def"
};

static const struct commands_option options[] = {
#define OPTION(id_, letter_, name_, value_, repeats_, help_)                                       \
	{ .command = COMMANDS_##id_,                                                               \
	  .letter = (letter_),                                                                     \
	  .name = (name_),                                                                         \
	  .value = (value_),                                                                       \
	  .repeats = (repeats_),                                                                   \
	  .help = (help_) },
#include "cli/commands.def"
};

static const struct {
	enum commands_id command;
	bool overview;
	const char *line, *meaning;
} examples[] = {
#define EXAMPLE(id_, overview_, line_, meaning_)                                                   \
	{ .command = COMMANDS_##id_,                                                               \
	  .overview = (overview_),                                                                 \
	  .line = (line_),                                                                         \
	  .meaning = (meaning_) },
#include "cli/commands.def"
};

const struct commands_entry *commands_get(enum commands_id id)
{
	return &commands[id];
}

const struct commands_entry *commands_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

const char *commands_suggest(const char *name)
{
	const char *names[ARRAY_LEN(commands)];

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		names[i] = commands[i].name;
	return suggest_nearest(name, names, ARRAY_LEN(names));
}

const struct commands_option *commands_option_at(size_t i)
{
	return i < ARRAY_LEN(options) ? &options[i] : NULL;
}

static void pad_to(struct text *out, size_t line_start, size_t column)
{
	while (out->len - line_start < column)
		text_addc(out, ' ');
}

/* Words of `s` from `column` on, each further line indented by `column` too. */
static void add_wrapped(struct text *out, size_t line_start, size_t column, const char *s)
{
	bool first = true;

	pad_to(out, line_start, column);
	while (*s != '\0') {
		size_t len = strcspn(s, " ");

		if (!first && out->len - line_start + 1 + len > WIDTH) {
			text_addc(out, '\n');
			line_start = out->len;
			pad_to(out, line_start, column);
		} else if (!first) {
			text_addc(out, ' ');
		}
		text_addn(out, s, len);
		first = false;
		s += len;
		s += strspn(s, " ");
	}
	text_addc(out, '\n');
}

/* "  left   right", with the right side on a line of its own if the left one is too wide. */
static void add_row(struct text *out, const char *left, size_t column, const char *right)
{
	size_t line_start = out->len;

	text_addf(out, "  %s", left);
	if (out->len - line_start + 2 > column) {
		text_addc(out, '\n');
		line_start = out->len;
	}
	add_wrapped(out, line_start, column, right);
}

static void add_example(struct text *out, size_t i, size_t column)
{
	AUTO_TEXT left = { 0 };

	text_addf(&left, "sluice %s", examples[i].line);
	add_row(out, text_str(&left), column, examples[i].meaning);
}

/* The column where the meanings of examples begin: as narrow as fits them on one line. */
static size_t example_column(enum commands_id command, bool overview)
{
	size_t widest = 0;

	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		size_t len = strlen("  sluice   ") + strlen(examples[i].line);

		if ((overview ? examples[i].overview : examples[i].command == command) &&
		    len + strlen(examples[i].meaning) <= WIDTH && len > widest)
			widest = len;
	}
	return widest > 0 ? widest : 6;
}

void commands_write_overview(const char *version, struct text *out)
{
	size_t column = example_column(COMMANDS_COUNT, true);
	const char *group = "";

	text_addf(out, "sluice %s: TCP load balancer for CockroachDB clusters\n\nExamples:\n",
	          version);
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		if (examples[i].overview)
			add_example(out, i, column);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(group, commands[i].group) != 0)
			text_addf(out, "\n%s:\n", commands[i].group);
		group = commands[i].group;
		add_row(out, commands[i].name, NAMES, commands[i].summary);
	}
	text_add(out, "\nOther:\n");
	add_row(out, "--help", NAMES, "this text; `sluice COMMAND --help` for a command");
	add_row(out, "--version", NAMES, "the version");
	text_add(out, "\nExit status: 0 ok, 1 failed, 2 wrong usage, 3 invalid configuration.\n");
}

void commands_write_usage(const struct commands_entry *command, struct text *out)
{
	AUTO_TEXT words = { 0 };
	size_t start = out->len;

	text_addf(out, "Usage: sluice %s", command->name);
	text_add(&words, command->arguments);
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].command == command->id && options[i].letter == 's')
			text_addf(&words, " [-s %s]", options[i].value);
	if (words.len > 0)
		add_wrapped(out, start, out->len - start + 1, text_str(&words));
	else
		text_addc(out, '\n');
}

static void add_option(struct text *out, const struct commands_option *o)
{
	AUTO_TEXT left = { 0 };

	if (o->letter != 0)
		text_addf(&left, "-%c, ", o->letter);
	else
		text_add(&left, "    ");
	text_addf(&left, "--%s%s%s", o->name, *o->value != '\0' ? " " : "", o->value);
	add_row(out, text_str(&left), 26, o->help);
}

void commands_write_help(const struct commands_entry *command, struct text *out)
{
	size_t column = example_column(command->id, false);
	bool headed = false;

	text_addf(out, "sluice %s: %s\n\nExamples:\n", command->name, command->summary);
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		if (examples[i].command == command->id)
			add_example(out, i, column);
	text_addc(out, '\n');
	commands_write_usage(command, out);
	if (*command->details != '\0') {
		text_addc(out, '\n');
		add_wrapped(out, out->len, 0, command->details);
	}
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (options[i].command != command->id)
			continue;
		text_add(out, headed ? "" : "\nOptions:\n");
		headed = true;
		add_option(out, &options[i]);
	}
}
