/* SPDX-License-Identifier: MIT */
#include "core/topology_tiers.h"

#include "base/rng.h"
#include "core/pool.h"
#include "core/tiers.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NODES = 9, DRAWS = 30000 };

/* Three regions of three nodes; the proxy stands in the first. */
static struct topology *make(enum settings_balance balance, enum settings_tiers tiers,
                             uint32_t spill, bool with_backup)
{
	static const char *const regions[] = { "region=a,zone=1", "region=b,zone=1", "region=c" };
	static const char *const names[] = { "a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3" };
	struct sample_server at[NODES] = { 0 };
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));
	struct settings_server *servers = mem_arena_zalloc(&s->arena, NODES * sizeof(*servers));

	for (size_t i = 0; i < NODES; i++) {
		at[i].name = names[i];
		at[i].weight = 1;
		at[i].backup = with_backup && i == NODES - 1;
	}
	*service = settings_service_default();
	service->name = "psql";
	service->balance = balance;
	service->tiers = tiers;
	service->spill = spill;
	service->here = "region=a,zone=9";
	sample_fill(s, service, SETTINGS_CHECK_NONE, at, NODES);
	memcpy(servers, service->servers, NODES * sizeof(*servers));
	for (size_t i = 0; i < NODES; i++)
		servers[i].locality = regions[i / 3];
	service->servers = servers;
	s->services = service;
	s->service_count = 1;
	return topology_new(s);
}

static struct topology_server *server(struct topology *t, size_t i)
{
	return t->services[0]->servers[i];
}

static void set_down(struct topology *t, size_t i, bool down)
{
	topology_set_state(server(t, i), (struct state){ .health = STATE_NOCHECK,
	                                                 .admin = down ? STATE_MAINT_COMMAND : 0 });
}

/* Sessions of each region, of DRAWS that come and go. */
static void count(struct topology *t, uint32_t *ret)
{
	static const struct pool_tried none;
	struct rng rng = { 7 };

	memset(ret, 0, 3 * sizeof(*ret));
	for (uint32_t n = 0; n < DRAWS; n++) {
		struct pool_request r = { .tried = &none, .random = rng_next(&rng) };
		struct topology_server *s = NULL;

		assert_int_equal(pool_claim(t->services[0], &r, &s), POOL_CLAIMED);
		ret[(s->id - 1) / 3]++;
		pool_release(s);
	}
}

static void expect_percent(struct topology *t, uint32_t a, uint32_t rest)
{
	uint32_t got[3];

	count(t, got);
	assert_in_range(got[0] * 100 / DRAWS + 2, a, a + 4);
	assert_in_range((got[1] + got[2]) * 100 / DRAWS + 2, rest, rest + 4);
}

static const enum settings_balance with_tiers[] = { SETTINGS_ROUNDROBIN, SETTINGS_STATIC_RR,
	                                            SETTINGS_LEASTCONN, SETTINGS_RANDOM,
	                                            SETTINGS_FIRST };

static void sessions_stay_near_spill_in_proportion_and_come_back(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(with_tiers); i++) {
		struct topology *t = make(with_tiers[i], SETTINGS_TIERS_LOCALITY, 140, false);

		assert_int_equal(t->services[0]->tier_count, 2);
		expect_percent(t, 100, 0);
		set_down(t, 0, true);
		expect_percent(t, 93, 7);
		set_down(t, 1, true);
		expect_percent(t, 47, 53);
		set_down(t, 2, true);
		expect_percent(t, 0, 100);
		for (size_t k = 0; k < 3; k++)
			set_down(t, k, false);
		expect_percent(t, 100, 0);
		topology_free(t);
	}
}

/* Few of all, so that the near ones have many turns between two of theirs. */
static void what_spills_is_shared_by_all_far_servers(void **unused)
{
	static const enum settings_balance fair[] = { SETTINGS_ROUNDROBIN, SETTINGS_STATIC_RR,
		                                      SETTINGS_LEASTCONN };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(fair); i++) {
		struct topology *t = make(fair[i], SETTINGS_TIERS_LOCALITY, 140, false);
		uint64_t far;
		uint32_t got[3];

		set_down(t, 0, true);
		count(t, got);
		far = got[1] + got[2];
		for (size_t k = 3; k < NODES; k++)
			assert_in_range(counter_get(&server(t, k)->count, COUNTER_PICKED) + 1,
			                far / 6, far / 6 + 2);
		topology_free(t);
	}
}

