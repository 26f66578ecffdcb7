/* SPDX-License-Identifier: MIT */
#include "cli/topkeys.h"

#include "faketop.h"

struct desk {
	struct topmodel m;
	struct topstate s;
	enum topkeys_wish wish; /* of the last key */
};

static void open_desk(struct desk *d, bool writable)
{
	memset(d, 0, sizeof(*d));
	faketop_model(&d->m, 0);
	d->s.writable = writable;
}

static void press(struct desk *d, unsigned int key)
{
	d->wish = topkeys_press(&d->s, &d->m, 10, key, 1000);
}

static void type(struct desk *d, const char *keys)
{
	for (; *keys != '\0'; keys++)
		press(d, (unsigned char)*keys);
}

static void tabs_are_reached_by_number_and_in_turn(void **state)
{
	static const struct {
		unsigned int key;
		enum topstate_tab tab;
	} cases[] = {
		{ '3', TOPSTATE_EVENTS },          { '\t', TOPSTATE_PROCESS },
		{ '\t', TOPSTATE_SERVICES },       { TOPKEYS_BACK_TAB, TOPSTATE_PROCESS },
		{ TOPKEYS_LEFT, TOPSTATE_EVENTS }, { TOPKEYS_RIGHT, TOPSTATE_PROCESS },
		{ '1', TOPSTATE_SERVICES },        { '5', TOPSTATE_SERVICES },
		{ '2', TOPSTATE_SESSIONS },
	};
	struct desk d;

	(void)state;
	open_desk(&d, false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		press(&d, cases[i].key);
		assert_int_equal(d.s.tab, cases[i].tab);
	}
	press(&d, TOPKEYS_REDRAW);
	assert_int_equal(d.wish, TOPKEYS_REPAINT);
	press(&d, 'q');
	assert_int_equal(d.wish, TOPKEYS_QUIT);
	topmodel_release(&d.m);
}

static void sorting_goes_through_the_columns(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, false);
	press(&d, 's');
	assert_int_equal(d.s.lists[0].sort, TOPSTATE_SERVICES_STATE);
	press(&d, 'S');
	assert_true(d.s.lists[0].reverse);
	press(&d, 's');
	assert_false(d.s.lists[0].reverse);
	for (int i = 0; i < 5; i++)
		press(&d, 's');
	assert_int_equal(d.s.lists[0].sort, TOPSTATE_SERVICES_ORDER);
	press(&d, 't');
	assert_true(d.s.troubles);
	press(&d, 't');
	assert_false(d.s.troubles);
	press(&d, '4');
	press(&d, 's');
	assert_int_equal(d.s.lists[TOPSTATE_PROCESS].sort, 0);
	topmodel_release(&d.m);
}

static void a_filter_is_typed_and_taken_back(void **state)
{
	struct desk d;
	const char *filter;

	(void)state;
	open_desk(&d, false);
	filter = d.s.lists[0].filter;
	type(&d, "/nq1");
	assert_int_equal(d.s.mode, TOPSTATE_FILTER);
	assert_string_equal(filter, "nq1");
	press(&d, TOPKEYS_BACKSPACE);
	press(&d, 0x7f);
	press(&d, 0xe9);
	press(&d, 0x2026);
	assert_string_equal(filter, "n\u00e9\u2026");
	press(&d, '\b');
	press(&d, '\b');
	press(&d, TOPKEYS_UP);
	press(&d, 0x9b);
	assert_string_equal(filter, "n");
	press(&d, '\r');
	assert_int_equal(d.s.mode, TOPSTATE_LOOK);
	type(&d, "/\x15zzz");
	assert_string_equal(filter, "zzz");
	press(&d, TOPKEYS_ESCAPE);
	assert_string_equal(filter, "n");
	assert_int_equal(d.s.mode, TOPSTATE_LOOK);
	press(&d, TOPKEYS_ESCAPE);
	assert_string_equal(filter, "");
	press(&d, '/');
	for (int i = 0; i < 200; i++)
		press(&d, 'x');
	assert_int_equal(strlen(filter), TOPSTATE_FILTER_MAX - 1);
	for (int i = 0; i < 200; i++)
		press(&d, TOPKEYS_BACKSPACE);
	assert_string_equal(filter, "");
	topmodel_release(&d.m);
}

