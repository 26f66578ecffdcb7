/* SPDX-License-Identifier: MIT */
#include "engine/duplex.h"

#include "../net/bulk_fixture.h"

/* WRAP: shutdown */
enum { MB = 1 << 20 };

static int shutdowns;

int __real_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how);

int __wrap_shutdown(int fd, int how)
{
	shutdowns++;
	return __real_shutdown(fd, how);
}

/*
 * The fixture's connections with a duplex between them: flow[DUPLEX_CLIENT] is what it calls flow.
 * Who is ready is asked of the loop.
 */
struct stage {
	struct bulk b;
	struct duplex d;
	struct ev_loop *loop;
	struct duplex_verdict verdict;
	int calls;
};

static struct stage st;

static void on_ready(struct ev_loop *loop, ev_io *w, int revents)
{
	enum duplex_end end = w == &st.d.io[DUPLEX_CLIENT] ? DUPLEX_CLIENT : DUPLEX_SERVER;

	st.calls++;
	if (!st.verdict.ended)
		st.verdict = duplex_ready(&st.d, loop, &st.b.space, end, revents);
}

static int set_up(void **state)
{
	(void)state;
	memset(&st, 0, sizeof(st));
	bulk_begin(&st.b, bulk_pair_tcp);
	st.loop = ev_loop_new(EVFLAG_NOENV);
	ev_io_init(&st.d.io[DUPLEX_CLIENT], on_ready, st.b.source, EV_READ);
	ev_io_init(&st.d.io[DUPLEX_SERVER], on_ready, st.b.dest, EV_READ);
	st.verdict = duplex_start(&st.d, st.loop, &st.b.space, NULL, 0, false);
	assert_false(st.verdict.ended);
	shutdowns = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	duplex_close(&st.d, st.loop, &st.b.space, false);
	ev_loop_destroy(st.loop);
	st.b.source = st.b.dest = -1;
	bulk_end(&st.b);
	return 0;
}

/* A few turns of the loop: what can happen at once has happened. */
static void turn(void)
{
	for (int i = 0; i < 20; i++)
		ev_run(st.loop, EVRUN_NOWAIT);
}

/* The client says so much that the rest is kept in a pipe. */
static void block_in_a_pipe(void)
{
	st.d.flow[DUPLEX_CLIENT].gear = RELAY_SPLICE;
	while (bulk_say(&st.b, MB) || !st.d.flow[DUPLEX_CLIENT].tail)
		turn();
	assert_int_equal(st.d.flow[DUPLEX_CLIENT].gear, RELAY_SPLICE);
	assert_true(relay_unsent(&st.d.flow[DUPLEX_CLIENT]) > 0);
}

static void reset(int *fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(*fd);
	*fd = -1;
}

static void two_directions_take_little_room(void **state)
{
	(void)state;
	assert_true(sizeof(struct relay) <= 24);
	assert_true(sizeof(struct duplex) <= 160);
}

static void an_end_is_passed_on_once_and_the_second_is_a_close(void **state)
{
	char byte;

	(void)state;
	__real_shutdown(st.b.client, SHUT_WR);
	turn();
	assert_false(st.verdict.ended);
	assert_int_equal(shutdowns, 1);
	assert_int_equal(recv(st.b.server, &byte, 1, 0), 0);
	assert_int_equal(send(st.b.server, "x", 1, MSG_NOSIGNAL), 1);
	turn();
	assert_int_equal(recv(st.b.client, &byte, 1, 0), 1);
	__real_shutdown(st.b.server, SHUT_WR);
	turn();
	assert_true(st.verdict.ended);
	assert_int_equal(st.verdict.reason, REASON_NORMAL);
	assert_int_equal(shutdowns, 1);
	duplex_close(&st.d, st.loop, &st.b.space, false);
	st.d.io[0].fd = st.d.io[1].fd = -1;
	assert_int_equal(recv(st.b.client, &byte, 1, 0), 0);
}