static void what_went_far_is_counted(void **unused)
{
	struct topology *t = make(SETTINGS_ROUNDROBIN, SETTINGS_TIERS_LOCALITY, 140, false);
	uint64_t far = 0;
	uint32_t got[3];

	(void)unused;
	set_down(t, 0, true);
	set_down(t, 1, true);
	count(t, got);
	for (size_t i = 0; i < NODES; i++)
		far += counter_get(&server(t, i)->count, COUNTER_FAR);
	assert_int_equal(far, got[1] + got[2]);
	assert_true(far > 0);
	assert_int_equal(counter_get(&server(t, 2)->count, COUNTER_FAR), 0);
	topology_free(t);
}

static void without_spill_one_near_server_keeps_everything(void **unused)
{
	struct topology *t = make(SETTINGS_LEASTCONN, SETTINGS_TIERS_LOCALITY, 0, false);

	(void)unused;
	set_down(t, 0, true);
	set_down(t, 1, true);
	expect_percent(t, 100, 0);
	set_down(t, 2, true);
	expect_percent(t, 0, 100);
	topology_free(t);
}

static void full_near_servers_let_sessions_go_further(void **unused)
{
	static const struct pool_tried none;
	struct topology *t = make(SETTINGS_LEASTCONN, SETTINGS_TIERS_LOCALITY, 140, false);
	uint32_t far = 0;

	(void)unused;
	for (size_t i = 0; i < NODES; i++)
		atomic_store(&server(t, i)->maxconn, 2);
	for (uint32_t n = 0; n < 2 * NODES; n++) {
		struct topology_server *s = NULL;

		assert_int_equal(
		    pool_claim(t->services[0], &(struct pool_request){ .tried = &none }, &s),
		    POOL_CLAIMED);
		far += s->id > 3;
		assert_true(n >= 6 || s->id <= 3);
	}
	assert_int_equal(far, 12);
	topology_free(t);
}

static void none_and_hashes_take_all_alike(void **unused)
{
	static const struct {
		enum settings_balance balance;
		enum settings_tiers tiers;
	} rows[] = { { SETTINGS_ROUNDROBIN, SETTINGS_TIERS_NONE },
		     { SETTINGS_SOURCE, SETTINGS_TIERS_LOCALITY },
		     { SETTINGS_HASH, SETTINGS_TIERS_LOCALITY } };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct topology *t = make(rows[i].balance, rows[i].tiers, 140, false);

		assert_int_equal(t->services[0]->tier_count, 1);
		for (size_t k = 0; k < NODES; k++)
			assert_int_equal(topology_tier(server(t, k)), 0);
		topology_free(t);
	}
}

static void backups_come_after_the_last_tier(void **unused)
{
	struct topology *t = make(SETTINGS_ROUNDROBIN, SETTINGS_TIERS_LOCALITY, 140, true);
	uint32_t got[3];

	(void)unused;
	for (size_t i = 0; i + 1 < NODES; i++) {
		count(t, got);
		assert_int_equal(counter_get(&server(t, NODES - 1)->count, COUNTER_PICKED), 0);
		set_down(t, i, true);
	}
	count(t, got);
	assert_int_equal(got[2], DRAWS);
	topology_free(t);
}

static void note_all(struct topology *t, uint32_t a, uint32_t b, uint32_t c)
{
	const uint32_t ms[] = { a, b, c };

	for (size_t i = 0; i < NODES; i++)
		for (int n = 0; n < 64; n++)
			topology_tiers_note(server(t, i), ms[i / 3]);
}

