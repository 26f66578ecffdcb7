/* SPDX-License-Identifier: MIT */
#include "core/probe.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An answer, whether the peer closes after it, and the verdict; WAIT: none yet. */
enum { WAIT = -1 };
enum { OPEN, CLOSED };

struct answer {
	const char *bytes;
	size_t len;
	int end;
	int code;
	unsigned int status;
	const char *info;
};

#define ANSWER(s) s, sizeof(s) - 1

static struct settings_check http(void)
{
	return settings_check_default(SETTINGS_CHECK_HTTP);
}

/* Feeds pieces of `first` bytes and then of `rest` bytes each. */
static enum probe_step feed(const struct settings_check *check, const struct answer *a,
                            size_t first, size_t rest, struct probe_result *ret)
{
	enum probe_step step = PROBE_MORE;
	struct probe p;
	size_t done = 0;

	probe_init(&p, check);
	for (size_t n = first; step == PROBE_MORE && done < a->len; n = rest) {
		if (n > a->len - done)
			n = a->len - done;
		step = probe_feed(&p, a->bytes + done, n, ret);
		done += n;
	}
	if (step == PROBE_MORE && a->end == CLOSED) {
		probe_eof(&p, ret);
		step = PROBE_DONE;
	}
	probe_release(&p);
	return step;
}

static void expect_verdict(const struct settings_check *check, const struct answer *a, size_t first,
                           size_t rest)
{
	struct probe_result r = { 0 };
	enum probe_step step = feed(check, a, first, rest, &r);

	assert_int_equal(step, a->code == WAIT ? PROBE_MORE : PROBE_DONE);
	if (a->code == WAIT)
		return;
	if (r.code != (enum probe_code)a->code || strcmp(r.info, a->info) != 0)
		print_message("answer: %s\n", a->bytes);
	assert_int_equal(r.code, a->code);
	assert_int_equal(r.status, a->status);
	assert_string_equal(r.info, a->info);
	assert_int_equal(r.duration_ms, 0);
}

/* Whole, byte by byte, and split in two at every byte. */
static void expect_all(const struct settings_check *check, const struct answer *answers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct answer *a = &answers[i];

		expect_verdict(check, a, a->len ? a->len : 1, 1);
		expect_verdict(check, a, 1, 1);
		for (size_t k = 1; k < a->len; k++)
			expect_verdict(check, a, k, a->len);
	}
}

static void a_status_decides(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\n"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.1 399 Fine\r\n\r\n"), OPEN, PROBE_L7OK, 399, "" },
		{ ANSWER("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"), OPEN, PROBE_L7OK, 302, "" },
		{ ANSWER("HTTP/1.1 400 Bad Request\r\n\r\n"), OPEN, PROBE_L7STS, 400,
		  "Bad Request" },
		{ ANSWER("HTTP/1.1 500 Internal Server Error\r\n\r\n"), OPEN, PROBE_L7STS, 500,
		  "Internal Server Error" },
		{ ANSWER("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 90\r\n\r\n"), OPEN,
		  PROBE_L7STS, 503, "Service Unavailable" },
		{ ANSWER("HTTP/1.1 101 Switching Protocols\r\n\r\n"), OPEN, PROBE_L7STS, 101,
		  "Switching Protocols" },
		{ ANSWER("HTTP/1.1 999 Odd\r\n\r\n"), OPEN, PROBE_L7STS, 999, "Odd" },
	};
	struct settings_check check = http();

	(void)unused;
	expect_all(&check, answers, ARRAY_LEN(answers));
	check.type = SETTINGS_CHECK_HTTPS;
	expect_all(&check, answers, ARRAY_LEN(answers));
}

