/* SPDX-License-Identifier: MIT */
/* Frontends: their limits, how they pause and close, and whom they let in how often. */
#include "engine/listener.h"

#include "core/ratetable.h"
#include "crew_fixture.h"

#include <sys/stat.h>

static struct topology_frontend *front_of(const struct rig *r)
{
	return rig_service(r)->frontends[0];
}

/* Is somebody let in within that time?  The server's end, or -1. */
static int let_in(const struct rig *r, int wait_ms)
{
	struct pollfd p = { .fd = r->listening[0], .events = POLLIN };

	return poll(&p, 1, wait_ms) == 1 ? rig_accept(r, 0) : -1;
}

static void a_paused_frontend_lets_clients_wait_and_goes_on(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 100);
	crew_pause_frontend(r.crew, front_of(&r), true);
	client = rig_connect(&r);
	assert_int_equal(let_in(&r, 50), -1);
	crew_pause_frontend(r.crew, front_of(&r), false);
	server = rig_accept(&r, 0);
	close(client);
	close(server);
	rig_wait_ended(&r, 1);
	rig_stop(&r, 1);
}

static void a_closed_frontend_refuses_and_keeps_its_sessions(void **state)
{
	struct rig r;
	char got;
	int client;
	int server;
	int late;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	server = rig_accept(&r, 0);
	crew_close_frontend(r.crew, front_of(&r));
	assert_int_equal(crew_listeners(r.crew), 0);
	assert_int_equal(crew_listener_count(r.crew), 1);
	assert_ptr_equal(crew_listener(r.crew, 0)->frontend, front_of(&r));
	/* Once more does nothing. */
	crew_close_frontend(r.crew, front_of(&r));
	crew_pause_frontend(r.crew, front_of(&r), false);
	late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(late, &r.front.sa, r.front.len), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(late);
	assert_int_equal(write(client, "x", 1), 1);
	assert_int_equal(read(server, &got, 1), 1);
	close(client);
	close(server);
	rig_wait_ended(&r, 1);
	rig_stop(&r, 1);
}

static void the_limit_of_a_frontend_can_be_changed(void **state)
{
	struct rig r;
	int clients[2];
	int servers[2];

	(void)state;
	rig_init(&r, 1);
	r.service.maxconn = 1;
	rig_start(&r, 1, 100);
	clients[0] = rig_connect(&r);
	servers[0] = rig_accept(&r, 0);
	clients[1] = rig_connect(&r);
	assert_int_equal(let_in(&r, 50), -1);
	atomic_store(&front_of(&r)->maxconn, 2);
	servers[1] = rig_accept(&r, 0);
	for (size_t i = 0; i < 2; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, 2);
	assert_int_equal(front_of(&r)->active_max, 2);
	assert_int_equal(front_of(&r)->active, 0);
	assert_int_equal(rig_service(&r)->active_max, 2);
	assert_int_equal(counter_get(&front_of(&r)->count, COUNTER_CONNECTIONS), 2);
	assert_int_equal(counter_get(&front_of(&r)->count, COUNTER_SESSIONS), 2);
	assert_int_equal(rig_of_service(&r, COUNTER_SESSIONS), 2);
	/* The service's sum is the frontend's. */
	assert_int_equal(counter_get(&front_of(&r)->count, COUNTER_BYTES_IN), 0);
	rig_stop(&r, 1);
}

static void the_limit_of_the_process_can_be_changed(void **state)
{
	struct rig r;
	int clients[2];
	int servers[2];

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 2, 2);
	crew_set_maxconn(r.crew, 1);
	clients[0] = rig_connect(&r);
	servers[0] = rig_accept(&r, 0);
	clients[1] = rig_connect(&r);
	assert_int_equal(let_in(&r, 50), -1);
	crew_set_maxconn(r.crew, 2);
	servers[1] = rig_accept(&r, 0);
	for (size_t i = 0; i < 2; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, 2);
	rig_stop(&r, 1);
}

static void run_rate(struct rig *r)
{
	int clients[4];
	int servers[4];

	for (size_t i = 0; i < 4; i++)
		clients[i] = rig_connect(r);
	servers[0] = rig_accept(r, 0);
	servers[1] = rig_accept(r, 0);
	/* The third has to wait until the first two are a while ago. */
	assert_int_equal(let_in(r, 100), -1);
	servers[2] = rig_accept(r, 0);
	servers[3] = rig_accept(r, 0);
	for (size_t i = 0; i < 4; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(r, 4);
	rig_stop(r, 1);
}

static void a_rate_limit_of_a_frontend_spreads_sessions(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 1);
	r.service.rate_limit = 2;
	rig_start(&r, 1, 100);
	run_rate(&r);
}

static void rate_limits_of_the_process_spread_connections_and_sessions(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 100);
	crew_set_rate_limits(r.crew, 2, 0);
	run_rate(&r);
	rig_init(&r, 1);
	rig_start(&r, 1, 100);
	crew_set_rate_limits(r.crew, 0, 2);
	run_rate(&r);
}

