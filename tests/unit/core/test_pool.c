/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "core/balance.h"
#include "sample.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct pool_tried none_tried;

/* The id of the server that was claimed; 0 if none. */
static uint32_t claim(struct topology *t, const struct pool_tried *tried)
{
	struct topology_server *s = NULL;

	if (pool_claim(t->services[0], &(struct pool_request){ .tried = tried }, &s) !=
	    POOL_CLAIMED)
		return 0;
	return s->id;
}

static struct topology_server *server(struct topology *t, uint32_t id)
{
	return t->services[0]->servers[id - 1];
}

static uint32_t claim_and_release(struct topology *t)
{
	uint32_t id = claim(t, &none_tried);

	pool_release(server(t, id));
	return id;
}

static void expect_verdict(struct topology *t, const struct pool_tried *tried,
                           enum pool_verdict want)
{
	struct topology_server *s = NULL;

	assert_int_equal(pool_claim(t->services[0], &(struct pool_request){ .tried = tried }, &s),
	                 want);
	assert_null(s);
}

static void disable(struct topology *t, uint32_t id, bool off)
{
	topology_set_state(server(t, id), (struct state){ .health = STATE_NOCHECK,
	                                                  .admin = off ? STATE_MAINT_COMMAND : 0 });
}

static const uint16_t weight_sets[][SAMPLE_MAX] = {
	{ 1 },           { 1, 1, 1 },   { 1, 2, 3 },           { 5, 1, 1 }, { 3, 2 },
	{ 256, 255, 1 }, { 7, 11, 13 }, { 100, 100, 100, 50 }, { 1, 256 },  { 3, 3, 3, 3, 3, 3, 3 },
};

static uint32_t sum(const uint16_t *weights)
{
	uint32_t total = 0;

	for (; *weights; weights++)
		total += *weights;
	return total;
}

/* Each cycle has the exact shares, and on the way nobody is two sessions off its share. */
static void check_shares(struct topology *t, const uint16_t *weights)
{
	uint32_t total = sum(weights);
	uint32_t picked[SAMPLE_MAX] = { 0 };

	for (uint32_t n = 1; n <= 5 * total; n++) {
		picked[claim_and_release(t) - 1]++;
		for (size_t i = 0; weights[i]; i++) {
			int64_t off = (int64_t)picked[i] * total - (int64_t)n * weights[i];

			assert_true(llabs(off) < 2 * (int64_t)total);
			if (n % total == 0)
				assert_int_equal(off, 0);
		}
	}
}

static void roundrobin_is_exact_in_each_cycle_and_smooth(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(weight_sets); i++) {
		struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weight_sets[i]);

		check_shares(t, weight_sets[i]);
		topology_free(t);
	}
}

static void equal_weights_go_in_the_order_of_the_file(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);

	(void)unused;
	for (uint32_t n = 0; n < 40; n++)
		assert_int_equal(claim_and_release(t), n % 4 + 1);
	topology_free(t);
}

static void a_heavy_server_is_spread_over_the_cycle(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 5, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);
	unsigned int run = 0;

	(void)unused;
	for (int n = 0; n < 70; n++) {
		run = claim_and_release(t) == 1 ? run + 1 : 0;
		assert_true(run <= 4);
	}
	topology_free(t);
}

/* The same servers with turns that are about to wrap around behave as those that begin at 0. */
static void shares_stay_exact_when_turns_wrap_around(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(weight_sets); i++) {
		struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weight_sets[i]);
		uint64_t start = 0 - 2 * balance_stride(TOPOLOGY_SHARE);

		t->services[0]->clock[0] += start;
		for (size_t k = 0; k < t->services[0]->server_count; k++)
			t->services[0]->servers[k]->turn += start;
		check_shares(t, weight_sets[i]);
		assert_true(t->services[0]->clock[0] < start);
		topology_free(t);
	}
}

static void leastconn_lets_equals_take_turns(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_LEASTCONN, weights);

	(void)unused;
	for (uint32_t n = 0; n < 30; n++)
		assert_int_equal(claim_and_release(t), n % 3 + 1);
	for (uint32_t n = 0; n < 30; n++)
		(void)claim(t, &none_tried);
	for (uint32_t id = 1; id <= 3; id++)
		assert_int_equal(server(t, id)->active, 10);
	topology_free(t);
}

