/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/serversstate.h"

static struct fixture fixture;
static struct snapshot *snapshot;

static void take(void)
{
	snapshot_free(snapshot);
	snapshot = snapshot_take(fixture.topology, &fixture.process);
}

static int setup(void **state)
{
	(void)state;
	fixture_init(&fixture);
	take();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	snapshot_free(snapshot);
	snapshot = NULL;
	fixture_release(&fixture);
	return 0;
}

static void the_state_file_is_that_of_haproxy(void **state)
{
	AUTO_TEXT out = { 0 };

	(void)state;
	assert_true(serversstate_write(snapshot, fixture.topology, NULL, &out));
	assert_string_equal(
	    text_str(&out),
	    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "
	    "srv_iweight srv_time_since_last_change srv_check_status srv_check_result "
	    "srv_check_health "
	    "srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port "
	    "srvrecord "
	    "srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n"
	    "2 psql 1 n1 10.0.0.1 2 0 1 1 65 15 3 4 6 0 0 0 - 26257 - 0 8080 - - 8080\n"
	    "2 psql 2 n2 10.0.0.2 3 0 1 1 65 17 2 3 6 0 0 0 - 26257 - 0 8080 - - 8080\n"
	    "2 psql 3 n3 - 0 32 1 1 65 8 2 0 14 0 0 0 db3.example.com 26257 - 0 8080 - - 8080\n"
	    "2 psql 4 n4 10.0.0.4 2 0 1 1 65 15 3 4 6 0 0 0 - 26257 - 0 8080 - - 8080\n"
	    "3 web 1 w1 10.0.0.9 2 0 1 1 100000 1 0 2 0 0 0 0 - 80 - 0 0 - - 0\n");
}

static void one_service_can_be_chosen(void **state)
{
	AUTO_TEXT out = { 0 };

	(void)state;
	assert_true(serversstate_write(snapshot, fixture.topology, "web", &out));
	assert_null(strstr(text_str(&out), "psql"));
	assert_non_null(strstr(text_str(&out), "3 web 1 w1"));
	text_clear(&out);
	assert_false(serversstate_write(snapshot, fixture.topology, "none", &out));
	assert_false(serversstate_write_conn(snapshot, fixture.topology, "none", &out));
	assert_int_equal(out.len, 0);
}

static void connections_are_listed(void **state)
{
	AUTO_TEXT out = { 0 };

	(void)state;
	assert_true(serversstate_write_conn(snapshot, fixture.topology, "psql", &out));
	assert_non_null(
	    strstr(text_str(&out), "\npsql/n1 2/1 10.0.0.1 26257 - 5000 5 9 5 0 0 -1 0 0 0\n"));
}

static void operational_states_have_the_numbers_of_haproxy(void **state)
{
	static const int expected[STATE_HEALTH_COUNT] = { [STATE_CHECKING] = 0,
		                                          [STATE_UP] = 2,
		                                          [STATE_NOLB] = 3,
		                                          [STATE_DOWN] = 0,
		                                          [STATE_NOCHECK] = 2 };

	(void)state;
	for (enum state_health h = 0; h < STATE_HEALTH_COUNT; h++) {
		struct state s = { .health = h };

		assert_int_equal(serversstate_op(&s), expected[h]);
		s.admin = STATE_MAINT_COMMAND;
		assert_int_equal(serversstate_op(&s), 0);
	}
}

/* srv_op_state srv_admin_state ... srv_check_status .. srv_f_forced_id of n1, of w1 without a
 * check. */
static void expect(const char *service, const char *state_columns, const char *check_columns)
{
	AUTO_TEXT out = { 0 };
	char found[2][64];
	const char *line;
	int n[12];

	take();
	assert_true(serversstate_write(snapshot, fixture.topology, service, &out));
	line = strchr(strchr(text_str(&out), '\n') + 1, '\n') + 1;
	assert_int_equal(sscanf(line, "%*d %*s %*d %*s %*s %d %d %d %d %*d %d %d %d %d %d %d %d",
	                        &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7], &n[8],
	                        &n[9], &n[10]),
	                 11);
	snprintf(found[0], sizeof(found[0]), "%d %d %d %d", n[0], n[1], n[2], n[3]);
	snprintf(found[1], sizeof(found[1]), "%d %d %d %d %d %d %d", n[4], n[5], n[6], n[7], n[8],
	         n[9], n[10]);
	assert_string_equal(found[0], state_columns);
	assert_string_equal(found[1], check_columns);
}

