/* SPDX-License-Identifier: MIT */
#include "net/proxyproto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4_ENDS   "\x0a\0\0\1\x0a\0\0\2\x04\x57\x08\xae"
#define BYTES(s)  (s), sizeof(s) - 1

static struct addr parse_ip(const char *host, uint16_t port)
{
	struct addr a;

	assert_true(addr_parse_ip(host, port, &a));
	return a;
}

struct ends {
	const char *client, *local; /* NULL: none; "unix": a nameless UNIX client */
	uint16_t client_port, local_port;
	const char *v1;
	const char *v2;
	size_t v2_len;
};

/* As HAProxy 2.6 writes them. */
static const struct ends written[] = {
	{ "10.0.0.1", "10.0.0.2", 1111, 2222, "PROXY TCP4 10.0.0.1 10.0.0.2 1111 2222\r\n",
	  BYTES(SIGNATURE "\x21\x11\0\x0c" V4_ENDS) },
	{ "::1", "fd00::2", 46862, 41001, "PROXY TCP6 ::1 fd00::2 46862 41001\r\n",
	  BYTES(SIGNATURE "\x21\x21\0\x24"
	                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
	                  "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
	                  "\xb7\x0e\xa0\x29") },
	{ "2001:db8::1", "127.0.0.1", 44272, 41004,
	  "PROXY TCP6 2001:db8::1 ::ffff:127.0.0.1 44272 41004\r\n",
	  BYTES(SIGNATURE "\x21\x21\0\x24"
	                  "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	                  "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1"
	                  "\xac\xf0\xa0\x2c") },
	{ "unix", "10.0.0.2", 0, 2222, "PROXY UNKNOWN\r\n", BYTES(SIGNATURE "\x20\0\0\0") },
	{ "10.0.0.1", NULL, 1, 0, "PROXY UNKNOWN\r\n", BYTES(SIGNATURE "\x20\0\0\0") },
	{ NULL, NULL, 0, 0, "PROXY UNKNOWN\r\n", BYTES(SIGNATURE "\x20\0\0\0") },
	{ "0.0.0.0", "255.255.255.255", 0, 65535, "PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n",
	  BYTES(SIGNATURE "\x21\x11\0\x0c\0\0\0\0\xff\xff\xff\xff\0\0\xff\xff") },
};

static const struct addr *make(const char *host, uint16_t port, struct addr *room)
{
	if (!host)
		return NULL;
	*room = (struct addr){ .un.sun_family = AF_UNIX, .len = sizeof(sa_family_t) };
	if (strcmp(host, "unix") != 0)
		*room = parse_ip(host, port);
	return room;
}

static void headers_are_written_as_haproxy_does(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(written); i++) {
		const struct ends *e = &written[i];
		struct addr a;
		struct addr b;
		const struct addr *client = make(e->client, e->client_port, &a);
		const struct addr *local = make(e->local, e->local_port, &b);
		char buf[PROXYPROTO_V1_MAX];
		size_t len = proxyproto_write_v1(client, local, buf, sizeof(buf));

		assert_int_equal(len, strlen(e->v1));
		assert_memory_equal(buf, e->v1, len);
		assert_int_equal(proxyproto_write_v1(client, local, buf, len), len);
		assert_int_equal(proxyproto_write_v1(client, local, buf, len - 1), 0);
		len = proxyproto_write_v2(client, local, NULL, 0, buf, sizeof(buf));
		assert_int_equal(len, e->v2_len);
		assert_memory_equal(buf, e->v2, len);
		assert_int_equal(proxyproto_write_v2(client, local, NULL, 0, buf, len - 1), 0);
	}
}

