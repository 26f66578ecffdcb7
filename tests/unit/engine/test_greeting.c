/* SPDX-License-Identifier: MIT */
/* PROXY headers: those of clients, and those that servers get. */
#include "net/proxyproto.h"

#include "crew_fixture.h"

static const char line[] = "PROXY TCP4 192.0.2.7 198.51.100.9 4711 26257\r\n";

/* Reads exactly `len` bytes. */
static void expect_bytes(int fd, const void *bytes, size_t len)
{
	char got[512];

	assert_true(len <= sizeof(got));
	assert_int_equal(recv(fd, got, len, MSG_WAITALL), len);
	assert_memory_equal(got, bytes, len);
}

static struct addr ip(const char *host, uint16_t port)
{
	struct addr a;

	assert_true(addr_parse_ip(host, port, &a));
	return a;
}

static void start(struct rig *r)
{
	rig_init(r, 1);
	r->bind.accept_proxy = true;
	rig_start(r, 2, 100);
}

static void assert_client(const struct record *e, const char *host, uint16_t port)
{
	struct addr wanted = ip(host, port);
	struct addr got = addr_unpack(&e->client);

	assert_true(addr_equal(&wanted, &got));
}

static void the_clients_address_is_the_headers_and_the_server_gets_the_rest(void **state)
{
	struct rig r;
	int client;
	int server;

	(void)state;
	start(&r);
	client = rig_connect(&r);
	assert_int_equal(write(client, line, sizeof(line) - 1), sizeof(line) - 1);
	server = rig_accept(&r, 0);
	assert_int_equal(write(client, "hello", 5), 5);
	expect_bytes(server, "hello", 5);
	close(client);
	close(server);
	assert_client(rig_end(&r), "192.0.2.7", 4711);
	assert_int_equal(r.ended[0].bytes_in, 5);
	assert_int_equal(rig_of_service(&r, COUNTER_SESSIONS), 1);
	rig_stop(&r, 1);
}

static void a_header_may_come_in_pieces_and_with_the_first_bytes(void **state)
{
	static const char tail[] = "198.51.100.9 4711 26257\r\nhello";
	struct rig r;
	int client;
	int server;

	(void)state;
	start(&r);
	client = rig_connect(&r);
	assert_int_equal(write(client, "PROXY TCP4 ", 11), 11);
	/* Taken before the rest comes: */
	rig_wait_count(&rig_service(&r)->active, 1);
	poll(NULL, 0, 20);
	assert_int_equal(write(client, "192.0.2.7 ", 10), 10);
	poll(NULL, 0, 20);
	assert_int_equal(write(client, tail, sizeof(tail) - 1), sizeof(tail) - 1);
	server = rig_accept(&r, 0);
	expect_bytes(server, "hello", 5);
	close(client);
	close(server);
	assert_client(rig_end(&r), "192.0.2.7", 4711);
	assert_int_equal(r.ended[0].bytes_in, 5);
	rig_stop(&r, 1);
}

static void a_local_header_keeps_the_real_address(void **state)
{
	char header[PROXYPROTO_V2_PLAIN];
	size_t len = proxyproto_write_v2(NULL, NULL, NULL, 0, header, sizeof(header));
	struct rig r;
	struct addr real;
	int client;
	int server;

	(void)state;
	start(&r);
	client = rig_connect(&r);
	assert_true(sock_local(client, &real));
	assert_int_equal(write(client, header, len), len);
	server = rig_accept(&r, 0);
	close(client);
	close(server);
	assert_client(rig_end(&r), "127.0.0.1", addr_port(&real));
	rig_stop(&r, 1);
}

static void run_bad(const char *bytes, size_t len, uint32_t client_ms, bool ends)
{
	struct rig r;
	struct topology_frontend *f;
	const struct record *e;
	char got;
	int client;

	rig_init(&r, 1);
	r.bind.accept_proxy = true;
	r.service.timeout.client_ms = client_ms;
	rig_start(&r, 1, 100);
	f = rig_service(&r)->frontends[0];
	client = rig_connect(&r);
	if (len)
		assert_int_equal(write(client, bytes, len), len);
	if (ends)
		shutdown(client, SHUT_WR);
	assert_true(read(client, &got, 1) <= 0);
	e = rig_end(&r);
	assert_int_equal(e->reason, REASON_BAD_PROXY_HEADER);
	rig_assert_code(e, "PR");
	rig_assert_no_server(e);
	assert_int_equal(counter_get(&f->count, COUNTER_DENIED_SESSIONS), 1);
	assert_int_equal(counter_get(&f->count, COUNTER_CONNECTIONS), 1);
	assert_int_equal(counter_get(&f->count, COUNTER_SESSIONS), 0);
	assert_int_equal(f->active, 0);
	close(client);
	rig_stop(&r, 1);
}

static void a_bad_header_a_missing_one_and_a_late_one_end_the_connection(void **state)
{
	(void)state;
	run_bad("GET / HTTP/1.0\r\n\r\n", 18, 5000, false);
	run_bad("", 0, 5000, true);
	run_bad("PROXY TCP4", 10, 5000, true);
	run_bad("", 0, 60, false);
	run_bad("PROXY TCP4", 10, 60, false);
}