static void set_state(struct topology_server *s, enum state_health health, uint16_t counter,
                      uint8_t admin)
{
	topology_set_state(s, fixture_state(health, counter, admin));
}

/* Each as seen with HAProxy 2.6.12 in that situation. */
static void states_have_the_columns_of_haproxy(void **state)
{
	struct topology_server *n1 = fixture.topology->services[0]->servers[0];
	struct topology_server *w1 = fixture.topology->services[1]->servers[0];

	(void)state;
	expect("psql", "2 0 1 1", "15 3 4 6 0 0 0");
	set_state(n1, STATE_UP, 4, STATE_DRAIN_COMMAND);
	expect("psql", "2 8 1 1", "15 3 4 6 0 0 0");
	set_state(n1, STATE_UP, 4, STATE_DRAIN_LEFT);
	expect("psql", "2 16 1 1", "15 3 4 6 0 0 0");
	set_state(n1, STATE_UP, 4, STATE_MAINT_COMMAND);
	expect("psql", "0 1 1 1", "15 3 0 14 0 0 0");
	set_state(n1, STATE_DOWN, 0, STATE_MAINT_CONFIG);
	expect("psql", "0 5 1 1", "15 3 0 14 0 0 0");
	set_state(n1, STATE_NOLB, 4, 0);
	expect("psql", "3 0 1 1", "15 4 4 6 0 0 0");
	set_state(n1, STATE_DOWN, 0, 0);
	n1->check = fixture_answer(PROBE_L4CON, 0, "Connection refused");
	expect("psql", "0 0 1 1", "8 2 0 6 0 0 0");
	n1->check_disabled = true;
	expect("psql", "0 0 1 1", "8 2 0 2 0 0 0");
	expect("web", "2 0 1 1", "1 0 2 0 0 0 0");
	set_state(w1, STATE_NOCHECK, 0, STATE_MAINT_CONFIG);
	expect("web", "0 5 1 1", "1 0 0 8 0 0 0");
	set_state(w1, STATE_NOCHECK, 0, STATE_MAINT_COMMAND | STATE_MAINT_INHERITED);
	expect("web", "0 3 1 1", "1 0 0 0 0 0 0");
}

static void an_agent_has_flags_of_its_own(void **state)
{
	struct topology_server *w1 = fixture.topology->services[1]->servers[0];
	const struct settings_server *old = w1->settings;
	struct settings_server server = *old;
	AUTO_TEXT out = { 0 };

	(void)state;
	server.agent = 1; /* the first target's port is 8080 */
	w1->settings = &server;
	w1->limits.agent = true;
	expect("web", "2 0 1 1", "1 0 2 0 22 0 0");
	assert_true(serversstate_write(snapshot, fixture.topology, "web", &out));
	assert_non_null(strstr(text_str(&out), " - 80 - 0 0 - - 8080\n"));
	w1->agent_disabled = true;
	expect("web", "2 0 1 1", "1 0 2 0 18 0 0");
	w1->settings = old;
}

static void ids_of_the_file_are_told(void **state)
{
	struct topology_server *w1 = fixture.topology->services[1]->servers[0];
	struct settings_server server = *w1->settings;
	struct settings_service service = *w1->service->settings;
	const struct settings_server *old_server = w1->settings;
	const struct settings_service *old_service = w1->service->settings;

	(void)state;
	server.id = 9;
	service.id = 70;
	w1->settings = &server;
	w1->service->settings = &service;
	expect("web", "2 0 1 1", "1 0 2 0 0 1 1");
	w1->settings = old_server;
	w1->service->settings = old_service;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_state_file_is_that_of_haproxy),
		TEST(one_service_can_be_chosen),
		TEST(connections_are_listed),
		TEST(states_have_the_columns_of_haproxy),
		TEST(an_agent_has_flags_of_its_own),
		TEST(ids_of_the_file_are_told),
		cmocka_unit_test(operational_states_have_the_numbers_of_haproxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
