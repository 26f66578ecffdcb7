/* SPDX-License-Identifier: MIT */
/* WRAP: gethostname tick_wall_ms */
/* Which sessions have a line, when and how. */
#include "logscene.h"

/* --- which sessions, and how -------------------------------------------------------------- */

static void a_line_without_options_comes_when_a_session_begins(void **state)
{
	struct scene s;
	struct record r;

	(void)state;
	prepare(&s);
	/* HAProxy asks none of these then. */
	s.services[0].session_log = SETTINGS_SESSION_CONNECT;
	s.services[0].dontlognull = s.services[0].dontlog_normal = true;
	s.services[0].logasap = true;
	start(&s);
	r = record_of(&s, 0);
	r.ended = false;
	r.server = NULL;
	r.queue_ms = r.connect_ms = -1;
	logger_record(s.logger, &r);
	expect_next(s.logger, 0, "<6>Connect from 127.0.0.1:51732 to 127.0.0.1:26257 (psql/TCP)\n");
	r = record_of(&s, 0);
	r.ended = false;
	logger_record(s.logger, &r);
	r.ended = true;
	logger_record(s.logger, &r);
	r.reason = REASON_BAD_PROXY_HEADER;
	r.connect_ms = -1;
	logger_record(s.logger, &r);
	expect_next(s.logger, 0, "");
	finish(&s);
}

static void logasap_has_one_line_for_each_session(void **state)
{
	struct scene s;
	struct record r;

	(void)state;
	prepare(&s);
	s.services[0].logasap = true;
	start(&s);
	r = record_of(&s, 0);
	r.ended = false;
	logger_record(s.logger, &r);
	expect_next(s.logger, 0, LINE("6", "psql psql/n1", "0/0/+5", "+2", "--", "1/1/1/1/0 0/0"));
	r.ended = true;
	logger_record(s.logger, &r);
	expect_next(s.logger, 0, "");
	/* One that came to no server had none yet. */
	r.connect_ms = -1;
	r.reason = REASON_CONNECT_REFUSED;
	logger_record(s.logger, &r);
	expect_next(s.logger, 0, LINE("6", "psql psql/n1", "0/-1/+5", "+2", "SC", "1/1/0/0/0 0/0"));
	finish(&s);
}

static void sessions_are_left_out_on_request(void **state)
{
	static const struct {
		enum reason reason;
		uint64_t bytes_in;
		int32_t connect_ms;
		uint16_t retries;
		bool null, normal; /* left out by which option */
	} cases[] = {
		{ REASON_NORMAL, 1, 0, 0, false, true },
		{ REASON_NORMAL, 1, 0, 1, false, false },
		{ REASON_NORMAL, 0, 0, 0, true, true },
		{ REASON_CLIENT_RESET, 0, 0, 0, true, false },
		{ REASON_SERVER_IDLE, 0, 0, 0, true, false },
		{ REASON_CONNECT_LEFT, 0, -1, 0, true, false },
		{ REASON_QUEUE_LEFT, 0, -1, 0, true, false },
		{ REASON_NO_SERVER, 0, -1, 0, false, false },
		{ REASON_CONNECT_REFUSED, 0, -1, 0, false, false },
		{ REASON_CLIENT_RESET, 0, -1, 0, false, false },
	};

	(void)state;
	for (int option = 0; option < 2; option++) {
		struct scene s;

		prepare(&s);
		s.services[0].dontlognull = option == 0;
		s.services[0].dontlog_normal = option == 1;
		s.logs[1] = file(1);
		s.logs[1].format = SETTINGS_LOG_JSON;
		s.settings->log_count = 2;
		start(&s);
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct record r = record_of(&s, 0);
			bool left_out = option ? cases[i].normal : cases[i].null;

			r.reason = cases[i].reason;
			r.bytes_in = cases[i].bytes_in;
			r.connect_ms = cases[i].connect_ms;
			r.retries = cases[i].retries;
			logger_record(s.logger, &r);
			for (int k = 0; k < 2; k++) {
				assert_int_equal(strlen(content(k)) == 0, left_out);
				logger_reopen(s.logger);
			}
		}
		finish(&s);
	}
}

