/* SPDX-License-Identifier: MIT */
#include "cli/topview.h"

#include "faketop.h"

struct stage {
	struct topmodel m;
	struct topstate s;
	struct topgrid g;
	struct topview_place place;
	struct text text;
};

static void open_stage(struct stage *t, unsigned int columns, unsigned int rows, bool ascii)
{
	memset(t, 0, sizeof(*t));
	faketop_model(&t->m, 1000000);
	topgrid_init(&t->g, rows, columns, ascii);
}

static const char *draw(struct stage *t)
{
	topview_draw(&t->g, &t->m, &t->s, 1000500, &t->place);
	text_clear(&t->text);
	topgrid_write(&t->g, &t->text);
	return text_str(&t->text);
}

static void close_stage(struct stage *t)
{
	text_release(&t->text);
	topgrid_release(&t->g);
	topmodel_release(&t->m);
}

/* A row of what was drawn last. */
static const char *row_of(struct stage *t, unsigned int row)
{
	const char *s = text_str(&t->text);

	for (; row > 0; row--)
		s = strchr(s, '\n') + 1;
	return s;
}

#define assert_begins(text, part)                                                                  \
	do {                                                                                       \
		if (strncmp(text, part, strlen(part)) != 0)                                        \
			fail_msg("\"%s\" does not begin with \"%s\"", text, part);                 \
	} while (0)

static void services_at_80_columns(void **state)
{
	struct stage t;
	const char *screen;

	(void)state;
	open_stage(&t, 80, 24, false);
	screen = draw(&t);
	assert_begins(screen, "sluice 0.1.0  lb1 ");
	assert_contains(screen, "read-only  \u25cf live  ");
	assert_begins(row_of(&t, 1), "2 services  2 of 5 servers usable  15 sessions  8/s  3 in "
	                             "trouble  0 B/s out\n");
	assert_begins(row_of(&t, 2), " 1 Services  2 Sessions  3 Events  4 Process ");
	assert_contains(row_of(&t, 2), "by configuration\n");
	assert_begins(row_of(&t, 3), "  STATE ");
	assert_begins(row_of(&t, 4), "psql  leastconn  :26257 ");
	assert_contains(row_of(&t, 4), "1 of 4 usable  15 sessions  8/s\n");
	assert_begins(row_of(&t, 5), "  \u25cf UP ");
	assert_contains(row_of(&t, 5), " n1 ");
	assert_contains(row_of(&t, 5), " HTTP 200 ");
	assert_contains(row_of(&t, 5), " 8/s");
	assert_begins(row_of(&t, 6), "  \u25d0 NOLB 2/3 ");
	assert_begins(row_of(&t, 7), "    \u2514 drain: HTTP 503 \"Service Unavailable\" (1 ms)\n");
	assert_begins(row_of(&t, 8), "    \u2514 fault: delay 200ms, 12s left\n");
	assert_begins(row_of(&t, 9), "  \u2716 DOWN ");
	assert_contains(row_of(&t, 9), " Connection refu");
	assert_begins(row_of(&t, 11), "  \u25a0 MAINT ");
	assert_contains(row_of(&t, 11), " n4 (b) ");
	assert_contains(row_of(&t, 11), " not checked ");
	assert_begins(row_of(&t, 12), "dbconsole  roundrobin");
	assert_begins(row_of(&t, 23),
	              "q quit  ? help  / filter  s sort  t troubles  ENTER sessions");
	close_stage(&t);
}

static void tiers_are_shown_where_there_are_several(void **state)
{
	struct statusjson_service *s;
	struct stage t;

	(void)state;
	open_stage(&t, 80, 24, false);
	assert_null(strstr(draw(&t), "TIER"));
	s = &t.m.status->services[0];
	s->tiers = 2;
	s->tier_percent[0] = 100;
	s->servers[1].tier = s->servers[2].tier = 1;
	s->servers[1].locality = s->servers[2].locality = "region=us";
	draw(&t);
	assert_contains(row_of(&t, 3), " TIER");
	assert_begins(row_of(&t, 4), "psql  leastconn  :26257 ");
	assert_begins(row_of(&t, 5), "    tier 0 eu/a 100 %, tier 1 us 0 %\n");
	assert_begins(row_of(&t, 6), "  \u25cf UP ");
	assert_contains(row_of(&t, 6), " 8/s    0 ");
	assert_contains(row_of(&t, 7), " 0/s    1 ");
	assert_begins(row_of(&t, 13), "dbconsole  roundrobin");
	close_stage(&t);
}

