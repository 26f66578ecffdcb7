/* SPDX-License-Identifier: MIT */
/* How many sessions the descriptors allow. */
#include "../../../src/control/opening.h"

#include "net/relay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { OTHERS = 32 + 3 }; /* what is spare, and a worker's own; each further worker needs 3 more */

static uint32_t ask(uint64_t nofile, uint32_t threads, uint32_t maxconn)
{
	const struct settings set = { .threads = threads, .maxconn = maxconn };
	struct supervisor s = { .daemon = { .nofile = nofile } };

	return opening_maxconn(&s, &set);
}

/* With all of them open there is a descriptor for every pipe that the workers may want, too. */
static void all_sessions_and_all_pipes_have_their_descriptors(void **unused)
{
	static const uint64_t nofiles[] = { 2048, 4096, 20000, 65536, 200000, 1048576 };

	(void)unused;
	for (size_t i = 0; i < sizeof(nofiles) / sizeof(nofiles[0]); i++) {
		for (uint32_t threads = 1; threads <= 4; threads *= 2) {
			uint32_t n = ask(nofiles[i], threads, 0);
			uint64_t pipes = 2ULL * threads * relay_most_pipes(2 * n);
			uint64_t used = 2ULL * n + pipes + OTHERS + 3ULL * (threads - 1);

			assert_in_range(used, nofiles[i] * 99 / 100, nofiles[i]);
		}
	}
}

/* Where there are few, most are for sessions all the same: pipes are given when one can be had. */
static void few_descriptors_are_for_sessions(void **unused)
{
	(void)unused;
	assert_int_equal(ask(128, 1, 0), (128 - OTHERS - 16) / 2);
	assert_int_equal(ask(256, 4, 0), (256 - OTHERS - 9 - 32) / 2);
	assert_int_equal(ask(10, 1, 0), 1);
}

static void what_is_asked_for_is_given_if_there_is_enough(void **unused)
{
	uint32_t most = ask(20000, 2, 0);

	(void)unused;
	assert_int_equal(ask(20000, 2, 100), 100);
	assert_int_equal(ask(20000, 2, most), most);
	assert_int_equal(ask(20000, 2, most + 1), most);
	assert_int_equal(ask(UINT64_MAX, 2, 0), 1048576);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sessions_and_all_pipes_have_their_descriptors),
		cmocka_unit_test(few_descriptors_are_for_sessions),
		cmocka_unit_test(what_is_asked_for_is_given_if_there_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
