/* SPDX-License-Identifier: MIT */
#include "core/tierplan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

enum { SERVERS = 4 };

static void make(struct settings_service *s, struct settings_server *servers)
{
	static const char *const where[SERVERS] = { "region=us", "region=eu,zone=b",
		                                    "region=eu,zone=a", NULL };

	*s = settings_service_default();
	s->balance = SETTINGS_LEASTCONN;
	s->tiers = SETTINGS_TIERS_LOCALITY;
	s->here = "region=eu,zone=a";
	for (size_t i = 0; i < SERVERS; i++) {
		servers[i] = settings_server_default();
		servers[i].locality = where[i];
	}
	s->servers = servers;
	s->server_count = SERVERS;
}

static void localities_make_tiers(void **state)
{
	struct settings_service s;
	struct settings_server servers[SERVERS];
	struct tierplan p;

	(void)state;
	make(&s, servers);
	tierplan_make(&p, &s);
	assert_int_equal(p.basis, TIERPLAN_LOCALITY);
	assert_int_equal(p.count, 3);
	assert_true(tierplan_is_in(&p, 0, 2));
	assert_true(tierplan_is_in(&p, 1, 1));
	assert_true(tierplan_is_in(&p, 2, 0));
	assert_true(tierplan_is_in(&p, 3, 2));
	assert_false(tierplan_is_in(&p, 3, 0));
	tierplan_release(&p);
}

static void backups_are_in_none(void **state)
{
	struct settings_service s;
	struct settings_server servers[SERVERS];
	struct tierplan p;

	(void)state;
	make(&s, servers);
	servers[2].backup = true;
	tierplan_make(&p, &s);
	assert_int_equal(p.count, 2);
	assert_true(tierplan_is_in(&p, 1, 0));
	assert_false(tierplan_is_in(&p, 2, 0));
	tierplan_release(&p);
}

static void what_has_nothing_to_go_by_is_one_tier(void **state)
{
	static const struct {
		enum settings_tiers tiers;
		enum settings_balance balance;
		bool nowhere;
		enum tierplan_basis basis;
	} rows[] = {
		{ SETTINGS_TIERS_NONE, SETTINGS_HASH, true, TIERPLAN_OFF },
		{ SETTINGS_TIERS_LOCALITY, SETTINGS_HASH, false, TIERPLAN_HASH },
		{ SETTINGS_TIERS_LATENCY, SETTINGS_SOURCE, false, TIERPLAN_HASH },
		{ SETTINGS_TIERS_LATENCY, SETTINGS_RANDOM, true, TIERPLAN_LATENCY },
		{ SETTINGS_TIERS_LOCALITY, SETTINGS_RANDOM, true, TIERPLAN_NOWHERE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings_service s;
		struct settings_server servers[SERVERS];
		struct tierplan p;

		make(&s, servers);
		s.tiers = rows[i].tiers;
		s.balance = rows[i].balance;
		s.here = rows[i].nowhere ? NULL : s.here;
		tierplan_make(&p, &s);
		assert_int_equal(p.basis, rows[i].basis);
		assert_int_equal(p.count, 1);
		for (size_t k = 0; k < SERVERS; k++)
			assert_true(tierplan_is_in(&p, k, 0));
		tierplan_release(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(localities_make_tiers),
		cmocka_unit_test(backups_are_in_none),
		cmocka_unit_test(what_has_nothing_to_go_by_is_one_tier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
