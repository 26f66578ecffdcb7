/* SPDX-License-Identifier: MIT */
/*
 * The first answer in PostgreSQL's protocol: a server that is shutting down is not heard but
 * replaced, and so is one that ends without an answer.
 */
#include "pg_fixture.h"

#define LEAVING_TEXT "server is shutting down"

static uint64_t replayed(const struct rig *r, size_t server)
{
	return counter_get(&rig_service(r)->servers[server]->count, COUNTER_REPLAYED);
}

static size_t make_fatal(char *buf, const char *code)
{
	return pgwire_write_fatal(buf, PGWIRE_FATAL_MAX, code, LEAVING_TEXT);
}

static void a_server_that_says_57P01_is_replaced(void **state)
{
	char fatal[PGWIRE_FATAL_MAX];
	size_t len = make_fatal(fatal, "57P01");

	(void)state;
	/* In one piece, then cut at each place. */
	for (size_t cut = 0; cut < len; cut += cut < 24 ? 1 : 7) {
		struct pg_session s;
		struct rig r;
		size_t first;

		pg_start(&r);
		s = pg_connect(&r);
		first = s.at;
		pg_say(&s, PG(PG_STARTUP));
		rig_send(s.server, fatal, cut);
		if (cut)
			poll(NULL, 0, 1);
		/* It may have been left already: the code was enough. */
		send(s.server, fatal + cut, len - cut, MSG_NOSIGNAL);
		close(s.server);
		pg_move(&r, &s);
		rig_expect(s.server, PG(PG_STARTUP));
		pg_answer(&s, PG(PG_WELCOME));
		assert_int_equal(replayed(&r, first), 1);
		pg_finish(&r, &s);
		assert_int_equal(r.connect_failures, 1);
	}
}

static void what_came_before_an_N_is_not_said_again(void **state)
{
	static const char *const requests[] = { PG_SSL, PG_GSS };
	char fatal[PGWIRE_FATAL_MAX];
	size_t len = make_fatal(fatal, "57P01");

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pg_session s;
		struct rig r;
		size_t first;

		pg_start(&r);
		s = pg_connect(&r);
		first = s.at;
		pg_say(&s, requests[i], 8);
		pg_answer(&s, "N", 1);
		pg_say(&s, PG(PG_STARTUP));
		rig_send(s.server, fatal, len);
		close(s.server);
		pg_move(&r, &s);
		rig_expect(s.server, PG(PG_STARTUP));
		pg_answer(&s, PG(PG_WELCOME));
		assert_int_equal(replayed(&r, first), 1);
		pg_finish(&r, &s);
	}
}

static void a_request_for_encryption_without_an_answer_is_said_again(void **state)
{
	struct pg_session s;
	struct rig r;

	(void)state;
	pg_start(&r);
	s = pg_connect(&r);
	pg_say(&s, PG(PG_SSL));
	rig_reset(s.server);
	pg_move(&r, &s);
	rig_expect(s.server, PG(PG_SSL));
	pg_answer(&s, "N", 1);
	pg_finish(&r, &s);
}

static void an_encrypted_session_stays_with_its_server(void **state)
{
	struct pg_session s;
	struct rig r;
	char byte;

	(void)state;
	pg_start(&r);
	s = pg_connect(&r);
	pg_say(&s, PG(PG_SSL));
	pg_answer(&s, "S", 1);
	pg_say(&s, "\x16\x03\x01", 3);
	rig_reset(s.server);
	assert_int_equal(recv(s.client, &byte, 1, 0), -1);
	assert_int_equal(rig_end(&r)->reason, REASON_SERVER_RESET);
	rig_assert_no_more(&r, !s.at);
	close(s.client);
	rig_stop(&r, 2);
}