/* What HAProxy 2.6 takes too: measured with answers like these. */
static void an_answer_may_be_written_sloppily(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("HTTP/1.0 200 OK\n\n"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.0 200\r\n\r\n"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.0 503\n\n"), OPEN, PROBE_L7STS, 503, "" },
		{ ANSWER("HTTP/1.1 503 \r\n\r\n"), OPEN, PROBE_L7STS, 503, "" },
		{ ANSWER("HTTP/1.0   200 OK\r\n\r\n"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("\r\n\nHTTP/1.0 200 OK\r\n\r\n"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/2.0 200 OK\r\n\r\n"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\td\r\n\r\n"), OPEN, PROBE_L7OK, 200,
		  "" },
		{ ANSWER("HTTP/1.1 200 OK\r\nA:\r\nB:\t \r\n\r\n"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.1 200 OK\r\nA: \0b\r\n\r\n"), OPEN, PROBE_L7OK, 200, "" },
	};
	struct settings_check check = http();

	(void)unused;
	expect_all(&check, answers, ARRAY_LEN(answers));
}

static void garbage_is_an_invalid_response(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("hello world\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("x"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("\0\1\2"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("\x15\x03\x01\x00\x02\x02\x16"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("http/1.0 200 OK\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.x 200 OK\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/11 200 OK\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0200 OK\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 20 OK\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 2000 OK\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 099 OK\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200\0OK\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 OK 200\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nno colon\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nA : b\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n: b\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nA\0: b\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n folded first: x\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nContent-Length: x\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nContent-Length: -1\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nContent-Length: 1\0\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\ncontent-length: 18446744073709551616\r\n"), OPEN,
		  PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n"), OPEN,
		  PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nContent-Length: 1111111111111111111111111\r\n"), OPEN,
		  PROBE_L7RSP, 0, "" },
	};
	struct settings_check check = http();

	(void)unused;
	expect_all(&check, answers, ARRAY_LEN(answers));
}

static void a_close_ends_the_waiting(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER(""), CLOSED, PROBE_SOCKERR, 0, "" },
		{ ANSWER("\r\n"), CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTT"), CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200"), CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n"), CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nA: b\r\n"), CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER(""), OPEN, WAIT, 0, "" },
		{ ANSWER("\r\n"), OPEN, WAIT, 0, "" },
		{ ANSWER("HTTP/1.0 20"), OPEN, WAIT, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK"), OPEN, WAIT, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nA: b\r\n"), OPEN, WAIT, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\n"), CLOSED, PROBE_L7OK, 200, "" },
	};
	struct settings_check check = http();

	(void)unused;
	expect_all(&check, answers, ARRAY_LEN(answers));
}

static void interim_answers_are_skipped(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), OPEN, PROBE_L7OK,
		  200, "" },
		{ ANSWER("HTTP/1.1 102 P\r\nA: b\r\n\r\nHTTP/1.1 103 E\n\nHTTP/1.1 503 No\r\n\r\n"),
		  OPEN, PROBE_L7STS, 503, "No" },
		{ ANSWER("HTTP/1.1 100 Continue\r\n\r\n"), OPEN, WAIT, 0, "" },
		{ ANSWER("HTTP/1.1 100 Continue\r\n\r\nrubbish"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.1 100 Continue\r\n\r\n"), CLOSED, PROBE_SOCKERR, 0, "" },
	};
	struct settings_check check = http();

	(void)unused;
	expect_all(&check, answers, ARRAY_LEN(answers));
}

static void a_connection_that_stays_open_is_no_reason_to_wait(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: "
		         "4\r\n\r\n{\n\n}"),
		  OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
		         "chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"),
		  OPEN, PROBE_L7OK, 200, "" },
	};
	struct settings_check check = http();

	(void)unused;
	expect_all(&check, answers, ARRAY_LEN(answers));
}

#define NO_MATCH "HTTP content check did not match"
#define NO_BODY  "HTTP content check could not find a response body"

