/* SPDX-License-Identifier: MIT */
/*
 * How each kind of end is told: the table of scenarios that was measured with HAProxy 2.6, one test
 * a row, with its two letters, its times (Tw/Tc) and what is counted.
 */
#include "engine/session.h"

#include "crew_fixture.h"

static void a_client_that_reads_and_closes_is_normal(void **state)
{
	struct rig r;
	const struct record *e;
	char got;
	int client;
	int server;

	(void)state;
	rig_begin(&r, &client, &server);
	assert_int_equal(write(client, "q", 1), 1);
	assert_int_equal(read(server, &got, 1), 1);
	assert_int_equal(write(server, "a", 1), 1);
	assert_int_equal(read(client, &got, 1), 1);
	close(client);
	assert_int_equal(read(server, &got, 1), 0);
	close(server);
	e = rig_end(&r);
	rig_assert_code(e, "--");
	assert_int_equal(e->bytes_in, 1);
	assert_int_equal(e->bytes_out, 1);
	assert_int_equal(e->service_queue, 0);
	assert_int_equal(e->process_conns, 1);
	assert_int_equal(e->frontend_conns, 1);
	assert_int_equal(e->service_conns, 1);
	assert_int_equal(e->server_conns, 1);
	assert_ptr_equal(e->frontend, rig_service(&r)->frontends[0]);
	rig_stop(&r, 1);
}

static void a_client_that_closes_without_a_byte_is_normal(void **state)
{
	struct rig r;
	const struct record *e;
	int server;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 100);
	close(rig_connect(&r));
	server = rig_accept(&r, 0);
	close(server);
	e = rig_end(&r);
	rig_assert_code(e, "--");
	assert_int_equal(e->bytes_in + e->bytes_out, 0);
	rig_stop(&r, 1);
}

static void a_client_reset_after_data_is_CD(void **state)
{
	struct rig r;
	char got;
	int client;
	int server;

	(void)state;
	rig_begin(&r, &client, &server);
	assert_int_equal(write(client, "q", 1), 1);
	assert_int_equal(read(server, &got, 1), 1);
	rig_reset(client);
	rig_assert_code(rig_end(&r), "CD");
	assert_int_equal(rig_of_server(&r, COUNTER_CLIENT_ABORTS), 1);
	close(server);
	rig_stop(&r, 1);
}

static void a_client_that_resets_at_once_disturbs_no_server(void **state)
{
	struct rig r;
	struct topology_frontend *f;
	const struct record *e;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 100);
	f = rig_service(&r)->frontends[0];
	crew_pause_frontend(r.crew, f, true);
	rig_reset(rig_connect(&r));
	crew_pause_frontend(r.crew, f, false);
	e = rig_end(&r);
	assert_int_equal(e->reason, REASON_CONNECT_LEFT);
	rig_assert_no_server(e);
	assert_int_equal(rig_of_server(&r, COUNTER_SESSIONS), 0);
	assert_int_equal(rig_of_service(&r, COUNTER_CLIENT_ABORTS), 1);
	rig_stop(&r, 1);
}

static void run_idle(uint32_t client_ms, uint32_t server_ms, const char *code)
{
	struct rig r;
	char got;
	int client;
	int server;

	rig_init(&r, 1);
	r.service.timeout.client_ms = client_ms;
	r.service.timeout.server_ms = server_ms;
	rig_start(&r, 1, 100);
	rig_join(&r, &client, &server);
	assert_int_equal(read(client, &got, 1), 0);
	rig_assert_code(rig_end(&r), code);
	close(client);
	close(server);
	rig_stop(&r, 1);
}

static void an_idle_client_is_cD(void **state)
{
	(void)state;
	run_idle(60, 60, "cD");
}

static void an_idle_server_with_the_shorter_limit_is_sD(void **state)
{
	(void)state;
	run_idle(5000, 60, "sD");
}

