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

	assert_int_equal(haproxylog_event(e, &out), line != NULL);
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
		{ UP, UP, M, D, "Server psql/n2 is UP/DRAIN (leaving forced maintenance)." },
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
		{ UP, UP, DI, 0, "Server psql/n2 is UP (leaving drain)." },
		{ UP, UP, D | DI, DI, "Server psql/n2 remains in drain mode." },
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
	e.check = fixture_answer(PROBE_L7OK, 200, "OK");
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
	e.after = (struct state){ .health = STATE_UP, .counter = 3 };
	expect_line(&e,
	            "Health check for server psql/n2 failed, reason: Layer7 wrong status, code: "
	            "503, info: \"Service Unavailable\", check duration: 1ms, status: 2/3 UP.");
	e.after.admin = STATE_DRAIN_COMMAND;
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
	e.kind = JOURNAL_PROCESS;
	expect_line(&e, NULL);
}

static struct record record_of(const struct topology *t)
{
	struct addr client;

	assert_true(addr_parse_ip("127.0.0.1", 51732, &client));
	return (struct record){
		.id = 9,
		.accepted_wall_ms = FIXTURE_WALL_MS,
		.service = t->services[0],
		.server = t->services[0]->servers[1],
		.bind = &t->services[0]->settings->binds[0],
		.client = addr_pack(&client),
		.queue_ms = 1,
		.connect_ms = 0,
		.total_ms = 7011,
		.bytes_in = 12,
		.bytes_out = 479,
		.process_conns = 3,
		.service_conns = 2,
		.server_conns = 1,
		.ended = true,
		.reason = REASON_NORMAL,
	};
}

static void expect_record(const struct record *r, const char *line)
{
	AUTO_TEXT out = { 0 };

	haproxylog_record(r, &out);
	assert_string_equal(text_str(&out), line);
}

static void a_session_has_the_line_of_tcplog(void **state)
{
	struct fixture f;
	struct record r;

	(void)state;
	fixture_init(&f);
	r = record_of(f.topology);
	expect_record(&r, "127.0.0.1:51732 [20/Nov/2026:12:12:01.095] psql psql/n2 1/0/7011 479 -- "
	                  "3/2/1/0/0 0/0");
	r.retries = 1;
	r.redispatched = true;
	r.reason = REASON_SERVER_RESET;
	expect_record(&r, "127.0.0.1:51732 [20/Nov/2026:12:12:01.095] psql psql/n2 1/0/7011 479 SD "
	                  "3/2/1/0/+1 0/0");
	r = record_of(f.topology);
	r.server = NULL;
	r.queue_ms = r.connect_ms = -1;
	r.total_ms = 0;
	r.bytes_out = 0;
	r.server_conns = 0;
	r.reason = REASON_NO_SERVER;
	r.client = (struct addr_ip){ .family = AF_UNIX };
	expect_record(&r,
	              "unix:1 [20/Nov/2026:12:12:01.095] psql psql/<NOSRV> -1/-1/0 0 SC 3/2/1/0/0 "
	              "0/0");
	fixture_release(&f);
}

static void times_are_local(void **state)
{
	struct fixture f;
	struct record r;

	(void)state;
	fixture_init(&f);
	setenv("TZ", "EST5", 1);
	tzset();
	r = record_of(f.topology);
	expect_record(&r, "127.0.0.1:51732 [20/Nov/2026:07:12:01.095] psql psql/n2 1/0/7011 479 -- "
	                  "3/2/1/0/0 0/0");
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
		cmocka_unit_test(a_session_has_the_line_of_tcplog),
		cmocka_unit_test(times_are_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
