/* SPDX-License-Identifier: MIT */
#include "edges.h"

#include "report/prometheus.h"

enum { LINES_MAX = 4000 };

static int setup(void **state)
{
	struct fixture f;

	fixture_init(&f);
	*state = snapshot_take(f.topology, &f.process);
	fixture_release(&f);
	return 0;
}

static int teardown(void **state)
{
	snapshot_free(*state);
	return 0;
}

static size_t split_lines(char *text, char **lines)
{
	size_t n = 0;
	char *rest;

	for (char *l = strtok_r(text, "\n", &rest); l; l = strtok_r(NULL, "\n", &rest)) {
		assert_true(n < LINES_MAX);
		lines[n++] = l;
	}
	return n;
}

/* The sample belongs to the family whose HELP and TYPE came last. */
static void expect_member(const char *sample, const char *family, const char *type,
                          bool openmetrics)
{
	size_t len = strcspn(sample, "{ ");
	size_t want = strlen(family);

	if (openmetrics && strcmp(type, "counter") == 0) {
		assert_int_equal(len, want + strlen("_total"));
		assert_memory_equal(sample + want, "_total", strlen("_total"));
	} else {
		assert_int_equal(len, want);
	}
	assert_memory_equal(sample, family, want);
}

/* A sample but for its value, or a whole comment. */
static size_t key_length(const char *line)
{
	return line[0] == '#' ? strlen(line) : (size_t)(strrchr(line, ' ') - line);
}

static void expect_unique(char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (strncmp(lines[i], lines[k], key_length(lines[i]) + 1) == 0)
				fail_msg("twice: %s", lines[i]);
}

static void write_all(const struct snapshot *s, bool openmetrics, struct text *out)
{
	static const struct prometheus_filter all = { .scopes = PROMETHEUS_ALL };

	prometheus_write(s, openmetrics, &all, out);
}

static void expect_exposition(const struct snapshot *s, bool openmetrics)
{
	static char *lines[LINES_MAX];
	char family[128] = "";
	char type[32] = "";
	AUTO_TEXT out = { 0 };
	size_t count;

	write_all(s, openmetrics, &out);
	assert_int_equal(out.data[out.len - 1], '\n');
	count = split_lines(out.data, lines);
	expect_unique(lines, count);
	for (size_t i = 0; i < count; i++) {
		if (strncmp(lines[i], "# HELP ", 7) == 0)
			assert_int_equal(sscanf(lines[i], "# HELP %127s", family), 1);
		else if (strncmp(lines[i], "# TYPE ", 7) == 0)
			assert_int_equal(sscanf(lines[i], "# TYPE %*s %31s", type), 1);
		else if (lines[i][0] != '#')
			expect_member(lines[i], family, type, openmetrics);
	}
	assert_int_equal(strcmp(lines[count - 1], "# EOF") == 0, openmetrics);
}

static void series_are_unique_and_below_their_family(void **state)
{
	expect_exposition(*state, false);
	expect_exposition(*state, true);
}

static void openmetrics_has_no_nan_counters(void **state)
{
	AUTO_TEXT out = { 0 };

	write_all(*state, true, &out);
	assert_null(strstr(text_str(&out), "_total{proxy=\"web\",server=\"w1\"} NaN"));
	assert_non_null(strstr(text_str(&out), "# TYPE haproxy_server_sessions counter\n"));
	assert_non_null(
	    strstr(text_str(&out), "# TYPE haproxy_process_failed_resolutions unknown\n"));
	text_clear(&out);
	write_all(*state, false, &out);
	assert_non_null(
	    strstr(text_str(&out),
	           "\nhaproxy_server_check_failures_total{proxy=\"web\",server=\"w1\"} NaN\n"));
	assert_null(strstr(text_str(&out), "# EOF"));
}

