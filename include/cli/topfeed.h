/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOPFEED_H
#define CLI_TOPFEED_H

#include "cli/toplink.h"
#include "cli/topstate.h"

/*
 * Keeps the model of `sluice top` up to date: asks the daemon at intervals for its status, for what
 * the journal has got since, and for the sessions while they are shown; gives orders in between.
 * When the daemon has gone it tries again, twice a second, until it is back.
 */
enum { TOPFEED_RETRY_MS = 500 };

enum topfeed_question {
	TOPFEED_ORDER, /* in the order in which they are asked */
	TOPFEED_STATUS,
	TOPFEED_EVENTS,
	TOPFEED_SESSIONS,
	TOPFEED_QUESTIONS /* none */
};

struct topfeed {
	struct toplink link;
	int64_t interval_ms;
	int64_t due_ms;      /* when to ask again */
	unsigned int wanted; /* a bit for each question */
	enum topfeed_question asked;
	enum topstate_tab tab; /* that was shown when it was looked at last */
	struct toporder order;
};

void topfeed_init(struct topfeed *f, const char *path, int64_t interval_ms);
void topfeed_release(struct topfeed *f);

/* Gives that order next; the answer is said in `s`. */
void topfeed_order(struct topfeed *f, const struct toporder *order);

/* Asks what is due and takes what has come; true if there is something new to see. */
bool topfeed_step(struct topfeed *f, struct topmodel *m, struct topstate *s, int64_t now_ms);

/* How long nothing has to be done unless the link has something. */
int64_t topfeed_wait_ms(const struct topfeed *f, int64_t now_ms);

#endif
