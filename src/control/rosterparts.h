/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ROSTERPARTS_H
#define CONTROL_ROSTERPARTS_H

#include "base/mem.h"
#include "control/roster.h"

/* What the files that make up the roster share. */
struct roster {
	struct roster_options o;
	const struct roster_names *names; /* who looks up hosts; NULL: nobody yet */
	void *names_ctx;
	struct mem_arena strings; /* what programs are told of servers */
};

#endif
