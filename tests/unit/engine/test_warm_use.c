/* SPDX-License-Identifier: MIT */
/* Sessions over connections that were made before they came, and over those that died meanwhile. */
#include "warm_fixture.h"

/* The server ends the connection without an answer, once it has heard the client. */
static void end_it(int fd, bool reset)
{
	if (reset)
		rig_reset(fd);
	else
		close(fd);
}

static void one_that_dies_before_the_answer_costs_nobody_anything(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct rig r;
		struct pg_session s;
		int fds[3];

		pg_init(&r, 1);
		r.servers[0].warm = 1;
		r.servers[0].observe = true;
		r.servers[0].error_limit = 1;
		rig_start(&r, 1, 100);
		warm_accept(&r, fds, 1);
		warm_wait(&r, 0, 1);
		s = warm_open(&r, fds, 1);
		fds[1] = rig_accept(&r, 0);
		warm_wait(&r, 0, 1);
		end_it(s.server, reset);
		/* Not over the one that is warm again: whatever closed this one may have closed
		 * that. */
		fds[2] = s.server = rig_accept(&r, 0);
		rig_expect(s.server, PG(PG_STARTUP));
		pg_answer(&s, PG(PG_WELCOME));
		assert_int_equal(rig_of_server(&r, COUNTER_WARM_USED), 1);
		assert_int_equal(rig_of_server(&r, COUNTER_WARM_LOST), 1);
		assert_int_equal(rig_of_server(&r, COUNTER_REPLAYED), 0);
		assert_int_equal(rig_of_server(&r, COUNTER_RETRIES), 0);
		assert_int_equal(rig_of_server(&r, COUNTER_SESSIONS), 1);
		assert_int_equal(warm_server(&r, 0)->errors, 0);
		assert_int_equal(warm_server(&r, 0)->active, 1);
		close(s.client);
		rig_expect_end(s.server);
		warm_close(fds + 1, 2);
		assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
		assert_int_equal(r.ended[0].retries, 0);
		assert_false(r.ended[0].redispatched);
		assert_int_equal(r.connect_failures, 0);
		assert_int_equal(r.server_errors, 0);
		rig_stop(&r, 1);
	}
}

