/* SPDX-License-Identifier: MIT */
/* http checks that are written as rules: as HAProxy 2.6.12 has them (measured). */
#include "core/probe.h"

#include "stepcases.h"

#define ANY_HEADER(n, inverse)                                                                     \
	{                                                                                          \
		.kind = SETTINGS_STEP_EXPECT, .match = SETTINGS_MATCH_HEADER, .name = (n),         \
		.negated = (inverse)                                                               \
	}

#define GET                                                                                        \
	{                                                                                          \
		.kind = SETTINGS_STEP_SEND, .method = "GET"                                        \
	}
#define OKAY(rest) ANSWER("HTTP/1.0 200 Okay\r\n" rest)
#define NO_BODY    "HTTP content check could not find a response body"
#define NO_MATCH   "HTTP content check did not match"
#define UNWANTED   "HTTP check matched unwanted content"
#define HEADER(n, v, ...)                                                                          \
	{                                                                                          \
		.kind = SETTINGS_STEP_EXPECT, .match = SETTINGS_MATCH_HEADER, .name = (n),         \
		BYTES(v), __VA_ARGS__                                                              \
	}

static void http_rules_look_at_one_thing(void **unused)
{
	static const struct step_case cases[] = {
		{ { GET }, 1, { OKAY("\r\n"), OPEN, PROBE_L7OK, 200, "" } },
		{ { GET },
		  1,
		  { ANSWER("HTTP/1.0 503 Busy\r\n\r\n"), OPEN, PROBE_L7STS, 503, "Busy" } },
		{ { GET },
		  1,
		  { ANSWER("HTTP/1.1 100 Continue\r\n\r\n"), OPEN, PROBE_L7STS, 100, "Continue" } },
		{ { GET, STATUS(.comment = "cc") },
		  2,
		  { ANSWER("HTTP/1.0 503 Busy\r\n\r\n"), OPEN, PROBE_L7STS, 503,
		    "Busy comment: cc" } },
		{ { GET, STATUS(.negated = true) },
		  2,
		  { OKAY("\r\n"), OPEN, PROBE_L7STS, 200, "Okay" } },
		{ { GET, STATUS(.on_error = "bad one") },
		  2,
		  { ANSWER("HTTP/1.0 503 Busy\r\n\r\n"), OPEN, PROBE_L7STS, 503, "bad one" } },
		{ { GET, STATUS(.on_success = "good one", .ok_status = "L6OK") },
		  2,
		  { OKAY("\r\n"), OPEN, PROBE_L6OK, 200, "good one" } },
		{ { GET, EXPECT(STATUS_REGEX, "^2") },
		  2,
		  { OKAY("\r\n"), OPEN, PROBE_L7OK, 200, "" } },
		{ { GET, EXPECT(STATUS_REGEX, "^3") },
		  2,
		  { OKAY("\r\n"), OPEN, PROBE_L7STS, 200, "Okay" } },
		{ { GET, HEADER("x-a", "b") },
		  2,
		  { OKAY("A: b\r\nX-A: c, b\r\n\r\n"), OPEN, PROBE_L7OK, 200, "" } },
		{ { GET, HEADER("x-a", "c, b") },
		  2,
		  { OKAY("X-A: c, b\r\n\r\n"), OPEN, PROBE_L7OK, 200, "" } },
		{ { GET, HEADER("x-a", "b") },
		  2,
		  { OKAY("X-A: cb\r\nX-AB: b\r\n\r\n"), OPEN, PROBE_L7STS, 200, "Okay" } },
		{ { GET, ANY_HEADER("x-a", false) },
		  2,
		  { OKAY("X-A:\r\n\r\n"), OPEN, PROBE_L7OK, 200, "" } },
		{ { GET, ANY_HEADER("x-a", true) },
		  2,
		  { OKAY("X-A:\r\n\r\n"), OPEN, PROBE_L7STS, 200, "Okay" } },
		{ { GET, EXPECT(STRING, "good") },
		  2,
		  { ANSWER("HTTP/1.0 500 X\r\n\r\nall good"), OPEN, PROBE_L7OK, 500, "" } },
		{ { GET, EXPECT(STRING, "good") }, 2, { OKAY("\r\nall bad"), OPEN, WAIT, 0, "" } },
		{ { GET, EXPECT(STRING, "good") },
		  2,
		  { OKAY("\r\nall bad"), CLOSED, PROBE_L7RSP, 200, NO_MATCH } },
		{ { GET, EXPECT(STRING, "good", .min_recv = 3) },
		  2,
		  { OKAY("\r\nall bad"), OPEN, PROBE_L7RSP, 200, NO_MATCH } },
		{ { GET, EXPECT(STRING, "good") },
		  2,
		  { OKAY("content-length: 7\r\n\r\nall bad"), OPEN, PROBE_L7RSP, 200, NO_MATCH } },
		{ { GET, EXPECT(STRING, "bad", .negated = true) },
		  2,
		  { OKAY("\r\nall bad"), OPEN, PROBE_L7RSP, 200, UNWANTED } },
		{ { GET, EXPECT(STRING, "bad", .negated = true) },
		  2,
		  { OKAY("content-length: 0\r\n\r\n"), OPEN, PROBE_L7RSP, 200, NO_BODY } },
		{ { GET, EXPECT(REGEX, "go+d", .error_status = "L7STS", .on_error = "no") },
		  2,
		  { OKAY("\r\nall bad"), CLOSED, PROBE_L7STS, 200, "no" } },
		{ { GET, EXPECT(REGEX, "go+d") },
		  2,
		  { OKAY("\r\ngoood"), OPEN, PROBE_L7OK, 200, "" } },
		{ { GET, EXPECT(STRING, "good") },
		  2,
		  { OKAY("transfer-encoding: chunked\r\n\r\nzz\r\n"), OPEN, PROBE_L7RSP, 200,
		    "" } },
		{ { GET, STATUS(.comment = "cc") },
		  2,
		  { ANSWER("hello\r\n\r\n"), OPEN, PROBE_L7RSP, 0, " comment: cc" } },
		{ { GET, STATUS(.comment = NULL) },
		  2,
		  { ANSWER("HTTP/1.0 200 OK\r\n"), CLOSED, PROBE_L7RSP, 0, "" } },
		{ { GET, STATUS(.comment = NULL) }, 2, { ANSWER(""), CLOSED, PROBE_L7RSP, 0, "" } },
		{ { GET, STATUS(.comment = NULL) }, 2, { ANSWER(""), OPEN, WAIT, 0, "" } },
		{ { GET, STATUS(.comment = NULL), { .kind = SETTINGS_STEP_CONNECT } },
		  3,
		  { OKAY("\r\n"), OPEN, PROBE_L4OK, 0, "(tcp-check)" } },
	};

	(void)unused;
	stepcases_check(SETTINGS_CHECK_HTTP, cases, ARRAY_LEN(cases));
}

