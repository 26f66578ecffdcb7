/* SPDX-License-Identifier: MIT */
/* WRAP: tick_ms tick_wall_ms */
#include "bookscene.h"

static int open_book(void **state)
{
	*state = bookscene_open(scene_settings(), 100);
	return 0;
}

static const struct drill_service *service_of(const struct drill *d, const char *name)
{
	for (size_t i = 0; i < d->service_count; i++)
		if (strcmp(d->services[i].name, name) == 0)
			return &d->services[i];
	fail_msg("no service %s", name);
	return NULL;
}

static const struct drill_server *server_of(const struct drill *d, const char *service,
                                            const char *name)
{
	const struct drill_service *v = service_of(d, service);

	for (size_t i = 0; i < v->server_count; i++)
		if (strcmp(v->servers[i].name, name) == 0)
			return &v->servers[i];
	return NULL;
}

/* "1 2 3": the counts of a series. */
static void expect(const struct drill *d, const uint32_t *at, const char *want)
{
	AUTO_TEXT got = { 0 };

	assert_non_null(at);
	for (size_t i = 0; i < d->samples; i++)
		text_addf(&got, "%s%u", i ? " " : "", at[i]);
	assert_string_equal(text_str(&got), want);
}

static struct drill *whole(const struct book *b)
{
	return drillbook_record(b->book, "", BEGIN_MS, 0);
}

/* --- samples ------------------------------------------------------------------------------ */

static void counters_are_given_as_differences_and_gauges_as_they_are(void **state)
{
	struct book *b = *state;
	struct drill *d;

	atomic_store(&b->n1->active, 3);
	atomic_store(&b->psql->held, 2);
	counter_add(&b->n1->count, COUNTER_CONNECTED, 5);
	counter_add(&b->n1->count, COUNTER_CUT, 1);
	bookscene_pass(b, EVERY);
	atomic_store(&b->n1->active, 2);
	atomic_store(&b->n2->active, 4);
	counter_add(&b->n1->count, COUNTER_SERVER_ABORTS, 2);
	counter_add(&b->n1->count, COUNTER_ASKED, 3);
	counter_add(&b->n2->count, COUNTER_CONNECTED, 7);
	counter_add(&b->n2->count, COUNTER_REDISPATCHES, 1);
	counter_add(&b->n2->count, COUNTER_REPLAYED, 1);
	drillbook_connect_failed(b->book, b->n2);
	atomic_fetch_add(&b->psql->ended[REASON_NO_SERVER], 6);
	bookscene_pass(b, EVERY);
	d = whole(b);
	assert_int_equal(d->samples, 2);
	assert_int_equal(d->every_ms, EVERY);
	assert_int_equal(d->samples_from_ms, WALL_MS + BEGIN_MS);
	expect(d, server_of(d, "psql", "n1")->at[DRILL_SERIES_SESSIONS], "3 2");
	expect(d, server_of(d, "psql", "n1")->at[DRILL_SERIES_CONNECTED], "5 0");
	expect(d, server_of(d, "psql", "n1")->at[DRILL_SERIES_CUT], "1 2");
	expect(d, server_of(d, "psql", "n1")->at[DRILL_SERIES_ASKED], "0 3");
	expect(d, server_of(d, "psql", "n2")->at[DRILL_SERIES_MOVED], "0 2");
	expect(d, server_of(d, "psql", "n2")->at[DRILL_SERIES_FAILED], "0 1");
	assert_null(server_of(d, "psql", "n1")->at[DRILL_SERIES_GAP]);
	assert_null(server_of(d, "psql", "n1")->at[DRILL_SERIES_HELD]);
	expect(d, service_of(d, "psql")->at[DRILL_SERIES_SESSIONS], "3 6");
	expect(d, service_of(d, "psql")->at[DRILL_SERIES_CONNECTED], "5 7");
	expect(d, service_of(d, "psql")->at[DRILL_SERIES_FAILED], "0 6");
	expect(d, service_of(d, "psql")->at[DRILL_SERIES_HELD], "2 2");
	expect(d, service_of(d, "be")->at[DRILL_SERIES_CONNECTED], "0 0");
	drill_free(d);
}

static void a_counter_that_went_back_gives_nothing_once(void **state)
{
	struct book *b = *state;
	struct drill *d;

	atomic_store(&b->n1->count.at[COUNTER_CONNECTED], 10);
	bookscene_pass(b, EVERY);
	counter_add(&b->n1->count, COUNTER_CONNECTED, 4);
	bookscene_pass(b, EVERY);
	d = whole(b);
	expect(d, server_of(d, "psql", "n1")->at[DRILL_SERIES_CONNECTED], "0 4");
	drill_free(d);
}