static void values_are_those_of_haproxy(void **state)
{
	static const char *const lines[] = {
		"haproxy_process_nbthread 2",
		"haproxy_process_build_info{version=\"2.6.0-sluice-0.1.0\"} 1",
		"haproxy_process_current_zlib_memory NaN",
		"haproxy_frontend_status{proxy=\"psql\",state=\"UP\"} 1",
		"haproxy_frontend_status{proxy=\"psql\",state=\"DOWN\"} 0",
		"haproxy_backend_active_servers{proxy=\"psql\"} 1",
		"haproxy_backend_limit_sessions{proxy=\"psql\"} 410",
		"haproxy_backend_agg_server_status{proxy=\"psql\",state=\"UP\"} 2",
		"haproxy_backend_agg_server_status{proxy=\"psql\",state=\"NOLB\"} 1",
		"haproxy_backend_agg_check_status{proxy=\"psql\",state=\"L7OK\"} 2",
		"haproxy_server_status{proxy=\"psql\",server=\"n2\",state=\"NOLB\"} 1",
		"haproxy_server_status{proxy=\"psql\",server=\"n2\",state=\"UP\"} 0",
		"haproxy_server_check_status{proxy=\"psql\",server=\"n3\",state=\"L4CON\"} 1",
		"haproxy_server_check_code{proxy=\"psql\",server=\"n1\"} 200",
		"haproxy_server_check_code{proxy=\"psql\",server=\"n3\"} NaN",
		"haproxy_server_check_duration_seconds{proxy=\"psql\",server=\"n1\"} 0.001000",
		"haproxy_server_limit_sessions{proxy=\"psql\",server=\"n1\"} NaN",
		"haproxy_server_limit_sessions{proxy=\"psql\",server=\"n2\"} 100",
		"haproxy_server_last_session_seconds{proxy=\"psql\",server=\"n2\"} -1",
		"sluice_build_info{version=\"0.1.0\"} 1",
		"sluice_worker_sessions{worker=\"1\"} 3",
		"sluice_sessions_ended_total{proxy=\"psql\",reason=\"server_reset\"} 1",
		"sluice_usable_servers{proxy=\"psql\",role=\"backup\"} 1",
		"sluice_server_health{proxy=\"psql\",server=\"n3\",health=\"down\"} 1",
		"sluice_server_usable{proxy=\"psql\",server=\"n2\"} 0",
		"sluice_server_state_age_seconds{proxy=\"psql\",server=\"n1\"} 65",
		"sluice_server_connected_total{proxy=\"psql\",server=\"n1\"} 28",
	};
	AUTO_TEXT out = { 0 };
	char line[256];

	write_all(*state, false, &out);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char start[256];

		snprintf(start, sizeof(start), "%.*s", (int)(strrchr(lines[i], ' ') + 1 - lines[i]),
		         lines[i]);
		assert_string_equal(fixture_line(text_str(&out), start, line, sizeof(line)),
		                    lines[i]);
	}
	assert_null(strstr(text_str(&out), "check_status{proxy=\"web\",server"));
}

static void the_word_of_a_server_is_one_of_five(void **state)
{
	static const struct {
		struct state state;
		const char *word;
	} cases[] = {
		{ { .health = STATE_CHECKING }, "DOWN" },
		{ { .health = STATE_UP, .counter = 3 }, "UP" },
		{ { .health = STATE_NOCHECK }, "UP" },
		{ { .health = STATE_NOLB, .counter = 3 }, "NOLB" },
		{ { .health = STATE_DOWN, .counter = 1 }, "DOWN" },
		{ { .health = STATE_UP, .counter = 4, .admin = STATE_DRAIN_COMMAND }, "DRAIN" },
		{ { .health = STATE_DOWN, .admin = STATE_DRAIN_COMMAND }, "DOWN" },
		{ { .health = STATE_UP, .counter = 4, .admin = STATE_MAINT_COMMAND }, "MAINT" },
	};
	struct fixture f;
	char wanted[128];

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT out = { 0 };
		struct snapshot *s;

		topology_set_state(f.topology->services[0]->servers[0], cases[i].state);
		s = snapshot_take(f.topology, &f.process);
		write_all(s, false, &out);
		snprintf(wanted, sizeof(wanted),
		         "haproxy_server_status{proxy=\"psql\",server=\"n1\",state=\"%s\"} 1\n",
		         cases[i].word);
		assert_non_null(strstr(text_str(&out), wanted));
		snapshot_free(s);
	}
	fixture_release(&f);
}

static void scopes_can_be_chosen(void **state)
{
	AUTO_TEXT out = { 0 };

	prometheus_write(*state, false, &(struct prometheus_filter){ .scopes = PROMETHEUS_SERVER },
	                 &out);
	assert_null(strstr(text_str(&out), "haproxy_backend_"));
	assert_null(strstr(text_str(&out), "haproxy_process_"));
	assert_non_null(strstr(text_str(&out), "haproxy_server_status"));
}

static void servers_in_maintenance_can_be_left_out(void **state)
{
	struct fixture f;
	struct snapshot *s;
	AUTO_TEXT out = { 0 };

	(void)state;
	fixture_init(&f);
	topology_set_state(f.topology->services[0]->servers[0],
	                   (struct state){ .admin = STATE_MAINT_COMMAND });
	s = snapshot_take(f.topology, &f.process);
	prometheus_write(s, false,
	                 &(struct prometheus_filter){ .scopes = PROMETHEUS_ALL, .no_maint = true },
	                 &out);
	assert_null(strstr(text_str(&out), "server=\"n1\""));
	assert_non_null(strstr(text_str(&out), "server=\"n2\""));
	snapshot_free(s);
	fixture_release(&f);
}

