/* SPDX-License-Identifier: MIT */
#include "core/rebalance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SERVERS_MAX = 4 };

struct load {
	uint32_t sessions;
	uint32_t weight; /* 0: 1 */
	bool away;       /* draining */
	bool backup;
	uint32_t ramp; /* 0: 100 */
	uint8_t tier;
};

struct plan {
	struct load loads[SERVERS_MAX];
	size_t count;
	uint32_t budget; /* 0: 1000 */
	bool allbackups;
	uint32_t close[SERVERS_MAX];
};

#define LOAD(n)                                                                                    \
	{                                                                                          \
		.sessions = (n)                                                                    \
	}

#define FAR(n)                                                                                     \
	{                                                                                          \
		.sessions = (n), .tier = 1                                                         \
	}

static struct topology *build(const struct plan *p)
{
	struct settings *set = settings_new();
	struct settings_server *servers =
	    mem_arena_zalloc(&set->arena, sizeof(servers[0]) * SERVERS_MAX);
	struct settings_target *targets =
	    mem_arena_zalloc(&set->arena, sizeof(targets[0]) * SERVERS_MAX);
	struct settings_service *service = mem_arena_zalloc(&set->arena, sizeof(*service));

	*service = settings_service_default();
	service->name = "psql";
	service->servers = servers;
	service->server_count = p->count;
	service->allbackups = p->allbackups;
	for (size_t i = 0; i < p->count; i++) {
		servers[i] = settings_server_default();
		servers[i].name = targets[i].name = i == 0   ? "n1"
		                                    : i == 1 ? "n2"
		                                    : i == 2 ? "n3"
		                                             : "n4";
		servers[i].host = targets[i].host = "127.0.0.1";
		servers[i].port = targets[i].check_port = 26257;
		servers[i].weight = p->loads[i].weight ? (uint16_t)p->loads[i].weight : 1;
		servers[i].backup = p->loads[i].backup;
		servers[i].node = i;
		targets[i].check = settings_check_default(SETTINGS_CHECK_NONE);
	}
	set->services = service;
	set->service_count = 1;
	set->targets = targets;
	set->target_count = p->count;
	return topology_new(set);
}

static struct topology_service *fill(struct topology *t, const struct plan *p)
{
	struct topology_service *service = t->services[0];

	for (size_t i = 0; i < p->count; i++) {
		struct topology_server *s = service->servers[i];
		struct state state = topology_state(s);

		atomic_store(&s->active, p->loads[i].sessions);
		atomic_store(&s->tier, p->loads[i].tier);
		if (p->loads[i].ramp)
			atomic_store(&s->ramp, p->loads[i].ramp);
		if (p->loads[i].away)
			state.admin = STATE_DRAIN_COMMAND;
		topology_set_state(s, state);
	}
	return service;
}

