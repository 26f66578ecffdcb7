/* SPDX-License-Identifier: MIT */
#include "cli/toprows.h"

#include "faketop.h"

/* The rows as "psql n1 +n2 ...": services, servers, sessions, events; + is a line below a server.
 */
static void write_rows(const struct topmodel *m, const struct topstate *s, struct text *out)
{
	struct toprows rows;

	toprows_build(&rows, m, s);
	for (size_t i = 0; i < rows.count; i++) {
		const struct toprows_row *row = &rows.rows[i];

		text_add(out, i > 0 ? " " : "");
		if (row->kind == TOPROWS_SERVICE || row->kind == TOPROWS_SUMMARY)
			text_add(out, row->service->name);
		else if (row->kind == TOPROWS_SERVER)
			text_add(out, row->server->name);
		else if (row->session != NULL)
			text_addf(out, "%d", (int)row->session->id);
		else if (row->event != NULL)
			text_addf(out, "%d", (int)row->event->seq);
		else
			text_add(out, row->kind == TOPROWS_FAULT ? "!" : "+");
	}
	if (rows.hidden > 0)
		text_addf(out, " (%zu)", rows.hidden);
	toprows_release(&rows);
}

struct expectation {
	enum topstate_tab tab;
	unsigned int sort;
	bool reverse, troubles;
	const char *filter, *rows;
};

static void expect(const struct expectation *e, size_t count)
{
	struct topmodel m;

	faketop_model(&m, 0);
	for (size_t i = 0; i < count; i++) {
		struct topstate s = { .tab = e[i].tab, .troubles = e[i].troubles };
		AUTO_TEXT rows = { 0 };

		s.lists[e[i].tab].sort = e[i].sort;
		s.lists[e[i].tab].reverse = e[i].reverse;
		if (e[i].filter != NULL)
			snprintf(s.lists[e[i].tab].filter, TOPSTATE_FILTER_MAX, "%s", e[i].filter);
		write_rows(&m, &s, &rows);
		assert_string_equal(text_str(&rows), e[i].rows);
	}
	topmodel_release(&m);
}

static void servers_are_sorted_within_their_service(void **state)
{
	static const struct expectation cases[] = {
		{ TOPSTATE_SERVICES, TOPSTATE_SERVICES_ORDER, false, false, NULL,
		  "psql n1 n2 + ! n3 + n4 dbconsole n1" },
		{ TOPSTATE_SERVICES, TOPSTATE_SERVICES_ORDER, true, false, NULL,
		  "psql n4 n3 + n2 + ! n1 dbconsole n1" },
		{ TOPSTATE_SERVICES, TOPSTATE_SERVICES_STATE, false, false, NULL,
		  "psql n3 + n2 + ! n4 n1 dbconsole n1" },
		{ TOPSTATE_SERVICES, TOPSTATE_SERVICES_SESSIONS, false, false, NULL,
		  "psql n1 n2 + ! n3 + n4 dbconsole n1" },
		{ TOPSTATE_SERVICES, TOPSTATE_SERVICES_RATE, true, false, NULL,
		  "psql n4 n3 + n2 + ! n1 dbconsole n1" },
		{ TOPSTATE_SERVICES, TOPSTATE_SERVICES_SINCE, false, false, NULL,
		  "psql n2 + ! n1 n3 + n4 dbconsole n1" },
		{ TOPSTATE_SERVICES, TOPSTATE_SERVICES_LOST, false, false, NULL,
		  "psql n3 + n1 n2 + ! n4 dbconsole n1" },
		{ TOPSTATE_SERVICES, TOPSTATE_SERVICES_NAME, true, false, NULL,
		  "psql n4 n3 + n2 + ! n1 dbconsole n1" },
	};

	(void)state;
	expect(cases, ARRAY_LEN(cases));
}

