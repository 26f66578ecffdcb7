/* SPDX-License-Identifier: MIT */
/*
 * Fault sweep of a session in PostgreSQL's protocol that loses a server, is told the truth by the
 * next one, and is asked to leave: the k-th call of the worker fails, for each k until nothing
 * fails.  Whatever fails, the session ends, and nothing of it is left.
 */
/* WRAP: recv send poll setsockopt shutdown slab_get */
#include "base/slab.h"
#include "base/tick.h"

#include "pg_fixture.h"
#include "sweep_fixture.h"

enum { PEERS = 16, PATIENCE_MS = 400, TEST_MS = 10000 };

static _Atomic int errnum_now; /* of the call that fails */

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __real_shutdown(int fd, int how);
void *__real_slab_get(struct slab *s);

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __wrap_shutdown(int fd, int how);
void *__wrap_slab_get(struct slab *s);

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	return sweep_fails(atomic_load(&errnum_now)) ? -1 : __real_recv(fd, buf, len, flags);
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	return sweep_fails(atomic_load(&errnum_now)) ? -1 : __real_send(fd, buf, len, flags);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return sweep_fails(atomic_load(&errnum_now)) ? -1 : __real_poll(fds, count, timeout);
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	return sweep_fails(atomic_load(&errnum_now))
	           ? -1
	           : __real_setsockopt(fd, level, option, value, len);
}

int __wrap_shutdown(int fd, int how)
{
	return sweep_fails(atomic_load(&errnum_now)) ? -1 : __real_shutdown(fd, how);
}

void *__wrap_slab_get(struct slab *s)
{
	return sweep_fails(atomic_load(&errnum_now)) ? NULL : __real_slab_get(s);
}

/* What the test plays: a client and whatever connections servers get. */
struct play {
	struct rig *rig;
	int client;
	size_t got; /* bytes that the client has */
	int peers[PEERS];
	size_t heard[PEERS]; /* bytes that the server has on that connection */
	size_t peer_count;
};

static void put(int fd, const char *words, size_t len)
{
	send(fd, words, len, MSG_NOSIGNAL);
}

static void leave(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* The first connection is to a server that is shutting down. */
static void play_server(struct play *p, size_t i)
{
	enum { STARTUP = sizeof(PG_STARTUP) - 1, QUERY = sizeof(PG_QUERY) - 1 };
	char buf[256];
	ssize_t n = recv(p->peers[i], buf, sizeof(buf), 0);

	if (n <= 0) {
		leave(&p->peers[i]);
		return;
	}
	p->heard[i] += (size_t)n;
	if (!i && p->heard[i] == STARTUP) {
		put(p->peers[i], buf,
		    pgwire_write_fatal(buf, PGWIRE_FATAL_MAX, "57P01", "shutting down"));
		leave(&p->peers[i]);
	} else if (p->heard[i] == STARTUP) {
		put(p->peers[i], PG(PG_WELCOME));
	} else if (p->heard[i] == STARTUP + QUERY) {
		put(p->peers[i], PG(PG_COMPLETE PG_READY));
	}
}

static void play_client(struct play *p)
{
	enum { WELCOME = sizeof(PG_WELCOME) - 1, ANSWER = sizeof(PG_COMPLETE PG_READY) - 1 };
	const struct crew_wish wish = { .reason = REASON_DRAINED,
		                        .manner = CREW_BETWEEN_TRANSACTIONS };
	char buf[512];
	ssize_t n = recv(p->client, buf, p->got < WELCOME ? WELCOME - p->got : sizeof(buf), 0);

	if (n <= 0) {
		leave(&p->client);
		return;
	}
	p->got += (size_t)n;
	if (p->got == WELCOME)
		put(p->client, PG(PG_QUERY));
	else if (p->got == WELCOME + ANSWER && !crew_wish(p->rig->crew, &wish))
		leave(&p->client);
}

static void take_turn(struct play *p)
{
	struct pollfd at[3 + PEERS];

	at[0] = (struct pollfd){ .fd = p->client, .events = POLLIN };
	for (size_t i = 0; i < 2; i++)
		at[1 + i] = (struct pollfd){ .fd = p->rig->listening[i], .events = POLLIN };
	for (size_t i = 0; i < p->peer_count; i++)
		at[3 + i] = (struct pollfd){ .fd = p->peers[i], .events = POLLIN };
	poll(at, 3 + p->peer_count, 1);
	for (size_t i = p->peer_count; i-- > 0;)
		if (at[3 + i].revents)
			play_server(p, i);
	for (size_t i = 0; i < 2; i++)
		if (at[1 + i].revents && p->peer_count < PEERS)
			p->peers[p->peer_count++] = rig_accept(p->rig, i);
	if (at[0].revents)
		play_client(p);
}

/* After a send() that fails on a sound connection each end waits for the other. */
static void give_up(struct play *p)
{
	if (p->client != -1)
		leave(&p->client);
	for (size_t i = 0; i < p->peer_count; i++)
		if (p->peers[i] != -1)
			leave(&p->peers[i]);
}

static void run_session(struct rig *r)
{
	struct play p = { .rig = r, .client = rig_connect(r) };
	int64_t began = tick_ms();

	put(p.client, PG(PG_STARTUP));
	while (p.client != -1 || crew_connections(r->crew)) {
		if (tick_ms() - began > PATIENCE_MS)
			give_up(&p);
		if (tick_ms() - began < TEST_MS)
			take_turn(&p);
		else
			fail_msg("it does not end: the client has %zu bytes, servers %zu and %zu",
			         p.got, p.heard[0], p.heard[1]);
	}
	/* Whatever was still in a backlog belongs to this run. */
	take_turn(&p);
	for (size_t i = 0; i < p.peer_count; i++)
		if (p.peers[i] != -1)
			close(p.peers[i]);
	crew_drain(r->crew, rig_take, r);
}

static void sweep(int errnum)
{
	struct rig r;
	int faults = 0;
	int before = 0;

	atomic_store(&errnum_now, errnum);
	pg_init(&r, 2);
	rig_start(&r, 1, 100);
	for (bool failed = true; failed && faults < 100; faults++) {
		r.ended_count = 0;
		before = before ? before : sweep_fds();
		atomic_store(&sweep_left, faults + 1);
		run_session(&r);
		failed = atomic_load(&sweep_left) <= 0;
		atomic_store(&sweep_left, 0);
		assert_in_range(r.ended_count, 0, 1);
		assert_int_equal(rig_service(&r)->active, 0);
		assert_int_equal(rig_service(&r)->servers[0]->active, 0);
		assert_int_equal(rig_service(&r)->servers[1]->active, 0);
		assert_int_equal(sweep_fds(), before);
	}
	/* Far more than a handful of calls, and in the end one run without a fault. */
	assert_in_range(faults, 20, 99);
	assert_int_equal(r.ended_count, 1);
	assert_int_equal(r.ended[0].reason, REASON_DRAINED);
	rig_stop(&r, 2);
}

static void whatever_fails_the_session_ends_and_leaves_nothing(void **state)
{
	static const int errnums[] = { ENOBUFS, ECONNRESET };

	(void)state;
	sweep_main = pthread_self();
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++)
		sweep(errnums[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_fails_the_session_ends_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