static void a_body_must_hold_the_expected_string(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\na needle b"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\n\0needle"), CLOSED, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\nneedle: needle\r\n\r\nno"), CLOSED, PROBE_L7RSP, 200,
		  NO_MATCH },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\nneedl"), OPEN, WAIT, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\nneedl"), CLOSED, PROBE_L7RSP, 200, NO_MATCH },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\n"), CLOSED, PROBE_L7RSP, 200, NO_BODY },
		{ ANSWER("HTTP/1.0 503 No\r\n\r\nneedle"), OPEN, PROBE_L7STS, 503, "No" },
		{ ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nneedle"), OPEN, PROBE_L7OK,
		  200, "" },
		{ ANSWER("HTTP/1.1 200 OK\r\nCONTENT-LENGTH:5\r\n\r\nneedle"), OPEN, PROBE_L7RSP,
		  200, NO_MATCH },
		{ ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 9\r\n\r\nnope"),
		  OPEN, WAIT, 0, "" },
		{ ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnope"), CLOSED, PROBE_L7RSP,
		  200, NO_MATCH },
		{ ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), OPEN, PROBE_L7RSP, 200,
		  NO_BODY },
		{ ANSWER("HTTP/1.1 204 None\r\n\r\nneedle"), OPEN, PROBE_L7RSP, 204, NO_BODY },
		{ ANSWER("HTTP/1.1 304 Same\r\n\r\nneedle"), OPEN, PROBE_L7RSP, 304, NO_BODY },
	};
	struct settings_check check = http();

	(void)unused;
	check.expect_string = "needle";
	expect_all(&check, answers, ARRAY_LEN(answers));
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void chunks_are_joined_before_the_string_is_looked_for(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER(CHUNKED "3\r\nnee\r\n3;x=y\r\ndle\r\n0\r\n\r\n"), OPEN, PROBE_L7OK, 200,
		  "" },
		{ ANSWER(CHUNKED "0A \r\n1234needle\r\n"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER(CHUNKED "a\nneedl\r\ne..\n0\n\n"), OPEN, PROBE_L7RSP, 200, NO_MATCH },
		{ ANSWER(CHUNKED "4\r\nnope\r\n0\r\nneedle: x\r\n\r\n"), OPEN, PROBE_L7RSP, 200,
		  NO_MATCH },
		{ ANSWER(CHUNKED "0\r\n\r\n"), OPEN, PROBE_L7RSP, 200, NO_BODY },
		{ ANSWER(CHUNKED "4\r\nnope\r\n"), OPEN, WAIT, 0, "" },
		{ ANSWER(CHUNKED "4\r\nnope\r\n"), CLOSED, PROBE_L7RSP, 200, NO_MATCH },
		{ ANSWER(CHUNKED "zz\r\nneedle\r\n"), OPEN, PROBE_L7RSP, 200, "" },
		{ ANSWER(CHUNKED "\r\nneedle\r\n"), OPEN, PROBE_L7RSP, 200, "" },
		{ ANSWER(CHUNKED "3x\r\nneedle\r\n"), OPEN, PROBE_L7RSP, 200, "" },
		{ ANSWER(CHUNKED "3\r\nnopeneedle\r\n"), OPEN, PROBE_L7RSP, 200, "" },
		{ ANSWER(CHUNKED "6\r\nneedle, then rubbish\r\n"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER(CHUNKED "ffffffffffffffffff\r\nneedle\r\n"), OPEN, PROBE_L7RSP, 200, "" },
		{ ANSWER(
		      "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\nContent-Length: 2\r\n"
		      "\r\n6\r\nneedle\r\n"),
		  OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nneedle"), OPEN,
		  PROBE_L7OK, 200, "" },
	};
	struct settings_check check = http();

	(void)unused;
	check.expect_string = "needle";
	expect_all(&check, answers, ARRAY_LEN(answers));
}

static void a_head_request_has_no_body(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nneedle"), OPEN, PROBE_L7RSP,
		  200, NO_BODY },
	};
	struct settings_check check = http();

	(void)unused;
	check.method = "HEAD";
	check.expect_string = "needle";
	expect_all(&check, answers, 1);
}

