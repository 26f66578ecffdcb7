/* SPDX-License-Identifier: MIT */
/* Services of many servers, whose shares are summed up in lots. */
#include "core/pool.h"

#include "sample.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct pool_tried none_tried;

/* Around the numbers at which lots grow by a server. */
static const size_t sizes[] = { 1, 2, 63, 64, 65, 127, 128, 129, 300, 1000 };

static struct settings_service drawing(uint32_t draws)
{
	struct settings_service like = settings_service_default();

	like.balance = SETTINGS_RANDOM;
	like.random_draws = draws;
	return like;
}

/* Weights 1, 2, 3, 1, 2, 3 ... */
static struct topology *make_pool(const struct settings_service *like, size_t count)
{
	struct sample_server *servers = mem_zalloc(count * sizeof(*servers));
	struct topology *t;

	for (size_t i = 0; i < count; i++)
		servers[i] = (struct sample_server){ .name = "s", .weight = (uint16_t)(i % 3 + 1) };
	t = sample_like(like, servers, count);
	free(servers);
	return t;
}

static struct topology_server *server(struct topology *t, size_t i)
{
	return t->services[0]->servers[i];
}

static void disable(struct topology *t, size_t i, bool off)
{
	topology_set_state(server(t, i), (struct state){ .health = STATE_NOCHECK,
	                                                 .admin = off ? STATE_MAINT_COMMAND : 0 });
}

static enum pool_verdict claim(struct topology *t, struct rng *rng, struct topology_server **ret)
{
	struct pool_request r = { .tried = &none_tried, .random = rng_next(rng) };

	r.client.family = AF_INET;
	memcpy(r.client.bytes, &r.random, 4);
	return pool_claim(t->services[0], &r, ret);
}

/* Whichever of many is the only one, it is drawn; without it nobody is. */
static void the_only_usable_server_is_drawn(void **unused)
{
	const struct settings_service like = drawing(2);

	(void)unused;
	for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
		struct topology *t = make_pool(&like, sizes[k]);
		struct rng rng = { k };
		struct topology_server *s;

		for (size_t i = 0; i < sizes[k]; i++)
			disable(t, i, true);
		for (size_t i = 0; i < sizes[k]; i++) {
			assert_int_equal(claim(t, &rng, &s), POOL_NONE);
			disable(t, i, false);
			assert_int_equal(claim(t, &rng, &s), POOL_CLAIMED);
			assert_ptr_equal(s, server(t, i));
			server(t, i)->maxconn = 1;
			assert_int_equal(claim(t, &rng, &s), POOL_FULL);
			disable(t, i, true);
		}
		topology_free(t);
	}
}

enum { PARTS = 10 };

static bool is_left_out(size_t i)
{
	return i % 7 == 3 || i % 11 == 5;
}

/* Some are down, some full; what the others of each part weigh together. */
static uint32_t leave_some_out(struct topology *t, size_t count, uint32_t weight[PARTS])
{
	uint32_t total = 0;

	for (size_t i = 0; i < count; i++) {
		disable(t, i, i % 7 == 3);
		if (i % 11 == 5)
			server(t, i)->maxconn = server(t, i)->active = 1;
		if (is_left_out(i))
			continue;
		weight[i * PARTS / count] += server(t, i)->weight;
		total += server(t, i)->weight;
	}
	return total;
}

static void check_draws(struct topology *t, size_t count, uint64_t seed)
{
	enum { DRAWS = 20000 };
	uint32_t picked[PARTS] = { 0 };
	uint32_t weight[PARTS] = { 0 };
	uint32_t total = leave_some_out(t, count, weight);
	struct rng rng = { seed };

	for (int n = 0; n < DRAWS; n++) {
		struct topology_server *s;

		assert_int_equal(claim(t, &rng, &s), POOL_CLAIMED);
		assert_false(is_left_out(s->id - 1));
		picked[(size_t)(s->id - 1) * PARTS / count]++;
	}
	for (size_t p = 0; p < PARTS; p++) {
		uint32_t want = (uint32_t)((uint64_t)DRAWS * weight[p] / total);

		/* More than five standard deviations. */
		assert_in_range(picked[p], want - 250, want + 250);
	}
}

/* Parts of the pool are drawn by their weights, and those that are down or full not at all. */
static void many_are_drawn_by_weight(void **unused)
{
	const struct settings_service like = drawing(1);

	(void)unused;
	for (size_t k = 6; k < ARRAY_LEN(sizes); k++) {
		struct topology *t = make_pool(&like, sizes[k]);

		check_draws(t, sizes[k], k);
		topology_free(t);
	}
}

/*
 * A bound of 100 % leaves exactly one place for the next session: when as many have come as all
 * weights together, each server has its own.
 */
static void bounds_are_exact_among_many(void **unused)
{
	struct settings_service like = settings_service_default();

	(void)unused;
	like.balance = SETTINGS_SOURCE;
	like.hash.type = SETTINGS_HASH_CONSISTENT;
	like.hash.avalanche = true;
	like.hash.balance_factor = 100;
	for (size_t k = 0; k < ARRAY_LEN(sizes) - 1; k++) {
		struct topology *t = make_pool(&like, sizes[k]);
		struct rng rng = { k };
		struct topology_server *s;
		uint32_t total = 0;

		for (size_t i = 0; i < sizes[k]; i++)
			total += server(t, i)->weight;
		for (uint32_t n = 0; n < 2 * total; n++)
			assert_int_equal(claim(t, &rng, &s), POOL_CLAIMED);
		for (size_t i = 0; i < sizes[k]; i++)
			assert_int_equal(server(t, i)->active, 2 * server(t, i)->weight);
		topology_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_only_usable_server_is_drawn),
		cmocka_unit_test(many_are_drawn_by_weight),
		cmocka_unit_test(bounds_are_exact_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