static void the_longest_line_fits(void **unused)
{
	struct addr a = parse_ip("fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
	char buf[PROXYPROTO_V1_MAX];
	size_t len = proxyproto_write_v1(&a, &a, buf, sizeof(buf));

	(void)unused;
	assert_int_equal(len, 104); /* 107 is "PROXY UNKNOWN" with all that may follow it */
	assert_memory_equal(buf + len - 14, " 65535 65535\r\n", 14);
}

/* Extensions with a checksum as HAProxy 2.6 wrote them ("crc32c,unique-id", another port). */
static void the_checksum_is_haproxys(void **unused)
{
	static const char local[] = SIGNATURE "\x20\0\0\x0a\3\0\4\x82\x63\x74\xb8\5\0\0";
	static const char proxy[] = SIGNATURE "\x21\x11\0\x16\x7f\0\0\1\x7f\0\0\1\xc0\xc6\xa0\x2b"
	                                      "\3\0\4\xd4\x5d\x92\x84\5\0\0";
	struct addr client = parse_ip("127.0.0.1", 0xc0c6);
	struct addr bind = parse_ip("127.0.0.1", 0xa02b);
	struct proxyproto_header h;
	char buf[128];

	(void)unused;
	assert_int_equal(
	    proxyproto_write_v2(NULL, NULL, BYTES("\3\0\4abcd\5\0\0"), buf, sizeof(buf)),
	    sizeof(local) - 1);
	assert_memory_equal(buf, local, sizeof(local) - 1);
	assert_int_equal(
	    proxyproto_write_v2(&client, &bind, BYTES("\3\0\4\0\0\0\0\5\0\0"), buf, sizeof(buf)),
	    sizeof(proxy) - 1);
	assert_memory_equal(buf, proxy, sizeof(proxy) - 1);
	assert_int_equal(proxyproto_parse(BYTES(proxy), &h), PROXYPROTO_DONE);
	assert_int_equal(h.tlv_len, 10);
}

static void extensions_are_passed_on_verbatim(void **unused)
{
	static const char tlvs[] = "\1\0\2h2\xe0\0\3abc\x30\0\0";
	struct addr a = parse_ip("10.0.0.1", 1111);
	struct addr b = parse_ip("10.0.0.2", 2222);
	struct proxyproto_header h;
	char *buf = malloc(70000);
	size_t len = proxyproto_write_v2(&a, &b, BYTES(tlvs), buf, 70000);

	(void)unused;
	assert_int_equal(len, 28 + sizeof(tlvs) - 1);
	assert_int_equal(proxyproto_parse(buf, len, &h), PROXYPROTO_DONE);
	assert_int_equal(h.tlv_len, sizeof(tlvs) - 1);
	assert_memory_equal(h.tlvs, tlvs, h.tlv_len);
	assert_true(addr_equal(&h.source, &a) && addr_equal(&h.destination, &b));
	memset(buf, 0, 70000);
	assert_int_equal(proxyproto_write_v2(&a, &b, buf, 65524, buf, 70000), 0);
	free(buf);
}

struct good {
	const char *bytes;
	size_t len;
	int version;
	bool is_local;
	const char *source, *destination; /* as addr_format() writes them */
	size_t tlv_len;
};

static const struct good good_headers[] = {
	{ BYTES("PROXY TCP4 10.0.0.1 10.0.0.2 1111 2222\r\n"), 1, false, "10.0.0.1:1111",
	  "10.0.0.2:2222", 0 },
	{ BYTES("PROXY TCP4 1.2.3.4 255.255.255.255 0 65535\r\n"), 1, false, "1.2.3.4:0",
	  "255.255.255.255:65535", 0 },
	{ BYTES("PROXY TCP6 ::ffff:1.2.3.4 fd00::1 1 2\r\n"), 1, false, "1.2.3.4:1", "[fd00::1]:2",
	  0 },
	{ BYTES("PROXY UNKNOWN\r\n"), 1, true, "-", "-", 0 },
	{ BYTES("PROXY UNKNOWN ffff::1 ::2 1 2\r\n"), 1, true, "-", "-", 0 },
	{ BYTES(
	      "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535 xxxxxxxxxxxxxxxxxxxxxxxxx"
	      "xxxxxxxxxxxxxxxxx\r\n"),
	  1, true, "-", "-", 0 },
	{ BYTES(SIGNATURE "\x21\x11\0\x0c" V4_ENDS), 2, false, "10.0.0.1:1111", "10.0.0.2:2222",
	  0 },
	{ BYTES(SIGNATURE "\x21\x11\0\x11" V4_ENDS "\4\0\2ab"), 2, false, "10.0.0.1:1111",
	  "10.0.0.2:2222", 5 },
	{ BYTES(SIGNATURE "\x21\x21\0\x24"
	                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
	                  "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
	                  "\0\1\0\2"),
	  2, false, "[::1]:1", "[fd00::2]:2", 0 },
	{ BYTES(SIGNATURE "\x20\0\0\0"), 2, true, "-", "-", 0 },
	{ BYTES(SIGNATURE "\x20\x11\0\x0c" V4_ENDS), 2, true, "-", "-", 0 },
	{ BYTES(SIGNATURE "\x20\xff\0\3abc"), 2, true, "-", "-", 0 },
	{ BYTES(SIGNATURE "\x21\0\0\0"), 2, true, "-", "-", 0 },
	{ BYTES(SIGNATURE "\x21\0\0\3abc"), 2, true, "-", "-", 0 },
};

static void expect_address(const struct addr *a, const char *want)
{
	char buf[ADDR_TEXT_MAX];

	assert_string_equal(addr_format(a, buf), want);
}

/* Every prefix wants more, never more than the header has; what follows it changes nothing. */
static void good_headers_are_understood_however_they_arrive(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(good_headers); i++) {
		const struct good *g = &good_headers[i];
		struct proxyproto_header h;
		char more[256] = { 0 };

		for (size_t n = 0; n < g->len; n++) {
			assert_int_equal(proxyproto_parse(g->bytes, n, &h), PROXYPROTO_NEED_MORE);
			assert_in_range(h.len, n + 1, g->len);
		}
		memcpy(more, g->bytes, g->len);
		memset(more + g->len, '\n', 8);
		for (size_t extra = 0; extra < 8; extra++) {
			assert_int_equal(proxyproto_parse(more, g->len + extra, &h),
			                 PROXYPROTO_DONE);
			assert_int_equal(h.len, g->len);
			assert_int_equal(h.version, g->version);
			assert_int_equal(h.is_local, g->is_local);
			expect_address(&h.source, g->source);
			expect_address(&h.destination, g->destination);
			assert_int_equal(h.tlv_len, g->tlv_len);
			assert_true(!h.tlv_len || h.tlvs == (uint8_t *)more + g->len - h.tlv_len);
			assert_null(h.reason);
		}
	}
}

