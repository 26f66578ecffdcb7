/* SPDX-License-Identifier: MIT */
/*
 * Fault sweep of a session with PROXY headers on both sides and a source address: the k-th system
 * call of the worker fails, for each k until nothing fails.  Whatever fails, the session ends, and
 * nothing of it is left.
 */
/* WRAP: recv getsockname setsockopt bind connect socket poll */
#include "net/proxyproto.h"

#include "crew_fixture.h"
#include "sweep_fixture.h"

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
int __real_getsockname(int fd, struct sockaddr *sa, socklen_t *len);
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __real_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __real_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __real_socket(int family, int type, int protocol);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
int __wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *len);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_socket(int family, int type, int protocol);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	return sweep_fails(ENOBUFS) ? -1 : __real_recv(fd, buf, len, flags);
}

int __wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *len)
{
	return sweep_fails(ENOBUFS) ? -1 : __real_getsockname(fd, sa, len);
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	return sweep_fails(EPERM) ? -1 : __real_setsockopt(fd, level, option, value, len);
}

int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	return sweep_fails(EADDRNOTAVAIL) ? -1 : __real_bind(fd, sa, len);
}

int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	return sweep_fails(EADDRNOTAVAIL) ? -1 : __real_connect(fd, sa, len);
}

int __wrap_socket(int family, int type, int protocol)
{
	return sweep_fails(EMFILE) ? -1 : __real_socket(family, type, protocol);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return sweep_fails(ENOMEM) ? -1 : __real_poll(fds, count, timeout);
}

static size_t make_header(char *buf, size_t room)
{
	static const char tlvs[] = { 0x02, 0, 3, 'd', 'b', '1' };
	struct addr from;
	struct addr to;

	assert_true(addr_parse_ip("192.0.2.7", 4711, &from));
	assert_true(addr_parse_ip("198.51.100.9", 26257, &to));
	return proxyproto_write_v2(&from, &to, tlvs, sizeof(tlvs), buf, room);
}

/* The server's end, or -1 if the session ends without one. */
static int wait_for_server(struct rig *r, size_t ended)
{
	for (int i = 0; i < 5000 && r->ended_count == ended; i++) {
		struct pollfd p = { .fd = r->listening[0], .events = POLLIN };

		if (poll(&p, 1, 1) == 1)
			return rig_accept(r, 0);
		crew_drain(r->crew, rig_take, r);
	}
	return -1;
}

static void run_session(struct rig *r, size_t ended)
{
	char header[128];
	char got[256];
	size_t len = make_header(header, sizeof(header));
	int client = rig_connect(r);
	int server;

	/* In two pieces, so that the first has to be kept. */
	assert_int_equal(send(client, header, 20, MSG_NOSIGNAL), 20);
	poll(NULL, 0, 5);
	send(client, header + 20, len - 20, MSG_NOSIGNAL);
	send(client, "hello", 5, MSG_NOSIGNAL);
	server = wait_for_server(r, ended);
	if (server >= 0 && read(server, got, sizeof(got)) > 0) {
		assert_memory_equal(got, header, len);
		send(server, "hi", 2, MSG_NOSIGNAL);
		assert_true(read(client, got, sizeof(got)) != 0 || r->ended_count >= ended);
	}
	close(client);
	if (server >= 0)
		close(server);
}

static void whatever_fails_the_session_ends_and_leaves_nothing(void **state)
{
	struct rig r;
	size_t faults = 0;
	int before = 0;

	(void)state;
	sweep_main = pthread_self();
	rig_init(&r, 1);
	r.bind.accept_proxy = true;
	r.service.retries = 1;
	r.service.replay = false;
	r.servers[0].send_proxy = SETTINGS_PROXY_V2;
	assert_true(addr_parse_ip("127.0.0.2", 0, &r.servers[0].source.addr));
	rig_start(&r, 1, 100);
	for (bool failed = true; failed && faults < 60; faults++) {
		r.ended_count = 0;
		before = before ? before : sweep_fds();
		atomic_store(&sweep_left, (int)faults + 1);
		run_session(&r, 0);
		rig_wait_ended(&r, 1);
		failed = atomic_load(&sweep_left) <= 0;
		atomic_store(&sweep_left, 0);
		assert_int_equal(crew_connections(r.crew), 0);
		assert_int_equal(rig_service(&r)->servers[0]->active, 0);
		assert_int_equal(rig_service(&r)->active, 0);
		assert_int_equal(sweep_fds(), before);
	}
	/* Far more than a handful of calls, and in the end one run without a fault. */
	assert_in_range(faults, 12, 59);
	assert_int_equal(r.ended[0].reason, REASON_NORMAL);
	rig_stop(&r, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_fails_the_session_ends_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
