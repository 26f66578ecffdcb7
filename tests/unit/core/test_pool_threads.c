/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "sample.h"

#include "base/rng.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct pool_tried none_tried;

enum { WORKERS = 4, CLAIMS = 100000, HELD = 8 };

struct worker {
	struct topology *topology;
	uint64_t seed;
	bool overran;
	uint64_t full;
};

static void put_back(struct topology_server **slot)
{
	if (*slot)
		pool_release(*slot);
	*slot = NULL;
}

/* Claims, holds a few sessions at a time and gives them back in any order. */
static void *work(void *arg)
{
	struct worker *w = arg;
	struct rng rng = { w->seed };
	struct topology_server *held[HELD] = { NULL };

	for (int n = 0; n < CLAIMS;) {
		struct topology_server **slot = &held[rng_below(&rng, HELD)];
		enum pool_verdict v;

		put_back(slot);
		v = pool_claim(w->topology->services[0], &none_tried, slot);
		if (v == POOL_CLAIMED) {
			uint32_t maxconn = (*slot)->settings->maxconn;

			n++;
			w->overran |= maxconn && (*slot)->active > maxconn;
		} else {
			w->full += v == POOL_FULL;
		}
	}
	for (size_t i = 0; i < HELD; i++)
		put_back(&held[i]);
	return NULL;
}

static uint64_t run_workers(struct topology *t)
{
	struct worker workers[WORKERS];
	pthread_t threads[WORKERS];
	uint64_t full = 0;

	for (size_t i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .topology = t, .seed = i };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (size_t i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(workers[i].overran);
		full += workers[i].full;
	}
	for (size_t i = 0; i < t->services[0]->server_count; i++)
		assert_int_equal(t->services[0]->servers[i]->active, 0);
	return full;
}

static void roundrobin_is_exact_across_threads(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 2, 5 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);

	(void)unused;
	(void)run_workers(t);
	for (size_t i = 0; weights[i]; i++) {
		uint64_t share = (uint64_t)WORKERS * CLAIMS * weights[i] / 8;
		uint64_t picked = counter_get(&t->services[0]->servers[i]->count, COUNTER_PICKED);

		assert_in_range(picked, share - WORKERS, share + WORKERS);
	}
	topology_free(t);
}

static void maxconn_holds_across_threads(void **unused)
{
	static const struct sample_server servers[] = { { "a", NULL, 1, false, false, 5 },
		                                        { "b", NULL, 2, false, false, 7 },
		                                        { "c", NULL, 3, false, false, 9 } };

	(void)unused;
	for (enum settings_balance b = SETTINGS_ROUNDROBIN; b <= SETTINGS_LEASTCONN; b++) {
		struct topology *t = sample_pool(b, false, servers, 3);

		assert_true(run_workers(t) > 0);
		for (size_t i = 0; i < 3; i++) {
			const struct topology_server *s = t->services[0]->servers[i];

			assert_int_equal(s->active_max, s->settings->maxconn);
		}
		topology_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roundrobin_is_exact_across_threads),
		cmocka_unit_test(maxconn_holds_across_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
