/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "core/balance.h"
#include "core/keyhash.h"
#include "core/tiers.h"
#include "pools.h"

#include "base/rng.h"

#include <assert.h>

struct choice {
	struct topology_server *server;
	struct balance_candidate snapshot;
	uint64_t seen_turn;     /* as stored: `snapshot.turn` may have been moved up to the clock */
	uint64_t total;         /* of the shares of those that may be chosen; 0: there are none */
	struct pool_lots *lots; /* of these shares, for who draws; or NULL */
	bool any_usable, any_full;
};

void pool_tried_add(struct pool_tried *t, const struct topology_server *s)
{
	t->id[t->count % ARRAY_LEN(t->id)] = s->id;
	t->count++;
}

bool pool_tried_all(const struct pool_tried *t, const struct topology_service *service)
{
	return t->count &&
	       t->count >= atomic_load_explicit(&service->roll, memory_order_acquire)->count;
}

static bool is_usable(const struct topology_roll *roll, uint32_t id)
{
	for (size_t i = 0; i < roll->count; i++)
		if (roll->at[i]->id == id)
			return topology_is_usable(roll->at[i]);
	return false;
}

void pool_tried_forget(struct pool_tried *t, const struct topology_service *service)
{
	const struct topology_roll *roll =
	    atomic_load_explicit(&service->roll, memory_order_acquire);
	struct pool_tried kept = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(t->id) && i < t->count; i++)
		if (is_usable(roll, t->id[i]))
			kept.id[kept.count++] = t->id[i];
	*t = kept;
}

