/* SPDX-License-Identifier: MIT */
#include "net/sock.h"

#include "fixture.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void both_families_listen_connect_and_accept(void **unused)
{
	const struct addr places[] = { ip("127.0.0.1", 0), ip("::1", 0) };

	(void)unused;
	for (size_t i = 0; i < (has_ipv6() ? 2 : 1); i++) {
		struct addr real;
		struct addr peer;
		struct addr local;
		int listener = must_listen(&places[i], &plain, &real);
		int client = must_connect(&real);
		int server;

		wait_for(listener, POLLIN);
		server = sock_accept(listener, &peer);
		assert_well_born(listener);
		assert_well_born(client);
		assert_well_born(server);
		assert_true(sock_local(client, &local));
		assert_int_equal(peer.sa.sa_family, places[i].sa.sa_family);
		assert_true(addr_equal(&peer, &local));
		sock_close(client);
		sock_close(server);
		sock_close(listener);
	}
}

static void accept_with_nobody_there_says_eagain(void **unused)
{
	struct addr at = ip("127.0.0.1", 0);
	struct addr real;
	struct addr peer;
	int listener = must_listen(&at, &plain, &real);

	(void)unused;
	assert_int_equal(sock_accept(listener, &peer), -1);
	assert_int_equal(errno, EAGAIN);
	sock_close(listener);
}

static void second_listener_on_a_taken_address_is_refused(void **unused)
{
	static const char *const places[][2] = {
		{ "127.0.0.1", "127.0.0.1" }, { "0.0.0.0", "127.0.0.1" },
		{ "127.0.0.1", "0.0.0.0" },   { "::1", "::1" },
		{ "::", "0.0.0.0" },
	};

	(void)unused;
	for (size_t i = 0; i < (has_ipv6() ? 5 : 3); i++) {
		struct addr first = ip(places[i][0], 0);
		struct addr real;
		int listener = must_listen(&first, &plain, &real);
		struct addr second = ip(places[i][1], addr_port(&real));
		char text[ADDR_TEXT_MAX];
		char expected[256];

		snprintf(
		    expected, sizeof(expected),
		    "cannot listen on %s: Address already in use (`ss -ltnp` shows which program "
		    "has it)",
		    addr_format(&second, text));
		must_refuse(&second, &plain, expected);
		sock_close(listener);
	}
}

static void v6only_leaves_the_port_to_ipv4(void **unused)
{
	const struct sock_listen_options only = { .v6only = true };
	struct addr six = ip("::", 0);
	struct addr real;
	struct addr four;
	int first;

	(void)unused;
	if (!has_ipv6())
		skip();
	first = must_listen(&six, &only, &real);
	four = ip("0.0.0.0", addr_port(&real));
	sock_close(must_listen(&four, &plain, &six));
	sock_close(first);
}

static void port_can_be_taken_again_while_old_sessions_linger(void **unused)
{
	struct addr at = ip("127.0.0.1", 0);
	struct addr real;
	int listener = must_listen(&at, &plain, &real);
	int client = must_connect(&real);
	int server = must_accept(listener);
	char c;

	(void)unused;
	/* Who closes first keeps the TIME_WAIT. */
	sock_close(server);
	wait_for(client, POLLIN);
	assert_int_equal(recv(client, &c, 1, 0), 0);
	sock_close(client);
	sock_close(listener);
	sock_close(must_listen(&real, &plain, &at));
}

