/* SPDX-License-Identifier: MIT */
#include "sim/simsession.h"

#include "peer.h"

#include <fcntl.h>

static struct {
	int started, rejected, gone;
	uint64_t cancelled;
} seen;

static void note_started(struct simsession *s)
{
	(void)s;
	seen.started++;
}

static void note_rejected(struct simsession *s)
{
	(void)s;
	seen.rejected++;
}

static void note_gone(struct simsession *s)
{
	(void)s;
	seen.gone++;
}

static void note_cancel(struct simsession_host *h, uint64_t key)
{
	(void)h;
	seen.cancelled = key;
}

/* A session of a node 7 and its client. */
static struct simsession *setup(struct simsession_host *h, struct peer *p)
{
	int fds[2];

	memset(&seen, 0, sizeof(seen));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	*p = (struct peer){ .loop = ev_loop_new(EVFLAG_NOENV), .fd = fds[1] };
	*h = (struct simsession_host){ .loop = p->loop,
		                       .node_id = 7,
		                       .reject_code = "57P01",
		                       .started = note_started,
		                       .rejected = note_rejected,
		                       .gone = note_gone,
		                       .cancel = note_cancel };
	return simsession_new(h, fds[0]);
}

static void teardown(struct peer *p)
{
	shutdown(p->fd, SHUT_WR);
	PEER_UNTIL(p, seen.gone == 1);
	ev_loop_destroy(p->loop);
	peer_close(p);
}

static void start_up_after_refused_encryption(void **state)
{
	struct simsession_host h;
	struct peer p;
	uint8_t key[8];

	(void)state;
	setup(&h, &p);
	PEER_FRAME(&p, 0, "\x04\xd2\x16\x30");
	PEER_UNTIL(&p, p.got.len == 1 && p.got.data[0] == 'N');
	PEER_FRAME(&p, 0, "\x04\xd2\x16\x2f");
	PEER_UNTIL(&p, p.got.len == 2 && p.got.data[1] == 'N');
	text_clear(&p.got);
	peer_login(&p, key);
	assert_int_equal(seen.started, 1);
	assert_int_equal(key[0], 0); /* 7 << 52: the top bit says the short form */
	assert_int_equal(key[1] >> 4, 7);
	teardown(&p);
}

static void the_key_holds_the_node(void **state)
{
	(void)state;
	assert_int_equal(simsession_key_node(UINT64_C(7) << 52), 7);
	assert_int_equal(simsession_key_node(UINT64_C(2047) << 52 | 12345), 2047);
	assert_int_equal(simsession_key_node(UINT64_C(1) << 63 | UINT64_C(7) << 52), 0);
}

static void simple_queries_are_answered(void **state)
{
	static const struct {
		const char *sql, *types, *needle;
	} cases[] = {
		{ "SELECT 42", "TDCZ", "42" },
		{ "SHOW node_id", "TDCZ", "7" },
		{ "", "IZ", NULL },
		{ " ; -- x", "IZ", NULL },
		{ "select 1; select 2;", "TDCTDCZ", "2" },
		{ "select 1; nonsense; select 2", "TDCEZ", "42601" },
		{ "begin; select 1", "CTDCZ", "Z\0\0\0\5T" },
		{ "commit", "CZ", "COMMIT" },
		{ "select 1; select pg_sleep(0.01); select 3", "TDCTDCTDCZ", "3" },
	};
	struct simsession_host h;
	struct peer p;

	(void)state;
	setup(&h, &p);
	peer_login(&p, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		peer_query(&p, cases[i].sql);
		peer_expect(&p, cases[i].types, cases[i].needle);
	}
	assert_true(h.queries > 0);
	teardown(&p);
}