static const struct plan plans[] = {
	/* Even, or nearly. */
	{ { LOAD(0), LOAD(0) }, 2, .close = { 0 } },
	{ { LOAD(10), LOAD(10), LOAD(10) }, 3, .close = { 0 } },
	{ { LOAD(115), LOAD(85) }, 2, .close = { 0 } },
	{ { LOAD(116), LOAD(84) }, 2, .close = { 8 } },
	{ { LOAD(2), LOAD(1) }, 2, .close = { 0 } },
	/* A node came back. */
	{ { LOAD(50), LOAD(50), LOAD(0) }, 3, .close = { 8, 8 } },
	{ { LOAD(2), LOAD(0) }, 2, .close = { 1 } },
	{ { LOAD(100), LOAD(0) }, 2, .close = { 25 } },
	/* Nobody has much too much, but one too little. */
	{ { LOAD(38), LOAD(38), LOAD(24) }, 3, .close = { 2, 2 } },
	{ { LOAD(36), LOAD(35), LOAD(29) }, 3, .close = { 0 } },
	/* By weight. */
	{ { { .sessions = 30, .weight = 3 }, LOAD(10) }, 2, .close = { 0 } },
	{ { { .sessions = 20, .weight = 3 }, LOAD(20) }, 2, .close = { 0, 5 } },
	{ { LOAD(100), { .sessions = 0, .ramp = 25 } }, 2, .close = { 10 } },
	{ { LOAD(100), { .sessions = 3, .ramp = 1 } }, 2, .close = { 2 } },
	/* Those that take none are left alone, and so are their sessions. */
	{ { LOAD(50), LOAD(50), { .sessions = 40, .away = true } }, 3, .close = { 0 } },
	{ { LOAD(90), LOAD(10), { .sessions = 500, .away = true } }, 3, .close = { 20 } },
	{ { LOAD(90), { .sessions = 10, .away = true } }, 2, .close = { 0 } },
	/* Near servers have all sessions, or most; far ones share what comes to them. */
	{ { LOAD(50), LOAD(50), FAR(0), FAR(0) }, 4, .close = { 0 } },
	{ { LOAD(80), LOAD(20), FAR(0), FAR(0) }, 4, .close = { 15 } },
	{ { LOAD(50), LOAD(50), FAR(30), FAR(10) }, 4, .close = { 0, 0, 5 } },
	{ { LOAD(80), LOAD(20), FAR(80), FAR(20) }, 4, 10, .close = { 5, 0, 5 } },
	{ { LOAD(90), FAR(10) }, 2, .close = { 0 } },
	/* Backups only when they serve. */
	{ { LOAD(90), LOAD(10), { .sessions = 500, .backup = true } }, 3, .close = { 20 } },
	{ { LOAD(90), { .sessions = 500, .backup = true } }, 2, .close = { 0 } },
	{ { { .sessions = 9, .away = true },
	    { .sessions = 90, .backup = true },
	    { .sessions = 10, .backup = true } },
	  3,
	  .close = { 0 } },
	{ { { .sessions = 9, .away = true },
	    { .sessions = 90, .backup = true },
	    { .sessions = 10, .backup = true } },
	  3,
	  .allbackups = true,
	  .close = { 0, 20 } },
	/* The budget is shared. */
	{ { LOAD(100), LOAD(0) }, 2, .budget = 10, .close = { 10 } },
	{ { LOAD(100), LOAD(100), LOAD(0), LOAD(0) }, 4, .budget = 10, .close = { 5, 5 } },
	{ { LOAD(100), LOAD(100), LOAD(0), LOAD(0) }, 4, .budget = 1, .close = { 0, 1 } },
	{ { LOAD(300), LOAD(100), LOAD(0), LOAD(0) }, 4, .budget = 7, .close = { 7, 0 } },
};

static void half_of_what_is_too_much_goes(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		const struct plan *p = &plans[i];
		struct rebalance_move moves[SERVERS_MAX];
		struct topology *t = build(p);
		struct topology_service *service = fill(t, p);
		uint32_t sum = 0;
		uint32_t got = rebalance_plan(service, p->budget ? p->budget : 1000, moves);

		for (size_t k = 0; k < p->count; k++) {
			sum += moves[k].close;
			assert_ptr_equal(moves[k].server, service->servers[k]);
			assert_int_equal(moves[k].sessions, p->loads[k].sessions);
			if (moves[k].close != p->close[k])
				fail_msg("plan %zu, server %zu: %u", i, k, moves[k].close);
		}
		assert_int_equal(got, sum);
		topology_free(t);
	}
}

static void nothing_goes_in_a_panic_or_without_a_budget(void **unused)
{
	const struct plan p = { { LOAD(100), LOAD(0) }, 2, .budget = 0, .close = { 0 } };
	struct rebalance_move moves[SERVERS_MAX];
	struct topology *t = build(&p);
	struct topology_service *service = fill(t, &p);

	(void)unused;
	assert_int_equal(rebalance_plan(service, 0, moves), 0);
	assert_int_equal(moves[0].close, 0);
	assert_int_equal(moves[0].share, 50);
	atomic_store(&service->panicking, true);
	assert_int_equal(rebalance_plan(service, 1000, moves), 0);
	assert_int_equal(moves[0].close, 0);
	topology_free(t);
}

/* Clients come back to the server with the fewest: after a few passes all have their share. */
static void passes_come_to_an_end(void **unused)
{
	const struct plan p = { { LOAD(1000), LOAD(7), LOAD(0) }, 3, .close = { 0 } };
	struct rebalance_move moves[SERVERS_MAX];
	struct topology *t = build(&p);
	struct topology_service *service = fill(t, &p);
	uint32_t passes = 0;
	uint32_t ended;

	(void)unused;
	while ((ended = rebalance_plan(service, 100, moves)) > 0) {
		assert_true(ended <= 100 && ++passes < 30);
		for (size_t i = 0; i < p.count; i++)
			atomic_fetch_sub(&service->servers[i]->active, moves[i].close);
		while (ended--) {
			struct topology_server *least = service->servers[0];

			for (size_t i = 1; i < p.count; i++)
				if (service->servers[i]->active < least->active)
					least = service->servers[i];
			atomic_fetch_add(&least->active, 1);
		}
	}
	for (size_t i = 0; i < p.count; i++)
		assert_in_range(service->servers[i]->active, 240, 387);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_of_what_is_too_much_goes),
		cmocka_unit_test(nothing_goes_in_a_panic_or_without_a_budget),
		cmocka_unit_test(passes_come_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
