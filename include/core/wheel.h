/* SPDX-License-Identifier: MIT */
#ifndef CORE_WHEEL_H
#define CORE_WHEEL_H

#include "core/settings.h"

/*
 * From a hash to a server: HAProxy's two look-up tables (configuration manual 4.2 "hash-type"),
 * so that the same hash finds the same server.
 *
 *   map         a list in which each server stands as often as its weight says, all divided by
 *               the common `divisor` of the configured weights; the hash is taken modulo its
 *               length
 *   consistent  a ring of points, 16 per unit of weight, at places that depend on the server's id
 *               only; the nearest point counts
 *
 * Servers are numbers, 0 .. count-1, here.  The table depends on the weights that count at the
 * moment, 0 for a server that takes no part; it is built again by the first thread that comes with
 * others.  Any thread may use a wheel, none waits for longer than such a build takes (under 100 us
 * for ten servers), nothing is allocated.
 *
 *      for (;;) {
 *              if (!wheel_seek(w, signature, hash, &cursor)) {
 *                      wheel_build(w, weight, ctx);
 *                      continue;       (after looking at the weights again)
 *              }
 *              ... wheel_next(w, &cursor) up to cursor.len times ...
 *              if (wheel_holds(w, &cursor))
 *                      break;
 *      }
 */
enum {
	WHEEL_SCALE = 16, /* points of a ring per unit of weight: HAProxy's BE_WEIGHT_SCALE */
	WHEEL_POINTS = 256 * WHEEL_SCALE, /* of a server at most */
	WHEEL_SERVERS_MAX = 1 << 20
};

struct wheel;

/* A server's weight as it counts now: of a map in units, of a ring in points. */
typedef uint32_t wheel_weight(const void *ctx, size_t server);

/* Bytes of a wheel for `count` servers with weights up to 256; aligned as for uint64_t. */
size_t wheel_size(enum settings_hash_type type, size_t count, uint32_t divisor);
/* In zeroed memory of that size.  `ids` are the servers' for HAProxy. */
void wheel_init(struct wheel *w, enum settings_hash_type type, const uint32_t *ids, size_t count,
                uint32_t divisor);

/* The signature of a list of weights: begins with 0, each weight of 0 .. count-1 in its turn. */
static inline uint64_t wheel_sign(uint64_t signature, uint32_t weight)
{
	signature = (signature ^ (weight + 1)) * 0x9e3779b97f4a7c15U;
	return signature ^ signature >> 32;
}

void wheel_build(struct wheel *w, wheel_weight *weight, const void *ctx);

struct wheel_cursor {
	uint64_t version;
	size_t len, at;
};

/* Puts the cursor on the hash's place.  False: the wheel shows other weights. */
bool wheel_seek(struct wheel *w, uint64_t signature, uint32_t hash, struct wheel_cursor *ret);
/* The server there; then the cursor is on the next place. */
size_t wheel_next(struct wheel *w, struct wheel_cursor *c);
/* Has what was read since wheel_seek() been of one table? */
bool wheel_holds(const struct wheel *w, const struct wheel_cursor *c);

#endif