static void a_denied_client_is_reset_and_not_told_of(void **state)
{
	struct rig r;
	struct addr_net net;
	struct topology_frontend *f;
	char got;
	int client;

	(void)state;
	rig_init(&r, 1);
	assert_true(addr_net_parse("127.0.0.0/8", &net, NULL));
	r.service.deny = &net;
	r.service.deny_count = 1;
	rig_start(&r, 1, 100);
	f = rig_service(&r)->frontends[0];
	client = rig_connect(&r);
	assert_int_equal(read(client, &got, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	close(client);
	crew_drain(r.crew, rig_take, &r);
	assert_int_equal(r.ended_count, 0);
	assert_int_equal(counter_get(&f->count, COUNTER_DENIED), 1);
	assert_int_equal(counter_get(&f->count, COUNTER_CONNECTIONS), 1);
	assert_int_equal(counter_get(&f->count, COUNTER_SESSIONS), 0);
	rig_stop(&r, 1);
}

static void run_server_reset(size_t bytes)
{
	struct rig r;
	char got;
	int client;
	int server;

	rig_init(&r, 1);
	r.service.replay = false;
	r.servers[0].observe = true;
	rig_start(&r, 1, 100);
	rig_join(&r, &client, &server);
	rig_wait_connected(&r, 1);
	if (bytes) {
		assert_int_equal(write(server, "a", 1), 1);
		assert_int_equal(read(client, &got, 1), 1);
	}
	rig_reset(server);
	rig_assert_code(rig_end(&r), "SD");
	assert_int_equal(rig_of_server(&r, COUNTER_SERVER_ABORTS), 1);
	/* It counts as an error of the server only before it has said anything. */
	assert_int_equal(r.server_errors, bytes ? 0 : 1);
	assert_int_equal(rig_service(&r)->servers[0]->errors, bytes ? 0 : 1);
	close(client);
	rig_stop(&r, 1);
}

static void a_server_reset_is_SD(void **state)
{
	(void)state;
	run_server_reset(0);
	run_server_reset(1);
}

static void run_cut(enum reason reason, const char *code)
{
	struct rig r;
	char got;
	int client;
	int server;

	rig_begin(&r, &client, &server);
	assert_int_equal(crew_end_sessions(r.crew, rig_service(&r)->servers[0], reason), 1);
	assert_int_equal(read(client, &got, 1), 0);
	rig_assert_code(rig_end(&r), code);
	assert_int_equal(rig_of_server(&r, COUNTER_CUT), 1);
	close(client);
	close(server);
	rig_stop(&r, 1);
}

static void what_sluice_cuts_has_the_documented_letters(void **state)
{
	(void)state;
	run_cut(REASON_SERVER_DOWN, "DD");
	run_cut(REASON_PRIMARY_UP, "UD");
	run_cut(REASON_KILLED, "KD");
}

static void the_longest_time_without_a_connection_is_kept(void **state)
{
	struct rig r;
	struct topology_service *service;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 100);
	service = rig_service(&r);
	assert_int_equal(service->connected_ms, 0);
	for (int i = 0; i < 3; i++) {
		int client = rig_connect(&r);

		close(rig_accept(&r, 0));
		close(client);
		rig_wait_ended(&r, (size_t)i + 1);
		/* The first has nothing before it, the third comes at once. */
		assert_in_range(service->gap_max_ms, i ? 50 : 0, i ? 4000 : 0);
		if (!i)
			poll(NULL, 0, 51);
	}
	assert_true(service->connected_ms > 0);
	rig_stop(&r, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_that_reads_and_closes_is_normal),
		cmocka_unit_test(a_client_that_closes_without_a_byte_is_normal),
		cmocka_unit_test(a_client_reset_after_data_is_CD),
		cmocka_unit_test(a_client_that_resets_at_once_disturbs_no_server),
		cmocka_unit_test(an_idle_client_is_cD),
		cmocka_unit_test(an_idle_server_with_the_shorter_limit_is_sD),
		cmocka_unit_test(a_denied_client_is_reset_and_not_told_of),
		cmocka_unit_test(a_server_reset_is_SD),
		cmocka_unit_test(what_sluice_cuts_has_the_documented_letters),
		cmocka_unit_test(the_longest_time_without_a_connection_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