static void filters_and_troubles_leave_what_is_meant(void **state)
{
	static const struct expectation cases[] = {
		{ TOPSTATE_SERVICES, 0, false, false, "n1", "psql n1 dbconsole n1 (3)" },
		{ TOPSTATE_SERVICES, 0, false, false, "PSQL n1", "psql n1 (4)" },
		{ TOPSTATE_SERVICES, 0, false, false, "zone=a", "psql n1 (4)" },
		{ TOPSTATE_SERVICES, 0, false, false, "refused", "psql n3 + (4)" },
		{ TOPSTATE_SERVICES, 0, false, false, "fault", "psql n2 + ! (4)" },
		{ TOPSTATE_SERVICES, 0, false, false, "nonsense", " (5)" },
		{ TOPSTATE_SERVICES, 0, false, true, NULL, "psql n2 + ! n3 + n4 (2)" },
		{ TOPSTATE_SERVICES, 0, false, true, "maint", "psql n4 (4)" },
		{ TOPSTATE_SESSIONS, 0, false, false, "=psql/n1", "7 (2)" },
		{ TOPSTATE_SESSIONS, 0, false, false, "psql/n1", "7 9 (1)" },
		{ TOPSTATE_SESSIONS, 0, false, false, "10.0.0.9", "7 9 (1)" },
		{ TOPSTATE_SESSIONS, 0, false, true, NULL, "9 8 (1)" },
		{ TOPSTATE_EVENTS, 0, false, false, "n3", "3 (2)" },
		{ TOPSTATE_EVENTS, 0, false, false, "down", "3 (2)" },
		{ TOPSTATE_EVENTS, 0, false, true, NULL, "2 3 (1)" },
	};

	(void)state;
	expect(cases, ARRAY_LEN(cases));
}

static void sessions_and_events_are_sorted(void **state)
{
	static const struct expectation cases[] = {
		{ TOPSTATE_SESSIONS, TOPSTATE_SESSIONS_AGE, false, false, NULL, "7 9 8" },
		{ TOPSTATE_SESSIONS, TOPSTATE_SESSIONS_AGE, true, false, NULL, "8 9 7" },
		{ TOPSTATE_SESSIONS, TOPSTATE_SESSIONS_IDLE, false, false, NULL, "9 8 7" },
		{ TOPSTATE_SESSIONS, TOPSTATE_SESSIONS_IN, false, false, NULL, "8 9 7" },
		{ TOPSTATE_SESSIONS, TOPSTATE_SESSIONS_OUT, false, false, NULL, "7 9 8" },
		{ TOPSTATE_SESSIONS, TOPSTATE_SESSIONS_SERVER, false, false, NULL, "7 8 9" },
		{ TOPSTATE_SESSIONS, TOPSTATE_SESSIONS_CLIENT, false, false, NULL, "8 7 9" },
		{ TOPSTATE_SESSIONS, TOPSTATE_SESSIONS_ID, true, false, NULL, "9 8 7" },
		{ TOPSTATE_EVENTS, 0, false, false, NULL, "1 2 3" },
		{ TOPSTATE_EVENTS, 0, true, false, NULL, "3 2 1" },
		{ TOPSTATE_PROCESS, 0, false, false, NULL, "psql dbconsole + + + + + + +" },
	};

	(void)state;
	expect(cases, ARRAY_LEN(cases));
}

