/* SPDX-License-Identifier: MIT */
/*
 * Sessions of PostgreSQL's protocol are ended where nothing is under way, and nowhere else; a
 * server that does not answer their first words is told of.
 */
#include "pg_fixture.h"

#define DRAINED_TEXT                                                                               \
	"terminating connection: closed between transactions because its server is drained"

static uint32_t wish(const struct rig *r)
{
	const struct crew_wish w = { .reason = REASON_DRAINED,
		                     .manner = CREW_BETWEEN_TRANSACTIONS };

	return crew_wish(r->crew, &w);
}

/* Both ends have heard of it. */
static void expect_parted(struct rig *r, const struct pg_session *s, enum reason reason,
                          const char *words)
{
	pg_expect_fatal(s->client, "57P01", words);
	rig_expect(s->server, "X\0\0\0\x04", 5);
	rig_expect_end(s->server);
	assert_int_equal(rig_end(r)->reason, reason);
	pg_close(s);
	rig_stop(r, 2);
}

static void expect_drained(struct rig *r, const struct pg_session *s)
{
	expect_parted(r, s, REASON_DRAINED, DRAINED_TEXT);
}

static void an_idle_session_leaves_at_once(void **state)
{
	struct pg_session s;
	struct rig r;

	(void)state;
	pg_start(&r);
	s = pg_open(&r);
	assert_int_equal(wish(&r), 1);
	assert_int_equal(rig_of_server(&r, COUNTER_ASKED) +
	                     counter_get(&rig_service(&r)->servers[1]->count, COUNTER_ASKED),
	                 1);
	expect_drained(&r, &s);
}

struct talk {
	const char *asked;
	size_t asked_len;
	const char *parts[4]; /* of the answer; the session leaves after the last, not before */
	size_t lens[4];
	const char *later; /* what the client says after the first part; or NULL */
	size_t later_len;
};

#define PART(words) sizeof(words) - 1

static const struct talk talks[] = {
	/* A query is under way. */
	{ PG(PG_QUERY), { PG_COMPLETE, PG_READY }, { PART(PG_COMPLETE), PART(PG_READY) }, NULL, 0 },
	/* A transaction is. */
	{ PG(PG_QUERY),
	  { PG_COMPLETE PG_IN_BLOCK, PG_COMPLETE, PG_READY },
	  { PART(PG_COMPLETE PG_IN_BLOCK), PART(PG_COMPLETE), PART(PG_READY) },
	  PG(PG_QUERY) },
	/* Two were sent at once. */
	{ PG(PG_QUERY PG_QUERY),
	  { PG_COMPLETE PG_READY, PG_COMPLETE, PG_READY },
	  { PART(PG_COMPLETE PG_READY), PART(PG_COMPLETE), PART(PG_READY) },
	  NULL,
	  0 },
	/* The extended protocol, and its Sync. */
	{ PG(PG_PARSE),
	  { "1\0\0\0\x04", PG_READY },
	  { PART("1\0\0\0\x04"), PART(PG_READY) },
	  PG(PG_SYNC) },
	/* COPY from the client. */
	{ PG(PG_QUERY),
	  { "G\0\0\0\x07\0\0\0", PG_COMPLETE, PG_READY },
	  { PART("G\0\0\0\x07\0\0\0"), PART(PG_COMPLETE), PART(PG_READY) },
	  PG("d\0\0\0\x06xyc\0\0\0\x04") },
	/* COPY to the client. */
	{ PG(PG_QUERY),
	  { "H\0\0\0\x07\0\0\0", "d\0\0\0\x06xy", "c\0\0\0\x04" PG_COMPLETE, PG_READY },
	  { PART("H\0\0\0\x07\0\0\0"), PART("d\0\0\0\x06xy"), PART("c\0\0\0\x04" PG_COMPLETE),
	    PART(PG_READY) },
	  NULL,
	  0 },
	/* Half of a message has come, in both directions. */
	{ "Q\0\0\0",
	  4,
	  { "S\0\0",
	    "\0\x06"
	    "ab",
	    PG_COMPLETE, PG_READY },
	  { 3, 4, PART(PG_COMPLETE), PART(PG_READY) },
	  "\x0dSELECT 1\0",
	  10 },
};

static void run_talk(const struct talk *t)
{
	struct pg_session s;
	struct rig r;

	pg_start(&r);
	s = pg_open(&r);
	pg_say(&s, t->asked, t->asked_len);
	assert_int_equal(wish(&r), 1);
	/* Nobody is counted twice. */
	assert_int_equal(wish(&r), 0);
	for (size_t i = 0; i < 4 && t->parts[i]; i++) {
		assert_int_equal(crew_connections(r.crew), 1);
		rig_send(s.server, t->parts[i], t->lens[i]);
		rig_expect(s.client, t->parts[i], t->lens[i]);
		if (!i && t->later)
			pg_say(&s, t->later, t->later_len);
	}
	expect_drained(&r, &s);
}

static void a_busy_session_leaves_when_it_is_done(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++)
		run_talk(&talks[i]);
}

