/* SPDX-License-Identifier: MIT */
/* WRAP: gethostname tick_wall_ms */
/* Where lines go. */
#include "logscene.h"

/* --- where lines go ----------------------------------------------------------------------- */

static void a_service_and_a_frontend_have_logs_of_their_own(void **state)
{
	struct scene s;
	struct journal_event e;

	(void)state;
	prepare(&s);
	s.own[0] = file(1);
	s.front_logs[0] = file(2);
	s.services[1].own_logs = true;
	s.services[1].logs = s.own;
	s.services[1].log_count = 1;
	s.fe.own_logs = true;
	s.fe.logs = s.front_logs;
	s.fe.log_count = 1;
	start(&s);
	for (int i = 0; i < 2; i++) {
		struct record r = record_of(&s, i);

		logger_record(s.logger, &r);
		e = drain_of(i ? "be" : "psql");
		logger_event(s.logger, &e);
	}
	e = (struct journal_event){ .kind = JOURNAL_PROCESS,
		                    .level = LOG_LEVEL_WARN,
		                    .text = "Paused frontend fe." };
	logger_event(s.logger, &e);
	log_warn("careful");
	expect(0, PSQL("--") "<5>Server psql/n1 is UP (leaving forced drain).\n"
	                     "<4>Paused frontend fe.\n<4>careful\n");
	expect(1, "<5>Server be/n1 is UP (leaving forced drain).\n");
	expect(2, FE("--"));
	finish(&s);
}

static void a_service_may_have_no_logs_at_all(void **state)
{
	struct scene s;
	struct journal_event e = drain_of("psql");
	struct record r;

	(void)state;
	prepare(&s);
	s.services[0].own_logs = true;
	start(&s);
	r = record_of(&s, 0);
	logger_record(s.logger, &r);
	logger_event(s.logger, &e);
	expect(0, "");
	finish(&s);
}

#define LONG_NAME(end) "a-service-whose-name-is-as-long-as-a-name-may-be-and-so-64-lett" end

static void a_service_with_the_longest_name_has_its_own_logs(void **state)
{
	struct scene s;
	struct journal_event e = drain_of(LONG_NAME("s"));

	(void)state;
	prepare(&s);
	s.services[0].name = LONG_NAME("r");
	s.services[1].name = LONG_NAME("s");
	assert_int_equal(strlen(s.services[1].name), SETTINGS_NAME_MAX);
	s.own[0] = file(1);
	s.services[1].own_logs = true;
	s.services[1].logs = s.own;
	s.services[1].log_count = 1;
	start(&s);
	logger_event(s.logger, &e);
	expect(0, "");
	expect(1, "<5>Server " LONG_NAME("s") "/n1 is UP (leaving forced drain).\n");
	finish(&s);
}

static void targets_that_are_alike_are_one(void **state)
{
	struct scene s;
	struct record r;
	struct stat st;

	(void)state;
	prepare(&s);
	s.logs[0] = s.logs[1] = file(0);
	s.settings->log_count = 2;
	s.own[0] = file(0);
	s.services[1].own_logs = s.fe.own_logs = true;
	s.services[1].logs = s.fe.logs = s.own;
	s.services[1].log_count = s.fe.log_count = 1;
	start(&s);
	for (int i = 0; i < 2; i++) {
		r = record_of(&s, i);
		logger_record(s.logger, &r);
	}
	expect(0, PSQL("--") FE("--"));
	/* It is opened again once for all of them. */
	logger_reopen(s.logger);
	assert_int_equal(stat(paths[0], &st), 0);
	assert_int_equal(logger_dropped(s.logger), 0);
	finish(&s);
}