static void unix_addresses_are_paths(void **unused)
{
	char bytes[16 + 216] = SIGNATURE "\x21\x31\0\xd8/client";
	struct proxyproto_header h;

	(void)unused;
	memset(bytes + 16 + 108, 'x', 108);
	assert_int_equal(proxyproto_parse(bytes, sizeof(bytes), &h), PROXYPROTO_DONE);
	assert_false(h.is_local);
	expect_address(&h.source, "unix:/client");
	expect_address(&h.destination, "-");
	bytes[15] = (char)0xd7;
	assert_int_equal(proxyproto_parse(bytes, sizeof(bytes), &h), PROXYPROTO_BAD);
}

#define INVALID   "Received an invalid PROXY protocol header"
#define UNHANDLED "Received an unhandled protocol in the PROXY protocol header"
#define NO_HEADER "Received something which does not look like a PROXY protocol header"

struct bad {
	const char *bytes;
	size_t len;
	const char *reason, *haproxy;
};

static const struct bad bad_headers[] = {
	{ BYTES("GET / HTTP/1.0\r\n"), "no PROXY header", NO_HEADER },
	{ BYTES("\0\0\0\x08\4\xd2\x16/"), "no PROXY header", NO_HEADER },
	{ BYTES("proxy TCP4"), "no PROXY header", NO_HEADER },
	{ BYTES("PROXYTCP4"), "no PROXY header", NO_HEADER },
	{ BYTES("\r\n\r\n\0\r\nQUIT\r"), "no PROXY header", NO_HEADER },
	{ BYTES("PROXY \r\n"), "no protocol in the PROXY line", INVALID },
	{ BYTES("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), "no protocol in the PROXY line", INVALID },
	{ BYTES("PROXY UDP4 10.0.0.1 10.0.0.2 1111 2222\r\n"), "unknown protocol in the PROXY line",
	  UNHANDLED },
	{ BYTES("PROXY tcp4 10.0.0.1 10.0.0.2 1111 2222\r\n"), "unknown protocol in the PROXY line",
	  UNHANDLED },
	{ BYTES("PROXY UNKNOWNX\r\n"), "unknown protocol in the PROXY line", UNHANDLED },
	{ BYTES("PROXY TCP4\r\n"), "bad source address in the PROXY line", INVALID },
	{ BYTES("PROXY TCP4 ::1 ::1 1 2\r\n"), "bad source address in the PROXY line", INVALID },
	{ BYTES("PROXY TCP4  10.0.0.1 10.0.0.2 1 2\r\n"), "bad source address in the PROXY line",
	  INVALID },
	{ BYTES("PROXY TCP4 * 10.0.0.2 1 2\r\n"), "bad source address in the PROXY line", INVALID },
	{ BYTES("PROXY TCP4 10.0.0.1\t10.0.0.2 1 2\r\n"), "bad source address in the PROXY line",
	  INVALID },
	{ BYTES("PROXY TCP4 10.0.0.1 10.0.0 1 2\r\n"), "bad destination address in the PROXY line",
	  INVALID },
	{ BYTES("PROXY TCP6 ::1 10.0.0.1 1 2\r\n"), "bad destination address in the PROXY line",
	  INVALID },
	{ BYTES("PROXY TCP4 10.0.0.1 10.0.0.2\r\n"), "bad source port in the PROXY line", INVALID },
	{ BYTES("PROXY TCP4 10.0.0.1 10.0.0.2 65536 2\r\n"), "bad source port in the PROXY line",
	  INVALID },
	{ BYTES("PROXY TCP4 10.0.0.1 10.0.0.2 01 2\r\n"), "bad source port in the PROXY line",
	  INVALID },
	{ BYTES("PROXY TCP4 10.0.0.1 10.0.0.2 +1 2\r\n"), "bad source port in the PROXY line",
	  INVALID },
	{ BYTES("PROXY TCP4 10.0.0.1 10.0.0.2 1\r\n"), "bad destination port in the PROXY line",
	  INVALID },
	{ BYTES("PROXY TCP4 10.0.0.1 10.0.0.2 1 -2\r\n"), "bad destination port in the PROXY line",
	  INVALID },
	{ BYTES("PROXY TCP4 10.0.0.1 10.0.0.2 1 2 \r\n"), "too many words in the PROXY line",
	  INVALID },
	{ BYTES("PROXY TCP4 10.0.0.1 10.0.0.2 1 2 3\r\n"), "too many words in the PROXY line",
	  INVALID },
	{ BYTES("PROXY UNKNOWN\n"), "the PROXY line does not end with CR LF", INVALID },
	{ BYTES("PROXY UNKNOWN\r\r"), "the PROXY line does not end with CR LF", INVALID },
	{ BYTES("PROXY UNKNOWN \0\r\n"), "the PROXY line does not end with CR LF", INVALID },
	{ BYTES("PROXY UNKNOWN "
	        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	        "xxxxxxxxxxxxxxxxxxxxx\r"),
	  "the PROXY line is longer than 107 bytes", INVALID },
	{ BYTES(SIGNATURE "\x11"), "unknown version of the PROXY header", NO_HEADER },
	{ BYTES(SIGNATURE "\x31\x11\0\x0c" V4_ENDS), "unknown version of the PROXY header",
	  NO_HEADER },
	{ BYTES(SIGNATURE "\x22\x11"), "unknown command in the PROXY header", INVALID },
	{ BYTES(SIGNATURE "\x21\x12\0\x0c" V4_ENDS), "unknown address family in the PROXY header",
	  INVALID },
	{ BYTES(SIGNATURE "\x21\x41\0\x0c" V4_ENDS), "unknown address family in the PROXY header",
	  INVALID },
	{ BYTES(SIGNATURE "\x21\x11\0\x0b" V4_ENDS),
	  "the addresses of the PROXY header are cut off", INVALID },
	{ BYTES(SIGNATURE "\x21\x21\0\x0c" V4_ENDS),
	  "the addresses of the PROXY header are cut off", INVALID },
	{ BYTES(SIGNATURE "\x21\x11\x10\1"), "the PROXY header is longer than 4096 bytes",
	  INVALID },
	{ BYTES(SIGNATURE "\x21\x11\0\x0e" V4_ENDS "\4\0"),
	  "an extension of the PROXY header is cut off", INVALID },
	{ BYTES(SIGNATURE "\x21\x11\0\x11" V4_ENDS "\4\0\3ab"),
	  "an extension of the PROXY header is cut off", INVALID },
	{ BYTES(SIGNATURE "\x21\x11\0\x12" V4_ENDS "\3\0\3abc"),
	  "a checksum of the wrong size in the PROXY header", INVALID },
	{ BYTES(SIGNATURE "\x21\x11\0\x13" V4_ENDS "\3\0\4abcd"),
	  "the checksum of the PROXY header is wrong", INVALID },
};

/* Once bad, bad for ever; before that it only wants more. */
static void what_is_no_header_is_refused_with_its_reason(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(bad_headers); i++) {
		const struct bad *b = &bad_headers[i];
		bool was_bad = false;
		struct proxyproto_header h;

		for (size_t n = 0; n <= b->len; n++) {
			enum proxyproto_step step = proxyproto_parse(b->bytes, n, &h);

			assert_true(step == PROXYPROTO_BAD ||
			            (step == PROXYPROTO_NEED_MORE && !was_bad && h.len > n));
			was_bad = step == PROXYPROTO_BAD;
		}
		assert_true(was_bad);
		assert_string_equal(h.reason, b->reason);
		assert_string_equal(h.haproxy_reason, b->haproxy);
		assert_int_equal(h.source.len + h.destination.len, 0);
		assert_null(h.tlvs);
	}
}

static void the_longest_header_is_taken(void **unused)
{
	char bytes[PROXYPROTO_MAX] = SIGNATURE "\x21\x11\x10\0" V4_ENDS "\4\x0f\xf1";
	struct proxyproto_header h;

	(void)unused;
	assert_int_equal(proxyproto_parse(bytes, 16, &h), PROXYPROTO_NEED_MORE);
	assert_int_equal(h.len, PROXYPROTO_MAX);
	assert_int_equal(proxyproto_parse(bytes, sizeof(bytes), &h), PROXYPROTO_DONE);
	assert_int_equal(h.tlv_len, 4096 - 12);
}

/* What is written is read back. */
static void headers_make_the_round_trip(void **unused)
{
	static const char *const hosts[] = { "10.0.0.1", "255.255.255.255", "::", "fd00::1",
		                             "2001:db8:1:2:3:4:5:6" };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(hosts) * ARRAY_LEN(hosts); i++) {
		const char *host[] = { hosts[i / ARRAY_LEN(hosts)], hosts[i % ARRAY_LEN(hosts)] };
		struct addr a = parse_ip(host[0], (uint16_t)(i * 2600));
		struct addr b = parse_ip(host[1], (uint16_t)(65535 - i));
		uint8_t buf[PROXYPROTO_V1_MAX];

		for (int version = 1; version <= 2; version++) {
			size_t len = version == 1 ? proxyproto_write_v1(&a, &b, buf, sizeof(buf))
			                          : proxyproto_write_v2(&a, &b, NULL, 0, buf,
			                                                PROXYPROTO_V2_PLAIN);
			struct proxyproto_header h;

			assert_int_equal(proxyproto_parse(buf, len, &h), PROXYPROTO_DONE);
			assert_int_equal(h.len, len);
			assert_int_equal(h.version, version);
			assert_int_equal(addr_port(&h.source), addr_port(&a));
			assert_int_equal(addr_port(&h.destination), addr_port(&b));
			assert_int_equal(h.source.sa.sa_family, h.destination.sa.sa_family);
			if (a.sa.sa_family == h.source.sa.sa_family)
				assert_true(addr_equal(&h.source, &a));
			if (b.sa.sa_family == h.destination.sa.sa_family)
				assert_true(addr_equal(&h.destination, &b));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_written_as_haproxy_does),
		cmocka_unit_test(the_longest_line_fits),
		cmocka_unit_test(the_checksum_is_haproxys),
		cmocka_unit_test(extensions_are_passed_on_verbatim),
		cmocka_unit_test(good_headers_are_understood_however_they_arrive),
		cmocka_unit_test(unix_addresses_are_paths),
		cmocka_unit_test(what_is_no_header_is_refused_with_its_reason),
		cmocka_unit_test(the_longest_header_is_taken),
		cmocka_unit_test(headers_make_the_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
