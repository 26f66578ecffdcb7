/* SPDX-License-Identifier: MIT */
#include "edges.h"

#include "report/statspage.h"

struct page {
	struct fixture fixture;
	struct snapshot *s;
	struct text out;
};

static int setup(void **state)
{
	struct page *p = mem_zalloc(sizeof(*p));

	edges_init(&p->fixture);
	p->s = snapshot_take(p->fixture.topology, &p->fixture.process);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct page *p = *state;

	snapshot_free(p->s);
	fixture_release(&p->fixture);
	text_release(&p->out);
	free(p);
	return 0;
}

static struct statspage_options options(void)
{
	return (struct statspage_options){ .uri = "/stats",
		                           .suffix = "",
		                           .filter = { .proxy_id = -1, .server_id = -1 } };
}

static const char *write_with(struct page *p, struct statspage_options o)
{
	text_clear(&p->out);
	statspage_write(p->s, &o, &p->out);
	return text_str(&p->out);
}

static void expect(const char *page, const char *words)
{
	if (!strstr(page, words))
		fail_msg("\"%s\" is not on the page", words);
}

static void scripts_find_what_they_look_for(void **state)
{
	static const char *const words[] = {
		"<title>Statistics Report for HAProxy on lb1</title>",
		"<h1>HAProxy version 2.6.0-sluice-0.1.0, by sluice 0.1.0</h1>",
		"<h2>Statistics Report for pid 4711 on lb1</h2>",
		"<b>pid = </b> 4711 (process #1, nbproc = 1, nbthread = 2)<br>",
		"<b>uptime = </b> 0d 2h05m00s<br>",
		"idle = 100 %",
		"<b>maxconn = </b> 1000;",
		"<a href=\"/stats;csv\">CSV export</a>",
		"<a href=\"/stats;up\">",
		"<a id=\"both/a\" href=\"#both/a\">a</a>",
		"<tr class=\"active_up\">",
		"<tr class=\"socket\">",
		"<tr class=\"frontend\">",
		"<tr class=\"backend\">",
		"title=\"Layer4 check passed\">L4OK in 2ms</td>",
		"<td class=\"ac\">1/7</td>",
		"<td class=\"ac\">12 %</td>",
		">via both/a</a>",
		"PAUSED</td>",
	};
	const char *page = write_with(*state, options());

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		expect(page, words[i]);
	assert_null(strstr(page, "<form class=\"act\""));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "onclick"));
}

static void tags_are_closed(void **state)
{
	static const char *const tags[] = {
		"table", "tr", "form", "h3", "div", "select", "ul", "p"
	};
	struct statspage_options o = options();
	const char *page;

	o.writable = true;
	o.outcome = "PART";
	page = write_with(*state, o);
	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		char open[2][16];
		char close[16];
		size_t balance = 0;

		snprintf(open[0], sizeof(open[0]), "<%s>", tags[i]);
		snprintf(open[1], sizeof(open[1]), "<%s ", tags[i]);
		snprintf(close, sizeof(close), "</%s>", tags[i]);
		for (const char *at = page; *at; at++) {
			balance += strncmp(at, open[0], strlen(open[0])) == 0 ||
			           strncmp(at, open[1], strlen(open[1])) == 0;
			balance -= strncmp(at, close, strlen(close)) == 0;
		}
		assert_int_equal(balance, 0);
	}
}

/* Every row of a table has its cells: colspans counted, 32 in all. */
static void rows_have_the_same_width(void **state)
{
	const char *page = write_with(*state, options());
	size_t rows = 0;

	for (const char *row = page; (row = strstr(row, "<tr class=")); row++) {
		const char *end = strstr(row, "</tr>");
		size_t cells = 0;

		for (const char *c = row; (c = strstr(c, "<td")) && c < end; c++) {
			const char *span = strstr(c, "colspan=\"");

			cells += span && span < strchr(c, '>') ? strtoul(span + 9, NULL, 10) : 1;
		}
		assert_int_equal(cells, 32);
		rows++;
	}
	assert_int_equal(rows, 12);
}

static void writable_pages_have_a_form_for_each_backend(void **state)
{
	struct statspage_options o = options();
	const char *page;
	size_t count;

	o.writable = true;
	page = write_with(*state, o);
	expect(page, "<input type=\"checkbox\" name=\"s\" value=\"a\">");
	expect(page, "<input type=\"hidden\" name=\"b\" value=\"#3\">");
	expect(page, "<input type=\"hidden\" name=\"b\" value=\"#4\">");
	assert_null(strstr(page, "value=\"#6\""));
	for (size_t i = 0; i < 13; i++) {
		char option[64];

		snprintf(option, sizeof(option), "<option value=\"%s\">",
		         statspage_actions(&count)[i].value);
		expect(page, option);
	}
	assert_int_equal(count, 13);
}

static void what_came_of_an_action_is_told(void **state)
{
	static const char *const words[] = { "DONE", "NONE", "PART", "ERRP",
		                             "EXCD", "DENY", "IVAL", "UNKN" };
	struct statspage_options o = options();

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		o.outcome = words[i];
		expect(write_with(*state, o), "<p class=\"note");
	}
	o.outcome = "<b>x";
	assert_null(strstr(write_with(*state, o), "<p class=\"note"));
}

static void names_are_escaped_and_the_version_can_be_hidden(void **state)
{
	struct page p = { 0 };
	struct statspage_options o = options();
	const char *page;

	(void)state;
	fixture_init_named(&p.fixture, "a\"><script>\x01");
	p.fixture.process.description = "<i>";
	p.s = snapshot_take(p.fixture.topology, &p.fixture.process);
	o.hide_version = true;
	o.writable = true;
	o.filter.scope = "\"<x";
	page = write_with(&p, o);
	assert_null(strstr(page, "<x"));
	o.filter.scope = NULL;
	page = write_with(&p, o);
	assert_null(strstr(page, "<script>"));
	assert_null(strstr(page, "<i>"));
	assert_null(strchr(page, 1));
	assert_null(strstr(page, "version"));
	expect(page, "value=\"a&quot;&gt;&lt;script&gt;?\"");
	snapshot_free(p.s);
	fixture_release(&p.fixture);
	text_release(&p.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(scripts_find_what_they_look_for, setup, teardown),
		cmocka_unit_test_setup_teardown(tags_are_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_have_the_same_width, setup, teardown),
		cmocka_unit_test_setup_teardown(writable_pages_have_a_form_for_each_backend, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(what_came_of_an_action_is_told, setup, teardown),
		cmocka_unit_test(names_are_escaped_and_the_version_can_be_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
