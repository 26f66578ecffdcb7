/* SPDX-License-Identifier: MIT */
#include "net/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIZE = 4096 };

/* A client's and a server's socket pair with the relay between the inner ends. */
struct pairs {
	int client, source, dest, server;
	struct relay_space space;
	struct relay flow;
	const struct relay_gate *gate;
};

static void pair(int *near, int *far)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	*near = fds[0];
	*far = fds[1];
}

static int set_up(void **state)
{
	struct pairs *p = calloc(1, sizeof(*p));

	pair(&p->client, &p->source);
	pair(&p->dest, &p->server);
	assert_true(relay_space_init(&p->space, SIZE, 2, 16));
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct pairs *p = *state;

	relay_drop(&p->flow, &p->space);
	relay_space_release(&p->space);
	close(p->client);
	close(p->source);
	close(p->dest);
	close(p->server);
	free(p);
	return 0;
}

static enum relay_status pump(struct pairs *p)
{
	return relay_pump(&p->flow, p->source, p->dest, p->gate, &p->space);
}

static void bytes_arrive_as_they_were_sent(void **state)
{
	struct pairs *p = *state;
	char got[16];

	assert_int_equal(write(p->client, "SELECT 1", 8), 8);
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(read(p->server, got, sizeof(got)), 8);
	assert_memory_equal(got, "SELECT 1", 8);
	assert_int_equal(p->flow.bytes, 8);
	assert_null(p->flow.tail);
}

static void nothing_to_read_is_idle(void **state)
{
	struct pairs *p = *state;

	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(p->flow.bytes, 0);
}

static void the_end_comes_after_all_that_was_said(void **state)
{
	struct pairs *p = *state;
	char got[8];

	assert_int_equal(write(p->client, "bye", 3), 3);
	shutdown(p->client, SHUT_WR);
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(pump(p), RELAY_FINISHED);
	assert_true(p->flow.eof && p->flow.shut);
	assert_int_equal(read(p->server, got, sizeof(got)), 3);
	/* To tell the destination is the caller's. */
	assert_int_equal(read(p->server, got, sizeof(got)), -1);
	assert_int_equal(errno, EAGAIN);
}

/* Fills `dest` until it takes no more; returns what the relay has read from the source. */
static uint64_t block(struct pairs *p)
{
	static const char filling[65536];
	enum relay_status status = RELAY_IDLE;

	while (status != RELAY_BLOCKED) {
		ssize_t n = write(p->client, filling, sizeof(filling));

		assert_true(n > 0 || errno == EAGAIN);
		status = pump(p);
		assert_true(status == RELAY_IDLE || status == RELAY_BLOCKED);
	}
	return p->flow.bytes;
}

static void a_slow_reader_costs_one_buffer_and_stops_the_reading(void **state)
{
	struct pairs *p = *state;
	uint64_t before = block(p);

	assert_non_null(p->flow.tail);
	assert_int_equal(pump(p), RELAY_BLOCKED);
	assert_int_equal(p->flow.bytes, before);
	assert_int_equal(p->space.tails.used + p->space.large_tails.used, 1);
}

static void all_bytes_come_through_a_blocked_destination(void **state)
{
	struct pairs *p = *state;
	uint64_t got = 0;
	char buf[10000];

	block(p);
	shutdown(p->client, SHUT_WR);
	for (;;) {
		ssize_t n = read(p->server, buf, sizeof(buf));

		if (n > 0)
			got += (uint64_t)n;
		else if (p->flow.shut)
			break;
		if (!p->flow.shut)
			pump(p);
	}
	assert_int_equal(got, p->flow.bytes);
	assert_null(p->flow.tail);
	assert_int_equal(p->space.tails.used + p->space.large_tails.used, 0);
}

static void a_gone_destination_is_told_from_a_gone_source(void **state)
{
	struct pairs *p = *state;

	close(p->server);
	p->server = -1;
	assert_int_equal(write(p->client, "x", 1), 1);
	assert_int_equal(pump(p), RELAY_DEST_FAILED);
	assert_int_equal(errno, EPIPE);
}

static void a_failed_source_says_so(void **state)
{
	struct pairs *p = *state;

	assert_int_equal(relay_pump(&p->flow, -1, p->dest, NULL, &p->space), RELAY_SOURCE_FAILED);
	assert_int_equal(errno, EBADF);
}