static void leastconn_fills_by_weight(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(weight_sets); i++) {
		const uint16_t *weights = weight_sets[i];
		struct topology *t = sample_weights(SETTINGS_LEASTCONN, weights);

		for (uint32_t n = 0; n < 4 * sum(weights); n++)
			assert_int_not_equal(claim(t, &none_tried), 0);
		for (size_t k = 0; weights[k]; k++)
			assert_int_equal(server(t, (uint32_t)k + 1)->active, 4 * weights[k]);
		topology_free(t);
	}
}

static void leastconn_prefers_whoever_was_left(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_LEASTCONN, weights);

	(void)unused;
	for (int n = 0; n < 9; n++)
		(void)claim(t, &none_tried);
	pool_release(server(t, 2));
	pool_release(server(t, 2));
	assert_int_equal(claim(t, &none_tried), 2);
	assert_int_equal(claim(t, &none_tried), 2);
	assert_int_equal(server(t, 2)->active, 3);
	topology_free(t);
}

static const struct sample_server with_backups[] = {
	{ "a", NULL, 1, false, false, 0 },
	{ "b1", NULL, 1, true, false, 1 },
	{ "b2", NULL, 1, true, false, 0 },
};

static unsigned int count_claims(struct topology *t, uint32_t id, int n)
{
	unsigned int count = 0;

	while (n-- > 0)
		count += claim_and_release(t) == id;
	return count;
}

static struct topology *sample_draws(uint32_t draws, const uint16_t *weights)
{
	struct settings_service like = settings_service_default();

	like.balance = SETTINGS_RANDOM;
	like.random_draws = draws;
	return sample_like_weights(&like, weights);
}

static const struct sample_server three_slots[] = { { "a", NULL, 1, false, false, 3 },
	                                            { "b", NULL, 9, false, false, 2 },
	                                            { "c", NULL, 1, false, false, 0 } };

static void first_fills_the_lowest_id_with_a_free_slot(void **unused)
{
	static const uint32_t want[] = { 1, 1, 1, 2, 2, 3, 3, 3 };
	struct topology *t = sample_pool(SETTINGS_FIRST, false, three_slots, 3);

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_int_equal(claim(t, &none_tried), want[i]);
	pool_release(server(t, 2));
	assert_int_equal(claim(t, &none_tried), 2);
	pool_release(server(t, 2));
	pool_release(server(t, 1));
	assert_int_equal(claim(t, &none_tried), 1);
	assert_int_equal(claim(t, &none_tried), 2);
	topology_free(t);
}

/* Ids that were written decide, not the order of the file. */
static void first_goes_by_id(void **unused)
{
	struct topology *t = sample_pool(SETTINGS_FIRST, false, three_slots, 3);
	struct topology_server **s = t->services[0]->servers;

	(void)unused;
	s[0]->id = 30;
	s[2]->id = 7;
	s[2]->maxconn = 1;
	assert_int_equal(claim(t, &none_tried), 2);
	assert_int_equal(claim(t, &none_tried), 2);
	assert_int_equal(claim(t, &none_tried), 7);
	assert_int_equal(claim(t, &none_tried), 30);
	topology_free(t);
}

static uint32_t draw(struct topology *t, struct rng *rng)
{
	struct pool_request r = { .tried = &none_tried, .random = rng_next(rng) };
	struct topology_server *s;

	return pool_claim(t->services[0], &r, &s) == POOL_CLAIMED ? s->id : 0;
}

/* One draw: by weight alone, whatever the load. */
static void random_draws_by_weight(void **unused)
{
	enum { DRAWS = 100000 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(weight_sets); i++) {
		struct topology *t = sample_draws(1, weight_sets[i]);
		uint32_t total = sum(weight_sets[i]);
		uint32_t picked[SAMPLE_MAX] = { 0 };
		struct rng rng = { i };

		for (int n = 0; n < DRAWS; n++)
			picked[draw(t, &rng) - 1]++;
		for (size_t k = 0; weight_sets[i][k]; k++) {
			uint32_t want = (uint32_t)((uint64_t)DRAWS * weight_sets[i][k] / total);

			/* More than five standard deviations. */
			assert_in_range(picked[k], want > 800 ? want - 800 : 0, want + 800);
		}
		topology_free(t);
	}
}

