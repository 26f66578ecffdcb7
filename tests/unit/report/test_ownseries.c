/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/prometheus.h"

static int set_up(void **state)
{
	static struct fixture f;

	fixture_init(&f);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	fixture_release(*state);
	return 0;
}

static void write_all(const struct fixture *f, const struct prometheus_filter *filter,
                      struct text *out)
{
	struct snapshot *s = snapshot_take(f->topology, &f->process);

	prometheus_write(s, false, filter, out);
	snapshot_free(s);
}

static void what_is_held_and_replayed_is_shown(void **state)
{
	static const struct snapshot_predecessor before[] = { { .sessions = 4 },
		                                              { .sessions = 1 } };
	static const struct prometheus_filter all = { .scopes = PROMETHEUS_ALL };
	static const char *const lines[] = {
		"# TYPE sluice_service_held_sessions gauge",
		"sluice_service_held_sessions{proxy=\"psql\"} 3",
		"sluice_service_held_sessions{proxy=\"web\"} 0",
		"sluice_service_held_sessions_max{proxy=\"psql\"} 17",
		"# TYPE sluice_service_held_total counter",
		"sluice_service_held_total{proxy=\"psql\"} 21",
		"sluice_service_panicking{proxy=\"psql\"} 1",
		"sluice_service_panicking{proxy=\"web\"} 0",
		"sluice_server_replayed_total{proxy=\"psql\",server=\"n1\"} 4",
		"sluice_server_replayed_total{proxy=\"psql\",server=\"n2\"} 0",
		"sluice_server_asked_total{proxy=\"psql\",server=\"n1\"} 6",
		"# TYPE sluice_server_warm_connections gauge",
		"sluice_server_warm_connections{proxy=\"psql\",server=\"n1\"} 7",
		"sluice_server_warm_connections{proxy=\"psql\",server=\"n2\"} 0",
		"# TYPE sluice_server_warm_used_total counter",
		"sluice_server_warm_used_total{proxy=\"psql\",server=\"n1\"} 8",
		"sluice_server_warm_lost_total{proxy=\"psql\",server=\"n1\"} 9",
		"# TYPE sluice_predecessor_sessions gauge",
		"sluice_predecessor_sessions 5",
		"sluice_server_predecessor_sessions{proxy=\"psql\",server=\"n1\"} 3",
		"sluice_server_predecessor_sessions{proxy=\"psql\",server=\"n2\"} 0",
		"sluice_server_fault{proxy=\"psql\",server=\"n2\",fault=\"delay 200ms\"} 1",
		"sluice_sessions_ended_total{proxy=\"psql\",reason=\"hold_timeout\"} 2",
		"sluice_sessions_ended_total{proxy=\"psql\",reason=\"hold_full\"} 1",
	};
	struct fixture *f = *state;
	struct topology_service *psql = f->topology->services[0];
	AUTO_TEXT out = { 0 };

	psql->servers[0]->active_before = 3;
	f->process.predecessors = before;
	f->process.predecessor_count = ARRAY_LEN(before);
	psql->servers[1]->fault = fault_pack((struct fault){ FAULT_DELAY, 200 });
	psql->held = 3;
	psql->held_max = 17;
	psql->panicking = true;
	counter_add(&psql->count, COUNTER_HELD, 21);
	counter_add(&psql->servers[0]->count, COUNTER_REPLAYED, 4);
	counter_add(&psql->servers[0]->count, COUNTER_ASKED, 6);
	psql->servers[0]->warm = 7;
	counter_add(&psql->servers[0]->count, COUNTER_WARM_USED, 8);
	counter_add(&psql->servers[0]->count, COUNTER_WARM_LOST, 9);
	psql->ended[REASON_HOLD_TIMEOUT] = 2;
	psql->ended[REASON_HOLD_FULL] = 1;
	write_all(f, &all, &out);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char line[160];

		snprintf(line, sizeof(line), "\n%s\n", lines[i]);
		if (!strstr(text_str(&out), line))
			fail_msg("no line %s", lines[i]);
	}
}

static void discovery_has_series_where_it_is_on(void **state)
{
	static const char *const lines[] = {
		"# TYPE sluice_discovery_nodes gauge",
		"sluice_discovery_nodes 5",
		"sluice_discovery_last_success_age_seconds 17",
		"# TYPE sluice_discovery_failures_total counter",
		"sluice_discovery_failures_total 3",
	};
	static const struct prometheus_filter all = { .scopes = PROMETHEUS_ALL };
	struct fixture *f = *state;
	AUTO_TEXT without = { 0 };
	AUTO_TEXT out = { 0 };

	write_all(f, &all, &without);
	assert_null(strstr(text_str(&without), "sluice_discovery"));
	f->process.discovery = (struct snapshot_discovery){
		.on = true, .known = 5, .joined = 4, .last_s = 17, .failures = 3
	};
	write_all(f, &all, &out);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char line[160];

		snprintf(line, sizeof(line), "\n%s\n", lines[i]);
		if (!strstr(text_str(&out), line))
			fail_msg("no line %s", lines[i]);
	}
}

static void a_scope_has_its_own_families_alone(void **state)
{
	static const struct {
		enum prometheus_scope scope;
		const char *family;
	} rows[] = {
		{ PROMETHEUS_GLOBAL, "sluice_worker_sessions{" },
		{ PROMETHEUS_BACKEND, "sluice_service_held_total{" },
		{ PROMETHEUS_SERVER, "sluice_server_cut_sessions_total{" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct prometheus_filter filter = { .scopes = rows[i].scope };
		AUTO_TEXT out = { 0 };

		write_all(*state, &filter, &out);
		for (size_t k = 0; k < ARRAY_LEN(rows); k++)
			assert_int_equal(strstr(text_str(&out), rows[k].family) != NULL, k == i);
	}
}

static void servers_in_maintenance_can_be_left_out(void **state)
{
	static const struct prometheus_filter filter = { .scopes = PROMETHEUS_SERVER,
		                                         .no_maint = true };
	struct fixture *f = *state;
	struct topology_server *n1 = f->topology->services[0]->servers[0];
	AUTO_TEXT out = { 0 };

	topology_set_state(n1, fixture_state(STATE_UP, 4, STATE_MAINT_COMMAND));
	n1->fault = fault_pack((struct fault){ FAULT_REFUSE, 0 });
	write_all(f, &filter, &out);
	assert_null(strstr(text_str(&out), "{proxy=\"psql\",server=\"n1\""));
	assert_non_null(
	    strstr(text_str(&out), "sluice_server_usable{proxy=\"psql\",server=\"n2\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_held_and_replayed_is_shown, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(discovery_has_series_where_it_is_on, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_scope_has_its_own_families_alone, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(servers_in_maintenance_can_be_left_out, set_up,
		                                tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
