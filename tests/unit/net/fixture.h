/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_NET_FIXTURE_H
#define TESTS_UNIT_NET_FIXTURE_H

#include "net/sock.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* What the tests of this layer share: real sockets on loopback, and counting what is open. */

static const struct sock_listen_options plain = { 0 };
static const struct sock_options no_options = { 0 };

/* How many file descriptors this process has; for "nothing leaks" compare two counts. */
static inline int fds_count(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static inline struct addr ip(const char *host, uint16_t port)
{
	struct addr a;

	assert_true(addr_parse_ip(host, port, &a));
	return a;
}

static inline int must_listen(const struct addr *at, const struct sock_listen_options *o,
                              struct addr *real)
{
	struct error err = { 0 };
	int fd = -1;

	if (!sock_listen(at, o, &fd, &err))
		fail_msg("%s", err.text);
	assert_true(sock_local(fd, real));
	return fd;
}

static inline void must_refuse(const struct addr *at, const struct sock_listen_options *o,
                               const char *expected)
{
	struct error err = { 0 };
	int before = fds_count();
	int fd = -7;

	assert_false(sock_listen(at, o, &fd, &err));
	assert_string_equal(err.text, expected);
	assert_int_equal(fd, -7);
	assert_int_equal(fds_count(), before);
}

static inline void wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	assert_int_equal(poll(&p, 1, 10000), 1);
}

static inline int must_connect(const struct addr *to)
{
	bool connected = false;
	int fd = sock_connect(to, &no_options, &connected);

	assert_true(fd >= 0);
	wait_for(fd, POLLOUT);
	assert_int_equal(sock_error(fd), 0);
	return fd;
}

static inline int must_accept(int listener)
{
	struct addr peer;
	int fd;

	wait_for(listener, POLLIN);
	fd = sock_accept(listener, &peer);
	assert_true(fd >= 0);
	return fd;
}

static inline int get(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, option, &value, &len), 0);
	return value;
}

static inline void assert_well_born(int fd)
{
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static inline bool has_ipv6(void)
{
	struct addr at = ip("::1", 0);
	int fd = -1;

	if (!sock_listen(&at, &plain, &fd, NULL))
		return false;
	sock_close(fd);
	return true;
}

#endif
