/* SPDX-License-Identifier: MIT */
#include "core/ratetable.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { START = 5000000, SEED = 99 };

static struct ratetable *make(uint32_t size)
{
	const struct settings_rate_limit limit = { .count = 10, .period_ms = 1000, .size = size };

	return ratetable_new(&limit, SEED);
}

static struct addr_ip parse(const char *host, uint16_t port)
{
	struct addr a;

	assert_true(addr_parse_ip(host, port, &a));
	return addr_pack(&a);
}

static struct addr_ip number(uint32_t n)
{
	struct addr_ip ip = { .family = n % 2 ? AF_INET : AF_INET6, .port = (uint16_t)n };

	memcpy(ip.bytes, &n, sizeof(n));
	return ip;
}

static uint32_t hit(struct ratetable *t, const char *host, uint16_t port, int64_t now)
{
	struct addr_ip ip = parse(host, port);

	return ratetable_hit(t, &ip, now);
}

static void each_address_has_its_own_rate(void **unused)
{
	struct ratetable *t = make(10);

	(void)unused;
	assert_int_equal(ratetable_size(t), 10);
	assert_int_equal(ratetable_used(t, START), 0);
	for (uint32_t n = 1; n <= 5; n++) {
		assert_int_equal(hit(t, "10.0.0.1", (uint16_t)n, START + n), n);
		assert_int_equal(hit(t, "2001:db8::1", 7, START + n), n);
	}
	assert_int_equal(hit(t, "10.0.0.2", 1, START), 1);
	assert_int_equal(ratetable_used(t, START), 3);
	ratetable_free(t);
	ratetable_free(NULL);
}

static void an_ipv4_client_is_the_same_on_an_ipv6_socket(void **unused)
{
	struct ratetable *t = make(10);

	(void)unused;
	assert_int_equal(hit(t, "10.0.0.1", 1, START), 1);
	assert_int_equal(hit(t, "::ffff:10.0.0.1", 1, START), 2);
	assert_int_equal(hit(t, "::10.0.0.1", 1, START), 1);
	ratetable_free(t);
}

static void zones_are_different_addresses(void **unused)
{
	struct ratetable *t = make(10);
	struct addr_ip a = parse("fe80::1", 1);
	struct addr_ip b = a;

	(void)unused;
	b.scope = 2;
	assert_int_equal(ratetable_hit(t, &a, START), 1);
	assert_int_equal(ratetable_hit(t, &b, START), 1);
	assert_int_equal(ratetable_hit(t, &a, START), 2);
	ratetable_free(t);
}

static void unix_clients_are_not_counted(void **unused)
{
	struct ratetable *t = make(2);
	struct addr_ip ip = { .family = AF_UNIX };
	struct ratetable_entry e;

	(void)unused;
	assert_int_equal(ratetable_hit(t, &ip, START), 0);
	assert_int_equal(ratetable_used(t, START), 0);
	assert_false(ratetable_find(t, &ip, START, &e));
	assert_false(ratetable_forget(t, &ip));
	ratetable_free(t);
}

/* HAProxy's conn_rate(1s): 8 at once, and what is left of them later. */
static void rates_fade_as_in_haproxy(void **unused)
{
	struct ratetable *t = make(2);
	struct addr_ip ip = parse("10.0.0.1", 0);
	struct ratetable_entry e;

	(void)unused;
	for (uint32_t n = 1; n <= 8; n++)
		assert_int_equal(ratetable_hit(t, &ip, START), n);
	assert_true(ratetable_find(t, &ip, START + 1500, &e));
	assert_int_equal(e.rate, 4);
	assert_int_equal(e.expires_ms, 500);
	assert_int_equal(ratetable_hit(t, &ip, START + 1500), 5);
	assert_int_equal(ratetable_hit(t, &ip, START + 1750), 4);
	ratetable_free(t);
}

static void a_full_table_forgets_the_oldest(void **unused)
{
	struct ratetable *t = make(3);

	(void)unused;
	assert_int_equal(hit(t, "10.0.0.1", 1, START), 1);
	assert_int_equal(hit(t, "10.0.0.2", 1, START + 1), 1);
	assert_int_equal(hit(t, "10.0.0.3", 1, START + 2), 1);
	assert_int_equal(hit(t, "10.0.0.1", 1, START + 3), 2);
	assert_int_equal(hit(t, "10.0.0.4", 1, START + 4), 1); /* in place of .2 */
	assert_int_equal(ratetable_used(t, START + 4), 3);
	assert_int_equal(hit(t, "10.0.0.1", 1, START + 5), 3);
	assert_int_equal(hit(t, "10.0.0.3", 1, START + 6), 2);
	assert_int_equal(hit(t, "10.0.0.2", 1, START + 7), 1); /* in place of .4 */
	assert_int_equal(hit(t, "10.0.0.4", 1, START + 8), 1);
	ratetable_free(t);
}

static void one_entry_is_enough(void **unused)
{
	struct ratetable *t = make(1);

	(void)unused;
	for (uint32_t n = 1; n < 20; n++) {
		assert_int_equal(hit(t, "10.0.0.1", 1, START), 1);
		assert_int_equal(hit(t, "10.0.0.1", 1, START), 2);
		assert_int_equal(hit(t, "10.0.0.2", 1, START), 1);
		assert_int_equal(ratetable_used(t, START), 1);
	}
	ratetable_free(t);
}

