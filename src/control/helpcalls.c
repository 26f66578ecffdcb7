/* SPDX-License-Identifier: MIT */
#include "helpcalls.h"

#include "usage.h"

#include <stdlib.h>
#include <string.h>

static const struct usage_entry entries[] = {
#define COMMAND(words_, arguments_, level, handler, help_)                                         \
	{ .words = (words_), .arguments = (arguments_), .help = (help_) },
#define ABSENT(words_, arguments_, level, need, kind, fewer, enough, help_)                        \
	{ .words = (words_), .arguments = (arguments_), .help = (help_) },
#include "control/absent.def"
#include "control/commands.def"
};

/* They end every list. */
static const char *const last[] = { "help", "prompt", "quit" };

/* Not HAProxy 2.6's, whose proposals are those that its users know. */
static const char *const own[] = { "drain",     "drill",  "echo",       "fault",
	                           "rebalance", "reload", "show stats", "show status json",
	                           "upgrade",   "wait" };

static bool is_own(const struct usage_entry *e)
{
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		size_t len = strlen(own[i]);

		if (strncmp(e->words, own[i], len) == 0 && (!e->words[len] || e->words[len] == ' '))
			return true;
	}
	return false;
}

static size_t rank(const struct usage_entry *e)
{
	for (size_t i = 0; i < ARRAY_LEN(last); i++)
		if (strcmp(e->words, last[i]) == 0)
			return i + 1;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct usage_entry *x = a;
	const struct usage_entry *y = b;

	if (rank(x) != rank(y))
		return rank(x) < rank(y) ? -1 : 1;
	return strcmp(x->words, y->words);
}

static void list(struct call *c, bool asked)
{
	struct usage_entry shown[ARRAY_LEN(entries)];
	struct usage_table table = { .entries = shown, .always = ARRAY_LEN(last) };
	AUTO_TEXT text = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (entries[i].help) {
			shown[table.count] = entries[i];
			shown[table.count++].shy = is_own(&entries[i]);
		}
	qsort(shown, table.count, sizeof(shown[0]), compare);
	usage_write(&table, c->args, c->count, asked, &text);
	call_say(c, CALL_INFO, "%s", text_str(&text));
}

void helpcalls_help(struct call *c)
{
	list(c, true);
}

void helpcalls_unknown(struct call *c)
{
	list(c, false);
}
