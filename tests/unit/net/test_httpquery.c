/* SPDX-License-Identifier: MIT */
#include "net/httpquery.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void pairs_are_split_and_decoded(void **state)
{
	static const struct {
		const char *query;
		const char *pairs; /* "name=value|" for each */
	} cases[] = {
		{ "", "" },
		{ "&&", "" },
		{ "s=n1&action=maint&b=%233", "s=n1|action=maint|b=#3|" },
		{ "no-maint", "no-maint=|" },
		{ "a=1&&b", "a=1|b=|" },
		{ "a=b=c", "a=b=c|" },
		{ "=x", "=x|" },
		{ "a+b=c+d%2B%26", "a b=c d+&|" },
		{ "a=%4", "a=%4|" },
		{ "a=%zz%", "a=%zz%|" },
		{ "a=x%00y", "a=x%00y|" },
		{ "%6e=%6E", "n=n|" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char buf[64];
		char seen[128] = "";
		char *rest = buf;
		char *name;
		char *value;

		snprintf(buf, sizeof(buf), "%s", cases[i].query);
		while (httpquery_next(&rest, &name, &value)) {
			size_t len = strlen(seen);

			snprintf(seen + len, sizeof(seen) - len, "%s=%s|", name, value);
		}
		assert_string_equal(seen, cases[i].pairs);
	}
}

static void a_value_is_found_by_its_name(void **state)
{
	static const struct {
		const char *query, *value; /* of "last", in eight bytes; NULL: none */
	} cases[] = {
		{ "", NULL },
		{ "last=600", "600" },
		{ "name=x&last=600&last=1", "600" },
		{ "xlast=600&lastx=1", NULL },
		{ "last", "" },
		{ "last=", "" },
		{ "l%61st=%36+0", "6 0" },
		{ "last=1234567", "1234567" },
		{ "last=12345678", NULL },
		{ "last=12345678&last=5", "5" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char got[8];

		assert_int_equal(httpquery_find(cases[i].query, "last", got, sizeof(got)),
		                 cases[i].value != NULL);
		if (cases[i].value)
			assert_string_equal(got, cases[i].value);
	}
}

static void statistics_take_options_wherever_they_stand(void **state)
{
	static const struct {
		const char *rest;
		struct httpquery_stats want;
	} cases[] = {
		{ "", { 0 } },
		{ ";csv", { .form = HTTPQUERY_CSV } },
		{ "/;csv", { .form = HTTPQUERY_CSV } },
		{ "?;csv", { .form = HTTPQUERY_CSV } },
		{ ";csv;norefresh", { .form = HTTPQUERY_CSV, .norefresh = true } },
		{ ";typed", { .form = HTTPQUERY_TYPED } },
		{ ";json", { .form = HTTPQUERY_JSON } },
		{ ";json-schema", { .form = HTTPQUERY_SCHEMA } },
		{ ";up;no-maint", { .up = true, .no_maint = true } },
		{ ";csvx;upper", { 0 } },
		{ "?scope=ps", { .scope = "ps" } },
		{ ";scope=a%2Fb;csv", { .form = HTTPQUERY_CSV, .scope = "a/b" } },
		{ "?x=1&scope=12345678901234567890123", { .scope = "12345678901234567890" } },
		{ ";st=DONE;up", { .up = true, .outcome = "DONE" } },
		{ ";st=TOOLONG", { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct httpquery_stats *want = &cases[i].want;
		struct httpquery_stats got;

		httpquery_parse_stats(cases[i].rest, strlen(cases[i].rest), &got);
		assert_int_equal(got.form, want->form);
		assert_int_equal(got.up, want->up);
		assert_int_equal(got.no_maint, want->no_maint);
		assert_int_equal(got.norefresh, want->norefresh);
		assert_string_equal(got.scope, want->scope);
		assert_string_equal(got.outcome, want->outcome);
	}
}

static void base64_is_read_strictly(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} cases[] = {
		{ "", "" },
		{ "YQ==", "a" },
		{ "YWI=", "ab" },
		{ "YWJj", "abc" },
		{ "YWRtaW46cHc=", "admin:pw" },
		{ "+/+/", "\xfb\xff\xbf" },
		{ "YQ", NULL },
		{ "YQ=", NULL },
		{ "Y===", NULL },
		{ "YQ==YQ==", NULL },
		{ "YW J", NULL },
		{ "YWJjZGVmZ2hp", NULL }, /* nine bytes and a zero do not fit */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char got[9] = "?";
		bool ok = httpquery_base64(cases[i].text, strlen(cases[i].text), got, sizeof(got));

		assert_int_equal(ok, cases[i].want != NULL);
		if (ok)
			assert_string_equal(got, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_split_and_decoded),
		cmocka_unit_test(a_value_is_found_by_its_name),
		cmocka_unit_test(statistics_take_options_wherever_they_stand),
		cmocka_unit_test(base64_is_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
