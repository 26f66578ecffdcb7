/* SPDX-License-Identifier: MIT */
/*
 * The ends of sessions that never had a server, as test_session.c has those of the others: the
 * table of scenarios that was measured with HAProxy 2.6.
 */
#include "crew_fixture.h"

static void refused_until_the_retries_are_over_is_SC(void **state)
{
	struct rig r;
	const struct record *e;
	char got;
	int client;

	(void)state;
	rig_init(&r, 1);
	r.service.retries = 1;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), 0);
	e = rig_end(&r);
	rig_assert_code(e, "SC");
	assert_int_equal(e->connect_ms, -1);
	assert_in_range(e->queue_ms, 0, 500);
	assert_int_equal(e->retries, 1);
	/* As the servers of the others: itself included. */
	assert_int_equal(e->server_conns, 1);
	assert_int_equal(rig_of_server(&r, COUNTER_CONNECT_ERRORS), 1);
	assert_int_equal(rig_of_server(&r, COUNTER_SESSIONS), 2);
	assert_int_equal(rig_of_server(&r, COUNTER_RETRIES), 1);
	assert_int_equal(rig_service(&r)->servers[0]->errors, 2);
	close(client);
	rig_stop(&r, 1);
}

enum { CROWD = 8 };

/* Makes the queue of a listening socket full: the kernel drops what else comes. */
static void make_deaf(int fd, int crowd[CROWD])
{
	struct addr at;

	assert_true(sock_local(fd, &at));
	assert_int_equal(listen(fd, 0), 0);
	for (size_t i = 0; i < CROWD; i++) {
		crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_int_equal(connect(crowd[i], &at.sa, at.len), -1);
		assert_int_equal(errno, EINPROGRESS);
	}
}

static void start_deaf(struct rig *r, int crowd[CROWD])
{
	make_deaf(r->listening[0], crowd);
	rig_start(r, 1, 100);
}

static void end_crowd(int crowd[CROWD])
{
	for (size_t i = 0; i < CROWD; i++)
		close(crowd[i]);
}

static void a_server_that_does_not_answer_is_sC(void **state)
{
	struct rig r;
	const struct record *e;
	int crowd[CROWD];
	char got;
	int client;

	(void)state;
	rig_init(&r, 1);
	r.service.retries = 1;
	r.service.redispatch = false;
	r.service.timeout.connect_ms = 60;
	start_deaf(&r, crowd);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), 0);
	e = rig_end(&r);
	rig_assert_code(e, "sC");
	assert_int_equal(e->connect_ms, -1);
	assert_int_equal(e->retries, 1);
	assert_in_range(e->total_ms, 119, 4000);
	close(client);
	end_crowd(crowd);
	rig_stop(&r, 1);
}

static void the_clients_limit_also_counts_during_retries(void **state)
{
	struct rig r;
	const struct record *e;
	char got;
	int client;

	(void)state;
	rig_init(&r, 1);
	r.service.redispatch = false;
	r.service.timeout.client_ms = 300;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), 0);
	e = rig_end(&r);
	assert_int_equal(e->reason, REASON_CLIENT_IDLE);
	assert_int_equal(e->connect_ms, -1);
	assert_in_range(e->total_ms, 299, 900);
	close(client);
	rig_stop(&r, 1);
}

static void refused_and_redispatched_is_normal_with_one_retry(void **state)
{
	struct rig r;
	const struct record *e;
	int client;
	int server;

	(void)state;
	rig_init(&r, 2);
	r.service.replay = false;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	client = rig_connect(&r);
	server = rig_accept(&r, 1);
	close(client);
	close(server);
	e = rig_end(&r);
	rig_assert_code(e, "--");
	assert_int_equal(e->retries, 1);
	assert_true(e->redispatched);
	assert_int_equal(rig_of_server(&r, COUNTER_REDISPATCHES), 1);
	rig_stop(&r, 2);
}

static void no_usable_server_is_SC_at_once(void **state)
{
	struct rig r;
	const struct record *e;
	char got;
	int client;

	(void)state;
	rig_init(&r, 1);
	r.servers[0].weight = 0;
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), 0);
	e = rig_end(&r);
	rig_assert_code(e, "SC");
	rig_assert_no_server(e);
	assert_int_equal(rig_of_service(&r, COUNTER_CONNECT_ERRORS), 1);
	close(client);
	rig_stop(&r, 1);
}

/* One session has the only place, the next waits; both ends of the first are returned. */
static int start_full(struct rig *r, uint32_t queue_ms, int *ret_first, int *ret_server)
{
	rig_init(r, 1);
	r->servers[0].maxconn = 1;
	r->service.timeout.queue_ms = queue_ms;
	rig_start(r, 1, 100);
	*ret_first = rig_connect(r);
	*ret_server = rig_accept(r, 0);
	return rig_connect(r);
}

static void end_full(struct rig *r, int first, int server)
{
	close(first);
	close(server);
	rig_wait_ended(r, 2);
	rig_stop(r, 1);
}

static void too_long_in_line_is_sQ(void **state)
{
	struct rig r;
	const struct record *e;
	char got;
	int first;
	int server;
	int client;

	(void)state;
	client = start_full(&r, 80, &first, &server);
	assert_int_equal(read(client, &got, 1), 0);
	e = rig_end(&r);
	rig_assert_code(e, "sQ");
	assert_null(e->server);
	assert_in_range(e->queue_ms, 80, 2000);
	assert_int_equal(e->connect_ms, -1);
	assert_int_equal(e->service_queue, 1);
	assert_int_equal(rig_of_service(&r, COUNTER_CONNECT_ERRORS), 1);
	close(client);
	end_full(&r, first, server);
}