static void assert_tuned(int fd)
{
	assert_int_equal(get(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPIDLE), 11);
	assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
	assert_int_equal(get(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
	assert_int_equal(get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 12345);
	assert_int_equal(get(fd, IPPROTO_TCP, TCP_NODELAY), 1);
}

static const struct sock_options tuned = {
	.keepalive = { .on = true, .idle_s = 11, .interval_s = 7, .count = 3 },
	.user_timeout_ms = 12345,
	.nodelay = true,
};

static void options_reach_accepted_and_connecting_sockets(void **unused)
{
	const struct sock_listen_options o = { .accepted = tuned, .defer_accept = false };
	struct addr at = ip("127.0.0.1", 0);
	struct addr real;
	int listener = must_listen(&at, &o, &real);
	bool connected;
	int client = sock_connect(&real, &tuned, &connected);
	int server = must_accept(listener);

	(void)unused;
	assert_tuned(server);
	assert_tuned(client);
	sock_close(server);
	sock_close(client);
	sock_close(listener);
}

static void set_options_turns_off_what_was_on(void **unused)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)unused;
	assert_true(sock_set_options(fd, &tuned));
	assert_tuned(fd);
	assert_true(sock_set_options(fd, &no_options));
	assert_int_equal(get(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
	assert_int_equal(get(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	close(fd);
	assert_false(sock_set_options(fd, &tuned));
	assert_int_equal(errno, EBADF);
}

static void what_the_kernel_refuses_is_named(void **unused)
{
	const struct sock_listen_options nowhere = { .interface = "nosuchif0" };
	const struct sock_listen_options never = {
		.accepted = { .keepalive = { .on = true, .idle_s = 99999 } },
	};
	struct addr at = ip("127.0.0.1", 1);
	struct addr foreign = ip("192.0.2.1", 26257);

	(void)unused;
	must_refuse(&at, &nowhere,
	            "cannot listen on 127.0.0.1:1: interface \"nosuchif0\": No such device");
	must_refuse(&at, &never, "cannot listen on 127.0.0.1:1: TCP_KEEPIDLE: Invalid argument");
	must_refuse(&foreign, &plain,
	            "cannot listen on 192.0.2.1:26257: Cannot assign requested address");
}

static void defer_accept_and_interface_are_applied(void **unused)
{
	const struct sock_listen_options o = { .defer_accept = true,
		                               .interface = "lo",
		                               .backlog = 5 };
	struct addr at = ip("127.0.0.1", 0);
	struct error err = { 0 };
	char name[32] = "";
	socklen_t len = sizeof(name);
	int fd = -1;

	(void)unused;
	if (!sock_listen(&at, &o, &fd, &err) && err.errnum == EPERM)
		skip(); /* SO_BINDTODEVICE wants CAP_NET_RAW on older kernels */
	assert_true(fd >= 0);
	assert_true(get(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) > 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len), 0);
	assert_string_equal(name, "lo");
	sock_close(fd);
}

static void adopted_listener_is_tuned_anew(void **unused)
{
	const struct sock_listen_options with = { .accepted = tuned };
	struct addr at = ip("127.0.0.1", 0);
	struct addr real;
	int fd = must_listen(&at, &plain, &real);

	(void)unused;
	assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	assert_true(sock_adopt(fd, &with, NULL));
	assert_well_born(fd);
	assert_tuned(fd);
	assert_true(sock_adopt(fd, &plain, NULL));
	assert_int_equal(get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
	sock_close(fd);
}

static void only_listening_stream_sockets_are_adopted(void **unused)
{
	const struct {
		int fd;
		const char *reason;
	} cases[] = {
		{ socket(AF_INET, SOCK_STREAM, 0), "it is not a listening stream socket" },
		{ socket(AF_INET, SOCK_DGRAM, 0), "it is not a listening stream socket" },
		{ open("/dev/null", O_RDWR | O_CLOEXEC), "Socket operation on non-socket" },
		{ 999, "Bad file descriptor" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		char expected[128];

		snprintf(expected, sizeof(expected), "cannot use file descriptor %d: %s",
		         cases[i].fd, cases[i].reason);
		assert_false(sock_adopt(cases[i].fd, &plain, &err));
		assert_string_equal(err.text, expected);
		if (cases[i].fd != 999)
			assert_int_equal(close(cases[i].fd), 0);
	}
}

static void refused_connect_is_told_by_errno(void **unused)
{
	struct addr at = ip("127.0.0.1", 0);
	struct addr real;
	bool connected = false;
	int fd;

	(void)unused;
	sock_close(must_listen(&at, &plain, &real));
	fd = sock_connect(&real, &no_options, &connected);
	if (fd >= 0) {
		wait_for(fd, POLLOUT);
		assert_int_equal(sock_error(fd), ECONNREFUSED);
		assert_int_equal(sock_error(fd), 0);
		sock_close(fd);
	} else {
		assert_int_equal(errno, ECONNREFUSED);
	}
	assert_int_equal(sock_error(999), EBADF);
}

static void reset_is_an_rst_and_close_is_a_fin(void **unused)
{
	struct addr at = ip("127.0.0.1", 0);
	struct addr real;
	int listener = must_listen(&at, &plain, &real);
	char c;

	(void)unused;
	for (int reset = 0; reset < 2; reset++) {
		int client = must_connect(&real);
		int server = must_accept(listener);

		(reset ? sock_reset : sock_close)(client);
		wait_for(server, POLLIN);
		errno = 0;
		assert_int_equal(recv(server, &c, 1, 0), reset ? -1 : 0);
		assert_int_equal(errno, reset ? ECONNRESET : 0);
		sock_close(server);
	}
	sock_close(listener);
	sock_close(-1);
	sock_reset(-1);
}

/* True if the server did not hear of the connection before it was sent something. */
static bool ack_has_waited(const struct addr *at, int listener)
{
	static const struct sock_options o = { .nodelay = true, .speaks_first = true };
	bool connected;
	bool waited;
	struct addr peer;
	char byte = 0;
	int client = sock_connect(at, &o, &connected);
	int server;

	wait_for(client, POLLOUT);
	server = sock_accept(listener, &peer);
	waited = server == -1 && errno == EAGAIN;
	assert_int_equal(send(client, "x", 1, 0), 1);
	if (waited) {
		wait_for(listener, POLLIN);
		server = sock_accept(listener, &peer);
	}
	wait_for(server, POLLIN);
	assert_int_equal(recv(server, &byte, 1, 0), 1);
	assert_int_equal(byte, 'x');
	sock_close(client);
	sock_close(server);
	return waited;
}

/* The kernel waits for 40 ms: this process may not get the processor in such a time. */
static void first_words_carry_the_last_ack_of_the_handshake(void **unused)
{
	struct addr at = ip("127.0.0.1", 0);
	struct addr real;
	int listener = must_listen(&at, &plain, &real);
	int waited = 0;

	(void)unused;
	for (int i = 0; i < 100 && !waited; i++)
		waited += ack_has_waited(&real, listener);
	assert_int_equal(waited, 1);
	sock_close(listener);
}

static void descriptor_limit_is_raised_and_never_lowered(void **unused)
{
	struct rlimit saved;
	struct rlimit low;

	(void)unused;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	low = (struct rlimit){ 64, saved.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(sock_set_nofile(100), 100);
	assert_int_equal(sock_set_nofile(80), 80);
	assert_int_equal(sock_set_nofile(0), saved.rlim_max);
	/* No kernel has that many: what is allowed is in force. */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(sock_set_nofile(UINT64_MAX - 1), saved.rlim_max);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_listen_connect_and_accept),
		cmocka_unit_test(accept_with_nobody_there_says_eagain),
		cmocka_unit_test(second_listener_on_a_taken_address_is_refused),
		cmocka_unit_test(v6only_leaves_the_port_to_ipv4),
		cmocka_unit_test(port_can_be_taken_again_while_old_sessions_linger),
		cmocka_unit_test(options_reach_accepted_and_connecting_sockets),
		cmocka_unit_test(set_options_turns_off_what_was_on),
		cmocka_unit_test(what_the_kernel_refuses_is_named),
		cmocka_unit_test(defer_accept_and_interface_are_applied),
		cmocka_unit_test(adopted_listener_is_tuned_anew),
		cmocka_unit_test(only_listening_stream_sockets_are_adopted),
		cmocka_unit_test(refused_connect_is_told_by_errno),
		cmocka_unit_test(reset_is_an_rst_and_close_is_a_fin),
		cmocka_unit_test(first_words_carry_the_last_ack_of_the_handshake),
		cmocka_unit_test(descriptor_limit_is_raised_and_never_lowered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
