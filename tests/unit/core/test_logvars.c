/* SPDX-License-Identifier: MIT */
#include "core/logvars.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Pieces in a row: 'text', <name flags>, and what is wrong as !kind name. */
static void describe(const char *format, struct text *out)
{
	static const char *const names[] = {
#define X(id, name, needs) [LOGVARS_##id] = name,
		LOGVARS_ALIAS_TABLE(X) LOGVARS_SAMPLE_TABLE(X)
#undef X
	};
	static const char kinds[] = { [LOGVARS_HTTP] = 'h',
		                      [LOGVARS_FOREIGN] = 'f',
		                      [LOGVARS_UNKNOWN] = 'u',
		                      [LOGVARS_BROKEN] = 'b' };
	struct logvars v = logvars_begin(format);
	struct logvars_piece p;
	enum logvars_what what;

	while ((what = logvars_next(&v, &p)) != LOGVARS_END) {
		if (what == LOGVARS_TEXT)
			text_addf(out, "'%.*s'", (int)p.len, p.text);
		else if (what == LOGVARS_VALUE)
			text_addf(
			    out, "<%s%s%s%s%s>", names[p.id], p.flags & LOGVARS_QUOTE ? " Q" : "",
			    p.flags & LOGVARS_HEX ? " X" : "", p.flags & LOGVARS_ESCAPE ? " E" : "",
			    p.flags & LOGVARS_MANDATORY ? "" : " -M");
		else
			text_addf(out, "!%c%.*s", kinds[what], (int)p.len, p.text);
	}
}

/* What HAProxy 2.6.12 makes of each. */
static void a_format_is_cut_as_haproxy_cuts_it(void **state)
{
	static const struct {
		const char *format, *pieces;
	} cases[] = {
		{ "", "" },
		{ "plain text", "'plain'' ''text'" },
		{ "a  b   c %B    d ", "'a'' ''b'' ''c'' '<B>' ''d'' '" },
		{ "  lead", "'lead'" },
		{ "a%%b", "'a''%''b'" },
		{ "%%%%", "'%''%'" },
		{ "%-x%(%_", "'-''x''(''_'" },
		{ "%ci:%cp [%t]", "<ci>':'<cp>' ''['<t>']'" },
		{ "%B_1", "<B>'_1'" },
		{ "%Tc1", "!uTc1" },
		{ "%{+Q}f%{+X}f%{+E}f%{-M}f", "<f Q><f X><f E><f -M>" },
		{ "%{+Q+X}f%{X+Q}f%{ +Q}f%{+q}f", "<f X><f Q><f Q><f>" },
		{ "%{+Q,+E}f%{+Q -Q}f%{++Q}f%{+}f%{}f%{+Q,}f", "<f Q E><f><f Q><f><f><f Q>" },
		{ "%{Q}f%{foo}f%{+json}f", "<f><f><f>" },
		{ "%{+X}o %ci %{-X}ci %{-X}o %ci", "<ci X>' '<ci>' '<ci>" },
		{ "%o|%ci", "'|'<ci>" },
		{ "%{+Q}o %{-Q}ci", "<ci>" },
		{ "%{+Q}[src] %[src]x%[dst]]", "<src Q>' '<src>'x'<dst>']'" },
		{ "%[str(a]b)]%[int(-5)]%[bool(1)]%[str()]", "<str><int><bool><str>" },
		{ "%[src,lower]%[str(\"a\")]%[str(a,b)]%[int(x)]%[bool(2)]%[src()]",
		  "!fsrc,lower!fstr(\"a\")!fstr(a,b)!fint(x)!fbool(2)!fsrc()" },
		{ "%[str]%[str(a)b]%[str(a]", "!fstr!fstr(a)b!bstr(a]" },
		{ "%[nosuch]%[]%[ src ]", "!fnosuch!f!f src " },
		{ "%HM%r%tr%Tq%Ta", "!hHM!hr!htr!hTq!hTa" },
		{ "%xx %Bx", "!uxx' '!uBx" },
		{ "a%", "'a'!b" },
		{ "% a", "!b a" },
		{ "%1", "!b1" },
		{ "%{+Q}", "!b{+Q}" },
		{ "%{+Q", "!b{+Q" },
		{ "%{+Q} x", "!b{+Q} x" },
		{ "%[src", "!bsrc" },
		{ "%hr%hrl%hs%hsl%ST%tsc", "<hr><hrl><hs><hsl><ST><tsc>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT out = { 0 };

		describe(cases[i].format, &out);
		assert_string_equal(text_str(&out), cases[i].pieces);
	}
}

static void an_error_names_what_is_wrong(void **state)
{
	static const struct {
		const char *format, *error;
	} cases[] = {
		{ "%ci %xx", "there is no variable %xx" },
		{ "%pidd", "there is no variable %pidd; did you mean %pid?" },
		{ "%HM %ci", "%HM is for HTTP" },
		{ "%ci %[ssl_fc_sni,lower]", "there is no sample %[ssl_fc_sni,lower]" },
		{ "100%", "after the % at character 4 comes a name, a [sample], or another % for "
		          "the sign itself" },
		{ "%ci %{+Q} x", "after the % at character 5 comes a name, a [sample], or another "
		                 "% for the sign itself" },
	};
	struct error err;

	(void)state;
	assert_true(logvars_check("%ci:%cp [%t] %ft %b/%s %{+Q}[str(x)] %%", NULL));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_false(logvars_check(cases[i].format, &err));
		assert_string_equal(err.text, cases[i].error);
	}
}

static void addresses_are_noticed(void **state)
{
	static const struct {
		const char *format;
		bool shows;
	} cases[] = {
		{ NULL, false },       { "", false },         { "%ci:%cp", false },
		{ "%bi", true },       { "%bp", true },       { "%fi", true },
		{ "%fp", true },       { "%si", true },       { "%{+Q}sp", true },
		{ "%%bi", false },     { "%b/%s", false },    { "%[src]", false },
		{ "%[dst]", true },    { "%[bc_src]", true }, { "%nosuch %bi", true },
		{ "%[bc_src", false }, { "% %bi", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(logvars_shows_addresses(cases[i].format), cases[i].shows);
}

/* Who rewrites a format needs to know where each piece stands. */
static void pieces_tell_where_they_stand(void **state)
{
	const char *format = "%{+X}o %ci %{+Q}[nosuch]x";
	struct logvars v = logvars_begin(format);
	struct logvars_piece p;

	(void)state;
	assert_int_equal(logvars_next(&v, &p), LOGVARS_VALUE);
	assert_int_equal(p.start - format, 7);
	assert_int_equal(p.end - format, 10);
	assert_int_equal(logvars_next(&v, &p), LOGVARS_TEXT);
	assert_int_equal(logvars_next(&v, &p), LOGVARS_FOREIGN);
	assert_int_equal(p.start - format, 11);
	assert_int_equal(p.end - format, 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_format_is_cut_as_haproxy_cuts_it),
		cmocka_unit_test(an_error_names_what_is_wrong),
		cmocka_unit_test(addresses_are_noticed),
		cmocka_unit_test(pieces_tell_where_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