static void without_memory_for_a_tail_the_direction_ends(void **state)
{
	struct pairs *p = *state;
	struct relay others[2] = { 0 };

	p->space.large_tails.max = 0;
	others[0].tail = slab_get(&p->space.tails);
	others[1].tail = slab_get(&p->space.tails);
	for (;;) {
		static const char filling[65536];
		enum relay_status status;

		if (write(p->client, filling, sizeof(filling)) == -1)
			assert_int_equal(errno, EAGAIN);
		status = pump(p);
		if (status == RELAY_NO_MEMORY)
			break;
		assert_int_equal(status, RELAY_IDLE);
	}
	relay_drop(&others[0], &p->space);
	relay_drop(&others[1], &p->space);
}

static void a_preface_goes_first_and_with_what_is_there(void **state)
{
	struct pairs *p = *state;
	char got[SIZE];

	assert_int_equal(write(p->client, "hello", 5), 5);
	assert_int_equal(relay_preface(&p->flow, p->source, p->gate, "HEAD", 4, &p->space),
	                 RELAY_IDLE);
	assert_int_equal(p->flow.bytes, 5);
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(read(p->server, got, sizeof(got)), 9);
	assert_memory_equal(got, "HEADhello", 9);
	assert_null(p->flow.tail);
	assert_int_equal(write(p->client, "more", 4), 4);
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(read(p->server, got, sizeof(got)), 4);
	assert_int_equal(p->flow.bytes, 9);
}

static void a_preface_goes_alone_if_nothing_is_there_or_fits(void **state)
{
	struct pairs *p = *state;
	static const char large[SIZE];
	static char got[2 * SIZE];

	assert_int_equal(relay_preface(&p->flow, p->source, p->gate, "HEAD", 4, &p->space),
	                 RELAY_IDLE);
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(read(p->server, got, sizeof(got)), 4);
	assert_int_equal(write(p->client, "hello", 5), 5);
	assert_int_equal(relay_preface(&p->flow, p->source, p->gate, large, SIZE, &p->space),
	                 RELAY_IDLE);
	assert_int_equal(p->flow.bytes, 0);
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(read(p->server, got, sizeof(got)), SIZE + 5);
}

static void a_source_that_ended_ends_after_the_preface(void **state)
{
	struct pairs *p = *state;
	char got[8];

	assert_int_equal(shutdown(p->client, SHUT_WR), 0);
	assert_int_equal(relay_preface(&p->flow, p->source, p->gate, "HEAD", 4, &p->space),
	                 RELAY_IDLE);
	assert_int_equal(pump(p), RELAY_FINISHED);
	assert_int_equal(read(p->server, got, sizeof(got)), 4);
}

static void a_preface_needs_memory_and_a_source(void **state)
{
	struct pairs *p = *state;
	void *held[2] = { slab_get(&p->space.tails), slab_get(&p->space.tails) };

	assert_int_equal(relay_preface(&p->flow, p->source, p->gate, "HEAD", 4, &p->space),
	                 RELAY_NO_MEMORY);
	slab_put(&p->space.tails, held[0]);
	slab_put(&p->space.tails, held[1]);
	assert_int_equal(relay_preface(&p->flow, -1, p->gate, "HEAD", 4, &p->space),
	                 RELAY_SOURCE_FAILED);
	assert_int_equal(errno, EBADF);
}

static void one_turn_is_bounded(void **state)
{
	struct pairs *p = *state;
	static const char filling[SIZE * 8];

	assert_int_equal(write(p->client, filling, sizeof(filling)), sizeof(filling));
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_in_range(p->flow.bytes, SIZE, sizeof(filling) - 1);
}

/* What was seen, one after the other. */
struct seen {
	const struct relay *last;
	char bytes[SIZE * 2];
	size_t len;
};

static void note(void *ctx, const struct relay *r, const void *bytes, size_t len)
{
	struct seen *seen = ctx;

	assert_true(len && seen->len + len <= sizeof(seen->bytes));
	memcpy(seen->bytes + seen->len, bytes, len);
	seen->len += len;
	seen->last = r;
}

static void an_onlooker_sees_what_the_source_says_and_nothing_else(void **state)
{
	struct pairs *p = *state;
	static struct seen seen;

	seen = (struct seen){ 0 };
	p->space.saw = note;
	p->space.ctx = &seen;
	assert_int_equal(write(p->client, "hello", 5), 5);
	assert_int_equal(relay_preface(&p->flow, p->source, p->gate, "HEAD", 4, &p->space),
	                 RELAY_IDLE);
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(write(p->client, ", you", 5), 5);
	assert_int_equal(pump(p), RELAY_IDLE);
	shutdown(p->client, SHUT_WR);
	assert_int_equal(pump(p), RELAY_FINISHED);
	assert_int_equal(seen.len, 10);
	assert_memory_equal(seen.bytes, "hello, you", 10);
	assert_ptr_equal(seen.last, &p->flow);
}