static void a_client_that_connects_too_often_is_reset(void **state)
{
	struct rig r;
	struct addr_ip self;
	struct addr self_addr;
	struct ratetable *table;
	struct ratetable_entry entry;
	char got;
	int clients[3];
	int servers[2];

	(void)state;
	rig_init(&r, 1);
	r.service.conn_rate_limit = (struct settings_rate_limit){ 2, 60000, 100 };
	rig_start(&r, 2, 100);
	for (size_t i = 0; i < 2; i++) {
		clients[i] = rig_connect(&r);
		servers[i] = rig_accept(&r, 0);
	}
	clients[2] = rig_connect(&r);
	assert_int_equal(read(clients[2], &got, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(counter_get(&front_of(&r)->count, COUNTER_DENIED), 1);
	assert_int_equal(counter_get(&front_of(&r)->count, COUNTER_SESSIONS), 2);
	assert_true(addr_parse_ip("127.0.0.1", 0, &self_addr));
	self = addr_pack(&self_addr);
	table = crew_lock_rates(r.crew, front_of(&r));
	assert_non_null(table);
	assert_ptr_equal(table, front_of(&r)->rates);
	assert_true(ratetable_find(table, &self, 0, &entry));
	ratetable_clear(table);
	crew_unlock_rates(r.crew, front_of(&r));
	close(clients[2]);
	clients[2] = rig_connect(&r);
	close(rig_accept(&r, 0));
	close(clients[2]);
	for (size_t i = 0; i < 2; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, 3);
	rig_stop(&r, 1);
}

static void without_a_limit_there_is_no_table(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, 1);
	rig_start(&r, 1, 100);
	assert_null(crew_lock_rates(r.crew, front_of(&r)));
	rig_stop(&r, 1);
}

/* Two frontends of one service, as HAProxy's with one default_backend. */
static void frontends_of_one_service_have_their_own_bytes_and_limits(void **state)
{
	struct settings_frontend fronts[2] = { { .name = "a", .maxconn = 7 },
		                               { .name = "b", .client_ms = 60 } };
	struct rig r;
	struct topology_frontend *f;
	char got;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	fronts[0].binds = fronts[1].binds = &r.bind;
	fronts[0].bind_count = fronts[1].bind_count = 1;
	r.service.frontends = fronts;
	r.service.frontend_count = 2;
	rig_start(&r, 1, 100);
	f = front_of(&r);
	client = rig_connect(&r);
	server = rig_accept(&r, 0);
	assert_int_equal(write(client, "hello", 5), 5);
	assert_int_equal(recv(server, &got, 1, MSG_WAITALL), 1);
	assert_int_equal(write(server, "hi", 2), 2);
	assert_int_equal(recv(client, &got, 1, MSG_WAITALL), 1);
	close(client);
	close(server);
	rig_wait_ended(&r, 1);
	assert_string_equal(r.ended[0].frontend->settings->name, "a");
	assert_int_equal(counter_get(&f->count, COUNTER_BYTES_IN), 5);
	assert_int_equal(counter_get(&f->count, COUNTER_BYTES_OUT), 2);
	assert_int_equal(counter_get(&rig_service(&r)->frontends[1]->count, COUNTER_BYTES_IN), 0);
	rig_stop(&r, 1);
}

static void a_unix_socket_gets_its_mode_and_owner(void **state)
{
	char path[] = "/tmp/test_listener.XXXXXX";
	struct rig r;
	struct listener *l;
	struct error err;
	struct stat st;

	(void)state;
	assert_true(mkdtemp(path) != NULL);
	rig_init(&r, 1);
	r.topology = topology_new(r.settings);
	snprintf(r.bind.addr.un.sun_path, sizeof(r.bind.addr.un.sun_path), "%s/s", path);
	r.bind.addr.un.sun_family = AF_UNIX;
	r.bind.addr.len = sizeof(r.bind.addr.un);
	r.bind.mode = 0606;
	r.bind.user = "0";
	r.bind.group = "nosuchgroup";
	assert_false(listener_open(front_of(&r), &r.bind, (struct listener_limits){ 0 }, &l, &err));
	assert_non_null(strstr(err.text, "there is no group \"nosuchgroup\""));
	assert_int_equal(stat(r.bind.addr.un.sun_path, &st), -1);
	r.bind.user = r.bind.group = NULL;
	assert_true(listener_open(front_of(&r), &r.bind, (struct listener_limits){ 0 }, &l, &err));
	assert_int_equal(stat(r.bind.addr.un.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0606);
	listener_free(l);
	assert_int_equal(stat(r.bind.addr.un.sun_path, &st), -1);
	rmdir(path);
	rig_stop(&r, 1);
}

static void what_begins_is_told_where_the_log_asks_for_it(void **state)
{
	struct rig r;

	(void)state;
	for (int asap = 0; asap <= 1; asap++) {
		int client;
		int server;

		rig_init(&r, 1);
		r.service.logasap = asap;
		r.service.session_log = asap ? SETTINGS_SESSION_TCPLOG : SETTINGS_SESSION_CONNECT;
		rig_start(&r, 1, 100);
		client = rig_connect(&r);
		server = rig_accept(&r, 0);
		rig_wait_connected(&r, 1);
		close(client);
		close(server);
		rig_wait_ended(&r, 1);
		assert_int_equal(r.begun_count, 1);
		assert_int_equal(r.begun[0].id, r.ended[0].id);
		assert_int_equal(r.begun[0].server != NULL, asap);
		if (!asap)
			assert_int_equal(r.begun[0].frontend_addr.port, addr_port(&r.front));
		rig_stop(&r, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_paused_frontend_lets_clients_wait_and_goes_on),
		cmocka_unit_test(a_closed_frontend_refuses_and_keeps_its_sessions),
		cmocka_unit_test(the_limit_of_a_frontend_can_be_changed),
		cmocka_unit_test(the_limit_of_the_process_can_be_changed),
		cmocka_unit_test(a_rate_limit_of_a_frontend_spreads_sessions),
		cmocka_unit_test(rate_limits_of_the_process_spread_connections_and_sessions),
		cmocka_unit_test(a_client_that_connects_too_often_is_reset),
		cmocka_unit_test(without_a_limit_there_is_no_table),
		cmocka_unit_test(frontends_of_one_service_have_their_own_bytes_and_limits),
		cmocka_unit_test(a_unix_socket_gets_its_mode_and_owner),
		cmocka_unit_test(what_begins_is_told_where_the_log_asks_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
