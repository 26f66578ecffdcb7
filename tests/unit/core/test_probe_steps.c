/* SPDX-License-Identifier: MIT */
/* Checks that are written as rules: verdicts and words as HAProxy 2.6.12 has them (measured). */
#include "core/probe.h"

#include "stepcases.h"

#include <errno.h>

static void a_stream_is_searched(void **unused)
{
	static const struct step_case cases[] = {
		{ { SEND("PING"), EXPECT(STRING, "PONG") },
		  2,
		  { ANSWER("+PONG\r\n"), OPEN, PROBE_L7OK, 0, "(tcp-check)" } },
		{ { SEND("PING"), EXPECT(STRING, "PONG") },
		  2,
		  { ANSWER("ERR"), OPEN, WAIT, 0, "" } },
		{ { SEND("PING"), EXPECT(STRING, "PONG", .comment = "mine") },
		  2,
		  { ANSWER("ERROR\r\n"), CLOSED, PROBE_L7RSP, 0,
		    "TCPCHK did not match content 'PONG' at step 2 comment: mine" } },
		{ { SEND("PING"), EXPECT(STRING, "PONG", .comment = "cc") },
		  2,
		  { ANSWER(""), CLOSED, PROBE_L7RSP, 0,
		    "TCPCHK got an empty response at step 2 comment: 'cc'" } },
		{ { EXPECT(STRING, "BAD", .negated = true) },
		  1,
		  { ANSWER("xBADx"), OPEN, PROBE_L7RSP, 0,
		    "TCPCHK matched unwanted content 'BAD' at step 1" } },
		{ { EXPECT(STRING, "BAD", .negated = true) },
		  1,
		  { ANSWER("fine"), CLOSED, PROBE_L7OK, 0, "(tcp-check)" } },
		{ { EXPECT(STRING, "BAD", .negated = true) },
		  1,
		  { ANSWER("fine"), OPEN, WAIT, 0, "" } },
		{ { EXPECT(STRING, "BAD", .negated = true, .min_recv = 2) },
		  1,
		  { ANSWER("fine"), OPEN, PROBE_L7OK, 0, "(tcp-check)" } },
		{ { EXPECT(STRING, "x", .min_recv = 10) },
		  1,
		  { ANSWER("xyz"), OPEN, WAIT, 0, "" } },
		{ { EXPECT(STRING, "x", .min_recv = 10) },
		  1,
		  { ANSWER("xyz"), CLOSED, PROBE_L7OK, 0, "(tcp-check)" } },
		{ { EXPECT(STRING, "q", .min_recv = 5) },
		  1,
		  { ANSWER("xyzxyz"), OPEN, PROBE_L7RSP, 0,
		    "TCPCHK did not match content 'q' at step 1" } },
		{ { EXPECT(REGEX, "^a.c$") },
		  1,
		  { ANSWER("xyz"), CLOSED, PROBE_L7RSP, 0,
		    "TCPCHK did not match content (regex) at step 1" } },
		{ { EXPECT(REGEX, "a.c", .negated = true) },
		  1,
		  { ANSWER("xabcz"), OPEN, PROBE_L7RSP, 0,
		    "TCPCHK matched unwanted content (regex) at step 1" } },
		{ { EXPECT(REGEX, "b") },
		  1,
		  { ANSWER("a\0b"), OPEN, PROBE_L7OK, 0, "(tcp-check)" } },
		{ { EXPECT(REGEX, "^$", .negated = true) },
		  1,
		  { ANSWER(""), CLOSED, PROBE_L7RSP, 0,
		    "TCPCHK got an empty response at step 1" } },
		{ { EXPECT(BINARY, "A\0C") },
		  1,
		  { ANSWER("xA\0C"), OPEN, PROBE_L7OK, 0, "(tcp-check)" } },
		{ { EXPECT(BINARY, "ABC") },
		  1,
		  { ANSWER("xyz"), CLOSED, PROBE_L7RSP, 0,
		    "TCPCHK did not match content (binary) at step 1" } },
		{ { EXPECT(BINARY_REGEX, "^78797A$") },
		  1,
		  { ANSWER("xyz"), OPEN, PROBE_L7OK, 0, "(tcp-check)" } },
		{ { EXPECT(BINARY_REGEX, "^4142") },
		  1,
		  { ANSWER("xyz"), CLOSED, PROBE_L7RSP, 0,
		    "TCPCHK did not match content (binary regex) at step 1" } },
	};

	(void)unused;
	stepcases_check(SETTINGS_CHECK_TCP, cases, ARRAY_LEN(cases));
}

