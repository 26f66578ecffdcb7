/* SPDX-License-Identifier: MIT */
#include "cli/haproxytail.h"

#include "fake.h"

#include <time.h>

/* 2026-11-20 12:12:45.500 UTC; the tests run in that zone. */
#define SEEN ((int64_t)1795176765500)

static void lines_say_what_happened(void **state)
{
	static const struct {
		const char *line;
		enum haproxytail_kind kind;
		const char *service, *server;
		enum drill_state state;
		bool good, by_check;
		uint32_t sessions;
		const char *text;
	} cases[] = {
		{ "Server psql/n1 is DOWN, reason: Layer4 connection problem, info: \"Connection "
		  "refused\", check duration: 0ms. 1 active and 0 backup servers left. 3 sessions "
		  "active, 0 requeued, 0 remaining in queue.",
		  HAPROXYTAIL_STATE, "psql", "n1", DRILL_DOWN, false, true, 3,
		  "Layer4 connection problem, info: \"Connection refused\"" },
		{ "Server psql/n1 is DOWN. 1 active and 0 backup servers left. 12 sessions active, "
		  "0 "
		  "requeued, 0 remaining in queue.",
		  HAPROXYTAIL_STATE, "psql", "n1", DRILL_DOWN, false, false, 12, "" },
		{ "Server psql/n1 is DOWN, changed from CLI. 1 active and 0 backup servers left.",
		  HAPROXYTAIL_STATE, "psql", "n1", DRILL_DOWN, false, false, 0,
		  "changed from CLI" },
		{ "Backup Server psql/n3 is UP, reason: Layer7 check passed, code: 200, check "
		  "duration: 0ms. 1 active and 0 backup servers online.",
		  HAPROXYTAIL_STATE, "psql", "n3", DRILL_UP, false, true, 0,
		  "Layer7 check passed, code: 200" },
		{ "Server psql/n1 is UP/READY (leaving forced maintenance).", HAPROXYTAIL_STATE,
		  "psql", "n1", DRILL_UP, false, false, 0, "(leaving forced maintenance)" },
		{ "Server psql/n1 is DOWN/READY (leaving forced maintenance).", HAPROXYTAIL_STATE,
		  "psql", "n1", DRILL_DOWN, false, false, 0, "(leaving forced maintenance)" },
		{ "Server psql/n1 is UP/DRAIN (leaving forced maintenance).", HAPROXYTAIL_STATE,
		  "psql", "n1", DRILL_DRAIN, false, false, 0, "(leaving forced maintenance)" },
		{ "Server psql/n1 is UP (leaving forced drain).", HAPROXYTAIL_STATE, "psql", "n1",
		  DRILL_UP, false, false, 0, "(leaving forced drain)" },
		{ "Server psql/n1 ('db.x') is UP/READY (resolves again).", HAPROXYTAIL_STATE,
		  "psql", "n1", DRILL_UP, false, false, 0, "(resolves again)" },
		{ "Server psql/n1 is stopping, reason: Layer7 check conditionally passed, code: "
		  "404, "
		  "check duration: 1ms. 1 active and 0 backup servers online.",
		  HAPROXYTAIL_STATE, "psql", "n1", DRILL_NOLB, false, true, 0,
		  "Layer7 check conditionally passed, code: 404" },
		{ "Server psql/n1 is going DOWN for maintenance. 1 active and 0 backup servers "
		  "left. "
		  "2 sessions active, 0 requeued, 0 remaining in queue.",
		  HAPROXYTAIL_STATE, "psql", "n1", DRILL_MAINT, false, false, 2, "" },
		{ "Server psql/n1 was DOWN and now enters maintenance.", HAPROXYTAIL_STATE, "psql",
		  "n1", DRILL_MAINT, false, false, 0, "" },
		{ "Server psql/n1 enters drain state. 1 active and 0 backup servers online. 4 "
		  "sessions active, 0 requeued, 0 total in queue.",
		  HAPROXYTAIL_STATE, "psql", "n1", DRILL_DRAIN, false, false, 4, "" },
		{ "Health check for server psql/n1 failed, reason: Layer7 wrong status, code: 503, "
		  "info: \"Service Unavailable\", check duration: 2ms, status: 2/3 UP.",
		  HAPROXYTAIL_CHECK, "psql", "n1", DRILL_CHECKING, false, false, 0,
		  "Layer7 wrong status, code: 503, info: \"Service Unavailable\"" },
		{ "Health check for backup server psql/n3 succeeded, reason: Layer4 check passed, "
		  "check duration: 0ms, status: 1/2 DOWN.",
		  HAPROXYTAIL_CHECK, "psql", "n3", DRILL_CHECKING, true, false, 0,
		  "Layer4 check passed" },
		{ "Health check for server psql/n1 conditionally succeeded, reason: Layer7 check "
		  "conditionally passed, code: 404, check duration: 0ms, status: 3/3 UP.",
		  HAPROXYTAIL_CHECK, "psql", "n1", DRILL_CHECKING, true, false, 0,
		  "Layer7 check conditionally passed, code: 404" },
		{ "backend psql has no server available!", HAPROXYTAIL_NO_SERVER, "psql", "",
		  DRILL_CHECKING, false, false, 0, "" },
		{ "proxy psql has no server available!", HAPROXYTAIL_NO_SERVER, "psql", "",
		  DRILL_CHECKING, false, false, 0, "" },
		{ "[ALERT]    (77) : backend 'psql' has no server available!",
		  HAPROXYTAIL_NO_SERVER, "psql", "", DRILL_CHECKING, false, false, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct haproxytail_line l;

		if (!haproxytail_read(cases[i].line, SEEN, &l))
			fail_msg("not understood: %s", cases[i].line);
		if (l.kind != cases[i].kind || l.state != cases[i].state ||
		    l.good != cases[i].good || l.by_check != cases[i].by_check ||
		    l.sessions != cases[i].sessions)
			fail_msg("understood as something else: %s", cases[i].line);
		assert_string_equal(l.service, cases[i].service);
		assert_string_equal(l.server, cases[i].server);
		assert_string_equal(l.text, cases[i].text);
		assert_int_equal(l.wall_ms, SEEN);
	}
}

static void every_form_of_a_log_gives_the_time(void **state)
{
	static const struct {
		const char *begin;
		int64_t ms; /* after SEEN */
	} cases[] = {
		{ "", 0 },
		{ "<129>", 0 },
		{ "[WARNING]  (18751) : ", 0 },
		{ "haproxy[1]: ", 0 },
		{ "Nov 20 12:12:45 lb haproxy[18751]: ", 0 },
		{ "Nov 20 12:12:45 haproxy: ", 0 },
		{ "<129>Nov 20 12:12:44 haproxy[18751]: ", -501 },
		{ "<129>Nov 20 12:12:46 haproxy[18751]: ", 500 },
		{ "Nov 20 11:12:45 lb haproxy[1]: ", 0 },
		{ "2026-11-20T12:12:45.123456+00:00 lb haproxy[1]: ", -377 },
		{ "2026-11-20T13:12:45.123+01:00 lb haproxy[1]: ", -377 },
		{ "2026-11-20T07:42:45.123-0430 lb haproxy[1]: ", -377 },
		{ "2026-11-20T12:12:45.123Z haproxy[1]: ", -377 },
		{ "2026-11-20 12:12:45,123 haproxy[1]: ", -377 },
		{ "2026-11-20T12:12:44Z lb haproxy[1]: ", -501 },
		/* The shapes that HAProxy 2.6.12 sends: without and with a host's name, with data.
		 */
		{ "<129>1 2026-11-20T12:12:45.400058+00:00 - haproxy 2842 - - ", -100 },
		{ "<129>1 2026-11-20T12:12:45.400058+00:00 lb haproxy 2842 - - ", -100 },
		{ "<129>1 2026-11-20T12:12:45.400058+00:00 - ha@x 2842 - "
		  "[x@1 a=\"b c]\" d=\"\\\"e\"][y@2] ",
		  -100 },
		/* A syslog daemon's. */
		{ "1 2026-11-20T12:12:45.400Z lb haproxy 1 - -  ", -100 },
		{ "<129>1 2026-11-20T12:12:45.400Z lb haproxy 1 ID47 - \xef\xbb\xbf", -100 },
		{ "<129>1 2026-11-20T12:12:45.400Z lb haproxy[1]: ", -100 },
		{ "2025-11-20T12:12:45.123Z haproxy[1]: ", 0 },
		{ "2026-11-20T12:12haproxy[1]: ", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct haproxytail_line l;
		AUTO_TEXT line = { 0 };

		text_addf(&line, "%sServer psql/n1 is UP.", cases[i].begin);
		if (!haproxytail_read(text_str(&line), SEEN, &l))
			fail_msg("not understood: %s", text_str(&line));
		if (l.wall_ms - SEEN != cases[i].ms)
			fail_msg("%d ms: %s", (int)(l.wall_ms - SEEN), text_str(&line));
		assert_int_equal(l.kind, HAPROXYTAIL_STATE);
	}
}

static void termination_states_say_how_a_session_ended(void **state)
{
	static const struct {
		const char *code;
		enum haproxytail_end end;
	} cases[] = {
		{ "--", HAPROXYTAIL_FINE },   { "CD", HAPROXYTAIL_FINE },
		{ "cD", HAPROXYTAIL_FINE },   { "CR", HAPROXYTAIL_FINE },
		{ "PR", HAPROXYTAIL_FINE },   { "sQ", HAPROXYTAIL_FINE },
		{ "SC", HAPROXYTAIL_FAILED }, { "sC", HAPROXYTAIL_FAILED },
		{ "SD", HAPROXYTAIL_CUT },    { "SL", HAPROXYTAIL_CUT },
		{ "sD", HAPROXYTAIL_KILLED }, { "DD", HAPROXYTAIL_KILLED },
		{ "D-", HAPROXYTAIL_KILLED }, { "DC", HAPROXYTAIL_KILLED },
		{ "KD", HAPROXYTAIL_KILLED }, { "K-", HAPROXYTAIL_KILLED },
		{ "U-", HAPROXYTAIL_KILLED }, { "UC", HAPROXYTAIL_KILLED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct haproxytail_line l;
		AUTO_TEXT line = { 0 };

		text_addf(&line,
		          "<134>Nov 20 12:12:45 haproxy[1]: 127.0.0.1:33312 "
		          "[20/Nov/2026:12:12:40.123] fe~ psql/n1 1/0/5000 +212 %s 1/1/0/0/+1 0/0",
		          cases[i].code);
		assert_true(haproxytail_read(text_str(&line), SEEN, &l));
		assert_int_equal(l.kind, HAPROXYTAIL_SESSION);
		assert_string_equal(l.service, "psql");
		assert_string_equal(l.server, "n1");
		if (l.end != cases[i].end)
			fail_msg("%s is taken for another end", cases[i].code);
	}
}

static void a_session_is_found_behind_the_header_of_rfc5424(void **state)
{
	struct haproxytail_line l;

	(void)state;
	assert_true(haproxytail_read("<150>1 2026-11-20T12:12:45.400058+00:00 - haproxy 2842 - - "
	                             "127.0.0.1:40776 [20/Nov/2026:12:12:44.387] l psql/n1 "
	                             "1/0/500 0 SD 1/1/0/0/0 0/0",
	                             SEEN, &l));
	assert_int_equal(l.kind, HAPROXYTAIL_SESSION);
	assert_int_equal(l.end, HAPROXYTAIL_CUT);
	assert_string_equal(l.server, "n1");
	assert_int_equal(l.wall_ms - SEEN, -100);
}

static void a_session_without_a_server_has_none(void **state)
{
	struct haproxytail_line l;

	(void)state;
	assert_true(haproxytail_read("::1:33312 [20/Nov/2026:12:12:45.123] psql psql/<NOSRV> "
	                             "-1/-1/0 0 SC 1/1/0/0/0 0/0",
	                             SEEN, &l));
	assert_int_equal(l.end, HAPROXYTAIL_FAILED);
	assert_string_equal(l.service, "psql");
	assert_string_equal(l.server, "");
}

static void other_lines_say_nothing(void **state)
{
	static const char *const lines[] = {
		"",
		"<129>",
		"<129>1 2026-11-20T12:12:45.400Z lb haproxy 1 - [x a=\"b] Server psql/n1 is UP.",
		"<129>1 2026-11-20T12:12:45.400Z lb haproxy 1 - -",
		"<129>1 2026-11-20T12:12:45.400Z lb haproxy",
		"Nov 20 12:12:45 lb haproxy[1]: ",
		"Server is DOWN",
		"Server psql/n1",
		"Server psql/n1 remains in forced drain mode.",
		"Server /n1 is DOWN.",
		"Server psql/ is DOWN.",
		"Health check for psql/n1 failed",
		"Health check for server psql/n1 wondered",
		"backend psql has a server",
		"backend  has no server available!",
		"backend a b has no server available!",
		"Proxy psql stopped (cumulated conns: FE: 1, BE: 1).",
		"Connect from 10.0.1.2:33312 to 10.0.3.31:8012 (fe/TCP)",
		("127.0.0.1:1 [20/Nov/2026:12:12:45.123] fe/1: Connection error during SSL "
		 "handshake"),
		"127.0.0.1:1 [20/Nov/2026:12:12:45.123] fe psql/n1 1/0/5000 212",
		"127.0.0.1:1 [20/Nov/2026:12:12:45.123] fe psql/n1 words 212 -- x",
		"127.0.0.1:1 [20-Nov-2026:12:12:45.123] fe psql/n1 1/0/5000 212 -- x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct haproxytail_line l;

		if (haproxytail_read(lines[i], SEEN, &l))
			fail_msg("understood: %s", lines[i]);
	}
}

static void names_that_are_too_long_are_not_cut(void **state)
{
	struct haproxytail_line l;
	AUTO_TEXT line = { 0 };

	(void)state;
	text_add(&line, "Server psql/");
	for (int i = 0; i < HAPROXYSTAT_NAME_MAX; i++)
		text_addc(&line, 'n');
	text_add(&line, " is DOWN.");
	assert_false(haproxytail_read(text_str(&line), SEEN, &l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_say_what_happened),
		cmocka_unit_test(every_form_of_a_log_gives_the_time),
		cmocka_unit_test(termination_states_say_how_a_session_ended),
		cmocka_unit_test(a_session_is_found_behind_the_header_of_rfc5424),
		cmocka_unit_test(a_session_without_a_server_has_none),
		cmocka_unit_test(other_lines_say_nothing),
		cmocka_unit_test(names_that_are_too_long_are_not_cut),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