static void a_filter_has_words(void **state)
{
	static const struct {
		const char *text, *filter;
		bool matches;
	} cases[] = {
		{ "psql/n10 UP", "", true },          { "psql/n10 UP", "  ", true },
		{ "psql/n10 UP", "N1", true },        { "psql/n10 UP", "up psql", true },
		{ "psql/n10 UP", "up down", false },  { "psql/n10 UP", "=n1", false },
		{ "psql/n10 UP", "=n10", true },      { "psql/n1 n10", "=n1", true },
		{ "psql/n1-a", "=n1", false },        { "psql/n1.b n1_c n1", "=n1", true },
		{ "psql/n1", "=psql/n1", true },      { "a = b", "=", true },
		{ "psql/n10 n1", "=psql/n1", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (toprows_matches(cases[i].text, cases[i].filter) != cases[i].matches)
			fail_msg("\"%s\" in \"%s\"", cases[i].filter, cases[i].text);
}

/* Moves in the rows of the state, and tells what is chosen then. */
static const char *move(const struct topmodel *m, struct topstate *s, long step)
{
	struct topstate_list *l = topstate_list(s);
	struct toprows rows;

	toprows_build(&rows, m, s);
	toprows_move(&rows, s->tab, l, step);
	toprows_release(&rows);
	return l->chosen;
}

static size_t find(const struct topmodel *m, struct topstate *s)
{
	struct toprows rows;
	size_t at;

	toprows_build(&rows, m, s);
	at = toprows_find(&rows, s->tab, topstate_list(s));
	toprows_release(&rows);
	return at;
}

static void choices_skip_what_is_said_of_a_server(void **state)
{
	struct topstate s = { 0 };
	struct topmodel m;

	(void)state;
	faketop_model(&m, 0);
	assert_int_equal(find(&m, &s), 0);
	assert_string_equal(move(&m, &s, 1), "psql/n1");
	assert_string_equal(move(&m, &s, 1), "psql/n2");
	assert_string_equal(move(&m, &s, 1), "psql/n3");
	assert_string_equal(move(&m, &s, -1), "psql/n2");
	assert_string_equal(move(&m, &s, -1), "psql/n1");
	assert_string_equal(move(&m, &s, -100), "psql");
	assert_string_equal(move(&m, &s, 100), "dbconsole/n1");
	topmodel_release(&m);
}

static void the_line_of_tiers_is_no_choice(void **state)
{
	struct topstate s = { .tab = TOPSTATE_SERVICES };
	struct topmodel m;
	AUTO_TEXT rows = { 0 };

	(void)state;
	faketop_model(&m, 0);
	m.status->services[0].tiers = 2;
	write_rows(&m, &s, &rows);
	assert_memory_equal(text_str(&rows), "psql + n1 ", 10);
	assert_null(strstr(text_str(&rows), "dbconsole +"));
	assert_string_equal(move(&m, &s, 1), "psql/n1");
	assert_string_equal(move(&m, &s, -1), "psql");
	topmodel_release(&m);
}

static void the_choice_stays_with_its_server(void **state)
{
	struct topstate s = { 0 };
	struct topmodel m;

	(void)state;
	faketop_model(&m, 0);
	move(&m, &s, 2);
	assert_string_equal(s.lists[0].chosen, "psql/n2");
	assert_int_equal(find(&m, &s), 2);
	s.lists[0].sort = TOPSTATE_SERVICES_STATE;
	assert_int_equal(find(&m, &s), 3);
	/* When it has gone, what is in its place. */
	snprintf(s.lists[0].filter, TOPSTATE_FILTER_MAX, "n1");
	assert_int_equal(find(&m, &s), 2);
	snprintf(s.lists[0].filter, TOPSTATE_FILTER_MAX, "nonsense");
	assert_int_equal(find(&m, &s), 0);
	assert_string_equal(move(&m, &s, 1), "psql/n2");
	topmodel_release(&m);
}

static void events_show_their_end_until_one_is_chosen(void **state)
{
	struct topstate s = { .tab = TOPSTATE_EVENTS };
	struct topmodel m;

	(void)state;
	faketop_model(&m, 0);
	assert_int_equal(find(&m, &s), 2);
	faketop_event(&m, 4, "n3", STATE_DOWN, STATE_UP);
	assert_int_equal(find(&m, &s), 3);
	move(&m, &s, -1);
	faketop_event(&m, 5, "n3", STATE_DOWN, STATE_UP);
	assert_int_equal(find(&m, &s), 2);
	move(&m, &s, 100);
	faketop_event(&m, 6, "n3", STATE_DOWN, STATE_UP);
	assert_int_equal(find(&m, &s), 5);
	topmodel_release(&m);
}

static void the_chosen_row_is_scrolled_into_sight(void **state)
{
	static const struct {
		long step;
		size_t height, first;
	} cases[] = {
		{ 0, 4, 0 },   { 2, 4, 1 }, /* with its cause and its fault */
		{ 100, 4, 6 }, { 0, 20, 0 },   { 0, 4, 6 }, { -2, 4, 6 },
		{ -1, 4, 4 },  { -100, 4, 0 }, { 0, 0, 0 },
	};
	struct topstate s = { 0 };
	struct topmodel m;
	struct toprows rows;

	(void)state;
	faketop_model(&m, 0);
	toprows_build(&rows, &m, &s);
	assert_int_equal(rows.count, 10);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		toprows_move(&rows, s.tab, &s.lists[0], cases[i].step);
		toprows_scroll(&rows, s.tab, &s.lists[0], cases[i].height);
		if (s.lists[0].first != cases[i].first)
			fail_msg("case %zu begins with %zu", i, s.lists[0].first);
	}
	toprows_release(&rows);
	topmodel_release(&m);
}

static void without_a_status_there_are_no_rows(void **state)
{
	struct topmodel m = { 0 };
	struct topstate s = { 0 };

	(void)state;
	for (s.tab = 0; s.tab < TOPSTATE_TABS; s.tab++)
		assert_int_equal(find(&m, &s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_sorted_within_their_service),
		cmocka_unit_test(filters_and_troubles_leave_what_is_meant),
		cmocka_unit_test(sessions_and_events_are_sorted),
		cmocka_unit_test(a_filter_has_words),
		cmocka_unit_test(choices_skip_what_is_said_of_a_server),
		cmocka_unit_test(the_line_of_tiers_is_no_choice),
		cmocka_unit_test(the_choice_stays_with_its_server),
		cmocka_unit_test(events_show_their_end_until_one_is_chosen),
		cmocka_unit_test(the_chosen_row_is_scrolled_into_sight),
		cmocka_unit_test(without_a_status_there_are_no_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