static void who_cannot_be_followed_stays(void **state)
{
	struct pg_session s;
	struct rig r;

	(void)state;
	pg_start(&r);
	s = pg_connect(&r);
	pg_say(&s, PG(PG_SSL));
	pg_answer(&s, "S", 1);
	assert_int_equal(wish(&r), 0);
	pg_say(&s, "\x16\x03\x01", 3);
	pg_answer(&s, "hello", 5);
	assert_int_equal(wish(&r), 0);
	pg_finish(&r, &s);
	rig_init(&r, 2);
	rig_start(&r, 1, 100);
	s = pg_open(&r);
	assert_int_equal(wish(&r), 0);
	pg_finish(&r, &s);
}

static void who_is_on_the_way_to_a_server_stays(void **state)
{
	struct addr at;
	struct rig r;
	int client;
	int full;
	int first;

	(void)state;
	pg_init(&r, 2);
	/* A server whose backlog is full: no connect comes to an end. */
	full = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(addr_parse_ip("127.0.0.1", 0, &at));
	assert_int_equal(bind(full, &at.sa, at.len), 0);
	assert_int_equal(listen(full, 0), 0);
	assert_true(sock_local(full, &at));
	first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(first, &at.sa, at.len), 0);
	r.servers[0].port = r.servers[1].port = addr_port(&at);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->active, 1);
	assert_int_equal(wish(&r), 0);
	assert_int_equal(crew_end_sessions(r.crew, NULL, REASON_KILLED), 1);
	rig_expect_end(client);
	close(client);
	close(first);
	close(full);
	assert_int_equal(rig_end(&r)->reason, REASON_KILLED);
	rig_stop(&r, 2);
}

static void a_session_that_is_too_old_is_ended_between_transactions(void **state)
{
	enum { AGE_MS = 200 };
	struct pg_session s;
	struct rig r;
	int64_t age;

	(void)state;
	for (int busy = 0; busy < 2; busy++) {
		pg_init(&r, 2);
		r.service.max_session_age_ms = AGE_MS;
		rig_start(&r, 1, 100);
		s = pg_open(&r);
		if (busy) {
			pg_say(&s, PG(PG_QUERY));
			poll(NULL, 0, AGE_MS + 50);
			pg_answer(&s, PG(PG_COMPLETE PG_READY));
		}
		expect_parted(&r, &s, REASON_TOO_OLD,
		              "terminating connection: closed between transactions because of its "
		              "age");
		age = r.ended[0].total_ms;
		/* Up to a tenth is taken off; how punctual a busy machine is nobody knows. */
		assert_in_range(age, busy ? AGE_MS : AGE_MS * 9 / 10, 10 * AGE_MS);
	}
}

/* --- a server that does not answer -------------------------------------------------------- */

static void wait_silences(struct rig *r, size_t wanted)
{
	for (int i = 0; i < 5000 && r->server_silences < wanted; i++) {
		crew_drain(r->crew, rig_take, r);
		poll(NULL, 0, 1);
	}
	assert_int_equal(r->server_silences, wanted);
}

static void first_words_without_an_answer_are_told_once(void **state)
{
	struct pg_session s;
	struct rig r;

	(void)state;
	pg_start(&r);
	s = pg_connect(&r);
	pg_say(&s, PG(PG_STARTUP));
	wait_silences(&r, 1);
	/* As long again, and the words are still without an answer. */
	poll(NULL, 0, 300);
	pg_answer(&s, PG(PG_WELCOME));
	pg_finish(&r, &s);
	assert_int_equal(r.server_silences, 1);
}

static void an_answer_in_time_is_not_told(void **state)
{
	struct pg_session s;
	struct rig r;

	(void)state;
	pg_start(&r);
	s = pg_open(&r);
	poll(NULL, 0, 300);
	pg_finish(&r, &s);
	assert_int_equal(r.server_silences, 0);
}

/* The one who closes first keeps a port for a minute. */
static void a_server_that_was_told_goodbye_closes_first(void **state)
{
	struct pg_session s;
	struct rig r;

	(void)state;
	pg_start(&r);
	s = pg_open(&r);
	pg_say(&s, PG("X\0\0\0\x04"));
	close(s.client);
	close(s.server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	rig_stop(&r, 2);
}

static void a_server_that_does_not_close_is_told_of_the_end_at_last(void **state)
{
	struct pg_session s;
	struct rig r;
	char byte;

	(void)state;
	pg_start(&r);
	s = pg_open(&r);
	pg_say(&s, PG("X\0\0\0\x04"));
	shutdown(s.client, SHUT_WR);
	/* The other way is still open. */
	pg_answer(&s, PG("N\0\0\0\x04"));
	assert_int_equal(recv(s.server, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	rig_expect_end(s.server);
	close(s.server);
	rig_expect_end(s.client);
	close(s.client);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	rig_stop(&r, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_session_leaves_at_once),
		cmocka_unit_test(a_busy_session_leaves_when_it_is_done),
		cmocka_unit_test(who_cannot_be_followed_stays),
		cmocka_unit_test(who_is_on_the_way_to_a_server_stays),
		cmocka_unit_test(a_session_that_is_too_old_is_ended_between_transactions),
		cmocka_unit_test(first_words_without_an_answer_are_told_once),
		cmocka_unit_test(an_answer_in_time_is_not_told),
		cmocka_unit_test(a_server_that_was_told_goodbye_closes_first),
		cmocka_unit_test(a_server_that_does_not_close_is_told_of_the_end_at_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
