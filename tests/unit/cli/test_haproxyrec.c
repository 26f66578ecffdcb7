/* SPDX-License-Identifier: MIT */
#include "cli/haproxyrec.h"

#include "fake.h"

enum { EVERY = 250 };

#define BEGIN ((int64_t)1795176760000)

/* What a poll says of n1, n2 and the backend. */
struct poll {
	const char *n1, *n2, *psql; /* "scur,stot,econ,wretr,wredis,srv_abrt,status" */
	unsigned int pid;
};

static void write_poll(const struct poll *p, struct text *out)
{
	text_clear(out);
	text_addf(out,
	          "Name: HAProxy\nVersion: 2.6.12\nPid: %u\n\n# pxname,svname,scur,stot,econ,wretr,"
	          "wredis,srv_abrt,status,weight,type,\npsql,n1,%s,1,2,\npsql,n2,%s,1,2,\n"
	          "psql,BACKEND,%s,2,1,\n",
	          p->pid ? p->pid : 7, p->n1, p->n2, p->psql);
}

#define IDLE "0,0,0,0,0,0,UP"

static struct haproxyrec *begin(bool has_log, const struct poll *first)
{
	const struct haproxyrec_options o = {
		.name = "d", .where = "/s", .every_ms = EVERY, .from_ms = BEGIN, .has_log = has_log
	};
	struct haproxyrec *r = haproxyrec_new(&o);
	AUTO_TEXT answer = { 0 };
	struct error err;

	write_poll(first, &answer);
	assert_true(haproxyrec_first(r, text_str(&answer), &err));
	return r;
}

static void poll_at(struct haproxyrec *r, unsigned int interval, const struct poll *p)
{
	AUTO_TEXT answer = { 0 };
	struct error err;

	if (p != NULL)
		write_poll(p, &answer);
	assert_true(
	    haproxyrec_poll(r, BEGIN + interval * EVERY, p ? text_str(&answer) : NULL, &err));
}

static struct drill *finish(struct haproxyrec *r, unsigned int intervals)
{
	struct drill *d = haproxyrec_finish(r, BEGIN + intervals * EVERY);

	haproxyrec_free(r);
	return d;
}

static void expect(const struct drill *d, const uint32_t *at, const char *want)
{
	AUTO_TEXT got = { 0 };

	assert_non_null(at);
	for (size_t i = 0; i < d->samples; i++)
		text_addf(&got, "%s%u", i ? " " : "", at[i]);
	assert_string_equal(text_str(&got), want);
}

/* "kind or state[+-]@interval's ms" of each event but the first mark. */
static void expect_events(const struct drill *d, const char *want)
{
	AUTO_TEXT got = { 0 };

	assert_int_equal(d->events[0].kind, DRILL_MARK);
	for (size_t i = 1; i < d->event_count; i++) {
		const struct drill_event *e = &d->events[i];
		bool signs = e->kind == DRILL_CHECK || e->kind == DRILL_SERVICE;

		text_addf(&got, "%s%s@%d ",
		          e->kind == DRILL_STATE ? drill_state_key(e->state)
		                                 : drill_kind_key(e->kind),
		          !signs    ? ""
		          : e->good ? "+"
		                    : "-",
		          (int)(e->wall_ms - BEGIN));
	}
	assert_string_equal(text_str(&got), want);
}

static void series_are_made_of_the_counters(void **state)
{
	struct haproxyrec *r =
	    begin(false, &(struct poll){ "1,100,1,2,3,1,UP", IDLE, "1,100,1,2,3,1,UP", 0 });
	struct drill *d;

	(void)state;
	poll_at(r, 1,
	        &(struct poll){ "2,105,1,2,3,1,UP", "1,4,0,0,0,0,UP", "3,109,1,2,3,1,UP", 0 });
	/* Two tries: one failed for good, one moved on; the sum goes back for a moment. */
	poll_at(r, 2,
	        &(struct poll){ "2,105,2,2,4,3,UP", "1,4,0,0,0,0,UP", "3,109,2,2,4,3,UP", 0 });
	poll_at(r, 3,
	        &(struct poll){ "2,105,2,2,4,3,UP", "1,4,0,0,0,0,UP", "3,109,2,2,4,3,UP", 0 });
	poll_at(r, 4,
	        &(struct poll){ "0,109,2,2,4,3,UP", "1,5,0,0,0,0,UP", "1,114,2,2,4,3,UP", 0 });
	d = finish(r, 4);
	assert_string_equal(d->source, "HAProxy 2.6.12");
	assert_string_equal(d->name, "d");
	assert_int_equal(d->service_count, 1);
	assert_int_equal(d->services[0].server_count, 2);
	expect(d, d->services[0].servers[0].at[DRILL_SERIES_SESSIONS], "2 2 2 0");
	expect(d, d->services[0].servers[0].at[DRILL_SERIES_CONNECTED], "5 0 0 2");
	/* The try that moved on failed, too. */
	expect(d, d->services[0].servers[0].at[DRILL_SERIES_FAILED], "0 2 0 0");
	expect(d, d->services[0].servers[0].at[DRILL_SERIES_MOVED], "0 1 0 0");
	expect(d, d->services[0].servers[0].at[DRILL_SERIES_CUT], "0 2 0 0");
	expect(d, d->services[0].at[DRILL_SERIES_SESSIONS], "3 3 3 1");
	expect(d, d->services[0].at[DRILL_SERIES_CONNECTED], "9 0 0 3");
	expect(d, d->services[0].at[DRILL_SERIES_FAILED], "0 1 0 0");
	assert_int_equal(d->services[0].servers[0].began_with, 1);
	/* Between two polls nobody knows when a connection came. */
	assert_null(d->services[0].at[DRILL_SERIES_GAP]);
	assert_null(d->services[0].at[DRILL_SERIES_HELD]);
	assert_null(d->services[0].servers[0].at[DRILL_SERIES_ASKED]);
	assert_null(d->services[0].servers[0].at[DRILL_SERIES_GAP]);
	drill_free(d);
}

