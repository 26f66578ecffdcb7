/* SPDX-License-Identifier: MIT */
#include "core/probe.h"

#include "answers.h"

static struct settings_check http(void)
{
	return settings_check_default(SETTINGS_CHECK_HTTP);
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
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
	check.type = SETTINGS_CHECK_HTTPS;
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
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
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
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
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
}

static void a_close_ends_the_waiting(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER(""), CLOSED, PROBE_L7RSP, 0, "" },
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
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
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
		{ ANSWER("HTTP/1.1 100 Continue\r\n\r\n"), CLOSED, PROBE_L7RSP, 0, "" },
	};
	struct settings_check check = http();

	(void)unused;
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
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
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
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
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
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
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
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
	answers_expect_all(&check, answers, 1);
}

#define UNWANTED "HTTP check matched unwanted content"

static void a_body_must_match_a_regular_expression(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\na neeedle"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\n\0 nedle"), OPEN, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\nndle"), OPEN, WAIT, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\nndle"), CLOSED, PROBE_L7RSP, 200, NO_MATCH },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\n"), CLOSED, PROBE_L7RSP, 200, NO_BODY },
	};
	struct settings_check check = http();

	(void)unused;
	check.rexpect_string = "ne{1,9}dle$";
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
}

static void what_is_expected_can_be_what_must_not_be(void **unused)
{
	static const struct answer by_body[] = {
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\na needle"), OPEN, PROBE_L7RSP, 200, UNWANTED },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\nnothing"), OPEN, WAIT, 0, "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\nnothing"), CLOSED, PROBE_L7OK, 200, "" },
		{ ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"), OPEN, PROBE_L7OK, 200,
		  "" },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\n"), CLOSED, PROBE_L7RSP, 200, NO_BODY },
		{ ANSWER("HTTP/1.0 503 No\r\n\r\nx"), OPEN, PROBE_L7STS, 503, "No" },
	};
	static const struct answer by_status[] = {
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\n"), OPEN, PROBE_L7STS, 200, "OK" },
		{ ANSWER("HTTP/1.0 503 No\r\n\r\n"), OPEN, PROBE_L7OK, 503, "" },
	};
	struct settings_check check = http();

	(void)unused;
	check.expect_negated = true;
	answers_expect_all(&check, by_status, ARRAY_LEN(by_status));
	check.expect_string = "needle";
	answers_expect_all(&check, by_body, ARRAY_LEN(by_body));
	check.expect_string = NULL;
	check.rexpect_string = "n[e]+dle";
	answers_expect_all(&check, by_body, ARRAY_LEN(by_body));
}

static void a_404_can_ask_for_a_polite_end(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("HTTP/1.0 404 Nope\r\n\r\n"), OPEN, PROBE_L7OKC, 404, "" },
		{ ANSWER("HTTP/1.0 403 No\r\n\r\n"), OPEN, PROBE_L7STS, 403, "No" },
		{ ANSWER("HTTP/1.0 200 OK\r\n\r\n"), OPEN, PROBE_L7OK, 200, "" },
	};
	struct settings_check check = http();
	struct probe_result r;

	(void)unused;
	check.disable_on_404 = true;
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
	answers_feed(&check, &answers[0], 100, 1, &r);
	assert_true(r.conditional);
	answers_feed(&check, &answers[2], 100, 1, &r);
	assert_false(r.conditional);
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
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
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
	struct probe_result r = { 0 };

	(void)unused;
	nothing.drain_status.count = 0;
	lenient.expect_status = (struct settings_ranges){ all, 1 };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(answers_feed(&check, &cases[i].answer, 1000, 1, &r), PROBE_DONE);
		assert_int_equal(r.draining, cases[i].draining);
		assert_int_equal(answers_feed(&nothing, &cases[i].answer, 1000, 1, &r), PROBE_DONE);
		assert_false(r.draining);
		assert_int_equal(answers_feed(&lenient, &cases[i].answer, 1000, 1, &r), PROBE_DONE);
		assert_false(r.draining);
	}
}

static void fill(struct text *t, size_t len)
{
	while (t->len < len)
		text_addc(t, 'x');
}

static void a_reason_phrase_is_made_harmless_and_cut(void **unused)
{
	static const struct answer odd[] = {
		{ ANSWER("HTTP/1.1 500 a \"b\" \xc3\xa9 \x1b[2J\r\n\r\n"), OPEN, PROBE_L7STS, 500,
		  "a \"b\" ?? ?[2J" },
		{ ANSWER("HTTP/1.1 500  two\0 spaces \t\r\n\r\n"), OPEN, PROBE_L7STS, 500, "two" },
	};
	struct settings_check check = http();
	AUTO_TEXT longer = { 0 };
	struct answer a = { .end = OPEN };
	struct probe_result r = { 0 };

	(void)unused;
	answers_expect_all(&check, odd, ARRAY_LEN(odd));
	text_add(&longer, "HTTP/1.1 500 ");
	fill(&longer, 400);
	text_add(&longer, "\r\n\r\n");
	a.bytes = longer.data;
	a.len = longer.len;
	assert_int_equal(answers_feed(&check, &a, a.len, 1, &r), PROBE_DONE);
	assert_int_equal(strspn(r.info, "x"), sizeof(r.info) - 1);
}

