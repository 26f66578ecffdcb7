/* SPDX-License-Identifier: MIT */
#include "drillhtmlcheck.h"

#include "report/drillhtml.h"

static char *page(const char *name, const char *text, bool judged)
{
	struct drillfixture f;
	struct text out = { 0 };

	drillfixture_begin(&f, name, name, text);
	drillhtml_write(&f.facts, judged ? &f.verdict : NULL, &out);
	drillfixture_end(&f);
	return text_take(&out);
}

static void the_page_is_sound(void **state)
{
	char *s = page("n2", "kill", true);

	(void)state;
	assert_int_equal(strncmp(s, "<!DOCTYPE html>\n", 16), 0);
	assert_has(s, "<title>Drill kill</title>");
	assert_has(s, "not as expected</b>");
	assert_has(s, "prefers-color-scheme:dark");
	free(s);
}

static void states_marks_and_curves_are_drawn(void **state)
{
	char *s = page("n2", "kill", false);

	(void)state;
	assert_has(s, "<g class=\"down\"><rect class=\"base\" x=\"32.000%\" width=\"28.000%\"");
	assert_has(s, "<title>+0:03.200 DOWN for 2.80 s: kill</title>");
	assert_has(s, "<title>+0:03.000 4 sessions cut</title>");
	assert_has(s, "<title>+0:03.000 2 connects failed</title>");
	assert_has(s, "<title>+0:04.000 3 clients held</title>");
	assert_has(s, "n2: 5 new sessions/s, 4 sessions</title>");
	assert_has(s, "<title>+0:08.000 mark: kill</title>");
	assert_has_not(s, "as expected");
	free(s);
}

static void hostile_names_are_text(void **state)
{
	char *s = page(DRILLFIXTURE_HOSTILE, DRILLFIXTURE_HOSTILE, true);

	(void)state;
	assert_printable(s);
	assert_sound_html(s);
	assert_has(s, "&lt;script&gt;");
	free(s);
}

static void records_of_any_shape_are_drawn(void **state)
{
	static const struct {
		int64_t to_ms;
		size_t samples;
		bool series;
	} cases[] = {
		{ 10000, 10, true },  { 10000, 0, true },
		{ 0, 0, false },      { (int64_t)1 << 49, 10, true },
		{ 10000, 10, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct drillfixture f;
		AUTO_TEXT out = { 0 };

		drillfixture_begin(&f, "a", "b", "c");
		f.drill->to_ms = f.drill->from_ms + cases[i].to_ms;
		f.drill->samples = cases[i].samples;
		for (size_t s = 0; !cases[i].series && s < 2; s++)
			memset(f.servers[s].at, 0, sizeof(f.servers[s].at));
		drillhtml_write(&f.facts, NULL, &out);
		assert_sound_html(text_str(&out));
		drillfixture_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_sound),
		cmocka_unit_test(states_marks_and_curves_are_drawn),
		cmocka_unit_test(hostile_names_are_text),
		cmocka_unit_test(records_of_any_shape_are_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
