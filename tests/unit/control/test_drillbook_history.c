/* SPDX-License-Identifier: MIT */
/* WRAP: tick_ms tick_wall_ms */
#include "bookscene.h"

enum { SECOND = 1000, BIN_MS = 5000 };

/* The service "psql" of so many servers. */
static struct settings *many(size_t count)
{
	struct settings *s = settings_new();
	struct settings_service psql = settings_service_default();
	struct settings_server *servers = mem_arena_zalloc(&s->arena, count * sizeof(servers[0]));
	struct settings_target target = { .name = "n", .host = "127.0.0.1" };

	target.check = settings_check_default(SETTINGS_CHECK_NONE);
	for (size_t i = 0; i < count; i++) {
		servers[i] = settings_server_default();
		servers[i].name = mem_arena_printf(&s->arena, "n%zu", i + 1);
		servers[i].host = "127.0.0.1";
		servers[i].port = 26257;
		servers[i].weight = 1;
	}
	psql.name = "psql";
	psql.id = 2;
	psql.servers = servers;
	psql.server_count = count;
	s->targets = scene_copy(s, &target, sizeof(target));
	s->target_count = 1;
	s->services = scene_copy(s, &psql, sizeof(psql));
	s->service_count = 1;
	return s;
}

static int open_book(void **state)
{
	*state = bookscene_open(scene_settings(), 0);
	return 0;
}

static int open_large_book(void **state)
{
	*state = bookscene_open(many(300), 0);
	return 0;
}

/* Each second one connection to n1, and as many sessions as seconds went by. */
static void run(struct book *b, uint32_t seconds)
{
	for (uint32_t i = 0; i < seconds; i++) {
		counter_add(&b->n1->count, COUNTER_CONNECTED, 1);
		atomic_store(&b->n1->active, (uint32_t)((now_ms - BEGIN_MS) / SECOND + 1));
		for (int k = 0; k < SECOND / EVERY; k++)
			bookscene_pass(b, EVERY);
	}
}

static const struct drill_service *psql_of(const struct drill *d)
{
	for (size_t i = 0; i < d->service_count; i++)
		if (strcmp(d->services[i].name, "psql") == 0)
			return &d->services[i];
	fail_msg("no service psql");
	return NULL;
}

static const struct drill_server *find_server(const struct drill *d, const char *name)
{
	const struct drill_service *v = psql_of(d);

	for (size_t i = 0; i < v->server_count; i++)
		if (strcmp(v->servers[i].name, name) == 0)
			return &v->servers[i];
	return NULL;
}

/* "1 - 3": the counts of a curve. */
static void expect(const struct drill *d, const uint32_t *at, const char *want)
{
	AUTO_TEXT got = { 0 };

	assert_non_null(at);
	for (size_t i = 0; i < d->samples; i++)
		if (at[i] == DRILL_NO_COUNT)
			text_addf(&got, "%s-", i ? " " : "");
		else
			text_addf(&got, "%s%u", i ? " " : "", at[i]);
	assert_string_equal(text_str(&got), want);
}

/* --- curves ------------------------------------------------------------------------------- */

static void intervals_have_sums_and_what_there_was_at_their_end(void **state)
{
	struct book *b = *state;
	struct topology_service *psql = b->n1->service;
	const struct drill_server *n1;
	struct drill *d;

	run(b, 4);
	counter_add(&b->n1->count, COUNTER_CUT, 3);
	counter_add(&b->n2->count, COUNTER_CONNECTED, 2);
	atomic_fetch_add(&psql->ended[REASON_NO_SERVER], 6);
	bookscene_pass(b, EVERY);
	d = drillbook_history(b->book, 6 * SECOND, 3);
	assert_int_equal(d->every_ms, 2 * SECOND);
	assert_int_equal(d->samples, 3);
	assert_int_equal(d->samples_from_ms, WALL_MS + BEGIN_MS);
	assert_int_equal(d->to_ms, WALL_MS + BEGIN_MS + 4 * SECOND + EVERY);
	n1 = find_server(d, "n1");
	expect(d, n1->at[DRILL_SERIES_CONNECTED], "2 2 0");
	expect(d, n1->at[DRILL_SERIES_SESSIONS], "2 4 4");
	expect(d, n1->at[DRILL_SERIES_CUT], "0 0 3");
	assert_null(n1->at[DRILL_SERIES_FAILED]);
	assert_null(n1->at[DRILL_SERIES_HELD]);
	expect(d, psql_of(d)->at[DRILL_SERIES_CONNECTED], "2 2 2");
	expect(d, psql_of(d)->at[DRILL_SERIES_SESSIONS], "2 4 4");
	expect(d, psql_of(d)->at[DRILL_SERIES_CUT], "0 0 3");
	expect(d, psql_of(d)->at[DRILL_SERIES_FAILED], "0 0 6");
	drill_free(d);
}