static void nothing_is_changed_read_only(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, false);
	press(&d, TOPKEYS_DOWN);
	for (const char *key = "dmrwfk"; *key != '\0'; key++) {
		d.s.said[0] = '\0';
		press(&d, (unsigned char)*key);
		assert_int_equal(d.wish, TOPKEYS_NOTHING);
		assert_int_equal(d.s.mode, TOPSTATE_LOOK);
		assert_contains(d.s.said, "read-only: start it as sluice top --write");
	}
	press(&d, '2');
	assert_string_equal(d.s.said, "");
	press(&d, 'k');
	assert_contains(d.s.said, "read-only");
	topmodel_release(&d.m);
}

static void an_order_is_given_after_a_yes_only(void **state)
{
	static const struct {
		const char *keys; /* after the choice of psql/n1 */
		enum toporder_kind kind;
		const char *value;
	} cases[] = {
		{ "d", TOPORDER_DRAIN, "" },
		{ "m", TOPORDER_MAINT, "" },
		{ "r", TOPORDER_READY, "" },
		{ "k", TOPORDER_KILL, "" },
		{ "w50%\r", TOPORDER_WEIGHT, "50%" },
		{ "fdelay 20ms\r", TOPORDER_FAULT, "delay 20ms" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const unsigned int others[] = { 'n', '\r', TOPKEYS_ESCAPE, 'q', ' ' };
		struct desk d;

		open_desk(&d, true);
		press(&d, TOPKEYS_DOWN);
		for (size_t k = 0; k < ARRAY_LEN(others); k++) {
			type(&d, cases[i].keys);
			assert_int_equal(d.s.mode, TOPSTATE_CONFIRM);
			assert_int_equal(d.wish, TOPKEYS_NOTHING);
			press(&d, others[k]);
			assert_int_equal(d.wish, TOPKEYS_NOTHING);
			assert_int_equal(d.s.mode, TOPSTATE_LOOK);
			assert_string_equal(d.s.said, "left as it was");
		}
		type(&d, cases[i].keys);
		press(&d, 'y');
		assert_int_equal(d.wish, TOPKEYS_ORDER);
		assert_int_equal(d.s.order.kind, cases[i].kind);
		assert_string_equal(d.s.order.service, "psql");
		assert_string_equal(d.s.order.server, "n1");
		assert_string_equal(d.s.order.value, cases[i].value);
		topmodel_release(&d.m);
	}
}

static void a_session_is_ended_by_its_number(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, true);
	press(&d, '2');
	press(&d, TOPKEYS_END);
	press(&d, 'd');
	assert_contains(d.s.said, "choose a session first");
	press(&d, 'k');
	assert_int_equal(d.s.mode, TOPSTATE_CONFIRM);
	/* It ends by itself while the question stands there. */
	topmodel_take_sessions(&d.m, NULL, 0);
	press(&d, 'y');
	assert_int_equal(d.wish, TOPKEYS_NOTHING);
	assert_string_equal(d.s.said, "session 8 has ended");
	faketop_sessions(&d.m);
	press(&d, 'k');
	press(&d, 'Y');
	assert_int_equal(d.wish, TOPKEYS_ORDER);
	assert_int_equal(d.s.order.kind, TOPORDER_END);
	assert_int_equal(d.s.order.session, 8);
	topmodel_release(&d.m);
}

static void what_makes_no_sense_is_not_asked(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, true);
	press(&d, 'd');
	assert_contains(d.s.said, "choose a server first");
	press(&d, TOPKEYS_DOWN);
	type(&d, "w300\r");
	assert_int_equal(d.s.mode, TOPSTATE_LOOK);
	assert_contains(d.s.said, "\"300\" is not a weight");
	type(&d, "w3");
	press(&d, TOPKEYS_ESCAPE);
	assert_int_equal(d.s.mode, TOPSTATE_LOOK);
	topmodel_lose(&d.m, "gone", 5);
	press(&d, 'd');
	assert_int_equal(d.s.mode, TOPSTATE_LOOK);
	assert_contains(d.s.said, "there is no daemon to tell");
	topmodel_release(&d.m);
}

