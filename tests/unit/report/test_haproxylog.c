/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/haproxylog.h"

enum { UP, NOLB, DOWN, CHECKING, NOCHECK };

static struct state make(int health, uint8_t admin)
{
	static const struct state states[] = {
		[UP] = { .health = STATE_UP, .counter = 4 },
		[NOLB] = { .health = STATE_NOLB, .counter = 3 },
		[DOWN] = { .health = STATE_DOWN },
		[CHECKING] = { .health = STATE_CHECKING },
		[NOCHECK] = { .health = STATE_NOCHECK },
	};
	struct state s = states[health];

	s.admin = admin;
	return s;
}

static struct journal_event event_of(int before, uint8_t admin, int after, uint8_t after_admin)
{
	struct journal_event e = fixture_event();

	e.before = make(before, admin);
	e.after = make(after, after_admin);
	e.cause = JOURNAL_BY_COMMAND;
	e.check = (struct probe_result){ 0 };
	return e;
}

static void expect_line(const struct journal_event *e, const char *line)
{
	AUTO_TEXT out = { 0 };

	assert_int_equal(haproxylog_event(e, HAPROXYLOG_LISTEN, &out), line != NULL);
	assert_string_equal(text_str(&out), line ? line : "");
}

static void administrative_changes_have_the_lines_of_haproxy(void **state)
{
	enum {
		M = STATE_MAINT_COMMAND,
		I = STATE_MAINT_INHERITED,
		C = STATE_MAINT_CONFIG,
		D = STATE_DRAIN_COMMAND,
		DI = STATE_DRAIN_INHERITED
	};
	static const struct {
		int before, after;
		uint8_t from, to;
		const char *line;
	} cases[] = {
		{ UP, UP, 0, M,
		  "Server psql/n2 is going DOWN for maintenance. 2 active and 0 backup servers "
		  "left. "
		  "12 sessions active, 0 requeued, 0 remaining in queue." },
		{ DOWN, DOWN, 0, M, "Server psql/n2 was DOWN and now enters maintenance." },
		{ UP, CHECKING, M, 0, "Server psql/n2 is UP/READY (leaving forced maintenance)." },
		{ UP, UP, M, 0, "Server psql/n2 is UP/READY (leaving forced maintenance)." },
		{ UP, CHECKING, C, 0, "Server psql/n2 is UP/READY (leaving forced maintenance)." },
		{ UP, UP, M, D,
		  "Server psql/n2 is UP/DRAIN (leaving forced maintenance).\n"
		  "Server psql/n2 remains in forced drain mode." },
		{ UP, UP, I, DI,
		  "Server psql/n2 is UP/DRAIN (leaving maintenance).\n"
		  "Server psql/n2 is leaving forced drain but remains in drain mode." },
		{ UP, UP, I, 0, "Server psql/n2 is UP/READY (leaving maintenance)." },
		{ UP, UP, M | I, I,
		  "Server psql/n2 is leaving forced maintenance but remains in maintenance." },
		{ UP, UP, M | I, M, "Server psql/n2 remains in forced maintenance." },
		{ UP, UP, M, M | I, NULL },
		{ UP, UP, 0, D,
		  "Server psql/n2 enters drain state. 2 active and 0 backup servers online. "
		  "0 sessions requeued, 0 total in queue." },
		{ UP, UP, D, 0, "Server psql/n2 is UP (leaving forced drain)." },
		{ DOWN, DOWN, D, 0, "Server psql/n2 is DOWN (leaving forced drain)." },
		{ UP, UP, DI, 0, "Server psql/n2 is UP (leaving forced drain)." },
		{ UP, UP, D | DI, DI,
		  "Server psql/n2 is leaving forced drain but remains in drain mode." },
		{ UP, UP, DI, D | DI, "Server psql/n2 remains in forced drain mode." },
		{ UP, UP, D | DI, D, "Server psql/n2 remains in forced drain mode." },
		{ UP, UP, D, D | DI, NULL },
		{ UP, UP, 0, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct journal_event e =
		    event_of(cases[i].before, cases[i].from, cases[i].after, cases[i].to);

		expect_line(&e, cases[i].line);
	}
}

static void health_changes_have_the_lines_of_haproxy(void **state)
{
	struct journal_event e = fixture_event();

	(void)state;
	expect_line(&e,
	            "Server psql/n2 is stopping, reason: Layer7 wrong status, code: 503, info: "
	            "\"Service Unavailable\", check duration: 1ms. 2 active and 0 backup servers "
	            "online. 0 sessions requeued, 0 total in queue.");
	e.after = make(DOWN, 0);
	e.sessions = 4;
	expect_line(&e,
	            "Server psql/n2 is DOWN, reason: Layer7 wrong status, code: 503, info: "
	            "\"Service Unavailable\", check duration: 1ms. 2 active and 0 backup servers "
	            "left. 4 sessions active, 0 requeued, 0 remaining in queue.");
	e.check_was_logged = true;
	expect_line(&e, "Server psql/n2 is DOWN. 2 active and 0 backup servers left. 4 sessions "
	                "active, 0 requeued, 0 remaining in queue.");
	e.cause = JOURNAL_BY_COMMAND;
	expect_line(&e, "Server psql/n2 is DOWN, changed from CLI. 2 active and 0 backup servers "
	                "left. 4 sessions active, 0 requeued, 0 remaining in queue.");
	e = fixture_event();
	e.before = make(DOWN, 0);
	e.after = make(UP, 0);
	e.check = fixture_answer(PROBE_L7OK, 200, "");
	expect_line(&e,
	            "Server psql/n2 is UP, reason: Layer7 check passed, code: 200, check "
	            "duration: 1ms. 2 active and 0 backup servers online. 0 sessions requeued, 0 "
	            "total in queue.");
	/* HAProxy takes a server for UP before its first check. */
	e.before = make(CHECKING, 0);
	expect_line(&e, NULL);
}

static void a_backup_is_called_so(void **state)
{
	struct journal_event e = event_of(UP, 0, DOWN, 0);

	(void)state;
	e.backup = true;
	e.active_left = 0;
	e.backup_left = 1;
	e.on_backup = true;
	expect_line(&e,
	            "Backup Server psql/n2 is DOWN, changed from CLI. 0 active and 1 backup "
	            "servers left. Running on backup. 12 sessions active, 0 requeued, 0 remaining "
	            "in queue.");
}

static void what_a_node_says_cannot_forge_a_line(void **state)
{
	struct journal_event e = fixture_event();

	(void)state;
	e.check = fixture_answer(PROBE_L7STS, 500, "a\"\nb\xff");
	expect_line(&e, "Server psql/n2 is stopping, reason: Layer7 wrong status, code: 500, info: "
	                "\"a<22><0A>b<FF>\", check duration: 1ms. 2 active and 0 backup servers "
	                "online. 0 sessions requeued, 0 total in queue.");
}

static void checks_have_the_lines_of_log_health_checks(void **state)
{
	struct journal_event e = fixture_event();

	(void)state;
	e.kind = JOURNAL_CHECK;
	e.weight = 1;
	e.after = (struct state){ .health = STATE_UP, .counter = 3 };
	expect_line(&e,
	            "Health check for server psql/n2 failed, reason: Layer7 wrong status, code: "
	            "503, info: \"Service Unavailable\", check duration: 1ms, status: 2/3 UP.");
	e.weight = 0; /* not the state, but the weight is what HAProxy calls DRAIN here */
	e.backup = true;
	e.check = fixture_answer(PROBE_L7OK, 200, "");
	expect_line(&e, "Health check for backup server psql/n2 succeeded, reason: Layer7 check "
	                "passed, code: 200, check duration: 1ms, status: 2/3 DRAIN.");
	e.after = (struct state){ .health = STATE_DOWN, .counter = 1 };
	e.check = fixture_answer(PROBE_L4OK, 0, "");
	e.backup = false;
	expect_line(&e, "Health check for server psql/n2 succeeded, reason: Layer4 check passed, "
	                "check duration: 1ms, status: 1/2 DOWN.");
	e.check = (struct probe_result){ 0 };
	expect_line(&e, NULL);
}

static void only_the_loss_of_all_servers_has_a_line(void **state)
{
	struct journal_event e = { .kind = JOURNAL_SERVICE_DOWN, .service = "psql" };

	(void)state;
	expect_line(&e, "proxy psql has no server available!");
	e.kind = JOURNAL_SERVICE_UP;
	expect_line(&e, NULL);
}

static void what_is_behind_it_is_told(void **state)
{
	struct journal_event e = event_of(UP, 0, DOWN, 0);
	static const char rest[] = ". 2 active and 0 backup servers left. 12 sessions active, 3 "
	                           "requeued, 5 remaining in queue.";
	char line[400];

	(void)state;
	e.requeued = 3;
	e.queued = 5;
	e.cause = JOURNAL_BY_TRACK;
	snprintf(e.via, sizeof(e.via), "a/s1");
	snprintf(line, sizeof(line), "Server psql/n2 is DOWN via a/s1%s", rest);
	expect_line(&e, line);
	e.after = make(UP, STATE_MAINT_INHERITED);
	snprintf(line, sizeof(line), "Server psql/n2 is going DOWN for maintenance via a/s1%s",
	         rest);
	expect_line(&e, line);
	e.after = make(UP, STATE_DRAIN_INHERITED);
	expect_line(&e, "Server psql/n2 enters drain state via a/s1. 2 active and 0 backup servers "
	                "online. 3 sessions requeued, 5 total in queue.");
	e.before = make(UP, STATE_MAINT_COMMAND | STATE_MAINT_INHERITED);
	e.after = make(UP, STATE_MAINT_INHERITED);
	expect_line(&e, "Server psql/n2 is leaving forced maintenance but remains in maintenance "
	                "via a/s1.");
	e.before = make(UP, STATE_DRAIN_COMMAND | STATE_DRAIN_INHERITED);
	e.after = make(UP, STATE_DRAIN_INHERITED);
	expect_line(&e, "Server psql/n2 is leaving forced drain but remains in drain mode via "
	                "a/s1.");
	e = event_of(UP, 0, DOWN, 0);
	e.cause = JOURNAL_BY_TRAFFIC;
	e.check = fixture_answer(PROBE_HANA, 0, "Detected 3 consecutive errors");
	expect_line(&e, "Server psql/n2 is DOWN, reason: Health analyze, info: \"Detected 3 "
	                "consecutive errors\". 2 active and 0 backup servers left. 12 sessions "
	                "active, 0 requeued, 0 remaining in queue.");
}

static void an_agents_word_has_the_lines_of_haproxy(void **state)
{
	struct journal_event e = event_of(UP, 0, UP, 0);

	(void)state;
	e.cause = JOURNAL_BY_AGENT;
	e.agent_check = true;
	e.check = fixture_answer(PROBE_L7STS, 0, "via agent : down (some)");
	e.after.agent_down = true;
	expect_line(&e, "Server psql/n2 is DOWN, reason: Layer7 wrong status, code: 0, info: \"via "
	                "agent : down (some)\", check duration: 1ms. 2 active and 0 backup servers "
	                "left. 12 sessions active, 0 requeued, 0 remaining in queue.");
	e.kind = JOURNAL_CHECK;
	e.limits = (struct state_limits){ .rise = 1, .fall = 1 };
	e.after.counter = 0;
	e.weight = 1;
	expect_line(&e, "Agent check for server psql/n2 failed, reason: Layer7 wrong status, code: "
	                "0, info: \"via agent : down (some)\", check duration: 1ms, status: 0/1 "
	                "DOWN.");
	e.check = fixture_answer(PROBE_L7OK, 0, "via agent : up");
	e.after.counter = 1;
	expect_line(&e, "Agent check for server psql/n2 succeeded, reason: Layer7 check passed, "
	                "code: 0, info: \"via agent : up\", check duration: 1ms, status: 1/1 UP.");
}

static void codes_are_those_of_answers(void **state)
{
	static const struct {
		enum probe_code code;
		uint16_t status;
		const char *line;
	} cases[] = {
		{ PROBE_L4CON, 0, "failed, reason: Layer4 connection problem" },
		{ PROBE_L4OK, 0, "succeeded, reason: Layer4 check passed" },
		{ PROBE_L6RSP, 0, "failed, reason: Layer6 invalid response" },
		{ PROBE_L7TOUT, 0, "failed, reason: Layer7 timeout" },
		{ PROBE_L7RSP, 0, "failed, reason: Layer7 invalid response" },
		{ PROBE_L7OK, 0, "succeeded, reason: Layer7 check passed, code: 0" },
		{ PROBE_L7OKC, 404,
		  "conditionally succeeded, reason: Layer7 check conditionally passed, code: 404" },
		{ PROBE_L7STS, 500, "failed, reason: Layer7 wrong status, code: 500" },
		{ PROBE_PROCERR, 1, "failed, reason: External check error, code: 1" },
		{ PROBE_PROCERR, PROBE_KILLED, "failed, reason: External check error, code: -1" },
		{ PROBE_PROCOK, 0, "succeeded, reason: External check passed, code: 0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct journal_event e = event_of(UP, 0, UP, 0);
		char line[400];

		e.kind = JOURNAL_CHECK;
		e.weight = 1;
		e.check = fixture_answer(cases[i].code, cases[i].status, "");
		snprintf(line, sizeof(line),
		         "Health check for server psql/n2 %s, check duration: 1ms, status: 3/3 UP.",
		         cases[i].line);
		expect_line(&e, line);
	}
}

static void a_terminal_has_names_in_quotes(void **state)
{
	static const struct {
		unsigned int flags;
		const char *line;
	} cases[] = {
		{ 0, "backend psql has no server available!" },
		{ HAPROXYLOG_LISTEN, "proxy psql has no server available!" },
		{ HAPROXYLOG_CONSOLE, "backend 'psql' has no server available!" },
		{ HAPROXYLOG_LISTEN | HAPROXYLOG_CONSOLE, "proxy 'psql' has no server available!" },
	};
	struct journal_event e = { .kind = JOURNAL_SERVICE_DOWN, .service = "psql" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT out = { 0 };

		assert_true(haproxylog_event(&e, cases[i].flags, &out));
		assert_string_equal(text_str(&out), cases[i].line);
	}
}

static void of_the_process_it_has_haproxys_own_words(void **state)
{
	static const struct {
		const char *text;
		bool line;
	} cases[] = {
		{ "Paused frontend f2.", true },
		{ "Resumed frontend f2.", true },
		{ "Proxy f2 stopped (cumulated conns: FE: 2, BE: 1).", true },
		{ "accepting connections", false },
		{ "service f2 listens on :1", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct journal_event e = { .kind = JOURNAL_PROCESS };

		snprintf(e.text, sizeof(e.text), "%s", cases[i].text);
		expect_line(&e, cases[i].line ? cases[i].text : NULL);
	}
}

static struct record record_of(const struct topology *t)
{
	struct addr client;
	struct addr local;

	assert_true(addr_parse_ip("127.0.0.1", 51732, &client));
	assert_true(addr_parse_ip("10.0.0.9", 26257, &local));
	return (struct record){
		.accepted_wall_ms = FIXTURE_WALL_MS,
		.service = t->services[0],
		.server = t->services[0]->servers[1],
		.frontend = t->services[0]->frontends[0],
		.bind = &t->services[0]->settings->binds[0],
		.client = addr_pack(&client),
		.frontend_addr = addr_pack(&local),
		.ended = true,
	};
}

/* Measured with 2.6.12; KD, DD and UD are those of the manual. */
static void letters_tell_how_far_a_session_came(void **state)
{
	static const struct {
		enum reason reason;
		bool server, connected;
		const char *letters;
	} cases[] = {
		{ REASON_NORMAL, true, true, "--" },
		{ REASON_CLIENT_RESET, true, true, "CD" },
		{ REASON_CLIENT_IDLE, true, true, "cD" },
		{ REASON_CLIENT_IDLE, true, false, "cC" },
		{ REASON_CLIENT_IDLE, false, false, "cQ" },
		{ REASON_CLIENT_SILENT, true, true, "cD" },
		{ REASON_SERVER_RESET, true, true, "SD" },
		{ REASON_SERVER_IDLE, true, true, "sD" },
		{ REASON_SERVER_SILENT, true, true, "sD" },
		{ REASON_NO_SERVER, false, false, "SC" },
		{ REASON_CONNECT_REFUSED, true, false, "SC" },
		{ REASON_CONNECT_TIMEOUT, true, false, "sC" },
		{ REASON_ALL_FULL, false, false, "SQ" },
		{ REASON_QUEUE_TIMEOUT, false, false, "sQ" },
		{ REASON_QUEUE_LEFT, false, false, "CQ" },
		{ REASON_CONNECT_LEFT, true, false, "CC" },
		{ REASON_CONNECT_LEFT, false, false, "CR" },
		{ REASON_BAD_PROXY_HEADER, false, false, "PR" },
		{ REASON_PRIMARY_UP, true, true, "UD" },
		{ REASON_DENIED, false, false, "PR" },
		{ REASON_KILLED, true, true, "KD" },
		{ REASON_SERVER_DOWN, true, true, "DD" },
		{ REASON_STOPPING, true, true, "KD" },
		{ REASON_RESOURCES, false, false, "RC" },
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct record r = record_of(f.topology);

		r.reason = cases[i].reason;
		r.connect_ms = cases[i].connected ? 0 : -1;
		if (!cases[i].server)
			r.server = NULL;
		assert_string_equal(haproxylog_state(&r), cases[i].letters);
		assert_int_equal(haproxylog_is_error(&r), cases[i].reason != REASON_NORMAL);
		r.ended = false;
		assert_string_equal(haproxylog_state(&r), "--");
		assert_false(haproxylog_is_error(&r));
	}
	fixture_release(&f);
}

static void a_retry_is_an_error(void **state)
{
	struct fixture f;
	struct record r;

	(void)state;
	fixture_init(&f);
	r = record_of(f.topology);
	r.retries = 1;
	assert_true(haproxylog_is_error(&r));
	r.retries = 0;
	r.redispatched = true;
	r.ended = false;
	assert_true(haproxylog_is_error(&r));
	fixture_release(&f);
}

static void lines_without_options_are_haproxys(void **state)
{
	struct fixture f;
	struct record r;
	AUTO_TEXT tcp = { 0 };
	AUTO_TEXT local = { 0 };

	(void)state;
	fixture_init(&f);
	r = record_of(f.topology);
	haproxylog_connect(&r, &tcp);
	assert_string_equal(text_str(&tcp),
	                    "Connect from 127.0.0.1:51732 to 10.0.0.9:26257 (psql/TCP)");
	r.client.family = AF_UNIX;
	haproxylog_connect(&r, &local);
	assert_string_equal(text_str(&local), "Connect to unix:1 (psql/TCP)");
	fixture_release(&f);
}

static void a_bad_proxy_header_has_a_line_of_its_own(void **state)
{
	struct fixture f;
	struct record r;
	struct settings_bind bind = { .text = ":1" };
	AUTO_TEXT first = { 0 };
	AUTO_TEXT second = { 0 };

	(void)state;
	fixture_init(&f);
	r = record_of(f.topology);
	r.bind = &bind;
	haproxylog_refused(&r, &first);
	assert_string_equal(text_str(&first),
	                    "127.0.0.1:51732 [20/Nov/2026:12:12:01.095] psql/1: Received something "
	                    "which does not look like a PROXY protocol header");
	bind.name = "nam";
	haproxylog_refused(&r, &second);
	assert_non_null(strstr(text_str(&second), "] psql/nam: Received"));
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(administrative_changes_have_the_lines_of_haproxy),
		cmocka_unit_test(health_changes_have_the_lines_of_haproxy),
		cmocka_unit_test(a_backup_is_called_so),
		cmocka_unit_test(what_a_node_says_cannot_forge_a_line),
		cmocka_unit_test(checks_have_the_lines_of_log_health_checks),
		cmocka_unit_test(only_the_loss_of_all_servers_has_a_line),
		cmocka_unit_test(what_is_behind_it_is_told),
		cmocka_unit_test(an_agents_word_has_the_lines_of_haproxy),
		cmocka_unit_test(codes_are_those_of_answers),
		cmocka_unit_test(a_terminal_has_names_in_quotes),
		cmocka_unit_test(of_the_process_it_has_haproxys_own_words),
		cmocka_unit_test(letters_tell_how_far_a_session_came),
		cmocka_unit_test(a_retry_is_an_error),
		cmocka_unit_test(lines_without_options_are_haproxys),
		cmocka_unit_test(a_bad_proxy_header_has_a_line_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