static void a_loop_that_was_late_repeats_gauges_only(void **state)
{
	struct book *b = *state;
	struct drill *d;

	atomic_store(&b->n1->active, 3);
	counter_add(&b->n1->count, COUNTER_CONNECTED, 5);
	bookscene_pass(b, EVERY);
	counter_add(&b->n1->count, COUNTER_CONNECTED, 9);
	atomic_store(&b->n1->active, 1);
	bookscene_pass(b, 3 * EVERY);
	bookscene_pass(b, EVERY - 1);
	d = whole(b);
	expect(d, server_of(d, "psql", "n1")->at[DRILL_SERIES_SESSIONS], "3 3 3 1");
	expect(d, server_of(d, "psql", "n1")->at[DRILL_SERIES_CONNECTED], "5 0 0 9");
	drill_free(d);
}

static void the_longest_gap_is_that_of_the_workers_or_the_one_that_lasts(void **state)
{
	struct book *b = *state;
	struct drill *d;

	atomic_store(&b->psql->connected_ms, now_ms + EVERY - 10);
	atomic_store(&b->psql->gap_max_ms, 70);
	bookscene_pass(b, EVERY);
	bookscene_pass(b, EVERY);
	d = whole(b);
	expect(d, service_of(d, "psql")->at[DRILL_SERIES_GAP], "70 260");
	drill_free(d);
}

/* --- spans -------------------------------------------------------------------------------- */

static void a_span_has_the_intervals_that_touch_it(void **state)
{
	struct book *b = *state;
	static const struct {
		int64_t from, to; /* after the beginning; to 0: until now */
		const char *sessions;
		int64_t first, record_to;
		bool truncated;
	} cases[] = {
		{ 0, 0, "1 2 3 4 5 6 7 8", 0, 8 * EVERY, false },
		{ 2 * EVERY, 4 * EVERY, "3 4", 2 * EVERY, 4 * EVERY, false },
		{ 2 * EVERY + 1, 4 * EVERY + 1, "3 4 5", 2 * EVERY, 4 * EVERY + 1, false },
		{ 7 * EVERY, 99 * EVERY, "8", 7 * EVERY, 8 * EVERY, false },
		/* It began with the daemon: nothing was forgotten. */
		{ -1, EVERY, "1", 0, EVERY, false },
		{ 4 * EVERY, 3 * EVERY, "", 4 * EVERY, 4 * EVERY, false },
		{ 8 * EVERY, 0, "", 8 * EVERY, 8 * EVERY, false },
	};

	for (unsigned int i = 1; i <= 8; i++) {
		atomic_store(&b->n1->active, i);
		bookscene_pass(b, EVERY);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct drill *d = drillbook_record(b->book, "x", BEGIN_MS + cases[i].from,
		                                   cases[i].to ? BEGIN_MS + cases[i].to : 0);

		assert_string_equal(d->name, "x");
		assert_int_equal(d->samples_from_ms - WALL_MS - BEGIN_MS, cases[i].first);
		assert_int_equal(d->to_ms - WALL_MS - BEGIN_MS, cases[i].record_to);
		assert_int_equal(d->truncated, cases[i].truncated);
		if (d->samples)
			expect(d, server_of(d, "psql", "n1")->at[DRILL_SERIES_SESSIONS],
			       cases[i].sessions);
		else
			assert_string_equal(cases[i].sessions, "");
		drill_free(d);
	}
}

static void a_span_says_what_it_began_with(void **state)
{
	struct book *b = *state;
	static const struct {
		int64_t from;
		int64_t began_with;
	} cases[] = { { 0, -1 }, { 1, -1 }, { EVERY, 7 }, { EVERY + 1, 7 }, { 2 * EVERY, 9 } };

	for (unsigned int i = 0; i < 3; i++) {
		atomic_store(&b->n1->active, 7 + 2 * i);
		bookscene_pass(b, EVERY);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct drill *d = drillbook_record(b->book, "", BEGIN_MS + cases[i].from, 0);

		assert_int_equal(server_of(d, "psql", "n1")->began_with, cases[i].began_with);
		drill_free(d);
	}
}

