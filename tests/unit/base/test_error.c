/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void sentence_grows_from_the_inside_out(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	assert_false(error_sys(&err, EADDRINUSE, "bind %s", "[::]:8080"));
	assert_int_equal(err.errnum, EADDRINUSE);
	assert_string_equal(err.text, "bind [::]:8080: Address already in use");
	assert_false(error_wrap(&err, "service \"%s\"", "psql"));
	assert_false(error_wrap(&err, "reload"));
	assert_int_equal(err.errnum, EADDRINUSE);
	assert_string_equal(err.text,
	                    "reload: service \"psql\": bind [::]:8080: Address already in use");
	assert_false(error_set(&err, "%d%%", 42));
	assert_int_equal(err.errnum, 0);
	assert_string_equal(err.text, "42%");
}

static void null_means_only_the_verdict(void **unused)
{
	(void)unused;
	assert_false(error_set(NULL, "x"));
	assert_false(error_sys(NULL, EIO, "x"));
	assert_false(error_wrap(NULL, "x"));
}

static void unknown_errno_has_a_number(void **unused)
{
	struct error err;

	(void)unused;
	assert_false(error_sys(&err, 99999, "x"));
	assert_string_equal(err.text, "x: Unknown error 99999");
}

static void long_texts_are_cut_and_terminated(void **unused)
{
	char longest[2 * sizeof(((struct error *)0)->text)];
	struct error err;

	(void)unused;
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(error_set(&err, "%s", longest));
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_false(error_wrap(&err, "file"));
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "file: xxx", 9);
	assert_false(error_wrap(&err, "%s", longest));
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_false(error_sys(&err, EIO, "%s", longest));
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(err.errnum, EIO);
}

static void a_hint_follows_the_text(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, "no");
	assert_false(error_hint(&err, "try again"));
	assert_string_equal(err.text, "no (try again)");
	assert_false(error_hint(NULL, "nobody listens"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hint_follows_the_text),
		cmocka_unit_test(sentence_grows_from_the_inside_out),
		cmocka_unit_test(null_means_only_the_verdict),
		cmocka_unit_test(unknown_errno_has_a_number),
		cmocka_unit_test(long_texts_are_cut_and_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