static void nothing_is_known_of_the_time_before_the_beginning(void **state)
{
	struct book *b = *state;
	struct drill *d = drillbook_history(b->book, 3 * SECOND, 3);

	expect(d, find_server(d, "n1")->at[DRILL_SERIES_CONNECTED], "- - -");
	drill_free(d);
	run(b, 2);
	d = drillbook_history(b->book, 4 * SECOND, 4);
	assert_int_equal(d->samples_from_ms, WALL_MS + BEGIN_MS - 2 * SECOND);
	expect(d, find_server(d, "n1")->at[DRILL_SERIES_CONNECTED], "- - 1 1");
	drill_free(d);
}

static void intervals_stay_where_they_are(void **state)
{
	struct book *b = *state;
	int64_t before = 0;

	for (int i = 0; i < 24; i++) {
		struct drill *d = drillbook_history(b->book, 9 * SECOND, 3);
		int64_t from = d->samples_from_ms - WALL_MS - BEGIN_MS;

		assert_int_equal(from % (3 * SECOND), 0);
		assert_true(i == 0 || from == before || from == before + 3 * SECOND);
		before = from;
		drill_free(d);
		bookscene_pass(b, EVERY);
	}
}

static void the_length_and_the_points_choose_the_intervals(void **state)
{
	static const struct {
		uint32_t last_ms, points;
		uint32_t every_ms;
		size_t samples;
	} cases[] = {
		{ 900000, 180, 5000, 180 },    { 900000, 1, 900000, 1 },
		{ 1000, 100, 250, 4 },         { 1, 1, 250, 1 },
		{ 60000, 180, 500, 120 },      { 10000, 7, 1500, 7 },
		{ 1800000, 1800, 1000, 1800 },
	};
	struct book *b = *state;

	run(b, 20);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct drill *d = drillbook_history(b->book, cases[i].last_ms, cases[i].points);

		assert_int_equal(d->every_ms, cases[i].every_ms);
		assert_int_equal(d->samples, cases[i].samples);
		drill_free(d);
	}
}

/* --- further back than the samples reach -------------------------------------------------- */

static void sums_reach_half_an_hour_back(void **state)
{
	struct book *b = *state;
	struct drill *d;
	const struct drill_server *n1;

	run(b, 1900);
	d = drillbook_history(b->book, DRILLBOOK_LONGEST_MS, 360);
	assert_int_equal(d->every_ms, BIN_MS);
	assert_int_equal(d->samples, 360);
	assert_int_equal(d->samples_from_ms, WALL_MS + BEGIN_MS + 100 * SECOND);
	n1 = find_server(d, "n1");
	for (size_t i = 0; i < d->samples; i++) {
		assert_int_equal(n1->at[DRILL_SERIES_CONNECTED][i], 5);
		assert_int_equal(n1->at[DRILL_SERIES_SESSIONS][i], 100 + 5 * (i + 1));
		assert_int_equal(n1->at[DRILL_SERIES_CUT][i], 0);
		assert_int_equal(psql_of(d)->at[DRILL_SERIES_CONNECTED][i], 5);
		assert_int_equal(psql_of(d)->at[DRILL_SERIES_FAILED][i], 0);
	}
	drill_free(d);
	/* The last interval is not over yet. */
	run(b, 3);
	d = drillbook_history(b->book, DRILLBOOK_LONGEST_MS, 180);
	assert_int_equal(d->every_ms, 2 * BIN_MS);
	n1 = find_server(d, "n1");
	assert_int_equal(n1->at[DRILL_SERIES_CONNECTED][178], 10);
	assert_int_equal(n1->at[DRILL_SERIES_CONNECTED][179], 3);
	assert_int_equal(n1->at[DRILL_SERIES_SESSIONS][179], 1903);
	drill_free(d);
}

/* The samples of 300 servers reach 107 s back. */
static void of_a_long_sleep_nothing_is_known(void **state)
{
	static const struct {
		uint32_t times, count;
	} want[] = { { 18, DRILL_NO_COUNT }, /* before the beginning */
		     { 60, 5 },
		     { 18, DRILL_NO_COUNT },
		     { 22, 0 }, /* what fits is taken for a time in which nothing happened */
		     { 2, 5 } };
	struct book *b = *state;
	struct drill *d;
	const uint32_t *at;

	run(b, 300);
	bookscene_pass(b, 200 * (int64_t)SECOND);
	run(b, 10);
	d = drillbook_history(b->book, 600 * SECOND, 120);
	assert_int_equal(d->every_ms, BIN_MS);
	at = find_server(d, "n1")->at[DRILL_SERIES_CONNECTED];
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		for (uint32_t k = 0; k < want[i].times; k++)
			assert_int_equal(*at++, want[i].count);
	drill_free(d);
	/* So short a time is known in detail. */
	d = drillbook_history(b->book, 60 * SECOND, 60);
	assert_int_equal(d->every_ms, SECOND);
	drill_free(d);
}

