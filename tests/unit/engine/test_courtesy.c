/* SPDX-License-Identifier: MIT */
/*
 * No server can be had: a client of PostgreSQL's protocol is told so in it, whatever it has said
 * and in whatever pieces; any other is closed.
 */
#include "base/tick.h"
#include "pg_fixture.h"

#define REFUSED_TEXT "cannot connect now: no server accepted the connection"

static void start(struct rig *r, enum settings_protocol protocol)
{
	rig_init(r, 1);
	r->service.protocol = protocol;
	r->service.retries = 0;
	rig_refuse(r, 0);
	rig_start(r, 1, 100);
}

static void stop(struct rig *r, int client)
{
	close(client);
	assert_int_equal(rig_end(r)->reason, REASON_CONNECT_REFUSED);
	rig_assert_code(&r->ended[0], "SC");
	assert_int_equal(crew_connections(r->crew), 0);
	rig_stop(r, 1);
}

static void a_client_that_asks_is_told(void **state)
{
	struct rig r;
	int client;

	(void)state;
	start(&r, SETTINGS_PROTOCOL_PGWIRE);
	client = rig_connect(&r);
	rig_send(client, PG(PG_STARTUP));
	pg_expect_fatal(client, "57P03", REFUSED_TEXT);
	stop(&r, client);
}

static void a_request_for_encryption_is_answered_first(void **state)
{
	struct rig r;
	int client;

	(void)state;
	start(&r, SETTINGS_PROTOCOL_PGWIRE);
	client = rig_connect(&r);
	rig_send(client, PG(PG_GSS));
	rig_expect(client, "N", 1);
	rig_send(client, PG(PG_SSL));
	rig_expect(client, "N", 1);
	rig_send(client, PG(PG_STARTUP));
	pg_expect_fatal(client, "57P03", REFUSED_TEXT);
	stop(&r, client);
}

static void words_may_come_in_pieces(void **state)
{
	static const char words[] = PG_SSL PG_STARTUP;
	struct rig r;
	int client;

	(void)state;
	for (size_t cut = 1; cut < sizeof(words) - 1; cut++) {
		start(&r, SETTINGS_PROTOCOL_PGWIRE);
		client = rig_connect(&r);
		rig_send(client, words, cut);
		poll(NULL, 0, 1);
		rig_send(client, words + cut, sizeof(words) - 1 - cut);
		rig_expect(client, "N", 1);
		pg_expect_fatal(client, "57P03", REFUSED_TEXT);
		stop(&r, client);
	}
}

static void what_comes_after_the_question_does_not_spoil_the_answer(void **state)
{
	static const char more[100000];
	struct rig r;
	int client;

	(void)state;
	start(&r, SETTINGS_PROTOCOL_PGWIRE);
	client = rig_connect(&r);
	rig_send(client, PG(PG_STARTUP PG_QUERY));
	rig_send(client, more, sizeof(more));
	pg_expect_fatal(client, "57P03", REFUSED_TEXT);
	stop(&r, client);
}

static void who_asks_for_nothing_of_the_kind_is_closed_at_once(void **state)
{
	static const struct {
		const char *words;
		size_t len;
	} cases[] = {
		{ PG(PG_CANCEL) },
		{ PG("GET / HTTP/1.1\r\n\r\n") },
		{ PG("\x16\x03\x01\x02\0\x01\0\x01") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig r;
		int client;

		start(&r, SETTINGS_PROTOCOL_PGWIRE);
		client = rig_connect(&r);
		rig_send(client, cases[i].words, cases[i].len);
		rig_expect_end(client);
		assert_in_range(rig_end(&r)->total_ms, 0, 1500);
		stop(&r, client);
	}
}

static void another_protocol_is_closed_at_once(void **state)
{
	struct rig r;
	int client;

	(void)state;
	start(&r, SETTINGS_PROTOCOL_TCP);
	client = rig_connect(&r);
	rig_expect_end(client);
	assert_in_range(rig_end(&r)->total_ms, 0, 1500);
	stop(&r, client);
}

static void a_client_that_leaves_is_not_waited_for(void **state)
{
	struct rig r;
	int client;

	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		start(&r, SETTINGS_PROTOCOL_PGWIRE);
		client = rig_connect(&r);
		rig_wait_count(&rig_service(&r)->active, 1);
		rig_send(client, PG(PG_SSL));
		rig_expect(client, "N", 1);
		if (reset)
			rig_reset(client);
		else
			close(client);
		assert_in_range(rig_end(&r)->total_ms, 0, 1500);
		assert_int_equal(r.ended[0].reason, REASON_CONNECT_REFUSED);
		rig_stop(&r, 1);
	}
}