/* As `prefix`, then 'x' up to `len` bytes, fed in pieces of `piece`. */
static enum probe_act feed_long(const struct settings_check *check, const char *prefix, size_t len,
                                size_t piece, struct probe_result *ret)
{
	AUTO_TEXT bytes = { 0 };
	struct answer a = { .end = OPEN };

	text_add(&bytes, prefix);
	fill(&bytes, len);
	a.bytes = bytes.data;
	a.len = bytes.len;
	return answers_feed(check, &a, piece, piece, ret);
}

static void an_answer_beyond_the_limit_is_invalid(void **unused)
{
	static const char head[] = "HTTP/1.0 200 OK\r\nA: ";
	static const char body[] = "HTTP/1.0 200 OK\r\n\r\n";
	static const size_t pieces[] = { 1000, PROBE_ANSWER_MAX, PROBE_ANSWER_MAX + 1, 40000 };
	struct settings_check check = http();
	struct probe_result r = { 0 };

	(void)unused;
	check.expect_string = "needle";
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		assert_int_equal(feed_long(&check, head, PROBE_ANSWER_MAX - 1, pieces[i], &r),
		                 PROBE_RECEIVE);
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
	struct probe_result r = { 0 };
	struct answer a = { .end = OPEN };

	(void)unused;
	while (bytes.len < (size_t)3 * PROBE_ANSWER_MAX)
		text_add(&bytes, interim);
	text_add(&bytes, "HTTP/1.1 200 OK\r\n\r\n");
	a.bytes = bytes.data;
	a.len = bytes.len;
	assert_int_equal(answers_feed(&check, &a, a.len, 1, &r), PROBE_DONE);
	assert_int_equal(r.code, PROBE_L7OK);
	assert_int_equal(answers_feed(&check, &a, 1, 1, &r), PROBE_DONE);
	assert_int_equal(r.code, PROBE_L7OK);
}

static void http_1_0_is_sent_as_haproxy_sends_it(void **unused)
{
	struct settings_check check = http();

	(void)unused;
	answers_expect_request(&check, ANSWER("GET /health?ready=1 HTTP/1.0\r\n\r\n"));
	check.method = "OPTIONS";
	check.path = "/";
	answers_expect_request(&check, ANSWER("OPTIONS / HTTP/1.0\r\n\r\n"));
	check.host = "crdb";
	answers_expect_request(&check, ANSWER("OPTIONS / HTTP/1.0\r\nhost: crdb\r\n\r\n"));
}

static void http_1_1_names_its_host_and_closes(void **unused)
{
	static const char *const headers[] = { "X-Check: A: B", "User-Agent:sluice" };
	static const char *const own[] = { "HOST: other", "Connection: Keep-Alive" };
	struct settings_check check = http();

	(void)unused;
	check.version = "1.1";
	answers_expect_request(&check,
	                       ANSWER("GET /health?ready=1 HTTP/1.1\r\nhost: 10.0.0.1:8080\r\n"
	                              "connection: close\r\n\r\n"));
	check.host = "crdb";
	check.headers = (struct settings_strings){ headers, 2 };
	answers_expect_request(
	    &check, ANSWER("GET /health?ready=1 HTTP/1.1\r\nhost: crdb\r\nx-check: A: B\r\n"
	                   "user-agent:sluice\r\nconnection: close\r\n\r\n"));
	check.headers = (struct settings_strings){ own, 2 };
	answers_expect_request(&check, ANSWER("GET /health?ready=1 HTTP/1.1\r\nhost: other\r\n"
	                                      "connection: Keep-Alive\r\n\r\n"));
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
		cmocka_unit_test(a_body_must_match_a_regular_expression),
		cmocka_unit_test(what_is_expected_can_be_what_must_not_be),
		cmocka_unit_test(a_404_can_ask_for_a_polite_end),
		cmocka_unit_test(own_status_ranges_replace_the_default),
		cmocka_unit_test(only_a_failed_answer_in_drain_status_drains),
		cmocka_unit_test(a_reason_phrase_is_made_harmless_and_cut),
		cmocka_unit_test(an_answer_beyond_the_limit_is_invalid),
		cmocka_unit_test(many_interim_answers_take_no_room),
		cmocka_unit_test(http_1_0_is_sent_as_haproxy_sends_it),
		cmocka_unit_test(http_1_1_names_its_host_and_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
