/* SPDX-License-Identifier: MIT */
#include "core/descriptors.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

enum { FEW = 4000 };

static void each_part_of_a_configuration_has_its_own(void **unused)
{
	const struct settings_server server = { .warm = 5 };
	const struct settings_frontend frontend = { .bind_count = 3 };
	const struct settings_service service = { .frontends = &frontend,
		                                  .frontend_count = 1,
		                                  .bind_count = 2,
		                                  .servers = &server,
		                                  .server_count = 1 };
	struct settings set = { 0 };
	uint32_t bare = (FEW - 32 - 4 * 3 - 4 * 2 * 30) / 2;

	(void)unused;
	assert_int_equal(descriptors_sessions(&set, 4, FEW), bare);
	set = (struct settings){ .target_count = 10, .log_count = 2 };
	assert_int_equal(descriptors_sessions(&set, 4, FEW), bare - 6);
	/* Two of the warm ones for each thread. */
	set = (struct settings){ .services = &service, .service_count = 1, .log_count = 1 };
	assert_int_equal(descriptors_sessions(&set, 4, FEW), bare - (2 + 3 + 8 + 1) / 2);
	set = (struct settings){ .admin_count = 1, .socket_count = 1 };
	assert_int_equal(descriptors_sessions(&set, 1, 800), (800 - 32 - 3 - 2 * 51 - 32) / 2);
}

static void numbers_are_held_where_there_are_many(void **unused)
{
	const struct settings set = { 0 };

	(void)unused;
	assert_int_equal(descriptors_low(16383), 0);
	assert_int_equal(descriptors_low(16384), 64);
	assert_int_equal(descriptors_sessions(&set, 1, 16383),
	                 descriptors_sessions(&set, 1, 16384) + 32);
}

static void pipes_are_for_large_transfers(void **unused)
{
	(void)unused;
	assert_int_equal(descriptors_pipes(0), 16);
	assert_int_equal(descriptors_pipes(64 * 20 + 63), 20);
	assert_int_equal(descriptors_pipes(UINT64_MAX), 256);
}

static void there_is_always_room_for_one_and_never_for_too_many(void **unused)
{
	const struct settings set = { .admin_count = 100 };

	(void)unused;
	assert_int_equal(descriptors_sessions(&set, 8, 0), 1);
	assert_int_equal(descriptors_sessions(&set, 8, 40), 1);
	assert_int_equal(descriptors_sessions(&set, 8, UINT64_MAX), DESCRIPTORS_SESSIONS_MAX);
}

static void expect_enough(const struct settings *set, uint32_t threads, uint32_t want,
                          uint64_t there_are)
{
	uint64_t need = descriptors_needed(set, threads, want, there_are);
	bool is_enough = descriptors_sessions(set, threads, there_are) >= want;

	assert_int_equal(need == there_are, is_enough);
	assert_true(need >= there_are);
	assert_true(descriptors_sessions(set, threads, need) >= want);
	if (!is_enough)
		assert_in_range(descriptors_sessions(set, threads, need), want, want + threads);
}

/* Also where more descriptors mean less room: from 16384 on, and with many doors. */
static void what_is_needed_is_enough_and_hardly_more(void **unused)
{
	static const uint32_t threads[] = { 1, 2, 4, 16, 64, 256 };
	static const uint32_t wants[] = { 2,    100,  1000,  5000,   7900,
		                          8100, 8160, 20000, 200000, 1000000 };
	static const uint64_t nofiles[] = { 1, 1024, 16300, 16384, 16400, 65536, 1048576 };
	static const struct settings sets[] = {
		{ .haproxy = true },
		{ .target_count = 300, .admin_count = 2, .socket_count = 3 },
		{ .admin_count = 40 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		for (size_t k = 0; k < ARRAY_LEN(wants); k++)
			for (size_t n = 0; n < ARRAY_LEN(nofiles); n++)
				for (size_t c = 0; c < ARRAY_LEN(sets); c++)
					expect_enough(&sets[c], threads[i], wants[k], nofiles[n]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_of_a_configuration_has_its_own),
		cmocka_unit_test(numbers_are_held_where_there_are_many),
		cmocka_unit_test(pipes_are_for_large_transfers),
		cmocka_unit_test(there_is_always_room_for_one_and_never_for_too_many),
		cmocka_unit_test(what_is_needed_is_enough_and_hardly_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
