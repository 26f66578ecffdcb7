/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "sample.h"

#include "base/rng.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct pool_tried none_tried;

enum { WORKERS = 8, CLAIMS = 10000, HELD = 8 };

struct worker {
	pthread_barrier_t *together; /* NULL: no crowd */
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

/* A session of any client; every 16th comes over a UNIX socket. */
static struct pool_request make_request(struct rng *rng)
{
	struct pool_request r = { .tried = &none_tried, .random = rng_next(rng) };

	r.client.family = r.random % 16 ? AF_INET : AF_UNIX;
	memcpy(r.client.bytes, &r.random, 4);
	return r;
}

/* All hold what they can at the same time: together they want more than there is. */
static void crowd(struct worker *w, struct rng *rng)
{
	struct topology_server *held[HELD] = { NULL };

	for (size_t i = 0; i < HELD; i++) {
		struct pool_request request = make_request(rng);

		if (pool_claim(w->topology->services[0], &request, &held[i]) != POOL_CLAIMED) {
			held[i] = NULL;
			w->full++;
		}
	}
	pthread_barrier_wait(w->together);
	for (size_t i = 0; i < HELD; i++)
		put_back(&held[i]);
}

/* Claims, holds a few sessions at a time and gives them back in any order. */
static void *work(void *arg)
{
	struct worker *w = arg;
	struct rng rng = { w->seed };
	struct topology_server *held[HELD] = { NULL };

	if (w->together)
		crowd(w, &rng);
	for (int n = 0; n < CLAIMS;) {
		struct pool_request request = make_request(&rng);
		struct topology_server **slot = &held[rng_below(&rng, HELD)];
		enum pool_verdict v;

		put_back(slot);
		v = pool_claim(w->topology->services[0], &request, slot);
		if (v == POOL_CLAIMED) {
			uint32_t maxconn = (*slot)->settings->maxconn;

			n++;
			w->overran |= maxconn && (*slot)->active > maxconn;
		} else {
			*slot = NULL; /* a hash names the one to wait for */
			w->full += v == POOL_FULL;
		}
	}
	for (size_t i = 0; i < HELD; i++)
		put_back(&held[i]);
	return NULL;
}

static bool is_limited(const struct topology *t)
{
	return t->services[0]->servers[0]->settings->maxconn > 0;
}

static uint64_t run_workers(struct topology *t)
{
	struct worker workers[WORKERS];
	pthread_t threads[WORKERS];
	pthread_barrier_t together;
	uint64_t full = 0;

	pthread_barrier_init(&together, NULL, WORKERS);
	for (size_t i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .topology = t,
			                      .seed = i,
			                      .together = is_limited(t) ? &together : NULL };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (size_t i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(workers[i].overran);
		full += workers[i].full;
	}
	pthread_barrier_destroy(&together);
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

static const struct sample_server limited[] = { { "a", NULL, 1, false, false, 5 },
	                                        { "b", NULL, 2, false, false, 7 },
	                                        { "c", NULL, 3, false, false, 9 } };

/* Every algorithm, hashes over a map and over a ring. */
enum { KINDS = SETTINGS_STATIC_RR + 3 };

static struct topology *make_kind(unsigned int kind)
{
	struct settings_service like = settings_service_default();

	if (kind <= SETTINGS_STATIC_RR) {
		like.balance = kind;
	} else {
		like.balance = kind == KINDS - 1 ? SETTINGS_HASH : SETTINGS_SOURCE;
		like.hash = (struct settings_hash){ .type = SETTINGS_HASH_CONSISTENT,
			                            .avalanche = true,
			                            .balance_factor = 125 };
	}
	return sample_like(&like, limited, 3);
}

static void maxconn_holds_across_threads(void **unused)
{
	(void)unused;
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		struct topology *t = make_kind(kind);

		assert_true(run_workers(t) > 0);
		for (size_t i = 0; i < 3; i++) {
			const struct topology_server *s = t->services[0]->servers[i];

			assert_int_equal(s->active_max, s->settings->maxconn);
		}
		topology_free(t);
	}
}

struct filler {
	struct topology *topology;
	unsigned int claims, claimed;
	uint64_t seed;
};

static void *fill_up(void *arg)
{
	struct filler *f = arg;
	struct rng rng = { f->seed };

	for (unsigned int n = 0; n < f->claims; n++) {
		struct pool_request request = make_request(&rng);
		struct topology_server *s;

		f->claimed += pool_claim(f->topology->services[0], &request, &s) == POOL_CLAIMED;
	}
	return NULL;
}

/* All workers claim so many times each, and nobody leaves. */
static unsigned int run_fillers(struct topology *t, unsigned int claims)
{
	struct filler fillers[WORKERS];
	pthread_t threads[WORKERS];
	unsigned int claimed = 0;

	for (size_t i = 0; i < WORKERS; i++) {
		fillers[i] = (struct filler){ .topology = t, .claims = claims, .seed = i };
		assert_int_equal(pthread_create(&threads[i], NULL, fill_up, &fillers[i]), 0);
	}
	for (size_t i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		claimed += fillers[i].claimed;
	}
	return claimed;
}

static void leastconn_is_exact_across_threads(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 2, 5 };
	struct topology *t = sample_weights(SETTINGS_LEASTCONN, weights);

