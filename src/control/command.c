/* SPDX-License-Identifier: MIT */
#include "control/command.h"

#include "absentcalls.h"
#include "base/mem.h"
#include "call.h"
#include "helpcalls.h"
#include "usage.h"
#include "waitcalls.h"

#include <stdlib.h>
#include <string.h>

struct command {
	const char *words;
	enum settings_level level;
	void (*run)(struct call *c);
};

static const struct command commands[] = {
#define COMMAND(words_, arguments, level_, handler, help)                                          \
	{ .words = (words_), .level = SETTINGS_LEVEL_##level_, .run = (handler) },
#include "control/commands.def"
};

/* Puts the next word at its place, without backslashes, and ends it; returns what follows. */
static char *take_word(char *s, char **ret)
{
	char *to;

	s += strspn(s, " \t\r\n");
	*ret = to = s;
	while (*s && !strchr(" \t\r\n", *s)) {
		if (*s == '\\' && s[1])
			s++;
		*to++ = *s++;
	}
	if (*s)
		s++;
	*to = '\0';
	return s;
}

static size_t split(char *line, const char *words[COMMAND_WORDS_MAX + 1])
{
	size_t count = 0;
	char *word;

	while (count < COMMAND_WORDS_MAX) {
		line = take_word(line, &word);
		if (!*word)
			break;
		words[count++] = word;
	}
	words[count] = NULL;
	return count;
}

/* What was asked of the connection by an earlier command is over. */
static void forget(struct command_context *ctx)
{
	ctx->follow = false;
	ctx->wait_until_ms = 0;
	ctx->wait_service = ctx->wait_server = 0;
	ctx->wait_drained = false;
}

static const struct command *find(const char *const *words, size_t count, size_t *ret_named)
{
	const struct command *found = NULL;

	*ret_named = 0;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		size_t n = usage_match(commands[i].words, words, count);

		if (n > *ret_named) {
			*ret_named = n;
			found = &commands[i];
		}
	}
	return found;
}

/* It changes nothing that a successor would not know, or says itself that it cannot. */
static bool only_shows(const struct command *c)
{
	static const char *const words[] = {
		"echo",        "get",  "help",    "operator",
		"prompt",      "quit", "reload",  "set severity-output",
		"set timeout", "show", "upgrade", "user",
		"wait",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i]);

		if (strncmp(c->words, words[i], len) == 0 &&
		    (c->words[len] == ' ' || !c->words[len]))
			return true;
	}
	return false;
}

static void run(const struct command *c, struct call *call)
{
	if (!call_may(call, c->level))
		return;
	if (daemon_has_handed_over(call->ctx->daemon) && !only_shows(c))
		call_say(call, CALL_ERROR, "an upgrade is under way: try again");
	else
		c->run(call);
}

void command_run(struct command_context *ctx, const char *line, struct text *out)
{
	char *copy = mem_strdup(line);
	const char *words[COMMAND_WORDS_MAX + 1];
	size_t count = split(copy, words);
	struct call call = { .ctx = ctx, .out = out };
	const struct command *c;
	size_t named;

	forget(ctx);
	c = find(words, count, &named);
	for (size_t i = named; i < count; i++)
		call.args[call.count++] = words[i];
	if (c)
		run(c, &call);
	else if (!absentcalls_run(&call))
		helpcalls_unknown(&call);
	free(copy);
}

bool command_waited(struct command_context *ctx, struct text *out)
{
	struct call call = { .ctx = ctx, .out = out };
	bool over = waitcalls_over(&call);

	if (over)
		forget(ctx);
	return over;
}
