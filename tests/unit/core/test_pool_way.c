/* SPDX-License-Identifier: MIT */
/* How many sessions may be on their way to a server, and what a returning one gets at first. */
#include "core/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sample.h"

static const struct pool_tried none_tried;

static struct topology_service *service_of(const struct topology *t)
{
	return t->services[0];
}

static struct topology_server *server_of(const struct topology *t, size_t i)
{
	return service_of(t)->servers[i];
}

static enum pool_verdict claim(const struct topology *t, struct pool_way *way,
                               struct topology_server **ret)
{
	const struct pool_request request = { .tried = &none_tried, .way = way };

	return pool_claim(service_of(t), &request, ret);
}

/* One server, with that limit of its own. */
static struct topology *make(enum settings_balance balance, uint32_t max_connecting)
{
	static const struct sample_server one = { .name = "n1", .weight = 1 };
	static struct settings_server limited;
	struct settings_service like = settings_service_default();
	struct topology *t;

	like.balance = balance;
	t = sample_like(&like, &one, 1);
	limited = *server_of(t, 0)->settings;
	limited.max_connecting = max_connecting;
	server_of(t, 0)->settings = &limited;
	return t;
}

/* How many get on their way, each with a way of its own, before it is full. */
static uint32_t fill(const struct topology *t, struct pool_way *ways, uint32_t most)
{
	struct topology_server *server;
	uint32_t n = 0;

	while (n < most && claim(t, &ways[n], &server) == POOL_CLAIMED)
		n++;
	return n;
}

enum { WAYS = 200 };

static void the_lower_of_both_limits_counts(void **state)
{
	static const struct {
		uint32_t max_connecting, held;
		uint32_t allowed; /* WAYS: any number */
	} rows[] = {
		{ 0, 0, WAYS },
		{ 0, 1, POOL_RELEASE_MAX },
		{ 1, 0, 1 },
		{ 3, 0, 3 },
		{ 3, 5, 3 },
		{ 100, 0, 100 },
		{ 100, 1, POOL_RELEASE_MAX },
		{ POOL_RELEASE_MAX, 1, POOL_RELEASE_MAX },
	};
	static const enum settings_balance all[] = { SETTINGS_ROUNDROBIN, SETTINGS_LEASTCONN,
		                                     SETTINGS_RANDOM, SETTINGS_FIRST,
		                                     SETTINGS_STATIC_RR };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(all); i++) {
		uint32_t allowed = rows[i / ARRAY_LEN(all)].allowed;
		struct topology *t =
		    make(all[i % ARRAY_LEN(all)], rows[i / ARRAY_LEN(all)].max_connecting);
		struct pool_way ways[WAYS] = { 0 };

		service_of(t)->held = rows[i / ARRAY_LEN(all)].held;
		assert_int_equal(fill(t, ways, WAYS), allowed);
		assert_int_equal(pool_is_full(server_of(t, 0)), allowed < WAYS);
		assert_int_equal(server_of(t, 0)->active, allowed);
		assert_int_equal(server_of(t, 0)->connecting, allowed < WAYS ? allowed : 0);
		topology_free(t);
	}
}

static void whoever_arrives_makes_room_once(void **state)
{
	struct topology *t = make(SETTINGS_LEASTCONN, 1);
	struct pool_way first = { 0 };
	struct pool_way second = { 0 };
	struct topology_server *server;

	(void)state;
	assert_int_equal(claim(t, &first, &server), POOL_CLAIMED);
	assert_true(first.counted);
	assert_int_equal(claim(t, &second, &server), POOL_FULL);
	assert_false(second.counted);
	assert_true(pool_arrive(server_of(t, 0), &first));
	assert_false(pool_arrive(server_of(t, 0), &first));
	assert_int_equal(server_of(t, 0)->connecting, 0);
	assert_int_equal(claim(t, &second, &server), POOL_CLAIMED);
	assert_int_equal(server_of(t, 0)->active, 2);
	topology_free(t);
}

static void one_that_set_out_without_a_limit_is_not_counted_later(void **state)
{
	struct topology *t = make(SETTINGS_LEASTCONN, 0);
	struct pool_way way = { 0 };
	struct topology_server *server;

	(void)state;
	assert_int_equal(claim(t, &way, &server), POOL_CLAIMED);
	service_of(t)->held = 1;
	assert_false(pool_arrive(server, &way));
	assert_int_equal(server->connecting, 0);
	topology_free(t);
}

