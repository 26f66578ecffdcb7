/* SPDX-License-Identifier: MIT */
#include "core/ratetable.h"

#include "core/rate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * Entries are numbers 1 .. size, 0 is none.  Each is in the list of its bucket and in the list of
 * all by age, or else in the list of free ones, which uses `next`.
 */
struct entry {
	struct addr_ip address;
	struct rate_window window;
	int64_t last_ms; /* its last connection */
	uint32_t next;   /* of the bucket */
	uint32_t newer, older;
};

struct ratetable {
	uint64_t seed;
	uint32_t period_ms, size, used;
	uint32_t free, newest, oldest;
	uint32_t bucket_count; /* a power of two */
	uint32_t *buckets;
	struct entry entries[]; /* the first is not used */
};

struct ratetable *ratetable_new(const struct settings_rate_limit *limit, uint64_t seed)
{
	size_t size = ((size_t)limit->size + 1) * sizeof(struct entry);
	struct ratetable *t = mem_zalloc(sizeof(*t) + size);

	assert(limit->period_ms > 0 && limit->size > 0 && limit->size < UINT32_MAX / 2);
	t->seed = seed;
	t->period_ms = limit->period_ms;
	t->size = limit->size;
	t->bucket_count = 1;
	while (t->bucket_count < t->size)
		t->bucket_count *= 2;
	t->buckets = mem_zalloc(t->bucket_count * sizeof(*t->buckets));
	ratetable_clear(t);
	return t;
}

void ratetable_free(struct ratetable *t)
{
	if (!t)
		return;
	free(t->buckets);
	free(t);
}

void ratetable_clear(struct ratetable *t)
{
	memset(t->buckets, 0, t->bucket_count * sizeof(*t->buckets));
	t->used = t->newest = t->oldest = 0;
	for (uint32_t i = 1; i <= t->size; i++)
		t->entries[i].next = i < t->size ? i + 1 : 0;
	t->free = 1;
}

/* The address alone; false if it is not of the IP. */
static bool strip(const struct addr_ip *from, struct addr_ip *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	*ret = (struct addr_ip){ .family = from->family };
	if (from->family == AF_INET) {
		memcpy(ret->bytes, from->bytes, 4);
	} else if (from->family == AF_INET6 && memcmp(from->bytes, mapped, 12) == 0) {
		ret->family = AF_INET;
		memcpy(ret->bytes, from->bytes + 12, 4);
	} else if (from->family == AF_INET6) {
		ret->scope = from->scope;
		memcpy(ret->bytes, from->bytes, 16);
	} else {
		return false;
	}
	return true;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Multiplication of two secret-keyed halves, folded: good in all bits, and not to be foreseen. */
static uint32_t *find_bucket(const struct ratetable *t, const struct addr_ip *key)
{
	uint64_t high;
	uint64_t low;

	memcpy(&high, key->bytes, sizeof(high));
	memcpy(&low, key->bytes + 8, sizeof(low));
	high = fold(high ^ t->seed, low ^ key->family ^ 0x9e3779b97f4a7c15U);
	high = fold(high ^ key->scope, t->seed ^ 0xbf58476d1ce4e5b9U);
	return &t->buckets[high & (t->bucket_count - 1)];
}

static bool is_same(const struct addr_ip *a, const struct addr_ip *b)
{
	return a->family == b->family && a->scope == b->scope &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* The entry of a stripped address, or 0. */
static uint32_t find(const struct ratetable *t, const struct addr_ip *key)
{
	uint32_t i = *find_bucket(t, key);

	while (i && !is_same(&t->entries[i].address, key))
		i = t->entries[i].next;
	return i;
}

static void unlink_age(struct ratetable *t, uint32_t i)
{
	struct entry *e = &t->entries[i];

	*(e->newer ? &t->entries[e->newer].older : &t->newest) = e->older;
	*(e->older ? &t->entries[e->older].newer : &t->oldest) = e->newer;
}

static void make_newest(struct ratetable *t, uint32_t i)
{
	struct entry *e = &t->entries[i];

	e->newer = 0;
	e->older = t->newest;
	*(t->newest ? &t->entries[t->newest].newer : &t->oldest) = i;
	t->newest = i;
}

static void forget(struct ratetable *t, uint32_t i)
{
	uint32_t *link = find_bucket(t, &t->entries[i].address);

	while (*link != i)
		link = &t->entries[*link].next;
	*link = t->entries[i].next;
	unlink_age(t, i);
	t->entries[i].next = t->free;
	t->free = i;
	t->used--;
}

/* After two periods nothing is left of a rate. */
static int64_t expires(const struct ratetable *t, const struct entry *e, int64_t now_ms)
{
	return e->last_ms + 2 * (int64_t)t->period_ms - now_ms;
}

static uint32_t add(struct ratetable *t, const struct addr_ip *key)
{
	uint32_t *bucket;
	struct entry *e;
	uint32_t i;

	if (!t->free)
		forget(t, t->oldest);
	i = t->free;
	e = &t->entries[i];
	t->free = e->next;
	bucket = find_bucket(t, key);
	*e = (struct entry){ .address = *key, .next = *bucket };
	*bucket = i;
	t->used++;
	return i;
}

uint32_t ratetable_hit(struct ratetable *t, const struct addr_ip *address, int64_t now_ms)
{
	struct addr_ip key;
	struct entry *e;
	uint32_t i;

	if (!strip(address, &key))
		return 0;
	i = find(t, &key);
	if (i)
		unlink_age(t, i);
	else
		i = add(t, &key);
	make_newest(t, i);
	e = &t->entries[i];
	e->last_ms = now_ms;
	rate_window_add(&e->window, t->period_ms, now_ms, 1);
	return rate_window_get(&e->window, t->period_ms, now_ms);
}

static struct ratetable_entry describe(const struct ratetable *t, uint32_t i, int64_t now_ms)
{
	const struct entry *e = &t->entries[i];

	return (struct ratetable_entry){
		.address = e->address,
		.rate = rate_window_get(&e->window, t->period_ms, now_ms),
		.expires_ms = expires(t, e, now_ms),
	};
}

bool ratetable_next(const struct ratetable *t, size_t *cursor, int64_t now_ms,
                    struct ratetable_entry *ret)
{
	size_t i = *cursor ? t->entries[*cursor].older : t->newest;

	if (!i || expires(t, &t->entries[i], now_ms) <= 0)
		return false;
	*cursor = i;
	*ret = describe(t, (uint32_t)i, now_ms);
	return true;
}

bool ratetable_find(const struct ratetable *t, const struct addr_ip *address, int64_t now_ms,
                    struct ratetable_entry *ret)
{
	struct addr_ip key;
	uint32_t i = strip(address, &key) ? find(t, &key) : 0;

	if (!i || expires(t, &t->entries[i], now_ms) <= 0)
		return false;
	*ret = describe(t, i, now_ms);
	return true;
}

bool ratetable_forget(struct ratetable *t, const struct addr_ip *address)
{
	struct addr_ip key;
	uint32_t i = strip(address, &key) ? find(t, &key) : 0;

	if (i)
		forget(t, i);
	return i > 0;
}

uint32_t ratetable_size(const struct ratetable *t)
{
	return t->size;
}

uint32_t ratetable_used(struct ratetable *t, int64_t now_ms)
{
	while (t->oldest && expires(t, &t->entries[t->oldest], now_ms) <= 0)
		forget(t, t->oldest);
	return t->used;
}