static void entries_expire_after_two_periods(void **unused)
{
	struct ratetable *t = make(3);
	struct ratetable_entry e;
	size_t cursor = 0;

	(void)unused;
	(void)hit(t, "10.0.0.1", 1, START);
	(void)hit(t, "10.0.0.2", 1, START + 10);
	assert_int_equal(ratetable_used(t, START + 1999), 2);
	assert_true(ratetable_next(t, &cursor, START + 2000, &e));
	assert_false(ratetable_next(t, &cursor, START + 2000, &e));
	assert_int_equal(ratetable_used(t, START + 2000), 1);
	assert_int_equal(ratetable_used(t, START + 2010), 0);
	ratetable_free(t);
}

static void entries_are_listed_from_new_to_old(void **unused)
{
	static const char *const want[] = { "10.0.0.1", "fd00::3", "10.0.0.2" };
	struct ratetable *t = make(8);
	struct ratetable_entry e;
	size_t cursor = 0;

	(void)unused;
	assert_false(ratetable_next(t, &cursor, START, &e));
	(void)hit(t, "10.0.0.1", 9, START);
	(void)hit(t, "10.0.0.2", 9, START + 1);
	(void)hit(t, "fd00::3", 9, START + 2);
	(void)hit(t, "10.0.0.1", 9, START + 3);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		char buf[ADDR_TEXT_MAX];
		struct addr a;

		assert_true(ratetable_next(t, &cursor, START + 3, &e));
		a = addr_unpack(&e.address);
		assert_string_equal(addr_format_host(&a, buf), want[i]);
		assert_int_equal(e.address.port, 0);
		assert_int_equal(e.rate, i == 0 ? 2 : 1);
		assert_int_equal(e.expires_ms, i == 2 ? 1998 : 2000 - (int64_t)i);
	}
	assert_false(ratetable_next(t, &cursor, START + 3, &e));
	ratetable_free(t);
}

static void what_is_cleared_is_forgotten(void **unused)
{
	struct ratetable *t = make(4);
	struct addr_ip ip = parse("10.0.0.2", 5);
	struct ratetable_entry e;

	(void)unused;
	for (int round = 0; round < 3; round++) {
		(void)hit(t, "10.0.0.1", 1, START);
		(void)hit(t, "10.0.0.2", 1, START);
		(void)hit(t, "10.0.0.3", 1, START);
		assert_true(ratetable_forget(t, &ip));
		assert_false(ratetable_forget(t, &ip));
		assert_false(ratetable_find(t, &ip, START, &e));
		assert_int_equal(ratetable_used(t, START), 2);
		assert_int_equal(hit(t, "10.0.0.2", 1, START), 1);
		ratetable_clear(t);
		assert_int_equal(ratetable_used(t, START), 0);
		assert_false(ratetable_find(t, &ip, START, &e));
	}
	ratetable_free(t);
}

enum { MODEL = 64, ADDRESSES = 100, STEPS = 200000 };

/* A list that is searched from end to end. */
struct model {
	struct {
		uint32_t who;
		int64_t last;
	} at[MODEL];
	size_t count;
};

/* False if the address was not there. */
static bool model_hit(struct model *m, uint32_t who, int64_t now)
{
	size_t i = 0;
	bool found;

	while (i < m->count && m->at[i].who != who)
		i++;
	found = i < m->count;
	if (!found && m->count < MODEL)
		i = m->count++;
	else if (!found)
		i = MODEL - 1;
	memmove(&m->at[1], &m->at[0], i * sizeof(m->at[0]));
	m->at[0].who = who;
	m->at[0].last = now;
	return found;
}

static void any_order_of_hits_ends_as_in_a_plain_list(void **unused)
{
	struct ratetable *t = make(MODEL);
	struct model m = { .count = 0 };
	struct rng rng = { 1234 };

	(void)unused;
	for (int n = 0; n < STEPS; n++) {
		uint32_t who = (uint32_t)rng_below(&rng, ADDRESSES);
		struct addr_ip ip = number(who);
		struct ratetable_entry e;
		size_t cursor = 0;

		assert_int_equal(ratetable_find(t, &ip, START, &e), model_hit(&m, who, n));
		assert_true(ratetable_hit(t, &ip, START) > 0);
		if (n % 1000)
			continue;
		for (size_t i = 0; i < m.count; i++) {
			struct addr_ip want = number(m.at[i].who);

			assert_true(ratetable_next(t, &cursor, START, &e));
			assert_memory_equal(e.address.bytes, want.bytes, sizeof(want.bytes));
		}
		assert_false(ratetable_next(t, &cursor, START, &e));
		assert_int_equal(ratetable_used(t, START), m.count);
	}
	ratetable_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_has_its_own_rate),
		cmocka_unit_test(an_ipv4_client_is_the_same_on_an_ipv6_socket),
		cmocka_unit_test(zones_are_different_addresses),
		cmocka_unit_test(unix_clients_are_not_counted),
		cmocka_unit_test(rates_fade_as_in_haproxy),
		cmocka_unit_test(a_full_table_forgets_the_oldest),
		cmocka_unit_test(one_entry_is_enough),
		cmocka_unit_test(entries_expire_after_two_periods),
		cmocka_unit_test(entries_are_listed_from_new_to_old),
		cmocka_unit_test(what_is_cleared_is_forgotten),
		cmocka_unit_test(any_order_of_hits_ends_as_in_a_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
