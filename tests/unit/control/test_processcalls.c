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

static void order(const char *line, const char *expected)
{
	AUTO_TEXT out = { 0 };

	command_run(&ctx, line, &out);
	assert_string_equal(text_str(&out), expected);
}

/* --- counters ----------------------------------------------------------------------------- */

static void fill(struct topology_service *s)
{
	struct topology_server *n1 = s->servers[0];

	counter_add(&n1->count, COUNTER_BYTES_OUT, 500);
	counter_add(&s->count, COUNTER_SESSIONS, 5);
	counter_add(&s->frontends[0]->count, COUNTER_CONNECTIONS, 6);
	atomic_store(&n1->active, 3);
	atomic_store(&n1->active_max, 9);
	atomic_store(&n1->queued_max, 2);
	atomic_store(&s->active_max, 9);
	atomic_store(&s->queued_max, 2);
	atomic_store(&s->frontends[0]->active_max, 9);
	atomic_store(&s->ended[REASON_KILLED], 1);
	topology_time_add(&n1->connect_time, 10);
	n1->rate_max = s->rate_max = s->frontends[0]->rate_max = 7;
	n1->last_total = s->last_total = s->frontends[0]->last_total = 5;
	n1->check_failures = n1->down_count = s->down_count = 4;
	scene.daemon.conn_rate_max = 8;
	scene.daemon.last_bytes_out = 500;
}

static void clearing_takes_maxima_and_leaves_totals(void **state)
{
	struct topology_service *s = scene.daemon.topology->services[0];
	struct topology_server *n1 = s->servers[0];

	(void)state;
	fill(s);
	order("clear counters", "");
	assert_int_equal(atomic_load(&n1->active_max), 0);
	assert_int_equal(atomic_load(&n1->queued_max), 0);
	assert_int_equal(atomic_load(&s->active_max), 0);
	assert_int_equal(atomic_load(&s->frontends[0]->active_max), 0);
	assert_int_equal(atomic_load(&n1->connect_time.max), 0);
	assert_int_equal(n1->rate_max + s->rate_max + s->frontends[0]->rate_max, 0);
	assert_int_equal(scene.daemon.conn_rate_max, 0);
	assert_int_equal(counter_get(&n1->count, COUNTER_BYTES_OUT), 500);
	assert_int_equal(n1->check_failures, 4);
	assert_int_equal(s->last_total, 5);
	assert_int_equal(atomic_load(&n1->active), 3);
}

static void clearing_all_takes_totals_too(void **state)
{
	struct topology_service *s = scene.daemon.topology->services[0];
	struct topology_server *n1 = s->servers[0];

	(void)state;
	fill(s);
	scene.daemon.topology->gone_bytes_out = 20;
	order("clear counters all", "");
	assert_int_equal(scene.daemon.topology->gone_bytes_out, 0);
	assert_int_equal(counter_get(&n1->count, COUNTER_BYTES_OUT), 0);
	assert_int_equal(counter_get(&s->count, COUNTER_SESSIONS), 0);
	assert_int_equal(counter_get(&s->frontends[0]->count, COUNTER_CONNECTIONS), 0);
	assert_int_equal(atomic_load(&s->ended[REASON_KILLED]), 0);
	assert_int_equal(n1->check_failures + n1->down_count, 0);
	assert_true(s->down_count > 0); /* as HAProxy keeps it */
	/* What rates are computed from must not be above the totals. */
	assert_int_equal(n1->last_total + s->last_total + s->frontends[0]->last_total, 0);
	assert_int_equal(scene.daemon.last_bytes_out, 0);
	assert_int_equal(atomic_load(&n1->active), 3);
}

/* --- frontends and limits ----------------------------------------------------------------- */

static void frontends_are_paused_and_closed(void **state)
{
	struct topology_frontend *fe = topology_find_frontend(scene.daemon.topology, "fe");

	(void)state;
	order("disable frontend fe", "");
	assert_ptr_equal(fakecrew.paused, fe);
	assert_true(atomic_load(&fe->paused));
	assert_int_equal(scene.told, 1);
	order("enable frontend fe", "");
	assert_null(fakecrew.paused);
	assert_false(atomic_load(&fe->paused));
	order("shutdown frontend fe", "");
	assert_ptr_equal(fakecrew.closed, fe);
	assert_true(fe->stopped);
	assert_int_equal(scene.told, 3);
}

static void the_log_has_the_words_of_haproxy(void **state)
{
	static const char *const words[] = { "Paused proxy psql.", "Resumed proxy psql.",
		                             "Paused frontend fe.", "Resumed frontend fe.",
		                             "Proxy fe stopped (cumulated conns: FE: 0, BE: 0)." };

	(void)state;
	order("disable frontend psql", "");
	order("enable frontend psql", "");
	order("disable frontend fe", "");
	order("enable frontend fe", "");
	order("shutdown frontend fe", "");
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_string_equal(journal_find(scene.daemon.journal, i + 1)->text, words[i]);
}