static void own_status_ranges_replace_the_default(void **unused)
{
	static const struct settings_range only[] = { { 204, 204 }, { 500, 503 } };
	static const struct answer answers[] = {
		{ ANSWER("HTTP/1.1 200 OK\r\n\r\n"), OPEN, PROBE_L7STS, 200, "OK" },
		{ ANSWER("HTTP/1.1 204 None\r\n\r\n"), OPEN, PROBE_L7OK, 204, "" },
		{ ANSWER("HTTP/1.1 503 No\r\n\r\n"), OPEN, PROBE_L7OK, 503, "" },
	};
	struct settings_check check = http();

	(void)unused;
	check.expect_status = (struct settings_ranges){ only, 2 };
	expect_all(&check, answers, ARRAY_LEN(answers));
}

static void only_a_failed_answer_in_drain_status_drains(void **unused)
{
	static const struct settings_range all[] = { { 100, 999 } };
	static const struct {
		struct answer answer;
		bool draining;
	} cases[] = {
		{ { ANSWER("HTTP/1.0 503 No\r\n\r\n"), OPEN, 0, 0, "" }, true },
		{ { ANSWER("HTTP/1.0 502 No\r\n\r\n"), OPEN, 0, 0, "" }, false },
		{ { ANSWER("HTTP/1.0 500 No\r\n\r\n"), OPEN, 0, 0, "" }, false },
		{ { ANSWER("HTTP/1.0 200 OK\r\n\r\n"), OPEN, 0, 0, "" }, false },
		{ { ANSWER("HTTP/1.0 503 No"), CLOSED, 0, 0, "" }, false },
		{ { ANSWER(""), CLOSED, 0, 0, "" }, false },
	};
	struct settings_check check = http();
	struct settings_check nothing = http();
	struct settings_check lenient = http();
	struct probe_result r;

	(void)unused;
	nothing.drain_status.count = 0;
	lenient.expect_status = (struct settings_ranges){ all, 1 };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(feed(&check, &cases[i].answer, 1000, 1, &r), PROBE_DONE);
		assert_int_equal(r.draining, cases[i].draining);
		assert_int_equal(feed(&nothing, &cases[i].answer, 1000, 1, &r), PROBE_DONE);
		assert_false(r.draining);
		assert_int_equal(feed(&lenient, &cases[i].answer, 1000, 1, &r), PROBE_DONE);
		assert_false(r.draining);
	}
}

static void a_reason_phrase_is_made_harmless_and_cut(void **unused)
{
	static const struct answer odd[] = {
		{ ANSWER("HTTP/1.1 500 a \"b\" \xc3\xa9 \x1b[2J\r\n\r\n"), OPEN, PROBE_L7STS, 500,
		  "a \"b\" \xc3\xa9 ?[2J" },
		{ ANSWER("HTTP/1.1 500  two  \0 spaces \t\r\n\r\n"), OPEN, PROBE_L7STS, 500,
		  "two  ? spaces" },
	};
	struct settings_check check = http();
	char bytes[400] = "HTTP/1.1 500 ";
	struct answer longer = { bytes, sizeof(bytes), OPEN, 0, 0, "" };
	struct probe_result r;

	(void)unused;
	expect_all(&check, odd, ARRAY_LEN(odd));
	memset(bytes + strlen(bytes), 'x', sizeof(bytes) - strlen(bytes) - 1);
	memcpy(bytes + sizeof(bytes) - 4, "\r\n\r\n", 4);
	assert_int_equal(feed(&check, &longer, 1000, 1, &r), PROBE_DONE);
	assert_int_equal(strspn(r.info, "x"), sizeof(r.info) - 1);
}

/* As `prefix`, then 'x' up to `len` bytes, fed in pieces of `piece`. */
static enum probe_step feed_long(const struct settings_check *check, const char *prefix, size_t len,
                                 size_t piece, struct probe_result *ret)
{
	char *bytes = malloc(len);
	struct answer a = { bytes, len, OPEN, 0, 0, "" };
	enum probe_step step;

	memset(bytes, 'x', len);
	memcpy(bytes, prefix, strlen(prefix));
	step = feed(check, &a, piece, piece, ret);
	free(bytes);
	return step;
}