static void rules_know_404_and_draining_too(void **unused)
{
	static const struct settings_step steps[] = { GET, EXPECT(STRING, "good") };
	struct answer gone = { ANSWER("HTTP/1.0 404 Nope\r\n\r\n"), OPEN, PROBE_L7OKC, 404, "" };
	struct answer leaving = { ANSWER("HTTP/1.0 503 X\r\n\r\n"), OPEN, PROBE_L7STS, 503, "X" };
	struct settings_check check = settings_check_default(SETTINGS_CHECK_HTTP);
	struct probe_result r;

	(void)unused;
	check.disable_on_404 = true;
	check.steps = (struct settings_steps){ steps, 2 };
	answers_expect_all(&check, &gone, 1);
	answers_feed(&check, &gone, 100, 1, &r);
	assert_true(r.conditional);
	check.steps.count = 1;
	answers_expect_all(&check, &leaving, 1);
	answers_feed(&check, &leaving, 100, 1, &r);
	assert_true(r.draining);
}

static void requests_are_written_as_haproxy_writes_them(void **unused)
{
	static const char *const two[] = { "X-A: b", "Content-Type: text/plain" };
	static const char *const close[] = { "Connection: close", "X: b" };
	static const char *const keep[] = { "connection:keep-alive", "X: b" };
	static const char *const upgrade[] = { "Connection: upgrade, x", "X: b" };
	static const char *const lengths[] = { "Content-Length: 10", "Transfer-Encoding: chunked" };
	static const struct {
		struct settings_step step;
		const char *sent;
	} cases[] = {
		{ { .method = "OPTIONS" }, "OPTIONS / HTTP/1.0\r\n\r\n" },
		{ { .method = "GET", .path = "/h", .version = "1.1" },
		  "GET /h HTTP/1.1\r\nconnection: close\r\n\r\n" },
		{ { .method = "POST",
		    .path = "/x",
		    .version = "1.1",
		    .host = "crdb",
		    .headers = { two, 2 },
		    .body = "hello" },
		  "POST /x HTTP/1.1\r\nhost: crdb\r\nx-a: b\r\ncontent-type: text/plain\r\n"
		  "content-length: 5\r\nconnection: close\r\n\r\nhello" },
		{ { .method = "POST", .path = "/x", .headers = { two, 1 }, .body = "hello" },
		  "POST /x HTTP/1.0\r\nx-a: b\r\ncontent-length: 5\r\n\r\nhello" },
		{ { .method = "PUT", .path = "/x", .version = "1.1" },
		  "PUT /x HTTP/1.1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" },
		{ { .method = "DELETE", .path = "/x", .version = "1.1" },
		  "DELETE /x HTTP/1.1\r\nconnection: close\r\n\r\n" },
		{ { .method = "GET", .path = "/x", .version = "1.1", .body = "abc" },
		  "GET /x HTTP/1.1\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc" },
		{ { .method = "GET", .path = "/x", .version = "1.1", .headers = { close, 2 } },
		  "GET /x HTTP/1.1\r\nx: b\r\nconnection: close\r\n\r\n" },
		{ { .method = "GET", .path = "/x", .headers = { close, 2 } },
		  "GET /x HTTP/1.0\r\nx: b\r\n\r\n" },
		{ { .method = "GET", .path = "/x", .version = "1.1", .headers = { keep, 2 } },
		  "GET /x HTTP/1.1\r\nx: b\r\n\r\n" },
		{ { .method = "GET", .path = "/x", .headers = { keep, 2 } },
		  "GET /x HTTP/1.0\r\nx: b\r\nconnection: keep-alive\r\n\r\n" },
		{ { .method = "GET", .path = "/x", .version = "1.1", .headers = { upgrade, 2 } },
		  "GET /x HTTP/1.1\r\nconnection: upgrade, x\r\nx: b\r\n\r\n" },
		{ { .method = "POST", .path = "/x", .headers = { lengths, 2 }, .body = "abc" },
		  "POST /x HTTP/1.0\r\ncontent-length: 3\r\n\r\nabc" },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_HTTP);

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_step step = cases[i].step;

		step.kind = SETTINGS_STEP_SEND;
		check.steps = (struct settings_steps){ &step, 1 };
		answers_expect_request(&check, cases[i].sent, strlen(cases[i].sent));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_rules_look_at_one_thing),
		cmocka_unit_test(rules_know_404_and_draining_too),
		cmocka_unit_test(requests_are_written_as_haproxy_writes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