static void any_other_error_is_the_clients(void **state)
{
	static const char *const codes[] = { "28P01", "57P03", "53300", "57P02" };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct pg_session s;
		struct rig r;
		char fatal[PGWIRE_FATAL_MAX];
		size_t len = make_fatal(fatal, codes[i]);

		pg_start(&r);
		s = pg_connect(&r);
		pg_say(&s, PG(PG_STARTUP));
		pg_answer(&s, fatal, len);
		close(s.server);
		rig_expect_end(s.client);
		close(s.client);
		assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
		assert_int_equal(replayed(&r, s.at), 0);
		rig_assert_no_more(&r, !s.at);
		rig_stop(&r, 2);
	}
}

static void an_error_that_never_ends_is_passed_on(void **state)
{
	enum { LONG = 2500 };
	struct pg_session s;
	struct rig r;
	char words[LONG] = { 'E', 0, 0, 0x20, 0, 'M' };

	(void)state;
	memset(words + 6, 'x', LONG - 6);
	pg_start(&r);
	s = pg_connect(&r);
	pg_say(&s, PG(PG_STARTUP));
	pg_answer(&s, words, LONG);
	pg_finish(&r, &s);
}

static void an_end_instead_of_an_answer_is_a_loss(void **state)
{
	struct pg_session s;
	struct rig r;

	(void)state;
	pg_start(&r);
	s = pg_connect(&r);
	pg_say(&s, PG(PG_STARTUP));
	close(s.server);
	pg_move(&r, &s);
	rig_expect(s.server, PG(PG_STARTUP));
	pg_answer(&s, PG(PG_WELCOME));
	pg_finish(&r, &s);
}

static void a_cancel_request_is_never_answered_and_not_repeated(void **state)
{
	struct pg_session s;
	struct rig r;

	(void)state;
	pg_start(&r);
	s = pg_connect(&r);
	pg_say(&s, PG(PG_CANCEL));
	close(s.server);
	rig_expect_end(s.client);
	close(s.client);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	rig_assert_no_more(&r, !s.at);
	rig_stop(&r, 2);
}

static void when_all_are_leaving_the_client_is_told_so(void **state)
{
	struct pg_session s;
	struct rig r;
	char fatal[PGWIRE_FATAL_MAX];
	size_t len = make_fatal(fatal, "57P01");

	(void)state;
	pg_init(&r, 2);
	r.service.retries = 1;
	rig_start(&r, 1, 100);
	s = pg_connect(&r);
	pg_say(&s, PG(PG_STARTUP));
	rig_send(s.server, fatal, len);
	close(s.server);
	pg_move(&r, &s);
	rig_expect(s.server, PG(PG_STARTUP));
	rig_send(s.server, fatal, len);
	close(s.server);
	pg_expect_fatal(s.client, "57P01", LEAVING_TEXT);
	close(s.client);
	assert_int_equal(rig_end(&r)->reason, REASON_SERVER_LEAVING);
	rig_stop(&r, 2);
}

static void another_protocol_is_not_looked_into(void **state)
{
	struct pg_session s;
	struct rig r;
	char fatal[PGWIRE_FATAL_MAX];
	size_t len = make_fatal(fatal, "57P01");

	(void)state;
	rig_init(&r, 2);
	rig_start(&r, 1, 100);
	s = pg_connect(&r);
	pg_say(&s, PG(PG_STARTUP));
	pg_answer(&s, fatal, len);
	pg_finish(&r, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_says_57P01_is_replaced),
		cmocka_unit_test(what_came_before_an_N_is_not_said_again),
		cmocka_unit_test(a_request_for_encryption_without_an_answer_is_said_again),
		cmocka_unit_test(an_encrypted_session_stays_with_its_server),
		cmocka_unit_test(any_other_error_is_the_clients),
		cmocka_unit_test(an_error_that_never_ends_is_passed_on),
		cmocka_unit_test(an_end_instead_of_an_answer_is_a_loss),
		cmocka_unit_test(a_cancel_request_is_never_answered_and_not_repeated),
		cmocka_unit_test(when_all_are_leaving_the_client_is_told_so),
		cmocka_unit_test(another_protocol_is_not_looked_into),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
