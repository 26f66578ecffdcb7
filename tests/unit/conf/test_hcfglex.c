/* SPDX-License-Identifier: MIT */
#include "conf/hcfglex.h"

#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *get(void *context, const char *name)
{
	static const char *const values[][2] = { { "A", "one" },
		                                 { "LIST", " x  y " },
		                                 { "EMPTY", "" } };

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (strcmp(values[i][0], name) == 0)
			return values[i][1];
	return NULL;
}

/* The words of all lines, "[a][b]\n", and after them the notes. */
static void read_text(const char *text, size_t len, struct text *out)
{
	struct hcfglex lex = { .environment = { get, NULL } };
	struct hcfgnote_list notes = { 0 };

	hcfglex_text(&lex, "f", text, len, &notes);
	for (size_t i = 0; i < lex.count; i++) {
		for (size_t w = 0; w < lex.lines[i].count; w++)
			text_addf(out, "[%s]", lex.lines[i].words[w]);
		text_addc(out, '\n');
	}
	for (size_t i = 0; i < notes.count; i++)
		hcfgnote_write(&notes.items[i], out);
	hcfglex_release(&lex);
	hcfgnote_release(&notes);
}

static void expect(const char *text, const char *want)
{
	AUTO_TEXT out = { 0 };

	read_text(text, strlen(text), &out);
	assert_string_equal(text_str(&out), want);
}

