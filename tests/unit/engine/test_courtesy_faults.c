/* SPDX-License-Identifier: MIT */
/*
 * Fault sweep of a client that is told that there is no server: the k-th call of the worker fails,
 * for each k until nothing fails.  Whatever fails, the session ends, and nothing of it is left.
 */
/* WRAP: recv send shutdown slab_get */
#include "base/slab.h"
#include "pg_fixture.h"
#include "sweep_fixture.h"

static _Atomic int errnum_now; /* of the call that fails */

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
int __real_shutdown(int fd, int how);
void *__real_slab_get(struct slab *s);

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
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

int __wrap_shutdown(int fd, int how)
{
	return sweep_fails(atomic_load(&errnum_now)) ? -1 : __real_shutdown(fd, how);
}

void *__wrap_slab_get(struct slab *s)
{
	return sweep_fails(atomic_load(&errnum_now)) ? NULL : __real_slab_get(s);
}

/* Everything that the client hears until the end, after its question in two pieces. */
static size_t ask(const struct rig *r, char *heard, size_t size)
{
	static const char words[] = PG_SSL PG_STARTUP;
	int client = rig_connect(r);
	size_t len = 0;

	send(client, words, 12, MSG_NOSIGNAL);
	if (recv(client, heard, 1, 0) == 1) {
		ssize_t n;

		len = 1;
		send(client, words + 12, sizeof(words) - 1 - 12, MSG_NOSIGNAL);
		while ((n = recv(client, heard + len, size - len, 0)) > 0)
			len += (size_t)n;
	}
	close(client);
	return len;
}

static void sweep(int errnum)
{
	char heard[1 + PGWIRE_FATAL_MAX];
	char fatal[PGWIRE_FATAL_MAX];
	size_t fatal_len = pgwire_write_fatal(
	    fatal, sizeof(fatal), "57P03", "cannot connect now: no server accepted the connection");
	bool failed = true;
	size_t len = 0;
	int faults = 0;
	struct rig r;
	int before;

	atomic_store(&errnum_now, errnum);
	pg_init(&r, 1);
	r.service.retries = 0;
	rig_refuse(&r, 0);
	rig_start(&r, 1, 100);
	before = sweep_fds();
	for (; failed && faults < 100; faults++) {
		r.ended_count = 0;
		atomic_store(&sweep_left, faults + 1);
		len = ask(&r, heard, sizeof(heard));
		rig_wait_count(&rig_service(&r)->active, 0);
		failed = atomic_load(&sweep_left) <= 0;
		atomic_store(&sweep_left, 0);
		crew_drain(r.crew, rig_take, &r);
		assert_in_range(r.ended_count, 0, 1);
		assert_int_equal(rig_service(&r)->servers[0]->active, 0);
		assert_int_equal(crew_connections(r.crew), 0);
		assert_int_equal(sweep_fds(), before);
	}
	/* In the end one run without a fault. */
	assert_in_range(faults, 8, 99);
	assert_int_equal(len, 1 + fatal_len);
	assert_int_equal(heard[0], 'N');
	assert_memory_equal(heard + 1, fatal, fatal_len);
	rig_stop(&r, 1);
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