/* Who is told so asks for nothing more. */
static void only_bytes_that_pass_whole_are_steady(void **state)
{
	const struct relay_gate open[2] = { { .until = UINT64_MAX }, { .until = UINT64_MAX } };

	(void)state;
	assert_false(st.verdict.steady);
	assert_true(bulk_say(&st.b, 100));
	turn();
	assert_true(st.verdict.steady && st.verdict.active && !st.verdict.ended);
	st.d.gates = open;
	assert_true(bulk_say(&st.b, 100));
	turn();
	assert_true(!st.verdict.steady && st.verdict.active);
	st.d.gates = NULL;
	while (!st.d.flow[DUPLEX_CLIENT].tail && bulk_say(&st.b, MB))
		turn();
	assert_true(st.d.flow[DUPLEX_CLIENT].tail && !st.verdict.steady);
	while (st.b.heard < st.b.said) {
		bulk_hear(&st.b, MB);
		turn();
	}
	__real_shutdown(st.b.client, SHUT_WR);
	turn();
	assert_true(!st.verdict.steady && st.verdict.active);
	assert_int_equal(send(st.b.server, "x", 1, MSG_NOSIGNAL), 1);
	turn();
	assert_true(st.verdict.steady);
}

static void a_full_pipe_waits_for_the_destination_only(void **state)
{
	int calls;

	(void)state;
	block_in_a_pipe();
	assert_int_equal(st.d.io[DUPLEX_CLIENT].events & EV_WRITE, 0);
	assert_false(ev_is_active(&st.d.io[DUPLEX_CLIENT]));
	assert_true(st.d.io[DUPLEX_SERVER].events & EV_WRITE);
	turn();
	calls = st.calls;
	turn();
	assert_int_equal(st.calls, calls);
	while (st.b.heard < st.b.said) {
		bulk_hear(&st.b, MB);
		turn();
	}
	assert_true(ev_is_active(&st.d.io[DUPLEX_CLIENT]));
	assert_int_equal(st.d.io[DUPLEX_SERVER].events & EV_WRITE, 0);
	assert_int_equal(st.d.flow[DUPLEX_CLIENT].bytes, st.b.said);
}

static void bytes_that_leave_a_pipe_are_activity(void **state)
{
	bool active = false;

	(void)state;
	block_in_a_pipe();
	__real_shutdown(st.b.client, SHUT_WR);
	while (st.b.heard < st.b.said) {
		uint32_t before = relay_unsent(&st.d.flow[DUPLEX_CLIENT]);

		bulk_hear(&st.b, MB);
		ev_run(st.loop, EVRUN_NOWAIT);
		if (relay_unsent(&st.d.flow[DUPLEX_CLIENT]) < before)
			active |= st.verdict.active;
	}
	assert_true(active);
	turn();
	assert_true(st.d.flow[DUPLEX_CLIENT].shut);
	assert_int_equal(shutdowns, 1);
}

/* A server that has said why it leaves, and takes nothing more. */
static void what_an_end_said_before_it_broke_is_delivered(void **state)
{
	char got[16];

	(void)state;
	block_in_a_pipe();
	assert_int_equal(send(st.b.server, "too many clients", 16, MSG_NOSIGNAL), 16);
	__real_shutdown(st.b.server, SHUT_WR);
	close(st.b.server); /* with bytes unread: it resets */
	st.b.server = -1;
	turn();
	assert_true(st.verdict.ended);
	assert_int_equal(st.verdict.reason, REASON_SERVER_RESET);
	assert_int_equal(recv(st.b.client, got, sizeof(got), 0), 16);
	assert_memory_equal(got, "too many clients", 16);
	assert_int_equal(st.b.space.pipes.open, st.b.space.pipes.spare);
}