/* POSIX expressions, with what people write who know PCRE (measured with HAProxy, which has it). */
static void expressions_are_read_as_haproxys(void **unused)
{
	static const struct {
		const char *pattern, *bytes;
		size_t len;
		bool matches;
	} cases[] = {
		{ "a.b", ANSWER("a\0b"), true },
		{ "a.b", ANSWER("a\nb"), false },
		{ "a\\.b", ANSWER("axb"), false },
		{ "a\\.b", ANSWER("a.b"), true },
		{ "a[.]b", ANSWER("axb"), false },
		{ "a[]x.]b", ANSWER("a]b"), true },
		{ "a[^].]b", ANSWER("a.b"), false },
		{ "a[[:digit:].]b", ANSWER("a5b"), true },
		{ "^\\d+\\D$", ANSWER("55x"), true },
		{ "^\\d$", ANSWER("x"), false },
		{ "x\\r\\n\\ty", ANSWER("x\r\n\ty"), true },
		{ "a|b", ANSWER("b"), true },
		{ "(ab){2}", ANSWER("abab"), true },
		{ "a\\\\d", ANSWER("a\\d"), true },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_check check = settings_check_default(SETTINGS_CHECK_TCP);
		struct settings_step step = { .kind = SETTINGS_STEP_EXPECT,
			                      .match = SETTINGS_MATCH_REGEX,
			                      .bytes = cases[i].pattern };
		struct answer a = { cases[i].bytes, cases[i].len, CLOSED, 0, 0, "" };
		struct probe_result r;

		check.steps = (struct settings_steps){ &step, 1 };
		answers_feed(&check, &a, a.len, 1, &r);
		if ((r.code == PROBE_L7OK) != cases[i].matches)
			fail_msg("%s: %s", cases[i].pattern, probe_code_name(r.code));
	}
}

static void codes_and_words_can_be_chosen(void **unused)
{
	static const struct step_case cases[] = {
		{ { EXPECT(STRING, "q", .ok_status = "L4OK", .on_success = "all well") },
		  1,
		  { ANSWER("q"), OPEN, PROBE_L4OK, 0, "all well" } },
		{ { EXPECT(STRING, "q", .ok_status = "l7okc") },
		  1,
		  { ANSWER("q"), OPEN, PROBE_L7OKC, 0, "(tcp-check)" } },
		{ { EXPECT(STRING, "q", .error_status = "L4CON", .on_error = "oh no",
		           .comment = "c1") },
		  1,
		  { ANSWER("z"), CLOSED, PROBE_L4CON, 0, "oh no comment: c1" } },
		{ { EXPECT(STRING, "q", .error_status = "L7OKC") },
		  1,
		  { ANSWER("z"), CLOSED, PROBE_L7OKC, 0,
		    "TCPCHK did not match content 'q' at step 1" } },
		{ { EXPECT(STRING, "q", .error_status = "L6RSP", .on_error = "unsaid") },
		  1,
		  { ANSWER(""), CLOSED, PROBE_L6RSP, 0,
		    "TCPCHK got an empty response at step 1" } },
	};

	(void)unused;
	stepcases_check(SETTINGS_CHECK_TCP, cases, ARRAY_LEN(cases));
}