static void a_server_leads_to_its_sessions_and_events(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, false);
	press(&d, '\r');
	assert_int_equal(d.s.tab, TOPSTATE_SESSIONS);
	assert_string_equal(d.s.lists[TOPSTATE_SESSIONS].filter, "=psql");
	press(&d, '1');
	press(&d, TOPKEYS_DOWN);
	press(&d, '\r');
	assert_string_equal(d.s.lists[TOPSTATE_SESSIONS].filter, "=psql/n1");
	press(&d, '\r');
	assert_int_equal(d.s.mode, TOPSTATE_DETAIL);
	press(&d, 'x');
	assert_int_equal(d.s.mode, TOPSTATE_LOOK);
	press(&d, '1');
	press(&d, 'e');
	assert_int_equal(d.s.tab, TOPSTATE_EVENTS);
	assert_string_equal(d.s.lists[TOPSTATE_EVENTS].filter, "=psql/n1");
	topmodel_release(&d.m);
}

static void help_is_shown_until_a_key(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, true);
	press(&d, '?');
	assert_int_equal(d.s.mode, TOPSTATE_HELP);
	press(&d, TOPKEYS_DOWN);
	press(&d, TOPKEYS_DOWN);
	press(&d, TOPKEYS_UP);
	assert_int_equal(d.s.help_first, 1);
	for (int i = 0; i < 100; i++)
		press(&d, TOPKEYS_UP);
	assert_int_equal(d.s.help_first, 0);
	press(&d, 'q');
	assert_int_equal(d.wish, TOPKEYS_NOTHING);
	assert_int_equal(d.s.mode, TOPSTATE_LOOK);
	topmodel_release(&d.m);
}

static void pages_and_ends_move_the_choice(void **state)
{
	static const struct {
		unsigned int key;
		const char *chosen;
	} cases[] = {
		{ TOPKEYS_PAGE_DOWN, "dbconsole/n1" },
		{ TOPKEYS_UP, "dbconsole" },
		{ TOPKEYS_HOME, "psql" },
		{ TOPKEYS_UP, "psql" },
		{ TOPKEYS_END, "dbconsole/n1" },
		{ TOPKEYS_PAGE_UP, "psql" },
		{ TOPKEYS_DOWN, "psql/n1" },
		{ 0, "psql/n1" },
		{ 0x1ffff0, "psql/n1" },
	};
	struct desk d;

	(void)state;
	open_desk(&d, false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		press(&d, cases[i].key);
		assert_string_equal(d.s.lists[0].chosen, cases[i].chosen);
	}
	topmodel_release(&d.m);
}

static void clicks_choose_tabs_and_rows(void **state)
{
	struct topview_place place;
	struct topgrid g;
	struct desk d;

	(void)state;
	open_desk(&d, false);
	topgrid_init(&g, 24, 80, false);
	topview_draw(&g, &d.m, &d.s, 0, &place);
	topkeys_click(&d.s, &d.m, &place, place.list_top + 1, 5);
	assert_string_equal(d.s.lists[0].chosen, "psql/n1");
	topkeys_click(&d.s, &d.m, &place, place.list_top + 4, 5);
	assert_string_equal(d.s.lists[0].chosen, "psql/n2");
	topkeys_click(&d.s, &d.m, &place, 23, 5);
	topkeys_click(&d.s, &d.m, &place, place.list_top + 15, 5);
	assert_string_equal(d.s.lists[0].chosen, "psql/n2");
	topkeys_click(&d.s, &d.m, &place, place.tab_row, place.tab_from[2]);
	assert_int_equal(d.s.tab, TOPSTATE_EVENTS);
	press(&d, '?');
	topkeys_click(&d.s, &d.m, &place, place.tab_row, place.tab_from[1]);
	assert_int_equal(d.s.tab, TOPSTATE_EVENTS);
	topgrid_release(&g);
	topmodel_release(&d.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tabs_are_reached_by_number_and_in_turn),
		cmocka_unit_test(sorting_goes_through_the_columns),
		cmocka_unit_test(a_filter_is_typed_and_taken_back),
		cmocka_unit_test(nothing_is_changed_read_only),
		cmocka_unit_test(an_order_is_given_after_a_yes_only),
		cmocka_unit_test(a_session_is_ended_by_its_number),
		cmocka_unit_test(what_makes_no_sense_is_not_asked),
		cmocka_unit_test(a_server_leads_to_its_sessions_and_events),
		cmocka_unit_test(help_is_shown_until_a_key),
		cmocka_unit_test(pages_and_ends_move_the_choice),
		cmocka_unit_test(clicks_choose_tabs_and_rows),
	};

	return cmocka_run_group_tests(tests, faketop_locale, NULL);
}