static void the_extended_protocol_is_answered(void **state)
{
	struct simsession_host h;
	struct peer p;

	(void)state;
	setup(&h, &p);
	peer_login(&p, NULL);
	PEER_FRAME(&p, 'P', "s\0select 5\0\0\0");
	PEER_FRAME(&p, 'D', "Ss\0");
	PEER_FRAME(&p, 'H', "");
	PEER_FRAME(&p, 'B', "p\0s\0\0\0\0\0\0\1\0\1");
	PEER_FRAME(&p, 'D', "Pp\0");
	PEER_FRAME(&p, 'E', "p\0\0\0\0\0");
	PEER_FRAME(&p, 'C', "Pp\0");
	PEER_FRAME(&p, 'S', "");
	peer_expect(&p, "1tT2TDC3Z", "SELECT 1");
	PEER_FRAME(&p, 'P', "\0begin\0\0\0");
	PEER_FRAME(&p, 'B', "\0\0\0\0\0\1\377\377\377\377\0\0");
	PEER_FRAME(&p, 'D', "P\0");
	PEER_FRAME(&p, 'E', "\0\0\0\0\0");
	PEER_FRAME(&p, 'P', "\0select pg_sleep(0.01)\0\0\0");
	PEER_FRAME(&p, 'B', "\0\0\0\0\0\0\0\0");
	PEER_FRAME(&p, 'E', "\0\0\0\0\0");
	PEER_FRAME(&p, 'S', "");
	peer_expect(&p, "12nC12DCZ", "BEGIN");
	teardown(&p);
}

static void after_an_error_messages_are_skipped_to_sync(void **state)
{
	static const struct {
		char type;
		const char body[16];
		size_t len;
		const char *sqlstate;
	} cases[] = {
		{ 'P', "\0nonsense\0\0", 12, "42601" },
		{ 'P', "\0begin;end\0\0", 13, "42601" },
		{ 'B', "\0none\0\0\0\0\0\0", 12, "26000" },
		{ 'D', "Snone\0", 6, "26000" },
		{ 'D', "Pnone\0", 6, "34000" },
		{ 'E', "none\0\0\0\0\0", 9, "34000" },
	};
	struct simsession_host h;
	struct peer p;

	(void)state;
	setup(&h, &p);
	peer_login(&p, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		peer_frame(&p, cases[i].type, cases[i].body, cases[i].len);
		PEER_FRAME(&p, 'P', "\0select 5\0\0\0");
		PEER_FRAME(&p, 'S', "");
		peer_expect(&p, "EZ", cases[i].sqlstate);
	}
	peer_query(&p, "select 1");
	peer_expect(&p, "TDCZ", NULL);
	teardown(&p);
}

