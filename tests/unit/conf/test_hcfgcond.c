/* SPDX-License-Identifier: MIT */
#include "conf/hcfgcond.h"

#include "fixture.h"

static const char *get(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "SET") == 0 ? "" : NULL;
}

static const struct hcfgcond_variables variables = { get, NULL };

static const struct {
	const char *expression;
	bool want;
} known[] = {
	{ "", false },
	{ "  ", false },
	{ "0", false },
	{ "1", true },
	{ "-1", true },
	{ "0x10", true },
	{ "!0", true },
	{ "!!1", true },
	{ "! !0", false },
	{ "(1)", true },
	{ "!(0 || 0)", true },
	{ "1 && 0", false },
	{ "1&&1", true },
	{ "0 || 1", true },
	{ "1 || 0 && 0", true },
	{ "(1 || 0) && 0", false },
	{ "defined(SET)", true },
	{ "defined( SET)", true },
	{ "defined(UNSET)", false },
	{ "!defined(UNSET) && streq(a,a)", true },
	{ "streq(a,b)", false },
	{ "streq(\"a,b\",'a,b')", true },
	{ "streq(a\\,b,\"a,b\")", true },
	{ "streq(,)", true },
	{ "strneq(a,b)", true },
	{ "strneq(a,a)", false },
	{ "strstr(haystack,st)", true },
	{ "strstr(haystack,needle)", false },
	{ "version_atleast(2.6)", true },
	{ "version_atleast(2.6.12)", true },
	{ "version_atleast(2.6.13)", false },
	{ "version_atleast(2.4-dev19)", true },
	{ "version_atleast(2.7-dev0)", false },
	{ "version_atleast(3)", false },
	{ "version_before(2.6)", false },
	{ "version_before(2.6.13-rc1)", true },
	{ "version_before(3.0-dev1)", true },
	{ "openssl_version_atleast(1.1.1)", true },
	{ "openssl_version_atleast(4.0.0)", false },
	{ "openssl_version_before(3.5)", true },
	{ "ssllib_name_startswith(Open)", true },
	{ "ssllib_name_startswith(wolf)", false },
	{ "feature(OPENSSL)", true },
	{ "feature(LUA)", false },
	{ "feature(openssl)", false },
	{ "enabled(EPOLL)", true },
	{ "enabled(KQUEUE)", false },
};

static const struct {
	const char *expression, *want;
} invalid[] = {
	{ "foo", "\"foo\" is not a condition" },
	{ "foo(1)", "\"foo(1)\" is not a condition" },
	{ "-", "\"-\" is not a condition" },
	{ "1 &&", "\"\" is not a condition" },
	{ "1 2", "\"2\" is left over after the condition" },
	{ "(1", "\"(1\": a ) is missing" },
	{ "1)", "\")\" is left over after the condition" },
	{ "defined", "defined needs its arguments in ( )" },
	{ "defined(A", "\"defined(A\": a ) is missing" },
	{ "defined(\"A)", "\"defined(\"A)\": a quote is missing" },
	{ "defined(A,B)", "defined takes 1 argument" },
	{ "streq(a)", "streq takes 2 arguments" },
	{ "streq(a,b,c)", "streq takes 2 arguments" },
};

static void conditions_are_true_or_false(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct error err = { 0 };
		bool is_true = !known[i].want;

		if (!hcfgcond_eval(known[i].expression, &variables, &is_true, &err) ||
		    is_true != known[i].want)
			fail_msg("%s: %s", known[i].expression, err.text);
	}
}

static void what_is_no_condition_is_explained(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
		struct error err = { 0 };
		bool untouched = true;

		assert_false(hcfgcond_eval(invalid[i].expression, &variables, &untouched, &err));
		assert_string_equal(err.text, invalid[i].want);
		assert_true(untouched);
	}
}

static void parentheses_do_not_nest_for_ever(void **state)
{
	AUTO_TEXT t = { 0 };
	struct error err = { 0 };
	bool is_true = false;

	(void)state;
	for (int i = 0; i < 100000; i++)
		text_addc(&t, '(');
	assert_false(hcfgcond_eval(text_str(&t), &variables, &is_true, &err));
	assert_string_equal(err.text, "more than 64 levels of parentheses");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_are_true_or_false),
		cmocka_unit_test(what_is_no_condition_is_explained),
		cmocka_unit_test(parentheses_do_not_nest_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
