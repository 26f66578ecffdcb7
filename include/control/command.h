/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include "base/text.h"
#include "control/daemon.h"

/*
 * The runtime API: one line in, its answer out, with the texts of HAProxy 2.6 (management manual
 * 9.3).  Knows nothing of sockets.  Any bytes are an answerable command.
 */
enum command_severity { COMMAND_PLAIN, COMMAND_NUMBERS, COMMAND_WORDS };

/* One operator's connection: what commands know of it, and what they ask of whoever holds it. */
struct command_context {
	struct daemon *daemon;
	enum settings_level level; /* commands above it are refused */
	enum command_severity severity;
	bool interactive;    /* the connection stays; after each answer a prompt, if `prompt` */
	bool prompt, timed;  /* timed: with the age of the process */
	bool quit;           /* the client asked to end */
	uint32_t timeout_ms; /* of an idle connection; 0: nothing was asked for */
	bool follow;         /* events are to follow after the answer, from ... */
	bool follow_json;
	uint64_t follow_from;
	int64_t wait_until_ms;              /* tick_ms() until which the answer waits; 0: not */
	uint32_t wait_service, wait_server; /* ... or until this could be removed; ids, 0: none */
	bool wait_drained;                  /* ... or has no session any more */
};

enum { COMMAND_WORDS_MAX = 64 };

/*
 * Runs one command.  The answer ends with a newline unless it is empty.  A backslash takes the
 * special meaning from the character after it.
 */
void command_run(struct command_context *ctx, const char *line, struct text *out);

/*
 * A command that waits (`wait_until_ms`) is asked again and again: true when it is over, and then
 * its answer is in `out`.
 */
bool command_waited(struct command_context *ctx, struct text *out);

#endif
