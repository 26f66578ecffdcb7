/* SPDX-License-Identifier: MIT */
#include "drillfixture.h"

#include "report/drillmarkdown.h"

static void sentence_tables_and_timeline_are_there(void **state)
{
	struct drillfixture f;
	AUTO_TEXT out = { 0 };

	(void)state;
	drillfixture_begin(&f, "psql", "n2", "kill n2");
	drillmarkdown_write(&f.facts, &f.verdict, &out);
	assert_has(text_str(&out), "# Drill kill n2\n\nsluice 0.1.0, 2026-11-20T12:12:01.000Z, "
	                           "10.0 s\n\n");
	assert_has(text_str(&out), "**psql/n2 was down for 2.80 s: no client was turned away, at "
	                           "most 3 held at a time, 4 sessions were cut and the longest "
	                           "time without a new connection was under 2.00 s.**");
	assert_has(text_str(&out), "## Expected: FAILED\n");
	assert_has(text_str(&out), "| cut = 0       |       4 | FAILED  |");
	assert_has(text_str(&out), "| moved \\< 9    | unknown | FAILED  | it was not recorded |");
	assert_has(text_str(&out), "## Outages\n");
	assert_has(text_str(&out), "## Services\n");
	assert_has(text_str(&out), "| +0:03.200 | psql/n2 | DOWN: kill n2; 4 sessions on it |");
	assert_has(text_str(&out), "| +0:06.000 | psql/n2 | UP, takes sessions");
	drillfixture_end(&f);
}

static void a_reason_is_not_said_twice(void **state)
{
	struct drillfixture f;
	AUTO_TEXT out = { 0 };

	(void)state;
	drillfixture_begin(&f, "psql", "n2", "kill n2");
	f.events[1].text = "check failed: no answer (4 ms)";
	f.events[2].text = "check failed: no answer (4 ms); 4 sessions on it; 1 server usable";
	f.events[4].kind = DRILL_SERVICE;
	f.events[4].service = 0;
	f.events[4].text = "no server usable";
	drillmarkdown_write(&f.facts, NULL, &out);
	assert_has(text_str(&out), "| psql/n2 | check failed: no answer (4 ms) ");
	assert_has(text_str(&out), "| psql/n2 | DOWN: check failed: no answer (4 ms); 4 sessions "
	                           "on it; 1 server usable |");
	assert_has(text_str(&out), "| psql    | no usable server is left ");
	drillfixture_end(&f);
}

static void without_outages_there_is_no_table_of_them(void **state)
{
	struct drill *d = drill_new();
	struct drillfacts f;
	AUTO_TEXT out = { 0 };

	(void)state;
	drillfacts_find(d, &f);
	drillmarkdown_write(&f, NULL, &out);
	assert_has(text_str(&out), "# Drill 00:00:00 - 00:00:00\n");
	assert_has(text_str(&out), "**No server was out.**");
	assert_has_not(text_str(&out), "## Outages");
	assert_has_not(text_str(&out), "## Expected");
	drillfacts_release(&f);
	drill_free(d);
}

/* Bytes that would mean something, where nobody escaped them. */
static size_t count_bare(const char *s, char c)
{
	size_t n = 0;

	for (const char *p = s; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else
			n += *p == c;
	}
	return n;
}

static void hostile_names_stay_text(void **state)
{
	struct drillfixture plain, hostile;
	AUTO_TEXT a = { 0 };
	AUTO_TEXT b = { 0 };

	(void)state;
	drillfixture_begin(&plain, "psql", "n2", "kill");
	drillfixture_begin(&hostile, DRILLFIXTURE_HOSTILE, DRILLFIXTURE_HOSTILE,
	                   DRILLFIXTURE_HOSTILE);
	drillmarkdown_write(&plain.facts, &plain.verdict, &a);
	drillmarkdown_write(&hostile.facts, &hostile.verdict, &b);
	assert_printable(text_str(&b));
	for (const char *c = "<[`|*\n&~"; *c != '\0'; c++)
		assert_int_equal(count_bare(text_str(&a), *c), count_bare(text_str(&b), *c));
	drillfixture_end(&plain);
	drillfixture_end(&hostile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentence_tables_and_timeline_are_there),
		cmocka_unit_test(a_reason_is_not_said_twice),
		cmocka_unit_test(without_outages_there_is_no_table_of_them),
		cmocka_unit_test(hostile_names_stay_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
