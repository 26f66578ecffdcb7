/* SPDX-License-Identifier: MIT */
/* WRAP: crew_sessions crew_kill crew_end_sessions crew_pause_frontend crew_close_frontend */
/* WRAP: crew_set_maxconn crew_set_rate_limits crew_threads crew_load crew_listeners */
/* WRAP: crew_listener_count crew_listener crew_connections crew_accepted crew_dropped_records */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "fakecrew.h"

static struct scene scene;
static struct command_context ctx;

static int setup(void **state)
{
	(void)state;
	memset(&fakecrew, 0, sizeof(fakecrew));
	scene_open(&scene, NULL);
	ctx = (struct command_context){ .daemon = &scene.daemon, .level = SETTINGS_LEVEL_ADMIN };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scene_close(&scene);
	return 0;
}

static const char *ask(const char *line, struct text *out)
{
	text_clear(out);
	command_run(&ctx, line, out);
	return text_str(out);
}

/* "psql,FRONTEND psql,n1 ...": the first two columns of each line but the heading. */
static const char *rows(const char *line, struct text *out)
{
	AUTO_TEXT answer = { 0 };

	text_clear(out);
	for (const char *p = ask(line, &answer); *p; p = strchr(p, '\n') + 1) {
		size_t len = strcspn(p, ",");

		if (*p == '#' || *p == '\n')
			continue;
		len += 1 + strcspn(p + len + 1, ",");
		text_addn(out, p, len);
		text_addc(out, ' ');
	}
	return text_str(out);
}

/* As HAProxy 2.6 does with the same proxies. */
static void statistics_can_be_limited_as_by_haproxy(void **state)
{
	static const char all[] = "psql,FRONTEND psql,n1 psql,n2 psql,n3 psql,BACKEND fe,FRONTEND "
	                          "be,s1 be,BACKEND ";
	static const char psql[] = "psql,FRONTEND psql,n1 psql,n2 psql,n3 psql,BACKEND ";
	static const char *const table[][2] = {
		{ "show stat", all },
		{ "show stats", all },
		{ "show stat foo", all },
		{ "show stat 1 2", all },
		{ "show stat psql 4", all },
		{ "show stat domain proxy", all },
		{ "show stat -1 4 -1", "psql,n1 psql,n2 psql,n3 be,s1 " },
		{ "show stat psql 4 -1", "psql,n1 psql,n2 psql,n3 " },
		{ "show stat psql 4 1", "psql,n1 " },
		{ "show stat domain proxy 2 4 1", "psql,n1 " },
		{ "show stat psql 7 1", "psql,FRONTEND psql,n1 psql,BACKEND " },
		{ "show stat 2 7 -1", psql },
		{ "show stat psql -1 -1", psql },
		{ "show stat psql 15 -1", psql },
		{ "show stat -1 2 -1", "psql,BACKEND be,BACKEND " },
		{ "show stat -1 1 0", "psql,FRONTEND fe,FRONTEND " },
		{ "show stat psql 8 -1", "" },
		{ "show stat psql x y", "" },
		{ "show stat psql 4 x", "" },
		{ "show stat psql 4 9", "" },
		{ "show stat 99 7 -1", "" },
	};
	AUTO_TEXT out = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(rows(table[i][0], &out), table[i][1]) != 0)
			fail_msg("%s: %s", table[i][0], text_str(&out));
}

static void statistics_have_their_forms(void **state)
{
	AUTO_TEXT out = { 0 };

	(void)state;
	assert_int_equal(strncmp(ask("show stat", &out), "# pxname,svname,", 16), 0);
	assert_int_equal(
	    strncmp(ask("show stat psql 4 1 typed", &out), "S.2.1.0.pxname.1:KNS:str:psql\n", 30),
	    0);
	assert_non_null(strstr(ask("show stat psql 4 1 typed desc", &out),
	                       "S.2.1.0.pxname.1:KNS:str:psql:\"name of the service\"\n"));
	assert_int_equal(strncmp(ask("show stat json", &out), "[[{", 3), 0);
	assert_int_equal(strncmp(ask("show stat domain resolvers", &out), "# id,pid,sent,", 14), 0);
}