static void a_restart_is_a_mark_and_counting_begins_anew(void **state)
{
	struct haproxyrec *r = begin(false, &(struct poll){ "1,9,0,0,0,0,UP", IDLE, IDLE, 7 });
	struct drill *d;

	(void)state;
	poll_at(r, 1, NULL);
	poll_at(r, 2, NULL);
	poll_at(r, 3, &(struct poll){ "2,3,0,0,0,0,UP", IDLE, IDLE, 8 });
	/* Cleared counters of the same process. */
	poll_at(r, 4, &(struct poll){ "2,1,0,0,0,0,UP", IDLE, IDLE, 8 });
	poll_at(r, 6, &(struct poll){ "2,2,0,0,0,0,UP", IDLE, IDLE, 8 });
	d = finish(r, 6);
	expect_events(d, "mark@250 mark@750 mark@750 ");
	assert_string_equal(d->events[1].text, "HAProxy does not answer");
	assert_string_equal(d->events[3].text, "HAProxy is another process: 8 after 7");
	expect(d, d->services[0].servers[0].at[DRILL_SERIES_CONNECTED], "0 0 3 0 0 1");
	expect(d, d->services[0].servers[0].at[DRILL_SERIES_SESSIONS], "1 1 2 2 2 2");
	drill_free(d);
}

static void without_a_log_states_are_the_polled_ones(void **state)
{
	static const struct poll polls[] = {
		{ "3,0,0,0,0,0,UP 1/2", IDLE, IDLE, 0 },
		{ "3,0,0,0,0,0,DOWN", "0,0,0,0,0,0,DOWN", "0,0,0,0,0,0,DOWN", 0 },
		{ "0,0,0,0,0,0,DOWN 1/2", "0,0,0,0,0,0,DOWN", "0,0,0,0,0,0,DOWN", 0 },
		{ IDLE, "0,0,0,0,0,0,DOWN", IDLE, 0 },
		{ "0,0,0,0,0,0,MAINT", IDLE, IDLE, 0 },
	};
	struct haproxyrec *r = begin(false, &(struct poll){ IDLE, IDLE, IDLE, 0 });
	struct drill *d;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(polls); i++)
		poll_at(r, i + 1, &polls[i]);
	d = finish(r, ARRAY_LEN(polls));
	expect_events(d, "check-@250 down@500 down@500 service-@500 check+@750 up@1000 "
	                 "service+@1000 maint@1250 up@1250 ");
	assert_int_equal(d->events[2].sessions, 3);
	drill_free(d);
}

static void with_a_log_its_stamps_count_and_its_cuts_are_added(void **state)
{
	static const struct {
		int64_t ms;
		const char *line;
	} lines[] = {
		{ 110, "Health check for server psql/n1 failed, reason: Layer4 timeout, check "
		       "duration: 9ms, status: 1/2 UP." },
		{ 120,
		  "Health check for server psql/n1 failed, reason: Layer4 timeout, status: 0/2 "
		  "DOWN." },
		{ 130, "Server psql/n1 is DOWN. 0 active and 0 backup servers left. 4 sessions "
		       "active, 0 requeued, 0 remaining in queue." },
		{ 131, "proxy psql has no server available!" },
		{ 132, "c:1 [20/Nov/2026:12:12:40.123] psql psql/n1 0/0/9 1 D- 1/1/1/1/0 0/0" },
		{ 133, "c:1 [20/Nov/2026:12:12:40.123] psql psql/n1 0/0/9 1 SD 1/1/1/1/0 0/0" },
		{ 134, "c:1 [20/Nov/2026:12:12:40.123] psql psql/n9 0/0/9 1 D- 1/1/1/1/0 0/0" },
		{ 200, "Server psql/n1 is UP, reason: Layer7 check passed, code: 200. 1 active" },
	};
	struct haproxyrec *r = begin(true, &(struct poll){ IDLE, IDLE, IDLE, 0 });
	struct drill *d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		haproxyrec_line(r, BEGIN + lines[i].ms, lines[i].line);
	poll_at(r, 1, &(struct poll){ "0,0,0,0,0,1,UP", IDLE, IDLE, 0 });
	d = finish(r, 1);
	expect_events(d, "check-@110 down@130 service-@131 check+@200 up@200 service+@200 ");
	assert_string_equal(d->events[1].text, "Layer4 timeout");
	assert_int_equal(d->events[2].sessions, 4);
	expect(d, d->services[0].servers[0].at[DRILL_SERIES_CUT], "2");
	drill_free(d);
}

