/* SPDX-License-Identifier: MIT */
#include "core/reason.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* HAProxy configuration manual 8.5: what the first and the second letter may be in TCP mode. */
static const char first_letters[] = "CSPRIDLUKcs-";
static const char second_letters[] = "RQCHDLT-";

static void every_reason_has_letters_that_haproxys_tools_know(void **unused)
{
	(void)unused;
	for (enum reason r = 0; r < REASON_COUNT; r++) {
		const char *code = reason_haproxy(r);

		assert_int_equal(strlen(code), 2);
		assert_non_null(strchr(first_letters, code[0]));
		assert_non_null(strchr(second_letters, code[1]));
	}
}

static void every_reason_has_words_and_a_key_of_its_own(void **unused)
{
	(void)unused;
	for (enum reason r = 0; r < REASON_COUNT; r++) {
		const char *key = reason_key(r);

		assert_true(strlen(reason_words(r)) > 10);
		assert_true(islower((unsigned char)reason_words(r)[0]));
		assert_int_equal(strspn(key, "abcdefghijklmnopqrstuvwxyz_"), strlen(key));
		for (enum reason other = 0; other < r; other++) {
			assert_string_not_equal(key, reason_key(other));
			assert_string_not_equal(reason_words(r), reason_words(other));
		}
	}
}

static void only_polite_ends_and_refusals_are_no_errors(void **unused)
{
	(void)unused;
	for (enum reason r = 0; r < REASON_COUNT; r++)
		assert_int_equal(reason_is_error(r),
		                 r != REASON_NORMAL && r != REASON_DENIED && r != REASON_DRAINED &&
		                     r != REASON_TOO_OLD && r != REASON_REBALANCED);
}

static void known_reasons_keep_their_codes(void **unused)
{
	(void)unused;
	assert_string_equal(reason_haproxy(REASON_NORMAL), "--");
	assert_string_equal(reason_haproxy(REASON_CLIENT_RESET), "CD");
	assert_string_equal(reason_haproxy(REASON_CLIENT_IDLE), "cD");
	assert_string_equal(reason_haproxy(REASON_SERVER_RESET), "SD");
	assert_string_equal(reason_haproxy(REASON_SERVER_IDLE), "sD");
	assert_string_equal(reason_haproxy(REASON_NO_SERVER), "SC");
	assert_string_equal(reason_haproxy(REASON_CONNECT_REFUSED), "SC");
	assert_string_equal(reason_haproxy(REASON_CONNECT_TIMEOUT), "sC");
	assert_string_equal(reason_haproxy(REASON_KILLED), "KD");
	assert_string_equal(reason_haproxy(REASON_SERVER_DOWN), "DD");
	assert_string_equal(reason_haproxy(REASON_DENIED), "PR");
	assert_string_equal(reason_key(REASON_SERVER_RESET), "server_reset");
	assert_string_equal(reason_words(REASON_SERVER_RESET), "the server reset the connection");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_has_letters_that_haproxys_tools_know),
		cmocka_unit_test(every_reason_has_words_and_a_key_of_its_own),
		cmocka_unit_test(only_polite_ends_and_refusals_are_no_errors),
		cmocka_unit_test(known_reasons_keep_their_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
