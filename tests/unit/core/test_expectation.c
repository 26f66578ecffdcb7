/* SPDX-License-Identifier: MIT */
#include "drillscene.h"

#include "core/expectation.h"

enum { UNKNOWN = DRILLFACTS_UNKNOWN };

/* --- reading ------------------------------------------------------------------------------ */

static void expressions_are_read_and_described(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "detect<3s", "detect < 3 s" },
		{ "detect<3250ms", "detect < 3.250 s" },
		{ "gap <= 700ms", "gap <= 700 ms" },
		{ " cut = 0 ", "cut = 0" },
		{ "cut==0", "cut = 0" },
		{ "share<=15%", "share <= 15 %" },
		{ "share <= 15 %", "share <= 15 %" },
		{ "share<15", "share < 15 %" },
		{ "connected>=100", "connected >= 100" },
		{ "outages>2", "outages > 2" },
		{ "gap=0", "gap = 0 ms" },
		{ "recover<1m30s", "recover < 90 s" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct expectation_verdict v;
		struct error err;
		AUTO_TEXT words = { 0 };

		assert_true(expectation_parse(cases[i].text, &v, &err));
		assert_int_equal(v.count, 1);
		expectation_describe(&v.items[0], &words);
		assert_string_equal(text_str(&words), cases[i].words);
	}
}

static void several_stand_with_commas_between_them(void **state)
{
	struct expectation_verdict v;
	struct error err;

	(void)state;
	assert_true(expectation_parse("detect<3s, gap<1s ,cut=0", &v, &err));
	assert_int_equal(v.count, 3);
	assert_int_equal(v.items[0].name, EXPECTATION_DETECT);
	assert_int_equal(v.items[1].limit, 1000);
	assert_int_equal(v.items[2].op, EXPECTATION_EQ);
}