static void a_target_takes_what_its_levels_say(void **state)
{
	static const struct {
		int level, min_level;
		const char *lines;
	} cases[] = {
		{ LOG_LEVEL_INFO, 0,
		  "<0>proxy psql has no server available!\n"
		  "<5>Server psql/n1 is UP (leaving forced drain).\n" PSQL("--") },
		{ LOG_LEVEL_INFO, LOG_LEVEL_NOTICE,
		  "<5>proxy psql has no server available!\n"
		  "<5>Server psql/n1 is UP (leaving forced drain).\n" PSQL("--") },
		{ LOG_LEVEL_NOTICE, 0,
		  "<0>proxy psql has no server available!\n"
		  "<5>Server psql/n1 is UP (leaving forced drain).\n" },
		{ LOG_LEVEL_ALERT, 0, "<0>proxy psql has no server available!\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct journal_event down = down_of("psql");
		struct journal_event drain = drain_of("psql");
		struct scene s;
		struct record r;

		prepare(&s);
		s.logs[0].level = cases[i].level;
		s.logs[0].min_level = cases[i].min_level;
		start(&s);
		r = record_of(&s, 0);
		logger_event(s.logger, &down);
		logger_event(s.logger, &drain);
		logger_record(s.logger, &r);
		expect(0, cases[i].lines);
		finish(&s);
	}
}

static void of_a_sample_each_round_has_the_same_numbers(void **state)
{
	static const struct settings_range ranges[] = { { 1, 1 }, { 3, 4 } };
	struct scene s;
	char expected[64] = "";

	(void)state;
	prepare(&s);
	s.logs[0].sample = (struct settings_ranges){ ranges, 2 };
	s.logs[0].sample_size = 5;
	s.services[0].session_log = SETTINGS_SESSION_FORMAT;
	s.services[0].log_format = "%U";
	start(&s);
	for (int i = 1; i <= 9; i++) {
		struct record r = record_of(&s, 0);

		r.bytes_in = (uint64_t)i;
		logger_record(s.logger, &r);
		if (i % 5 == 1 || i % 5 == 3 || i % 5 == 4)
			sprintf(expected + strlen(expected), "<6>%d\n", i);
	}
	expect(0, expected);
	finish(&s);
}

/* --- HAProxy's place ---------------------------------------------------------------------- */

static void a_terminal_has_all_events_and_no_sessions(void **state)
{
	struct journal_event events[] = { down_of("psql"), down_of("be"), drain_of("be") };
	struct journal_event check = drain_of("psql");
	struct scene s;
	struct record r;
	char expected[512];

	(void)state;
	prepare(&s);
	s.settings->haproxy = true;
	s.logs[0] = file(0);
	s.logs[0].framing = SETTINGS_LOG_CONSOLE;
	s.logs[0].level = LOG_LEVEL_NOTICE;
	s.own[0] = file(1);
	s.services[1].own_logs = true;
	s.services[1].logs = s.own;
	s.services[1].log_count = 1;
	start(&s);
	r = record_of(&s, 0);
	logger_record(s.logger, &r);
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		logger_event(s.logger, &events[i]);
	/* Nobody asked for it: log_health_checks. */
	check.level = LOG_LEVEL_DEBUG;
	logger_event(s.logger, &check);
	log_notice("accepting connections");
	log_error("no room");
	snprintf(expected, sizeof(expected),
	         "[ALERT]    (%d) : proxy 'psql' has no server available!\n"
	         "[ALERT]    (%d) : backend 'be' has no server available!\n"
	         "[WARNING]  (%d) : Server be/n1 is UP (leaving forced drain).\n"
	         "[ALERT]    (%d) : no room\n",
	         (int)getpid(), (int)getpid(), (int)getpid(), (int)getpid());
	expect(0, expected);
	expect(1, "<0>backend be has no server available!\n"
	          "<5>Server be/n1 is UP (leaving forced drain).\n");
	finish(&s);
}

static void a_frontend_of_its_services_name_makes_a_proxy(void **state)
{
	struct journal_event e = down_of("be");
	struct scene s;

	(void)state;
	prepare(&s);
	s.fe.name = "be";
	s.fe.id = 4;
	start(&s);
	logger_event(s.logger, &e);
	expect(0, "<0>proxy be has no server available!\n");
	finish(&s);
}

static void two_lines_of_one_event_are_two_messages(void **state)
{
	struct journal_event e = drain_of("psql");
	struct scene s;

	(void)state;
	e.before.admin = STATE_DRAIN_COMMAND | STATE_MAINT_COMMAND;
	e.after.admin = STATE_DRAIN_COMMAND;
	prepare(&s);
	start(&s);
	logger_event(s.logger, &e);
	expect(0, "<5>Server psql/n1 is UP/DRAIN (leaving forced maintenance).\n"
	          "<5>Server psql/n1 remains in forced drain mode.\n");
	finish(&s);
}

static void in_haproxys_place_the_level_alone_asks_for_sessions(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scene s;
		struct record r;

		prepare(&s);
		s.settings->haproxy = i;
		s.logs[0].level = LOG_LEVEL_ERROR;
		s.logs[0].sessions = false;
		s.services[0].log_separate_errors = true;
		start(&s);
		r = record_of(&s, 0);
		logger_record(s.logger, &r);
		r.reason = REASON_CLIENT_RESET;
		logger_record(s.logger, &r);
		expect(0, i ? LINE("3", "psql psql/n1", "0/0/5", "2", "CD", "1/1/0/0/0 0/0") : "");
		finish(&s);
	}
}

