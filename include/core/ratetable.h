/* SPDX-License-Identifier: MIT */
#ifndef CORE_RATETABLE_H
#define CORE_RATETABLE_H

#include "core/settings.h"

/*
 * How often each client address connects: HAProxy's stick-table of type ip with conn_rate.  Memory
 * is fixed by limit.size and taken at once; when it is full the address that came last the longest
 * ago is forgotten.  Every call but the iteration takes constant time.
 *
 * Not thread-safe: one thread at a time, or the caller guards it.  Times are tick_ms().
 */
struct ratetable;

/*
 * `limit.period_ms` and `limit.size` are above 0.  `seed` is a number that clients cannot know
 * (rng_seed()): they choose their addresses, and could choose such as make the table slow.
 */
struct ratetable *ratetable_new(const struct settings_rate_limit *limit, uint64_t seed);
void ratetable_free(struct ratetable *t); /* NULL is fine */

/*
 * Counts a connection of that address, whatever its port, and returns how many there were within
 * the last period, with this one.  An IPv4 address mapped into IPv6 is the IPv4 one.  0, and
 * nothing is counted, if it is no IP address.
 */
uint32_t ratetable_hit(struct ratetable *t, const struct addr_ip *address, int64_t now_ms);

struct ratetable_entry {
	struct addr_ip address; /* port 0 */
	uint32_t rate;          /* connections within the last period */
	int64_t expires_ms;     /* it is forgotten after so many ms without a connection */
};

/*
 * The entries, the one that came last first: *cursor begins with 0 and must not be used after
 * another ratetable_hit().  False at the end.
 */
bool ratetable_next(const struct ratetable *t, size_t *cursor, int64_t now_ms,
                    struct ratetable_entry *ret);
/* The entry of that address; false if there is none. */
bool ratetable_find(const struct ratetable *t, const struct addr_ip *address, int64_t now_ms,
                    struct ratetable_entry *ret);

/* Forgets one address (false: it was not there), or all (`clear table`). */
bool ratetable_forget(struct ratetable *t, const struct addr_ip *address);
void ratetable_clear(struct ratetable *t);

uint32_t ratetable_size(const struct ratetable *t); /* addresses there is room for */
/* Addresses that are remembered, after those that have expired are forgotten. */
uint32_t ratetable_used(struct ratetable *t, int64_t now_ms);

#endif
