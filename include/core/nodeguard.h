/* SPDX-License-Identifier: MIT */
#ifndef CORE_NODEGUARD_H
#define CORE_NODEGUARD_H

#include "core/settings.h"

/*
 * Whether a list of nodes that somebody told is to be believed.  A node that is cut off from the
 * others, or that has just come, may know of few; so a list of less than half of the nodes that are
 * known counts only when the same one was the best that could be had in three rounds of asking, one
 * after the other.  Pure.
 */
struct nodeguard {
	uint64_t mark;  /* of the small list that was seen */
	uint64_t round; /* the last one that it was seen in */
	uint32_t seen;  /* rounds, 0: none */
};

enum { NODEGUARD_ROUNDS = 3 };

enum nodeguard_verdict {
	NODEGUARD_TAKE,
	NODEGUARD_FEW,   /* fewer than the minimum */
	NODEGUARD_SHRUNK /* not before it has been seen often enough: others may know better */
};

/* `round` is 1 or more and grows; a round may have several lists. */
enum nodeguard_verdict nodeguard_judge(struct nodeguard *g, uint64_t round,
                                       const struct settings_nodes *known,
                                       const struct settings_nodes *told, uint32_t minimum);

#endif
