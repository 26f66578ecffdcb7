/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "sample.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct pool_tried none_tried;

/* A configuration of one server, as `add server` makes it. */
static struct settings *make_own(const char *name, uint32_t id)
{
	const struct sample_server from = { name, "10.9.9.9", 5, false, false, 7 };
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));
	struct settings_server *server = mem_arena_zalloc(&s->arena, sizeof(*server));

	*service = settings_service_default();
	service->name = "own";
	sample_fill(s, service, SETTINGS_CHECK_TCP, &from, 1);
	*server = service->servers[0];
	server->id = id;
	service->servers = server;
	s->services = service;
	s->service_count = 1;
	return s;
}

static const struct topology_roll *get_roll(struct topology *t)
{
	return atomic_load(&t->services[0]->roll);
}

static void free_roll(struct topology_roll *roll)
{
	assert_non_null(roll);
	free(roll);
}

static void workers_see_the_configured_servers_in_order(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 2, 3 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);

	(void)unused;
	assert_int_equal(get_roll(t)->count, 3);
	assert_null(get_roll(t)->wheel);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(get_roll(t)->at[i], t->services[0]->servers[i]);
	topology_free(t);
}

static void a_new_server_starts_under_maintenance(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 2, 3 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);
	struct topology_server *s = topology_add_server(t->services[0], make_own("new", 0));
	char buf[ADDR_TEXT_MAX];
	struct addr a;

	(void)unused;
	assert_int_equal(s->id, 4);
	assert_ptr_equal(s->service, t->services[0]);
	assert_string_equal(s->settings->name, "new");
	assert_string_equal(s->target->name, "new");
	assert_int_equal(topology_state(s).admin, STATE_MAINT_COMMAND);
	assert_false(topology_is_usable(s));
	assert_int_equal(topology_weight(s), 5);
	assert_int_equal(topology_maxconn(s), 7);
	assert_int_equal(s->check_slot, SIZE_MAX);
	assert_int_equal(s->agent_slot, SIZE_MAX);
	assert_true(topology_address(s, &a));
	assert_string_equal(addr_format(&a, buf), "10.9.9.9:26257");
	assert_ptr_equal(topology_find_server(t, "psql/new"), s);
	assert_int_equal(get_roll(t)->count, 3);
	free_roll(topology_publish(t->services[0]));
	assert_int_equal(get_roll(t)->count, 4);
	assert_ptr_equal(get_roll(t)->at[3], s);
	topology_free(t);
}

static void new_servers_get_the_lowest_free_number(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);
	struct topology_service *service = t->services[0];
	struct topology_server *second = service->servers[1];

	(void)unused;
	assert_int_equal(topology_add_server(service, make_own("a", 9))->id, 9);
	assert_int_equal(topology_add_server(service, make_own("b", 0))->id, 4);
	topology_remove_server(second);
	topology_free_server(second);
	assert_int_equal(topology_add_server(service, make_own("c", 0))->id, 2);
	assert_int_equal(topology_add_server(service, make_own("d", 0))->id, 5);
	topology_free(t);
}

/* It neither floods nor starves: its turn is now. */
static void a_new_server_takes_its_share_at_once(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 5, 5 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);
	struct pool_request r = { .tried = &none_tried };
	struct topology_server *added;
	struct topology_server *s;

	(void)unused;
	for (int n = 0; n < 1000; n++)
		assert_int_equal(pool_claim(t->services[0], &r, &s), POOL_CLAIMED);
	added = topology_add_server(t->services[0], make_own("new", 0));
	atomic_store(&added->maxconn, 0);
	topology_set_state(added, (struct state){ .health = STATE_UP });
	free_roll(topology_publish(t->services[0]));
	for (int n = 0; n < 30; n++)
		assert_int_equal(pool_claim(t->services[0], &r, &s), POOL_CLAIMED);
	assert_in_range(added->active, 9, 11);
	topology_free(t);
}

