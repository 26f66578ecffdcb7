/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_SUCCESSORPARTS_H
#define CONTROL_SUCCESSORPARTS_H

#include "base/text.h"
#include "control/carried.h"
#include "successor.h"

#include <ev.h>
#include <sys/queue.h>

/* What one predecessor tells. */
struct ancestor {
	TAILQ_ENTRY(ancestor) link;
	struct successor *h;
	int fd; /* owned */
	ev_io io;
	uint32_t left; /* its sessions */
	struct carried_book *book;
	uint64_t asked;     /* the last order that it got; 0: none */
	struct text unsent; /* orders that it did not take yet */
};

TAILQ_HEAD(ancestors, ancestor);

struct successor {
	struct supervisor *s;
	struct ancestors
	    ancestors; /* the first is that of the direct predecessor, until it is gone */
	size_t count;
	bool owner; /* "yours" has come */
	char *lines;
	uint64_t seq;           /* of the last order */
	uint64_t first_session; /* lower numbers are those of predecessors */
};

/* --- successor_orders.c ------------------------------------------------------------------- */

/* All of them are to tell how many sessions are where. */
void successor_ask(struct successor *h);
/* Counts what they have told: of each server of the topology. */
void successor_count(struct successor *h);

#endif