static void families_can_be_named(void **state)
{
	static const struct {
		struct prometheus_filter f;
		const char *has, *lacks;
	} cases[] = {
		{ { .scopes = PROMETHEUS_ALL,
		    .names = { "haproxy_server_status", "haproxy_process_nbthread" },
		    .name_count = 2 },
		  "haproxy_server_status{",
		  "haproxy_server_weight" },
		{ { .scopes = PROMETHEUS_ALL,
		    .names = { "-haproxy_server_status" },
		    .name_count = 1 },
		  "haproxy_server_weight{",
		  "haproxy_server_status" },
		{ { .scopes = PROMETHEUS_ALL,
		    .names = { "haproxy_server_bytes_in_total", "-haproxy_server_bytes_in_total" },
		    .name_count = 2 },
		  "",
		  "haproxy_server_" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int openmetrics = 0; openmetrics < 2; openmetrics++) {
			AUTO_TEXT out = { 0 };

			prometheus_write(*state, openmetrics, &cases[i].f, &out);
			assert_non_null(strstr(text_str(&out), cases[i].has));
			assert_null(strstr(text_str(&out), cases[i].lacks));
		}
	}
}

/* Only an HTTP endpoint that stands for a proxy has families of HTTP; sockets have theirs. */
static void http_and_sockets_have_their_families(void **state)
{
	static const char *const lines[] = {
		"haproxy_frontend_http_responses_total{proxy=\"stats\",code=\"2xx\"} 50",
		"haproxy_frontend_http_requests_total{proxy=\"stats\"} 55",
		"haproxy_frontend_http_requests_rate_max{proxy=\"stats\"} 11",
		"haproxy_frontend_intercepted_requests_total{proxy=\"stats\"} 55",
		"haproxy_frontend_http_comp_bytes_in_total{proxy=\"stats\"} 0",
		"haproxy_frontend_limit_session_rate{proxy=\"fe\"} 7",
		"haproxy_frontend_denied_connections_total{proxy=\"fe\"} 2",
		"haproxy_frontend_status{proxy=\"fe2\",state=\"UP\"} 1",
		"haproxy_backend_http_requests_total{proxy=\"stats\"} 0",
		"haproxy_backend_downtime_seconds_total{proxy=\"stats\"} NaN",
		"haproxy_backend_current_queue{proxy=\"be\"} 3",
		"haproxy_listener_current_sessions{proxy=\"both\",listener=\"lst\"} 2",
		"haproxy_listener_status{proxy=\"both\",listener=\"lst\",state=\"FULL\"} 1",
		"haproxy_listener_status{proxy=\"both\",listener=\"sock-2\",state=\"OPEN\"} 1",
		"haproxy_server_current_throttle{proxy=\"both\",server=\"a\"} 12",
		"haproxy_server_queue_limit{proxy=\"both\",server=\"a\"} 9",
	};
	struct fixture f;
	struct snapshot *s;
	AUTO_TEXT out = { 0 };
	char line[256];

	(void)state;
	edges_init(&f);
	s = snapshot_take(f.topology, &f.process);
	expect_exposition(s, false);
	expect_exposition(s, true);
	write_all(s, false, &out);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char start[256];

		snprintf(start, sizeof(start), "%.*s", (int)(strrchr(lines[i], ' ') + 1 - lines[i]),
		         lines[i]);
		assert_string_equal(fixture_line(text_str(&out), start, line, sizeof(line)),
		                    lines[i]);
	}
	assert_null(strstr(text_str(&out), "http_requests_total{proxy=\"fe\"}"));
	assert_null(strstr(text_str(&out), "check_code{proxy=\"both\",server=\"c\"}"));
	snapshot_free(s);
	fixture_release(&f);
}

static void without_http_there_is_no_family_of_it(void **state)
{
	AUTO_TEXT out = { 0 };

	write_all(*state, false, &out);
	assert_null(strstr(text_str(&out), "haproxy_frontend_http_"));
	assert_null(strstr(text_str(&out), "haproxy_listener_"));
}

static void labels_are_escaped(void **state)
{
	struct fixture f;
	struct snapshot *s;
	AUTO_TEXT out = { 0 };

	(void)state;
	fixture_init_named(&f, "a\"\\\nb");
	s = snapshot_take(f.topology, &f.process);
	write_all(s, false, &out);
	assert_non_null(
	    strstr(text_str(&out),
	           "\nhaproxy_server_weight{proxy=\"psql\",server=\"a\\\"\\\\\\nb\"} 1\n"));
	snapshot_free(s);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(series_are_unique_and_below_their_family),
		cmocka_unit_test(openmetrics_has_no_nan_counters),
		cmocka_unit_test(values_are_those_of_haproxy),
		cmocka_unit_test(the_word_of_a_server_is_one_of_five),
		cmocka_unit_test(scopes_can_be_chosen),
		cmocka_unit_test(servers_in_maintenance_can_be_left_out),
		cmocka_unit_test(families_can_be_named),
		cmocka_unit_test(http_and_sockets_have_their_families),
		cmocka_unit_test(without_http_there_is_no_family_of_it),
		cmocka_unit_test(labels_are_escaped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