static void a_removed_server_is_gone_after_publishing(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_SOURCE, weights);
	struct topology_server *gone = t->services[0]->servers[1];

	(void)unused;
	topology_remove_server(gone);
	assert_int_equal(t->services[0]->server_count, 2);
	assert_null(topology_find_server(t, "psql/s2"));
	assert_int_equal(get_roll(t)->count, 3);
	free_roll(topology_publish(t->services[0]));
	assert_int_equal(get_roll(t)->count, 2);
	assert_ptr_equal(get_roll(t)->at[1], t->services[0]->servers[1]);
	assert_non_null(get_roll(t)->wheel);
	topology_free_server(gone);
	topology_free_server(NULL);
	topology_free(t);
}

static void the_last_server_may_go_too(void **unused)
{
	static const enum settings_balance algos[] = { SETTINGS_ROUNDROBIN, SETTINGS_SOURCE };
	static const uint16_t weights[SAMPLE_MAX] = { 1 };
	struct pool_request r = { .tried = &none_tried, .client.family = AF_INET };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(algos); i++) {
		struct topology *t = sample_weights(algos[i], weights);
		struct topology_server *s = t->services[0]->servers[0];

		topology_remove_server(s);
		free_roll(topology_publish(t->services[0]));
		topology_free_server(s);
		assert_int_equal(pool_claim(t->services[0], &r, &s), POOL_NONE);
		assert_null(s);
		topology_free(t);
	}
}

enum { WORKERS = 3, ROUNDS = 60 };

struct worker {
	struct topology *topology;
	_Atomic uint64_t turns;
	_Atomic bool *done;
};

/* A worker's loop: what it has from a roll it does not keep beyond one turn. */
static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool_request r = { .tried = &none_tried, .client.family = AF_INET };
	struct topology_server *s;

	while (!*w->done) {
		r.client.bytes[0]++;
		if (pool_claim(w->topology->services[0], &r, &s) == POOL_CLAIMED)
			pool_release(s);
		w->turns++;
	}
	return NULL;
}

static void wait_for_all(struct worker *workers)
{
	for (size_t i = 0; i < WORKERS; i++) {
		uint64_t seen = workers[i].turns;

		while (workers[i].turns < seen + 2)
			sched_yield();
	}
}

static void come_and_go(struct topology *t, struct worker *workers)
{
	struct topology_server *s = topology_add_server(t->services[0], make_own("new", 0));
	struct topology_roll *old;

	topology_set_state(s, (struct state){ .health = STATE_UP });
	old = topology_publish(t->services[0]);
	wait_for_all(workers);
	free_roll(old);
	topology_remove_server(s);
	old = topology_publish(t->services[0]);
	wait_for_all(workers);
	free_roll(old);
	assert_int_equal(s->active, 0);
	topology_free_server(s);
}

static void servers_come_and_go_while_workers_run(void **unused)
{
	static const enum settings_balance algos[] = { SETTINGS_ROUNDROBIN, SETTINGS_RANDOM,
		                                       SETTINGS_SOURCE };
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(algos); i++) {
		struct topology *t = sample_weights(algos[i], weights);
		struct worker workers[WORKERS] = { 0 };
		pthread_t threads[WORKERS];
		_Atomic bool done = false;

		for (size_t k = 0; k < WORKERS; k++) {
			workers[k].topology = t;
			workers[k].done = &done;
			assert_int_equal(pthread_create(&threads[k], NULL, work, &workers[k]), 0);
		}
		for (int n = 0; n < ROUNDS; n++)
			come_and_go(t, workers);
		done = true;
		for (size_t k = 0; k < WORKERS; k++)
			assert_int_equal(pthread_join(threads[k], NULL), 0);
		assert_int_equal(t->services[0]->server_count, 2);
		topology_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_see_the_configured_servers_in_order),
		cmocka_unit_test(a_new_server_starts_under_maintenance),
		cmocka_unit_test(new_servers_get_the_lowest_free_number),
		cmocka_unit_test(a_new_server_takes_its_share_at_once),
		cmocka_unit_test(a_removed_server_is_gone_after_publishing),
		cmocka_unit_test(the_last_server_may_go_too),
		cmocka_unit_test(servers_come_and_go_while_workers_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