/* Two draws and nobody leaves: the power of two choices keeps servers close to each other. */
static void random_with_two_draws_evens_the_load(void **unused)
{
	static const uint16_t weights[] = { 1, 1, 1, 1, 2, 2, 0 };
	uint32_t widest[4] = { 0 };

	(void)unused;
	for (uint32_t draws = 1; draws <= 3; draws++) {
		struct topology *t = sample_draws(draws, weights);
		struct rng rng = { 11 };

		for (int n = 0; n < 8000; n++)
			assert_int_not_equal(draw(t, &rng), 0);
		for (uint32_t id = 1; id <= 6; id++) {
			uint32_t part = server(t, id)->active / weights[id - 1];
			uint32_t off = part > 1000 ? part - 1000 : 1000 - part;

			widest[draws] = off > widest[draws] ? off : widest[draws];
		}
		topology_free(t);
	}
	assert_in_range(widest[1], 10, 100);
	assert_in_range(widest[2], 0, 6);
	assert_in_range(widest[3], 0, 4);
}

static void random_passes_by_what_is_full_or_tried(void **unused)
{
	struct topology *t = sample_pool(SETTINGS_RANDOM, false, three_slots, 3);
	struct pool_tried tried = { 0 };
	struct rng rng = { 1 };

	(void)unused;
	pool_tried_add(&tried, server(t, 3));
	for (int n = 0; n < 5; n++) {
		struct pool_request r = { .tried = &tried, .random = rng_next(&rng) };
		struct topology_server *s;

		assert_int_equal(pool_claim(t->services[0], &r, &s), POOL_CLAIMED);
		assert_int_not_equal(s->id, 3);
	}
	expect_verdict(t, &tried, POOL_FULL);
	assert_int_equal(server(t, 1)->active, 3);
	assert_int_equal(server(t, 2)->active, 2);
	for (int n = 0; n < 10; n++)
		assert_int_equal(draw(t, &rng), 3);
	topology_free(t);
}

static void static_rr_has_exact_shares_too(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(weight_sets); i++) {
		struct topology *t = sample_weights(SETTINGS_STATIC_RR, weight_sets[i]);

		check_shares(t, weight_sets[i]);
		topology_free(t);
	}
}

/* A server of weight 1 at half its ramp gets half the sessions, unless the algorithm is static. */
static void slowstart_counts_in_sixteenths(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1 };

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct topology *t =
		    sample_weights(i ? SETTINGS_STATIC_RR : SETTINGS_ROUNDROBIN, weights);

		server(t, 3)->ramp = 50;
		assert_in_range(count_claims(t, 3, 300), i ? 99 : 59, i ? 101 : 61);
		topology_free(t);
	}
}

/* A limit that was changed, or that depends on the load, counts at once. */
static void the_present_limit_counts(void **unused)
{
	struct topology *t = sample_pool(SETTINGS_ROUNDROBIN, false, three_slots, 1);

	(void)unused;
	server(t, 1)->maxconn = 1;
	assert_int_equal(claim(t, &none_tried), 1);
	expect_verdict(t, &none_tried, POOL_FULL);
	server(t, 1)->maxconn = 4;
	server(t, 1)->ramp = 50;
	assert_int_equal(claim(t, &none_tried), 1);
	expect_verdict(t, &none_tried, POOL_FULL);
	server(t, 1)->maxconn = 0;
	assert_int_equal(claim(t, &none_tried), 1);
	topology_free(t);
}

static void ids_beyond_65535_are_told_apart(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);
	struct pool_tried tried = { 0 };

	(void)unused;
	server(t, 2)->id = 65537;
	pool_tried_add(&tried, t->services[0]->servers[0]);
	assert_int_equal(claim(t, &tried), 65537);
	topology_free(t);
}

static void backups_wait_until_no_active_server_is_usable(void **unused)
{
	struct topology *t = sample_pool(SETTINGS_ROUNDROBIN, true, with_backups, 3);
	struct pool_tried tried = { 0 };

	(void)unused;
	for (int n = 0; n < 5; n++)
		assert_int_equal(claim_and_release(t), 1);
	pool_tried_add(&tried, server(t, 1));
	expect_verdict(t, &tried, POOL_TRIED);
	topology_free(t);
}