static void limits_reach_the_data_plane(void **state)
{
	struct topology_frontend *fe = topology_find_frontend(scene.daemon.topology, "fe");

	(void)state;
	order("set maxconn frontend fe 77", "");
	assert_int_equal(atomic_load(&fe->maxconn), 77);
	order("set maxconn global 300", "");
	assert_int_equal(fakecrew.maxconn, 300);
	assert_int_equal(scene.daemon.maxconn, 300);
	order("set maxconn global 1000", "");
	order("set maxconn global 1001", "Value out of range.\n");
	order("set maxconn global 10", "");
	order("set maxconn global 0", "");
	assert_int_equal(fakecrew.maxconn, 1000);
	order("set rate-limit connections global 20", "");
	order("set rate-limit sessions global 10", "");
	assert_int_equal(fakecrew.conn_rate, 20);
	assert_int_equal(fakecrew.session_rate, 10);
	order("set rate-limit connections global 0", "");
	assert_int_equal(fakecrew.conn_rate, 0);
	assert_int_equal(fakecrew.session_rate, 10);
}

static void limits_are_shown(void **state)
{
	AUTO_TEXT out = { 0 };

	(void)state;
	order("set maxconn global 300", "");
	order("set rate-limit sessions global 10", "");
	command_run(&ctx, "show info", &out);
	assert_non_null(strstr(text_str(&out), "\nMaxconn: 300\nHard_maxconn: 1000\n"));
	assert_non_null(strstr(text_str(&out), "\nSessRateLimit: 10\n"));
}

/* --- the connection ----------------------------------------------------------------------- */

static void the_prompt_has_its_forms(void **state)
{
	static const struct {
		const char *line;
		bool interactive, prompt, timed;
	} table[] = {
		{ "prompt", true, true, false },     { "prompt", false, false, false },
		{ "prompt i", true, false, false },  { "prompt p", true, true, false },
		{ "prompt n", false, false, false }, { "prompt timed", true, true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		order(table[i].line, "");
		assert_int_equal(ctx.interactive, table[i].interactive);
		assert_int_equal(ctx.prompt, table[i].prompt);
		assert_int_equal(ctx.timed, table[i].timed);
	}
	order("quit", "");
	assert_true(ctx.quit);
}

static void a_timeout_is_in_seconds(void **state)
{
	(void)state;
	order("set timeout cli 10", "");
	assert_int_equal(ctx.timeout_ms, 10000);
	order("set timeout cli 500ms", "");
	assert_int_equal(ctx.timeout_ms, 500);
	order("set timeout cli 2m", "");
	assert_int_equal(ctx.timeout_ms, 120000);
	order("set timeout cli 0", "Invalid timeout value.\n");
	assert_int_equal(ctx.timeout_ms, 120000);
}

static void words_are_echoed(void **state)
{
	(void)state;
	order("echo", "\n");
	order("echo  a  b\\ c", "a b c\n");
}

/* --- waiting ------------------------------------------------------------------------------ */

static bool is_over(const char *expected)
{
	AUTO_TEXT out = { 0 };
	bool over = command_waited(&ctx, &out);

	assert_string_equal(text_str(&out), expected);
	return over;
}

static void waiting_ends_in_time(void **state)
{
	(void)state;
	order("wait 1h", "");
	assert_true(ctx.wait_until_ms > tick_ms() + 3500000);
	assert_false(is_over(""));
	order("wait 0", "");
	assert_true(is_over("Done.\n"));
	assert_int_equal(ctx.wait_until_ms, 0);
	order("wait x", "Invalid duration.\n");
	order("wait 1s srv-removable", "Missing server name (<backend>/<server>).\n");
	order("wait 1s srv-removable psql/n9", "No such server.\n");
	assert_int_equal(ctx.wait_until_ms, 0);
}

static void waiting_for_a_server_ends_when_it_is_empty(void **state)
{
	struct topology_server *n3 = topology_find_server(scene.daemon.topology, "psql/n3");

	(void)state;
	order("wait 1h srv-removable psql/n3", "");
	assert_true(is_over("Only servers in maintenance mode can be deleted.\n"));
	roster_order(scene.daemon.roster, n3, ROSTER_MAINT);
	atomic_store(&n3->active, 1);
	order("wait 1h srv-removable psql/n3", "");
	assert_false(is_over(""));
	atomic_store(&n3->active, 0);
	assert_true(is_over("Done.\n"));
	atomic_store(&n3->active, 1);
	order("wait 0 srv-removable psql/n3", "");
	assert_true(is_over("Wait delay expired.\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(clearing_takes_maxima_and_leaves_totals),
		TEST(clearing_all_takes_totals_too),
		TEST(frontends_are_paused_and_closed),
		TEST(the_log_has_the_words_of_haproxy),
		TEST(limits_reach_the_data_plane),
		TEST(limits_are_shown),
		TEST(the_prompt_has_its_forms),
		TEST(a_timeout_is_in_seconds),
		TEST(words_are_echoed),
		TEST(waiting_ends_in_time),
		TEST(waiting_for_a_server_ends_when_it_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