static void a_poll_that_is_older_than_the_log_makes_no_check_twice(void **state)
{
	static const struct {
		int64_t ms;
		const char *line;
		const char *polled; /* after it */
	} steps[] = {
		{ 110,
		  "Health check for server psql/n1 failed, reason: Layer4 timeout, status: 1/2 UP.",
		  "0,0,0,0,0,0,UP" },
		{ 260,
		  "Health check for server psql/n1 failed, reason: Layer4 timeout, status: 0/2 "
		  "DOWN.",
		  "0,0,0,0,0,0,UP 1/2" },
		{ 510,
		  "Server psql/n1 is DOWN. 1 active and 0 backup servers left. 0 sessions active,",
		  "0,0,0,0,0,0,DOWN" },
		{ 760,
		  "Health check for server psql/n1 succeeded, reason: Layer4 check passed, status: "
		  "1/2 DOWN.",
		  "0,0,0,0,0,0,DOWN" },
		{ 1010,
		  "Health check for server psql/n1 failed, reason: Layer4 timeout, status: 0/2 "
		  "DOWN.",
		  "0,0,0,0,0,0,DOWN" },
		{ 1260,
		  "Health check for server psql/n1 succeeded, reason: Layer4 check passed, status: "
		  "1/2 DOWN.",
		  "0,0,0,0,0,0,DOWN" },
		{ 1510,
		  "Health check for server psql/n1 succeeded, reason: Layer4 check passed, status: "
		  "2/2 UP.",
		  "0,0,0,0,0,0,DOWN 1/2" },
		{ 1760, "Server psql/n1 is UP, reason: Layer4 check passed. 2 active", IDLE },
	};
	struct haproxyrec *r = begin(true, &(struct poll){ IDLE, IDLE, IDLE, 0 });
	struct drill *d;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(steps); i++) {
		haproxyrec_line(r, BEGIN + steps[i].ms, steps[i].line);
		poll_at(r, i + 1, &(struct poll){ steps[i].polled, IDLE, IDLE, 0 });
	}
	d = finish(r, ARRAY_LEN(steps));
	expect_events(d, "check-@110 down@510 check+@760 check+@1260 up@1760 ");
	drill_free(d);
}

static void what_the_log_does_not_say_is_polled_later(void **state)
{
	struct haproxyrec *r = begin(true, &(struct poll){ IDLE, IDLE, IDLE, 0 });
	struct drill *d;

	(void)state;
	for (unsigned int i = 1; i <= 12; i++)
		poll_at(r, i, &(struct poll){ "0,0,0,0,0,0,DRAIN", IDLE, IDLE, 0 });
	d = finish(r, 12);
	expect_events(d, "drain@250 ");
	drill_free(d);
}

static void an_answer_that_is_not_understood_counts_as_none(void **state)
{
	struct haproxyrec *r = begin(false, &(struct poll){ IDLE, IDLE, IDLE, 0 });
	struct error err;
	struct drill *d;

	(void)state;
	assert_false(haproxyrec_poll(r, BEGIN + EVERY, "Permission denied\n", &err));
	assert_false(haproxyrec_first(r, "Permission denied\n", &err));
	assert_contains(err.text, "show stat");
	d = finish(r, 1);
	expect_events(d, "mark@250 ");
	drill_free(d);
	haproxyrec_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(series_are_made_of_the_counters),
		cmocka_unit_test(a_restart_is_a_mark_and_counting_begins_anew),
		cmocka_unit_test(without_a_log_states_are_the_polled_ones),
		cmocka_unit_test(with_a_log_its_stamps_count_and_its_cuts_are_added),
		cmocka_unit_test(a_poll_that_is_older_than_the_log_makes_no_check_twice),
		cmocka_unit_test(what_the_log_does_not_say_is_polled_later),
		cmocka_unit_test(an_answer_that_is_not_understood_counts_as_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