static void only_the_first_usable_backup_serves(void **unused)
{
	struct topology *t = sample_pool(SETTINGS_ROUNDROBIN, false, with_backups, 3);

	(void)unused;
	disable(t, 1, true);
	for (int n = 0; n < 5; n++)
		assert_int_equal(claim_and_release(t), 2);
	disable(t, 2, true);
	for (int n = 0; n < 5; n++)
		assert_int_equal(claim_and_release(t), 3);
	disable(t, 3, true);
	expect_verdict(t, &none_tried, POOL_NONE);
	disable(t, 1, false);
	assert_int_equal(claim_and_release(t), 1);
	topology_free(t);
}

static void the_first_backup_is_waited_for(void **unused)
{
	struct topology *t = sample_pool(SETTINGS_ROUNDROBIN, false, with_backups, 3);
	struct pool_tried tried = { 0 };

	(void)unused;
	disable(t, 1, true);
	assert_int_equal(claim(t, &none_tried), 2);
	expect_verdict(t, &none_tried, POOL_FULL);
	/* Whom it failed may go on to the next. */
	pool_tried_add(&tried, server(t, 2));
	assert_int_equal(claim(t, &tried), 3);
	pool_release(server(t, 2));
	assert_int_equal(claim(t, &none_tried), 2);
	topology_free(t);
}

static void allbackups_lets_all_backups_serve(void **unused)
{
	struct topology *t = sample_pool(SETTINGS_ROUNDROBIN, true, with_backups, 3);

	(void)unused;
	disable(t, 1, true);
	for (uint32_t n = 0; n < 10; n++)
		assert_int_equal(claim_and_release(t), n % 2 + 2);
	topology_free(t);
}

static void maxconn_is_never_exceeded(void **unused)
{
	static const struct sample_server servers[] = { { "a", NULL, 1, false, false, 2 },
		                                        { "b", NULL, 1, false, false, 1 } };
	struct topology *t = sample_pool(SETTINGS_ROUNDROBIN, false, servers, 2);

	(void)unused;
	for (int n = 0; n < 3; n++)
		assert_int_not_equal(claim(t, &none_tried), 0);
	expect_verdict(t, &none_tried, POOL_FULL);
	assert_int_equal(server(t, 1)->active, 2);
	assert_int_equal(server(t, 2)->active, 1);
	pool_release(server(t, 1));
	assert_int_equal(claim(t, &none_tried), 1);
	assert_int_equal(server(t, 1)->active_max, 2);
	topology_free(t);
}

static void full_servers_do_not_wake_the_backups(void **unused)
{
	static const struct sample_server servers[] = { { "a", NULL, 1, false, false, 1 },
		                                        { "b", NULL, 1, true, false, 0 } };
	struct topology *t = sample_pool(SETTINGS_ROUNDROBIN, false, servers, 2);

	(void)unused;
	assert_int_equal(claim(t, &none_tried), 1);
	expect_verdict(t, &none_tried, POOL_FULL);
	topology_free(t);
}

static void a_session_does_not_get_a_server_twice(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1, 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_LEASTCONN, weights);
	struct pool_tried tried = { 0 };
	bool seen[7] = { false };

	(void)unused;
	for (int n = 0; n < 6; n++) {
		uint32_t id = claim(t, &tried);

		assert_in_range(id, 1, 6);
		assert_false(seen[id]);
		seen[id] = true;
		pool_release(server(t, id));
		pool_tried_add(&tried, server(t, id));
	}
	expect_verdict(t, &tried, POOL_TRIED);
	topology_free(t);
}

static void after_six_tries_the_oldest_is_forgotten(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1, 1, 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_LEASTCONN, weights);
	struct pool_tried tried = { 0 };

	(void)unused;
	for (uint32_t id = 1; id <= 7; id++)
		pool_tried_add(&tried, server(t, id));
	for (int n = 0; n < 3; n++)
		assert_int_equal(claim(t, &tried), 1);
	topology_free(t);
}

