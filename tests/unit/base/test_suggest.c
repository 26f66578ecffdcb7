/* SPDX-License-Identifier: MIT */
#include "base/suggest.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {
	"balance",      "bind",
	"maxconn",      "maxqueue",
	"redispatch",   "rise",
	"fall",         "on_marked_down",
	"on_marked_up", "a_name_that_is_longer_than_what_anybody_would_ever_think_of_writing",
};

static void near_words_are_found(void **unused)
{
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{ "balance", "balance" },
		{ "balanse", "balance" },
		{ "balacne", "balance" }, /* a swap is one step */
		{ "blance", "balance" },
		{ "ballance", "balance" },
		{ "maxcon", "maxconn" },
		{ "max_conn", "maxconn" },
		{ "redipsatch", "redispatch" },
		{ "redispach", "redispatch" },
		{ "on-marked-down", "on_marked_down" },
		{ "rsie", "rise" },
		{ "fal", "fall" },
		{ "ries", "rise" },
		{ "bnd", "bind" },
		/* too far */
		{ "bn", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "weight", NULL },
		{ "balxxxe", NULL },
		{ "rxxe", NULL },
		{ "a_word_that_is_much_longer_than_any_of_the_names_there_are", NULL },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *found = suggest_nearest(cases[i].word, names, ARRAY_LEN(names));

		if (cases[i].nearest ? !found || strcmp(found, cases[i].nearest) != 0 : !!found)
			fail_msg("%s: %s", cases[i].word, found ? found : "nothing");
	}
	assert_null(suggest_nearest("balance", names, 0));
}

static void nearest_of_several_wins(void **unused)
{
	static const char *const many[] = { "maxconnn", "max_con", "maxconn", "maxcon" };

	(void)unused;
	assert_string_equal(suggest_nearest("maxconn", many, ARRAY_LEN(many)), "maxconn");
	assert_string_equal(suggest_nearest("maxcon", many, 3), "max_con");
}

static void longest_words_are_compared(void **unused)
{
	const char *forty[] = { "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd" };

	(void)unused;
	assert_ptr_equal(suggest_nearest("aaaaaaaaaabbbbbbbbbbccccccccccdddddddddx", forty, 1),
	                 forty[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_words_are_found),
		cmocka_unit_test(nearest_of_several_wins),
		cmocka_unit_test(longest_words_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
