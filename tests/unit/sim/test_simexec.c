/* SPDX-License-Identifier: MIT */
#include "sim/simexec.h"

#include "peer.h"

static const struct {
	const char *sql;
	char before, after;
	const char *types;
	const char *needle;
} transactions[] = {
	{ "select 7", 'I', 'I', "TDC", "SELECT 1" }, { "select 7", 'T', 'T', "TDC", "7" },
	{ "select 7", 'E', 'E', "E", "25P02" },      { "show node_id", 'I', 'I', "TDC", "5" },
	{ "begin", 'I', 'T', "C", "BEGIN" },         { "begin", 'T', 'E', "E", "25001" },
	{ "begin", 'E', 'E', "E", "25P02" },         { "commit", 'I', 'I', "E", "25P01" },
	{ "commit", 'T', 'I', "C", "COMMIT" },       { "commit", 'E', 'I', "C", "ROLLBACK" },
	{ "rollback", 'I', 'I', "E", "25P01" },      { "rollback", 'T', 'I', "C", "ROLLBACK" },
	{ "rollback", 'E', 'I', "C", "ROLLBACK" },   { "set a = 1", 'I', 'I', "C", "SET" },
	{ "set a = 1", 'E', 'E', "E", "25P02" },     { "drop table t", 'I', 'I', "E", "42601" },
	{ "drop table t", 'T', 'E', "E", "42601" },  { "", 'I', 'I', "I", NULL },
};

static void every_statement_in_every_transaction_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(transactions) / sizeof(transactions[0]); i++) {
		struct simexec x = { .node_id = 5, .status = transactions[i].before };
		struct peer out = { 0 };
		char types[16];
		struct simstmt s;

		simstmt_next(transactions[i].sql, &s);
		assert_int_equal(simexec_run(&x, &s, SIMEXEC_DESCRIBE, &out.got),
		                 transactions[i].types[0] == 'E' ? SIMEXEC_FAILED : SIMEXEC_DONE);
		peer_types(&out, types, sizeof(types));
		assert_string_equal(types, transactions[i].types);
		assert_int_equal(x.status, transactions[i].after);
		if (transactions[i].needle)
			assert_true(peer_has(&out, transactions[i].needle));
		text_release(&out.got);
	}
}

static void sleeping_is_left_to_the_caller(void **state)
{
	struct simexec x = { .node_id = 5, .status = 'I' };
	struct peer out = { 0 };
	char types[16];
	struct simstmt s;

	(void)state;
	simstmt_next("select pg_sleep(1)", &s);
	assert_int_equal(simexec_run(&x, &s, 0, &out.got), SIMEXEC_SLEEP);
	assert_int_equal(out.got.len, 0);
	simexec_finish_sleep(false, &out.got);
	simexec_finish_sleep(true, &out.got);
	peer_types(&out, types, sizeof(types));
	assert_string_equal(types, "DCDC");
	text_release(&out.got);
}

static void values_are_binary_when_asked(void **state)
{
	struct simexec x = { .node_id = 5, .status = 'I' };
	struct text out = { 0 };
	struct simstmt s;

	(void)state;
	simstmt_next("select 258", &s);
	assert_int_equal(simexec_run(&x, &s, SIMEXEC_BINARY, &out), SIMEXEC_DONE);
	assert_memory_equal(out.data, "D\0\0\0\22\0\1\0\0\0\10\0\0\0\0\0\0\1\2", 19);
	text_release(&out);
}

static void statements_without_rows_are_described_as_no_data(void **state)
{
	struct text out = { 0 };
	struct simstmt s;

	(void)state;
	simstmt_next("begin", &s);
	simexec_describe(&s, false, &out);
	assert_int_equal(out.data[0], 'n');
	text_clear(&out);
	simstmt_next("show node_id", &s);
	simexec_describe(&s, false, &out);
	assert_int_equal(out.data[0], 'T');
	text_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_in_every_transaction_status),
		cmocka_unit_test(sleeping_is_left_to_the_caller),
		cmocka_unit_test(values_are_binary_when_asked),
		cmocka_unit_test(statements_without_rows_are_described_as_no_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