static void errors_have_a_level_of_their_own_on_request(void **state)
{
	struct scene s;
	struct record r;

	(void)state;
	prepare(&s);
	s.services[0].log_separate_errors = true;
	start(&s);
	r = record_of(&s, 0);
	logger_record(s.logger, &r);
	r.reason = REASON_SERVER_RESET;
	logger_record(s.logger, &r);
	r.reason = REASON_BAD_PROXY_HEADER;
	r.connect_ms = -1;
	logger_record(s.logger, &r);
	expect(0, PSQL("--") LINE("3", "psql psql/n1", "0/0/5", "2", "SD",
	                          "1/1/0/0/0 0/0") "<3>127.0.0.1:51732 "
	                                           "[20/Nov/2026:12:12:01.095] psql/1: Received "
	                                           "something which does not look like a PROXY "
	                                           "protocol header\n");
	finish(&s);
}

static void formats_are_those_of_the_frontend(void **state)
{
	static const struct {
		enum settings_session_log kind;
		const char *format, *line;
	} cases[] = {
		{ SETTINGS_SESSION_TCPLOG, NULL, FE("--") },
		{ SETTINGS_SESSION_CLF, NULL,
		  "<6>127.0.0.1 - - [20/Nov/2026:12:12:01 +0000] \"TCP \" 000 2 \"\" \"\" 51732 "
		  "095 \"fe\" \"be\" \"n1\" 0 0 0 5 1 ---- 1 1 0 0 0 0 0 \"\" \"\" \n" },
		{ SETTINGS_SESSION_FORMAT, "%H %f %b %s %lc %[date]",
		  "<6>lb1 fe be n1 0 1795176721\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scene s;
		struct record r;

		prepare(&s);
		s.fe.session_log = cases[i].kind;
		s.fe.log_format = cases[i].format;
		start(&s);
		r = record_of(&s, 1);
		logger_record(s.logger, &r);
		expect(0, cases[i].line);
		finish(&s);
	}
}

static void lines_of_a_frontend_are_counted(void **state)
{
	struct scene s;
	struct record r;

	(void)state;
	prepare(&s);
	s.services[0].session_log = SETTINGS_SESSION_FORMAT;
	s.services[0].log_format = "%lc";
	s.services[0].dontlog_normal = true;
	start(&s);
	r = record_of(&s, 0);
	r.retries = 1;
	logger_record(s.logger, &r);
	r.retries = 0;
	logger_record(s.logger, &r);
	r.retries = 1;
	logger_record(s.logger, &r);
	expect(0, "<6>0\n<6>1\n");
	finish(&s);
}

static void sluices_own_formats_have_a_line_at_the_end(void **state)
{
	struct journal_event e = drain_of("psql");
	struct scene s;
	struct record r;
	const char *lines;

	(void)state;
	prepare(&s);
	s.logs[0].format = SETTINGS_LOG_TEXT;
	s.logs[0].framing = SETTINGS_LOG_USUAL;
	s.logs[1] = file(1);
	s.logs[1].format = SETTINGS_LOG_JSON;
	s.logs[1].framing = SETTINGS_LOG_USUAL;
	s.settings->log_count = 2;
	s.services[0].logasap = true;
	start(&s);
	r = record_of(&s, 0);
	r.ended = false;
	logger_record(s.logger, &r);
	expect_next(s.logger, 0, "");
	r.ended = true;
	logger_record(s.logger, &r);
	logger_event(s.logger, &e);
	log_notice("hello");
	lines = content(0);
	assert_memory_equal(lines, "2026-11-20 12:12:01.100  ", 25);
	assert_non_null(strstr(lines, "psql/n1"));
	assert_non_null(strstr(lines, "\n2026-11-20 12:12:01.095  sluice  hello\n"));
	lines = content(1);
	assert_memory_equal(lines, "{\"kind\":\"session\"", 17);
	assert_non_null(strstr(lines, "\n{\"time_ms\":1795176721095,\"kind\":\"message\",\"level\":"
	                              "\"notice\",\"text\":\"hello\"}\n"));
	finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_without_options_comes_when_a_session_begins),
		cmocka_unit_test(logasap_has_one_line_for_each_session),
		cmocka_unit_test(sessions_are_left_out_on_request),
		cmocka_unit_test(errors_have_a_level_of_their_own_on_request),
		cmocka_unit_test(formats_are_those_of_the_frontend),
		cmocka_unit_test(lines_of_a_frontend_are_counted),
		cmocka_unit_test(sluices_own_formats_have_a_line_at_the_end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