/* The two clocks are not read at once, so their distance is a millisecond off now and then. */
static void two_records_of_a_span_have_the_same_times(void **state)
{
	static const struct {
		int64_t step, offset;
	} cases[] = { { 1, 0 }, { -1, 0 }, { 2, 0 }, { 3600000, 3600000 }, { 3600001, 3600000 } };
	struct book *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct drill *d;

		wall_step_ms = cases[i].step;
		bookscene_pass(b, EVERY);
		d = whole(b);
		assert_int_equal(d->from_ms, WALL_MS + BEGIN_MS + cases[i].offset);
		assert_int_equal(drillbook_offset_ms(b->book), WALL_MS + cases[i].offset);
		drill_free(d);
	}
}

static void what_is_older_than_the_rings_is_truncated(void **state)
{
	struct book *b = *state;
	struct drill *d;

	bookscene_pass(b, EVERY);
	bookscene_pass(b, 2 * (int64_t)DRILLBOOK_LONGEST_MS);
	d = whole(b);
	assert_true(d->truncated);
	assert_true(d->samples > 64 && d->samples <= DRILLBOOK_LONGEST_MS / EVERY);
	drill_free(d);
	d = drillbook_record(b->book, "", now_ms - 10 * EVERY, 0);
	assert_false(d->truncated);
	drill_free(d);
}

/* --- events ------------------------------------------------------------------------------- */

static struct journal_event event(enum journal_kind kind, const char *server)
{
	struct journal_event e = { .kind = kind, .ms = now_ms, .cause = JOURNAL_BY_CHECK };

	snprintf(e.service, sizeof(e.service), "psql");
	snprintf(e.server, sizeof(e.server), "%s", server);
	snprintf(e.text, sizeof(e.text), "why");
	return e;
}

static void turn(struct book *b, struct topology_server *s, enum state_health from,
                 enum state_health to, enum probe_code code)
{
	struct journal_event e = event(JOURNAL_SERVER, s->settings->name);

	e.before.health = from;
	e.after.health = to;
	e.check.code = code;
	e.sessions = 5;
	topology_set_state(s, e.after);
	drillbook_event(b->book, &e);
}

static void check(struct book *b, const char *server, enum probe_code code)
{
	struct journal_event e = event(JOURNAL_CHECK, server);

	e.check.code = code;
	drillbook_event(b->book, &e);
}

/* "check- down check+ up ": the events of a record. */
static void expect_events(const struct drill *d, const char *want)
{
	AUTO_TEXT got = { 0 };

	for (size_t i = 0; i < d->event_count; i++) {
		const struct drill_event *e = &d->events[i];
		bool of_state = e->kind == DRILL_STATE;

		text_addf(&got, "%s%s ",
		          of_state ? drill_state_key(e->state) : drill_kind_key(e->kind),
		          of_state || e->kind == DRILL_MARK ? ""
		          : e->good                         ? "+"
		                                            : "-");
	}
	assert_string_equal(text_str(&got), want);
}

static void only_the_first_check_of_its_kind_is_noted(void **state)
{
	struct book *b = *state;
	struct drill *d;

	check(b, "n1", PROBE_L7OK);
	check(b, "n1", PROBE_L4CON);
	check(b, "n1", PROBE_L4CON);
	check(b, "n1", PROBE_L7OK);
	check(b, "n1", PROBE_L4CON);
	turn(b, b->n1, STATE_UP, STATE_DOWN, PROBE_L4CON);
	check(b, "n1", PROBE_L7OK);
	check(b, "n1", PROBE_L7OK);
	turn(b, b->n1, STATE_DOWN, STATE_UP, PROBE_L7OK);
	check(b, "n1", PROBE_L7OK);
	d = whole(b);
	expect_events(d, "check- check+ check- down check+ up ");
	assert_int_equal(d->events[3].sessions, 5);
	assert_int_equal(d->events[3].wall_ms, WALL_MS + BEGIN_MS);
	assert_string_equal(d->services[d->events[3].service].name, "psql");
	drill_free(d);
}

static void a_server_that_one_check_takes_down_has_that_check(void **state)
{
	struct book *b = *state;
	struct drill *d;

	turn(b, b->n1, STATE_UP, STATE_DOWN, PROBE_L4TOUT);
	d = whole(b);
	expect_events(d, "check- down ");
	drill_free(d);
}

static void agents_and_processes_are_not_noted(void **state)
{
	struct book *b = *state;
	struct journal_event e = event(JOURNAL_CHECK, "n1");
	struct drill *d;

	e.agent_check = true;
	e.check.code = PROBE_L7STS;
	drillbook_event(b->book, &e);
	e = event(JOURNAL_PROCESS, "");
	drillbook_event(b->book, &e);
	d = whole(b);
	expect_events(d, "");
	drill_free(d);
}

