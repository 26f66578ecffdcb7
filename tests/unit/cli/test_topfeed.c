/* SPDX-License-Identifier: MIT */
#include "cli/topfeed.h"

#include "fakestatus.h"
#include "faketopdaemon.h"
#include "report/eventjson.h"

#define PROMPT "\n> "

struct kitchen {
	struct faketopdaemon d;
	struct topfeed f;
	struct topmodel m;
	struct topstate s;
	char *status;
	struct text event;
};

static void open_kitchen(struct kitchen *k)
{
	struct journal_event e = {
		.seq = 7, .wall_ms = 1795223521000, .kind = JOURNAL_MARK, .text = "a note"
	};

	memset(k, 0, sizeof(*k));
	faketopdaemon_open(&k->d);
	topfeed_init(&k->f, k->d.path, 1000);
	k->status = fakestatus_make((struct state){ .health = STATE_UP, .counter = 4 }, 12, "");
	eventjson_write(&e, &k->event);
	text_addc(&k->event, '\n');
}

static void close_kitchen(struct kitchen *k)
{
	topfeed_release(&k->f);
	topmodel_release(&k->m);
	faketopdaemon_close(&k->d);
	text_release(&k->event);
	free(k->status);
}

static bool step(struct kitchen *k, int64_t now_ms)
{
	return topfeed_step(&k->f, &k->m, &k->s, now_ms);
}

/* The daemon is asked exactly this, and answers. */
static void expect(struct kitchen *k, const char *asked, const char *answer, int64_t now_ms)
{
	AUTO_TEXT line = { 0 };

	text_addf(&line, "%s\n", asked);
	assert_string_equal(faketopdaemon_hear(&k->d), text_str(&line));
	faketopdaemon_say(&k->d, answer);
	faketopdaemon_say(&k->d, PROMPT);
	assert_true(step(k, now_ms));
}

/* Up to the end of the first round of questions. */
static void begin(struct kitchen *k, int64_t now_ms)
{
	assert_false(step(k, now_ms));
	assert_int_equal(k->m.link, TOPMODEL_CONNECTING);
	assert_string_equal(faketopdaemon_hear(&k->d), "prompt\nshow status json\n");
	faketopdaemon_say(&k->d, PROMPT);
	faketopdaemon_say(&k->d, k->status);
	faketopdaemon_say(&k->d, PROMPT);
	assert_true(step(k, now_ms));
	assert_int_equal(k->m.link, TOPMODEL_LIVE);
	expect(k, "show events json since 1", text_str(&k->event), now_ms);
	assert_int_equal(k->m.event_count, 1);
	assert_false(toplink_is_busy(&k->f.link));
}

static void a_round_has_the_status_and_what_is_new(void **state)
{
	struct kitchen k;

	(void)state;
	open_kitchen(&k);
	begin(&k, 1000);
	assert_int_equal(topfeed_wait_ms(&k.f, 1200), 800);
	assert_false(step(&k, 1999));
	assert_false(step(&k, 2000));
	expect(&k, "show status json", k.status, 2010);
	expect(&k, "show events json since 8", "", 2020);
	assert_int_equal(k.m.event_count, 1);
	close_kitchen(&k);
}

static void sessions_are_asked_for_while_they_are_shown(void **state)
{
	struct kitchen k;

	(void)state;
	open_kitchen(&k);
	begin(&k, 1000);
	k.s.tab = TOPSTATE_SESSIONS;
	/* At once, and not only after the interval. */
	assert_false(step(&k, 1100));
	expect(&k, "show status json", k.status, 1100);
	expect(&k, "show events json since 8", "", 1100);
	expect(&k, "show sess json", "{\"sessions\":[\n]}\n", 1100);
	assert_true(k.m.sessions_known);
	assert_false(step(&k, 2100));
	expect(&k, "show status json", k.status, 2100);
	expect(&k, "show events json since 8", "", 2100);
	expect(&k, "show sess json", "Permission denied\n", 2100);
	assert_false(k.m.sessions_known);
	assert_string_equal(k.m.sessions_refused, "the daemon answered: Permission denied");
	assert_int_equal(k.m.link, TOPMODEL_LIVE);
	close_kitchen(&k);
}

static void an_order_goes_first_and_its_answer_is_said(void **state)
{
	struct toporder o = { .kind = TOPORDER_DRAIN, .service = "psql", .server = "n1" };
	struct kitchen k;

	(void)state;
	open_kitchen(&k);
	begin(&k, 1000);
	topfeed_order(&k.f, &o);
	assert_false(step(&k, 1100));
	expect(&k, "set server psql/n1 state drain", "", 1100);
	assert_string_equal(k.s.said, "psql/n1 drains");
	assert_false(k.s.said_bad);
	/* What came of it is looked at, at once. */
	expect(&k, "show status json", k.status, 1100);
	expect(&k, "show events json since 8", "", 1100);
	topfeed_order(&k.f, &o);
	assert_false(step(&k, 1200));
	expect(&k, "set server psql/n1 state drain", "Permission denied\n", 1200);
	assert_string_equal(k.s.said, "the daemon answered: Permission denied");
	assert_true(k.s.said_bad);
	close_kitchen(&k);
}

