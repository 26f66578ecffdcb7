/* SPDX-License-Identifier: MIT */
/* WRAP: getifaddrs freeifaddrs tick_ms */
#include "net/localaddr.h"

#include "base/tick.h"

#include <errno.h>
#include <ifaddrs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

int __wrap_getifaddrs(struct ifaddrs **ret);
void __wrap_freeifaddrs(struct ifaddrs *all);
int64_t __wrap_tick_ms(void);

/* A host with an interface without address, one of IPv4 and one of IPv6. */
static struct addr v4, v6;
static struct ifaddrs interfaces[3];
static unsigned int readings, alive;
static bool failing;
static int64_t now_ms;

int __wrap_getifaddrs(struct ifaddrs **ret)
{
	readings++;
	if (failing) {
		errno = EMFILE;
		return -1;
	}
	alive++;
	*ret = interfaces;
	return 0;
}

void __wrap_freeifaddrs(struct ifaddrs *all)
{
	assert_ptr_equal(all, interfaces);
	alive--;
}

int64_t __wrap_tick_ms(void)
{
	return now_ms;
}

static struct addr ip(const char *host)
{
	struct addr a;

	assert_true(addr_parse_ip(host, 26257, &a));
	return a;
}

static int set_up(void **state)
{
	(void)state;
	v4 = ip("10.0.0.1");
	v6 = ip("2001:db8::1");
	interfaces[0] = (struct ifaddrs){ .ifa_next = &interfaces[1] };
	interfaces[1] = (struct ifaddrs){ .ifa_next = &interfaces[2], .ifa_addr = &v4.sa };
	interfaces[2] = (struct ifaddrs){ .ifa_addr = &v6.sa };
	readings = alive = 0;
	failing = false;
	now_ms = 5000;
	return 0;
}

static bool has(struct localaddr *l, const char *host)
{
	struct addr a = ip(host);

	return localaddr_has(l, &a);
}

static void addresses_of_interfaces_are_known(void **state)
{
	struct localaddr l = { 0 };

	(void)state;
	assert_true(has(&l, "10.0.0.1"));
	assert_true(has(&l, "2001:db8::1"));
	assert_false(has(&l, "10.0.0.2"));
	assert_false(has(&l, "2001:db8::2"));
	assert_int_equal(readings, 1);
	localaddr_release(&l);
	assert_int_equal(alive, 0);
}

static void loopback_needs_no_interface(void **state)
{
	struct localaddr l = { 0 };
	struct addr none = { 0 };

	(void)state;
	assert_true(has(&l, "127.3.2.1"));
	assert_true(has(&l, "::1"));
	assert_false(localaddr_has(&l, &none));
	assert_int_equal(readings, 0);
}

static void they_are_read_again_after_a_second(void **state)
{
	struct localaddr l = { 0 };

	(void)state;
	assert_false(has(&l, "10.0.0.2"));
	v4 = ip("10.0.0.2");
	now_ms += 999;
	assert_true(has(&l, "10.0.0.2")); /* the test's memory, not another reading */
	assert_int_equal(readings, 1);
	now_ms++;
	assert_true(has(&l, "10.0.0.2"));
	assert_int_equal(readings, 2);
	assert_int_equal(alive, 1);
	localaddr_release(&l);
	assert_int_equal(alive, 0);
}

static void who_is_told_nothing_has_none(void **state)
{
	struct localaddr l = { 0 };

	(void)state;
	assert_true(has(&l, "10.0.0.1"));
	failing = true;
	now_ms += 2000;
	assert_false(has(&l, "10.0.0.1"));
	assert_true(has(&l, "127.0.0.1"));
	failing = false;
	now_ms += 2000;
	assert_true(has(&l, "10.0.0.1"));
	localaddr_release(&l);
	assert_int_equal(alive, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(addresses_of_interfaces_are_known, set_up),
		cmocka_unit_test_setup(loopback_needs_no_interface, set_up),
		cmocka_unit_test_setup(they_are_read_again_after_a_second, set_up),
		cmocka_unit_test_setup(who_is_told_nothing_has_none, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