	(void)unused;
	assert_int_equal(run_fillers(t, 5000), WORKERS * 5000);
	for (size_t i = 0; weights[i]; i++)
		assert_int_equal(t->services[0]->servers[i]->active, 5000 * weights[i]);
	topology_free(t);
}

static void first_is_exact_across_threads(void **unused)
{
	struct sample_server servers[4] = { { "a", NULL, 1, false, false, 1000 },
		                            { "b", NULL, 1, false, false, 2000 },
		                            { "c", NULL, 1, false, false, 4000 },
		                            { "d", NULL, 1, false, false, 100 } };
	static const uint32_t want[4] = { 1000, 2000, 3400, 0 };
	struct topology *t = sample_pool(SETTINGS_FIRST, false, servers, 4);

	(void)unused;
	assert_int_equal(run_fillers(t, 800), 6400);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(t->services[0]->servers[i]->active, want[i]);
	assert_int_equal(run_fillers(t, 800), 700);
	topology_free(t);
}

/* Every session is counted once, and the choice does not depend on the thread. */
static void hashes_and_draws_lose_no_session_across_threads(void **unused)
{
	(void)unused;
	for (unsigned int kind = SETTINGS_RANDOM; kind < KINDS; kind++) {
		struct topology *t = make_kind(kind);
		struct topology *alone = make_kind(kind);
		uint64_t active = 0;

		for (size_t i = 0; i < 3; i++) {
			t->services[0]->servers[i]->maxconn = 0;
			alone->services[0]->servers[i]->maxconn = 0;
		}
		assert_int_equal(run_fillers(t, 2000), WORKERS * 2000);
		for (size_t i = 0; i < WORKERS; i++) {
			struct filler f = { .topology = alone, .claims = 2000, .seed = i };

			(void)fill_up(&f);
		}
		for (size_t i = 0; i < 3; i++) {
			uint32_t here = t->services[0]->servers[i]->active;

			active += here;
			if (kind == SETTINGS_SOURCE || kind == SETTINGS_HASH)
				assert_in_range(alone->services[0]->servers[i]->active,
				                here - WORKERS, here + WORKERS);
		}
		assert_int_equal(active, WORKERS * 2000);
		topology_free(t);
		topology_free(alone);
	}
}

struct change {
	struct topology *topology;
	_Atomic bool done;
};

/* The control thread: servers come, go and change their weight. */
static void *change_on(void *arg)
{
	struct change *c = arg;
	struct topology_server **s = c->topology->services[0]->servers;

	for (unsigned int n = 0; !c->done; n++) {
		struct state state = { .health = n % 3 ? STATE_UP : STATE_DOWN };

		topology_set_state(s[n % 2], state);
		s[2]->weight = n % 5 * 50 + 1;
		s[1]->ramp = n % 100 + 1;
		for (size_t k = 0; k < 1000 && !c->done; k++)
			(void)topology_is_usable(s[0]);
	}
	return NULL;
}

static void servers_may_change_meanwhile(void **unused)
{
	(void)unused;
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		struct change c = { .topology = make_kind(kind) };
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, change_on, &c), 0);
		(void)run_workers(c.topology);
		c.done = true;
		assert_int_equal(pthread_join(thread, NULL), 0);
		topology_free(c.topology);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roundrobin_is_exact_across_threads),
		cmocka_unit_test(maxconn_holds_across_threads),
		cmocka_unit_test(leastconn_is_exact_across_threads),
		cmocka_unit_test(first_is_exact_across_threads),
		cmocka_unit_test(hashes_and_draws_lose_no_session_across_threads),
		cmocka_unit_test(servers_may_change_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