/* `flood`: it goes on talking after it was told. */
static void run_patience(uint32_t client_ms, bool asks, bool flood, int64_t least, int64_t most)
{
	static const char words[4096];
	struct rig r;
	int64_t began;
	int client;

	rig_init(&r, 1);
	r.service.protocol = SETTINGS_PROTOCOL_PGWIRE;
	r.service.retries = 0;
	r.service.timeout.client_ms = client_ms;
	rig_refuse(&r, 0);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	began = tick_ms();
	if (asks)
		rig_send(client, PG(PG_STARTUP));
	while (flood && tick_ms() - began < most &&
	       send(client, words, sizeof(words), MSG_NOSIGNAL) > 0)
		;
	assert_in_range(rig_end(&r)->total_ms, least, most);
	assert_int_equal(r.ended[0].reason, REASON_CONNECT_REFUSED);
	close(client);
	rig_stop(&r, 1);
}

static void nobody_is_waited_for_longer_than_two_seconds(void **state)
{
	(void)state;
	run_patience(60000, false, false, 1990, 4000);
	run_patience(60000, true, false, 1990, 4000);
	run_patience(60000, true, true, 1990, 4000);
}

static void nor_longer_than_its_own_limit(void **state)
{
	(void)state;
	run_patience(100, false, false, 90, 1500);
	run_patience(100, true, true, 90, 1500);
}

static void a_client_without_any_server_is_told_too(void **state)
{
	struct rig r;
	int client;

	(void)state;
	pg_init(&r, 1);
	rig_start(&r, 1, 100);
	topology_set_state(rig_service(&r)->servers[0],
	                   (struct state){ .health = STATE_DOWN, .admin = 0 });
	client = rig_connect(&r);
	rig_send(client, PG(PG_STARTUP));
	pg_expect_fatal(client, "57P03", "cannot connect now: no server was usable");
	close(client);
	assert_int_equal(rig_end(&r)->reason, REASON_NO_SERVER);
	rig_stop(&r, 1);
}

static void what_a_lost_server_was_told_counts(void **state)
{
	struct pg_session s;
	struct rig r;

	(void)state;
	for (int encrypted = 0; encrypted < 2; encrypted++) {
		pg_init(&r, 1);
		r.service.retries = 0;
		rig_start(&r, 1, 100);
		s = pg_connect(&r);
		if (encrypted)
			pg_say(&s, PG(PG_SSL));
		else
			pg_say(&s, PG(PG_STARTUP));
		rig_reset(s.server);
		if (encrypted) {
			rig_expect(s.client, "N", 1);
			rig_send(s.client, PG(PG_STARTUP));
		}
		pg_expect_fatal(s.client, "57P03",
		                "cannot connect now: the server reset the connection");
		close(s.client);
		assert_int_equal(rig_end(&r)->reason, REASON_SERVER_RESET);
		rig_stop(&r, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_that_asks_is_told),
		cmocka_unit_test(a_request_for_encryption_is_answered_first),
		cmocka_unit_test(words_may_come_in_pieces),
		cmocka_unit_test(what_comes_after_the_question_does_not_spoil_the_answer),
		cmocka_unit_test(who_asks_for_nothing_of_the_kind_is_closed_at_once),
		cmocka_unit_test(another_protocol_is_closed_at_once),
		cmocka_unit_test(a_client_that_leaves_is_not_waited_for),
		cmocka_unit_test(nobody_is_waited_for_longer_than_two_seconds),
		cmocka_unit_test(nor_longer_than_its_own_limit),
		cmocka_unit_test(a_client_without_any_server_is_told_too),
		cmocka_unit_test(what_a_lost_server_was_told_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
