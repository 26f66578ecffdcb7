/* SPDX-License-Identifier: MIT */
#include "core/wheel.h"

#include "core/keyhash.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SERVERS_MAX = 8 };

static struct wheel *make(enum settings_hash_type type, size_t count, uint32_t divisor)
{
	static const uint32_t ids[SERVERS_MAX] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct wheel *w = mem_zalloc(wheel_size(type, count, divisor));

	wheel_init(w, type, ids, count, divisor);
	return w;
}

static uint32_t weigh(const void *ctx, size_t i)
{
	const uint32_t *weights = ctx;

	return weights[i];
}

static uint64_t sign(const uint32_t *weights, size_t count)
{
	uint64_t signature = 0;

	for (size_t i = 0; i < count; i++)
		signature = wheel_sign(signature, weights[i]);
	return signature;
}

static struct wheel_cursor seek(struct wheel *w, const uint32_t *weights, size_t count,
                                uint32_t hash)
{
	struct wheel_cursor c;

	if (!wheel_seek(w, sign(weights, count), hash, &c)) {
		wheel_build(w, weigh, weights);
		assert_true(wheel_seek(w, sign(weights, count), hash, &c));
	}
	return c;
}

struct mixed {
	uint32_t weights[SERVERS_MAX], divisor;
	const char *want;
};