static void whoever_has_no_way_is_never_counted(void **state)
{
	struct topology *t = make(SETTINGS_LEASTCONN, 1);
	struct topology_server *server;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(claim(t, NULL, &server), POOL_CLAIMED);
	assert_int_equal(server->connecting, 0);
	topology_free(t);
}

static void with_a_hash_one_waits_for_its_server(void **state)
{
	struct topology *t = make(SETTINGS_SOURCE, 2);
	struct pool_way ways[3] = { 0 };
	struct pool_request request = { .tried = &none_tried };
	struct topology_server *server;
	struct addr client;

	(void)state;
	assert_true(addr_parse_ip("10.0.0.1", 1, &client));
	request.client = addr_pack(&client);
	for (size_t i = 0; i < 3; i++) {
		request.way = &ways[i];
		assert_int_equal(pool_claim(service_of(t), &request, &server),
		                 i < 2 ? POOL_CLAIMED : POOL_FULL);
		assert_ptr_equal(server, server_of(t, 0));
	}
	assert_int_equal(server->connecting, 2);
	topology_free(t);
}

static void a_server_without_room_for_sessions_is_full(void **state)
{
	struct topology *t = make(SETTINGS_LEASTCONN, 0);

	(void)state;
	assert_false(pool_is_full(server_of(t, 0)));
	server_of(t, 0)->maxconn = 2;
	server_of(t, 0)->active = 2;
	assert_true(pool_is_full(server_of(t, 0)));
	topology_free(t);
}

/* --- what was tried ----------------------------------------------------------------------- */

static void all_are_tried_when_there_were_as_many_attempts(void **state)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1, 1, 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_LEASTCONN, weights);
	struct pool_tried tried = { 0 };

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		assert_false(pool_tried_all(&tried, service_of(t)));
		pool_tried_add(&tried, server_of(t, i));
	}
	assert_true(pool_tried_all(&tried, service_of(t)));
	topology_free(t);
}

static void without_an_attempt_nothing_is_tried(void **state)
{
	struct topology *t = make(SETTINGS_LEASTCONN, 0);
	struct topology_roll *roll;
	struct topology_server *server = server_of(t, 0);

	(void)state;
	topology_remove_server(server);
	roll = topology_publish(service_of(t));
	assert_false(pool_tried_all(&none_tried, service_of(t)));
	free(roll);
	topology_free_server(server);
	topology_free(t);
}

static void one_that_is_not_usable_is_forgotten(void **state)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_LEASTCONN, weights);
	struct pool_tried tried = { 0 };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		pool_tried_add(&tried, server_of(t, i));
	topology_set_state(server_of(t, 1), (struct state){ .health = STATE_DOWN });
	pool_tried_forget(&tried, service_of(t));
	assert_int_equal(tried.count, 2);
	assert_int_equal(tried.id[0], server_of(t, 0)->id);
	assert_int_equal(tried.id[1], server_of(t, 2)->id);
	topology_free(t);
}

/* --- slowstart ---------------------------------------------------------------------------- */

static void a_returning_server_gets_a_fraction_of_what_comes(void **state)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_LEASTCONN, weights);
	struct topology_server *back = server_of(t, 2);
	struct topology_server *server;

	(void)state;
	topology_set_state(back, (struct state){ .health = STATE_DOWN });
	for (int i = 0; i < 300; i++)
		assert_int_equal(claim(t, NULL, &server), POOL_CLAIMED);
	assert_int_equal(back->active, 0);
	back->ramp = 1;
	topology_set_state(back, (struct state){ .health = STATE_UP });
	for (int i = 0; i < 60; i++)
		assert_int_equal(claim(t, NULL, &server), POOL_CLAIMED);
	/* A sixteenth of what each of the others has. */
	assert_in_range(back->active, 9, 12);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lower_of_both_limits_counts),
		cmocka_unit_test(whoever_arrives_makes_room_once),
		cmocka_unit_test(one_that_set_out_without_a_limit_is_not_counted_later),
		cmocka_unit_test(whoever_has_no_way_is_never_counted),
		cmocka_unit_test(with_a_hash_one_waits_for_its_server),
		cmocka_unit_test(a_server_without_room_for_sessions_is_full),
		cmocka_unit_test(all_are_tried_when_there_were_as_many_attempts),
		cmocka_unit_test(without_an_attempt_nothing_is_tried),
		cmocka_unit_test(one_that_is_not_usable_is_forgotten),
		cmocka_unit_test(a_returning_server_gets_a_fraction_of_what_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