static void a_server_that_fails_the_second_one_too_is_blamed(void **state)
{
	struct rig r;
	struct pg_session s;
	size_t at;
	int fds[3];

	(void)state;
	pg_init(&r, 2);
	r.servers[0].warm = 1;
	r.service.balance = SETTINGS_FIRST;
	rig_start(&r, 1, 100);
	warm_accept(&r, fds, 1);
	warm_wait(&r, 0, 1);
	s = warm_open(&r, fds, 1);
	fds[1] = rig_accept(&r, 0);
	rig_reset(s.server);
	fds[2] = rig_accept_any(&r, &at);
	assert_int_equal(at, 0);
	rig_expect(fds[2], PG(PG_STARTUP));
	rig_reset(fds[2]);
	s.server = rig_accept_any(&r, &s.at);
	assert_int_equal(s.at, 1);
	rig_expect(s.server, PG(PG_STARTUP));
	pg_answer(&s, PG(PG_WELCOME));
	assert_int_equal(rig_of_server(&r, COUNTER_REPLAYED), 1);
	close(s.client);
	rig_expect_end(s.server);
	close(s.server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	assert_true(r.ended[0].redispatched);
	assert_int_equal(r.connect_failures, 1);
	close(fds[1]);
	rig_stop(&r, 2);
}

/* It is leaving, and has said so itself. */
static void a_server_that_turns_the_client_away_is_left(void **state)
{
	char fatal[PGWIRE_FATAL_MAX];
	struct rig r;
	struct pg_session s;
	int fds[2];

	(void)state;
	pg_init(&r, 2);
	r.servers[0].warm = 1;
	r.service.balance = SETTINGS_FIRST;
	rig_start(&r, 1, 100);
	warm_accept(&r, fds, 1);
	warm_wait(&r, 0, 1);
	s = warm_open(&r, fds, 1);
	fds[1] = rig_accept(&r, 0);
	rig_send(s.server, fatal,
	         pgwire_write_fatal(fatal, sizeof(fatal), "57P01", "shutting down"));
	close(s.server);
	s.server = rig_accept(&r, 1);
	rig_expect(s.server, PG(PG_STARTUP));
	pg_answer(&s, PG(PG_WELCOME));
	assert_int_equal(rig_of_server(&r, COUNTER_REPLAYED), 1);
	assert_int_equal(rig_of_server(&r, COUNTER_WARM_LOST), 0);
	close(s.client);
	rig_expect_end(s.server);
	close(s.server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	close(fds[1]);
	rig_stop(&r, 2);
}

/* Once it has answered it is a connection like any other. */
static void one_that_has_answered_is_not_replaced_in_silence(void **state)
{
	struct rig r;
	struct pg_session s;
	int fds[2];

	(void)state;
	warm_start(&r, 1, 1, 1);
	warm_accept(&r, fds, 1);
	warm_wait(&r, 0, 1);
	s = warm_open(&r, fds, 1);
	fds[1] = rig_accept(&r, 0);
	pg_answer(&s, PG(PG_WELCOME));
	rig_reset(s.server);
	assert_int_equal(rig_end(&r)->reason, REASON_SERVER_RESET);
	assert_int_equal(rig_of_server(&r, COUNTER_WARM_LOST), 0);
	rig_assert_no_more(&r, 0);
	close(s.client);
	close(fds[1]);
	rig_stop(&r, 1);
}

static void more_clients_than_there_are_connect_for_themselves(void **state)
{
	enum { CLIENTS = 20 };
	struct rig r;
	int clients[CLIENTS];
	int fds[CLIENTS + 2];

	(void)state;
	warm_start(&r, 1, 2, 1);
	warm_accept(&r, fds, 2);
	warm_wait(&r, 0, 2);
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = rig_connect(&r);
	warm_accept(&r, fds + 2, CLIENTS);
	warm_wait(&r, 0, 2);
	rig_wait_count(&warm_server(&r, 0)->active, CLIENTS);
	assert_in_range(rig_of_server(&r, COUNTER_WARM_USED), 2, CLIENTS);
	rig_wait_connected(&r, CLIENTS);
	rig_assert_no_more(&r, 0);
	assert_int_equal(rig_of_server(&r, COUNTER_WARM_LOST), 0);
	warm_close(clients, CLIENTS);
	for (size_t i = 0; i < CLIENTS; i++) {
		int at = warm_which(fds, CLIENTS + 2, 5000);

		assert_int_not_equal(at, -1);
		rig_expect_end(fds[at]);
		close(fds[at]);
		fds[at] = -1;
	}
	rig_wait_ended(&r, CLIENTS);
	for (size_t i = 0; i < CLIENTS; i++)
		assert_int_equal(r.ended[i].reason, REASON_NORMAL);
	for (size_t i = 0; i < CLIENTS + 2; i++)
		if (fds[i] != -1)
			close(fds[i]);
	rig_stop(&r, 1);
}

/* The header is the client's: it goes out with the first words. */
static void a_proxy_header_is_sent_when_there_is_a_client(void **state)
{
	static const char begin[] = "PROXY TCP4 127.0.0.1 127.0.0.1 ";
	struct rig r;
	int client;
	int fds[2];
	char got[256] = "";
	ssize_t n = 0;

	(void)state;
	pg_init(&r, 1);
	r.servers[0].warm = 1;
	r.servers[0].send_proxy = SETTINGS_PROXY_V1;
	rig_start(&r, 1, 100);
	warm_accept(&r, fds, 1);
	warm_wait(&r, 0, 1);
	assert_int_equal(warm_which(fds, 1, 0), -1);
	client = rig_connect(&r);
	rig_send(client, PG(PG_STARTUP));
	while (!memmem(got, (size_t)n, PG(PG_STARTUP))) {
		ssize_t more = recv(fds[0], got + n, sizeof(got) - (size_t)n, 0);

		assert_true(more > 0);
		n += more;
	}
	assert_memory_equal(got, begin, sizeof(begin) - 1);
	fds[1] = rig_accept(&r, 0);
	close(client);
	rig_expect_end(fds[0]);
	warm_close(fds, 2);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	rig_stop(&r, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_dies_before_the_answer_costs_nobody_anything),
		cmocka_unit_test(a_server_that_fails_the_second_one_too_is_blamed),
		cmocka_unit_test(a_server_that_turns_the_client_away_is_left),
		cmocka_unit_test(one_that_has_answered_is_not_replaced_in_silence),
		cmocka_unit_test(more_clients_than_there_are_connect_for_themselves),
		cmocka_unit_test(a_proxy_header_is_sent_when_there_is_a_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