static void latency_ranks_what_checks_measured(void **unused)
{
	static const uint8_t middle_first[] = { 1, 0, 2 };
	struct topology *t = make(SETTINGS_LEASTCONN, SETTINGS_TIERS_LATENCY, 140, false);
	struct topology_service *service = t->services[0];

	(void)unused;
	assert_false(topology_tiers_measure(service));
	note_all(t, 40, 1, 100);
	assert_true(topology_tiers_measure(service));
	assert_int_equal(service->tier_count, 3);
	for (size_t i = 0; i < NODES; i++)
		assert_int_equal(topology_tier(server(t, i)), middle_first[i / 3]);
	expect_percent(t, 0, 100);
	assert_false(topology_tiers_measure(service));

	/* Another order counts when it is found twice. */
	note_all(t, 1, 40, 100);
	assert_false(topology_tiers_measure(service));
	assert_int_equal(topology_tier(server(t, 0)), 1);
	assert_true(topology_tiers_measure(service));
	assert_int_equal(topology_tier(server(t, 0)), 0);
	expect_percent(t, 100, 0);
	topology_free(t);
}

static void before_it_is_measured_all_servers_serve(void **unused)
{
	struct topology *t = make(SETTINGS_LEASTCONN, SETTINGS_TIERS_LATENCY, 140, false);
	struct topology_service *service = t->services[0];
	uint32_t got[3];

	(void)unused;
	count(t, got);
	assert_in_range(got[2], DRAWS / 4, DRAWS / 2);
	/* All are equally near: no other order is found. */
	note_all(t, 1, 1, 1);
	assert_false(topology_tiers_measure(service));
	count(t, got);
	assert_in_range(got[2], DRAWS / 4, DRAWS / 2);
	topology_free(t);
}

static void who_is_new_stands_in_the_last_tier_until_it_is_measured(void **unused)
{
	struct topology *t = make(SETTINGS_LEASTCONN, SETTINGS_TIERS_LATENCY, 140, false);
	struct topology_service *service = t->services[0];
	struct topology_server *fresh = server(t, 1);

	(void)unused;
	note_all(t, 1, 40, 100);
	assert_true(topology_tiers_measure(service));
	/* As a reload or the cluster brings it. */
	fresh->latency_us = fresh->ranked_us = 0;
	atomic_store(&fresh->tier, 0);
	set_down(t, 1, true);
	topology_tiers_rank(service);
	assert_int_equal(topology_tier(fresh), 2);
	expect_percent(t, 100, 0);
	topology_free(t);
}

/* Whatever its mean is, an hour of jitter moves no server more often than a hand can count. */
static void a_server_at_the_border_of_two_tiers_does_not_go_back_and_forth(void **unused)
{
	enum { LOOKS = 360, CHECKS = 5, JITTER = 2 };

	(void)unused;
	for (uint32_t mean = 4; mean < 60; mean++) {
		struct topology *t = make(SETTINGS_LEASTCONN, SETTINGS_TIERS_LATENCY, 140, false);
		struct rng rng = { 7 };
		uint32_t changes = 0;

		for (int look = 0; look < LOOKS; look++) {
			for (int n = 0; n < CHECKS * NODES; n++) {
				uint32_t off = rng_below(&rng, 2 * JITTER + 1);
				uint32_t ms[] = { 1, mean - JITTER + off, 60 };

				topology_tiers_note(server(t, (size_t)n % NODES),
				                    ms[(n % NODES) / 3]);
			}
			changes += topology_tiers_measure(t->services[0]);
		}
		assert_in_range(changes, 1, 3);
		topology_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_stay_near_spill_in_proportion_and_come_back),
		cmocka_unit_test(what_spills_is_shared_by_all_far_servers),
		cmocka_unit_test(what_went_far_is_counted),
		cmocka_unit_test(without_spill_one_near_server_keeps_everything),
		cmocka_unit_test(full_near_servers_let_sessions_go_further),
		cmocka_unit_test(none_and_hashes_take_all_alike),
		cmocka_unit_test(backups_come_after_the_last_tier),
		cmocka_unit_test(latency_ranks_what_checks_measured),
		cmocka_unit_test(before_it_is_measured_all_servers_serve),
		cmocka_unit_test(who_is_new_stands_in_the_last_tier_until_it_is_measured),
		cmocka_unit_test(a_server_at_the_border_of_two_tiers_does_not_go_back_and_forth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