static void wide_screens_show_all_columns(void **state)
{
	static const char *const headings[] = { "STATE", "SERVER",   "SINCE",  "CHECK", "SESS",
		                                "LIMIT", "RATE",     "LOST",   "MOVED", "WGHT",
		                                "SEEN",  "LOCALITY", "ADDRESS" };
	struct stage t;
	const char *screen;

	(void)state;
	open_stage(&t, 200, 60, false);
	screen = draw(&t);
	for (size_t i = 0; i < ARRAY_LEN(headings); i++)
		assert_contains(screen, headings[i]);
	assert_contains(row_of(&t, 5), "HTTP 200 in 1 ms, 1s ago ");
	assert_contains(row_of(&t, 5), " 12/20 ");
	assert_contains(row_of(&t, 5),
	                "\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588"
	                "\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7 ");
	assert_contains(row_of(&t, 5), "  \u2588 ");
	assert_contains(row_of(&t, 5), "region=eu,zone=a");
	assert_contains(row_of(&t, 5), "10.0.0.1:26257");
	assert_begins(row_of(&t, 9), "  \u2716 DOWN ");
	assert_contains(row_of(&t, 9), " 7 ");
	close_stage(&t);
}

static void narrow_screens_show_what_matters(void **state)
{
	struct stage t;
	const char *screen;

	(void)state;
	open_stage(&t, 40, 10, false);
	screen = draw(&t);
	assert_begins(screen, "sluice ");
	assert_contains(row_of(&t, 0), "live\n");
	assert_begins(row_of(&t, 1), " 1 Services  2  3  4 ");
	assert_begins(row_of(&t, 2), "  STATE ");
	assert_contains(row_of(&t, 2), "SERVER");
	assert_contains(row_of(&t, 2), "SESS");
	assert_contains(row_of(&t, 3), "1/4 usable  15\n");
	assert_contains(row_of(&t, 4), "UP");
	assert_contains(row_of(&t, 4), " n1 ");
	assert_contains(row_of(&t, 4), " 12 ");
	assert_begins(row_of(&t, 9), "q quit  ? help  / filter  s sort");
	close_stage(&t);
}

static void the_service_stays_in_sight(void **state)
{
	struct topstate_list *l;
	struct stage t;

	(void)state;
	open_stage(&t, 80, 10, false);
	l = &t.s.lists[0];
	snprintf(l->chosen, sizeof(l->chosen), "dbconsole/n1");
	draw(&t);
	assert_begins(row_of(&t, 3), "psql  leastconn");
	assert_contains(row_of(&t, 8), " n1 ");
	snprintf(l->chosen, sizeof(l->chosen), "psql/n3");
	draw(&t);
	assert_begins(row_of(&t, 3), "psql  leastconn");
	assert_contains(row_of(&t, 4), " n3 ");
	assert_true((topgrid_at(&t.g, 4, 0)->style & TOPGRID_REVERSE) != 0);
	close_stage(&t);
}

/* Every size, tab and mode: in the grid, and of the alphabet. */
static void any_size_can_be_drawn(void **state)
{
	static const unsigned int widths[] = { 0, 1, 19, 20, 21, 39, 40, 59, 60, 79, 80, 132, 300 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		for (unsigned int rows = 0; rows < 30; rows += 1 + rows / 6) {
			struct stage t;

			open_stage(&t, widths[i], rows, true);
			t.s.writable = true;
			topstate_say(&t.s, true, 1000000, "something was said");
			for (unsigned int k = 0; k < TOPSTATE_TABS * (TOPSTATE_CONFIRM + 1U); k++) {
				t.s.tab = (enum topstate_tab)(k % TOPSTATE_TABS);
				t.s.mode = (enum topstate_mode)(k / TOPSTATE_TABS);
				t.s.order = (struct toporder){ .kind = TOPORDER_DRAIN,
					                       .service = "psql",
					                       .server = "n1" };
				for (const char *c = draw(&t); *c != '\0'; c++)
					assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
			}
			close_stage(&t);
		}
	}
}