/* --- what is wrong ------------------------------------------------------------------------ */

static void what_is_wrong_is_told(void **state)
{
	static const struct {
		const char *path, *format;
		bool fronts; /* of the frontend */
		const char *error;
	} cases[] = {
		{ "/nonexistent/log", NULL, false,
		  "log target \"x\": cannot log to /nonexistent/log: No such file or directory" },
		{ NULL, "%ci %nope", false, "log_format of \"psql\": there is no variable %nope" },
		{ NULL, "%[nope]", true, "log_format of \"fe\": there is no sample %[nope]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct logger *l = NULL;
		struct scene s;
		struct error err;

		prepare(&s);
		if (cases[i].path) {
			s.logs[0].path = cases[i].path;
			s.logs[0].text = "x";
		} else if (cases[i].fronts) {
			s.fe.session_log = SETTINGS_SESSION_FORMAT;
			s.fe.log_format = cases[i].format;
		} else {
			s.services[0].session_log = SETTINGS_SESSION_FORMAT;
			s.services[0].log_format = cases[i].format;
		}
		assert_false(logger_new(s.settings, &l, &err));
		assert_null(l);
		assert_string_equal(err.text, cases[i].error);
		settings_free(s.settings);
	}
	logger_free(NULL);
}

static void lines_that_are_lost_are_counted(void **state)
{
	struct journal_event e = drain_of("psql");
	struct scene s;

	(void)state;
	prepare(&s);
	s.logs[0].kind = SETTINGS_LOG_SYSLOG;
	start(&s);
	logger_event(s.logger, &e);
	assert_int_equal(logger_dropped(s.logger), 1);
	finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_and_a_frontend_have_logs_of_their_own),
		cmocka_unit_test(a_service_may_have_no_logs_at_all),
		cmocka_unit_test(a_service_with_the_longest_name_has_its_own_logs),
		cmocka_unit_test(targets_that_are_alike_are_one),
		cmocka_unit_test(a_target_takes_what_its_levels_say),
		cmocka_unit_test(of_a_sample_each_round_has_the_same_numbers),
		cmocka_unit_test(a_terminal_has_all_events_and_no_sessions),
		cmocka_unit_test(a_frontend_of_its_services_name_makes_a_proxy),
		cmocka_unit_test(two_lines_of_one_event_are_two_messages),
		cmocka_unit_test(in_haproxys_place_the_level_alone_asks_for_sessions),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(lines_that_are_lost_are_counted),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
