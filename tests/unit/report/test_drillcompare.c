/* SPDX-License-Identifier: MIT */
#include "drillhtmlcheck.h"

#include "report/drillcompare.h"

#include <jansson.h>

struct pair {
	struct drillfixture a, b;
	uint32_t cut[FIXTURE_SAMPLES];
	struct text out;
};

/* B cuts nothing, and was begun four seconds earlier. */
static void begin(struct pair *p, const char *name)
{
	memset(p, 0, sizeof(*p));
	drillfixture_begin(&p->a, "psql", "n2", "first");
	drillfixture_begin(&p->b, name, name, name);
	drillfacts_release(&p->b.facts);
	p->b.servers[1].at[DRILL_SERIES_CUT] = p->cut;
	p->b.drill->from_ms -= 4000;
	drillfacts_find(p->b.drill, &p->b.facts);
}

static void end(struct pair *p)
{
	drillfixture_end(&p->a);
	drillfixture_end(&p->b);
	text_release(&p->out);
}

static void what_is_better_is_said(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, "second");
	drillcompare_write_markdown(&p.a.facts, &p.b.facts, &p.out);
	assert_has(text_str(&p.out), "**B, second (sluice 0.1.0), is better in "
	                             "cut and worse in nothing than A, first (sluice 0.1.0).**");
	assert_has(text_str(&p.out),
	           "| cut        |       4 |       0 |    -4 | better | sessions cut ");
	assert_has(text_str(&p.out), "| detect     |  100 ms |  100 ms |  same |        |");
	assert_has(text_str(&p.out), "| asked      | unknown | unknown |       |        |");
	end(&p);
}

/* A was asked once a second, B measured each gap. */
static void what_the_coarser_record_cannot_tell_is_even(void **state)
{
	static const struct {
		uint32_t gap_ms;
		const char *verdict, *word;
	} cases[] = {
		{ 224, "\"gap\":\"neither\"", " even " },
		{ 1999, "\"gap\":\"neither\"", " even " },
		{ 2000, "\"gap\":\"worse\"", " worse " },
		{ 0, "\"gap\":\"neither\"", " same " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t gap[FIXTURE_SAMPLES] = { [3] = cases[i].gap_ms };
		struct pair p;

		begin(&p, "second");
		drillfacts_release(&p.b.facts);
		p.b.service.at[DRILL_SERIES_GAP] = gap;
		drillfacts_find(p.b.drill, &p.b.facts);
		drillcompare_write_json(&p.a.facts, &p.b.facts, &p.out);
		assert_has(text_str(&p.out), cases[i].verdict);
		text_clear(&p.out);
		drillcompare_write_markdown(&p.a.facts, &p.b.facts, &p.out);
		assert_has(strstr(text_str(&p.out), "| gap "), cases[i].word);
		end(&p);
	}
}

static void equals_are_neither(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, "second");
	drillcompare_write_view(&p.a.facts, &p.a.facts, 80, false, &p.out);
	assert_has(text_str(&p.out), "is neither better nor worse than A, first");
	assert_null(strchr(text_str(&p.out), '\033'));
	end(&p);
}

static void worse_is_said_alone_too(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, "second");
	drillcompare_write_view(&p.b.facts, &p.a.facts, 80, true, &p.out);
	assert_has(text_str(&p.out), "B, first (sluice 0.1.0), is worse in cut than A, second");
	assert_non_null(strchr(text_str(&p.out), '\033'));
	end(&p);
}

static void lines_of_the_view_fit(void **state)
{
	struct pair p;
	const char *line;

	(void)state;
	begin(&p, "second");
	drillcompare_write_view(&p.a.facts, &p.b.facts, 72, false, &p.out);
	line = strstr(text_str(&p.out), "  Number");
	assert_non_null(line);
	for (; *line != '\n'; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 72);
	end(&p);
}

static void json_has_both_and_the_verdicts(void **state)
{
	struct pair p;
	json_t *o;

	(void)state;
	begin(&p, DRILLFIXTURE_HOSTILE);
	drillcompare_write_json(&p.a.facts, &p.b.facts, &p.out);
	o = json_loads(text_str(&p.out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "b_is"), "cut")),
	                    "better");
	assert_int_equal(json_object_size(json_object_get(o, "b_is")), EXPECTATION_COUNT);
	assert_non_null(json_object_get(json_object_get(o, "a"), "numbers"));
	json_decref(o);
	end(&p);
}

static void what_is_worse_is_no_good_news(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, "second");
	drillcompare_write_html(&p.b.facts, &p.a.facts, &p.out);
	assert_has(text_str(&p.out), "<p class=\"verdict bad\">");
	end(&p);
}

static void both_stand_on_one_axis(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, "second");
	drillcompare_write_html(&p.a.facts, &p.b.facts, &p.out);
	assert_sound_html(text_str(&p.out));
	assert_has(text_str(&p.out), "<p class=\"verdict\">");
	/* From 7 s before the fault, which is B's beginning, to 7 s after it. */
	assert_has(text_str(&p.out), "<g class=\"up\"><rect class=\"base\" x=\"28.571%\"");
	assert_has(text_str(&p.out), "<title>+0:00.200 DOWN for 2.80 s: first</title>");
	assert_has(text_str(&p.out), "<title>+0:00.200 DOWN for 2.80 s: second</title>");
	end(&p);
}

static void hostile_names_are_text(void **state)
{
	struct pair p;

	(void)state;
	begin(&p, DRILLFIXTURE_HOSTILE);
	drillcompare_write_html(&p.a.facts, &p.b.facts, &p.out);
	assert_sound_html(text_str(&p.out));
	drillcompare_write_view(&p.a.facts, &p.b.facts, 80, false, &p.out);
	drillcompare_write_markdown(&p.a.facts, &p.b.facts, &p.out);
	assert_printable(text_str(&p.out));
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_better_is_said),
		cmocka_unit_test(what_the_coarser_record_cannot_tell_is_even),
		cmocka_unit_test(equals_are_neither),
		cmocka_unit_test(worse_is_said_alone_too),
		cmocka_unit_test(lines_of_the_view_fit),
		cmocka_unit_test(json_has_both_and_the_verdicts),
		cmocka_unit_test(what_is_worse_is_no_good_news),
		cmocka_unit_test(both_stand_on_one_axis),
		cmocka_unit_test(hostile_names_are_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