static const struct {
	const char *text, *want;
} cases[] = {
	{ "", "" },
	{ "\n  \n\t\n", "" },
	{ "a b\tc  d \n", "[a][b][c][d]\n" },
	{ "a#b\n#c\n d # e\n", "[a]\n[d]\n" },
	{ "a\r\nb\r\n", "[a]\n[b]\n" },
	{ "a\\ b \\# \\\\ \\' \\\" c\n", "[a b][#][\\]['][\"][c]\n" },
	{ "\\t\\n\\r\\x41\n", "[\t\n\rA]\n" },
	{ "a\\b \\$A $A\n", "[a\\b][\\$A][$A]\n" },
	{ "'a b' \"a b\" a'b'\"c\"\n", "[a b][a b][abc]\n" },
	{ "'a\\ #\"$A' \"#'\\\"\\$\"\n", "[a\\ #\"$A][#'\"$]\n" },
	{ "a '' \"\" b\n", "[a][][][b]\n" },
	{ "a \"$A\" \"${A}\" \"x${A}y\" \"$A$A\"\n", "[a][one][one][xoney][oneone]\n" },
	{ "a \"${A-b}\" \"${NONE-b c}\" \"$NONE\" \"${NONE}\"\n", "[a][one][b c][][]\n" },
	{ "a \"${LIST}\" \"${LIST[*]}\" b\n", "[a][ x  y ][x][y][b]\n" },
	{ "a \"${NONE[*]}\" \"${EMPTY[*]}\" b\n", "[a][b]\n" },
	{ "a \"${NONE[*]-x y}\"\n", "[a][x][y]\n" },
	{ "a\nb \"${.FILE}:${.LINE}\"\n", "[a]\n[b][f:2]\n" },
	{ "global\nx \"$.SECTION\"\nlisten l\nx \"$.SECTION\"\n",
	  "[global]\n[x][global]\n[listen][l]\n[x][l]\n" },
	{ "\"\" a\n", "" },
	{ "\xef\xbb\xbfglobal\n", "[global]\n" },
	/* setenv and its like are seen by later lines */
	{ "setenv A two\nx \"$A\"\nunsetenv A\nx \"$A\"\n",
	  "[setenv][A][two]\n[x][two]\n[unsetenv][A]\n[x][]\n" },
	{ "presetenv A two\npresetenv N new\nx \"$A$N\"\n",
	  "[presetenv][A][two]\n[presetenv][N][new]\n[x][onenew]\n" },
	{ "resetenv A\nx \"$A\" \"$LIST\"\n", "[resetenv][A]\n[x][one][]\n" },
	/* conditional blocks */
	{ ".if 1\na\n.else\nb\n.endif\nc\n", "[a]\n[c]\n" },
	{ ".if 0\na\n.elif 1\nb\n.elif 1\nc\n.else\nd\n.endif\n", "[b]\n" },
	{ ".if 0\na\n.elif 0\nb\n.else\nd\n.endif\n", "[d]\n" },
	{ ".if\na\n.else\nb\n.endif\n", "[b]\n" },
	{ ".if 0\n.if 1\na\n.else\nb\n.endif\n.else\nc\n.endif\n", "[c]\n" },
	{ ".if streq(\"$A\",one) # really\na\n.endif\n", "[a]\n" },
	{ ".if !defined(NONE) && defined(A)\na\n.endif\n", "[a]\n" },
	{ ".if 0\n\"not closed\n.alert no\n.endif\n", "" },
	{ ".odd\n", "[.odd]\n" },
	{ ".notice a b\n.warning c\n.diag d\n",
	  "f:1: note: .notice: a b\nf:2: note: .warning: c\n" },
	{ ".alert \"no way\"\n", "f:1: .alert: no way\n" },
	/* what is wrong */
	{ "a 'b\nc\n", "[c]\nf:1: \"'b\": the quote is not closed\n" },
	{ "\\x4\n", "f:1: \"\\x4\" is not \\x and two hexadecimal digits\n" },
	{ "\\xg0\n", "f:1: \"\\xg0\" is not \\x and two hexadecimal digits\n" },
	{ "\\x00\n", "f:1: \\x00: a word cannot hold a NUL\n" },
	{ "\"$1\"\n", "f:1: \"1\"\": a variable begins with a letter or '_'\n" },
	{ "\"${A\"\n", "f:1: \"${A\"\": a } is missing\n" },
	{ "\"${A-x\"\n", "f:1: \"${A-x\"\": a } is missing\n" },
	{ "\"${A[1]}\"\n", "f:1: \"${A[1]}\"\": only [*] may stand there\n" },
	{ ".if foo\na\n.endif\n", "f:1: .if: \"foo\" is not a condition\n" },
	{ ".elif 1\n.else\n.endif\n", "f:1: .elif without .if\nf:2: .else without .if\n"
	                              "f:3: .endif without .if\n" },
	{ ".if 1\n.else\n.else\n.elif 1\n.endif\n",
	  "f:3: .else after .else\nf:4: .elif after .else\n" },
	{ "a\n.if 1\nb\n", "[a]\n[b]\nf:3: .if without .endif\n" },
	{ "a", "[a]\nf:1: the last line has no line feed: the file may have been cut off; end it "
	       "with one\n" },
};

static void lines_become_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(cases[i].text, cases[i].want);
}

static void no_break_spaces_are_explained_once_and_read(void **state)
{
	(void)state;
	expect("a\n\xc2\xa0\xc2\xa0"
	       "b\xc2\xa0"
	       "c\n\xc2\xa0"
	       "d \"\xc2\xa0\"\n",
	       "[a]\n[b][c]\n[d][\xc2\xa0]\n"
	       "f:2: note: there are no-break spaces (U+00A0) between the words, which look like "
	       "spaces and make HAProxy say \"unknown keyword\"; they are read as spaces\n");
}

static void a_nul_is_found_with_its_line(void **state)
{
	AUTO_TEXT out = { 0 };

	(void)state;
	read_text("a\nb\0\n", 5, &out);
	assert_string_equal(text_str(&out), "f:2: there is a NUL: this is not a text\n");
}