static void an_answer_beyond_the_limit_is_invalid(void **unused)
{
	static const char head[] = "HTTP/1.0 200 OK\r\nA: ";
	static const char body[] = "HTTP/1.0 200 OK\r\n\r\n";
	static const size_t pieces[] = { 1000, PROBE_ANSWER_MAX, PROBE_ANSWER_MAX + 1, 40000 };
	struct settings_check check = http();
	struct probe_result r;

	(void)unused;
	check.expect_string = "needle";
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		assert_int_equal(feed_long(&check, head, PROBE_ANSWER_MAX - 1, pieces[i], &r),
		                 PROBE_MORE);
		assert_int_equal(feed_long(&check, head, PROBE_ANSWER_MAX, pieces[i], &r),
		                 PROBE_DONE);
		assert_int_equal(r.code, PROBE_L7RSP);
		assert_int_equal(feed_long(&check, body, 40000, pieces[i], &r), PROBE_DONE);
		assert_int_equal(r.code, PROBE_L7RSP);
		assert_string_equal(r.info, NO_MATCH);
	}
}

static void many_interim_answers_take_no_room(void **unused)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct settings_check check = http();
	AUTO_TEXT bytes = { 0 };
	struct probe_result r;
	struct answer a = { .end = OPEN };

	(void)unused;
	while (bytes.len < 3 * PROBE_ANSWER_MAX)
		text_add(&bytes, interim);
	text_add(&bytes, "HTTP/1.1 200 OK\r\n\r\n");
	a.bytes = bytes.data;
	a.len = bytes.len;
	assert_int_equal(feed(&check, &a, a.len, 1, &r), PROBE_DONE);
	assert_int_equal(r.code, PROBE_L7OK);
	assert_int_equal(feed(&check, &a, 1, 1, &r), PROBE_DONE);
	assert_int_equal(r.code, PROBE_L7OK);
}

static void expect_request(const struct settings_check *check, const char *want, size_t len)
{
	AUTO_TEXT out = { 0 };
	struct probe p;

	probe_init(&p, check);
	probe_request(&p, "10.0.0.1:8080", &out);
	assert_int_equal(out.len, len);
	assert_memory_equal(text_str(&out), want, len);
	probe_release(&p);
}

static void http_1_0_is_sent_as_haproxy_sends_it(void **unused)
{
	struct settings_check check = http();

	(void)unused;
	expect_request(&check, ANSWER("GET /health?ready=1 HTTP/1.0\r\n\r\n"));
	check.method = "OPTIONS";
	check.path = "/";
	expect_request(&check, ANSWER("OPTIONS / HTTP/1.0\r\n\r\n"));
	check.host = "crdb";
	expect_request(&check, ANSWER("OPTIONS / HTTP/1.0\r\nhost: crdb\r\n\r\n"));
}

static void http_1_1_names_its_host_and_closes(void **unused)
{
	static const char *const headers[] = { "X-Check: A: B", "User-Agent:sluice" };
	static const char *const own[] = { "HOST: other", "Connection: Keep-Alive" };
	struct settings_check check = http();

	(void)unused;
	check.version = "1.1";
	expect_request(&check, ANSWER("GET /health?ready=1 HTTP/1.1\r\nhost: 10.0.0.1:8080\r\n"
	                              "connection: close\r\n\r\n"));
	check.host = "crdb";
	check.headers = (struct settings_strings){ headers, 2 };
	expect_request(&check,
	               ANSWER("GET /health?ready=1 HTTP/1.1\r\nhost: crdb\r\nx-check: A: B\r\n"
	                      "user-agent:sluice\r\nconnection: close\r\n\r\n"));
	check.headers = (struct settings_strings){ own, 2 };
	expect_request(&check, ANSWER("GET /health?ready=1 HTTP/1.1\r\nhost: other\r\n"
	                              "connection: Keep-Alive\r\n\r\n"));
}

