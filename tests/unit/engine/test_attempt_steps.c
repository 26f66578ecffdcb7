/* SPDX-License-Identifier: MIT */
/* WRAP: getsockname send */
/* Checks that are lists of rules, over real sockets. */
#include "engine/checker.h"

#include "checker_fixture.h"
#include "checker_tls_peer.h"

#define BYTES(s) .bytes = (s), .len = sizeof(s) - 1
#define SEND(s)                                                                                    \
	{                                                                                          \
		.kind = SETTINGS_STEP_SEND, BYTES(s)                                               \
	}
#define EXPECT(s)                                                                                  \
	{                                                                                          \
		.kind = SETTINGS_STEP_EXPECT, BYTES(s)                                             \
	}

static int local_calls_left, send_calls_left; /* the call that brings this to zero fails */

int __real_getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	if (local_calls_left && --local_calls_left == 0) {
		errno = ENOBUFS;
		return -1;
	}
	return __real_getsockname(fd, addr, len);
}

ssize_t __real_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
	if (send_calls_left && --send_calls_left == 0) {
		errno = EPIPE;
		return -1;
	}
	return __real_send(fd, bytes, len, flags);
}

static struct settings_check *add_steps(struct fixture *f, const struct settings_step *steps,
                                        size_t count)
{
	struct settings_check *check = add_target(f, SETTINGS_CHECK_TCP, 60000);

	check->steps = (struct settings_steps){ steps, count };
	check->timeout_ms = 1000;
	check->verify = false;
	return check;
}

static void each_connection_has_its_own_end(void **state)
{
	static const struct settings_step steps[] = {
		SEND("a"), EXPECT("A"), { .kind = SETTINGS_STEP_CONNECT, .linger = true },
		SEND("b"), EXPECT("A"), { .kind = SETTINGS_STEP_CONNECT },
		SEND("c"), EXPECT("A"),
	};
	struct fixture *f = *state;

	f->answer = "A";
	add_steps(f, steps, ARRAY_LEN(steps));
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L7OK, 0, "(tcp-check)");
	run_until_closed(f, 3);
	assert_string_equal(f->log, "a!b|c!");
}

static void a_rule_can_connect_elsewhere(void **state)
{
	struct fixture *f = *state;
	struct addr closed;
	int refusing = listen_somewhere(&closed, -1);
	struct settings_step steps[] = {
		SEND("a"),
		EXPECT("A"),
		{ .kind = SETTINGS_STEP_CONNECT, .port = addr_port(&closed), .comment = "other" },
	};
	struct settings_step there[] = { { .kind = SETTINGS_STEP_CONNECT, .address = "127.0.0.1" },
		                         SEND("a"),
		                         EXPECT("A") };
	char words[128];

	f->answer = "A";
	add_steps(f, steps, ARRAY_LEN(steps));
	start(f);
	snprintf(words, sizeof(words),
	         "Connection refused at step 3 of tcp-check (connect port %u) comment: 'other'",
	         addr_port(&closed));
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L4CON, 0, words);
	stop(f);
	add_steps(f, there, ARRAY_LEN(there)); /* with the check's port */
	start_without_address(f);
	addr_parse_ip("127.0.0.9", 0, &closed);
	set_address(f, 0, &closed, NULL);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L7OK, 0, "(tcp-check)");
	close(refusing);
}

