/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ROSTERPARTS_H
#define CONTROL_ROSTERPARTS_H

#include "base/mem.h"
#include "control/roster.h"
#include "core/testimony.h"

#include <ev.h>
#include <sys/queue.h>

struct closing_order; /* closing.c */

TAILQ_HEAD(closing_orders, closing_order);

/* What the files that make up the roster share. */
struct roster {
	struct roster_options o;
	const struct roster_names *names; /* who looks up hosts; NULL: nobody yet */
	void *names_ctx;
	struct mem_arena strings; /* what programs are told of servers */
	const char *who;          /* of orders_come_from(), or NULL */
	struct {
		struct closing_orders orders;
		ev_timer timer; /* runs while there are any */
	} closing;
	struct testimony_list testimonies;
	int64_t ranked_ms;     /* tick_ms() when tiers were last measured; 0: never */
	int64_t rebalanced_ms; /* tick_ms() when it was last looked whether it is time; 0: never */
};

#endif
