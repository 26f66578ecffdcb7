/* SPDX-License-Identifier: MIT */
#include "sim/simload.h"

#include "peer.h"
#include "sim/simnode.h"

/* A node and clients of it; the peer only turns the loop. */
struct fixture {
	struct peer turner;
	struct simnode *node;
	struct simload *load;
};

static void setup(struct fixture *f, uint32_t clients, uint32_t short_lived, uint64_t timeout_ms)
{
	struct simnode_options node = { .id = 1, .sql = peer_loopback(), .http = peer_loopback() };
	struct simload_options o = { .clients = clients,
		                     .short_lived = short_lived,
		                     .queries = 2,
		                     .interval_ms = 4,
		                     .retry_ms = 4,
		                     .timeout_ms = timeout_ms };
	struct error err;

	f->turner = (struct peer){ .loop = ev_loop_new(EVFLAG_NOENV), .fd = -1, .eof = true };
	f->node = simnode_new(f->turner.loop, &node, &err);
	assert_non_null(f->node);
	o.to = *simnode_sql_addr(f->node);
	f->load = simload_new(f->turner.loop, &o);
}

static void teardown(struct fixture *f)
{
	simload_free(f->load);
	simnode_free(f->node);
	ev_loop_destroy(f->turner.loop);
}

static void command(struct fixture *f, const char *words)
{
	AUTO_TEXT answer = { 0 };

	assert_true(simnode_command(f->node, words, &answer));
}

static struct simload_counts now(const struct fixture *f)
{
	return simload_counts(f->load);
}

static void clients_connect_and_ask(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 4, 0, PEER_PATIENCE_MS);
	PEER_UNTIL(&f.turner, now(&f).now == 4 && now(&f).ok >= 20);
	assert_true(now(&f).sessions == 4);
	assert_true(now(&f).failed == 0 && now(&f).cut == 0 && now(&f).errors == 0);
	teardown(&f);
}

static void short_lived_clients_leave_and_come_back(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 2, 2, PEER_PATIENCE_MS);
	PEER_UNTIL(&f.turner, now(&f).sessions >= 6);
	assert_true(now(&f).now <= 2);
	assert_true(now(&f).failed == 0 && now(&f).cut == 0);
	teardown(&f);
}

static void a_killed_node_cuts_sessions_and_fails_connects(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 3, 0, PEER_PATIENCE_MS);
	PEER_UNTIL(&f.turner, now(&f).now == 3);
	command(&f, "kill");
	PEER_UNTIL(&f.turner, now(&f).failed >= 3);
	assert_true(now(&f).cut == 3);
	assert_int_equal(now(&f).now, 0);
	command(&f, "start");
	PEER_UNTIL(&f.turner, now(&f).now == 3);
	teardown(&f);
}

static void a_refused_session_is_a_failed_connect(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 1, 0, PEER_PATIENCE_MS);
	command(&f, "reject 53300");
	PEER_UNTIL(&f.turner, now(&f).failed >= 2);
	assert_true(now(&f).sessions == 0 && now(&f).cut == 0);
	teardown(&f);
}

static void silence_is_a_time_out(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 2, 0, 100);
	PEER_UNTIL(&f.turner, now(&f).now == 2);
	command(&f, "hang");
	PEER_UNTIL(&f.turner, now(&f).cut == 2 && now(&f).failed >= 2);
	command(&f, "resume");
	PEER_UNTIL(&f.turner, now(&f).now == 2);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_connect_and_ask),
		cmocka_unit_test(short_lived_clients_leave_and_come_back),
		cmocka_unit_test(a_killed_node_cuts_sessions_and_fails_connects),
		cmocka_unit_test(a_refused_session_is_a_failed_connect),
		cmocka_unit_test(silence_is_a_time_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
