/* SPDX-License-Identifier: MIT */
#include "core/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void process_defaults_are_those_of_the_manual(void **unused)
{
	struct settings *s = settings_new();

	(void)unused;
	assert_int_equal(s->resolver.every_ms, 30000);
	assert_int_equal(s->resolver.timeout_ms, 5000);
	assert_int_equal(s->resolver.nameservers.count, 0);
	assert_int_equal(s->hard_stop_after_ms, 0);
	assert_int_equal(s->threads, 0);
	assert_int_equal(s->spin_us, 50);
	assert_int_equal(s->maxconn, 0);
	assert_int_equal(s->service_count, 0);
	assert_int_equal(s->target_count, 0);
	assert_int_equal(s->admin_count, 0);
	assert_int_equal(s->socket_count, 0);
	settings_free(s);
}

static void freeing_settings_gives_back_the_arena(void **unused)
{
	struct settings *s = settings_new();

	(void)unused;
	s->file = mem_arena_strdup(&s->arena, "/etc/sluice/sluice.conf");
	assert_non_null(s->arena.chunks);
	settings_free(s);
	settings_free(NULL);
}

static void every_check_type_counts_alike(void **unused)
{
	(void)unused;
	for (enum settings_check_type t = SETTINGS_CHECK_NONE; t < SETTINGS_CHECK_AGENT; t++) {
		struct settings_check c = settings_check_default(t);

		assert_int_equal(c.type, t);
		assert_int_equal(c.inter_ms, 2000);
		assert_int_equal(c.fastinter_ms, 0);
		assert_int_equal(c.downinter_ms, 0);
		assert_int_equal(c.timeout_ms, 0);
		assert_int_equal(c.rise, 2);
		assert_int_equal(c.fall, 3);
		assert_int_equal(c.init_state, SETTINGS_INIT_DOWN);
		assert_true(c.verify);
	}
}

static void an_agent_is_believed_at_once(void **unused)
{
	struct settings_check c = settings_check_default(SETTINGS_CHECK_AGENT);

	(void)unused;
	assert_int_equal(c.inter_ms, 2000);
	assert_int_equal(c.rise, 1);
	assert_int_equal(c.fall, 1);
	assert_null(c.agent_send);
}

static void smtp_checks_introduce_themselves(void **unused)
{
	(void)unused;
	assert_string_equal(settings_check_default(SETTINGS_CHECK_SMTP).smtp_hello,
	                    "HELO localhost");
	assert_null(settings_check_default(SETTINGS_CHECK_TCP).smtp_hello);
}

static void server_defaults_are_those_of_the_manual(void **unused)
{
	struct settings_server s = settings_server_default();

	(void)unused;
	assert_int_equal(s.weight, 1);
	assert_int_equal(s.maxconn, 0);
	assert_int_equal(s.error_limit, 10);
	assert_int_equal(s.on_error, SETTINGS_ON_ERROR_FAIL_CHECK);
	assert_int_equal(s.send_proxy, SETTINGS_PROXY_NONE);
	assert_false(s.observe);
	assert_null(s.track);
}

static void http_checks_ask_cockroachdb_whether_it_is_ready(void **unused)
{
	static const enum settings_check_type types[] = { SETTINGS_CHECK_HTTP,
		                                          SETTINGS_CHECK_HTTPS };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		struct settings_check c = settings_check_default(types[i]);

		assert_string_equal(c.method, "GET");
		assert_string_equal(c.path, "/health?ready=1");
		assert_string_equal(c.version, "1.0");
		assert_null(c.host);
		assert_null(c.expect_string);
		assert_false(settings_ranges_contain(&c.expect_status, 199));
		assert_true(settings_ranges_contain(&c.expect_status, 200));
		assert_true(settings_ranges_contain(&c.expect_status, 399));
		assert_false(settings_ranges_contain(&c.expect_status, 400));
		assert_true(settings_ranges_contain(&c.drain_status, 503));
		assert_false(settings_ranges_contain(&c.drain_status, 502));
		assert_false(settings_ranges_contain(&c.drain_status, 504));
	}
}