/* The destination is gone; another one is there. */
static void redirect(struct pairs *p)
{
	close(p->dest);
	close(p->server);
	pair(&p->dest, &p->server);
	relay_redirect(&p->flow, &p->space);
}

static void another_destination_gets_what_is_put_first_and_what_comes(void **state)
{
	struct pairs *p = *state;
	char got[32];

	assert_int_equal(write(p->client, "hello", 5), 5);
	assert_int_equal(pump(p), RELAY_IDLE);
	redirect(p);
	assert_int_equal(write(p->client, ", you", 5), 5);
	assert_int_equal(relay_preface(&p->flow, p->source, p->gate, "HEADhello", 9, &p->space),
	                 RELAY_IDLE);
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(read(p->server, got, sizeof(got)), 14);
	assert_memory_equal(got, "HEADhello, you", 14);
	/* What is said again was counted when it was said. */
	assert_int_equal(p->flow.bytes, 10);
}

static void an_end_is_passed_on_to_another_destination_too(void **state)
{
	struct pairs *p = *state;
	char got[8];

	shutdown(p->client, SHUT_WR);
	assert_int_equal(pump(p), RELAY_FINISHED);
	redirect(p);
	assert_false(p->flow.eof || p->flow.shut);
	assert_int_equal(relay_preface(&p->flow, p->source, p->gate, "HEAD", 4, &p->space),
	                 RELAY_IDLE);
	assert_int_equal(pump(p), RELAY_FINISHED);
	assert_int_equal(read(p->server, got, sizeof(got)), 4);
}

static void what_was_not_sent_is_dropped_with_its_destination(void **state)
{
	struct pairs *p = *state;
	char byte;

	block(p);
	assert_non_null(p->flow.tail);
	redirect(p);
	assert_null(p->flow.tail);
	assert_int_equal(p->space.tails.used, 0);
	assert_int_equal(read(p->server, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

static void a_gate_lets_through_what_it_allows(void **state)
{
	struct pairs *p = *state;
	struct relay_gate gate = { .until = 3 };
	char got[32];

	p->gate = &gate;
	assert_int_equal(write(p->client, "abcdefgh", 8), 8);
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(read(p->server, got, sizeof(got)), 3);
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(read(p->server, got, sizeof(got)), -1);
	gate.until = 5;
	assert_int_equal(relay_preface(&p->flow, p->source, p->gate, "HEAD", 4, &p->space),
	                 RELAY_IDLE);
	gate.closed = true;
	assert_int_equal(pump(p), RELAY_BLOCKED);
	assert_int_equal(read(p->server, got, sizeof(got)), -1);
	gate.closed = false;
	gate.until = UINT64_MAX;
	assert_int_equal(pump(p), RELAY_IDLE);
	assert_int_equal(read(p->server, got, sizeof(got)), 9);
	assert_memory_equal(got, "HEADdefgh", 9);
	assert_int_equal(p->flow.bytes, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(bytes_arrive_as_they_were_sent),
		TEST(nothing_to_read_is_idle),
		TEST(the_end_comes_after_all_that_was_said),
		TEST(a_slow_reader_costs_one_buffer_and_stops_the_reading),
		TEST(all_bytes_come_through_a_blocked_destination),
		TEST(a_gone_destination_is_told_from_a_gone_source),
		TEST(a_failed_source_says_so),
		TEST(without_memory_for_a_tail_the_direction_ends),
		TEST(a_preface_goes_first_and_with_what_is_there),
		TEST(a_preface_goes_alone_if_nothing_is_there_or_fits),
		TEST(a_source_that_ended_ends_after_the_preface),
		TEST(a_preface_needs_memory_and_a_source),
		TEST(one_turn_is_bounded),
		TEST(an_onlooker_sees_what_the_source_says_and_nothing_else),
		TEST(another_destination_gets_what_is_put_first_and_what_comes),
		TEST(an_end_is_passed_on_to_another_destination_too),
		TEST(what_was_not_sent_is_dropped_with_its_destination),
		TEST(a_gate_lets_through_what_it_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