/* --- servers that come and go ------------------------------------------------------------- */

static void a_server_that_went_has_nothing_since(void **state)
{
	struct book *b = *state;
	struct topology_service *psql = b->n1->service;
	size_t count = psql->server_count;
	struct drill *d;

	atomic_store(&b->n2->active, 4);
	run(b, 2);
	assert_ptr_equal(psql->servers[1], b->n2);
	psql->servers[1] = psql->servers[count - 1];
	psql->server_count--;
	run(b, 2);
	d = drillbook_history(b->book, 4 * SECOND, 4);
	expect(d, find_server(d, "n2")->at[DRILL_SERIES_SESSIONS], "4 4 - -");
	drill_free(d);
	d = drillbook_history(b->book, 2 * SECOND, 2);
	assert_null(find_server(d, "n2"));
	drill_free(d);
	psql->servers[1] = b->n2;
	psql->server_count = count;
	run(b, 1);
	d = drillbook_history(b->book, 3 * SECOND, 3);
	assert_non_null(find_server(d, "n2"));
	drill_free(d);
}

static void a_server_that_came_had_nothing_before(void **state)
{
	struct book *b = *state;
	struct topology_service *psql = b->n1->service;
	struct topology_server *n3 = psql->servers[2];
	struct drill *d;

	drillbook_free(b->book);
	psql->server_count = 2;
	b->book = drillbook_new(b->topology);
	run(b, 2);
	psql->server_count = 3;
	atomic_store(&n3->active, 8);
	run(b, 2);
	d = drillbook_history(b->book, 4 * SECOND, 4);
	expect(d, find_server(d, "n3")->at[DRILL_SERIES_SESSIONS], "- - 8 8");
	drill_free(d);
}

/* --- states and marks --------------------------------------------------------------------- */

static void turn(struct book *b, struct topology_server *s, enum state_health from,
                 enum state_health to)
{
	struct journal_event e = { .kind = JOURNAL_SERVER,
		                   .ms = now_ms,
		                   .cause = JOURNAL_BY_COMMAND,
		                   .service = "psql",
		                   .before = { .health = from },
		                   .after = { .health = to },
		                   .text = "why" };

	snprintf(e.server, sizeof(e.server), "%s", s->settings->name);
	topology_set_state(s, e.after);
	drillbook_event(b->book, &e);
}

static void changes_and_marks_of_the_span_are_told(void **state)
{
	struct book *b = *state;
	struct journal_event mark = { .kind = JOURNAL_MARK, .text = "kill -9" };
	struct drill *d;

	run(b, 1);
	turn(b, b->n1, STATE_UP, STATE_DOWN);
	run(b, 4);
	turn(b, b->n1, STATE_DOWN, STATE_UP);
	turn(b, b->n2, STATE_UP, STATE_NOLB);
	mark.ms = now_ms;
	drillbook_event(b->book, &mark);
	run(b, 1);
	d = drillbook_history(b->book, 3 * SECOND, 3);
	assert_int_equal(find_server(d, "n1")->first, DRILL_DOWN);
	assert_int_equal(find_server(d, "n2")->first, DRILL_UP);
	assert_int_equal(find_server(d, "n3")->first, DRILL_UP);
	assert_int_equal(d->event_count, 3);
	assert_int_equal(d->events[0].state, DRILL_UP);
	assert_int_equal(d->events[0].wall_ms, WALL_MS + BEGIN_MS + 5 * SECOND);
	assert_string_equal(d->services[d->events[1].service].servers[d->events[1].server].name,
	                    "n2");
	assert_int_equal(d->events[1].state, DRILL_NOLB);
	assert_int_equal(d->events[2].kind, DRILL_MARK);
	assert_string_equal(d->events[2].text, "kill -9");
	drill_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_book, bookscene_close)
		TEST(intervals_have_sums_and_what_there_was_at_their_end),
		TEST(nothing_is_known_of_the_time_before_the_beginning),
		TEST(intervals_stay_where_they_are),
		TEST(the_length_and_the_points_choose_the_intervals),
		TEST(sums_reach_half_an_hour_back),
		cmocka_unit_test_setup_teardown(of_a_long_sleep_nothing_is_known, open_large_book,
		                                bookscene_close),
		TEST(a_server_that_went_has_nothing_since),
		TEST(a_server_that_came_had_nothing_before),
		TEST(changes_and_marks_of_the_span_are_told),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
