/* SPDX-License-Identifier: MIT */
#ifndef TEST_NET_BULK_FIXTURE_H
#define TEST_NET_BULK_FIXTURE_H

#include "net/relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A stream whose every byte is known by its place, through a relay between two connections. */
enum { BULK_SIZE = 16384, BULK_PATTERN = 65521 };

struct bulk {
	int client, source, dest, server;
	struct relay_space space;
	struct relay flow;
	const struct relay_gate *gate;
	uint64_t said, heard; /* bytes of the client, and by the server */
	/* That a turn has ended in; the last turns over TCP find what the kernel has brought. */
	uint8_t highest_gear;
};

static unsigned char bulk_pattern[2 * BULK_PATTERN];

static inline void bulk_pair_unix(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
}

static inline void bulk_pair_tcp(int fds[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int one = 1;

	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(connect(fds[0], (struct sockaddr *)&at, len) == 0 || errno == EINPROGRESS);
	fds[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(fds[1] >= 0);
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(listener);
}

static inline void bulk_begin(struct bulk *b, void (*pair)(int fds[2]))
{
	int near[2];
	int far[2];
	uint32_t word = 12345;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < BULK_PATTERN; i++) {
		word = word * 1664525 + 1013904223;
		bulk_pattern[i] = bulk_pattern[i + BULK_PATTERN] = (unsigned char)(word >> 24);
	}
	*b = (struct bulk){ 0 };
	pair(near);
	pair(far);
	b->client = near[0];
	b->source = near[1];
	b->dest = far[0];
	b->server = far[1];
	assert_true(relay_space_init(&b->space, BULK_SIZE, 1000, 16));
}

/* Nothing may be left anywhere. */
static inline void bulk_end(struct bulk *b)
{
	relay_drop(&b->flow, &b->space);
	assert_int_equal(b->space.tails.used, 0);
	assert_int_equal(b->space.large_tails.used, 0);
	assert_int_equal(b->space.pipes.open, b->space.pipes.spare);
	relay_space_release(&b->space);
	close(b->client);
	close(b->source);
	close(b->dest);
	close(b->server);
}

/* The client says up to `len` bytes; returns how many the kernel took. */
static inline size_t bulk_say(struct bulk *b, size_t len)
{
	size_t took = 0;

	while (took < len) {
		size_t at = b->said % BULK_PATTERN;
		size_t part = len - took < BULK_PATTERN ? len - took : BULK_PATTERN;
		ssize_t n = send(b->client, bulk_pattern + at, part, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		b->said += (uint64_t)n;
		took += (size_t)n;
	}
	return took;
}

/* The server reads up to `len` bytes, which must be the next ones; returns how many there were. */
static inline size_t bulk_hear(struct bulk *b, size_t len)
{
	static unsigned char got[BULK_PATTERN];
	size_t took = 0;

	while (took < len) {
		size_t part = len - took < BULK_PATTERN ? len - took : BULK_PATTERN;
		ssize_t n = recv(b->server, got, part, 0);

		if (n <= 0)
			break;
		assert_memory_equal(got, bulk_pattern + b->heard % BULK_PATTERN, (size_t)n);
		b->heard += (uint64_t)n;
		took += (size_t)n;
	}
	return took;
}

static inline enum relay_status bulk_pump(struct bulk *b)
{
	enum relay_status status = relay_pump(&b->flow, b->source, b->dest, b->gate, &b->space);

	if (b->flow.gear > b->highest_gear)
		b->highest_gear = b->flow.gear;
	return status;
}

/* `total` bytes more, said and heard by so many at a time. */
static inline void bulk_carry(struct bulk *b, uint64_t total, size_t say, size_t hear)
{
	uint64_t until = b->said + total;

	while (b->heard < until) {
		enum relay_status status;

		bulk_say(b, until - b->said < say ? (size_t)(until - b->said) : say);
		status = bulk_pump(b);
		assert_true(status == RELAY_IDLE || status == RELAY_BLOCKED);
		assert_true((status == RELAY_BLOCKED) == (relay_unsent(&b->flow) > 0));
		bulk_hear(b, hear);
	}
	assert_int_equal(b->flow.bytes, b->said);
}

/* Moves until the destination takes nothing more. */
static inline void bulk_block(struct bulk *b)
{
	do {
		bulk_say(b, 1 << 20);
	} while (bulk_pump(b) != RELAY_BLOCKED);
	assert_true(relay_unsent(&b->flow) > 0);
}

#endif
