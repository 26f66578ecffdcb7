/* SPDX-License-Identifier: MIT */
#include "base/addr.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct addr ip(const char *host, uint16_t port)
{
	struct addr a;

	if (!addr_parse_ip(host, port, &a))
		fail_msg("%s", host);
	return a;
}

static struct addr unix_path(const char *path)
{
	struct addr a;

	assert_true(addr_from_unix(path, &a, NULL));
	return a;
}

static void hosts_and_ports_are_split(void **unused)
{
	static const struct {
		const char *s, *host;
		uint16_t port;
	} cases[] = {
		{ ":26257", "", 26257 },
		{ "", "", 7 },
		{ "*:80", "*", 80 },
		{ "10.0.0.5:26257", "10.0.0.5", 26257 },
		{ "10.0.0.5", "10.0.0.5", 7 },
		{ "n1.crdb.internal:1", "n1.crdb.internal", 1 },
		{ "n1", "n1", 7 },
		{ "[::]:65535", "::", 65535 },
		{ "[::1]", "::1", 7 },
		{ "[fe80::1%eth0]:80", "fe80::1%eth0", 80 },
		{ "::", "::", 7 },
		{ "::1", "::1", 7 },
		{ "fe80::1%eth0", "fe80::1%eth0", 7 },
		{ "2001:DB8::ffff:10.0.0.1", "2001:DB8::ffff:10.0.0.1", 7 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		char host[64];
		uint16_t port;

		if (!addr_split(cases[i].s, 7, host, sizeof(host), &port, &err))
			fail_msg("%s", err.text);
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
}

static void what_is_no_host_and_port_is_told(void **unused)
{
	static const struct {
		const char *s, *text;
	} cases[] = {
		{ "n1:", "\"n1:\": the port must be 1 to 65535" },
		{ "n1:0", "\"n1:0\": the port must be 1 to 65535" },
		{ "n1:65536", "\"n1:65536\": the port must be 1 to 65535" },
		{ "n1:sql", "\"n1:sql\": the port must be 1 to 65535" },
		{ "n1:-1", "\"n1:-1\": the port must be 1 to 65535" },
		{ "[::1]:", "\"[::1]:\": the port must be 1 to 65535" },
		{ "[::1", "\"[::1\": write an IPv6 address as [address]:port" },
		{ "[::1]80", "\"[::1]80\": write an IPv6 address as [address]:port" },
		{ "[]:80", "\"[]:80\": write an IPv6 address as [address]:port" },
		{ "[n1]:80", "\"[n1]:80\": write an IPv6 address as [address]:port" },
		{ "node:1:2", "\"node:1:2\": write an IPv6 address as [address]:port" },
		{ "a b:80", "\"a b\" is not a host name" },
		{ "n1\n", "\"n1\n\" is not a host name" },
		{ "http://n1", "\"http://n1\": the port must be 1 to 65535" },
		{ "a/b", "\"a/b\" is not a host name" },
		{ "a]:80", "\"a]\" is not a host name" },
		{ "sixteen-letters.:80", "the host name is longer than 15 characters" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char host[16] = "same";
		struct error err = { 0 };
		uint16_t port = 9;

		assert_false(addr_split(cases[i].s, 7, host, sizeof(host), &port, &err));
		assert_string_equal(err.text, cases[i].text);
		assert_string_equal(host, "same");
		assert_int_equal(port, 9);
	}
}

static void addresses_are_read_and_written(void **unused)
{
	static const struct {
		const char *in, *host, *whole;
		int family;
	} cases[] = {
		{ "10.0.0.1", "10.0.0.1", "10.0.0.1:26257", AF_INET },
		{ "", "0.0.0.0", "0.0.0.0:26257", AF_INET },
		{ "*", "0.0.0.0", "0.0.0.0:26257", AF_INET },
		{ "::1", "::1", "[::1]:26257", AF_INET6 },
		{ "2001:0DB8::0001", "2001:db8::1", "[2001:db8::1]:26257", AF_INET6 },
		/* A client of a dual-stack listener reads as what it is. */
		{ "::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1:26257", AF_INET6 },
	};
	static const char *const bad[] = {
		"localhost", "10.0.0", "10.0.0.256", "[::1]", "1:2", " "
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct addr a = ip(cases[i].in, 26257);
		char buf[ADDR_TEXT_MAX];

		assert_int_equal(a.sa.sa_family, cases[i].family);
		assert_int_equal(addr_port(&a), 26257);
		assert_string_equal(addr_format_host(&a, buf), cases[i].host);
		assert_string_equal(addr_format(&a, buf), cases[i].whole);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct addr a;

		assert_false(addr_parse_ip(bad[i], 1, &a));
	}
}

static void longest_addresses_fit(void **unused)
{
	struct addr six = ip("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 65535);
	char path[200];
	struct addr a;
	struct error err;
	char buf[ADDR_TEXT_MAX];

	(void)unused;
	assert_string_equal(addr_format(&six, buf),
	                    "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535");
	memset(path, 'x', sizeof(path));
	path[107] = '\0';
	a = unix_path(path);
	assert_int_equal(strlen(addr_format(&a, buf)), 5 + 107);
	path[107] = 'x';
	path[108] = '\0';
	assert_false(addr_from_unix(path, &a, &err));
	assert_non_null(strstr(err.text, "a socket path has 1 to 107 characters"));
	assert_false(addr_from_unix("", &a, NULL));
}

static void unix_and_no_address_have_names_but_no_port(void **unused)
{
	struct addr a = unix_path("/run/sluice/admin.sock");
	struct addr none = { 0 };
	char buf[ADDR_TEXT_MAX];

	(void)unused;
	addr_set_port(&a, 1);
	addr_set_port(&none, 1);
	assert_int_equal(addr_port(&a), 0);
	assert_int_equal(addr_port(&none), 0);
	assert_string_equal(addr_format(&a, buf), "unix:/run/sluice/admin.sock");
	assert_string_equal(addr_format_host(&a, buf), "unix");
	assert_string_equal(addr_format(&none, buf), "-");
	assert_string_equal(addr_format_host(&none, buf), "-");
}

static void equal_is_what_reaches_the_same_place(void **unused)
{
	const struct {
		struct addr a, b;
		bool equal;
	} cases[] = {
		{ ip("10.0.0.1", 1), ip("10.0.0.1", 1), true },
		{ ip("10.0.0.1", 1), ip("::ffff:10.0.0.1", 1), true },
		{ ip("10.0.0.1", 1), ip("10.0.0.1", 2), false },
		{ ip("10.0.0.1", 1), ip("10.0.0.2", 1), false },
		{ ip("::1", 1), ip("::1", 1), true },
		{ ip("::1", 1), ip("::2", 1), false },
		{ ip("0.0.0.0", 1), ip("::", 1), false },
		{ unix_path("/a"), unix_path("/a"), true },
		{ unix_path("/a"), unix_path("/b"), false },
		{ unix_path("/a"), ip("10.0.0.1", 1), false },
		{ { 0 }, ip("10.0.0.1", 1), false },
		{ { 0 }, unix_path("/a"), false },
		{ { 0 }, { 0 }, true },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(addr_equal(&cases[i].a, &cases[i].b), cases[i].equal);
		assert_int_equal(addr_equal(&cases[i].b, &cases[i].a), cases[i].equal);
	}
}

static void only_whole_socket_addresses_are_taken(void **unused)
{
	struct addr four = ip("10.0.0.1", 1);
	struct addr six = ip("::1", 1);
	struct addr path = unix_path("/a");
	struct addr ret = { 0 };
	struct sockaddr_storage big = { .ss_family = AF_UNIX };
	struct sockaddr other = { .sa_family = AF_APPLETALK };

	(void)unused;
	assert_true(addr_from_sockaddr(&four.sa, four.len, &ret));
	assert_true(addr_equal(&ret, &four));
	assert_true(addr_from_sockaddr(&six.sa, six.len, &ret));
	assert_true(addr_equal(&ret, &six));
	assert_true(addr_from_sockaddr(&path.sa, path.len, &ret));
	assert_true(addr_equal(&ret, &path));
	/* What getsockname() says of a nameless UNIX socket. */
	assert_true(addr_from_sockaddr(&path.sa, sizeof(sa_family_t), &ret));
	assert_string_equal(ret.un.sun_path, "");
	assert_false(addr_from_sockaddr(&four.sa, 0, &ret));
	assert_false(addr_from_sockaddr(&four.sa, four.len - 1, &ret));
	assert_false(addr_from_sockaddr(&six.sa, six.len - 1, &ret));
	assert_false(addr_from_sockaddr(&other, sizeof(other), &ret));
	assert_false(addr_from_sockaddr((struct sockaddr *)&big, sizeof(big), &ret));
	memset((char *)&big + sizeof(sa_family_t), 'x', sizeof(struct sockaddr_un));
	assert_false(addr_from_sockaddr((struct sockaddr *)&big, sizeof(struct sockaddr_un), &ret));
}

static void packed_addresses_come_back(void **unused)
{
	const struct addr cases[] = { ip("10.0.0.1", 1), ip("::1", 65535), { 0 } };
	struct addr mapped = ip("::ffff:10.0.0.1", 1);
	struct addr scoped = ip("fe80::1", 1);
	struct addr path = unix_path("/a");
	struct addr_ip packed;
	struct addr back;

	(void)unused;
	assert_int_equal(sizeof(struct addr_ip), 24);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		packed = addr_pack(&cases[i]);
		back = addr_unpack(&packed);
		assert_true(addr_equal(&back, &cases[i]));
		assert_int_equal(back.len, cases[i].len);
		assert_int_equal(packed.port, addr_port(&cases[i]));
	}
	packed = addr_pack(&mapped);
	assert_int_equal(packed.family, AF_INET);
	scoped.in6.sin6_scope_id = 3;
	packed = addr_pack(&scoped);
	back = addr_unpack(&packed);
	assert_int_equal(back.in6.sin6_scope_id, 3);
	packed = addr_pack(&path);
	back = addr_unpack(&packed);
	assert_int_equal(back.sa.sa_family, AF_UNIX);
	assert_string_equal(back.un.sun_path, "");
	assert_true(back.len > 0);
}

static void networks_hold_their_addresses(void **unused)
{
	static const struct {
		const char *net, *host;
		bool holds;
	} cases[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.1", false },
		{ "10.9.9.9/8", "10.0.0.1", true },
		{ "10.0.0.0/9", "10.127.255.255", true },
		{ "10.0.0.0/9", "10.128.0.0", false },
		{ "10.0.0.128/25", "10.0.0.129", true },
		{ "10.0.0.128/25", "10.0.0.127", false },
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.0", false },
		{ "10.0.0.1/32", "10.0.0.1", true },
		{ "10.0.0.0/31", "10.0.0.1", true },
		{ "10.0.0.0/31", "10.0.0.2", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "::1", true },
		{ "::/0", "10.0.0.1", false },
		{ "10.0.0.0/8", "::ffff:10.0.0.1", true },
		{ "fd00::/8", "fdff::1", true },
		{ "fd00::/8", "fe00::1", false },
		{ "fe80::/10", "febf::", true },
		{ "fe80::/10", "fec0::", false },
		{ "::1", "::1", true },
		{ "2001:db8::/127", "2001:db8::2", false },
	};
	struct addr path = unix_path("/a");
	struct addr_net net;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct addr a = ip(cases[i].host, 1);

		assert_true(addr_net_parse(cases[i].net, &net, NULL));
		if (addr_net_contains(&net, &a) != cases[i].holds)
			fail_msg("%s in %s", cases[i].host, cases[i].net);
		assert_false(addr_net_contains(&net, &path));
	}
}

static void what_is_no_network_is_told(void **unused)
{
	static const struct {
		const char *s, *text;
	} cases[] = {
		{ "", "\"\" is not an address or a network" },
		{ "/8", "\"/8\" is not an address or a network" },
		{ "*", "\"*\" is not an address or a network" },
		{ "localhost", "\"localhost\" is not an address or a network" },
		{ "10.0.0/8", "\"10.0.0/8\" is not an address or a network" },
		{ "10.0.0.0/33", "\"10.0.0.0/33\": the prefix length must be 0 to 32" },
		{ "10.0.0.0/", "\"10.0.0.0/\": the prefix length must be 0 to 32" },
		{ "10.0.0.0/-1", "\"10.0.0.0/-1\": the prefix length must be 0 to 32" },
		{ "10.0.0.0/255.0.0.0",
		  "\"10.0.0.0/255.0.0.0\": the prefix length must be 0 to 32" },
		{ "::/129", "\"::/129\": the prefix length must be 0 to 128" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		struct addr_net net;

		assert_false(addr_net_parse(cases[i].s, &net, &err));
		assert_string_equal(err.text, cases[i].text);
	}
}

static void who_comes_to_an_address(void **unused)
{
	static const struct {
		const char *host;
		enum addr_reach want;
	} cases[] = {
		{ "127.0.0.1", ADDR_REACH_HOST },
		{ "127.9.8.7", ADDR_REACH_HOST },
		{ "::1", ADDR_REACH_HOST },
		{ "0.0.0.0", ADDR_REACH_ALL },
		{ "::", ADDR_REACH_ALL },
		{ "10.0.0.1", ADDR_REACH_ADDRESS },
		{ "2001:db8::1", ADDR_REACH_ADDRESS },
	};
	struct addr path = unix_path("/tmp/x");
	struct addr none = { 0 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct addr a = ip(cases[i].host, 80);

		if (addr_reach(&a) != cases[i].want)
			fail_msg("%s", cases[i].host);
	}
	assert_int_equal(addr_reach(&path), ADDR_REACH_HOST);
	assert_int_equal(addr_reach(&none), ADDR_REACH_HOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_and_ports_are_split),
		cmocka_unit_test(what_is_no_host_and_port_is_told),
		cmocka_unit_test(addresses_are_read_and_written),
		cmocka_unit_test(longest_addresses_fit),
		cmocka_unit_test(unix_and_no_address_have_names_but_no_port),
		cmocka_unit_test(equal_is_what_reaches_the_same_place),
		cmocka_unit_test(only_whole_socket_addresses_are_taken),
		cmocka_unit_test(packed_addresses_come_back),
		cmocka_unit_test(networks_hold_their_addresses),
		cmocka_unit_test(what_is_no_network_is_told),
		cmocka_unit_test(who_comes_to_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
