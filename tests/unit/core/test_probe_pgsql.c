/* SPDX-License-Identifier: MIT */
#include "core/probe.h"

#include "answers.h"

static void pgsql_asks_for_tls_and_takes_either_answer(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("S"), OPEN, PROBE_L7OK, 0, "PostgreSQL server is ok" },
		{ ANSWER("N"), OPEN, PROBE_L7OK, 0, "PostgreSQL server is ok" },
		{ ANSWER("Nxyz"), CLOSED, PROBE_L7OK, 0, "PostgreSQL server is ok" },
		{ ANSWER("E\0\0\0\4"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("HTTP/1.0 400 Bad Request\r\n\r\n"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("\0"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER(""), CLOSED, PROBE_L7RSP, 0, "" },
		{ ANSWER(""), OPEN, WAIT, 0, "" },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_PGSQL);

	(void)unused;
	answers_expect_request(&check, ANSWER("\0\0\0\x08\x04\xd2\x16\x2f"));
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
}

#define LOGIN(type) "R\0\0\0\x08\0\0\0" type
#define UNKNOWN     "PostgreSQL unknown error"

static void pgsql_with_a_user_asks_to_log_in(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER(LOGIN("\x00")), OPEN, PROBE_L7OK, 0, "PostgreSQL server is ok" },
		{ ANSWER(LOGIN("\x03")), OPEN, PROBE_L7OK, 0, "PostgreSQL server is ok" },
		{ ANSWER("R\0\0\0\x0c\0\0\0\x05salt"), OPEN, PROBE_L7OK, 0,
		  "PostgreSQL server is ok" },
		{ ANSWER("R\0\0\0\xff\0\0\0\x0aSCRAM"), OPEN, PROBE_L7OK, 0,
		  "PostgreSQL server is ok" },
		{ ANSWER(LOGIN("\x08")), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER(LOGIN("\x01")), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER(LOGIN("\xff")), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER("R\0\0\1"), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER("R\0\0\0\x08\0\0\1"), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER("R\0\0\0\x08\0\0\0"), OPEN, WAIT, 0, "" },
		{ ANSWER("R\0\0\0\x08\0\0\0"), CLOSED, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER("N"), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER("xyzzy"), OPEN, PROBE_L7STS, 0, UNKNOWN },
		{ ANSWER(""), CLOSED, PROBE_L7RSP, 0, "" },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_PGSQL);

	(void)unused;
	check.user = "bob";
	answers_expect_request(&check, ANSWER("\0\0\0\x12\0\3\0\0user\0bob\0\0"));
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
}

static void pgsql_errors_say_what_the_server_said(void **unused)
{
	static const struct answer answers[] = {
		{ ANSWER("E\0\0\0\x26SFATAL\0VFATAL\0C57P01\0Mgoing away\0\0"), OPEN, PROBE_L7RSP,
		  0, "FATAL: going away" },
		{ ANSWER("E\0\0\0\x26SFATAL\0VFATAL\0C57P01\0Mgoing a"), OPEN, WAIT, 0, "" },
		{ ANSWER("E\0\0\0\x26SFATAL\0VFATAL\0C57P01\0Mgoing a"), CLOSED, PROBE_L7RSP, 0,
		  "FATAL: " },
		{ ANSWER("E\0\0\0\x0cSFATAL\0C57"), OPEN, PROBE_L7RSP, 0, "FATAL: " },
		{ ANSWER("E\0\0\0\x04"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("E\0\0\0\x05\0"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("E\0\0\0\x05S"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("E\0\0\0\x03"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("ECHO hello"), OPEN, PROBE_L7RSP, 0, "" },
		{ ANSWER("E\0\0"), OPEN, WAIT, 0, "" },
		{ ANSWER("E\0\0"), CLOSED, PROBE_L7RSP, 0, "" },
	};
	struct settings_check check = settings_check_default(SETTINGS_CHECK_PGSQL);

	(void)unused;
	check.user = "bob";
	answers_expect_all(&check, answers, ARRAY_LEN(answers));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pgsql_asks_for_tls_and_takes_either_answer),
		cmocka_unit_test(pgsql_with_a_user_asks_to_log_in),
		cmocka_unit_test(pgsql_errors_say_what_the_server_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
