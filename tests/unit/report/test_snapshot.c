/* SPDX-License-Identifier: MIT */
#include "fixture.h"

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	fixture_init(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_release(*state);
	free(*state);
	return 0;
}

static void rows_come_in_the_order_of_haproxy(void **state)
{
	static const char *const expected[] = { "psql/FRONTEND", "psql/n1", "psql/n2",
		                                "psql/n3",       "psql/n4", "psql/BACKEND",
		                                "web/FRONTEND",  "web/w1",  "web/BACKEND" };
	struct fixture *f = *state;
	struct snapshot *s = snapshot_take(f->topology, &f->process);
	struct snapshot_cursor c = { 0 };
	char buf[64];

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct snapshot_row *r = snapshot_next(s, &c);

		assert_non_null(r);
		snprintf(buf, sizeof(buf), "%s/%s", r->proxy, r->name);
		assert_string_equal(buf, expected[i]);
	}
	assert_null(snapshot_next(s, &c));
	snapshot_free(s);
}

static void totals_of_a_service_are_its_own_and_those_of_its_servers(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s = snapshot_take(f->topology, &f->process);
	const struct snapshot_service *psql = snapshot_find(s, "psql");

	assert_non_null(psql);
	assert_int_equal(psql->count[COUNTER_SESSIONS], 37); /* not the servers' attempts */
	assert_int_equal(psql->count[COUNTER_BYTES_IN], 1000);
	assert_int_equal(psql->count[COUNTER_BYTES_OUT], 2500);
	assert_int_equal(psql->count[COUNTER_CONNECT_ERRORS], 3);
	assert_int_equal(psql->frontends[0].row.at[METRIC_CONN_TOT].number, 40);
	assert_int_equal(psql->backend.at[METRIC_CONNECT].number, 38);
	assert_int_equal(psql->backend.at[METRIC_LASTSESS].number, 3);
	assert_int_equal(psql->active_usable, 1);
	assert_int_equal(psql->backup_usable, 1);
	assert_true(psql->up);
	assert_false(psql->on_backup);
	assert_null(snapshot_find(s, "nothing"));
	snapshot_free(s);
}

static void attempts_at_servers_that_have_gone_are_the_service_s(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	counter_add(&f->topology->services[0]->count, COUNTER_GONE_ATTEMPTS, 100);
	s = snapshot_take(f->topology, &f->process);
	assert_int_equal(s->services[0].backend.at[METRIC_CONNECT].number, 138);
	snapshot_free(s);
}

static void a_snapshot_stands_alone(void **state)
{
	struct fixture f;
	struct snapshot *s;

	(void)state;
	fixture_init(&f);
	s = snapshot_take(f.topology, &f.process);
	counter_add(&f.topology->services[0]->servers[0]->count, COUNTER_SESSIONS, 5);
	fixture_release(&f);
	assert_string_equal(s->services[0].servers[2].name, "n3");
	assert_string_equal(s->services[0].servers[2].cause,
	                    "Layer4 connection problem: Connection refused");
	assert_int_equal(s->services[0].servers[0].count[COUNTER_SESSIONS], 30);
	assert_int_equal(s->process.worker_sessions[1], 3);
	snapshot_free(s);
	snapshot_free(NULL);
}

static void present_downtime_is_added(void **state)
{
	struct fixture *f = *state;
	struct topology_service *psql = f->topology->services[0];
	struct snapshot *s;

	psql->has_server = false;
	psql->downtime_ms = 1000;
	s = snapshot_take(f->topology, &f->process);
	assert_int_equal(s->services[0].servers[2].downtime_ms, 5000 + 65000);
	assert_int_equal(s->services[0].servers[0].downtime_ms, 0);
	assert_int_equal(s->services[0].downtime_ms, 1000 + 600000);
	snapshot_free(s);
}

static void a_name_without_an_address_is_a_dash(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s = snapshot_take(f->topology, &f->process);
	const struct snapshot_server *n1 = &s->services[0].servers[0];
	const struct snapshot_server *n3 = &s->services[0].servers[2];

	assert_string_equal(n1->address, "10.0.0.1:26257");
	assert_string_equal(n1->ip, "10.0.0.1");
	assert_false(n1->host_is_name);
	assert_string_equal(n3->address, "-");
	assert_string_equal(n3->host, "db3.example.com");
	assert_true(n3->host_is_name);
	snapshot_free(s);
}

static void weight_zero_is_not_usable(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	atomic_store(&f->topology->services[0]->servers[0]->weight, 0);
	s = snapshot_take(f->topology, &f->process);
	assert_false(s->services[0].servers[0].usable);
	assert_true(s->services[0].on_backup);
	assert_int_equal(s->services[0].backend.at[METRIC_WEIGHT].number, 1);
	assert_string_equal(s->services[0].backend.at[METRIC_STATUS].text, "UP");
	snapshot_free(s);
}

static void no_tier_takes_anything_without_a_usable_server(void **state)
{
	struct fixture *f = *state;
	struct topology_service *psql = f->topology->services[0];
	struct snapshot *s = snapshot_take(f->topology, &f->process);

	assert_int_equal(s->services[0].tier_percent[0], 100);
	snapshot_free(s);
	for (size_t i = 0; i < psql->server_count; i++)
		atomic_store(&psql->servers[i]->weight, 0);
	s = snapshot_take(f->topology, &f->process);
	assert_int_equal(s->services[0].tier_percent[0], 0);
	snapshot_free(s);
	atomic_store(&psql->panicking, true);
	s = snapshot_take(f->topology, &f->process);
	assert_int_equal(s->services[0].tier_percent[0], 100);
	snapshot_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_come_in_the_order_of_haproxy, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    totals_of_a_service_are_its_own_and_those_of_its_servers, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    attempts_at_servers_that_have_gone_are_the_service_s, setup, teardown),
		cmocka_unit_test(a_snapshot_stands_alone),
		cmocka_unit_test_setup_teardown(present_downtime_is_added, setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_without_an_address_is_a_dash, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(weight_zero_is_not_usable, setup, teardown),
		cmocka_unit_test_setup_teardown(no_tier_takes_anything_without_a_usable_server,
		                                setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