static void a_daemon_that_goes_is_lost_until_it_is_back(void **state)
{
	struct kitchen k;

	(void)state;
	open_kitchen(&k);
	begin(&k, 1000);
	faketopdaemon_hang_up(&k.d);
	close(k.d.listen_fd);
	k.d.listen_fd = -1;
	assert_true(step(&k, 1100));
	assert_int_equal(k.m.link, TOPMODEL_LOST);
	assert_contains(k.m.why, "no daemon: nothing listens on ");
	assert_non_null(k.m.status);
	assert_int_equal(topfeed_wait_ms(&k.f, 1100), TOPFEED_RETRY_MS);
	assert_false(step(&k, 1200));
	assert_true(step(&k, 1100 + TOPFEED_RETRY_MS));
	assert_int_equal(k.m.lost_ms, 1100);
	unlink(k.d.path);
	rmdir(k.d.dir);
	faketopdaemon_open(&k.d);
	k.f.link.path = k.d.path;
	assert_false(step(&k, 3000));
	assert_string_equal(faketopdaemon_hear(&k.d), "prompt\nshow status json\n");
	faketopdaemon_say(&k.d, PROMPT);
	faketopdaemon_say(&k.d, k.status);
	faketopdaemon_say(&k.d, PROMPT);
	assert_true(step(&k, 3000));
	assert_int_equal(k.m.link, TOPMODEL_LIVE);
	expect(&k, "show events json since 8", "", 3000);
	close_kitchen(&k);
}

static void an_order_without_an_answer_is_told_as_such(void **state)
{
	struct toporder o = { .kind = TOPORDER_DRAIN, .service = "psql", .server = "n1" };
	struct kitchen k;

	(void)state;
	open_kitchen(&k);
	begin(&k, 1000);
	topfeed_order(&k.f, &o);
	assert_false(step(&k, 1100));
	faketopdaemon_hear(&k.d);
	faketopdaemon_hang_up(&k.d);
	assert_true(step(&k, 1200));
	assert_contains(k.s.said, "no answer: whether that was done");
	assert_int_equal(k.m.link, TOPMODEL_LOST);
	close(k.d.listen_fd);
	k.d.listen_fd = -1;
	k.s.said[0] = '\0';
	topfeed_order(&k.f, &o);
	assert_true(step(&k, 1210));
	assert_contains(k.s.said, "not done: there is no daemon to tell");
	close_kitchen(&k);
}

static void answers_that_are_none_are_told(void **state)
{
	static const struct {
		const char *answer, *why;
	} cases[] = {
		{ "Unknown command: 'show status'\n", "the daemon answered: Unknown command" },
		{ "{\"services\": [\n", "the daemon's answer is not understood: " },
		{ "{}\n", "the daemon's answer is not understood: " },
		{ "", "the daemon answered: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kitchen k;

		open_kitchen(&k);
		assert_false(step(&k, 1000));
		faketopdaemon_hear(&k.d);
		faketopdaemon_say(&k.d, PROMPT);
		faketopdaemon_say(&k.d, cases[i].answer);
		faketopdaemon_say(&k.d, PROMPT);
		assert_true(step(&k, 1000));
		assert_int_equal(k.m.link, TOPMODEL_LOST);
		assert_contains(k.m.why, cases[i].why);
		close_kitchen(&k);
	}
}

static void events_that_are_none_are_told(void **state)
{
	struct kitchen k;

	(void)state;
	open_kitchen(&k);
	begin(&k, 1000);
	assert_false(step(&k, 2000));
	expect(&k, "show status json", k.status, 2000);
	expect(&k, "show events json since 8", "{\"seq\": }\n", 2000);
	assert_int_equal(k.m.link, TOPMODEL_LOST);
	assert_contains(k.m.why, "the daemon's answer is not understood: ");
	assert_int_equal(k.m.event_count, 1);
	close_kitchen(&k);
}

/* Its successor has the name of the socket by now. */
static void a_process_that_leaves_is_not_held_on_to(void **state)
{
	struct kitchen k;
	char *stopping;

	(void)state;
	open_kitchen(&k);
	stopping = strstr(k.status, "\"stopping\":false");
	assert_non_null(stopping);
	memcpy(stopping, "\"stopping\":true ", 16);
	begin(&k, 1000);
	assert_false(step(&k, 2000));
	assert_string_equal(faketopdaemon_hear(&k.d), "prompt\nshow status json\n");
	close_kitchen(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_round_has_the_status_and_what_is_new),
		cmocka_unit_test(sessions_are_asked_for_while_they_are_shown),
		cmocka_unit_test(an_order_goes_first_and_its_answer_is_said),
		cmocka_unit_test(a_daemon_that_goes_is_lost_until_it_is_back),
		cmocka_unit_test(an_order_without_an_answer_is_told_as_such),
		cmocka_unit_test(answers_that_are_none_are_told),
		cmocka_unit_test(events_that_are_none_are_told),
		cmocka_unit_test(a_process_that_leaves_is_not_held_on_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
