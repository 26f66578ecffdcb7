/* SPDX-License-Identifier: MIT */
#include "sim/simwire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define BYTES(literal) literal, sizeof(literal) - 1

static void assert_wire(struct text *t, const char *bytes, size_t len)
{
	assert_int_equal(t->len, len);
	assert_memory_equal(t->data, bytes, len);
	text_release(t);
}

static void messages_have_the_bytes_of_the_manual(void **state)
{
	struct text t = { 0 };

	(void)state;
	simwire_add_bare(&t, '1');
	assert_wire(&t, BYTES("1\0\0\0\4"));
	simwire_add_auth_ok(&t);
	assert_wire(&t, BYTES("R\0\0\0\10\0\0\0\0"));
	simwire_add_parameter(&t, "a", "bc");
	assert_wire(&t, BYTES("S\0\0\0\11a\0bc\0"));
	simwire_add_key(&t, 0x0102030405060708);
	assert_wire(&t, BYTES("K\0\0\0\14\1\2\3\4\5\6\7\10"));
	simwire_add_ready(&t, 'T');
	assert_wire(&t, BYTES("Z\0\0\0\5T"));
	simwire_add_complete(&t, "BEGIN");
	assert_wire(&t, BYTES("C\0\0\0\12BEGIN\0"));
	simwire_add_no_parameters(&t);
	assert_wire(&t, BYTES("t\0\0\0\6\0\0"));
	simwire_add_column(&t, "n", 20, 8, true);
	assert_wire(&t, BYTES("T\0\0\0\32\0\1n\0\0\0\0\0\0\0\0\0\0\24\0\10\377\377\377\377\0\1"));
	simwire_add_value(&t, "42", 2);
	assert_wire(&t, BYTES("D\0\0\0\14\0\1\0\0\0\00242"));
	simwire_add_error(&t, "FATAL", "57P01", "no");
	assert_wire(&t, BYTES("E\0\0\0\36SFATAL\0VFATAL\0C57P01\0Mno\0\0"));
	simwire_add_query(&t, "x");
	assert_wire(&t, BYTES("Q\0\0\0\6x\0"));
	simwire_add_startup(&t, "u", "d");
	assert_wire(&t, BYTES("\0\0\0\33\0\3\0\0user\0u\0database\0d\0\0"));
}

static void reading_waits_for_the_whole_message(void **state)
{
	static const char query[] = "Q\0\0\0\6x\0Z";
	struct simwire_message m;

	(void)state;
	for (size_t len = 0; len < 7; len++)
		assert_int_equal(simwire_read(query, len, false, &m), SIMWIRE_MORE);
	assert_int_equal(simwire_read(query, 8, false, &m), SIMWIRE_OK);
	assert_int_equal(m.type, 'Q');
	assert_int_equal(m.total, 7);
	assert_int_equal(m.body_len, 2);
	assert_memory_equal(m.body, "x", 2);
}

static void lengths_that_cannot_be_are_bad(void **state)
{
	static const struct {
		const char bytes[9];
		size_t len;
		bool startup;
		enum simwire_status status;
	} cases[] = {
		{ "Q\0\0\0\3", 5, false, SIMWIRE_BAD },
		{ "Q\0\0\0\4", 5, false, SIMWIRE_OK },
		{ "Q\0\20\0\0", 5, false, SIMWIRE_MORE },
		{ "Q\0\20\0\1", 5, false, SIMWIRE_BAD },
		{ "Q\377\377\377\377", 5, false, SIMWIRE_BAD },
		{ "\0\0\0\7", 4, true, SIMWIRE_BAD },
		{ "\0\0\0\10", 4, true, SIMWIRE_MORE },
		{ "\0\0\47\20", 4, true, SIMWIRE_MORE },
		{ "\0\0\47\21", 4, true, SIMWIRE_BAD },
		{ "GET ", 4, true, SIMWIRE_BAD },
		{ "\26\3\1\2", 4, true, SIMWIRE_BAD },
	};
	struct simwire_message m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(simwire_read(cases[i].bytes, cases[i].len, cases[i].startup, &m),
		                 cases[i].status);
}

static void a_cursor_stops_at_the_end_of_the_body(void **state)
{
	struct simwire_message m = { .body = "\1\0\2\0\0\0\3ab\0c", .body_len = 11 };
	struct simwire_cursor c = simwire_cursor(&m);

	(void)state;
	assert_int_equal(simwire_take_u8(&c), 1);
	assert_int_equal(simwire_take_u16(&c), 2);
	assert_int_equal(simwire_take_u32(&c), 3);
	assert_string_equal(simwire_take_string(&c), "ab");
	assert_false(c.bad);
	assert_string_equal(simwire_take_string(&c), "");
	assert_true(c.bad);
	assert_int_equal(simwire_take_u8(&c), 0);
	c = simwire_cursor(&m);
	simwire_skip(&c, 11);
	assert_false(c.bad);
	simwire_skip(&c, 1);
	assert_true(c.bad);
	assert_int_equal(simwire_take_u32(&c), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_have_the_bytes_of_the_manual),
		cmocka_unit_test(reading_waits_for_the_whole_message),
		cmocka_unit_test(lengths_that_cannot_be_are_bad),
		cmocka_unit_test(a_cursor_stops_at_the_end_of_the_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