static void steps_follow_one_another(void **unused)
{
	static const struct step_case cases[] = {
		{ { EXPECT(STRING, "a"), EXPECT(STRING, "b") },
		  2,
		  { ANSWER("ab"), OPEN, PROBE_L7OK, 0, "(tcp-check)" } },
		{ { EXPECT(STRING, "a"), EXPECT(STRING, "b") },
		  2,
		  { ANSWER("a"), OPEN, WAIT, 0, "" } },
		{ { EXPECT(STRING, "a"), EXPECT(STRING, "b") },
		  2,
		  { ANSWER("ac"), CLOSED, PROBE_L7RSP, 0,
		    "TCPCHK did not match content 'b' at step 2" } },
		{ { EXPECT(STRING, "a"), SEND("b"), EXPECT(STRING, "c") },
		  3,
		  { ANSWER("ac"), CLOSED, PROBE_L7RSP, 0,
		    "TCPCHK got an empty response at step 3" } },
		{ { EXPECT(STRING, "a"), SEND("b") },
		  2,
		  { ANSWER("a"), OPEN, PROBE_L7OK, 0, "(tcp-check)" } },
		{ { { .kind = SETTINGS_STEP_CONNECT }, SEND("a"), EXPECT(STRING, "A") },
		  3,
		  { ANSWER("B"), CLOSED, PROBE_L7RSP, 0,
		    "TCPCHK did not match content 'A' at step 3" } },
		{ { EXPECT(STRING, "a"), { .kind = SETTINGS_STEP_CONNECT } },
		  2,
		  { ANSWER("a"), OPEN, PROBE_L4OK, 0, "(tcp-check)" } },
		{ { { .kind = SETTINGS_STEP_CONNECT, .tls = true } },
		  1,
		  { ANSWER(""), OPEN, PROBE_L6OK, 0, "(tcp-check)" } },
		{ { SEND("hello") }, 1, { ANSWER(""), OPEN, PROBE_L7OK, 0, "(tcp-check)" } },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_TCP);
	static const struct settings_step talk[] = { SEND("a"), EXPECT(STRING, "A"), SEND("b"),
		                                     EXPECT(STRING, "B") };
	struct probe_plan *plan;
	AUTO_TEXT sent = { 0 };
	struct probe p;

	(void)unused;
	stepcases_check(SETTINGS_CHECK_TCP, cases, ARRAY_LEN(cases));
	check.steps = (struct settings_steps){ talk, ARRAY_LEN(talk) };
	plan = answers_plan(&check);
	answers_begin(&p, plan, &sent);
	assert_int_equal(answers_serve(&p, probe_feed(&p, "A B", 3), &sent), PROBE_RECEIVE);
	assert_string_equal(text_str(&sent), "ab");
	assert_int_equal(answers_serve(&p, probe_feed(&p, "B", 1), &sent), PROBE_DONE);
	assert_int_equal(probe_verdict(&p)->code, PROBE_L7OK);
	probe_release(&p);
	probe_plan_free(plan);
}

/* A rule that forbids something is looked at again with all that comes later. */
static void what_is_unwanted_stays_so(void **unused)
{
	static const struct settings_step steps[] = { EXPECT(STRING, "X", .negated = true,
		                                             .min_recv = 1),
		                                      EXPECT(STRING, "a"), EXPECT(STRING, "b") };
	struct settings_check check = settings_check_default(SETTINGS_CHECK_TCP);
	struct probe_plan *plan;
	struct probe p;

	(void)unused;
	check.steps = (struct settings_steps){ steps, ARRAY_LEN(steps) };
	plan = answers_plan(&check);
	answers_begin(&p, plan, NULL);
	assert_int_equal(probe_feed(&p, "a", 1), PROBE_RECEIVE);
	assert_int_equal(probe_feed(&p, "X", 1), PROBE_DONE);
	assert_string_equal(probe_verdict(&p)->info,
	                    "TCPCHK matched unwanted content 'X' at step 1");
	probe_release(&p);
	probe_plan_free(plan);
}

