/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/uifiles.h"

#include <stdio.h>

static struct uifile file_of(const char *name)
{
	struct uifile f = { 0 };

	if (!uifiles_find(name, &f))
		fail_msg("there is no %s", name);
	return f;
}

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s);

	return len >= strlen(end) && strcmp(s + len - strlen(end), end) == 0;
}

static void what_the_page_names_is_there(void **state)
{
	static const char *const names[] = { "page.css", "plain.css", "theme.js", "app.js",
		                             "dom.js",   "words.js",  "model.js" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(file_of(names[i]).len > 0);
}

static void each_file_is_what_stands_in_the_tree(void **state)
{
	static const char licence[] = "/* SPDX-License-Identifier: MIT */\n";
	struct uifile f;
	size_t count = 0;

	(void)state;
	while (uifiles_at(count, &f)) {
		count++;
		assert_true(f.len > sizeof(licence));
		assert_memory_equal(f.data, licence, sizeof(licence) - 1);
		assert_int_equal(f.data[f.len - 1], '\n');
		assert_null(memchr(f.data, '\0', f.len));
	}
	assert_true(count >= 7);
}

static void types_follow_the_name(void **state)
{
	struct uifile f;

	(void)state;
	for (size_t i = 0; uifiles_at(i, &f); i++)
		assert_string_equal(f.type, ends_with(f.name, ".css")
		                                ? "text/css; charset=utf-8"
		                                : "text/javascript; charset=utf-8");
}

static void another_name_finds_nothing(void **state)
{
	static const char *const names[] = { "", "page", "page.css ", "../page.c", "PAGE.CSS" };
	struct uifile f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_false(uifiles_find(names[i], &f));
}

static void tags_tell_files_apart_and_stay(void **state)
{
	AUTO_TEXT one = { 0 };
	AUTO_TEXT same = { 0 };
	AUTO_TEXT other = { 0 };
	struct uifile app = file_of("app.js");
	struct uifile dom = file_of("dom.js");

	(void)state;
	uifiles_add_tag(&app, &one);
	uifiles_add_tag(&app, &same);
	uifiles_add_tag(&dom, &other);
	assert_int_equal(one.len, 18);
	assert_int_equal(text_str(&one)[0], '"');
	assert_string_equal(text_str(&one), text_str(&same));
	assert_string_not_equal(text_str(&one), text_str(&other));
}

/* The policy of the page allows nothing that is not from here. */
static void nothing_asks_another_host_or_makes_markup_of_data(void **state)
{
	static const char *const banned[] = { "https://",       "innerHTML", "insertAdjacentHTML",
		                              "document.write", "eval(",     "@import" };
	struct uifile f;

	(void)state;
	for (size_t i = 0; uifiles_at(i, &f); i++)
		for (size_t k = 0; k < ARRAY_LEN(banned); k++) {
			const char *at = memmem(f.data, f.len, banned[k], strlen(banned[k]));

			/* The sentence at the head of dom.js says so. */
			if (at && !(strcmp(f.name, "dom.js") == 0 && at - f.data < 200))
				fail_msg("%s has %s", f.name, banned[k]);
		}
}

/* Fewer than 500 lines, as any file of the tree. */
static void files_are_short(void **state)
{
	struct uifile f;

	(void)state;
	for (size_t i = 0; uifiles_at(i, &f); i++) {
		size_t lines = 0;

		for (size_t k = 0; k < f.len; k++)
			lines += f.data[k] == '\n';
		if (lines >= 500)
			fail_msg("%s has %zu lines", f.name, lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_page_names_is_there),
		cmocka_unit_test(each_file_is_what_stands_in_the_tree),
		cmocka_unit_test(types_follow_the_name),
		cmocka_unit_test(another_name_finds_nothing),
		cmocka_unit_test(tags_tell_files_apart_and_stay),
		cmocka_unit_test(nothing_asks_another_host_or_makes_markup_of_data),
		cmocka_unit_test(files_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