static void wrong_expressions_name_the_place_and_the_cure(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", "at character 1: write a name, one of detect noticed" },
		{ "detect<3s,", "at character 11: write a name" },
		{ "detct<3s", "\"detct\" is not a name: did you mean \"detect\"?" },
		{ "cut=0,xyzzyx<1", "at character 7: \"xyzzyx\" is not a name: there are detect" },
		{ "detect", "at character 7: write < <= = >= or > and a value" },
		{ "detect 3s", "is not a name" },
		{ "detect<", "at character 8: the value of detect is a duration with its unit" },
		{ "detect<3", "the value of detect is a duration with its unit, such as 3s" },
		{ "detect<-3s", "the value of detect is a duration" },
		{ "cut=1.5", "at character 5: the value of cut is a whole number" },
		{ "cut=99999999999999999999", "the value of cut is a whole number" },
		{ "share<%", "the value of share is a percentage, such as 15%" },
		{ "cut=0<1", "at character 6: write a comma between expectations" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa<1",
		  "write a name" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct expectation_verdict v = { .count = 77 };
		struct error err;

		assert_false(expectation_parse(cases[i].text, &v, &err));
		if (strstr(err.text, cases[i].error) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", cases[i].error, err.text);
		assert_int_equal(v.count, 77);
	}
}

static void too_many_are_refused(void **state)
{
	struct expectation_verdict v;
	struct error err;
	AUTO_TEXT all = { 0 };

	(void)state;
	for (int i = 0; i < EXPECTATION_MAX; i++)
		text_addf(&all, "%scut=0", i > 0 ? "," : "");
	assert_true(expectation_parse(text_str(&all), &v, &err));
	assert_int_equal(v.count, EXPECTATION_MAX);
	text_add(&all, ",cut=0");
	assert_false(expectation_parse(text_str(&all), &v, &err));
	assert_non_null(strstr(err.text, "more than 32"));
}

static void names_and_units_are_those_of_the_table(void **state)
{
	(void)state;
	for (int i = 0; i < EXPECTATION_COUNT; i++) {
		const struct expectation_info *info = expectation_get((enum expectation_name)i);
		struct expectation_verdict v;
		struct error err;
		char text[64];

		snprintf(text, sizeof(text), "%s<1%s", info->key,
		         info->unit == EXPECTATION_MS ? "s" : "");
		assert_true(expectation_parse(text, &v, &err));
		assert_int_equal(v.items[0].name, i);
		assert_true(strlen(info->meaning) > 5);
	}
}

static void values_are_exact(void **state)
{
	static const struct {
		enum expectation_name name;
		int64_t value;
		const char *words;
	} cases[] = {
		{ EXPECTATION_GAP, 0, "0 ms" },         { EXPECTATION_GAP, 700, "700 ms" },
		{ EXPECTATION_GAP, 3250, "3.250 s" },   { EXPECTATION_GAP, 3000, "3 s" },
		{ EXPECTATION_GAP, 61001, "61.001 s" }, { EXPECTATION_CUT, 0, "0" },
		{ EXPECTATION_SHARE, 13, "13 %" },      { EXPECTATION_CUT, UNKNOWN, "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT words = { 0 };

		expectation_add_value(cases[i].name, cases[i].value, &words);
		assert_string_equal(text_str(&words), cases[i].words);
	}
}

/* The file's words with one blank between them. */
static void read_words(const char *path, struct text *out)
{
	FILE *f = fopen(path, "re");
	bool blank = false;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF) {
		if (c == ' ' || c == '\n') {
			blank = true;
			continue;
		}
		if (blank)
			text_addc(out, ' ');
		text_addc(out, (char)c);
		blank = false;
	}
	fclose(f);
}

static void the_manual_has_each_name_with_its_meaning(void **state)
{
	AUTO_TEXT manual = { 0 };

	(void)state;
	read_words(TEST_DATA "/../../man/sluice.1", &manual);
	for (int i = 0; i < EXPECTATION_COUNT; i++) {
		const struct expectation_info *info = expectation_get((enum expectation_name)i);
		AUTO_TEXT entry = { 0 };

		text_addf(&entry, ".TP .B %s %c%s.", info->key, info->meaning[0] - 'a' + 'A',
		          info->meaning + 1);
		if (strstr(text_str(&manual), text_str(&entry)) == NULL)
			fail_msg("sluice.1 does not say: %s", text_str(&entry));
	}
}

/* --- judging ------------------------------------------------------------------------------ */

static void want_value(const struct scene *s, enum expectation_name n, int64_t value,
                       const char *where)
{
	struct expectation_value v;

	expectation_find(&s->facts, n, &v);
	assert_int_equal(v.value, value);
	if (strstr(v.where, where) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", where, v.where);
}

static void the_greatest_outage_counts(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	scene_check(&s, 1000, 0, false);
	scene_state(&s, 2000, 0, DRILL_DOWN, 0);
	scene_check(&s, 3000, 1, false);
	scene_state(&s, 3000, 0, DRILL_UP, 0);
	scene_state(&s, 5500, 1, DRILL_DOWN, 0);
	scene_state(&s, 9000, 1, DRILL_UP, 0);
	scene_state(&s, 10000, 2, DRILL_MAINT, 0);
	scene_state(&s, 11000, 2, DRILL_UP, 0);
	(void)scene_find(&s);
	want_value(&s, EXPECTATION_DETECT, 2500, "psql/n2");
	want_value(&s, EXPECTATION_RECOVER, 3500, "psql/n2");
	want_value(&s, EXPECTATION_OUTAGES, 3, "");
	want_value(&s, EXPECTATION_NOSERVER, 0, "psql");
	want_value(&s, EXPECTATION_NOTICED, UNKNOWN, "psql/n1: neither a fault nor a mark");
	want_value(&s, EXPECTATION_CUT, UNKNOWN, "it was not recorded");
	want_value(&s, EXPECTATION_GAP, UNKNOWN, "too few clients came");
	want_value(&s, EXPECTATION_REBALANCED, UNKNOWN, "psql/n1: ");
	scene_end(&s);
}

static void a_record_without_an_interval_says_so(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	s.drill->samples = 0;
	(void)scene_find(&s);
	want_value(&s, EXPECTATION_CUT, UNKNOWN, "no interval of the record was over yet");
	scene_end(&s);
}

static void one_unknown_makes_the_whole_unknown(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	scene_check(&s, 1000, 0, false);
	scene_state(&s, 2000, 0, DRILL_DOWN, 0);
	scene_state(&s, 3000, 0, DRILL_UP, 0);
	scene_state(&s, 5500, 1, DRILL_DOWN, 0);
	(void)scene_find(&s);
	want_value(&s, EXPECTATION_DETECT, UNKNOWN, "psql/n2: the record has no failed check");
	want_value(&s, EXPECTATION_RECOVER, UNKNOWN, "psql/n2: it was not back at the end");
	scene_end(&s);
}

static void early_and_ordered_outages_are_left_out(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	s.servers[0].first = DRILL_DOWN;
	scene_state(&s, 2000, 1, DRILL_DRAIN, 0);
	scene_state(&s, 3000, 1, DRILL_UP, 0);
	(void)scene_find(&s);
	want_value(&s, EXPECTATION_DETECT, UNKNOWN, "no outage in the record has this number");
	want_value(&s, EXPECTATION_NOTICED, UNKNOWN, "no outage in the record has this number");
	want_value(&s, EXPECTATION_RECOVER, 1000, "psql/n2");
	scene_end(&s);
}

static void without_an_outage_its_numbers_are_unknown(void **state)
{
	struct scene s;

	(void)state;
	scene_begin(&s);
	(void)scene_find(&s);
	want_value(&s, EXPECTATION_DETECT, UNKNOWN, "no server was out");
	want_value(&s, EXPECTATION_OUTAGES, 0, "");
	scene_end(&s);
}

static void each_operator_judges(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} cases[] = {
		{ "cut<5", false }, { "cut<6", true },  { "cut<=5", true },   { "cut<=4", false },
		{ "cut=5", true },  { "cut=4", false }, { "cut>=5", true },   { "cut>=6", false },
		{ "cut>4", true },  { "cut>5", false }, { "held>=0", false }, { "held<9", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct expectation_verdict v;
		struct error err;
		struct scene s;

		scene_begin(&s);
		scene_series(&s, SCENE_NONE, DRILL_SERIES_CUT)[2] = 5;
		(void)scene_find(&s);
		assert_true(expectation_parse(cases[i].text, &v, &err));
		expectation_judge(&s.facts, &v);
		assert_int_equal(v.ok[0], cases[i].ok);
		assert_int_equal(v.failed, !cases[i].ok);
		scene_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_are_read_and_described),
		cmocka_unit_test(several_stand_with_commas_between_them),
		cmocka_unit_test(wrong_expressions_name_the_place_and_the_cure),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(names_and_units_are_those_of_the_table),
		cmocka_unit_test(values_are_exact),
		cmocka_unit_test(the_manual_has_each_name_with_its_meaning),
		cmocka_unit_test(the_greatest_outage_counts),
		cmocka_unit_test(a_record_without_an_interval_says_so),
		cmocka_unit_test(one_unknown_makes_the_whole_unknown),
		cmocka_unit_test(early_and_ordered_outages_are_left_out),
		cmocka_unit_test(without_an_outage_its_numbers_are_unknown),
		cmocka_unit_test(each_operator_judges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
