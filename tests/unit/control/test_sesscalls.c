/* SPDX-License-Identifier: MIT */
/* WRAP: crew_sessions crew_kill crew_end_sessions crew_pause_frontend crew_close_frontend */
/* WRAP: crew_set_maxconn crew_set_rate_limits crew_threads crew_load crew_listeners */
/* WRAP: crew_listener_count crew_listener crew_connections crew_accepted crew_dropped_records */
#include "scene.h"

#include "report/sessionline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

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

static void order(const char *line, const char *expected)
{
	AUTO_TEXT out = { 0 };

	assert_string_equal(ask(line, &out), expected);
}

/* Two sessions: one relays through psql/n2, one has not found a server of `be` yet. */
static void fill(void)
{
	const struct topology *t = scene.daemon.topology;
	struct record *r = fakecrew.sessions;
	struct addr a;

	addr_parse_ip("127.0.0.1", 44432, &a);
	fakecrew.session_count = 2;
	r[0] = (struct record){ .id = 0x1a,
		                .accepted_wall_ms = INT64_C(1795176721095),
		                .service = t->services[0],
		                .server = t->services[0]->servers[1],
		                .frontend = t->services[0]->frontends[0],
		                .bind = t->settings->services[0].binds,
		                .client = addr_pack(&a),
		                .total_ms = 479000,
		                .idle_ms = 2000,
		                .bytes_in = 5,
		                .bytes_out = 7 };
	addr_parse_ip("::1", 1, &a);
	r[1] = r[0];
	r[1].id = 0x1b;
	r[1].service = t->services[1];
	r[1].frontend = t->services[1]->frontends[0];
	r[1].server = NULL;
	r[1].client = addr_pack(&a);
	r[1].total_ms = 1500;
}

#define TAIL(timeouts)                                                                             \
	" calls=1 rate=0 cpu=0 lat=0 rq[f=848000h,i=0,an=00h,rx=" timeouts                         \
	",wx=,ax=] rp[f=80048000h,i=0,an=00h,rx=" timeouts                                         \
	",wx=,ax=] scf=[8,0h,fd=-1] scb=[8,1h,fd=-1] exp=" timeouts " rc=0 c_exp=\n"
#define FIRST                                                                                      \
	"0x1a: proto=tcpv4 src=127.0.0.1:44432 fe=psql be=psql srv=n2 ts=00 epoch=0 "              \
	"age=7m59s" TAIL("9m58s")
#define SECOND                                                                                     \
	"0x1b: proto=tcpv6 src=::1:1 fe=fe be=be srv=<none> ts=00 epoch=0 age=1s" TAIL("9m58s")

static void sessions_are_listed_as_by_haproxy(void **state)
{
	(void)state;
	fill();
	order("show sess", FIRST SECOND);
	order("show sess foo", FIRST SECOND);
}

static void what_is_left_of_time_outs_is_shown(void **state)
{
	struct topology_service *psql = scene.daemon.topology->services[0];
	struct settings_frontend front = *psql->frontends[0]->settings;
	const struct settings_frontend *old = psql->frontends[0]->settings;

	(void)state;
	fill();
	fakecrew.session_count = 1;
	front.client_ms = 60000;
	psql->frontends[0]->settings = &front;
	order("show sess",
	      "0x1a: proto=tcpv4 src=127.0.0.1:44432 fe=psql be=psql srv=n2 ts=00 epoch=0 "
	      "age=7m59s calls=1 rate=0 cpu=0 lat=0 rq[f=848000h,i=0,an=00h,rx=58s,wx=,ax=] "
	      "rp[f=80048000h,i=0,an=00h,rx=9m58s,wx=,ax=] scf=[8,0h,fd=-1] scb=[8,1h,fd=-1] "
	      "exp=58s rc=0 c_exp=\n");
	psql->frontends[0]->settings = old;
}

static void a_listing_can_be_limited(void **state)
{
	(void)state;
	fill();
	order("show sess backend psql", FIRST);
	order("show sess frontend fe", SECOND);
	order("show sess server psql/n2", FIRST);
	order("show sess server psql/n1", "");
	order("show sess older 10", FIRST);
	order("show sess older 1s", FIRST SECOND);
	order("show sess older 1h", "");
	order("show sess older x", "Invalid age.\n");
	order("show sess older", "'older' expects an argument.\n");
	order("show sess backend foo", "No such backend.\n");
	order("show sess frontend foo", "No such frontend.\n");
	order("show sess server psql/foo", "No such server.\n");
}

static void one_session_is_shown_in_detail(void **state)
{
	AUTO_TEXT out = { 0 };

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	fill();
	assert_int_equal(strncmp(ask("show sess 0x1a", &out),
	                         "0x1a: [20/Nov/2026:12:12:01.095000] id=26 proto=tcpv4 "
	                         "source=127.0.0.1:44432\n",
	                         strlen("0x1a: [20/Nov/2026:12:12:01.095000] id=26 proto=tcpv4 "
	                                "source=127.0.0.1:44432\n")),
	                 0);
	assert_non_null(strstr(text_str(&out), "\n  frontend=psql (id=2 mode=tcp), "));
	assert_non_null(strstr(text_str(&out), "\n  backend=psql (id=2 mode=tcp)"));
	assert_non_null(strstr(text_str(&out), "\n  server=n2 (id=2) addr="));
	assert_null(strstr(text_str(&out), "0x1b"));
	ask("show sess all", &out);
	assert_non_null(strstr(text_str(&out), "\n0x1b: ["));
	assert_non_null(strstr(text_str(&out), "\n  server=<NONE> (id=-1)\n"));
	order("show sess 0x99", "Session not found.\n");
}

static void our_own_client_gets_json(void **state)
{
	AUTO_TEXT out = { 0 };
	struct sessionline *list;
	struct error err;
	size_t count;

	(void)state;
	fill();
	assert_true(sessionline_read_list(ask("show sess json", &out), &list, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].id, 26);
	free(list);
}

static void a_session_is_ended_by_either_number(void **state)
{
	(void)state;
	fill();
	order("shutdown session 0x1b", "");
	assert_int_equal(fakecrew.killed, 27);
	order("shutdown session 26", "");
	assert_int_equal(fakecrew.killed, 26);
	order("shutdown session 0", "Session pointer expected (use 'show sess').\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sessions_are_listed_as_by_haproxy), TEST(what_is_left_of_time_outs_is_shown),
		TEST(a_listing_can_be_limited),          TEST(one_session_is_shown_in_detail),
		TEST(our_own_client_gets_json),          TEST(a_session_is_ended_by_either_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