/* Where a check was when its time ran out or its connection broke. */
static void a_failure_tells_its_step(void **unused)
{
	static const struct {
		struct settings_step step;
		enum probe_layer layer;
		int errnum; /* 0: its time ran out */
		enum probe_code code;
		const char *info;
	} cases[] = {
		{ EXPECT(STRING, "PONG", .comment = "c"), PROBE_ESTABLISHED, 0, PROBE_L7TOUT,
		  " at step 2 of tcp-check (expect string 'PONG') comment: 'c'" },
		{ EXPECT(STRING, "PONG", .comment = "cc"), PROBE_ESTABLISHED, ECONNRESET,
		  PROBE_SOCKERR,
		  "Connection reset by peer at step 2 of tcp-check (expect string 'PONG') comment: "
		  "'cc'" },
		{ EXPECT(REGEX, "x"), PROBE_ESTABLISHED, 0, PROBE_L7TOUT,
		  " at step 2 of tcp-check (expect regex)" },
		{ EXPECT(BINARY, "A\1C"), PROBE_ESTABLISHED, 0, PROBE_L7TOUT,
		  " at step 2 of tcp-check (expect binary 'A?C')" },
		{ EXPECT(BINARY_REGEX, "x"), PROBE_ESTABLISHED, 0, PROBE_L7TOUT,
		  " at step 2 of tcp-check (expect binary regex)" },
		{ EXPECT(STRING, "q", .timeout_status = "L4TOUT", .on_error = "z"),
		  PROBE_ESTABLISHED, 0, PROBE_L4TOUT,
		  " at step 2 of tcp-check (expect string 'q')" },
		{ STATUS(.comment = NULL), PROBE_ESTABLISHED, 0, PROBE_L7TOUT,
		  " at step 2 of tcp-check (expect HTTP status codes)" },
		{ { .kind = SETTINGS_STEP_EXPECT,
		    .match = SETTINGS_MATCH_STATUS_REGEX,
		    BYTES("x") },
		  PROBE_ESTABLISHED,
		  0,
		  PROBE_L7TOUT,
		  " at step 2 of tcp-check (expect HTTP status regex)" },
		{ { .kind = SETTINGS_STEP_EXPECT, .match = SETTINGS_MATCH_HEADER, .name = "a" },
		  PROBE_ESTABLISHED,
		  0,
		  PROBE_L7TOUT,
		  " at step 2 of tcp-check (expect HTTP header pattern)" },
		{ { .kind = SETTINGS_STEP_CONNECT, .comment = "my conn" },
		  PROBE_CONNECTING,
		  ECONNREFUSED,
		  PROBE_L4CON,
		  "Connection refused at step 2 of tcp-check (connect) comment: 'my conn'" },
		{ { .kind = SETTINGS_STEP_CONNECT, .port = 99 },
		  PROBE_CONNECTING,
		  0,
		  PROBE_L4TOUT,
		  " at step 2 of tcp-check (connect port 99)" },
		{ { .kind = SETTINGS_STEP_CONNECT, .tls = true },
		  PROBE_HANDSHAKING,
		  EPROTO,
		  PROBE_L6RSP,
		  "SSL handshake failure at step 2 of tcp-check (connect)" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_step steps[2] = { SEND("x"), cases[i].step };
		struct settings_check check = settings_check_default(SETTINGS_CHECK_TCP);
		struct probe_plan *plan;
		struct probe p;

		check.steps = (struct settings_steps){ steps, 2 };
		plan = answers_plan(&check);
		probe_begin(&p, plan, &(struct probe_given){ 0 });
		probe_connected(&p);
		probe_sent(&p);
		if (cases[i].errnum)
			probe_broken(&p, cases[i].layer, cases[i].errnum, NULL);
		else
			probe_expired(&p, cases[i].layer);
		assert_string_equal(probe_verdict(&p)->info, cases[i].info);
		assert_int_equal(probe_verdict(&p)->code, cases[i].code);
		probe_release(&p);
		probe_plan_free(plan);
	}
}

static void an_answer_before_a_reset_counts(void **unused)
{
	static const struct settings_step steps[] = { EXPECT(STRING, "PONG") };
	struct settings_check check = settings_check_default(SETTINGS_CHECK_TCP);
	struct probe_plan *plan;
	struct probe p;

	(void)unused;
	check.steps = (struct settings_steps){ steps, 1 };
	plan = answers_plan(&check);
	answers_begin(&p, plan, NULL);
	assert_int_equal(probe_feed(&p, "ERROR", 5), PROBE_RECEIVE);
	assert_int_equal(probe_broken(&p, PROBE_ESTABLISHED, ECONNRESET, NULL), PROBE_DONE);
	assert_int_equal(probe_verdict(&p)->code, PROBE_L7RSP);
	assert_string_equal(probe_verdict(&p)->info,
	                    "TCPCHK did not match content 'PONG' at step 1");
	probe_release(&p);
	probe_plan_free(plan);
}

static void each_connect_goes_its_own_way(void **unused)
{
	static const struct settings_step steps[] = {
		{ .kind = SETTINGS_STEP_CONNECT },
		{ .kind = SETTINGS_STEP_CONNECT, .as_server = true },
		{ .kind = SETTINGS_STEP_CONNECT,
		  .port = 7,
		  .address = "::1",
		  .tls = true,
		  .sni = "a.test",
		  .alpn = "h2",
		  .send_proxy = true,
		  .linger = true },
		{ .kind = SETTINGS_STEP_CONNECT, .address = "unix:/run/x" },
	};
	static const struct probe_connect want[] = {
		{ .port = 0 },
		{ .tls = true, .as_server = true, .send_proxy = true, .alpn = "x" },
		{ .port = 7,
		  .tls = true,
		  .sni = "a.test",
		  .alpn = "h2",
		  .send_proxy = true,
		  .linger = true },
		{ .silent = true },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_TCP);
	char buf[ADDR_TEXT_MAX];
	struct probe_plan *plan;
	struct probe p;

	(void)unused;
	check.tls = check.send_proxy = true;
	check.alpn = "x";
	check.steps = (struct settings_steps){ steps, ARRAY_LEN(steps) };
	plan = answers_plan(&check);
	probe_begin(&p, plan, &(struct probe_given){ 0 });
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		const struct probe_connect *c = probe_where(&p);

		assert_int_equal(c->port, want[i].port);
		assert_int_equal(c->tls, want[i].tls);
		assert_int_equal(c->as_server, want[i].as_server);
		assert_int_equal(c->send_proxy, want[i].send_proxy);
		assert_int_equal(c->linger, want[i].linger);
		assert_int_equal(c->silent, want[i].silent);
		assert_true(c->sni == want[i].sni || strcmp(c->sni, want[i].sni) == 0);
		assert_true(c->alpn == want[i].alpn || strcmp(c->alpn, want[i].alpn) == 0);
		if (i == 2)
			assert_string_equal(addr_format_host(&c->addr, buf), "::1");
		if (i == 3)
			assert_string_equal(addr_format(&c->addr, buf), "unix:/run/x");
		probe_connected(&p);
	}
	probe_release(&p);
	probe_plan_free(plan);
}

