/* SPDX-License-Identifier: MIT */
#include "core/keyhash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct sums {
	const char *bytes;
	size_t len;
	uint32_t want[4]; /* by enum settings_hash_function */
};

static void hashes_are_haproxys(void **unused)
{
	static const struct sums cases[] = {
		{ "", 0, { 0, 0x1505, 0xf99a0360, 0 } },
		{ "abc", 3, { 0x3025f862, 0x0b885c8b, 0x940028e8, 0x352441c2 } },
		{ "\xff\x80\0\xc8", 4, { 0x9751af89, 0x7ceb056c, 0x35332c36, 0x8bcb88ef } },
		{ "\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf",
		  16,
		  { 0x5c41c008, 0x9af0357d, 0xf9c63965, 0xcecee288 } },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (enum settings_hash_function f = SETTINGS_HASH_SDBM; f <= SETTINGS_HASH_CRC32;
		     f++)
			assert_int_equal(keyhash_bytes(f, cases[i].bytes, cases[i].len),
			                 cases[i].want[f]);
}

static void avalanche_is_haproxys(void **unused)
{
	(void)unused;
	assert_int_equal(keyhash_avalanche(0), 0xab4ed927);
	assert_int_equal(keyhash_avalanche(1), 0x348681b6);
	assert_int_equal(keyhash_avalanche(4096), 0x49c2008b);
	assert_int_equal(keyhash_avalanche(UINT32_MAX), 0x7e64c182);
}

static struct addr_ip parse(const char *host, uint16_t port)
{
	struct addr a;

	assert_true(addr_parse_ip(host, port, &a));
	return addr_pack(&a);
}

static uint32_t hash(struct settings_service service, struct addr_ip client, struct addr_ip local)
{
	uint32_t ret = 0;

	assert_true(keyhash_client(&service, &client, &local, &ret));
	return ret;
}

static void source_folds_the_address(void **unused)
{
	struct settings_service s = { .balance = SETTINGS_SOURCE,
		                      .hash = { .function = SETTINGS_HASH_WT6,
		                                .input = SETTINGS_HASH_DST } };
	struct addr_ip local = parse("10.9.9.9", 26257);

	(void)unused;
	assert_int_equal(hash(s, parse("127.1.2.200", 5), local), 0x7f0102c8);
	assert_int_equal(hash(s, parse("127.1.2.200", 6), local), 0x7f0102c8);
	assert_int_equal(hash(s, parse("2001:db8::1:2", 5), local), 0x20010db8 ^ 0x00010002);
	s.hash.avalanche = true;
	assert_int_equal(hash(s, parse("127.1.2.200", 5), local), keyhash_avalanche(0x7f0102c8));
}

static void each_input_is_hashed_as_haproxy_sends_it(void **unused)
{
	static const uint8_t port_5[8] = { [7] = 5 };
	static const uint8_t port_26257[8] = { [6] = 26257 >> 8, [7] = 26257 & 0xff };
	struct settings_service s = { .balance = SETTINGS_HASH };
	struct addr_ip client = parse("127.1.2.200", 5);
	struct addr_ip local = parse("fd00::9", 26257);

	(void)unused;
	for (enum settings_hash_function f = SETTINGS_HASH_SDBM; f <= SETTINGS_HASH_CRC32; f++) {
		s.hash.function = f;
		s.hash.input = SETTINGS_HASH_SRC;
		assert_int_equal(hash(s, client, local), keyhash_bytes(f, "\x7f\1\2\xc8", 4));
		s.hash.input = SETTINGS_HASH_SRC_PORT;
		assert_int_equal(hash(s, client, local), keyhash_bytes(f, port_5, 8));
		s.hash.input = SETTINGS_HASH_DST;
		assert_int_equal(hash(s, client, local), keyhash_bytes(f, local.bytes, 16));
		s.hash.input = SETTINGS_HASH_DST_PORT;
		assert_int_equal(hash(s, client, local), keyhash_bytes(f, port_26257, 8));
	}
}

static void without_an_address_there_is_no_hash(void **unused)
{
	static const struct addr_ip ends[] = { { .family = AF_UNIX }, { .family = 0 } };
	struct settings_service s = { .balance = SETTINGS_HASH };
	struct addr_ip ip = parse("127.0.0.1", 1);
	uint32_t ret;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		for (enum settings_hash_input in = SETTINGS_HASH_SRC; in <= SETTINGS_HASH_DST_PORT;
		     in++) {
			bool is_local = in >= SETTINGS_HASH_DST;

			s.balance = SETTINGS_HASH;
			s.hash.input = in;
			assert_int_equal(keyhash_client(&s, &ends[i], &ip, &ret), is_local);
			assert_int_equal(keyhash_client(&s, &ip, &ends[i], &ret), !is_local);
		}
		s.balance = SETTINGS_SOURCE;
		assert_false(keyhash_client(&s, &ends[i], &ip, &ret));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_haproxys),
		cmocka_unit_test(avalanche_is_haproxys),
		cmocka_unit_test(source_folds_the_address),
		cmocka_unit_test(each_input_is_hashed_as_haproxy_sends_it),
		cmocka_unit_test(without_an_address_there_is_no_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
