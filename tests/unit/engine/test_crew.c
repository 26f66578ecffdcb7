/* SPDX-License-Identifier: MIT */
#include "crew_fixture.h"

static void a_session_carries_bytes_both_ways_and_ends_normally(void **state)
{
	struct rig r;
	char got[16];
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	assert_int_equal(write(client, "question", 8), 8);
	server = rig_accept(&r, 0);
	assert_int_equal(read(server, got, sizeof(got)), 8);
	assert_int_equal(write(server, "reply", 5), 5);
	assert_int_equal(read(client, got, sizeof(got)), 5);
	shutdown(client, SHUT_WR);
	assert_int_equal(read(server, got, sizeof(got)), 0);
	/* Half-closed: the other direction goes on. */
	assert_int_equal(write(server, "more", 4), 4);
	assert_int_equal(read(client, got, sizeof(got)), 4);
	close(server);
	assert_int_equal(read(client, got, sizeof(got)), 0);
	close(client);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_NORMAL);
	assert_int_equal(r.ended[0].bytes_in, 8);
	assert_int_equal(r.ended[0].bytes_out, 9);
	assert_int_equal(crew_connections(r.crew), 0);
	assert_int_equal(crew_load(r.crew, 0), 0);
	assert_int_equal(r.topology->services[0]->servers[0]->active, 0);
	rig_stop(&r, 1);
}

static void a_refused_connect_goes_to_the_next_server(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 2);
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	client = rig_connect(&r);
	server = rig_accept(&r, 1);
	close(server);
	close(client);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].retries, 1);
	assert_true(r.ended[0].redispatched);
	assert_int_equal(r.connect_failures, 1);
	rig_stop(&r, 2);
}

static void without_redispatch_a_session_stays_with_its_server(void **state)
{
	struct rig r;
	char got;
	int client;

	(void)state;
	rig_init(&r, 2);
	r.service.redispatch = false;
	r.service.retries = 1;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), 0);
	close(client);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_CONNECT_REFUSED);
	assert_string_equal(r.ended[0].server->settings->name, "n1");
	assert_int_equal(r.ended[0].retries, 1);
	assert_false(r.ended[0].redispatched);
	assert_int_equal(r.connect_failures, 2);
	rig_stop(&r, 2);
}

static void with_every_server_refusing_the_session_ends_with_the_reason(void **state)
{
	struct rig r;
	char got;
	int client;

	(void)state;
	rig_init(&r, 2);
	r.service.retries = 1;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	rig_refuse(&r, 1);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), 0);
	close(client);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_CONNECT_REFUSED);
	assert_int_equal(r.ended[0].connect_ms, -1);
	rig_stop(&r, 2);
}

static void an_unusable_service_ends_sessions_at_once(void **state)
{
	struct rig r;
	char got;
	int client;

	(void)state;
	rig_init(&r, 1);
	r.servers[0].weight = 0;
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), 0);
	close(client);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_NO_SERVER);
	assert_null(r.ended[0].server);
	rig_stop(&r, 1);
}