static void other_events_belong_to_what_they_name(void **state)
{
	struct book *b = *state;
	struct journal_event mark = { .kind = JOURNAL_MARK, .ms = now_ms, .text = "kill -9" };
	struct journal_event fault = event(JOURNAL_FAULT, "n1");
	struct journal_event down = event(JOURNAL_SERVICE_DOWN, "");
	struct journal_event up = event(JOURNAL_SERVICE_UP, "");
	struct drill *d;

	fault.begins = true;
	drillbook_event(b->book, &mark);
	drillbook_event(b->book, &fault);
	drillbook_event(b->book, &down);
	drillbook_event(b->book, &up);
	fault.begins = false;
	drillbook_event(b->book, &fault);
	d = whole(b);
	expect_events(d, "mark fault- service- service+ fault+ ");
	assert_int_equal(d->events[0].service, SIZE_MAX);
	assert_string_equal(d->events[0].text, "kill -9");
	assert_string_equal(d->services[d->events[1].service].servers[d->events[1].server].name,
	                    "n1");
	assert_int_equal(d->events[2].server, SIZE_MAX);
	drill_free(d);
}

static void the_first_state_is_that_of_the_spans_beginning(void **state)
{
	struct book *b = *state;
	struct drill *d;

	bookscene_pass(b, EVERY);
	turn(b, b->n1, STATE_UP, STATE_DOWN, PROBE_L4CON);
	bookscene_pass(b, EVERY);
	turn(b, b->n1, STATE_DOWN, STATE_UP, PROBE_L7OK);
	bookscene_pass(b, EVERY);
	d = whole(b);
	assert_int_equal(server_of(d, "psql", "n1")->first, DRILL_UP);
	drill_free(d);
	d = drillbook_record(b->book, "", BEGIN_MS + EVERY + 1, 0);
	assert_int_equal(server_of(d, "psql", "n1")->first, DRILL_DOWN);
	expect_events(d, "up ");
	drill_free(d);
	d = drillbook_record(b->book, "", BEGIN_MS + 2 * EVERY + 1, 0);
	assert_int_equal(server_of(d, "psql", "n1")->first, DRILL_UP);
	expect_events(d, "");
	drill_free(d);
}

static void events_that_were_forgotten_truncate_a_record(void **state)
{
	struct book *b = *state;
	struct drill *d;

	for (int i = 0; i < 5000; i++) {
		struct journal_event mark = { .kind = JOURNAL_MARK, .ms = ++now_ms };

		drillbook_event(b->book, &mark);
	}
	drillbook_sample(b->book);
	d = whole(b);
	assert_true(d->truncated);
	assert_int_equal(d->event_count, 4096);
	drill_free(d);
	d = drillbook_record(b->book, "", now_ms - 100, 0);
	assert_false(d->truncated);
	assert_int_equal(d->event_count, 101);
	drill_free(d);
}

/* --- rows --------------------------------------------------------------------------------- */

static void a_server_that_has_gone_is_left_out_of_later_spans(void **state)
{
	struct book *b = *state;
	struct drill *d;

	atomic_store(&b->n1->active, 3);
	bookscene_pass(b, EVERY);
	b->psql->server_count--; /* n3, the last one */
	bookscene_pass(b, EVERY);
	bookscene_pass(b, 3 * EVERY);
	d = whole(b);
	assert_non_null(server_of(d, "psql", "n3"));
	drill_free(d);
	d = drillbook_record(b->book, "", BEGIN_MS + 2 * EVERY, 0);
	assert_null(server_of(d, "psql", "n3"));
	assert_non_null(server_of(d, "psql", "n1"));
	drill_free(d);
	b->psql->server_count++;
	bookscene_pass(b, EVERY);
	d = drillbook_record(b->book, "", BEGIN_MS + 2 * EVERY, 0);
	expect(d, server_of(d, "psql", "n3")->at[DRILL_SERIES_SESSIONS], "0 0 0 0");
	drill_free(d);
}

