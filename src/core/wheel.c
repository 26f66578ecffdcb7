/* SPDX-License-Identifier: MIT */
#include "core/wheel.h"

#include "core/keyhash.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

/*
 * A sequence lock: `version` is odd while a thread builds.  What is read is stored with release
 * after the odd version, so who sees a part of it sees that version or a later one afterwards.
 * Memory: the struct, `entries`, `points` (a ring), `weights` and `scores`.
 */
struct wheel {
	enum settings_hash_type type;
	size_t count, room;
	uint32_t divisor;
	_Atomic uint64_t version;
	_Atomic uint64_t signature;
	_Atomic size_t len;
	_Atomic uint64_t *entries; /* a ring: place << 32 | server, in order; a map: server */
	uint64_t *points; /* of a ring, all: place << 32 | server << 12 | number of the point */
	int64_t *scores;  /* the builder's */
	uint32_t *weights;
};

static size_t get_room(enum settings_hash_type type, size_t count, uint32_t divisor)
{
	assert(divisor > 0 && count <= WHEEL_SERVERS_MAX);
	return count * (type == SETTINGS_HASH_CONSISTENT ? WHEEL_POINTS : 256 / divisor + 1);
}

size_t wheel_size(enum settings_hash_type type, size_t count, uint32_t divisor)
{
	size_t room = get_room(type, count, divisor);
	size_t points = type == SETTINGS_HASH_CONSISTENT ? room : 0;

	return sizeof(struct wheel) + (room + points + count) * sizeof(uint64_t) +
	       count * sizeof(uint32_t);
}

static int compare_points(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void place_points(struct wheel *w, const uint32_t *ids)
{
	uint64_t *at = w->points;

	for (size_t i = 0; i < w->count; i++)
		for (uint32_t n = 0; n < WHEEL_POINTS; n++)
			*at++ = (uint64_t)keyhash_avalanche(ids[i] * WHEEL_POINTS + n) << 32 |
			        (uint64_t)i << 12 | n;
	if (w->count)
		qsort(w->points, w->room, sizeof(uint64_t), compare_points);
}

void wheel_init(struct wheel *w, enum settings_hash_type type, const uint32_t *ids, size_t count,
                uint32_t divisor)
{
	w->type = type;
	w->count = count;
	w->divisor = divisor;
	w->room = get_room(type, count, divisor);
	w->entries = (_Atomic uint64_t *)(w + 1);
	w->points = (uint64_t *)(w + 1) + w->room;
	w->scores = (int64_t *)w->points;
	if (type == SETTINGS_HASH_CONSISTENT) {
		w->scores += w->room;
		place_points(w, ids);
	}
	w->weights = (uint32_t *)(w->scores + count);
}

static void put(struct wheel *w, size_t at, uint64_t entry)
{
	atomic_store_explicit(&w->entries[at], entry, memory_order_release);
}

static size_t build_ring(struct wheel *w)
{
	size_t len = 0;

	for (size_t i = 0; i < w->room; i++) {
		size_t server = w->points[i] >> 12 & (WHEEL_SERVERS_MAX - 1);

		if ((w->points[i] & (WHEEL_POINTS - 1)) < w->weights[server])
			put(w, len++, (w->points[i] >> 32) << 32 | server);
	}
	return len;
}

/*
 * Each place goes to the first server whose score has grown highest, in steps of the whole, which
 * it pays for with one whole: HAProxy's way of mixing the servers in its map.
 */
static size_t pick_for_map(struct wheel *w, int64_t whole)
{
	int64_t highest = -1;
	size_t best = 0;

	for (size_t i = 0; i < w->count; i++) {
		int64_t step;

		if (!w->weights[i])
			continue;
		w->scores[i] += w->weights[i];
		step = (w->scores[i] + whole) / whole;
		if (step > highest) {
			highest = step;
			best = i;
		}
	}
	w->scores[best] -= whole;
	return best;
}

static size_t build_map(struct wheel *w)
{
	size_t len = 0;

	for (size_t i = 0; i < w->count; i++) {
		w->weights[i] = (w->weights[i] + w->divisor - 1) / w->divisor;
		w->scores[i] = 0;
		len += w->weights[i];
	}
	assert(len <= w->room);
	for (size_t i = 0; i < len; i++)
		put(w, i, pick_for_map(w, (int64_t)len));
	return len;
}

void wheel_build(struct wheel *w, wheel_weight *weight, const void *ctx)
{
	uint64_t version = atomic_load_explicit(&w->version, memory_order_relaxed);
	uint32_t most = w->type == SETTINGS_HASH_CONSISTENT ? WHEEL_POINTS : 256;
	uint64_t signature = 0;
	size_t len;

	if (version % 2 ||
	    !atomic_compare_exchange_strong_explicit(&w->version, &version, version + 1,
	                                             memory_order_acquire, memory_order_relaxed))
		return; /* another thread does it */
	for (size_t i = 0; i < w->count; i++) {
		uint32_t n = weight(ctx, i);

		signature = wheel_sign(signature, n);
		w->weights[i] = n < most ? n : most;
	}
	len = w->type == SETTINGS_HASH_CONSISTENT ? build_ring(w) : build_map(w);
	atomic_store_explicit(&w->len, len, memory_order_release);
	atomic_store_explicit(&w->signature, signature, memory_order_release);
	atomic_store_explicit(&w->version, version + 2, memory_order_release);
}

static uint64_t get(struct wheel *w, size_t at)
{
	return atomic_load_explicit(&w->entries[at], memory_order_acquire);
}

/* The point that is nearest to the hash; of two that are equally near the one before it. */
static size_t find_on_ring(struct wheel *w, size_t len, uint32_t hash)
{
	size_t low = 0;
	size_t high = len;
	size_t before;
	size_t after;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (get(w, middle) >> 32 < hash)
			low = middle + 1;
		else
			high = middle;
	}
	after = low < len ? low : 0;
	before = after ? after - 1 : len - 1;
	if (hash - (uint32_t)(get(w, before) >> 32) <= (uint32_t)(get(w, after) >> 32) - hash)
		return before;
	return after;
}

bool wheel_seek(struct wheel *w, uint64_t signature, uint32_t hash, struct wheel_cursor *ret)
{
	uint64_t version;

	do
		version = atomic_load_explicit(&w->version, memory_order_acquire);
	while (version % 2);
	ret->version = version;
	ret->len = atomic_load_explicit(&w->len, memory_order_acquire);
	ret->at = 0;
	if (!version || atomic_load_explicit(&w->signature, memory_order_acquire) != signature)
		return false;
	if (ret->len)
		ret->at = w->type == SETTINGS_HASH_CONSISTENT ? find_on_ring(w, ret->len, hash)
		                                              : hash % ret->len;
	return true;
}

size_t wheel_next(struct wheel *w, struct wheel_cursor *c)
{
	uint64_t entry = get(w, c->at);

	c->at = c->at + 1 < c->len ? c->at + 1 : 0;
	return (uint32_t)entry;
}

bool wheel_holds(const struct wheel *w, const struct wheel_cursor *c)
{
	return atomic_load_explicit(&w->version, memory_order_relaxed) == c->version;
}
