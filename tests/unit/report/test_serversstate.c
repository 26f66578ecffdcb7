/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/serversstate.h"

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

static void the_state_file_is_that_of_haproxy(void **state)
{
	AUTO_TEXT out = { 0 };

	assert_true(serversstate_write(*state, NULL, &out));
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
	    "2 psql 3 n3 - 0 0 1 1 65 8 2 0 6 0 0 0 db3.example.com 26257 - 0 8080 - - 8080\n"
	    "2 psql 4 n4 10.0.0.4 2 0 1 1 65 15 3 4 6 0 0 0 - 26257 - 0 8080 - - 8080\n"
	    "3 web 1 w1 10.0.0.9 2 0 1 1 100000 1 0 0 0 0 0 0 - 80 - 0 0 - - 0\n");
}

static void one_service_can_be_chosen(void **state)
{
	AUTO_TEXT out = { 0 };

	assert_true(serversstate_write(*state, "web", &out));
	assert_null(strstr(text_str(&out), "psql"));
	assert_non_null(strstr(text_str(&out), "3 web 1 w1"));
	text_clear(&out);
	assert_false(serversstate_write(*state, "none", &out));
	assert_false(serversstate_write_conn(*state, "none", &out));
	assert_int_equal(out.len, 0);
}

static void connections_are_listed(void **state)
{
	AUTO_TEXT out = { 0 };

	assert_true(serversstate_write_conn(*state, "psql", &out));
	assert_non_null(
	    strstr(text_str(&out), "\npsql/n1 2/1 10.0.0.1 26257 - 5000 5 9 5 0 0 -1 0 0\n"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_state_file_is_that_of_haproxy),
		cmocka_unit_test(one_service_can_be_chosen),
		cmocka_unit_test(connections_are_listed),
		cmocka_unit_test(operational_states_have_the_numbers_of_haproxy),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
