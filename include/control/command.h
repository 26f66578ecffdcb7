/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include "base/text.h"
#include "control/daemon.h"

/*
 * The runtime API: one line in, its answer out, with HAProxy's texts (management manual 9.3).
 * Knows nothing of sockets.  Any bytes are an answerable command.
 */
struct command_context {
	struct daemon *daemon;
	bool prompt; /* interactive */
	bool quit;   /* the client asked to end */
	bool follow; /* events are to follow after the answer, from ... */
	uint64_t follow_from;
};

enum { COMMAND_WORDS_MAX = 64 };

/* Runs one command.  The answer ends with a newline unless it is empty. */
void command_run(struct command_context *ctx, const char *line, struct text *out);

#endif