static void a_lost_daemon_is_told_with_the_reason(void **state)
{
	struct stage t;
	const char *screen;

	(void)state;
	open_stage(&t, 80, 24, false);
	topmodel_lose(&t.m, "no daemon: nothing listens\n   start it", 1000000 - 62000);
	screen = draw(&t);
	assert_contains(screen, "\u2716 lost 1m02s, trying again");
	assert_begins(row_of(&t, 1), "no daemon: nothing listens\n");
	assert_contains(screen, " n1 ");
	close_stage(&t);
	open_stage(&t, 80, 24, true);
	topmodel_release(&t.m);
	screen = draw(&t);
	assert_contains(screen, "connecting");
	assert_contains(screen, "waiting for the daemon's answer");
	topmodel_lose(&t.m, "no daemon: nothing listens\n   start it", 1000000);
	screen = draw(&t);
	assert_contains(screen, "x lost 0s, trying again");
	assert_contains(screen, "\nno daemon: nothing listens start it\n");
	close_stage(&t);
}

static void a_question_names_the_cost(void **state)
{
	struct stage t;
	const char *screen;

	(void)state;
	open_stage(&t, 60, 24, false);
	t.s.writable = true;
	t.s.mode = TOPSTATE_CONFIRM;
	t.s.order = (struct toporder){ .kind = TOPORDER_DRAIN, .service = "psql", .server = "n1" };
	screen = draw(&t);
	assert_contains(screen, "WRITE");
	assert_contains(screen,
	                "\n drain psql/n1: no new sessions, the 12 sessions there\n stay; NO "
	                "SERVER OF psql STAYS USABLE\ny: do it    any other key: leave it\n");
	assert_true((topgrid_at(&t.g, 22, 1)->style & TOPGRID_RED) != 0);
	t.s.mode = TOPSTATE_VALUE;
	t.s.order.kind = TOPORDER_WEIGHT;
	snprintf(t.s.order.value, sizeof(t.s.order.value), "50%%");
	screen = draw(&t);
	assert_contains(screen, " Which weight for psql/n1? It has 1; 0 to 256, or 50%");
	assert_begins(row_of(&t, 23), "> 50%\n");
	t.s.mode = TOPSTATE_FILTER;
	snprintf(t.s.lists[0].filter, TOPSTATE_FILTER_MAX, "n2");
	draw(&t);
	assert_begins(row_of(&t, 23), "filter: n2\n");
	assert_contains(row_of(&t, 2), "  filter: n2  ");
	close_stage(&t);
}

static void help_and_details_lie_over_the_rows(void **state)
{
	struct stage t;
	const char *screen;

	(void)state;
	open_stage(&t, 80, 24, false);
	t.s.mode = TOPSTATE_HELP;
	screen = draw(&t);
	assert_contains(screen, "1 2 3 4     a tab, by its number");
	assert_contains(screen, "d m r       drain, maint, ready");
	assert_contains(row_of(&t, 23), "need --write");
	close_stage(&t);
	open_stage(&t, 40, 10, false);
	t.s.mode = TOPSTATE_HELP;
	t.s.help_first = 100;
	screen = draw(&t);
	assert_contains(screen, "k           end sessions");
	t.s.tab = TOPSTATE_EVENTS;
	t.s.mode = TOPSTATE_DETAIL;
	screen = draw(&t);
	assert_contains(screen, "UP -> DOWN");
	assert_contains(screen, "usable\n");
	close_stage(&t);
}