static void what_a_peer_does_has_its_verdict(void **state)
{
	static const struct settings_step talk[] = { SEND("PING"), EXPECT("PONG") };
	static const struct settings_step listen[] = { EXPECT("220") };
	static const struct {
		const struct settings_step *steps;
		size_t count;
		enum manner manner;
		const char *answer;
		enum probe_code code;
		const char *info;
	} cases[] = {
		{ talk, 2, PEER_ANSWERS, "+PONG", PROBE_L7OK, "(tcp-check)" },
		{ talk, 2, PEER_DRIPS, "+PONG", PROBE_L7OK, "(tcp-check)" },
		{ talk, 2, PEER_CLOSES, "", PROBE_L7RSP, "TCPCHK got an empty response at step 2" },
		{ talk, 2, PEER_RESETS, "", PROBE_SOCKERR,
		  "Connection reset by peer at step 2 of tcp-check (expect string 'PONG')" },
		{ talk, 2, PEER_IS_SILENT, "", PROBE_L7TOUT,
		  " at step 2 of tcp-check (expect string 'PONG')" },
		{ talk, 2, PEER_ANSWERS, "-ERR", PROBE_L7TOUT,
		  " at step 2 of tcp-check (expect string 'PONG')" },
		{ listen, 1, PEER_ANSWERS_UNREAD, "220 hi", PROBE_L7OK, "(tcp-check)" },
		{ listen, 1, PEER_ANSWERS_UNREAD, "500 no", PROBE_L7RSP,
		  "TCPCHK did not match content '220' at step 1" },
		{ talk, 1, PEER_IS_SILENT, "", PROBE_L7OK, "(tcp-check)" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->manner = cases[i].manner;
		f->answer = cases[i].answer;
		add_steps(f, cases[i].steps, cases[i].count);
		start(f);
		assert_verdict(run_until_ended(f, 0, 1), cases[i].code, 0, cases[i].info);
		stop(f);
	}
}

static void a_proxy_header_comes_first(void **state)
{
	static const struct settings_step announced[] = { { .kind = SETTINGS_STEP_CONNECT,
		                                            .send_proxy = true } };
	struct fixture *f = *state;
	struct settings_check *check = add_target(f, SETTINGS_CHECK_REDIS, 60000);
	unsigned int own;
	unsigned int peer;

	f->manner = PEER_DRIPS; /* takes its time: the header comes before the request */
	f->answer = "+PONG\r\n";
	check->send_proxy = true;
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L7OK, 0, "Redis server is ok");
	run_until_closed(f, 1);
	assert_int_equal(sscanf(f->log, "PROXY TCP4 127.0.0.1 127.0.0.1 %u %u", &own, &peer), 2);
	assert_int_equal(peer, addr_port(&f->addr));
	assert_in_range(own, 1024, 65535);
	assert_non_null(strstr(f->log, "\r\n*1\r\n$4\r\nPING\r\n!"));
	stop(f);
	add_steps(f, announced, 1)->proxy_version = SETTINGS_PROXY_V2;
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L4OK, 0, "(tcp-check)");
	run_until_closed(f, 2);
	assert_memory_equal(f->request, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
}

static void a_header_without_addresses_is_unknown(void **state)
{
	struct fixture *f = *state;

	f->manner = PEER_DRIPS;
	f->answer = "+PONG\r\n";
	add_target(f, SETTINGS_CHECK_REDIS, 60000)->send_proxy = true;
	start(f);
	local_calls_left = 1;
	assert_int_equal(run_until_ended(f, 0, 1)->code, PROBE_L7OK);
	assert_memory_equal(f->log, "PROXY UNKNOWN\r\n", 15);
	stop(f);
	add_target(f, SETTINGS_CHECK_REDIS, 60000)->send_proxy = true;
	start(f);
	send_calls_left = 1;
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L4CON, 0, "Broken pipe");
}

static void a_request_that_is_not_taken_fails(void **state)
{
	static const struct settings_step last[] = { SEND("bye") };
	struct fixture *f = *state;

	add_steps(f, last, 1);
	start(f);
	send_calls_left = 1;
	assert_verdict(run_until_ended(f, 0, 1), PROBE_SOCKERR, 0,
	               "Broken pipe at step 1 of tcp-check (send)");
}

static void canned_checks_talk_to_a_peer(void **state)
{
	static const struct {
		enum settings_check_type type;
		const char *answer, *log, *info;
		enum probe_code code;
	} cases[] = {
		{ SETTINGS_CHECK_REDIS, "+PONG\r\n", "*1\r\n$4\r\nPING\r\n!", "Redis server is ok",
		  PROBE_L7OK },
		{ SETTINGS_CHECK_AGENT, "up 50%\r\n", "hi\n!", "via agent : up", PROBE_L7OK },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->answer = cases[i].answer;
		add_target(f, cases[i].type, 60000)->agent_send = "hi\n";
		start(f);
		assert_verdict(run_until_ended(f, 0, 1), cases[i].code, 0, cases[i].info);
		run_until_closed(f, (int)i + 1);
		assert_string_equal(f->log, cases[i].log);
		if (cases[i].type == SETTINGS_CHECK_AGENT)
			assert_string_equal(f->heard[0].result[0].agent, "up 50%");
		stop(f);
	}
}

