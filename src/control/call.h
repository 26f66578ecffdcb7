/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_CALL_H
#define CONTROL_CALL_H

#include "base/error.h"
#include "control/command.h"

/*
 * One runtime command being run, for the files that hold the handlers.  The arguments come after
 * the words that name the command; `args[count]` is NULL.
 */
struct call {
	struct command_context *ctx;
	const char *args[COMMAND_WORDS_MAX + 1];
	size_t count;
	struct text *out;
};

/* What HAProxy prefixes with its severity when a client asked for it (`set severity-output`). */
enum call_severity { CALL_ERROR = 3, CALL_WARNING = 4, CALL_NOTICE = 5, CALL_INFO = 6 };

/* A message on a line of its own. */
void call_say(struct call *c, enum call_severity severity, const char *fmt, ...) PRINTF(3, 4);

/* Is `word` among the arguments? */
bool call_has(const struct call *c, const char *word);
/* NULL if there are not as many. */
const char *call_arg(const struct call *c, size_t i);

/* Is the client allowed what that level may?  If not, it has been told. */
bool call_may(struct call *c, enum settings_level level);

/* The handlers, each in the file of its family. */
#define COMMAND(words, arguments, level, handler, help) void handler(struct call *c);
#include "control/commands.def"

#endif
