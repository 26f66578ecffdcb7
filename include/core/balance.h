/* SPDX-License-Identifier: MIT */
#ifndef CORE_BALANCE_H
#define CORE_BALANCE_H

#include "core/settings.h"

/*
 * Choosing one server out of those that may be chosen.  The pool filters, once and in one place;
 * what is left is compared pairwise, so an algorithm is one pure comparison and its test is a
 * table.
 *
 * `turn` is a virtual time (stride scheduling): a server's next turn; choosing it moves the turn
 * on by a stride that is inversely proportional to its weight.  The lowest turn goes first, which
 * is weighted round robin, smooth and exact; leastconn uses it so that equals take turns.  Turns
 * wrap around: they are compared by their distance, which stays far below half of the range.
 */
struct balance_candidate {
	uint64_t turn;
	uint32_t weight; /* 1..4096: topology_share() */
	uint32_t active; /* sessions it has now */
	uint32_t id;     /* of the server */
};

/*
 * Should `a` be chosen before `b`?  False for equals: the earlier one in the list stays.  "random"
 * compares those that were drawn; hashes compare only where there is nothing to hash.
 */
bool balance_prefers(enum settings_balance algo, const struct balance_candidate *a,
                     const struct balance_candidate *b);

/* Does turn `a` come before turn `b`? */
bool balance_is_earlier(uint64_t a, uint64_t b);

/* False if the choice depends on something else than turns, which then need not be moved. */
bool balance_uses_turns(enum settings_balance algo);

/* How far a choice moves a server's turn; weight > 0. */
uint64_t balance_stride(uint32_t weight);
/* Is it further than that? */
bool balance_exceeds_stride(uint64_t distance, uint32_t weight);

#endif
