/* SPDX-License-Identifier: MIT */
#include "drillfixture.h"

#include "report/drillview.h"

static char *view(const char *name, unsigned int width, unsigned int flags)
{
	struct drillfixture f;
	struct text out = { 0 };

	drillfixture_begin(&f, "psql", name, "kill");
	drillview_write(&f.facts, &f.verdict, width, flags, &out);
	drillfixture_end(&f);
	return text_take(&out);
}

static size_t columns(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static void lanes_outages_and_expectations_are_shown(void **state)
{
	char *s = view("n2", 80, DRILLVIEW_ASCII);

	(void)state;
	assert_has(s, "Drill kill  sluice 0.1.0, ");
	assert_has(s, "  psql/n1  ====================");
	assert_has(s, "  psql/n2  =====================xxxxxxxxxxxxxxxxxxx");
	assert_has(s, "= UP  x DOWN\n");
	assert_has(s, "psql/n2 DOWN at +0:03.200: kill\n"
	              "    noticed 200 ms  detected 100 ms  last new 0 ms  out for 2.80 s\n"
	              "    even after 3.00 s\n"
	              "    sessions 4  cut 4  survived 0  held 3\n");
	assert_has(s, "ok      detect < 1 s: 100 ms, psql/n2\n"
	              "FAILED  cut = 0: 4\n"
	              "FAILED  moved < 9: unknown, it was not recorded\n");
	free(s);
}

static void lines_fit_and_ascii_is_ascii(void **state)
{
	static const unsigned int widths[] = { 0, 60, 72, 80, 200, 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		char *s = view("a-server-with-a-very-long-name", widths[i], DRILLVIEW_ASCII);
		size_t most = widths[i] < 60 ? 60 : widths[i];
		const char *end = strstr(s, "\n\nok ");

		assert_non_null(end);
		for (const char *p = s; p < end; p += strcspn(p, "\n") + 1)
			assert_true(columns(p, strcspn(p, "\n")) <= most);
		for (const char *p = s; *p != '\0'; p++)
			assert_true((unsigned char)*p < 0x7f);
		free(s);
	}
}

static void colour_is_only_where_it_is_wanted(void **state)
{
	char *plain = view("n2", 80, 0), *colour = view("n2", 80, DRILLVIEW_COLOUR);

	(void)state;
	assert_null(strchr(plain, '\033'));
	assert_has(colour, "\033[31m\u00d7");
	assert_has(plain, "\u2501\u2501");
	free(plain);
	free(colour);
}

static void a_short_outage_is_seen_in_a_long_record(void **state)
{
	struct drillfixture f;
	AUTO_TEXT out = { 0 };

	(void)state;
	drillfixture_begin(&f, "psql", "n2", "kill");
	f.drill->to_ms += 24 * 3600 * 1000;
	drillview_write(&f.facts, NULL, 80, DRILLVIEW_ASCII, &out);
	assert_has(text_str(&out), "psql/n2  x===");
	drillfixture_end(&f);
}

static void hostile_names_move_no_cursor(void **state)
{
	char *s = view(DRILLFIXTURE_HOSTILE, 80, 0);

	(void)state;
	assert_printable(s);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lanes_outages_and_expectations_are_shown),
		cmocka_unit_test(lines_fit_and_ascii_is_ascii),
		cmocka_unit_test(colour_is_only_where_it_is_wanted),
		cmocka_unit_test(a_short_outage_is_seen_in_a_long_record),
		cmocka_unit_test(hostile_names_move_no_cursor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
