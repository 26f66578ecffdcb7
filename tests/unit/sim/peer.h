/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_SIM_PEER_H
#define TESTS_UNIT_SIM_PEER_H

/*
 * The other end of a connection in a test: a plain socket whose owner turns the loop of what is
 * tested while it waits.  Every wait has a deadline of five seconds.
 */
#include "base/addr.h"
#include "base/text.h"
#include "base/tick.h"
#include "sim/simwire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEER_PATIENCE_MS = 5000 };

struct peer {
	struct ev_loop *loop;
	int fd;
	struct text got;
	bool eof, reset;
};

static inline struct addr peer_loopback(void)
{
	struct addr a;

	assert_true(addr_parse_ip("127.0.0.1", 0, &a));
	return a;
}

/* One turn of the loop; what has come for the peer is in `got`. */
static inline void peer_turn(struct peer *p)
{
	struct pollfd poll_fd = { .fd = p->eof || p->reset ? -1 : p->fd, .events = POLLIN };
	char buf[8192];
	ssize_t n;

	ev_run(p->loop, EVRUN_NOWAIT);
	if (poll(&poll_fd, 1, 1) != 1)
		return;
	n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n > 0)
		text_addn(&p->got, buf, (size_t)n);
	else if (n == 0)
		p->eof = true;
	else if (errno != EAGAIN)
		p->reset = true;
}

/* Turns the loop while `condition` is false. */
#define PEER_UNTIL(p, condition)                                                                   \
	do {                                                                                       \
		int64_t peer_until_ = tick_ms() + PEER_PATIENCE_MS;                                \
		while (!(condition) && tick_ms() < peer_until_)                                    \
			peer_turn(p);                                                              \
		assert_true(condition);                                                            \
	} while (0)

/* Turns the loop for a while in which nothing may come. */
static inline void peer_hears_nothing(struct peer *p, int64_t ms)
{
	int64_t until = tick_ms() + ms;
	size_t before = p->got.len;

	while (tick_ms() < until)
		peer_turn(p);
	assert_int_equal(p->got.len, before);
	assert_false(p->eof || p->reset);
}

static inline void peer_open(struct peer *p, struct ev_loop *loop, const struct addr *to)
{
	*p = (struct peer){ .loop = loop, .fd = socket(to->sa.sa_family, SOCK_STREAM, 0) };
	assert_true(p->fd >= 0);
	assert_int_equal(connect(p->fd, &to->sa, to->len), 0);
}

static inline bool peer_is_refused(const struct addr *to)
{
	int fd = socket(to->sa.sa_family, SOCK_STREAM, 0);
	bool refused = connect(fd, &to->sa, to->len) == -1 && errno == ECONNREFUSED;

	close(fd);
	return refused;
}

static inline void peer_close(struct peer *p)
{
	close(p->fd);
	text_release(&p->got);
}

static inline void peer_say(struct peer *p, const void *bytes, size_t len)
{
	assert_int_equal(send(p->fd, bytes, len, MSG_NOSIGNAL), len);
}

static inline void peer_say_text(struct peer *p, struct text *t)
{
	peer_say(p, t->data, t->len);
	text_release(t);
}

static inline bool peer_has(const struct peer *p, const char *what)
{
	return p->got.len && memmem(p->got.data, p->got.len, what, strlen(what));
}

/* --- PostgreSQL -------------------------------------------------------------------------- */

/* The types of the complete messages in `got`, and their bytes. */
static inline size_t peer_types(const struct peer *p, char *types, size_t room)
{
	struct simwire_message m;
	size_t at = 0, len = 0;

	while (len + 1 < room &&
	       simwire_read(text_str(&p->got) + at, p->got.len - at, false, &m) == SIMWIRE_OK) {
		types[len++] = m.type;
		at += m.total;
	}
	types[len] = '\0';
	return at;
}

/* Waits for messages of exactly these types, with `needle` somewhere in them; drops them. */
static inline void peer_expect(struct peer *p, const char *types, const char *needle)
{
	char got[64] = "";
	size_t bytes = 0;
	int64_t until = tick_ms() + PEER_PATIENCE_MS;

	while (strlen(got) < strlen(types) && tick_ms() < until) {
		peer_turn(p);
		bytes = peer_types(p, got, sizeof(got));
	}
	assert_string_equal(got, types);
	if (needle)
		assert_non_null(memmem(p->got.data, bytes, needle, strlen(needle)));
	text_consume(&p->got, bytes);
}

static inline void peer_frame(struct peer *p, char type, const void *body, size_t len)
{
	struct text t = { 0 };
	uint8_t size[4] = { 0, 0, (uint8_t)((len + 4) >> 8), (uint8_t)(len + 4) };

	if (type)
		text_addc(&t, type);
	text_addn(&t, size, sizeof(size));
	text_addn(&t, body, len);
	peer_say_text(p, &t);
}

#define PEER_FRAME(p, type, literal) peer_frame(p, type, literal, sizeof(literal) - 1)

static inline void peer_query(struct peer *p, const char *sql)
{
	struct text t = { 0 };

	simwire_add_query(&t, sql);
	peer_say_text(p, &t);
}

static inline void peer_startup(struct peer *p)
{
	struct text t = { 0 };

	simwire_add_startup(&t, "root", "defaultdb");
	peer_say_text(p, &t);
}

#define PEER_GREETING "RSSSSSSSKZ"

/* Start-up up to ReadyForQuery; `key`: the cancel key as it came, or NULL. */
static inline void peer_login(struct peer *p, uint8_t key[8])
{
	static const char head[5] = { 'K', 0, 0, 0, 12 };
	char types[64] = "";
	const char *at;

	peer_startup(p);
	PEER_UNTIL(p, peer_types(p, types, sizeof(types)) && strcmp(types, PEER_GREETING) == 0);
	at = memmem(p->got.data, p->got.len, head, sizeof(head));
	assert_non_null(at);
	if (key)
		memcpy(key, at + sizeof(head), 8);
	peer_expect(p, PEER_GREETING, "13.0.0");
}

#endif
