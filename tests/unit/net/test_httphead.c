/* SPDX-License-Identifier: MIT */
#include "net/httphead.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct httphead_request request;

/* Parses a copy that ends where the bytes end, so that reading beyond them is seen. */
static enum httphead_status parse(const char *bytes, size_t len)
{
	static char *copy;
	char *old = copy;

	copy = len ? malloc(len) : NULL;
	if (len)
		memcpy(copy, bytes, len);
	free(old); /* of the call before: `request` pointed into it until now */
	return httphead_parse_request(copy, len, &request);
}

static void assert_string(struct httphead_string s, const char *expected)
{
	char text[256];

	snprintf(text, sizeof(text), "%.*s", (int)s.len, s.at);
	assert_string_equal(text, expected);
	assert_true(httphead_equals(s, expected));
}

static void head_is_taken_apart(void **unused)
{
	const char head[] = "POST /v1/servers/n1?wait=2s HTTP/1.1\r\n"
	                    "Host: 127.0.0.1:8404\r\n"
	                    "Accept:text/event-stream\r\n"
	                    "X-Empty:\r\n"
	                    "X-Spaces: \t a b\t \r\n"
	                    "content-length: 0012\r\n"
	                    "X-Latin: \xe9\r\n"
	                    "\r\n"
	                    "{\"state\": 1}";

	(void)unused;
	assert_int_equal(parse(head, strlen(head)), HTTPHEAD_OK);
	assert_string(request.method, "POST");
	assert_string(request.target, "/v1/servers/n1?wait=2s");
	assert_int_equal(request.minor, 1);
	assert_int_equal(request.field_count, 6);
	assert_string(request.fields[0].name, "Host");
	assert_string(httphead_field(&request, "host"), "127.0.0.1:8404");
	assert_string(httphead_field(&request, "ACCEPT"), "text/event-stream");
	assert_string(httphead_field(&request, "x-empty"), "");
	assert_string(httphead_field(&request, "x-spaces"), "a b");
	assert_string(httphead_field(&request, "x-latin"), "\xe9");
	assert_null(httphead_field(&request, "Hos").at);
	assert_null(httphead_field(&request, "Cookie").at);
	assert_int_equal(request.content_length, 12);
	assert_int_equal(request.head_len, strlen(head) - 12);
}

static void heads_of_every_allowed_shape_are_taken(void **unused)
{
	static const struct {
		const char *head, *method, *target;
		int minor;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n\r\n", "GET", "/", 1 },
		{ "GET / HTTP/1.0\r\n\r\n", "GET", "/", 0 },
		{ "GET / HTTP/1.9\r\n\r\n", "GET", "/", 9 },
		{ "GET /stats;csv;norefresh HTTP/1.0\n\n", "GET", "/stats;csv;norefresh", 0 },
		{ "GET /haproxy?stats;csv HTTP/1.0\r\nA: b\n\r\n", "GET", "/haproxy?stats;csv", 0 },
		{ "\r\n\nHEAD /healthz HTTP/1.1\r\n\r\n", "HEAD", "/healthz", 1 },
		{ "OPTIONS * HTTP/1.1\r\n\r\n", "OPTIONS", "*", 1 },
		{ "M-SEARCH http://[::1]:80/~a%20b HTTP/1.1\r\n\r\n", "M-SEARCH",
		  "http://[::1]:80/~a%20b", 1 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i].head);

		assert_int_equal(parse(cases[i].head, len), HTTPHEAD_OK);
		assert_string(request.method, cases[i].method);
		assert_string(request.target, cases[i].target);
		assert_int_equal(request.minor, cases[i].minor);
		assert_int_equal(request.head_len, len);
		assert_int_equal(request.content_length, 0);
		/* Until the last byte there is more to come. */
		while (len--)
			assert_int_equal(parse(cases[i].head, len), HTTPHEAD_MORE);
	}
}

#define BAD(head)                                                                                  \
	{                                                                                          \
		head, sizeof(head) - 1                                                             \
	}