static void servers_are_found_by_the_name_or_number_of_their_backend(void **state)
{
	AUTO_TEXT all = { 0 };
	AUTO_TEXT out = { 0 };

	(void)state;
	assert_int_equal(strncmp(ask("show servers state", &all), "1\n# be_id be_name ", 18), 0);
	assert_non_null(strstr(text_str(&all), "\n4 be 1 s1 127.0.0.1 2 0 1 1 0 1 0 2 0 0 "));
	ask("show servers state #4", &out);
	assert_non_null(strstr(text_str(&out), "\n4 be 1 s1 "));
	assert_null(strstr(text_str(&out), "psql"));
	ask("show servers conn be", &out);
	assert_string_equal(text_str(&out),
	                    "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max "
	                    "need_est unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[2]\n"
	                    "be/s1 4/1 127.0.0.1 26101 - 5000 0 0 0 0 0 -1 0 0 0\n");
}

static void control_sockets_are_listed(void **state)
{
	AUTO_TEXT out = { 0 };

	(void)state;
	assert_string_equal(ask("show cli sockets", &out), "# socket lvl processes\n"
	                                                   "unix@/run/a.sock admin all\n"
	                                                   "ipv4@127.0.0.1:1999 user all\n"
	                                                   "fd@5 operator all\n");
}

static void errors_have_a_date(void **state)
{
	AUTO_TEXT out = { 0 };
	int day, year, h, m, s, ms;
	char month[4];

	(void)state;
	assert_int_equal(sscanf(ask("show errors psql", &out),
	                        "Total events captured on [%d/%3s/%d:%d:%d:%d.%d] : 0\n", &day,
	                        month, &year, &h, &m, &s, &ms),
	                 7);
	assert_int_equal(
	    sscanf(ask("show errors -1 request", &out), "Total events captured on [%d", &day), 1);
}

static void events_are_in_the_sink(void **state)
{
	AUTO_TEXT out = { 0 };

	(void)state;
	assert_string_equal(
	    ask("show events", &out),
	    "Supported events sinks are listed below. Add -w(wait), -n(new). Any key to stop\n"
	    "    stdout     : type=fd, 0 dropped, standard output (fd#1)\n"
	    "    stderr     : type=fd, 0 dropped, standard output (fd#2)\n"
	    "    buf0       : type=buffer, 0 dropped, in-memory ring buffer\n");
	roster_say(scene.daemon.roster, 5, "the first");
	roster_say(scene.daemon.roster, 5, "the second");
	ask("show events buf0", &out);
	assert_non_null(strstr(text_str(&out), "the first\n"));
	assert_non_null(strstr(text_str(&out), "the second\n"));
	assert_false(ctx.follow);
	assert_string_equal(ask("show events buf0 -n -w", &out), "");
	assert_true(ctx.follow);
	assert_false(ctx.follow_json);
	assert_int_equal(ctx.follow_from, 3);
	ask("show events json since 2 follow", &out);
	assert_null(strstr(text_str(&out), "the first"));
	assert_non_null(strstr(text_str(&out), "the second"));
	assert_true(ctx.follow && ctx.follow_json);
	ask("show events since", &out);
	assert_string_equal(text_str(&out), "'since' expects the number of an event.\n");
	assert_false(ctx.follow);
}

static void internals_are_shown_as_far_as_there_are_any(void **state)
{
	AUTO_TEXT out = { 0 };

	(void)state;
	setenv("SLUICE_TEST_VARIABLE", "a b", 1);
	assert_string_equal(ask("show env SLUICE_TEST_VARIABLE", &out),
	                    "SLUICE_TEST_VARIABLE=a b\n");
	assert_non_null(strstr(ask("show env", &out), "SLUICE_TEST_VARIABLE=a b\n"));
	assert_int_equal(strncmp(ask("show activity", &out), "thread_id: 1 (1..2)\n", 20), 0);
	assert_non_null(strstr(text_str(&out), "\naccepted: 17\n"));
	assert_int_equal(strncmp(ask("show pools", &out), "Dumping pools usage.", 20), 0);
	assert_string_equal(ask("show threads", &out), "* Thread 1 : act=0 sessions=0\n"
	                                               "  Thread 2 : act=1 sessions=1\n");
	assert_int_equal(strncmp(ask("show schema json", &out), "{\"$schema\":", 11), 0);
	assert_string_equal(ask("show resolvers", &out), "Resolvers section default\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(statistics_can_be_limited_as_by_haproxy),
		TEST(statistics_have_their_forms),
		TEST(servers_are_found_by_the_name_or_number_of_their_backend),
		TEST(control_sockets_are_listed),
		TEST(errors_have_a_date),
		TEST(events_are_in_the_sink),
		TEST(internals_are_shown_as_far_as_there_are_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
