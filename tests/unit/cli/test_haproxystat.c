/* SPDX-License-Identifier: MIT */
#include "cli/haproxystat.h"

#include "fake.h"

static void every_status_is_a_state(void **state)
{
	static const struct {
		const char *status;
		uint64_t weight;
		enum drill_state state;
		uint32_t step;
	} cases[] = {
		{ "UP", 1, DRILL_UP, 0 },
		{ "UP", 0, DRILL_DRAIN, 0 },
		{ "UP 2/3", 1, DRILL_UP, 2 },
		{ "UP 1/3", 0, DRILL_DRAIN, 1 },
		{ "no check", 1, DRILL_UP, 0 },
		{ "NOLB", 1, DRILL_NOLB, 0 },
		{ "NOLB 1/2", 1, DRILL_NOLB, 1 },
		{ "DOWN", 1, DRILL_DOWN, 0 },
		{ "DOWN 1/2", 1, DRILL_DOWN, 1 },
		{ "DOWN (agent)", 1, DRILL_DOWN, 0 },
		{ "DRAIN", 1, DRILL_DRAIN, 0 },
		{ "DRAIN (agent)", 0, DRILL_DRAIN, 0 },
		{ "DRAIN 2/3", 1, DRILL_DRAIN, 2 },
		{ "MAINT", 1, DRILL_MAINT, 0 },
		{ "MAINT (via be/srv)", 1, DRILL_MAINT, 0 },
		{ "MAINT (resolution)", 1, DRILL_MAINT, 0 },
		{ "INIT 0/2", 1, DRILL_CHECKING, 0 },
		{ "OPEN", 1, DRILL_UP, 0 },
		{ "", 1, DRILL_DOWN, 0 },
		{ "something else", 1, DRILL_DOWN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t step = 99;

		if (haproxystat_state(cases[i].status, cases[i].weight, &step) != cases[i].state)
			fail_msg("\"%s\" is another state", cases[i].status);
		assert_int_equal(step, cases[i].step);
	}
}

static void rows_are_read_by_the_names_of_columns(void **state)
{
	static const char csv[] =
	    "Name: HAProxy\n\n"
	    "# pxname,svname,qcur,status,weight,type,wredis,wretr,econ,stot,scur,srv_abrt,x,\n"
	    "psql,FRONTEND,,OPEN,,0,,,,9,2,,,\n"
	    "psql,n1,0,UP 2/3,1,2,3,4,5,60,7,8,\"a,\"\"b\",\r\n"
	    "\"p,q\",\"n\"\"2\",0,DOWN,1,2,,,,,,,,\n"
	    "psql,BACKEND,0,UP,1,1,1,2,3,4,5,6,,\n"
	    "psql,sock-1,,OPEN,,3,,,,,,,,\n"
	    "\nwhat follows is nothing\n";
	struct haproxystat s;
	struct error err;

	(void)state;
	assert_true(haproxystat_read(csv, &s, &err));
	assert_int_equal(s.count, 3);
	assert_string_equal(s.rows[0].service, "psql");
	assert_string_equal(s.rows[0].server, "n1");
	assert_int_equal(s.rows[0].state, DRILL_UP);
	assert_int_equal(s.rows[0].step, 2);
	assert_int_equal(s.rows[0].wredis, 3);
	assert_int_equal(s.rows[0].wretr, 4);
	assert_int_equal(s.rows[0].econ, 5);
	assert_int_equal(s.rows[0].stot, 60);
	assert_int_equal(s.rows[0].scur, 7);
	assert_int_equal(s.rows[0].srv_abrt, 8);
	assert_string_equal(s.rows[1].service, "p,q");
	assert_string_equal(s.rows[1].server, "n\"2");
	assert_int_equal(s.rows[1].stot, 0);
	assert_string_equal(s.rows[2].server, "");
	assert_int_equal(s.rows[2].econ, 3);
	haproxystat_release(&s);
	assert_null(s.rows);
}

static void what_is_no_table_is_refused(void **state)
{
	static const struct {
		const char *csv, *error;
	} cases[] = {
		{ "", "no answer to \"show stat\"" },
		{ "Permission denied\n", "no answer to \"show stat\"" },
		{ "# pxname,svname,status\n", "no column \"type\"" },
		{ "# pxname,svname,type,status,weight,scur,stot,econ,wretr,wredis\n",
		  "no column \"srv_abrt\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct haproxystat s;
		struct error err;

		assert_false(haproxystat_read(cases[i].csv, &s, &err));
		assert_contains(err.text, cases[i].error);
		haproxystat_release(&s);
	}
}

static void info_is_found_by_its_whole_key(void **state)
{
	static const char info[] = "Name: HAProxy\nVersion: 2.6.12-1\r\nPid: 42\nMaxPid: 7\nEnd: x";
	char value[16];

	(void)state;
	assert_true(haproxystat_info(info, "Version", value, sizeof(value)));
	assert_string_equal(value, "2.6.12-1");
	assert_true(haproxystat_info(info, "Pid", value, sizeof(value)));
	assert_string_equal(value, "42");
	assert_true(haproxystat_info(info, "End", value, sizeof(value)));
	assert_string_equal(value, "x");
	assert_true(haproxystat_info(info, "Name", value, 4));
	assert_string_equal(value, "HAP");
	assert_false(haproxystat_info(info, "Uptime", value, sizeof(value)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_is_a_state),
		cmocka_unit_test(rows_are_read_by_the_names_of_columns),
		cmocka_unit_test(what_is_no_table_is_refused),
		cmocka_unit_test(info_is_found_by_its_whole_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