/* In the order of HAProxy's map; test_pool_hash.c has what HAProxy answered. */
static void a_map_mixes_the_servers(void **unused)
{
	static const struct mixed cases[] = {
		{ { 1, 1, 1, 1, 1 }, 1, "01234" },
		{ { 3, 1, 2, 10 }, 1, "0313303233033233" },
		{ { 20, 40, 60 }, 20, "021212" },
		{ { 0, 1, 0, 1 }, 1, "13" },
		{ { 256 }, 256, "0" },
		{ { 5, 2 }, 2, "0001" },
		{ { 0, 0 }, 1, "" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct wheel *w = make(SETTINGS_HASH_MAP, 5, cases[i].divisor);
		size_t len = strlen(cases[i].want);

		for (uint32_t hash = 0; hash < 3 * len; hash++) {
			struct wheel_cursor c = seek(w, cases[i].weights, 5, hash);

			assert_int_equal(c.len, len);
			assert_int_equal(wheel_next(w, &c), cases[i].want[hash % len] - '0');
			assert_int_equal(wheel_next(w, &c), cases[i].want[(hash + 1) % len] - '0');
			assert_true(wheel_holds(w, &c));
		}
		assert_int_equal(seek(w, cases[i].weights, 5, 0).len, len);
		free(w);
	}
}

/* Looked for without a table. */
static size_t nearest(const uint32_t *weights, size_t count, uint32_t hash)
{
	uint32_t best = UINT32_MAX;
	size_t server = 0;

	for (size_t i = 0; i < count; i++)
		for (uint32_t n = 0; n < weights[i]; n++) {
			uint32_t at = keyhash_avalanche((uint32_t)(i + 1) * WHEEL_POINTS + n);
			uint32_t off = at - hash < hash - at ? at - hash : hash - at;

			if (off < best) {
				best = off;
				server = i;
			}
		}
	return server;
}

static void the_nearest_point_of_a_ring_counts(void **unused)
{
	static const uint32_t sets[][SERVERS_MAX] = {
		{ 16, 16, 16, 16, 16 }, { 16, 48, 0, 160 }, { 1 }, { 1, 1, 1 }, { 4096, 16, 4095 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		struct wheel *w = make(SETTINGS_HASH_CONSISTENT, 5, 1);
		uint32_t total = 0;

		for (size_t k = 0; k < 5; k++)
			total += sets[i][k];
		for (uint32_t n = 0; n < 300; n++) {
			uint32_t hash = n == 0 ? 0 : n == 1 ? UINT32_MAX : n * 2654435761U;
			struct wheel_cursor c = seek(w, sets[i], 5, hash);

			assert_int_equal(c.len, total);
			assert_int_equal(wheel_next(w, &c), nearest(sets[i], 5, hash));
		}
		free(w);
	}
}

static void a_walk_meets_every_place_once(void **unused)
{
	static const uint32_t weights[] = { 16, 32, 48 };
	struct wheel *w = make(SETTINGS_HASH_CONSISTENT, 3, 1);
	struct wheel_cursor c = seek(w, weights, 3, 12345);
	uint32_t met[3] = { 0 };
	size_t start = c.at;

	(void)unused;
	for (size_t n = 0; n < c.len; n++)
		met[wheel_next(w, &c)]++;
	assert_int_equal(c.at, start);
	assert_memory_equal(met, weights, sizeof(met));
	free(w);
}

static void other_weights_want_another_table(void **unused)
{
	static const uint32_t sets[][3] = { { 1, 1, 1 }, { 1, 0, 1 }, { 1, 1, 2 }, { 0, 1, 1 } };
	struct wheel *w = make(SETTINGS_HASH_MAP, 3, 1);
	struct wheel_cursor before;
	struct wheel_cursor c;

	(void)unused;
	assert_false(wheel_seek(w, 0, 0, &c));
	before = seek(w, sets[0], 3, 0);
	for (size_t i = 1; i < ARRAY_LEN(sets); i++) {
		assert_false(wheel_seek(w, sign(sets[i], 3), 0, &c));
		assert_true(wheel_holds(w, &before));
		c = seek(w, sets[i], 3, 0);
		assert_false(wheel_holds(w, &before));
		assert_true(wheel_holds(w, &c));
		before = c;
	}
	free(w);
}

static void without_servers_it_is_empty(void **unused)
{
	(void)unused;
	for (enum settings_hash_type t = SETTINGS_HASH_MAP; t <= SETTINGS_HASH_CONSISTENT; t++) {
		struct wheel *w = make(t, 0, 1);

		assert_int_equal(seek(w, NULL, 0, 77).len, 0);
		free(w);
	}
}

enum { READERS = 4, TURNS = 100, SETS = 3 };

/* The sets have no server in common: a table of two would show. */
static const uint32_t race_sets[SETS][6] = { { 16, 16, 0, 0, 0, 0 },
	                                     { 0, 0, 32, 16, 0, 0 },
	                                     { 0, 0, 0, 0, 48, 16 } };

struct race {
	struct wheel *wheel;
	_Atomic bool done;
	_Atomic uint64_t reads;
};

static bool read_some(struct race *r, size_t set, uint32_t hash)
{
	uint64_t signature = sign(race_sets[set], 6);
	struct wheel_cursor c;
	size_t server;

	if (!wheel_seek(r->wheel, signature, hash, &c))
		return true;
	for (int n = 0; n < 8; n++) {
		server = wheel_next(r->wheel, &c);
		if (!wheel_holds(r->wheel, &c))
			return true;
		if (server / 2 != set)
			return false;
	}
	r->reads++;
	return true;
}

static void *read_on(void *arg)
{
	struct race *r = arg;
	uint32_t hash = 1;
	bool torn = false;

	while (!r->done)
		for (size_t set = 0; set < SETS; set++)
			torn |= !read_some(r, set, hash *= 2654435761U);
	return torn ? arg : NULL;
}

static void readers_never_see_half_a_table(void **unused)
{
	(void)unused;
	for (enum settings_hash_type t = SETTINGS_HASH_MAP; t <= SETTINGS_HASH_CONSISTENT; t++) {
		struct race r = { .wheel = make(t, 6, 1) };
		pthread_t readers[READERS];
		void *torn;

		for (size_t i = 0; i < READERS; i++)
			assert_int_equal(pthread_create(&readers[i], NULL, read_on, &r), 0);
		for (size_t n = 0; n < TURNS || !r.reads; n++)
			wheel_build(r.wheel, weigh, race_sets[n % SETS]);
		r.done = true;
		for (size_t i = 0; i < READERS; i++) {
			assert_int_equal(pthread_join(readers[i], &torn), 0);
			assert_null(torn);
		}
		free(r.wheel);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_mixes_the_servers),
		cmocka_unit_test(the_nearest_point_of_a_ring_counts),
		cmocka_unit_test(a_walk_meets_every_place_once),
		cmocka_unit_test(other_weights_want_another_table),
		cmocka_unit_test(without_servers_it_is_empty),
		cmocka_unit_test(readers_never_see_half_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