static void lines_and_words_have_an_end(void **state)
{
	AUTO_TEXT words = { 0 };
	AUTO_TEXT line = { 0 };
	AUTO_TEXT out = { 0 };
	AUTO_TEXT want = { 0 };

	(void)state;
	for (int i = 0; i < 64; i++) {
		text_add(&words, "w ");
		text_add(&want, "[w]");
	}
	text_addf(&want,
	          "\nf:2: the line has more than 64 words\n"
	          "f:3: the line is longer than %d bytes\n",
	          HCFGLEX_LINE_MAX);
	for (int i = 0; i <= HCFGLEX_LINE_MAX; i++)
		text_addc(&line, 'x');
	text_addf(&out, "%s\n%sw\n%s\n", text_str(&words), text_str(&words), text_str(&line));
	expect(text_str(&out), text_str(&want));
}

static void blocks_do_not_nest_for_ever(void **state)
{
	AUTO_TEXT t = { 0 };
	AUTO_TEXT out = { 0 };

	(void)state;
	for (int i = 0; i < 17; i++)
		text_add(&t, ".if 1\n");
	read_text(text_str(&t), t.len, &out);
	assert_string_equal(text_str(&out),
	                    "f:17: .if: more than 16 levels\nf:17: .if without .endif\n");
}

static void a_directory_is_its_cfg_files_in_order(void **state)
{
	char dir[] = "hcfglex-XXXXXX";
	static const char *const names[] = { "b.cfg", "a.cfg", ".hidden.cfg", "c.txt" };
	struct hcfglex lex = { 0 };
	struct hcfgnote_list notes = { 0 };
	AUTO_TEXT want = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	hcfglex_read(&lex, dir, &notes);
	assert_int_equal(notes.of_kind[HCFGNOTE_ERROR], 1);
	assert_string_equal(notes.items[0].text, "there is no *.cfg in the directory");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_TEXT path = { 0 };

		text_addf(&path, "%s/%s", dir, names[i]);
		write_whole(text_str(&path), names[i][0] == 'c' ? "no\n" : "global\ndaemon\n");
	}
	hcfglex_read(&lex, dir, &notes);
	hcfglex_read(&lex, "does/not/exist.cfg", &notes);
	assert_int_equal(lex.count, 4);
	text_addf(&want, "%s/a.cfg", dir);
	assert_string_equal(lex.lines[0].place.file, text_str(&want));
	assert_true(lex.lines[0].first_of_file);
	assert_false(lex.lines[1].first_of_file);
	assert_true(lex.lines[2].first_of_file);
	assert_int_equal(lex.lines[3].place.file_number, 2);
	assert_int_equal(lex.lines[3].place.line, 2);
	assert_int_equal(notes.of_kind[HCFGNOTE_ERROR], 2);
	assert_string_equal(notes.items[1].text, "cannot be read: No such file or directory");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_TEXT path = { 0 };

		text_addf(&path, "%s/%s", dir, names[i]);
		unlink(text_str(&path));
	}
	rmdir(dir);
	hcfglex_release(&lex);
	hcfgnote_release(&notes);
}

static void without_a_look_up_the_environment_is_asked(void **state)
{
	struct hcfglex lex = { 0 };
	struct hcfgnote_list notes = { 0 };
	static const char text[] = "a \"$HCFGLEX_TEST\"\n";

	(void)state;
	assert_int_equal(setenv("HCFGLEX_TEST", "value", 1), 0);
	hcfglex_text(&lex, "f", text, strlen(text), &notes);
	assert_string_equal(lex.lines[0].words[1], "value");
	assert_int_equal(unsetenv("HCFGLEX_TEST"), 0);
	hcfglex_release(&lex);
	hcfgnote_release(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_words),
		cmocka_unit_test(no_break_spaces_are_explained_once_and_read),
		cmocka_unit_test(a_nul_is_found_with_its_line),
		cmocka_unit_test(lines_and_words_have_an_end),
		cmocka_unit_test(blocks_do_not_nest_for_ever),
		cmocka_unit_test(a_directory_is_its_cfg_files_in_order),
		cmocka_unit_test(without_a_look_up_the_environment_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