static void deny_looks_at_the_real_address(void **state)
{
	struct rig r;
	struct addr_net net;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.bind.accept_proxy = true;
	assert_true(addr_net_parse("192.0.2.0/24", &net, NULL));
	r.service.deny = &net;
	r.service.deny_count = 1;
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	assert_int_equal(write(client, line, sizeof(line) - 1), sizeof(line) - 1);
	server = rig_accept(&r, 0);
	close(client);
	close(server);
	assert_client(rig_end(&r), "192.0.2.7", 4711);
	rig_stop(&r, 1);
}

static void a_server_gets_a_version_1_header_with_the_first_bytes(void **state)
{
	char header[PROXYPROTO_V1_MAX];
	struct rig r;
	struct addr from;
	size_t len;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.servers[0].send_proxy = SETTINGS_PROXY_V1;
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	assert_true(sock_local(client, &from));
	assert_int_equal(write(client, "hello", 5), 5);
	server = rig_accept(&r, 0);
	len = proxyproto_write_v1(&from, &r.front, header, sizeof(header));
	expect_bytes(server, header, len);
	expect_bytes(server, "hello", 5);
	assert_int_equal(write(client, "more", 4), 4);
	expect_bytes(server, "more", 4);
	close(client);
	close(server);
	assert_int_equal(rig_end(&r)->bytes_in, 9);
	rig_stop(&r, 1);
}

static void a_server_that_speaks_first_gets_its_header_at_once(void **state)
{
	char header[PROXYPROTO_V2_PLAIN];
	struct rig r;
	struct addr from;
	size_t len;
	char got;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.servers[0].send_proxy = SETTINGS_PROXY_V2;
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	assert_true(sock_local(client, &from));
	server = rig_accept(&r, 0);
	len = proxyproto_write_v2(&from, &r.front, NULL, 0, header, sizeof(header));
	expect_bytes(server, header, len);
	assert_int_equal(write(server, "!", 1), 1);
	assert_int_equal(read(client, &got, 1), 1);
	close(client);
	assert_int_equal(read(server, &got, 1), 0);
	close(server);
	assert_int_equal(rig_end(&r)->bytes_in, 0);
	rig_stop(&r, 1);
}

static void what_a_version_2_client_told_is_told_to_the_server(void **state)
{
	static const char tlvs[] = { 0x02, 0, 3, 'd', 'b', '1', (char)0xee, 0, 1, 'x' };
	char in[PROXYPROTO_V2_PLAIN + sizeof(tlvs)];
	struct addr from = ip("192.0.2.7", 4711);
	struct addr to = ip("198.51.100.9", 26257);
	size_t len = proxyproto_write_v2(&from, &to, tlvs, sizeof(tlvs), in, sizeof(in));
	struct rig r;
	int client;
	int server;

	(void)state;
	rig_init(&r, 1);
	r.bind.accept_proxy = true;
	r.servers[0].send_proxy = SETTINGS_PROXY_V2;
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	assert_int_equal(write(client, in, len), len);
	assert_int_equal(write(client, "hello", 5), 5);
	server = rig_accept(&r, 0);
	/* The same header again: addresses, the dialled one too, and all it carried. */
	expect_bytes(server, in, len);
	expect_bytes(server, "hello", 5);
	close(client);
	close(server);
	rig_end(&r);
	rig_stop(&r, 1);
}

static void a_redispatched_session_gives_the_header_once(void **state)
{
	char header[PROXYPROTO_V1_MAX];
	struct rig r;
	struct addr from;
	size_t len;
	int client;
	int server;

	(void)state;
	rig_init(&r, 2);
	r.servers[0].send_proxy = r.servers[1].send_proxy = SETTINGS_PROXY_V1;
	rig_start(&r, 1, 100);
	rig_refuse(&r, 0);
	client = rig_connect(&r);
	assert_true(sock_local(client, &from));
	assert_int_equal(write(client, "hello", 5), 5);
	server = rig_accept(&r, 1);
	len = proxyproto_write_v1(&from, &r.front, header, sizeof(header));
	expect_bytes(server, header, len);
	expect_bytes(server, "hello", 5);
	close(client);
	close(server);
	assert_int_equal(rig_end(&r)->retries, 1);
	rig_stop(&r, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clients_address_is_the_headers_and_the_server_gets_the_rest),
		cmocka_unit_test(a_header_may_come_in_pieces_and_with_the_first_bytes),
		cmocka_unit_test(a_local_header_keeps_the_real_address),
		cmocka_unit_test(a_bad_header_a_missing_one_and_a_late_one_end_the_connection),
		cmocka_unit_test(deny_looks_at_the_real_address),
		cmocka_unit_test(a_server_gets_a_version_1_header_with_the_first_bytes),
		cmocka_unit_test(a_server_that_speaks_first_gets_its_header_at_once),
		cmocka_unit_test(what_a_version_2_client_told_is_told_to_the_server),
		cmocka_unit_test(a_redispatched_session_gives_the_header_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