static void a_row_that_another_server_has_got_keeps_no_notes(void **state)
{
	struct book *b = *state;
	struct topology_server *n3 = topology_find_server(b->topology, "psql/n3");
	struct journal_event e;
	struct drill *d;

	turn(b, n3, STATE_UP, STATE_DOWN, PROBE_L4CON);
	bookscene_pass(b, EVERY);
	b->psql->server_count--;
	for (int64_t i = 0; i < DRILLBOOK_LONGEST_MS / EVERY + 2; i++)
		bookscene_pass(b, EVERY);
	e = event(JOURNAL_CHECK, "n4");
	e.check.code = PROBE_L4CON;
	drillbook_event(b->book, &e);
	d = whole(b);
	assert_null(server_of(d, "psql", "n3"));
	assert_non_null(server_of(d, "psql", "n4"));
	expect_events(d, "check- ");
	drill_free(d);
	b->psql->server_count++;
}

/* --- drills ------------------------------------------------------------------------------- */

static void names_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char *name, *error;
	} cases[] = {
		{ "", "cannot be the name" },
		{ "a b", "cannot be the name" },
		{ "a/b", "cannot be the name" },
		{ "..", "cannot be the name" },
		{ "-x", "cannot be the name" },
		{ "\xc3\xa4", "cannot be the name" },
		{ "1234567890123456789012345678901234567890123456789012345678901234",
		  "use 1 to 63 letters" },
		{ "last", "choose another name" },
		{ "there", "there is a drill \"there\" already" },
	};
	struct book *b = *state;
	struct error err;

	assert_true(drillbook_start(b->book, "there", &err));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_false(drillbook_start(b->book, cases[i].name, &err));
		if (!strstr(err.text, cases[i].error))
			fail_msg("\"%s\": %s", cases[i].name, err.text);
	}
	assert_int_equal(drillbook_at(b->book, 0)->to_ms, 0);
	assert_true(drillbook_start(
	    b->book, "123456789012345678901234567890123456789012345678901234567890-_.", &err));
}

static void a_drill_that_begins_ends_the_one_that_runs(void **state)
{
	struct book *b = *state;
	struct error err;

	assert_null(drillbook_stop(b->book));
	assert_true(drillbook_start(b->book, "a", &err));
	now_ms += 700;
	assert_true(drillbook_start(b->book, "b", &err));
	now_ms += 300;
	assert_int_equal(drillbook_count(b->book), 2);
	assert_int_equal(drillbook_find(b->book, "a")->to_ms, BEGIN_MS + 700);
	assert_int_equal(drillbook_find(b->book, "b")->from_ms, BEGIN_MS + 700);
	assert_int_equal(drillbook_find(b->book, "b")->to_ms, 0);
	assert_string_equal(drillbook_stop(b->book)->name, "b");
	assert_null(drillbook_stop(b->book));
	assert_null(drillbook_find(b->book, "c"));
}

static void the_oldest_drill_is_forgotten(void **state)
{
	struct book *b = *state;
	struct error err;
	char name[16];

	for (int i = 0; i < DRILLBOOK_DRILLS + 2; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		assert_true(drillbook_start(b->book, name, &err));
		now_ms++;
	}
	assert_int_equal(drillbook_count(b->book), DRILLBOOK_DRILLS);
	assert_string_equal(drillbook_at(b->book, 0)->name, "d2");
	assert_true(drillbook_start(b->book, "d0", &err));
}

#define BOOK_TEST(f) cmocka_unit_test_setup_teardown(f, open_book, bookscene_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(counters_are_given_as_differences_and_gauges_as_they_are),
		BOOK_TEST(a_counter_that_went_back_gives_nothing_once),
		BOOK_TEST(a_loop_that_was_late_repeats_gauges_only),
		BOOK_TEST(the_longest_gap_is_that_of_the_workers_or_the_one_that_lasts),
		BOOK_TEST(a_span_has_the_intervals_that_touch_it),
		BOOK_TEST(a_span_says_what_it_began_with),
		BOOK_TEST(two_records_of_a_span_have_the_same_times),
		BOOK_TEST(what_is_older_than_the_rings_is_truncated),
		BOOK_TEST(only_the_first_check_of_its_kind_is_noted),
		BOOK_TEST(a_server_that_one_check_takes_down_has_that_check),
		BOOK_TEST(agents_and_processes_are_not_noted),
		BOOK_TEST(other_events_belong_to_what_they_name),
		BOOK_TEST(the_first_state_is_that_of_the_spans_beginning),
		BOOK_TEST(events_that_were_forgotten_truncate_a_record),
		BOOK_TEST(a_server_that_has_gone_is_left_out_of_later_spans),
		BOOK_TEST(a_row_that_another_server_has_got_keeps_no_notes),
		BOOK_TEST(names_that_cannot_be_are_refused),
		BOOK_TEST(a_drill_that_begins_ends_the_one_that_runs),
		BOOK_TEST(the_oldest_drill_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