static void a_reset_in_mid_bulk_ends_it(void **state)
{
	(void)state;
	for (int who = DUPLEX_CLIENT; who <= DUPLEX_SERVER; who++) {
		if (who == DUPLEX_SERVER)
			set_up(state);
		block_in_a_pipe();
		reset(who == DUPLEX_CLIENT ? &st.b.client : &st.b.server);
		while (!st.verdict.ended) {
			if (who == DUPLEX_CLIENT)
				bulk_hear(&st.b, MB);
			turn();
		}
		assert_int_equal(st.verdict.reason,
		                 who == DUPLEX_CLIENT ? REASON_CLIENT_RESET : REASON_SERVER_RESET);
		if (who == DUPLEX_CLIENT)
			tear_down(state);
	}
}

/* Both directions are closed in good order, and what was said is still on its way. */
static void a_close_after_a_half_close_is_no_reset(void **state)
{
	enum { LITTLE = 16384 };
	enum duplex_end end;

	(void)state;
	__real_shutdown(st.b.server, SHUT_WR);
	turn();
	/* Little at a time: what follows comes to the socket's queue, the end with it. */
	while (!st.d.flow[DUPLEX_CLIENT].tail && bulk_say(&st.b, LITTLE))
		turn();
	bulk_say(&st.b, LITTLE);
	close(st.b.client);
	st.b.client = -1;
	turn();
	assert_false(duplex_is_reset(&st.d, &end));
	while (st.b.heard < st.b.said) {
		bulk_hear(&st.b, MB);
		turn();
	}
	turn();
	assert_true(st.verdict.ended);
	assert_int_equal(st.verdict.reason, REASON_NORMAL);
}

static void a_reset_is_seen_while_nobody_reads(void **state)
{
	enum duplex_end end;

	(void)state;
	block_in_a_pipe();
	assert_false(duplex_is_reset(&st.d, &end));
	reset(&st.b.client);
	assert_true(duplex_is_reset(&st.d, &end));
	assert_int_equal(end, DUPLEX_CLIENT);
}

static void a_gate_holds_what_is_in_a_pipe(void **state)
{
	struct relay_gate gates[2] = { { .until = UINT64_MAX }, { .until = UINT64_MAX } };

	(void)state;
	block_in_a_pipe();
	gates[DUPLEX_CLIENT] = (struct relay_gate){ .blind = true, .closed = true };
	st.d.gates = gates;
	duplex_wait(&st.d, st.loop);
	assert_int_equal(st.d.io[DUPLEX_SERVER].events & EV_WRITE, 0);
	turn();
	bulk_hear(&st.b, 64 * (size_t)MB);
	turn();
	assert_int_equal(bulk_hear(&st.b, MB), 0);
	st.d.gates = NULL;
	duplex_wait(&st.d, st.loop);
	while (st.b.heard < st.b.said) {
		bulk_hear(&st.b, MB);
		turn();
	}
	assert_false(st.verdict.ended);
}

static void another_server_gets_nothing_of_a_pipe(void **state)
{
	(void)state;
	block_in_a_pipe();
	duplex_replace(&st.d, st.loop, &st.b.space, true);
	assert_int_equal(st.d.io[DUPLEX_SERVER].fd, -1);
	assert_null(st.d.flow[DUPLEX_CLIENT].tail);
	assert_int_equal(st.d.flow[DUPLEX_CLIENT].gear, RELAY_SMALL);
	assert_int_equal(st.b.space.pipes.open, st.b.space.pipes.spare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(two_directions_take_little_room),
		TEST(an_end_is_passed_on_once_and_the_second_is_a_close),
		TEST(only_bytes_that_pass_whole_are_steady),
		TEST(a_full_pipe_waits_for_the_destination_only),
		TEST(bytes_that_leave_a_pipe_are_activity),
		TEST(what_an_end_said_before_it_broke_is_delivered),
		TEST(a_reset_in_mid_bulk_ends_it),
		TEST(a_close_after_a_half_close_is_no_reset),
		TEST(a_reset_is_seen_while_nobody_reads),
		TEST(a_gate_holds_what_is_in_a_pipe),
		TEST(another_server_gets_nothing_of_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
