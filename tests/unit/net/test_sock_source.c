/* SPDX-License-Identifier: MIT */
/* Where connections come from. */
#include "net/sock.h"

#include "fixture.h"

#include <errno.h>
#include <string.h>

enum { PORTS = 3 };

static struct addr real;
static int listener;

static int connect_from(const struct sock_source *source, uint64_t turn)
{
	struct sock_options o = { .source = source, .turn = turn };
	bool connected = false;

	return sock_connect(&real, &o, &connected);
}

static void assert_comes_from(int fd, const char *host, uint16_t port)
{
	char text[ADDR_TEXT_MAX];
	struct addr from;

	assert_true(fd >= 0);
	assert_true(sock_local(fd, &from));
	assert_string_equal(addr_format_host(&from, text), host);
	if (port)
		assert_int_equal(addr_port(&from), port);
	else
		assert_int_not_equal(addr_port(&from), 0);
}

static void an_address_without_ports_leaves_the_port_to_the_kernel(void **unused)
{
	struct sock_source source = { .addr = ip("127.0.0.2", 4711) };
	int fd = connect_from(&source, 0);

	(void)unused;
	wait_for(fd, POLLOUT);
	assert_int_equal(sock_error(fd), 0);
	assert_comes_from(fd, "127.0.0.2", 0);
	assert_int_equal(get(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT), 1);
	sock_close(fd);
}

/* The first of some ports in a row that nobody has. */
static uint16_t find_ports(void)
{
	for (uint16_t low = 21000; low < 32000; low += PORTS) {
		size_t free_ports = 0;

		for (uint16_t port = low; port < low + PORTS; port++) {
			struct addr at = ip("127.0.0.2", port);
			int fd = -1;

			free_ports += sock_listen(&at, &plain, &fd, NULL);
			sock_close(fd);
		}
		if (free_ports == PORTS)
			return low;
	}
	fail_msg("no free ports");
	return 0;
}

static void ports_of_a_range_are_tried_in_turn(void **unused)
{
	struct sock_source source = { .addr = ip("127.0.0.2", 0) };
	int fds[PORTS];
	int before = fds_count();

	(void)unused;
	source.port_low = find_ports();
	source.port_high = source.port_low + PORTS - 1;
	fds[0] = connect_from(&source, PORTS + 1);
	assert_comes_from(fds[0], "127.0.0.2", source.port_low + 1);
	/* Its turn would be a port that is taken: the next one. */
	fds[1] = connect_from(&source, 1);
	assert_comes_from(fds[1], "127.0.0.2", source.port_low + 2);
	fds[2] = connect_from(&source, 1);
	assert_comes_from(fds[2], "127.0.0.2", source.port_low);
	assert_int_equal(connect_from(&source, 0), -1);
	assert_true(errno == EADDRNOTAVAIL || errno == EADDRINUSE);
	for (size_t i = 0; i < PORTS; i++)
		sock_reset(fds[i]);
	assert_int_equal(fds_count(), before);
}

static void an_interface_is_kept_to(void **unused)
{
	struct sock_source lo = { .interface = "lo" };
	struct sock_source none = { .interface = "nosuchif0" };
	char name[16] = "";
	socklen_t len = sizeof(name);
	int before = fds_count();
	int fd;

	(void)unused;
	fd = connect_from(&lo, 0);
	if (fd == -1 && errno == EPERM)
		skip();
	assert_true(fd >= 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len), 0);
	assert_string_equal(name, "lo");
	sock_close(fd);
	assert_int_equal(connect_from(&none, 0), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(fds_count(), before);
}

static void an_address_that_is_not_ours_is_an_errno(void **unused)
{
	struct sock_source foreign = { .addr = ip("192.0.2.1", 0) };
	struct sock_source other_family = { .addr = ip("::1", 0) };
	int before = fds_count();

	(void)unused;
	assert_int_equal(connect_from(&foreign, 0), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
	assert_int_equal(connect_from(&other_family, 0), -1);
	assert_int_equal(fds_count(), before);
}

static void a_reset_is_seen_without_reading(void **unused)
{
	int client = must_connect(&real);
	int server;
	int late;

	(void)unused;
	/* Those before are still in the queue. */
	for (server = must_accept(listener);; server = must_accept(listener)) {
		struct addr from;
		struct addr peer = { .len = sizeof(peer.un) };

		assert_true(sock_local(client, &from));
		if (getpeername(server, &peer.sa, &peer.len) == 0 &&
		    addr_port(&peer) == addr_port(&from))
			break;
		sock_close(server);
	}
	assert_int_equal(sock_look(server), SOCK_SILENT);
	assert_int_equal(send(client, "x", 1, 0), 1);
	wait_for(server, POLLIN);
	assert_int_equal(sock_look(server), SOCK_SPEAKS);
	sock_reset(client);
	wait_for(server, POLLERR);
	assert_int_equal(sock_look(server), SOCK_RESET);
	/* An end is none. */
	late = must_connect(&real);
	sock_close(server);
	server = must_accept(listener);
	sock_close(late);
	wait_for(server, POLLIN);
	assert_int_equal(sock_look(server), SOCK_SPEAKS);
	sock_close(server);
}

static int set_up(void **unused)
{
	struct addr at;

	(void)unused;
	if (!addr_parse_ip("127.0.0.1", 0, &at) || !sock_listen(&at, &plain, &listener, NULL))
		return -1;
	return sock_local(listener, &real) ? 0 : -1;
}

static int tear_down(void **unused)
{
	(void)unused;
	return close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_without_ports_leaves_the_port_to_the_kernel),
		cmocka_unit_test(ports_of_a_range_are_tried_in_turn),
		cmocka_unit_test(an_interface_is_kept_to),
		cmocka_unit_test(an_address_that_is_not_ours_is_an_errno),
		cmocka_unit_test(a_reset_is_seen_without_reading),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
