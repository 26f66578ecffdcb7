/* SPDX-License-Identifier: MIT */
/*
 * Fault sweep of warm connections, of one that is lost, and of the session that takes one: the k-th
 * call of the worker fails, for each k until nothing fails.  Whatever fails, the client is served
 * or told, there are as many connections as wanted in the end, and nothing is left.
 */
/* WRAP: socket connect poll setsockopt getsockopt slab_get */
#include "base/slab.h"
#include "base/tick.h"

#include "warm_fixture.h"

#include "sweep_fixture.h"

enum { PEERS = 32, WARM = 2, TEST_MS = 10000 };

static _Atomic int errnum_now; /* of the call that fails */

int __real_socket(int domain, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *to, socklen_t len);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *len);
void *__real_slab_get(struct slab *s);

int __wrap_socket(int domain, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *len);
void *__wrap_slab_get(struct slab *s);

int __wrap_socket(int domain, int type, int protocol)
{
	return sweep_fails(atomic_load(&errnum_now)) ? -1 : __real_socket(domain, type, protocol);
}

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	return sweep_fails(atomic_load(&errnum_now)) ? -1 : __real_connect(fd, to, len);
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

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	return sweep_fails(atomic_load(&errnum_now))
	           ? -1
	           : __real_getsockopt(fd, level, option, value, len);
}

void *__wrap_slab_get(struct slab *s)
{
	return sweep_fails(atomic_load(&errnum_now)) ? NULL : __real_slab_get(s);
}

/* The server's side: whatever connections it gets. */
struct play {
	struct rig *rig;
	int64_t began_ms;
	int peers[PEERS];
	size_t peer_count;
};

static void answer(int *fd)
{
	char buf[256];
	ssize_t n = recv(*fd, buf, sizeof(buf), 0);

	if (n > 0) {
		send(*fd, PG(PG_WELCOME), MSG_NOSIGNAL);
		return;
	}
	close(*fd);
	*fd = -1;
}

/* Also looks whether the client has been answered, or its connection has ended. */
static bool take_turn(struct play *p, int client)
{
	struct pollfd at[2 + PEERS] = { { .fd = client, .events = POLLIN },
		                        { .fd = p->rig->listening[0], .events = POLLIN } };

	if (tick_ms() - p->began_ms > TEST_MS)
		fail_msg("it does not go on: %zu connections", p->peer_count);
	for (size_t i = 0; i < p->peer_count; i++)
		at[2 + i] = (struct pollfd){ .fd = p->peers[i], .events = POLLIN };
	poll(at, 2 + p->peer_count, 1);
	for (size_t i = 0; i < p->peer_count; i++)
		if (at[2 + i].revents)
			answer(&p->peers[i]);
	if (at[1].revents && p->peer_count < PEERS)
		p->peers[p->peer_count++] = rig_accept(p->rig, 0);
	return at[0].revents != 0;
}

static size_t count_open(const struct play *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->peer_count; i++)
		n += p->peers[i] != -1;
	return n;
}

static void wait_filled(struct play *p)
{
	do
		take_turn(p, -1);
	while (warm_server(p->rig, 0)->warm != WARM || count_open(p) != WARM);
}

static void lose_one(struct play *p)
{
	size_t i = 0;

	while (p->peers[i] == -1)
		i++;
	close(p->peers[i]);
	p->peers[i] = -1;
}

static void run(struct rig *r, int k, bool loses)
{
	struct play p = { .rig = r, .began_ms = tick_ms() };
	int client;

	atomic_store(&sweep_left, k);
	rig_start(r, 1, 100);
	wait_filled(&p);
	if (loses) {
		lose_one(&p);
		wait_filled(&p);
	}
	client = rig_connect(r);
	send(client, PG(PG_STARTUP), MSG_NOSIGNAL);
	while (!take_turn(&p, client))
		;
	close(client);
	while (crew_connections(r->crew))
		take_turn(&p, -1);
	wait_filled(&p);
	assert_int_equal(rig_service(r)->active, 0);
	assert_int_equal(warm_server(r, 0)->active, 0);
	assert_int_equal(warm_server(r, 0)->connecting, 0);
	crew_stop(r->crew);
	assert_int_equal(warm_server(r, 0)->warm, 0);
	topology_free(r->topology);
	for (size_t i = 0; i < p.peer_count; i++)
		if (p.peers[i] != -1)
			close(p.peers[i]);
	close(r->listening[0]);
}

static void sweep(int errnum, bool loses)
{
	int faults = 0;
	int before = sweep_fds();

	atomic_store(&errnum_now, errnum);
	for (bool failed = true; failed && faults < 100; faults++) {
		struct rig r;

		pg_init(&r, 1);
		r.servers[0].warm = WARM;
		run(&r, faults + 1, loses);
		failed = atomic_load(&sweep_left) <= 0;
		atomic_store(&sweep_left, 0);
		assert_int_equal(sweep_fds(), before);
	}
	assert_in_range(faults, 15, 99);
}

static void whatever_fails_there_are_as_many_in_the_end(void **state)
{
	(void)state;
	sweep_main = pthread_self();
	sweep(EMFILE, true);
	sweep(ECONNREFUSED, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_fails_there_are_as_many_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
