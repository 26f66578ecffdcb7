/* SPDX-License-Identifier: MIT */
#include "core/faultcheck.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct sample_server one[] = { { "n1", "10.0.0.1", 1, false, false, 0 } };

static struct topology *make(enum settings_check_type type)
{
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));

	*service = settings_service_default();
	service->name = "psql";
	sample_fill(s, service, type, one, 1);
	s->services = service;
	s->service_count = 1;
	return topology_new(s);
}

static void put(struct topology_server *s, enum fault_kind kind, uint32_t amount)
{
	atomic_store(&s->fault, fault_pack((struct fault){ kind, amount }));
}

static const struct {
	struct fault fault;
	bool told;
	enum probe_code code;
	bool draining;
	uint32_t duration_ms;
} cases[] = {
	{ { FAULT_NONE, 0 }, true, PROBE_L7OK, false, 3 },
	{ { FAULT_REFUSE, 0 }, true, PROBE_L4CON, false, 0 },
	{ { FAULT_RESET, 0 }, true, PROBE_L7RSP, false, 0 },
	{ { FAULT_BLACKHOLE, 0 }, false, PROBE_UNKNOWN, false, 0 },
	{ { FAULT_DELAY, 100 }, true, PROBE_L7OK, false, 403 },
	{ { FAULT_DELAY, 1000 }, false, PROBE_UNKNOWN, false, 0 },
	{ { FAULT_THROTTLE, 64 }, true, PROBE_L7OK, false, 3 },
	{ { FAULT_STATUS, 503 }, true, PROBE_L7STS, true, 3 },
	{ { FAULT_STATUS, 500 }, true, PROBE_L7STS, false, 3 },
	{ { FAULT_STATUS, 204 }, true, PROBE_L7OK, false, 3 },
};

static void a_check_finds_what_the_fault_says(void **state)
{
	static const struct probe_result good = { .code = PROBE_L7OK,
		                                  .status = 200,
		                                  .duration_ms = 3 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct topology *t = make(SETTINGS_CHECK_HTTP);
		struct topology_server *s = t->services[0]->servers[0];
		struct probe_result found;

		put(s, cases[i].fault.kind, cases[i].fault.amount);
		assert_int_equal(faultcheck_apply(s, &good, 10000, &found), cases[i].told);
		if (cases[i].told) {
			assert_int_equal(found.code, cases[i].code);
			assert_int_equal(found.draining, cases[i].draining);
			assert_int_equal(found.duration_ms, cases[i].duration_ms);
		}
		topology_free(t);
	}
}

static void a_check_that_hangs_takes_its_whole_timeout(void **state)
{
	static const struct probe_result good = { .code = PROBE_L7OK, .duration_ms = 10 };
	struct topology *t = make(SETTINGS_CHECK_HTTP);
	struct topology_server *s = t->services[0]->servers[0];
	uint32_t timeout = s->target->check.inter_ms;
	struct probe_result found;

	(void)state;
	assert_false(faultcheck_expired(s, 10000, &found));
	put(s, FAULT_BLACKHOLE, 0);
	assert_false(faultcheck_apply(s, &good, 10010, &found));
	assert_false(faultcheck_expired(s, 10000 + timeout - 1, &found));
	/* Others that end meanwhile do not begin it anew. */
	assert_false(faultcheck_apply(s, &good, 10500, &found));
	assert_true(faultcheck_expired(s, 10000 + timeout, &found));
	assert_int_equal(found.code, PROBE_L4TOUT);
	assert_int_equal(found.duration_ms, timeout);
	assert_false(faultcheck_expired(s, 10000 + 2L * timeout, &found));
	/* Late, but connected. */
	put(s, FAULT_DELAY, timeout / 2 - 1);
	assert_false(faultcheck_apply(s, &good, 20010, &found));
	assert_true(faultcheck_expired(s, 20000 + timeout, &found));
	assert_int_equal(found.code, PROBE_L7TOUT);
	topology_free(t);
}

static void a_status_needs_a_check_that_gets_one(void **state)
{
	static const struct {
		enum settings_check_type type;
		enum fault_kind kind;
		bool sensible;
	} kinds[] = {
		{ SETTINGS_CHECK_HTTP, FAULT_STATUS, true },
		{ SETTINGS_CHECK_HTTPS, FAULT_STATUS, true },
		{ SETTINGS_CHECK_TCP, FAULT_STATUS, false },
		{ SETTINGS_CHECK_TCP, FAULT_REFUSE, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct topology *t = make(kinds[i].type);
		struct topology_server *s = t->services[0]->servers[0];
		struct error err;

		assert_int_equal(faultcheck_makes_sense(s, kinds[i].kind, &err), kinds[i].sensible);
		if (!kinds[i].sensible)
			assert_string_equal(err.text, "psql/n1 has no check over HTTP that could "
			                              "get a status: use refuse, or give it one");
		topology_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_check_finds_what_the_fault_says),
		cmocka_unit_test(a_check_that_hangs_takes_its_whole_timeout),
		cmocka_unit_test(a_status_needs_a_check_that_gets_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