static void a_tcp_check_says_nothing(void **unused)
{
	struct settings_check check = settings_check_default(SETTINGS_CHECK_TCP);
	struct answer silent = { "", 0, CLOSED, PROBE_L4OK, 0, "" };
	struct answer banner = { "220 hi", 6, OPEN, PROBE_L4OK, 0, "" };

	(void)unused;
	expect_request(&check, "", 0);
	assert_true(probe_is_connect_only(&check));
	expect_all(&check, &silent, 1);
	expect_all(&check, &banner, 1);
	for (enum settings_check_type t = SETTINGS_CHECK_NONE; t <= SETTINGS_CHECK_PGSQL; t++) {
		check.type = t;
		assert_int_equal(probe_is_connect_only(&check), t == SETTINGS_CHECK_TCP);
	}
}

static void pgsql_asks_for_tls_and_takes_either_answer(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("S"), OPEN, PROBE_L7OK, 0, "PostgreSQL server is ok" },
		{ ANSWER("N"), OPEN, PROBE_L7OK, 0, "PostgreSQL server is ok" },
		{ ANSWER("Nxyz"), CLOSED, PROBE_L7OK, 0, "PostgreSQL server is ok" },
		{ ANSWER("E\0\0\0\4"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 400 Bad Request\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("\0"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER(""), CLOSED, PROBE_SOCKERR, 0, "" },
		{ ANSWER(""), OPEN, WAIT, 0, "" },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_PGSQL);

	(void)unused;
	expect_request(&check, ANSWER("\0\0\0\x08\x04\xd2\x16\x2f"));
	expect_all(&check, answers, ARRAY_LEN(answers));
}

#define LOGIN(type) "R\0\0\0\x08\0\0\0" type
#define UNKNOWN     "PostgreSQL unknown error"

static void pgsql_with_a_user_asks_to_log_in(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER(LOGIN("\x00")), OPEN, PROBE_L7OK, 0, "PostgreSQL server is ok" },
		{ ANSWER(LOGIN("\x03")), OPEN, PROBE_L7OK, 0, "PostgreSQL server is ok" },
		{ ANSWER("R\0\0\0\x0c\0\0\0\x05salt"), OPEN, PROBE_L7OK, 0,
		  "PostgreSQL server is ok" },
		{ ANSWER("R\0\0\0\xff\0\0\0\x0aSCRAM"), OPEN, PROBE_L7OK, 0,
		  "PostgreSQL server is ok" },
		{ ANSWER(LOGIN("\x08")), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER(LOGIN("\x01")), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER(LOGIN("\xff")), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER("R\0\0\1"), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER("R\0\0\0\x08\0\0\1"), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER("R\0\0\0\x08\0\0\0"), OPEN, WAIT, 0, "" },
		{ ANSWER("R\0\0\0\x08\0\0\0"), CLOSED, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER("N"), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER("xyzzy"), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER(""), CLOSED, PROBE_SOCKERR, 0, "" },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_PGSQL);

	(void)unused;
	check.user = "bob";
	expect_request(&check, ANSWER("\0\0\0\x12\0\3\0\0user\0bob\0\0"));
	expect_all(&check, answers, ARRAY_LEN(answers));
}