static void other_checks_have_no_drain_status(void **unused)
{
	struct settings_check c = settings_check_default(SETTINGS_CHECK_PGSQL);

	(void)unused;
	assert_int_equal(c.drain_status.count, 0);
	assert_null(c.user);
}

static void service_defaults_are_those_of_the_manual(void **unused)
{
	struct settings_service s = settings_service_default();

	(void)unused;
	assert_int_equal(s.balance, SETTINGS_ROUNDROBIN);
	assert_int_equal(s.retries, 3);
	assert_true(s.redispatch);
	assert_false(s.allbackups);
	assert_int_equal(s.timeout.connect_ms, 5000);
	assert_int_equal(s.timeout.client_ms, 600000);
	assert_int_equal(s.timeout.server_ms, 600000);
	assert_int_equal(s.timeout.client_fin_ms, 0);
	assert_true(s.keepalive.client);
	assert_true(s.keepalive.server);
	assert_int_equal(s.keepalive.idle_s, 30);
	assert_int_equal(s.keepalive.interval_s, 10);
	assert_int_equal(s.keepalive.count, 3);
	assert_int_equal(s.tcp_user_timeout_ms, 30000);
	assert_int_equal(s.maxconn, 0);
	assert_int_equal(s.random_draws, 2);
	assert_int_equal(s.conn_rate_limit.count, 0);
	assert_int_equal(s.conn_rate_limit.period_ms, 10000);
	assert_int_equal(s.conn_rate_limit.size, 100000);
}

static void names_are_those_of_the_file(void **unused)
{
	static const char *const balances[] = { "roundrobin", "leastconn", "random",   "first",
		                                "source",     "hash",      "static-rr" };
	static const char *const checks[] = { "none",  "tcp",       "http",     "https",
		                              "pgsql", "mysql",     "redis",    "ldap",
		                              "smtp",  "ssl-hello", "external", "agent" };

	(void)unused;
	for (enum settings_balance b = SETTINGS_ROUNDROBIN; b <= SETTINGS_STATIC_RR; b++)
		assert_string_equal(settings_balance_name(b), balances[b]);
	for (enum settings_check_type t = SETTINGS_CHECK_NONE; t <= SETTINGS_CHECK_AGENT; t++)
		assert_string_equal(settings_check_name(t), checks[t]);
}

static void a_number_is_in_any_of_several_ranges(void **unused)
{
	static const struct settings_range at[] = { { 200, 204 }, { 301, 301 } };
	static const struct {
		unsigned int n;
		bool in;
	} cases[] = { { 199, false }, { 200, true },  { 204, true },
		      { 205, false }, { 300, false }, { 301, true },
		      { 302, false }, { 0, false },   { 65736, false } };
	struct settings_ranges r = { at, 2 };
	struct settings_ranges none = { NULL, 0 };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(settings_ranges_contain(&r, cases[i].n), cases[i].in);
		assert_false(settings_ranges_contain(&none, cases[i].n));
	}
}

static void each_thread_keeps_a_warm_connection_of_its_own(void **unused)
{
	struct settings_server servers[] = { { .warm = 4 }, { .warm = 0 }, { .warm = 1 } };
	struct settings_service s = { .servers = servers, .server_count = 3 };

	(void)unused;
	assert_int_equal(settings_warm_most(&s, 1), 5);
	assert_int_equal(settings_warm_most(&s, 2), 6);
	assert_int_equal(settings_warm_most(&s, 3), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_defaults_are_those_of_the_manual),
		cmocka_unit_test(freeing_settings_gives_back_the_arena),
		cmocka_unit_test(every_check_type_counts_alike),
		cmocka_unit_test(an_agent_is_believed_at_once),
		cmocka_unit_test(smtp_checks_introduce_themselves),
		cmocka_unit_test(server_defaults_are_those_of_the_manual),
		cmocka_unit_test(http_checks_ask_cockroachdb_whether_it_is_ready),
		cmocka_unit_test(other_checks_have_no_drain_status),
		cmocka_unit_test(service_defaults_are_those_of_the_manual),
		cmocka_unit_test(names_are_those_of_the_file),
		cmocka_unit_test(a_number_is_in_any_of_several_ranges),
		cmocka_unit_test(each_thread_keeps_a_warm_connection_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
