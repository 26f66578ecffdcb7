/* SPDX-License-Identifier: MIT */
#include "sim/simlife.h"

#include "peer.h"

static struct text said;

static void note(void *ctx, const char *what)
{
	(void)ctx;
	text_addf(&said, "%s\n", what);
}

static void no_page(void *ctx, const struct simhttp_request *request, struct simhttp_reply *reply)
{
	(void)ctx;
	(void)request;
	(void)reply;
}

static void ignore_cancel(void *ctx, uint64_t key)
{
	(void)ctx;
	(void)key;
}

static void setup(struct simlife *l, struct peer *p)
{
	struct addr at = peer_loopback();
	struct error err;

	simlife_init(l, ev_loop_new(EVFLAG_NOENV), 3, &at, &at, no_page, NULL);
	l->said = note;
	l->sql.cancel = ignore_cancel;
	assert_string_equal(simlife_name(l), "stopped");
	assert_true(simlife_run(l, SIMLIFE_LIVE, 0, &err));
	peer_open(p, l->loop, &l->sql.listen.at);
	peer_login(p, NULL);
}

static void teardown(struct simlife *l, struct peer *p)
{
	peer_close(p);
	simlife_release(l);
	ev_loop_destroy(l->loop);
	text_release(&said);
}

/* A new client's start-up gets these messages. */
static void assert_newcomer(struct simlife *l, const char *types)
{
	struct peer p;

	peer_open(&p, l->loop, &l->sql.listen.at);
	peer_startup(&p);
	peer_expect(&p, types, NULL);
	peer_close(&p);
}

static void a_drain_goes_through_all_phases(void **state)
{
	static const struct simlife_drain drain = { 400, 400, 60000 };
	struct simlife l;
	struct peer p;

	(void)state;
	setup(&l, &p);
	assert_null(simlife_not_ready(&l));
	peer_query(&p, "begin");
	peer_expect(&p, "CZ", NULL);
	simlife_drain(&l, &drain);
	assert_string_equal(simlife_name(&l), "drain-initial-wait");
	assert_string_equal(simlife_not_ready(&l), "node is shutting down");
	assert_newcomer(&l, PEER_GREETING);
	PEER_UNTIL(&p, l.state == SIMLIFE_DRAIN_CONNECTIONS);
	assert_newcomer(&l, "E");
	peer_query(&p, "select 1");
	peer_expect(&p, "TDCZ", NULL);
	PEER_UNTIL(&p, l.state == SIMLIFE_DRAIN_TRANSACTIONS);
	peer_query(&p, "commit");
	peer_expect(&p, "CZE", "57P01");
	PEER_UNTIL(&p, l.state == SIMLIFE_LEAVING);
	assert_true(peer_is_refused(&l.sql.listen.at));
	assert_false(peer_is_refused(&l.http.listen.at));
	PEER_UNTIL(&p, l.state == SIMLIFE_STOPPED);
	assert_true(peer_is_refused(&l.http.listen.at));
	assert_non_null(strstr(text_str(&said), "SQL as before for 400ms\n"));
	assert_non_null(strstr(text_str(&said), "has stopped\n"));
	teardown(&l, &p);
}

static void idle_sessions_end_at_once_and_others_at_the_deadline(void **state)
{
	static const struct simlife_drain drain = { 0, 0, 100 };
	struct simlife l;
	struct peer idle, busy;

	(void)state;
	setup(&l, &idle);
	peer_open(&busy, l.loop, &l.sql.listen.at);
	peer_login(&busy, NULL);
	peer_query(&busy, "select pg_sleep(60)");
	PEER_UNTIL(&busy, l.sql.host.queries == 1);
	simlife_drain(&l, &drain);
	peer_expect(&idle, "E", "57P01");
	assert_int_equal(l.state, SIMLIFE_DRAIN_TRANSACTIONS);
	peer_expect(&busy, "TE", "57P01");
	PEER_UNTIL(&busy, l.state == SIMLIFE_STOPPED);
	peer_close(&busy);
	teardown(&l, &idle);
}

static void the_connections_phase_ends_when_clients_have_left(void **state)
{
	static const struct simlife_drain drain = { 0, 600000, 600000 };
	struct simlife l;
	struct peer p;

	(void)state;
	setup(&l, &p);
	simlife_drain(&l, &drain);
	PEER_UNTIL(&p, l.state == SIMLIFE_DRAIN_CONNECTIONS);
	PEER_FRAME(&p, 'X', "");
	PEER_UNTIL(&p, l.state == SIMLIFE_STOPPED);
	teardown(&l, &p);
}

