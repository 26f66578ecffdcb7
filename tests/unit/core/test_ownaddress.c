/* SPDX-License-Identifier: MIT */
#include "core/ownaddress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct addr read_addr(const char *s)
{
	char host[64];
	uint16_t port;
	struct error err;
	struct addr a;

	if (*s == '/')
		assert_true(addr_from_unix(s, &a, &err));
	else if (!addr_split(s, 0, host, sizeof(host), &port, &err) ||
	         !addr_parse_ip(host, port, &a))
		fail_msg("%s", s);
	return a;
}

static void a_bind_is_found_where_a_connection_comes_to_it(void **state)
{
	static const struct {
		const char *bind, *to;
		bool v6only, is_local, want;
	} cases[] = {
		{ ":26257", "127.0.0.1:26257", .is_local = true, .want = true },
		{ ":26257", "10.0.0.1:26257", .is_local = true, .want = true },
		{ ":26257", "10.0.0.1:26257", .is_local = false, .want = false },
		{ ":26257", "127.0.0.1:26258", .is_local = true, .want = false },
		{ ":26257", "[::1]:26257", .is_local = true, .want = false },
		{ "[::]:26257", "[::1]:26257", .is_local = true, .want = true },
		{ "[::]:26257", "127.0.0.1:26257", .is_local = true, .want = true },
		{ "[::]:26257", "127.0.0.1:26257", .v6only = true, .is_local = true },
		{ "10.0.0.9:26257", "10.0.0.9:26257", .is_local = false, .want = true },
		{ "10.0.0.9:26257", "127.0.0.1:26257", .is_local = true, .want = false },
		{ "127.0.0.1:26257", "10.0.0.9:26257", .is_local = true, .want = false },
		{ "/run/a", "/run/a", .is_local = true, .want = true },
		{ "/run/a", "/run/b", .is_local = true, .want = false },
		{ "/run/a", "127.0.0.1:1", .is_local = true, .want = false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_bind b = { .kind = SETTINGS_BIND_ADDR,
			                   .addr = read_addr(cases[i].bind),
			                   .v6only = cases[i].v6only };
		struct settings_service s = { .binds = &b, .bind_count = 1 };
		struct addr to = read_addr(cases[i].to);

		if ((ownaddress_find(&s, &to, cases[i].is_local) == &b) != cases[i].want)
			fail_msg("%s to %s", cases[i].bind, cases[i].to);
	}
}

static void binds_of_frontends_count_and_sockets_of_others_do_not(void **state)
{
	struct settings_bind one = { .kind = SETTINGS_BIND_ADDR, .addr = read_addr(":1") };
	struct settings_bind two[] = {
		{ .kind = SETTINGS_BIND_FD, .addr = read_addr(":2") },
		{ .kind = SETTINGS_BIND_ADDR, .addr = read_addr(":3") },
	};
	struct settings_frontend frontends[] = {
		{ .binds = &one, .bind_count = 1 },
		{ .binds = two, .bind_count = 2 },
	};
	struct settings_service s = { .frontends = frontends, .frontend_count = 2 };
	struct addr to = read_addr("127.0.0.1:1");

	(void)state;
	assert_ptr_equal(ownaddress_find(&s, &to, true), &one);
	addr_set_port(&to, 2);
	assert_null(ownaddress_find(&s, &to, true));
	addr_set_port(&to, 3);
	assert_ptr_equal(ownaddress_find(&s, &to, true), &two[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bind_is_found_where_a_connection_comes_to_it),
		cmocka_unit_test(binds_of_frontends_count_and_sockets_of_others_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
