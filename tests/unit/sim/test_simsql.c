/* SPDX-License-Identifier: MIT */
#include "sim/simsql.h"

#include "peer.h"

static int changes;

static void note_change(struct simsql *s)
{
	(void)s;
	changes++;
}

static void cancel_here(void *ctx, uint64_t key)
{
	simsql_cancel(ctx, key);
}

static void setup(struct simsql *s)
{
	struct addr at = peer_loopback();
	struct error err;

	changes = 0;
	simsql_init(s, ev_loop_new(EVFLAG_NOENV), 3, &at);
	s->changed = note_change;
	s->cancel_ctx = s;
	s->cancel = cancel_here;
	assert_true(simsql_open(s, &err));
}

static void teardown(struct simsql *s)
{
	simsql_release(s);
	ev_loop_destroy(s->host.loop);
}

static void connect_to(struct simsql *s, struct peer *p)
{
	peer_open(p, s->host.loop, &s->listen.at);
}

static void sessions_and_connections_are_counted(void **state)
{
	struct simsql s;
	struct peer a, b;

	(void)state;
	setup(&s);
	connect_to(&s, &a);
	peer_login(&a, NULL);
	connect_to(&s, &b);
	PEER_UNTIL(&b, s.connected == 2);
	assert_int_equal(s.now, 1);
	assert_true(s.accepted == 1);
	peer_close(&b);
	PEER_FRAME(&a, 'X', "");
	PEER_UNTIL(&a, a.eof);
	assert_int_equal(s.now, 0);
	assert_true(s.accepted == 1);
	assert_true(changes >= 2);
	peer_close(&a);
	teardown(&s);
}

static void rejected_sessions_are_counted_apart(void **state)
{
	struct simsql s;
	struct peer p;

	(void)state;
	setup(&s);
	simsql_set_gate(&s, SIMSESSION_REJECT, "53300");
	connect_to(&s, &p);
	peer_startup(&p);
	peer_expect(&p, "E", "53300");
	assert_true(s.rejected == 1);
	assert_true(s.accepted == 0);
	peer_close(&p);
	teardown(&s);
}

static void opening_the_gate_lets_the_waiting_in(void **state)
{
	struct simsql s;
	struct peer p;

	(void)state;
	setup(&s);
	simsql_set_gate(&s, SIMSESSION_WAIT, "");
	connect_to(&s, &p);
	peer_startup(&p);
	peer_hears_nothing(&p, 30);
	simsql_set_gate(&s, SIMSESSION_SERVE, "");
	peer_expect(&p, PEER_GREETING, NULL);
	peer_close(&p);
	teardown(&s);
}

static void a_cancel_request_finds_its_session(void **state)
{
	struct simsql s;
	struct peer worker, idle, canceller;
	char request[12] = "\x04\xd2\x16\x2e";
	uint8_t key[8];

	(void)state;
	setup(&s);
	connect_to(&s, &idle);
	peer_login(&idle, NULL);
	connect_to(&s, &worker);
	peer_login(&worker, key);
	peer_query(&worker, "select pg_sleep(60)");
	PEER_UNTIL(&worker, s.host.queries == 1);
	memcpy(request + 4, key, sizeof(key));
	connect_to(&s, &canceller);
	peer_frame(&canceller, 0, request, sizeof(request));
	PEER_UNTIL(&canceller, canceller.eof);
	peer_expect(&worker, "TEZ", "57014");
	assert_false(simsql_cancel(&s, 1));
	peer_close(&idle);
	peer_close(&worker);
	peer_close(&canceller);
	teardown(&s);
}

static void leaving_then_expelling_ends_all(void **state)
{
	struct simsql s;
	struct peer idle, busy;

	(void)state;
	setup(&s);
	connect_to(&s, &idle);
	peer_login(&idle, NULL);
	connect_to(&s, &busy);
	peer_login(&busy, NULL);
	peer_query(&busy, "begin");
	peer_expect(&busy, "CZ", NULL);
	simsql_set_leaving(&s, true);
	peer_expect(&idle, "E", "57P01");
	PEER_UNTIL(&idle, idle.eof);
	assert_int_equal(s.now, 1);
	simsql_expel(&s);
	peer_expect(&busy, "E", "57P01");
	PEER_UNTIL(&busy, s.now == 0);
	peer_close(&idle);
	peer_close(&busy);
	teardown(&s);
}

static void aborting_resets_every_connection(void **state)
{
	struct simsql s;
	struct peer a, b;

	(void)state;
	setup(&s);
	connect_to(&s, &a);
	peer_login(&a, NULL);
	connect_to(&s, &b);
	PEER_UNTIL(&b, s.connected == 2);
	simsql_close(&s);
	simsql_abort(&s);
	PEER_UNTIL(&a, a.reset);
	PEER_UNTIL(&b, b.reset);
	assert_int_equal(s.now, 0);
	assert_true(peer_is_refused(&s.listen.at));
	peer_close(&a);
	peer_close(&b);
	teardown(&s);
}

static void a_paused_port_is_silent_for_old_and_new(void **state)
{
	struct simsql s;
	struct peer old, new;

	(void)state;
	setup(&s);
	connect_to(&s, &old);
	peer_login(&old, NULL);
	simsql_pause(&s, true);
	connect_to(&s, &new);
	peer_startup(&new);
	peer_query(&old, "select 1");
	peer_hears_nothing(&old, 30);
	peer_hears_nothing(&new, 30);
	simsql_pause(&s, false);
	peer_expect(&old, "TDCZ", NULL);
	peer_expect(&new, PEER_GREETING, NULL);
	peer_close(&old);
	peer_close(&new);
	teardown(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_and_connections_are_counted),
		cmocka_unit_test(rejected_sessions_are_counted_apart),
		cmocka_unit_test(opening_the_gate_lets_the_waiting_in),
		cmocka_unit_test(a_cancel_request_finds_its_session),
		cmocka_unit_test(leaving_then_expelling_ends_all),
		cmocka_unit_test(aborting_resets_every_connection),
		cmocka_unit_test(a_paused_port_is_silent_for_old_and_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
