/* SPDX-License-Identifier: MIT */
#include "base/httpanswer.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct httpanswer_slice slice(const char *s)
{
	return (struct httpanswer_slice){ s, strlen(s) };
}

static const struct {
	const char *answer;
	enum httpanswer_state state; /* of all of it */
	const char *content;
} answers[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", HTTPANSWER_OK, "hello" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, world", HTTPANSWER_OK, "hello" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", HTTPANSWER_MORE, "hell" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", HTTPANSWER_OK, "" },
	{ "HTTP/1.0 200 OK\n\nhello", HTTPANSWER_MORE, "hello" },
	{ "HTTP/1.1 204 No Content\r\n\r\nx", HTTPANSWER_OK, "" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n2;x=y\r\n, "
	  "\r\n5\r\nworld\r\n0\r\n\r\n",
	  HTTPANSWER_OK, "hello, world" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0", HTTPANSWER_MORE,
	  "hello" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n", HTTPANSWER_BAD,
	  NULL },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", HTTPANSWER_BAD, NULL },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000001\r\n",
	  HTTPANSWER_BAD, NULL },
};

static void content_is_the_same_whole_and_in_portions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct httpanswer_slice all = slice(answers[i].answer), in;
		enum httpanswer_state last = HTTPANSWER_MORE;
		struct httpanswer_head h;
		AUTO_TEXT whole = { 0 };
		AUTO_TEXT portions = { 0 };
		size_t used = 0;

		assert_int_equal(httpanswer_parse(all, false, &h), HTTPANSWER_OK);
		in = (struct httpanswer_slice){ all.at + h.size, all.len - h.size };
		assert_int_equal(httpanswer_decode(&h, in, &whole), answers[i].state);
		for (size_t n = 0; n <= in.len && last == HTTPANSWER_MORE; n++)
			last = httpanswer_take(&h, (struct httpanswer_slice){ in.at, n }, &used,
			                       &portions);
		assert_int_equal(last, answers[i].state);
		if (!answers[i].content)
			continue;
		assert_string_equal(text_str(&whole), answers[i].content);
		assert_string_equal(text_str(&portions), answers[i].content);
	}
}

static void a_line_without_end_is_not_read_for_ever(void **state)
{
	struct httpanswer_head h = { .framing = HTTPANSWER_CHUNKED };
	char *line = malloc(9000);
	AUTO_TEXT out = { 0 };
	size_t used = 0;

	(void)state;
	assert_non_null(line);
	memset(line, '1', 9000);
	assert_int_equal(httpanswer_take(&h, (struct httpanswer_slice){ line, 8000 }, &used, &out),
	                 HTTPANSWER_MORE);
	assert_int_equal(httpanswer_take(&h, (struct httpanswer_slice){ line, 9000 }, &used, &out),
	                 HTTPANSWER_BAD);
	snprintf(line, 9000, "3\r\nabc");
	line[6] = '1';
	assert_int_equal(httpanswer_take(&h, (struct httpanswer_slice){ line, 9000 }, &used, &out),
	                 HTTPANSWER_BAD);
	free(line);
}

static void heads_that_are_none_are_bad_or_not_whole(void **state)
{
	static const struct {
		const char *head;
		enum httpanswer_state state;
	} cases[] = {
		{ "", HTTPANSWER_MORE },
		{ "HTTP/1.1", HTTPANSWER_MORE },
		{ "HTTP/1.1 200 OK\r\nA: b\r\n", HTTPANSWER_MORE },
		{ "SSH-2.0-OpenSSH", HTTPANSWER_BAD },
		{ "\x15\x03\x01", HTTPANSWER_BAD },
		{ "HTTP/1.1 20 OK\r\n", HTTPANSWER_BAD },
		{ "HTTP/1.1 200 OK\r\nno field\r\n", HTTPANSWER_BAD },
		{ "HTTP/1.1 200 OK\r\nContent-Length: x\r\n", HTTPANSWER_BAD },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n", HTTPANSWER_BAD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct httpanswer_head h;

		assert_int_equal(httpanswer_parse(slice(cases[i].head), false, &h), cases[i].state);
	}
}

static void fields_are_found_without_case(void **state)
{
	struct httpanswer_head h;
	struct httpanswer_slice s;

	(void)state;
	assert_int_equal(httpanswer_parse(slice("HTTP/1.1 307 Moved\r\nlocation:  https://x/ \r\n"
	                                        "A: b, c\r\na: d\r\n\r\n"),
	                                  false, &h),
	                 HTTPANSWER_OK);
	assert_int_equal(h.status, 307);
	assert_memory_equal(h.reason.at, "Moved", h.reason.len);
	s = httpanswer_field(&h, "Location");
	assert_int_equal(s.len, strlen("https://x/"));
	assert_memory_equal(s.at, "https://x/", s.len);
	assert_null(httpanswer_field(&h, "Locatio").at);
	assert_true(httpanswer_has(&h, "a", "c", 1));
	assert_true(httpanswer_has(&h, "A", "d", 1));
	assert_false(httpanswer_has(&h, "A", "e", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_is_the_same_whole_and_in_portions),
		cmocka_unit_test(a_line_without_end_is_not_read_for_ever),
		cmocka_unit_test(heads_that_are_none_are_bad_or_not_whole),
		cmocka_unit_test(fields_are_found_without_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