static void what_is_no_request_is_bad_and_stays_bad(void **unused)
{
	static const struct {
		const char *head;
		size_t len;
	} cases[] = {
		/* request lines */
		BAD("GET /\r\n\r\n"),
		BAD("GET / HTTP/0.9\r\n\r\n"),
		BAD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		BAD("GET / HTTP/1.10\r\n\r\n"),
		BAD("GET / HTTP/1.x\r\n\r\n"),
		BAD("GET / http/1.1\r\n\r\n"),
		BAD("GET  / HTTP/1.1\r\n\r\n"),
		BAD("GET /  HTTP/1.1\r\n\r\n"),
		BAD("GET / HTTP/1.1 \r\n\r\n"),
		BAD(" GET / HTTP/1.1\r\n\r\n"),
		BAD("GET /a b HTTP/1.1\r\n\r\n"),
		BAD("GET\t/ HTTP/1.1\r\n\r\n"),
		BAD("GET /\xe9 HTTP/1.1\r\n\r\n"),
		BAD("G(T / HTTP/1.1\r\n\r\n"),
		BAD(" / HTTP/1.1\r\n\r\n"),
		BAD("hello\n"),
		/* the first bytes of a TLS ClientHello, no line at all */
		BAD("\x16\x03\x01\x02"),
		/* fields */
		BAD("GET / HTTP/1.1\r\nno colon\r\n\r\n"),
		BAD("GET / HTTP/1.1\r\n: empty\r\n\r\n"),
		BAD("GET / HTTP/1.1\r\nName : value\r\n\r\n"),
		BAD("GET / HTTP/1.1\r\n Name: value\r\n\r\n"),
		BAD("GET / HTTP/1.1\r\nName: value\r\n folded\r\n\r\n"),
		BAD("GET / HTTP/1.1\r\nName: value\r\n\tfolded\r\n\r\n"),
		BAD("GET / HTTP/1.1\r\nName: a\0b\r\n\r\n"),
		BAD("GET / HTTP/1.1\r\nName: a\rb\r\n\r\n"),
		BAD("GET / HTTP/1.1\r\nName: a\r\r\n\r\n"),
		BAD("GET / HTTP/1.1\r\nName: a\x7f\r\n\r\n"),
		BAD("GET / HTTP/1.1\r\nName: a\x01"),
		/* bodies */
		BAD("POST / HTTP/1.1\r\nContent-Length:\r\n\r\n"),
		BAD("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
		BAD("POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n"),
		BAD("POST / HTTP/1.1\r\nContent-Length: 1 1\r\n\r\n"),
		BAD("POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n"),
		BAD("POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n"),
		BAD("POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n"),
		BAD("POST / HTTP/1.1\r\nContent-Length: 000000000000000000000001\r\n\r\n"),
		BAD("POST / HTTP/1.1\r\nContent-Length: 1\r\nCONTENT-LENGTH: 1\r\n\r\n"),
		BAD("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
		BAD("POST / HTTP/1.0\r\ntransfer-encoding:\r\n\r\n"),
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool was_bad = false;

		if (parse(cases[i].head, cases[i].len) != HTTPHEAD_BAD)
			fail_msg("case %zu: %s", i, cases[i].head);
		for (size_t len = 0; len <= cases[i].len; len++) {
			enum httphead_status status = parse(cases[i].head, len);

			assert_int_not_equal(status, HTTPHEAD_OK);
			assert_true(!was_bad || status == HTTPHEAD_BAD);
			was_bad = status == HTTPHEAD_BAD;
		}
	}
}

static void largest_content_length_is_taken(void **unused)
{
	const char head[] = "PUT / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n";

	(void)unused;
	assert_int_equal(parse(head, strlen(head)), HTTPHEAD_OK);
	assert_true(request.content_length == SIZE_MAX);
}

static void fields_are_counted_to_the_limit(void **unused)
{
	(void)unused;
	for (int extra = 0; extra < 2; extra++) {
		char head[4096] = "GET / HTTP/1.1\r\n";

		for (int i = 0; i < HTTPHEAD_FIELDS_MAX + extra; i++)
			strcat(head, "X-Field: 1\r\n");
		strcat(head, "\r\n");
		assert_int_equal(parse(head, strlen(head)), extra ? HTTPHEAD_BAD : HTTPHEAD_OK);
		assert_int_equal(request.field_count, HTTPHEAD_FIELDS_MAX);
	}
}

static void first_of_equal_fields_is_found(void **unused)
{
	const char head[] = "GET / HTTP/1.1\r\nA: 1\r\na: 2\r\n\r\n";

	(void)unused;
	assert_int_equal(parse(head, strlen(head)), HTTPHEAD_OK);
	assert_string(httphead_field(&request, "a"), "1");
}

static void tokens_are_found_in_lists(void **unused)
{
	static const struct {
		const char *value, *token;
		bool found;
	} cases[] = {
		{ "close", "close", true },
		{ "Close", "close", true },
		{ "keep-alive, close", "close", true },
		{ "keep-alive ,\tclose ", "close", true },
		{ ",,close,", "close", true },
		{ "closed", "close", false },
		{ "clos", "close", false },
		{ "close keep-alive", "close", false },
		{ "", "close", false },
		{ ",", "close", false },
		{ "text/html, text/event-stream;q=0.9", "text/event-stream", true },
		{ "text/event-stream ; q=0.9, */*", "text/event-stream", true },
		{ "a;text/event-stream", "text/event-stream", false },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct httphead_string value = { cases[i].value, strlen(cases[i].value) };

		if (httphead_has_token(value, cases[i].token) != cases[i].found)
			fail_msg("\"%s\" in \"%s\"", cases[i].token, cases[i].value);
	}
	assert_false(httphead_has_token((struct httphead_string){ NULL, 0 }, "close"));
	assert_false(httphead_equals((struct httphead_string){ NULL, 0 }, ""));
	assert_false(httphead_equals((struct httphead_string){ "GET", 3 }, "get"));
	assert_false(httphead_equals((struct httphead_string){ "GET", 3 }, "GE"));
}

static int release(void **unused)
{
	(void)unused;
	parse(NULL, 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head_is_taken_apart),
		cmocka_unit_test(heads_of_every_allowed_shape_are_taken),
		cmocka_unit_test(what_is_no_request_is_bad_and_stays_bad),
		cmocka_unit_test(largest_content_length_is_taken),
		cmocka_unit_test(fields_are_counted_to_the_limit),
		cmocka_unit_test(first_of_equal_fields_is_found),
		cmocka_unit_test(tokens_are_found_in_lists),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
