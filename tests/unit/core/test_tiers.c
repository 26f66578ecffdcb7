/* SPDX-License-Identifier: MIT */
#include "core/tiers.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void localities_share_their_leading_parts(void **unused)
{
	static const struct {
		const char *here, *there;
		uint32_t shared;
	} rows[] = {
		{ "region=a,zone=1", "region=a,zone=1", 2 },
		{ "region=a,zone=1", "region=a,zone=2", 1 },
		{ "region=a,zone=1", "region=a,zone=12", 1 },
		{ "region=a,zone=12", "region=a,zone=1", 1 },
		{ "region=a", "region=a,zone=1", 1 },
		{ "region=a,zone=1", "region=a", 1 },
		{ "region=a", "region=ab", 0 },
		{ "region=a", "cloud=x,region=a", 0 },
		{ "region=a,zone=1", "region=b,zone=1", 0 },
		{ NULL, "region=a", 0 },
		{ "region=a", NULL, 0 },
		{ NULL, NULL, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(tiers_shared(rows[i].here, rows[i].there), rows[i].shared);
}

static void servers_that_share_more_are_nearer(void **unused)
{
	static const struct {
		uint32_t shared[6];
		size_t count;
		uint32_t tiers;
		uint8_t tier[6];
	} rows[] = {
		{ { 0 }, 0, 1, { 0 } },
		{ { 0, 0, 0 }, 3, 1, { 0, 0, 0 } },
		{ { 2, 2, 2 }, 3, 1, { 0, 0, 0 } },
		{ { 0, 1, 2 }, 3, 3, { 2, 1, 0 } },
		{ { 3, 0, 3, 0 }, 4, 2, { 0, 1, 0, 1 } },
		{ { 9, 7, 5, 3, 2, 0 }, 6, 4, { 0, 1, 2, 3, 3, 3 } },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t tier[6] = { 0 };

		assert_int_equal(tiers_rank_shared(rows[i].shared, rows[i].count, tier),
		                 rows[i].tiers);
		assert_memory_equal(tier, rows[i].tier, sizeof(tier));
	}
}

static void latencies_make_tiers_where_they_jump(void **unused)
{
	static const struct {
		uint32_t ms[5];
		size_t count;
		uint32_t tiers;
		uint8_t tier[5];
	} rows[] = {
		{ { 0 }, 0, 1, { 0 } },
		{ { 0, 1, 3, 5 }, 4, 1, { 0, 0, 0, 0 } },
		{ { 1, 2, 40, 45 }, 4, 2, { 0, 0, 1, 1 } },
		{ { 120, 1, 40, 2 }, 4, 3, { 2, 0, 1, 0 } },
		{ { 20, 30, 39 }, 3, 1, { 0, 0, 0 } },
		{ { 20, 41 }, 2, 2, { 0, 1 } },
		{ { 1, UINT32_MAX, 2 }, 3, 2, { 0, 1, 0 } },
		{ { UINT32_MAX, UINT32_MAX }, 2, 1, { 0, 0 } },
		{ { 1, 10, 50, 200, 900 }, 5, 4, { 0, 1, 2, 3, 3 } },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t tier[5] = { 0 };

		assert_int_equal(tiers_rank_latency(rows[i].ms, rows[i].count, tier),
		                 rows[i].tiers);
		assert_memory_equal(tier, rows[i].tier, sizeof(tier));
	}
}

/* What each tier takes, in per cent. */
static void a_tier_takes_what_is_left_by_those_above(void **unused)
{
	static const struct {
		struct tiers_health at[3];
		uint32_t count, spill;
		uint32_t percent[3];
	} rows[] = {
		{ { { 3, 3 }, { 3, 3 } }, 2, 140, { 100, 0, 0 } },
		{ { { 10, 8 }, { 3, 3 } }, 2, 140, { 100, 0, 0 } }, /* 112 % */
		{ { { 10, 7 }, { 3, 3 } }, 2, 140, { 98, 2, 0 } },
		{ { { 2, 1 }, { 3, 3 } }, 2, 140, { 70, 30, 0 } },
		{ { { 3, 1 }, { 3, 3 } }, 2, 140, { 47, 53, 0 } },
		{ { { 3, 0 }, { 3, 3 } }, 2, 140, { 0, 100, 0 } },
		{ { { 3, 1 }, { 3, 1 }, { 3, 3 } }, 3, 140, { 47, 47, 7 } },
		{ { { 3, 0 }, { 3, 0 }, { 3, 3 } }, 3, 140, { 0, 0, 100 } },
		/* All together cannot take everything: each more than it should. */
		{ { { 4, 1 }, { 4, 1 } }, 2, 140, { 50, 50, 0 } },
		{ { { 10, 2 }, { 10, 1 } }, 2, 140, { 67, 33, 0 } },
		/* Only when the ones above are empty. */
		{ { { 3, 1 }, { 3, 3 } }, 2, 0, { 100, 0, 0 } },
		{ { { 3, 0 }, { 3, 1 }, { 3, 3 } }, 3, 0, { 0, 100, 0 } },
		/* Nobody is usable, nobody has a weight: as if there were one tier. */
		{ { { 3, 0 }, { 3, 0 } }, 2, 140, { 100, 0, 0 } },
		{ { { 0, 0 }, { 3, 3 } }, 2, 140, { 0, 100, 0 } },
		{ { { 0, 0 } }, 1, 140, { 100, 0, 0 } },
		/* A huge weight beside a small one does not vanish. */
		{ { { 256000, 1 }, { 1, 0 } }, 2, 140, { 100, 0, 0 } },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t spread = tiers_spread(rows[i].at, rows[i].count, rows[i].spill);

		for (uint32_t t = 0; t < 3; t++)
			assert_int_equal((tiers_share(spread, t) * 100 + TIERS_ALL / 2) / TIERS_ALL,
			                 rows[i].percent[t]);
		assert_int_equal(tiers_share(spread, 3), 0);
	}
}

static void a_draw_follows_the_shares_exactly(void **unused)
{
	static const struct tiers_health at[] = { { 3, 1 }, { 3, 1 }, { 3, 3 } };
	uint64_t spread = tiers_spread(at, 3, 140);
	uint32_t drawn[TIERS_MAX] = { 0 };

	(void)unused;
	for (uint64_t n = 0; n < 65536; n++)
		drawn[tiers_draw(spread, n << 48 | 0xffff)]++;
	for (uint32_t t = 0; t < TIERS_MAX; t++)
		assert_in_range(drawn[t] + 1, tiers_share(spread, t), tiers_share(spread, t) + 2);
	assert_int_equal(tiers_draw(spread, 0), 0);
	assert_int_equal(tiers_draw(spread, UINT64_MAX), 2);
	assert_int_equal(tiers_draw(UINT64_MAX, UINT64_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(localities_share_their_leading_parts),
		cmocka_unit_test(servers_that_share_more_are_nearer),
		cmocka_unit_test(latencies_make_tiers_where_they_jump),
		cmocka_unit_test(a_tier_takes_what_is_left_by_those_above),
		cmocka_unit_test(a_draw_follows_the_shares_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