static void a_killed_node_resets_and_comes_back_on_its_ports(void **state)
{
	struct simlife l;
	struct peer p;
	uint16_t sql;
	struct error err;

	(void)state;
	setup(&l, &p);
	sql = addr_port(&l.sql.listen.at);
	simlife_kill(&l);
	PEER_UNTIL(&p, p.reset);
	assert_true(peer_is_refused(&l.sql.listen.at));
	assert_true(peer_is_refused(&l.http.listen.at));
	assert_true(simlife_run(&l, SIMLIFE_STARTING, 60, &err));
	assert_int_equal(addr_port(&l.sql.listen.at), sql);
	assert_string_equal(simlife_not_ready(&l), "node is not accepting SQL clients");
	assert_newcomer(&l, PEER_GREETING);
	assert_int_equal(l.state, SIMLIFE_LIVE);
	teardown(&l, &p);
}

static void waiting_for_init_answers_no_sql(void **state)
{
	struct simlife l;
	struct peer p, waiting;
	struct error err;

	(void)state;
	setup(&l, &p);
	assert_true(simlife_run(&l, SIMLIFE_INIT_WAIT, 0, &err));
	assert_string_equal(simlife_not_ready(&l), "node is waiting for cluster initialization");
	peer_open(&waiting, l.loop, &l.sql.listen.at);
	peer_startup(&waiting);
	peer_hears_nothing(&waiting, 30);
	assert_true(simlife_run(&l, SIMLIFE_LIVE, 0, &err));
	peer_expect(&waiting, PEER_GREETING, NULL);
	peer_close(&waiting);
	teardown(&l, &p);
}

static void no_time_passes_for_a_hung_node(void **state)
{
	static const struct simlife_drain drain = { 20, 600000, 0 };
	struct simlife l;
	struct peer p;

	(void)state;
	setup(&l, &p);
	simlife_drain(&l, &drain);
	simlife_hang(&l, true);
	assert_string_equal(simlife_name(&l), "hung");
	peer_query(&p, "select 1");
	peer_hears_nothing(&p, 60);
	assert_int_equal(l.state, SIMLIFE_DRAIN_WAIT);
	simlife_hang(&l, false);
	peer_expect(&p, "TDCZ", NULL);
	PEER_UNTIL(&p, l.state == SIMLIFE_DRAIN_CONNECTIONS);
	teardown(&l, &p);
}

static void killing_a_hung_node_leaves_nothing_paused(void **state)
{
	struct simlife l;
	struct peer p;
	struct error err;

	(void)state;
	setup(&l, &p);
	simlife_hang(&l, true);
	simlife_kill(&l);
	PEER_UNTIL(&p, p.reset);
	assert_true(simlife_run(&l, SIMLIFE_LIVE, 0, &err));
	assert_newcomer(&l, PEER_GREETING);
	teardown(&l, &p);
}

static void refusing_and_rejecting_leave_sessions_alone(void **state)
{
	struct simlife l;
	struct peer p;
	struct error err;

	(void)state;
	setup(&l, &p);
	simlife_reject(&l, "53300");
	assert_newcomer(&l, "E");
	simlife_refuse(&l);
	assert_true(peer_is_refused(&l.sql.listen.at));
	assert_false(peer_is_refused(&l.http.listen.at));
	peer_query(&p, "select 1");
	peer_expect(&p, "TDCZ", NULL);
	assert_true(simlife_run(&l, SIMLIFE_LIVE, 0, &err));
	assert_newcomer(&l, PEER_GREETING);
	teardown(&l, &p);
}

static void a_taken_port_keeps_a_stopped_node_stopped(void **state)
{
	struct simlife l, second;
	struct peer p;
	struct error err;

	(void)state;
	setup(&l, &p);
	simlife_init(&second, l.loop, 4, &(struct addr){ .len = 0 }, &(struct addr){ .len = 0 },
	             no_page, NULL);
	second.sql.listen.at = peer_loopback();
	second.http.listen.at = l.http.listen.at;
	assert_false(simlife_run(&second, SIMLIFE_LIVE, 0, &err));
	assert_int_equal(second.state, SIMLIFE_STOPPED);
	assert_true(peer_is_refused(&second.sql.listen.at));
	simlife_release(&second);
	teardown(&l, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drain_goes_through_all_phases),
		cmocka_unit_test(idle_sessions_end_at_once_and_others_at_the_deadline),
		cmocka_unit_test(the_connections_phase_ends_when_clients_have_left),
		cmocka_unit_test(a_killed_node_resets_and_comes_back_on_its_ports),
		cmocka_unit_test(waiting_for_init_answers_no_sql),
		cmocka_unit_test(no_time_passes_for_a_hung_node),
		cmocka_unit_test(killing_a_hung_node_leaves_nothing_paused),
		cmocka_unit_test(refusing_and_rejecting_leave_sessions_alone),
		cmocka_unit_test(a_taken_port_keeps_a_stopped_node_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
