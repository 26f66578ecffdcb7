/* SPDX-License-Identifier: MIT */
#include "sim/simstmt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static void each_known_statement_is_recognised(void **state)
{
	static const struct {
		const char *sql;
		enum simstmt_kind kind;
		int64_t number; /* value, or sleep in ms */
	} cases[] = {
		{ "", SIMSTMT_EMPTY, 0 },
		{ "  -- nothing", SIMSTMT_EMPTY, 0 },
		{ "/* nothing */", SIMSTMT_EMPTY, 0 },
		{ "/* open", SIMSTMT_EMPTY, 0 },
		{ "SELECT 1", SIMSTMT_INT, 1 },
		{ "select\n\t-42 ", SIMSTMT_INT, -42 },
		{ "select /* a */ 9223372036854775807 -- b", SIMSTMT_INT, INT64_MAX },
		{ "select 9223372036854775808", SIMSTMT_UNKNOWN, 0 },
		{ "select", SIMSTMT_UNKNOWN, 0 },
		{ "select -", SIMSTMT_UNKNOWN, 0 },
		{ "select 1, 2", SIMSTMT_UNKNOWN, 0 },
		{ "select 1.5", SIMSTMT_UNKNOWN, 0 },
		{ "select1", SIMSTMT_UNKNOWN, 0 },
		{ "SHOW node_id", SIMSTMT_NODE_ID, 0 },
		{ "show NODE_ID", SIMSTMT_NODE_ID, 0 },
		{ "show node_ids", SIMSTMT_UNKNOWN, 0 },
		{ "show", SIMSTMT_UNKNOWN, 0 },
		{ "SELECT pg_sleep(2)", SIMSTMT_SLEEP, 2000 },
		{ "select PG_SLEEP ( 0.25 )", SIMSTMT_SLEEP, 250 },
		{ "select pg_sleep(.5)", SIMSTMT_SLEEP, 500 },
		{ "select pg_sleep(-1)", SIMSTMT_UNKNOWN, 0 },
		{ "select pg_sleep(1e9)", SIMSTMT_UNKNOWN, 0 },
		{ "select pg_sleep(nan)", SIMSTMT_UNKNOWN, 0 },
		{ "select pg_sleep()", SIMSTMT_UNKNOWN, 0 },
		{ "select pg_sleep(1", SIMSTMT_UNKNOWN, 0 },
		{ "select pg_sleep(1) x", SIMSTMT_UNKNOWN, 0 },
		{ "BEGIN", SIMSTMT_BEGIN, 0 },
		{ "begin transaction isolation level serializable", SIMSTMT_BEGIN, 0 },
		{ "start transaction", SIMSTMT_BEGIN, 0 },
		{ "start", SIMSTMT_UNKNOWN, 0 },
		{ "commit", SIMSTMT_COMMIT, 0 },
		{ "end", SIMSTMT_COMMIT, 0 },
		{ "ROLLBACK", SIMSTMT_ROLLBACK, 0 },
		{ "abort", SIMSTMT_ROLLBACK, 0 },
		{ "set extra_float_digits = 3", SIMSTMT_SET, 0 },
		{ "insert into t values (1)", SIMSTMT_UNKNOWN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct simstmt s;
		size_t used = simstmt_next(cases[i].sql, &s);

		assert_int_equal(used, strlen(cases[i].sql));
		assert_int_equal(s.kind, cases[i].kind);
		if (s.kind == SIMSTMT_INT)
			assert_true(s.value == cases[i].number);
		if (s.kind == SIMSTMT_SLEEP)
			assert_true(s.sleep_ms == (uint64_t)cases[i].number);
	}
}

static void a_semicolon_ends_a_statement_outside_quotes_and_comments(void **state)
{
	static const struct {
		const char *sql;
		size_t used;
	} cases[] = {
		{ "select 1; select 2", 9 }, { ";", 1 },           { "set a = ';'; x", 12 },
		{ "set \"a;\" = 1; x", 13 }, { "x /* ; */;", 10 }, { "x -- ;\n;y", 8 },
		{ "set a = 'open;", 14 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct simstmt s;

		assert_int_equal(simstmt_next(cases[i].sql, &s), cases[i].used);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_known_statement_is_recognised),
		cmocka_unit_test(a_semicolon_ends_a_statement_outside_quotes_and_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
