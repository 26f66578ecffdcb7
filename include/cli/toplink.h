/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPLINK_H
#define CLI_TOPLINK_H

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

/*
 * One connection to a daemon's control socket that is kept: the prompt is turned on, and questions
 * are asked one after another.  Never waits; whoever has it polls its fd.
 */
enum { TOPLINK_PATIENCE_MS = 10000 /* silence after which a daemon counts as hung */ };

struct toplink {
	const char *path;
	int fd; /* -1: none */
	struct text in, out;
	unsigned int awaited; /* answers that are still to come; that of `prompt` is one */
	bool has_question;    /* the last of them is to be given out */
	int64_t heard_ms;     /* when it was asked, or something of the answer came */
};

void toplink_init(struct toplink *l, const char *path);
void toplink_close(struct toplink *l);

/*
 * Asks, connecting first if there is no connection: nothing may be awaited.  The error has a cure
 * on its second line.
 */
bool toplink_ask(struct toplink *l, const char *command, int64_t now_ms,
                 struct error *err) MUST_CHECK;

/* Has something been asked whose answer is not complete? */
bool toplink_is_busy(const struct toplink *l);

/* What poll() is to wait for at `fd`: 0 if there is nothing. */
short toplink_events(const struct toplink *l);

enum toplink_status {
	TOPLINK_WAITING, /* nothing, or not all */
	TOPLINK_ANSWER,  /* whole, without the empty line at its end */
	TOPLINK_FAILED   /* closed, in the middle of an answer, or the daemon is silent */
};

/*
 * Reads and writes what can be.  A connection that the daemon closes while nothing is asked is no
 * failure: the next question makes a new one.
 */
enum toplink_status toplink_step(struct toplink *l, int64_t now_ms, struct text *answer,
                                 struct error *err) MUST_CHECK;

#endif
