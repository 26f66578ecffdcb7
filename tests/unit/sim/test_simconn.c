/* SPDX-License-Identifier: MIT */
#include "sim/simconn.h"

#include "peer.h"

#include <fcntl.h>

/* What the callbacks were told. */
static struct {
	int opened, bytes, gone;
	enum simconn_end end;
} seen;

static void note_opened(struct simconn *c)
{
	(void)c;
	seen.opened++;
}

static void note_bytes(struct simconn *c)
{
	(void)c;
	seen.bytes++;
}

static void note_gone(struct simconn *c, enum simconn_end end)
{
	assert_int_equal(c->fd, -1);
	seen.gone++;
	seen.end = end;
}

static const struct simconn_calls calls = { note_opened, note_bytes, note_gone };

/* A connection and its other end, over a socket pair. */
static void setup(struct simconn *c, struct peer *p)
{
	int fds[2];

	memset(&seen, 0, sizeof(seen));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	*p = (struct peer){ .loop = ev_loop_new(EVFLAG_NOENV), .fd = fds[1] };
	simconn_open(c, p->loop, fds[0], false, &calls);
}

static void teardown(struct simconn *c, struct peer *p)
{
	simconn_release(c, false);
	simconn_release(c, false);
	ev_loop_destroy(p->loop);
	peer_close(p);
}

static void bytes_go_both_ways(void **state)
{
	struct simconn c;
	struct peer p;

	(void)state;
	setup(&c, &p);
	peer_say(&p, "ping", 4);
	PEER_UNTIL(&p, c.in.len == 4);
	assert_string_equal(c.in.data, "ping");
	assert_int_equal(seen.bytes, 1);
	text_add(&c.out, "pong");
	simconn_kick(&c);
	PEER_UNTIL(&p, peer_has(&p, "pong"));
	assert_int_equal(seen.gone, 0);
	teardown(&c, &p);
}

static void more_than_the_socket_takes_is_sent_in_the_end(void **state)
{
	enum { MUCH = 4 << 20 };
	struct simconn c;
	struct peer p;

	(void)state;
	setup(&c, &p);
	for (int i = 0; i < MUCH / 64; i++)
		text_addn(&c.out,
		          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64);
	simconn_finish(&c);
	PEER_UNTIL(&p, p.eof);
	assert_int_equal(p.got.len, MUCH);
	assert_int_equal(seen.gone, 1);
	assert_int_equal(seen.end, SIMCONN_CLOSED);
	teardown(&c, &p);
}

static void the_end_of_the_peer_is_told_once(void **state)
{
	struct simconn c;
	struct peer p;

	(void)state;
	setup(&c, &p);
	shutdown(p.fd, SHUT_WR);
	PEER_UNTIL(&p, seen.gone == 1);
	assert_int_equal(seen.end, SIMCONN_EOF);
	PEER_UNTIL(&p, p.eof);
	assert_int_equal(seen.gone, 1);
	teardown(&c, &p);
}

static void a_busy_owner_answers_a_half_closed_peer(void **state)
{
	struct simconn c;
	struct peer p;

	(void)state;
	setup(&c, &p);
	c.busy = true;
	shutdown(p.fd, SHUT_WR);
	PEER_UNTIL(&p, c.eof);
	assert_int_equal(seen.gone, 0);
	text_add(&c.out, "late");
	c.busy = false;
	simconn_kick(&c);
	PEER_UNTIL(&p, p.eof);
	assert_true(peer_has(&p, "late"));
	assert_int_equal(seen.end, SIMCONN_EOF);
	teardown(&c, &p);
}

static void writing_to_nobody_is_a_failure(void **state)
{
	struct simconn c;
	struct peer p;

	(void)state;
	setup(&c, &p);
	shutdown(p.fd, SHUT_RD);
	text_add(&c.out, "x");
	simconn_kick(&c);
	ev_run(p.loop, EVRUN_NOWAIT);
	assert_int_equal(seen.gone, 1);
	assert_int_equal(seen.end, SIMCONN_FAILED);
	teardown(&c, &p);
}

static void a_paused_connection_does_nothing(void **state)
{
	struct simconn c;
	struct peer p;

	(void)state;
	setup(&c, &p);
	simconn_pause(&c, true);
	peer_say(&p, "ping", 4);
	text_add(&c.out, "pong");
	simconn_kick(&c);
	simconn_finish(&c);
	peer_hears_nothing(&p, 30);
	assert_int_equal(seen.bytes + seen.gone, 0);
	simconn_pause(&c, false);
	PEER_UNTIL(&p, p.eof || p.reset);
	assert_true(peer_has(&p, "pong"));
	assert_int_equal(seen.end, SIMCONN_CLOSED);
	teardown(&c, &p);
}

static void a_refused_connect_is_a_failure(void **state)
{
	struct addr at = peer_loopback();
	socklen_t len = sizeof(at.in);
	int bound = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct peer p = { .fd = -1, .loop = ev_loop_new(EVFLAG_NOENV), .eof = true };
	struct simconn c;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(bind(bound, &at.sa, at.len), 0);
	assert_int_equal(getsockname(bound, &at.sa, &len), 0);
	assert_int_equal(connect(fd, &at.sa, at.len), -1);
	simconn_open(&c, p.loop, fd, true, &calls);
	PEER_UNTIL(&p, seen.gone == 1);
	assert_int_equal(seen.opened, 0);
	assert_int_equal(seen.end, SIMCONN_FAILED);
	close(bound);
	ev_loop_destroy(p.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways),
		cmocka_unit_test(more_than_the_socket_takes_is_sent_in_the_end),
		cmocka_unit_test(the_end_of_the_peer_is_told_once),
		cmocka_unit_test(a_busy_owner_answers_a_half_closed_peer),
		cmocka_unit_test(writing_to_nobody_is_a_failure),
		cmocka_unit_test(a_paused_connection_does_nothing),
		cmocka_unit_test(a_refused_connect_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