static void a_plan_that_cannot_be_is_refused(void **unused)
{
	static const struct {
		struct settings_step step;
		const char *words;
	} cases[] = {
		{ EXPECT(REGEX, "a(b"), "step 1: regular expression \"a(b\": Unmatched ( or \\(" },
		{ EXPECT(REGEX, "[[:d"), "step 1: regular expression \"[[:d\": " },
		{ EXPECT(STATUS_REGEX, "["), "step 1: regular expression \"[\": " },
		{ EXPECT(STRING, "a", .ok_status = "L8OK"),
		  "step 1: \"L8OK\" is no code of a check" },
		{ { .kind = SETTINGS_STEP_CONNECT, .address = "db.test" },
		  "step 1: \"db.test\" is no numeric address" },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_HTTP);
	struct probe_plan *plan;
	struct error err = { 0 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check.steps = (struct settings_steps){ &cases[i].step, 1 };
		assert_false(probe_plan_new(&check, &plan, &err));
		assert_memory_equal(err.text, cases[i].words, strlen(cases[i].words));
		assert_false(probe_plan_new(&check, &plan, NULL));
	}
	check.steps.count = 0;
	check.rexpect_string = "a{";
	assert_false(probe_plan_new(&check, &plan, &err));
	probe_plan_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_is_searched),
		cmocka_unit_test(expressions_are_read_as_haproxys),
		cmocka_unit_test(codes_and_words_can_be_chosen),
		cmocka_unit_test(steps_follow_one_another),
		cmocka_unit_test(what_is_unwanted_stays_so),
		cmocka_unit_test(a_failure_tells_its_step),
		cmocka_unit_test(an_answer_before_a_reset_counts),
		cmocka_unit_test(each_connect_goes_its_own_way),
		cmocka_unit_test(a_plan_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
