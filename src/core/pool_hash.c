/* SPDX-License-Identifier: MIT */
#include "pools.h"

#include "core/wheel.h"

/* The weights of one moment. */
struct survey {
	uint64_t signature;
	uint64_t total; /* of all shares */
	/* If loads are bounded: sessions on any server, also on those that are not usable. */
	uint64_t served;
	size_t untried;          /* usable servers */
	struct pool_lots shares; /* of servers, if loads are bounded */
};

/* Servers that were passed by: those with a low number only once. */
struct passed {
	uint64_t bits[4];
	size_t count;
};

enum attempt { ATTEMPT_TAKEN, ATTEMPT_WAIT, ATTEMPT_PASS };

/* A map counts in weights, a ring in points, of which each share is one. */
static uint32_t weigh(const void *ctx, size_t i)
{
	const struct pool_field *field = ctx;
	uint32_t share = pool_slot_share(field, field->roll->at[i]);
	bool is_map = field->settings->hash.type == SETTINGS_HASH_MAP;

	_Static_assert((int)TOPOLOGY_SHARE == (int)WHEEL_SCALE, "a share is a point");
	return is_map ? share / TOPOLOGY_SHARE : share;
}

static uint32_t load_active(const struct topology_server *s)
{
	return atomic_load_explicit(&s->active, memory_order_seq_cst);
}

static bool is_bounded(const struct pool_field *field)
{
	const struct settings_hash *hash = &field->settings->hash;

	return hash->type == SETTINGS_HASH_CONSISTENT && hash->balance_factor;
}

static void look_around(const struct pool_field *field, struct survey *v)
{
	bool bounded = is_bounded(field);

	v->signature = v->total = v->served = v->untried = 0;
	if (bounded)
		pool_lots_clear(&v->shares, field->roll->count);
	for (size_t i = 0; i < field->roll->count; i++) {
		const struct topology_server *s = field->roll->at[i];
		uint32_t weight = weigh(field, i);

		v->signature = wheel_sign(v->signature, weight);
		v->total += weight;
		v->untried += weight && !pool_slot_was_tried(field, s);
		if (!bounded)
			continue;
		v->served += load_active(s);
		pool_lots_add(&v->shares, i, weight);
	}
}

/*
 * Consistent hashing with bounded loads (HAProxy configuration manual 4.2 "hash-balance-factor"):
 * all servers together have that per cent of slots for the sessions there are with this one, each
 * by its weight, and never none.  What a division leaves over is dealt out along the list.
 */
static bool has_room(const struct pool_field *field, const struct survey *v, size_t server)
{
	uint64_t factor = field->settings->hash.balance_factor;
	uint64_t all = ((v->served + 1) * factor + 99) / 100;
	uint64_t rest = all % v->total;
	size_t first;
	uint64_t before = pool_lots_before(&v->shares, server, &first);
	uint64_t share = weigh(field, server);
	uint64_t slots;

	for (size_t i = first; i < server; i++)
		before += weigh(field, i);
	slots = share * (all / v->total) + (before + share) * rest / v->total -
	        before * rest / v->total;
	return load_active(field->roll->at[server]) < (slots ? slots : 1);
}

/* A server without a free slot is waited for, unless enough sessions do so. */
static enum attempt attempt(const struct pool_field *field, struct topology_server *s)
{
	uint32_t maxqueue = s->settings->maxqueue;
	uint32_t active;

	do {
		active = load_active(s);
		if (pool_slot_is_full(s, field->held, active)) {
			uint32_t queued = atomic_load_explicit(&s->queued, memory_order_relaxed);

			return maxqueue && queued >= maxqueue ? ATTEMPT_PASS : ATTEMPT_WAIT;
		}
	} while (!pool_slot_take(field, s, active));
	pool_slot_keep(s, active + 1);
	return ATTEMPT_TAKEN;
}

/* False if it has been passed by before. */
static bool pass_by(struct passed *p, size_t server)
{
	uint64_t bit = (uint64_t)1 << server % 64;

	if (server / 64 >= ARRAY_LEN(p->bits))
		return true;
	if (p->bits[server / 64] & bit)
		return false;
	p->bits[server / 64] |= bit;
	p->count++;
	return true;
}

/*
 * Along the wheel from the hash's place to the first server that will do.  With `strict` one that
 * has more than its part of the sessions will not.
 */
static bool walk(const struct pool_field *field, const struct survey *v, struct wheel_cursor c,
                 bool strict, struct topology_server **ret, enum pool_verdict *verdict)
{
	struct wheel *w = field->roll->wheel;
	struct passed passed = { 0 };

	for (size_t n = 0; n < c.len && passed.count < v->untried; n++) {
		size_t at = wheel_next(w, &c);
		struct topology_server *s = field->roll->at[at];
		enum attempt result;

		if (pool_slot_was_tried(field, s) || !pass_by(&passed, at) ||
		    (strict && !has_room(field, v, at)))
			continue;
		if (!wheel_holds(w, &c))
			return false;
		result = attempt(field, s);
		if (result == ATTEMPT_PASS)
			continue;
		*ret = s;
		*verdict = result == ATTEMPT_TAKEN ? POOL_CLAIMED : POOL_FULL;
		return true;
	}
	return wheel_holds(w, &c);
}

enum pool_verdict pool_hash_claim(const struct pool_field *field, uint32_t hash,
                                  struct topology_server **ret)
{
	struct wheel *w = field->roll->wheel;

	for (;;) {
		struct survey v;
		enum pool_verdict verdict = POOL_FULL;
		struct wheel_cursor c;

		*ret = NULL;
		look_around(field, &v);
		if (!v.total)
			return POOL_NONE;
		if (!v.untried)
			return POOL_TRIED;
		if (!wheel_seek(w, v.signature, hash, &c))
			wheel_build(w, weigh, field);
		else if (walk(field, &v, c, is_bounded(field), ret, &verdict) &&
		         (*ret || !is_bounded(field) || walk(field, &v, c, false, ret, &verdict)))
			return verdict;
	}
}