static void no_server_without_a_usable_state_and_a_weight(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);

	(void)unused;
	for (enum state_health h = 0; h < STATE_HEALTH_COUNT; h++) {
		for (unsigned int admin = 0; admin < 0x20; admin++) {
			struct state s = { .health = h, .counter = 4, .admin = (uint8_t)admin };

			topology_set_state(server(t, 1), s);
			if (state_is_usable(&s))
				assert_int_equal(claim_and_release(t), 1);
			else
				expect_verdict(t, &none_tried, POOL_NONE);
		}
	}
	topology_set_state(server(t, 1), (struct state){ .health = STATE_UP });
	server(t, 1)->weight = 0;
	expect_verdict(t, &none_tried, POOL_NONE);
	topology_free(t);
}

static void a_server_that_returns_does_not_get_a_flood(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1 };

	(void)unused;
	for (enum settings_balance b = SETTINGS_ROUNDROBIN; b <= SETTINGS_LEASTCONN; b++) {
		struct topology *t = sample_weights(b, weights);

		disable(t, 3, true);
		assert_int_equal(count_claims(t, 3, 10000), 0);
		disable(t, 3, false);
		assert_in_range(count_claims(t, 3, 30), 10, 11);
		topology_free(t);
	}
}

static void a_server_that_was_away_for_ever_returns(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 1, 1 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);

	(void)unused;
	server(t, 3)->turn += UINT64_MAX / 2 + 12345;
	assert_in_range(count_claims(t, 3, 30), 9, 11);
	topology_free(t);
}

static void a_raised_weight_counts_at_once(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1, 100, 100 };
	struct topology *t = sample_weights(SETTINGS_ROUNDROBIN, weights);

	(void)unused;
	/* Just after the light server's turn, when its next one is furthest away. */
	while (claim_and_release(t) != 1)
		;
	server(t, 1)->weight = 100;
	assert_in_range(count_claims(t, 1, 30), 9, 11);
	topology_free(t);
}

static void a_claim_is_counted(void **unused)
{
	static const uint16_t weights[SAMPLE_MAX] = { 1 };
	struct topology *t = sample_weights(SETTINGS_LEASTCONN, weights);

	(void)unused;
	for (int n = 0; n < 3; n++)
		(void)claim(t, &none_tried);
	pool_release(server(t, 1));
	assert_int_equal(server(t, 1)->active, 2);
	assert_int_equal(server(t, 1)->active_max, 3);
	assert_int_equal(counter_get(&server(t, 1)->count, COUNTER_PICKED), 3);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roundrobin_is_exact_in_each_cycle_and_smooth),
		cmocka_unit_test(equal_weights_go_in_the_order_of_the_file),
		cmocka_unit_test(a_heavy_server_is_spread_over_the_cycle),
		cmocka_unit_test(shares_stay_exact_when_turns_wrap_around),
		cmocka_unit_test(leastconn_lets_equals_take_turns),
		cmocka_unit_test(leastconn_fills_by_weight),
		cmocka_unit_test(leastconn_prefers_whoever_was_left),
		cmocka_unit_test(first_fills_the_lowest_id_with_a_free_slot),
		cmocka_unit_test(first_goes_by_id),
		cmocka_unit_test(random_draws_by_weight),
		cmocka_unit_test(random_with_two_draws_evens_the_load),
		cmocka_unit_test(random_passes_by_what_is_full_or_tried),
		cmocka_unit_test(static_rr_has_exact_shares_too),
		cmocka_unit_test(slowstart_counts_in_sixteenths),
		cmocka_unit_test(the_present_limit_counts),
		cmocka_unit_test(ids_beyond_65535_are_told_apart),
		cmocka_unit_test(backups_wait_until_no_active_server_is_usable),
		cmocka_unit_test(only_the_first_usable_backup_serves),
		cmocka_unit_test(the_first_backup_is_waited_for),
		cmocka_unit_test(allbackups_lets_all_backups_serve),
		cmocka_unit_test(maxconn_is_never_exceeded),
		cmocka_unit_test(full_servers_do_not_wake_the_backups),
		cmocka_unit_test(a_session_does_not_get_a_server_twice),
		cmocka_unit_test(after_six_tries_the_oldest_is_forgotten),
		cmocka_unit_test(no_server_without_a_usable_state_and_a_weight),
		cmocka_unit_test(a_server_that_returns_does_not_get_a_flood),
		cmocka_unit_test(a_server_that_was_away_for_ever_returns),
		cmocka_unit_test(a_raised_weight_counts_at_once),
		cmocka_unit_test(a_claim_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