static void pgsql_errors_say_what_the_server_said(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("E\0\0\0\x26SFATAL\0VFATAL\0C57P01\0Mgoing away\0\0"), OPEN, PROBE_L7RSP,
		  0, "FATAL: going away" },
		{ ANSWER("E\0\0\0\x26SFATAL\0VFATAL\0C57P01\0Mgoing a"), OPEN, WAIT, 0, "" },
		{ ANSWER("E\0\0\0\x26SFATAL\0VFATAL\0C57P01\0Mgoing a"), CLOSED, PROBE_L7RSP, 0,
		  "FATAL: " },
		{ ANSWER("E\0\0\0\x0cSFATAL\0C57"), OPEN, PROBE_L7RSP, 0, "FATAL: " },
		{ ANSWER("E\0\0\0\x04"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("E\0\0\0\x05\0"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("E\0\0\0\x05S"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("E\0\0\0\x03"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("ECHO hello"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("E\0\0"), OPEN, WAIT, 0, "" },
		{ ANSWER("E\0\0"), CLOSED, PROBE_L7RSP, 0, "" },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_PGSQL);

	(void)unused;
	check.user = "bob";
	expect_all(&check, answers, ARRAY_LEN(answers));
}

static void a_failed_step_says_why(void **unused)
{
	struct probe_result r = probe_failed(PROBE_L4CON, ECONNREFUSED);

	(void)unused;
	assert_int_equal(r.code, PROBE_L4CON);
	assert_string_equal(r.info, "Connection refused");
	assert_false(r.draining);
	r = probe_failed(PROBE_L7TOUT, 0);
	assert_int_equal(r.code, PROBE_L7TOUT);
	assert_string_equal(r.info, "");
}

static void codes_have_haproxys_names_words_and_numbers(void **unused)
{
	static const struct {
		enum probe_code code;
		const char *name, *words;
		int number;
		bool passed;
	} cases[] = {
		{ PROBE_UNKNOWN, "UNK", "Unknown", 0, false },
		{ PROBE_INIT, "INI", "Initializing", 1, false },
		{ PROBE_SOCKERR, "SOCKERR", "Socket error", 5, false },
		{ PROBE_L4OK, "L4OK", "Layer4 check passed", 6, true },
		{ PROBE_L4TOUT, "L4TOUT", "Layer4 timeout", 7, false },
		{ PROBE_L4CON, "L4CON", "Layer4 connection problem", 8, false },
		{ PROBE_L6OK, "L6OK", "Layer6 check passed", 9, true },
		{ PROBE_L6TOUT, "L6TOUT", "Layer6 timeout", 10, false },
		{ PROBE_L6RSP, "L6RSP", "Layer6 invalid response", 11, false },
		{ PROBE_L7TOUT, "L7TOUT", "Layer7 timeout", 12, false },
		{ PROBE_L7RSP, "L7RSP", "Layer7 invalid response", 13, false },
		{ PROBE_L7OK, "L7OK", "Layer7 check passed", 15, true },
		{ PROBE_L7STS, "L7STS", "Layer7 wrong status", 17, false },
		{ PROBE_RESOLVE, "RESOLVE", "Name does not resolve", 4, false },
	};

	(void)unused;
	assert_int_equal(ARRAY_LEN(cases), PROBE_CODE_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(probe_code_name(cases[i].code), cases[i].name);
		assert_string_equal(probe_code_words(cases[i].code), cases[i].words);
		assert_int_equal(probe_code_number(cases[i].code), cases[i].number);
		assert_int_equal(probe_code_passed(cases[i].code), cases[i].passed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_decides),
		cmocka_unit_test(an_answer_may_be_written_sloppily),
		cmocka_unit_test(garbage_is_an_invalid_response),
		cmocka_unit_test(a_close_ends_the_waiting),
		cmocka_unit_test(interim_answers_are_skipped),
		cmocka_unit_test(a_connection_that_stays_open_is_no_reason_to_wait),
		cmocka_unit_test(a_body_must_hold_the_expected_string),
		cmocka_unit_test(chunks_are_joined_before_the_string_is_looked_for),
		cmocka_unit_test(a_head_request_has_no_body),
		cmocka_unit_test(own_status_ranges_replace_the_default),
		cmocka_unit_test(only_a_failed_answer_in_drain_status_drains),
		cmocka_unit_test(a_reason_phrase_is_made_harmless_and_cut),
		cmocka_unit_test(an_answer_beyond_the_limit_is_invalid),
		cmocka_unit_test(many_interim_answers_take_no_room),
		cmocka_unit_test(http_1_0_is_sent_as_haproxy_sends_it),
		cmocka_unit_test(http_1_1_names_its_host_and_closes),
		cmocka_unit_test(a_tcp_check_says_nothing),
		cmocka_unit_test(pgsql_asks_for_tls_and_takes_either_answer),
		cmocka_unit_test(pgsql_with_a_user_asks_to_log_in),
		cmocka_unit_test(pgsql_errors_say_what_the_server_said),
		cmocka_unit_test(a_failed_step_says_why),
		cmocka_unit_test(codes_have_haproxys_names_words_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