static uint64_t load64(const _Atomic uint64_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

/*
 * The turn that counts: within one stride of the clock, else the clock itself.  A server that was
 * away for a while does not catch up; one whose weight was raised does not wait as long as it would
 * have with the old one.
 */
static uint64_t present_turn(uint64_t turn, uint64_t clock, uint32_t weight)
{
	uint64_t distance = balance_is_earlier(turn, clock) ? clock - turn : turn - clock;

	return balance_exceeds_stride(distance, weight) ? clock : turn;
}

static uint32_t clock_of(const struct pool_field *field)
{
	return field->backups ? 0 : field->tier;
}

/* One server against the filter: may it be chosen?  Then `c` is what there is to compare. */
static inline bool may_be_chosen(struct choice *found, const struct pool_field *field,
                                 struct topology_server *s, struct balance_candidate *c)
{
	c->weight = pool_slot_share(field, s);
	if (!c->weight)
		return false;
	found->any_usable = true;
	if (pool_slot_was_tried(field, s))
		return false;
	c->id = s->id;
	c->active = atomic_load_explicit(&s->active, memory_order_seq_cst);
	if (pool_slot_is_full(s, field->held, c->active)) {
		found->any_full = true;
		return false;
	}
	return true;
}

/* One server against the best so far, or into the lots. */
static void consider(struct choice *best, const struct pool_field *field, size_t i)
{
	struct topology_server *s = field->roll->at[i];
	struct balance_candidate c;
	uint64_t turn;

	if (!may_be_chosen(best, field, s, &c))
		return;
	best->total += c.weight;
	if (best->lots) {
		pool_lots_add(best->lots, i, c.weight);
		return;
	}
	/* Then the clock, which claim() moves first: no turn seems too far ahead. */
	turn = atomic_load_explicit(&s->turn, memory_order_acquire);
	c.turn = present_turn(turn, load64(&field->service->clock[clock_of(field)]), c.weight);
	if (best->server && !balance_prefers(field->settings->balance, &c, &best->snapshot))
		return;
	best->server = s;
	best->snapshot = c;
	best->seen_turn = turn;
}

/*
 * Backups come in only when no active server is usable: the first of them, which is waited for when
 * it is full, or all.
 */
static void look(struct choice *best, const struct pool_field *field)
{
	bool only_first = field->backups && !field->settings->allbackups;

	for (size_t i = 0; i < field->roll->count; i++) {
		consider(best, field, i);
		if (only_first && (best->total || best->any_full))
			return;
	}
}

/*
 * One draw by weight; what has changed since look() makes it a little unfair, or finds nobody, but
 * is not wrong.
 */
static void draw(struct choice *best, const struct pool_field *field, const struct pool_lots *lots,
                 uint64_t ticket)
{
	struct choice ignored = { 0 };
	struct balance_candidate c;
	size_t first = pool_lots_find(lots, &ticket);
	size_t end = pool_lots_end(lots, first);

	for (size_t i = first; i < end && i < field->roll->count; i++) {
		if (!may_be_chosen(&ignored, field, field->roll->at[i], &c))
			continue;
		if (ticket >= c.weight) {
			ticket -= c.weight;
			continue;
		}
		if (!best->server || balance_prefers(SETTINGS_RANDOM, &c, &best->snapshot)) {
			best->server = field->roll->at[i];
			best->snapshot = c;
		}
		return;
	}
}

static void draw_some(struct choice *best, const struct pool_field *field)
{
	struct rng rng = { field->request->random };

	for (uint32_t n = 0; n < field->settings->random_draws; n++)
		draw(best, field, best->lots, rng_below(&rng, best->total));
}

static void move_clock(_Atomic uint64_t *p, uint64_t value)
{
	uint64_t seen = load64(p);

	while (balance_is_earlier(seen, value) &&
	       !atomic_compare_exchange_weak_explicit(p, &seen, value, memory_order_relaxed,
	                                              memory_order_relaxed))
		;
}

/* Takes the chosen turn, unless another worker was faster. */
static bool claim(const struct pool_field *field, const struct choice *c)
{
	struct topology_server *s = c->server;
	uint32_t active = c->snapshot.active;
	uint64_t turn = c->seen_turn;
	uint64_t next = c->snapshot.turn + balance_stride(c->snapshot.weight);

	if (!pool_slot_take(field, s, active))
		return false;
	if (balance_uses_turns(field->settings->balance)) {
		move_clock(&s->service->clock[clock_of(field)], c->snapshot.turn);
		if (!atomic_compare_exchange_strong_explicit(
		        &s->turn, &turn, next, memory_order_release, memory_order_relaxed)) {
			pool_slot_give_back(field, s);
			return false;
		}
	}
	pool_slot_keep(s, active + 1);
	return true;
}

static enum pool_verdict claim_in(const struct pool_field *field, struct topology_server **ret)
{
	bool draws = field->settings->balance == SETTINGS_RANDOM;
	struct pool_lots lots;

	for (;;) {
		struct choice best = { 0 };

		if (draws) {
			pool_lots_clear(&lots, field->roll->count);
			best.lots = &lots;
		}
		look(&best, field);
		if (!best.total)
			return best.any_full ? POOL_FULL : best.any_usable ? POOL_TRIED : POOL_NONE;
		if (draws)
			draw_some(&best, field);
		if (best.server && claim(field, &best)) {
			*ret = best.server;
			return POOL_CLAIMED;
		}
	}
}

/* What of two fields without a free server is to be told. */
static enum pool_verdict join(enum pool_verdict a, enum pool_verdict b)
{
	if (a == POOL_FULL || b == POOL_FULL)
		return POOL_FULL;
	return a == POOL_TRIED || b == POOL_TRIED ? POOL_TRIED : POOL_NONE;
}

/*
 * In the tier that is drawn, else in the nearest one that has a free server, else among the
 * backups if no active server is usable.
 */
static enum pool_verdict claim_best(struct pool_field *field, struct topology_server **ret)
{
	const struct topology_service *service = field->service;
	uint64_t spread = atomic_load_explicit(&service->spread, memory_order_acquire);
	uint32_t count = atomic_load_explicit(&service->tier_count, memory_order_relaxed);
	uint8_t drawn = (uint8_t)tiers_draw(spread, field->request->random);
	enum pool_verdict verdict;

	field->tier = drawn;
	verdict = claim_in(field, ret);
	for (uint8_t tier = 0; tier < count && verdict != POOL_CLAIMED; tier++) {
		enum pool_verdict other;

		if (tier == drawn)
			continue;
		field->tier = tier;
		other = claim_in(field, ret);
		verdict = other == POOL_CLAIMED ? other : join(verdict, other);
	}
	if (verdict != POOL_NONE)
		return verdict;
	field->backups = true;
	return claim_in(field, ret);
}

/* Is this session's server to be found by hash? */
static bool get_hash(const struct settings_service *settings, const struct topology_roll *roll,
                     const struct pool_request *request, uint32_t *ret)
{
	return roll->wheel && keyhash_client(settings, &request->client, &request->local, ret);
}

enum pool_verdict pool_claim(struct topology_service *service, const struct pool_request *request,
                             struct topology_server **ret)
{
	struct pool_field field = {
		.service = service,
		.settings = service->settings,
		.roll = atomic_load_explicit(&service->roll, memory_order_acquire),
		.request = request,
		.held = atomic_load_explicit(&service->held, memory_order_relaxed) > 0,
	};
	enum pool_verdict verdict = POOL_NONE;
	uint32_t hash;

	*ret = NULL;
	if (!get_hash(field.settings, field.roll, request, &hash))
		return claim_best(&field, ret);
	verdict = pool_hash_claim(&field, hash, ret);
	if (verdict != POOL_NONE)
		return verdict;
	field.backups = true;
	return field.settings->allbackups ? pool_hash_claim(&field, hash, ret)
	                                  : claim_in(&field, ret);
}

void pool_release(struct topology_server *s)
{
	uint32_t before = atomic_fetch_sub_explicit(&s->active, 1, memory_order_seq_cst);

	assert(before > 0);
	(void)before;
}