static void tls_is_of_any_type(void **state)
{
	static const struct settings_step steps[] = {
		{ .kind = SETTINGS_STEP_CONNECT, .tls = true, .sni = "b.test", .alpn = "xy,z" },
		SEND("PING"),
		EXPECT("PONG"),
	};
	struct fixture *f = *state;
	struct identity node = make_identity(NULL, NULL, 3600);
	struct settings_check *check;
	struct tls_peer peer;
	struct addr at;

	start_tls_peer(&peer, &node, NULL, &at);
	peer.answer = "+PONG\r\n";
	check = add_steps(f, steps, ARRAY_LEN(steps));
	f->targets[0].check_port = addr_port(&at);
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L7OK, 0, "(tcp-check)");
	stop(f);
	stop_tls_peer(&peer);
	assert_string_equal(peer.name, "b.test");
	assert_string_equal(peer.protocol, "xy");
	assert_string_equal(peer.request, "PING");
	start_tls_peer(&peer, &node, NULL, &at);
	peer.answer = "+PONG\r\n";
	check = add_target(f, SETTINGS_CHECK_REDIS, 60000);
	check->tls = true;
	check->verify = false;
	check->sni = "a.test";
	check->alpn = "redis";
	f->targets[0].check_port = addr_port(&at);
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L7OK, 0, "Redis server is ok");
	stop(f);
	stop_tls_peer(&peer);
	assert_string_equal(peer.name, "a.test");
	assert_string_equal(peer.protocol, "redis");
	free_identity(&node);
}

static void tls_failures_have_haproxys_words(void **state)
{
	static const struct settings_step steps[] = {
		{ .kind = SETTINGS_STEP_CONNECT, .tls = true }, SEND("PING")
	};
	static const struct {
		enum manner manner;
		enum probe_code code;
		const char *info;
	} cases[] = {
		{ PEER_ANSWERS, PROBE_L6RSP,
		  "SSL handshake failure at step 1 of tcp-check (connect)" },
		{ PEER_CLOSES, PROBE_L6RSP,
		  "SSL handshake failure at step 1 of tcp-check (connect)" },
		{ PEER_IS_SILENT, PROBE_L6TOUT, " at step 1 of tcp-check (connect)" },
	};
	struct fixture *f = *state;

	f->answer = "this is no TLS at all";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->manner = cases[i].manner;
		add_steps(f, steps, ARRAY_LEN(steps));
		start(f);
		assert_verdict(run_until_ended(f, 0, 1), cases[i].code, 0, cases[i].info);
		stop(f);
	}
	add_steps(f, steps, 0)->tls = true; /* a name that cannot be one */
	f->targets[0].check.sni = "";
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_SOCKERR, 0, "Cannot set up TLS");
}

static void a_connection_that_stands_has_the_whole_time(void **state)
{
	struct fixture *f = *state;
	struct settings_check *check = add_target(f, SETTINGS_CHECK_HTTP, 60000);

	check->timeout_ms = 300;
	check->connect_timeout_ms = 20;
	f->manner = PEER_IS_SILENT;
	f->answer = "";
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_L7TOUT, 0, "");
	assert_in_range(f->heard[0].result[0].duration_ms, 290, 3000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_connection_has_its_own_end),
		TEST(a_rule_can_connect_elsewhere),
		TEST(what_a_peer_does_has_its_verdict),
		TEST(a_proxy_header_comes_first),
		TEST(a_header_without_addresses_is_unknown),
		TEST(a_request_that_is_not_taken_fails),
		TEST(canned_checks_talk_to_a_peer),
		TEST(tls_is_of_any_type),
		TEST(tls_failures_have_haproxys_words),
		TEST(a_connection_that_stands_has_the_whole_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