static void malformed_bytes_end_the_session(void **state)
{
	static const struct {
		bool login;
		const char bytes[12];
		size_t len;
		const char *sqlstate; /* NULL: closed without a word */
	} cases[] = {
		{ false, "GET / HTTP/", 11, NULL }, { false, "\0\0\0\10\0\2\0\0", 8, "08P01" },
		{ true, "Q\0\0\0\1", 5, NULL },     { true, "?\0\0\0\4", 5, "08P01" },
		{ true, "E\0\0\0\5x", 6, "08P01" }, { true, "X\0\0\0\4", 5, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct simsession_host h;
		struct peer p;

		setup(&h, &p);
		if (cases[i].login)
			peer_login(&p, NULL);
		peer_say(&p, cases[i].bytes, cases[i].len);
		PEER_UNTIL(&p, p.eof);
		if (cases[i].sqlstate)
			assert_true(peer_has(&p, cases[i].sqlstate));
		else
			assert_int_equal(p.got.len, 0);
		teardown(&p);
	}
}

static void a_running_sleep_can_be_cancelled(void **state)
{
	struct simsession_host h;
	struct peer p;
	struct simsession *s = setup(&h, &p);

	(void)state;
	peer_login(&p, NULL);
	assert_false(simsession_cancel(s));
	peer_query(&p, "select 1; select pg_sleep(60); select 2");
	PEER_UNTIL(&p, s->phase == SIMSESSION_SLEEPING);
	assert_true(simsession_cancel(s));
	peer_expect(&p, "TDCTEZ", "57014");
	peer_frame(&p, 'P', "\0select pg_sleep(60)\0\0\0", 24);
	PEER_FRAME(&p, 'B', "\0\0\0\0\0\0\0\0");
	PEER_FRAME(&p, 'E', "\0\0\0\0\0");
	PEER_FRAME(&p, 'S', "");
	PEER_UNTIL(&p, s->phase == SIMSESSION_SLEEPING);
	assert_true(simsession_cancel(s));
	peer_expect(&p, "12EZ", "57014");
	teardown(&p);
}

static void a_cancel_request_is_passed_on_and_closed_silently(void **state)
{
	struct simsession_host h;
	struct peer p;

	(void)state;
	setup(&h, &p);
	PEER_FRAME(&p, 0, "\x04\xd2\x16\x2e\0\160\0\0\0\0\0\1");
	PEER_UNTIL(&p, p.eof);
	assert_int_equal(p.got.len, 0);
	assert_true(seen.cancelled == 0x0070000000000001);
	assert_int_equal(seen.started, 0);
	teardown(&p);
}

static void the_gate_rejects_or_waits(void **state)
{
	struct simsession_host h;
	struct peer p;
	struct simsession *s = setup(&h, &p);

	(void)state;
	h.gate = SIMSESSION_WAIT;
	peer_startup(&p);
	peer_hears_nothing(&p, 30);
	h.gate = SIMSESSION_SERVE;
	simsession_wake(s);
	peer_expect(&p, PEER_GREETING, NULL);
	teardown(&p);

	setup(&h, &p);
	h.gate = SIMSESSION_REJECT;
	peer_startup(&p);
	peer_expect(&p, "E", "server is not accepting clients, try another node");
	PEER_UNTIL(&p, p.eof);
	assert_int_equal(seen.rejected, 1);
	assert_int_equal(seen.started, 0);
	teardown(&p);
}

static void leaving_ends_idle_sessions_and_waits_for_transactions(void **state)
{
	struct simsession_host h;
	struct peer p;
	struct simsession *s = setup(&h, &p);

	(void)state;
	peer_login(&p, NULL);
	h.leaving = true;
	simsession_leave(s);
	peer_expect(&p, "E", "57P01");
	PEER_UNTIL(&p, p.eof);
	teardown(&p);

	s = setup(&h, &p);
	peer_login(&p, NULL);
	peer_query(&p, "begin");
	peer_expect(&p, "CZ", NULL);
	h.leaving = true;
	simsession_leave(s);
	peer_query(&p, "select 1");
	peer_expect(&p, "TDCZ", NULL);
	peer_query(&p, "commit");
	peer_expect(&p, "CZE", "server is shutting down");
	PEER_UNTIL(&p, p.eof);
	teardown(&p);
}

static void expelling_ends_whatever_runs(void **state)
{
	struct simsession_host h;
	struct peer p;
	struct simsession *s = setup(&h, &p);

	(void)state;
	peer_login(&p, NULL);
	peer_query(&p, "begin; select pg_sleep(60)");
	PEER_UNTIL(&p, s->phase == SIMSESSION_SLEEPING);
	simsession_leave(s);
	assert_int_equal(s->phase, SIMSESSION_SLEEPING);
	simsession_expel(s);
	simsession_expel(s);
	peer_expect(&p, "CTE", "57P01");
	PEER_UNTIL(&p, p.eof);
	teardown(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_up_after_refused_encryption),
		cmocka_unit_test(the_key_holds_the_node),
		cmocka_unit_test(simple_queries_are_answered),
		cmocka_unit_test(the_extended_protocol_is_answered),
		cmocka_unit_test(after_an_error_messages_are_skipped_to_sync),
		cmocka_unit_test(malformed_bytes_end_the_session),
		cmocka_unit_test(a_running_sleep_can_be_cancelled),
		cmocka_unit_test(a_cancel_request_is_passed_on_and_closed_silently),
		cmocka_unit_test(the_gate_rejects_or_waits),
		cmocka_unit_test(leaving_ends_idle_sessions_and_waits_for_transactions),
		cmocka_unit_test(expelling_ends_whatever_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