static void sessions_events_and_the_process_are_shown(void **state)
{
	struct stage t;
	const char *screen;

	(void)state;
	open_stage(&t, 100, 24, false);
	t.s.tab = TOPSTATE_SESSIONS;
	screen = draw(&t);
	assert_contains(row_of(&t, 3), "AGE\u25bc");
	assert_contains(row_of(&t, 4), "10.0.0.9:5001");
	assert_contains(row_of(&t, 4), " psql/n1 ");
	assert_contains(row_of(&t, 4), " 1m05s ");
	assert_contains(row_of(&t, 4), " 1.2 MB ");
	topmodel_refuse_sessions(&t.m, "the daemon answered: Permission denied");
	assert_contains(draw(&t),
	                "sessions cannot be shown: the daemon answered: Permission denied");
	t.s.tab = TOPSTATE_EVENTS;
	screen = draw(&t);
	assert_contains(screen, " psql/n2 ");
	assert_contains(screen, " UP -> NOLB ");
	assert_contains(screen, "2 servers usable");
	t.s.tab = TOPSTATE_PROCESS;
	screen = draw(&t);
	assert_begins(row_of(&t, 4), "psql ");
	assert_contains(row_of(&t, 4), " 1/4 ");
	assert_contains(screen, "\nversion     sluice 0.1.0 on lb1\n");
	assert_contains(screen, "\nprocess     pid 4242, 2 threads\n");
	assert_contains(screen, "\nrunning for 2h00m, since 2026-11-20 ");
	assert_contains(screen, "\nsessions    15 of at most 1000  \u2588\u00b7");
	assert_contains(screen, "\nrate        8 new/s, at most 0  ");
	assert_null(strstr(screen, "\ndiscovery"));
	t.m.status->discovery = (struct statusjson_discovery){
		.on = true, .known = 5, .from = "http://n1:8080", .error = "it wants a session"
	};
	assert_contains(draw(&t), "\ndiscovery   5 nodes from http://n1:8080, 0s ago; it wants a");
	close_stage(&t);
}

static void empty_lists_say_why(void **state)
{
	struct stage t;

	(void)state;
	open_stage(&t, 80, 24, false);
	snprintf(t.s.lists[0].filter, TOPSTATE_FILTER_MAX, "nonsense");
	assert_contains(draw(&t), "nothing is left of 5 by the filter (/)");
	t.s.troubles = true;
	assert_contains(draw(&t), "by \"troubles only\" (t) and the filter (/)");
	t.s = (struct topstate){ .tab = TOPSTATE_SESSIONS };
	topmodel_take_sessions(&t.m, NULL, 0);
	assert_contains(draw(&t), "\nno sessions\n");
	t.s.tab = TOPSTATE_EVENTS;
	t.m.event_count = 0;
	assert_contains(draw(&t), "\nno events yet\n");
	close_stage(&t);
}

static void foreign_names_keep_the_columns(void **state)
{
	struct stage t;
	struct statusjson *s = faketop_status();
	const char *screen;

	(void)state;
	s->services[0].servers[0].name = "\u6f22\u5b57";
	s->services[0].servers[1].name = "n\033[2J";
	open_stage(&t, 200, 24, false);
	topmodel_take_status(&t.m, s, 1000000);
	screen = draw(&t);
	assert_contains(screen, " \u6f22\u5b57    ");
	assert_contains(screen, " n?[2J ");
	assert_lacks(screen, "\033");
	for (unsigned int row = 5; row < 7; row++)
		assert_int_equal(topgrid_at(&t.g, row, 23)->text[0], L' ');
	close_stage(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_at_80_columns),
		cmocka_unit_test(tiers_are_shown_where_there_are_several),
		cmocka_unit_test(wide_screens_show_all_columns),
		cmocka_unit_test(narrow_screens_show_what_matters),
		cmocka_unit_test(the_service_stays_in_sight),
		cmocka_unit_test(any_size_can_be_drawn),
		cmocka_unit_test(a_lost_daemon_is_told_with_the_reason),
		cmocka_unit_test(a_question_names_the_cost),
		cmocka_unit_test(help_and_details_lie_over_the_rows),
		cmocka_unit_test(sessions_events_and_the_process_are_shown),
		cmocka_unit_test(empty_lists_say_why),
		cmocka_unit_test(foreign_names_keep_the_columns),
	};

	return cmocka_run_group_tests(tests, faketop_locale, NULL);
}