static void a_reset_is_passed_on_as_a_reset(void **state)
{
	struct rig r;
	char got;
	int client;
	int server;

	(void)state;
	rig_begin(&r, &client, &server);
	assert_int_equal(write(client, "x", 1), 1);
	assert_int_equal(read(server, &got, 1), 1);
	/* Once it was heard no other server can take its place. */
	rig_send(server, "y", 1);
	rig_expect(client, "y", 1);
	rig_reset(server);
	assert_int_equal(read(client, &got, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	close(client);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_SERVER_RESET);

	rig_join(&r, &client, &server);
	assert_int_equal(write(client, "x", 1), 1);
	assert_int_equal(read(server, &got, 1), 1);
	rig_reset(client);
	assert_int_equal(read(server, &got, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	close(server);
	rig_wait_ended(&r, 2);
	assert_int_equal(r.ended[1].reason, REASON_CLIENT_RESET);
	rig_stop(&r, 1);
}

static void silence_ends_a_session_after_the_shorter_limit(void **state)
{
	static const struct {
		uint32_t client_ms, server_ms;
		enum reason reason;
	} cases[] = {
		{ 50, 0, REASON_CLIENT_IDLE },
		{ 0, 50, REASON_SERVER_IDLE },
		{ 50, 50, REASON_CLIENT_IDLE },
		{ 5000, 50, REASON_SERVER_IDLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig r;
		char got;
		int client;
		int server;

		rig_init(&r, 1);
		r.service.timeout.client_ms = cases[i].client_ms;
		r.service.timeout.server_ms = cases[i].server_ms;
		rig_start(&r, 1, 100);
		client = rig_connect(&r);
		server = rig_accept(&r, 0);
		assert_int_equal(read(client, &got, 1), 0);
		rig_wait_ended(&r, 1);
		assert_int_equal(r.ended[0].reason, cases[i].reason);
		assert_in_range(r.ended[0].total_ms, 49, 4000);
		close(client);
		close(server);
		rig_stop(&r, 1);
	}
}

static void accepting_pauses_at_maxconn_and_resumes(void **state)
{
	struct rig r;
	int clients[3];
	int servers[3];

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 2);
	for (size_t i = 0; i < 3; i++)
		clients[i] = rig_connect(&r);
	servers[0] = rig_accept(&r, 0);
	servers[1] = rig_accept(&r, 0);
	assert_int_equal(crew_connections(r.crew), 2);
	close(clients[0]);
	close(servers[0]);
	servers[2] = rig_accept(&r, 0);
	for (size_t i = 1; i < 3; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, 3);
	rig_stop(&r, 1);
}

static void a_full_server_makes_sessions_wait_for_it(void **state)
{
	struct rig r;
	int first;
	int second;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.servers[0].maxconn = 1;
	rig_start(&r, 2, 100);
	rig_join(&r, &first, &server);
	second = rig_connect(&r);
	close(first);
	close(server);
	server = rig_accept(&r, 0);
	close(server);
	close(second);
	rig_wait_ended(&r, 2);
	assert_int_equal(r.ended[1].reason, REASON_NORMAL);
	assert_int_equal(r.topology->services[0]->servers[0]->active_max, 1);
	rig_stop(&r, 1);
}

static void eight_long_sessions_are_spread_over_four_workers(void **state)
{
	struct rig r;
	int clients[8];
	int servers[8];

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 4, 100);
	for (size_t i = 0; i < 8; i++) {
		clients[i] = rig_connect(&r);
		servers[i] = rig_accept(&r, 0);
	}
	for (uint32_t i = 0; i < 4; i++)
		assert_in_range(crew_load(r.crew, i), 1, 3);
	for (size_t i = 0; i < 8; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, 8);
	rig_stop(&r, 1);
}

static void roundrobin_is_one_order_over_all_workers(void **state)
{
	struct rig r;
	int clients[9];
	int servers[9];

	(void)state;
	rig_init(&r, 3);
	rig_start(&r, 3, 100);
	for (size_t i = 0; i < 9; i++) {
		clients[i] = rig_connect(&r);
		servers[i] = rig_accept(&r, i % 3);
	}
	for (size_t i = 0; i < 9; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, 9);
	rig_stop(&r, 3);
}

static void sessions_are_listed_and_ended_by_id_and_by_server(void **state)
{
	struct rig r;
	int clients[4];
	int servers[4];
	struct record *list;
	size_t count;
	char got;

	(void)state;
	rig_init(&r, 2);
	rig_start(&r, 2, 100);
	for (size_t i = 0; i < 4; i++) {
		clients[i] = rig_connect(&r);
		servers[i] = rig_accept(&r, i % 2);
	}
	list = crew_sessions(r.crew, &count);
	assert_int_equal(count, 4);
	assert_false(list[0].ended);
	assert_true(crew_kill(r.crew, list[0].id));
	assert_false(crew_kill(r.crew, list[0].id));
	assert_false(crew_kill(r.crew, 0));
	assert_int_equal(read(clients[0], &got, 1), 0);
	assert_int_equal(
	    crew_end_sessions(r.crew, r.topology->services[0]->servers[1], REASON_SERVER_DOWN), 2);
	free(list);
	rig_wait_ended(&r, 3);
	assert_int_equal(r.ended[0].reason, REASON_KILLED);
	assert_int_equal(r.ended[2].reason, REASON_SERVER_DOWN);
	assert_int_equal(crew_connections(r.crew), 1);
	for (size_t i = 0; i < 4; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, 4);
	rig_stop(&r, 2);
}

static void what_a_server_said_before_it_broke_is_delivered(void **state)
{
	struct rig r;
	char got[32];
	int client;
	int server;

	(void)state;
	rig_begin(&r, &client, &server);
	/* Closing with unread bytes makes the kernel answer with an RST. */
	assert_int_equal(write(client, "hello", 5), 5);
	assert_int_equal(recv(server, got, 5, MSG_PEEK | MSG_WAITALL), 5);
	assert_int_equal(write(server, "go away", 7), 7);
	close(server);
	assert_int_equal(recv(client, got, 7, MSG_WAITALL), 7);
	assert_memory_equal(got, "go away", 7);
	close(client);
	rig_wait_ended(&r, 1);
	rig_stop(&r, 1);
}

/* Fills the way to the server until the balancer takes no more; the server does not read. */
static void stuff(int client)
{
	static const char filling[65536];
	struct timeval limit = { .tv_usec = 200000 };

	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
	while (write(client, filling, sizeof(filling)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
}

static void a_client_that_resets_while_its_server_does_not_read_is_noticed(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_begin(&r, &client, &server);
	stuff(client);
	rig_reset(client);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_CLIENT_RESET);
	close(server);
	rig_stop(&r, 1);
}

static void a_client_that_resets_while_it_waits_gives_its_place_up(void **state)
{
	struct rig r;
	int first;
	int second;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.servers[0].maxconn = 1;
	rig_start(&r, 1, 100);
	rig_join(&r, &first, &server);
	second = rig_connect(&r);
	rig_wait_count(&r.topology->services[0]->queued, 1);
	rig_reset(second);
	rig_wait_ended(&r, 1);
	assert_int_equal(r.ended[0].reason, REASON_CLIENT_RESET);
	assert_null(r.ended[0].server);
	close(first);
	close(server);
	rig_wait_ended(&r, 2);
	rig_stop(&r, 1);
}

static void denied_addresses_are_reset_and_counted(void **state)
{
	struct rig r;
	struct addr_net net;
	char got;
	int client;

	(void)state;
	rig_init(&r, 1);
	assert_true(addr_net_parse("127.0.0.0/8", &net, NULL));
	r.service.deny = &net;
	r.service.deny_count = 1;
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	close(client);
	assert_int_equal(counter_get(&r.topology->services[0]->frontends[0]->count, COUNTER_DENIED),
	                 1);
	rig_stop(&r, 1);
}

static void stopping_ends_what_is_left(void **state)
{
	struct rig r;
	char got;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 100);
	rig_join(&r, &client, &server);
	crew_stop_listening(r.crew);
	assert_int_equal(crew_listeners(r.crew), 0);
	assert_int_equal(crew_end_sessions(r.crew, NULL, REASON_STOPPING), 1);
	assert_int_equal(read(client, &got, 1), 0);
	assert_int_equal(read(server, &got, 1), 0);
	close(client);
	close(server);
	rig_stop(&r, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_carries_bytes_both_ways_and_ends_normally),
		cmocka_unit_test(a_refused_connect_goes_to_the_next_server),
		cmocka_unit_test(without_redispatch_a_session_stays_with_its_server),
		cmocka_unit_test(with_every_server_refusing_the_session_ends_with_the_reason),
		cmocka_unit_test(an_unusable_service_ends_sessions_at_once),
		cmocka_unit_test(a_reset_is_passed_on_as_a_reset),
		cmocka_unit_test(silence_ends_a_session_after_the_shorter_limit),
		cmocka_unit_test(accepting_pauses_at_maxconn_and_resumes),
		cmocka_unit_test(a_full_server_makes_sessions_wait_for_it),
		cmocka_unit_test(eight_long_sessions_are_spread_over_four_workers),
		cmocka_unit_test(roundrobin_is_one_order_over_all_workers),
		cmocka_unit_test(sessions_are_listed_and_ended_by_id_and_by_server),
		cmocka_unit_test(what_a_server_said_before_it_broke_is_delivered),
		cmocka_unit_test(a_client_that_resets_while_its_server_does_not_read_is_noticed),
		cmocka_unit_test(a_client_that_resets_while_it_waits_gives_its_place_up),
		cmocka_unit_test(denied_addresses_are_reset_and_counted),
		cmocka_unit_test(stopping_ends_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