static void without_a_queue_limit_the_connect_limit_counts(void **state)
{
	struct rig r;
	char got;
	int first;
	int server;
	int client;

	(void)state;
	rig_init(&r, 1);
	r.servers[0].maxconn = 1;
	r.service.timeout.queue_ms = 0;
	r.service.timeout.connect_ms = 80;
	rig_start(&r, 1, 100);
	rig_join(&r, &first, &server);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), 0);
	rig_assert_code(rig_end(&r), "sQ");
	close(client);
	end_full(&r, first, server);
}

/* A place is free and the first in line not called yet; the line is too long for a third one. */
static void who_stands_back_and_is_refused_leaves_the_place_to_the_line(void **state)
{
	struct rig r;
	struct topology_server *s;
	char got;
	int client[3];
	int server[2];

	(void)state;
	rig_init(&r, 1);
	r.servers[0].maxconn = r.servers[0].maxqueue = 1;
	r.service.timeout.queue_ms = 60000;
	r.service.balance = SETTINGS_SOURCE;
	rig_start(&r, 1, 100);
	s = rig_service(&r)->servers[0];
	rig_join(&r, &client[0], &server[0]);
	client[1] = rig_connect(&r);
	rig_wait_count(&s->queued, 1);
	atomic_store(&s->maxconn, 2);
	client[2] = rig_connect(&r);
	assert_int_equal(read(client[2], &got, 1), 0);
	assert_int_equal(s->active, 2);
	server[1] = rig_accept(&r, 0);
	close(client[2]);
	close(client[1]);
	close(server[1]);
	close(client[0]);
	close(server[0]);
	rig_wait_ended(&r, 3);
	rig_stop(&r, 1);
}

static void a_reset_in_line_is_CD(void **state)
{
	struct rig r;
	const struct record *e;
	int first;
	int server;
	int client = start_full(&r, 5000, &first, &server);

	(void)state;
	rig_wait_count(&rig_service(&r)->queued, 1);
	rig_reset(client);
	e = rig_end(&r);
	rig_assert_code(e, "CD");
	assert_null(e->server);
	assert_in_range(e->queue_ms, 0, 900);
	assert_int_equal(rig_of_service(&r, COUNTER_CLIENT_ABORTS), 1);
	end_full(&r, first, server);
}

static void an_end_in_line_without_a_byte_is_CQ(void **state)
{
	struct rig r;
	int first;
	int server;
	int client = start_full(&r, 5000, &first, &server);

	(void)state;
	rig_wait_count(&rig_service(&r)->queued, 1);
	close(client);
	rig_assert_code(rig_end(&r), "CQ");
	end_full(&r, first, server);
}

static void an_end_in_line_after_a_question_is_ignored(void **state)
{
	struct rig r;
	char got;
	int first;
	int server;
	int client = start_full(&r, 200, &first, &server);

	(void)state;
	assert_int_equal(write(client, "q", 1), 1);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	/* An RST: its question was never read. */
	assert_int_equal(read(client, &got, 1), -1);
	rig_assert_code(rig_end(&r), "sQ");
	close(client);
	end_full(&r, first, server);
}

static void run_leave_while_connecting(void (*leave)(int fd), const char *code)
{
	struct rig r;
	const struct record *e;
	int crowd[CROWD];
	int client;

	rig_init(&r, 1);
	start_deaf(&r, crowd);
	client = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->servers[0]->active, 1);
	leave(client);
	e = rig_end(&r);
	rig_assert_code(e, code);
	assert_int_equal(e->connect_ms, -1);
	assert_ptr_equal(e->server, rig_service(&r)->servers[0]);
	end_crowd(crowd);
	rig_stop(&r, 1);
}

static void close_it(int fd)
{
	close(fd);
}

static void a_reset_while_connecting_is_CD(void **state)
{
	(void)state;
	run_leave_while_connecting(rig_reset, "CD");
}

static void an_end_while_connecting_without_a_byte_is_CC(void **state)
{
	(void)state;
	run_leave_while_connecting(close_it, "CC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_until_the_retries_are_over_is_SC),
		cmocka_unit_test(a_server_that_does_not_answer_is_sC),
		cmocka_unit_test(the_clients_limit_also_counts_during_retries),
		cmocka_unit_test(refused_and_redispatched_is_normal_with_one_retry),
		cmocka_unit_test(no_usable_server_is_SC_at_once),
		cmocka_unit_test(too_long_in_line_is_sQ),
		cmocka_unit_test(without_a_queue_limit_the_connect_limit_counts),
		cmocka_unit_test(who_stands_back_and_is_refused_leaves_the_place_to_the_line),
		cmocka_unit_test(a_reset_in_line_is_CD),
		cmocka_unit_test(an_end_in_line_without_a_byte_is_CQ),
		cmocka_unit_test(an_end_in_line_after_a_question_is_ignored),
		cmocka_unit_test(a_reset_while_connecting_is_CD),
		cmocka_unit_test(an_end_while_connecting_without_a_byte_is_CC),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
