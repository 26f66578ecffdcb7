/* SPDX-License-Identifier: MIT */
/* Which sessions a wish means; how each of them ends is told by test_session_leave, test_replay. */
#include "pg_fixture.h"

static uint32_t wish(const struct rig *r, struct crew_wish w)
{
	return crew_wish(r->crew, &w);
}

static void the_oldest_of_all_workers_end_first(void **state)
{
	enum { CLIENTS = 20, OLDEST = 7 };
	int clients[CLIENTS];
	int servers[CLIENTS];
	struct rig r;
	char byte;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 3, 100);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = rig_connect(&r);
		servers[i] = rig_accept(&r, 0);
	}
	assert_int_equal(wish(&r, (struct crew_wish){ .reason = REASON_KILLED, .most = OLDEST }),
	                 OLDEST);
	rig_wait_ended(&r, OLDEST);
	for (int i = 0; i < OLDEST; i++) {
		assert_int_equal(recv(clients[i], &byte, 1, 0) > 0, 0);
		assert_true(r.ended[i].id <= OLDEST);
	}
	for (int i = OLDEST; i < CLIENTS; i++) {
		rig_send(clients[i], "x", 1);
		rig_expect(servers[i], "x", 1);
	}
	assert_int_equal(wish(&r, (struct crew_wish){ .reason = REASON_KILLED, .most = 100 }),
	                 CLIENTS - OLDEST);
	rig_wait_ended(&r, CLIENTS);
	for (int i = 0; i < CLIENTS; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_stop(&r, 1);
}

static void only_those_on_the_server_are_meant(void **state)
{
	struct rig r;
	struct pg_session s[4];
	const struct topology_server *n2;

	(void)state;
	pg_init(&r, 2);
	rig_start(&r, 2, 100);
	n2 = r.topology->services[0]->servers[1];
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		s[i] = pg_open(&r);
	assert_int_equal(wish(&r, (struct crew_wish){ .server = n2, .reason = REASON_KILLED }), 2);
	rig_wait_ended(&r, 2);
	assert_ptr_equal(r.ended[0].server, n2);
	assert_ptr_equal(r.ended[1].server, n2);
	assert_int_equal(wish(&r, (struct crew_wish){ .server = n2, .reason = REASON_KILLED }), 0);
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		pg_close(&s[i]);
	rig_stop(&r, 2);
}

static void silence_counts_only_where_nothing_better_is_known(void **state)
{
	struct rig r;
	struct pg_session clear;
	struct pg_session encrypted;
	struct crew_wish w = { .reason = REASON_REBALANCED, .silent_ms = 100 };

	(void)state;
	pg_init(&r, 1);
	rig_start(&r, 1, 100);
	clear = pg_open(&r);
	encrypted = pg_connect(&r);
	pg_say(&encrypted, PG(PG_SSL));
	pg_answer(&encrypted, "S", 1);
	assert_int_equal(
	    wish(&r, (struct crew_wish){ .reason = REASON_REBALANCED, .silent_ms = 600000 }), 0);
	for (int i = 0; i < 500 && !wish(&r, w); i++)
		poll(NULL, 0, 10);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_REBALANCED);
	pg_say(&clear, PG(PG_QUERY));
	rig_expect_end(encrypted.server);
	pg_close(&encrypted);
	pg_close(&clear);
	rig_stop(&r, 1);
}

static void sessions_between_two_transactions_are_asked_once(void **state)
{
	struct rig r;
	struct pg_session idle;
	struct pg_session busy;
	const struct crew_wish w = { .reason = REASON_DRAINED,
		                     .manner = CREW_BETWEEN_TRANSACTIONS,
		                     .most = 5 };

	(void)state;
	pg_init(&r, 1);
	rig_start(&r, 1, 100);
	idle = pg_open(&r);
	busy = pg_open(&r);
	pg_say(&busy, PG(PG_QUERY));
	assert_int_equal(wish(&r, w), 2);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_DRAINED);
	assert_int_equal(wish(&r, w), 0);
	pg_answer(&busy, PG(PG_COMPLETE PG_READY));
	rig_wait_ended(&r, 2);
	pg_close(&idle);
	pg_close(&busy);
	rig_stop(&r, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_of_all_workers_end_first),
		cmocka_unit_test(only_those_on_the_server_are_meant),
		cmocka_unit_test(silence_counts_only_where_nothing_better_is_known),
		cmocka_unit_test(sessions_between_two_transactions_are_asked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
