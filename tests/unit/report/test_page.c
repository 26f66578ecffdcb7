/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "report/page.h"
#include "report/uifiles.h"

enum { DEPTH_MAX = 32 };

static char *page_of(const char *first_name, const struct journal *j)
{
	struct fixture f;
	struct snapshot *s;
	struct text out = { 0 };

	fixture_init_named(&f, first_name);
	s = snapshot_take(f.topology, &f.process);
	page_write(s, j, &out);
	snapshot_free(s);
	fixture_release(&f);
	return text_take(&out);
}

/* Elements without an end tag (HTML standard 13.1.2). */
static bool is_void(const char *name)
{
	return strcmp(name, "meta") == 0 || strcmp(name, "link") == 0;
}

/* Every start tag has its end tag, in order. */
static void expect_balanced(const char *html)
{
	char stack[DEPTH_MAX][16];
	size_t depth = 0;

	for (const char *p = strchr(html, '<'); p; p = strchr(p + 1, '<')) {
		char name[16] = "";
		const char *end = strchr(p, '>');

		assert_non_null(end);
		if (p[1] == '!')
			continue;
		if (p[1] == '/') {
			assert_int_equal(sscanf(p + 2, "%15[a-z0-9]", name), 1);
			assert_true(depth > 0);
			assert_string_equal(stack[--depth], name);
		} else if (end[-1] != '/') {
			assert_int_equal(sscanf(p + 1, "%15[a-z0-9]", name), 1);
			if (is_void(name))
				continue;
			assert_true(depth < DEPTH_MAX);
			memcpy(stack[depth++], name, sizeof(name));
		}
	}
	assert_int_equal(depth, 0);
}

static struct journal *journal_of(size_t count)
{
	struct journal *j = journal_new(64);
	struct journal_event e = fixture_event();

	for (size_t i = 0; i < count; i++) {
		/* Those that the test looks for are of servers. */
		e.kind = i % 5 ? (enum journal_kind)(i % JOURNAL_KIND_COUNT) : JOURNAL_SERVER;
		e.sessions = (uint32_t)i + 100;
		journal_append(j, &e);
	}
	return j;
}

static void tags_are_balanced(void **state)
{
	struct journal *j = journal_of(12);
	char *with = page_of("n1", j);
	char *without = page_of("n1", NULL);

	(void)state;
	expect_balanced(with);
	expect_balanced(without);
	free(with);
	free(without);
	journal_free(j);
}

/* Every `attribute="/ui/NAME"` is a file that is there; returns how many. */
static size_t count_parts(const char *html, const char *attribute)
{
	size_t n = 0;

	for (const char *p = html; (p = strstr(p, attribute)); n++) {
		char name[32] = "";
		struct uifile f;

		p += strlen(attribute);
		assert_int_equal(sscanf(p, "/ui/%31[a-z.]\"", name), 1);
		if (!uifiles_find(name, &f))
			fail_msg("the page loads %s, which is not there", name);
	}
	return n;
}

static void it_needs_nothing_from_elsewhere(void **state)
{
	char *html = page_of("n1", NULL);

	(void)state;
	assert_int_equal(strncmp(html, "<!DOCTYPE html>\n<html lang=\"en\">", 32), 0);
	assert_null(strstr(html, "http://"));
	assert_null(strstr(html, "https://"));
	assert_null(strstr(html, "<style"));
	assert_null(strstr(html, " style="));
	assert_true(count_parts(html, "rel=\"stylesheet\" href=\"") >= 2);
	assert_true(strstr(html, "/ui/page.css") < strstr(html, "/ui/board.css"));
	assert_int_equal(count_parts(html, " src=\""), 2);
	free(html);
}

static void it_renews_itself_only_without_scripts(void **state)
{
	char *html = page_of("n1", NULL);

	(void)state;
	assert_non_null(
	    strstr(html, "<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>"));
	assert_null(strstr(strstr(html, "refresh") + 1, "http-equiv=\"refresh\""));
	assert_non_null(strstr(html, ", renewed every 2 seconds. </noscript>"));
	free(html);
}

static void what_an_operator_asks_is_there(void **state)
{
	static const char *const words[] = {
		"<title>(2) sluice on lb1</title>",
		"2 of 4 usable",
		"the node is draining: HTTP 503 Service Unavailable",
		"since <time datetime=\"2026-11-20T12:10:56.095Z\">",
		"HTTP 503 &quot;Service Unavailable&quot; (1 ms)",
		"<b>2</b> / 100",
		"<span class=\"tag\">backup</span>",
		"region=eu,zone=a",
		"Not connected",
		"HAProxy version 2.6.0-sluice-0.1.0, ",
		"uptime = 0d 2h05m00s",
		"<dt>Peak</dt>",
		"<span title=\"2 % of the server's maxconn\">",
		"title=\"New sessions per second\"",
		"Nothing has happened yet.",
	};
	char *html = page_of("n1", NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strstr(html, words[i]))
			fail_msg("\"%s\" is not on the page", words[i]);
	free(html);
}

static void the_last_events_come_first(void **state)
{
	struct journal *j = journal_of(60);
	char *html = page_of("n1", j);
	size_t n = 0;

	(void)state;
	for (const char *p = html; (p = strstr(p, "<li>")); p++)
		n++;
	assert_int_equal(n, 20);
	assert_true(strstr(html, "155 sessions stay") < strstr(html, "150 sessions stay"));
	assert_null(strstr(html, "135 sessions stay"));
	free(html);
	journal_free(j);
}

static void events_of_other_days_have_a_date(void **state)
{
	struct journal *j = journal_new(4);
	struct journal_event e = fixture_event();
	char *html;

	(void)state;
	journal_append(j, &e);
	html = page_of("n1", j);
	assert_non_null(strstr(html, "<ol>"));
	assert_non_null(strstr(html, "\">12:12:01.095</time>"));
	free(html);
	e.wall_ms -= INT64_C(86400000);
	journal_append(j, &e);
	html = page_of("n1", j);
	assert_non_null(strstr(html, "\">2026-11-19 12:12:01.095</time>"));
	free(html);
	journal_free(j);
}

static void hostile_names_are_escaped(void **state)
{
	struct journal *j = journal_new(4);
	struct journal_event e = fixture_event();
	char *html;

	(void)state;
	snprintf(e.server, sizeof(e.server), "<script>x");
	snprintf(e.check.info, sizeof(e.check.info), "<img src=x onerror=y>\"'\033");
	journal_append(j, &e);
	html = page_of("<b>\"&'\001", j);
	assert_null(strstr(html, "<script>x"));
	assert_null(strstr(html, "<img"));
	assert_null(strchr(html, '\033'));
	assert_null(strchr(html, '\001'));
	assert_non_null(strstr(html, "&lt;b&gt;&quot;&amp;&#39;?"));
	expect_balanced(html);
	free(html);
	journal_free(j);
}

static void every_state_has_a_class_a_glyph_and_a_word(void **state)
{
	static const struct {
		struct state state;
		const char *words;
	} cases[] = {
		{ { .health = STATE_CHECKING },
		  "<tr class=\"checking\">\n<td class=\"state\">\u25cb CHECKING" },
		{ { .health = STATE_UP, .counter = 4 },
		  "<tr class=\"up\">\n<td class=\"state\">\u25cf UP" },
		{ { .health = STATE_NOLB, .counter = 4 },
		  "<tr class=\"nolb\">\n<td class=\"state\">\u25d0 NOLB" },
		{ { .health = STATE_DOWN },
		  "<tr class=\"down\">\n<td class=\"state\">\u2716 DOWN" },
		{ { .health = STATE_NOCHECK },
		  "<tr class=\"up\">\n<td class=\"state\">\u25cf no check" },
		{ { .health = STATE_UP, .counter = 4, .admin = STATE_DRAIN_COMMAND },
		  "<tr class=\"drain\">\n<td class=\"state\">\u25d1 DRAIN" },
		{ { .health = STATE_UP, .counter = 4, .admin = STATE_MAINT_COMMAND },
		  "<tr class=\"maint\">\n<td class=\"state\">\u25a0 MAINT" },
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.process.stopping = true;
	f.process.description = "a & b";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_TEXT out = { 0 };
		struct snapshot *s;

		topology_set_state(f.topology->services[0]->servers[0], cases[i].state);
		s = snapshot_take(f.topology, &f.process);
		page_write(s, NULL, &out);
		if (!strstr(text_str(&out), cases[i].words))
			fail_msg("\"%s\" is not on the page", cases[i].words);
		assert_non_null(strstr(text_str(&out), "STOPPING"));
		assert_non_null(strstr(text_str(&out), "a &amp; b"));
		snapshot_free(s);
	}
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_are_balanced),
		cmocka_unit_test(it_needs_nothing_from_elsewhere),
		cmocka_unit_test(it_renews_itself_only_without_scripts),
		cmocka_unit_test(what_an_operator_asks_is_there),
		cmocka_unit_test(the_last_events_come_first),
		cmocka_unit_test(events_of_other_days_have_a_date),
		cmocka_unit_test(hostile_names_are_escaped),
		cmocka_unit_test(every_state_has_a_class_a_glyph_and_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
