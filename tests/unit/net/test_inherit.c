/* SPDX-License-Identifier: MIT */
#include "net/inherit.h"

#include "net/sock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

/* A socket that listens on a free port of the loopback. */
static int listening(struct addr *ret)
{
	struct sock_listen_options o = { 0 };
	struct addr any;
	struct error err;
	int fd;

	assert_true(addr_parse_ip("127.0.0.1", 0, &any));
	assert_true(sock_listen(&any, &o, &fd, &err));
	assert_true(sock_local(fd, ret));
	return fd;
}

static void a_socket_is_found_by_its_address_once(void **state)
{
	struct addr at;
	struct addr other;
	int fd = listening(&at);
	int plain = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	inherit_add(plain);
	inherit_add(fd);
	assert_true(addr_parse_ip("127.0.0.1", 1, &other));
	assert_int_equal(inherit_find(&other), -1);
	assert_int_equal(inherit_find(&at), fd);
	assert_int_equal(inherit_find(&at), -1);
	inherit_close_rest();
	assert_true(is_open(fd));
	assert_false(is_open(plain));
	close(fd);
}

static void a_unix_socket_is_found_by_its_path(void **state)
{
	struct sock_listen_options o = { 0 };
	char path[64];
	struct addr at;
	struct error err;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/inherit-%d.sock", getpid());
	assert_true(addr_from_unix(path, &at, &err));
	assert_true(sock_listen(&at, &o, &fd, &err));
	inherit_add(fd);
	assert_int_equal(inherit_find(&at), fd);
	close(fd);
	unlink(path);
}

static void what_was_announced_to_others_is_left_alone(void **state)
{
	(void)state;
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "2", 1);
	assert_int_equal(inherit_take(), 0);
	assert_null(getenv("LISTEN_FDS"));
	setenv("LISTEN_PID", "abc", 1);
	setenv("LISTEN_FDS", "99999999999999999999", 1);
	assert_int_equal(inherit_take(), 0);
	assert_null(getenv("LISTEN_PID"));
}

static void only_sockets_that_listen_are_collected(void **state)
{
	struct addr at;
	int fd = listening(&at);
	bool found = false;
	int *fds;
	size_t count = inherit_collect(&fds);

	(void)state;
	assert_int_equal(count, 1);
	for (size_t i = 0; i < count; i++)
		found = found || fds[i] == fd;
	assert_true(found);
	free(fds);
	close(fd);
}

/* In a process of its own, whose low descriptors may be moved about. */
static int hand_over_and_take(const struct addr *at, int count, const int *fds)
{
	struct error err;

	if (!inherit_hand_over(fds, (size_t)count, &err))
		return 1;
	if (inherit_take() != (size_t)count)
		return 2;
	for (int i = 0; i < count; i++) {
		int fd = inherit_find(&at[i]);

		if (fd < 3 || fd >= 3 + count)
			return 3;
		if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
			return 4;
	}
	return 0;
}

static void sockets_go_from_one_program_to_the_next(void **state)
{
	struct addr at[4];
	int fds[4];
	int status;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = listening(&at[i]);
	pid = fork();
	if (pid == 0)
		_exit(hand_over_and_take(at, ARRAY_LEN(fds), fds));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

enum { LOOKED_AT = 12 };

/* What has a low number: the file and the flags, or nothing. */
static void look(struct stat *st, int *flags)
{
	for (int fd = 0; fd < LOOKED_AT; fd++) {
		memset(&st[fd], 0, sizeof(st[fd]));
		fstat(fd, &st[fd]);
		flags[fd] = fcntl(fd, F_GETFD);
	}
}

static bool looks_alike(const struct stat *before, const int *flags)
{
	struct stat now[LOOKED_AT];
	int now_flags[LOOKED_AT];

	look(now, now_flags);
	for (int fd = 0; fd < LOOKED_AT; fd++)
		if (now[fd].st_dev != before[fd].st_dev || now[fd].st_ino != before[fd].st_ino ||
		    now_flags[fd] != flags[fd])
			return false;
	return true;
}

/* As the master: with an epoll and what it watches among the numbers that sockets are to get. */
static int hand_over_and_take_back(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct stat before[LOOKED_AT];
	int flags[LOOKED_AT];
	struct error err;
	struct addr at;
	int fds[4];
	int ends[2];
	int epoll;

	for (int fd = 3; fd < LOOKED_AT; fd++)
		close(fd);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll != 3 || pipe(ends) == -1 || epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &e) == -1)
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = listening(&at);
	/* A number that nobody has. */
	close(ends[1]);
	look(before, flags);
	for (int turn = 0; turn < 2; turn++) {
		if (!inherit_hand_over(fds, ARRAY_LEN(fds), &err) || looks_alike(before, flags))
			return 2;
		inherit_take_back();
		if (!looks_alike(before, flags) || getenv("LISTEN_FDS") || getenv("LISTEN_PID"))
			return 3;
		if (epoll_wait(epoll, &e, 1, 0) != 1 || !(e.events & EPOLLHUP))
			return 4;
	}
	return 0;
}

static void sockets_are_taken_back(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(hand_over_and_take_back());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Not enough descriptors: all of them are where they were. */
static int hand_over_too_little(rlim_t limit)
{
	struct rlimit few = { limit, limit };
	struct stat before[LOOKED_AT];
	int flags[LOOKED_AT];
	struct error err;
	struct addr at;
	int fds[4];

	for (int fd = 3; fd < LOOKED_AT; fd++)
		close(fd);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = listening(&at);
	look(before, flags);
	if (setrlimit(RLIMIT_NOFILE, &few) == -1)
		return 1;
	if (inherit_hand_over(fds, ARRAY_LEN(fds), &err))
		return 2;
	return looks_alike(before, flags) && !getenv("LISTEN_FDS") ? 0 : 3;
}

static void without_room_nothing_is_moved(void **state)
{
	(void)state;
	/* The sockets have 3 to 6; the copies begin at 7. */
	for (rlim_t limit = 7; limit < 15; limit++) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(hand_over_too_little(limit));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void too_many_sockets_are_refused(void **state)
{
	static int fds[5000];
	struct error err;

	(void)state;
	assert_false(inherit_hand_over(fds, ARRAY_LEN(fds), &err));
	assert_non_null(strstr(err.text, "5000"));
}

/* [::] with IPv4 clients, as `ListenStream=26257` of systemd makes it. */
static int listening_dual(bool v6only, struct addr *ret)
{
	struct sock_listen_options o = { .v6only = v6only };
	struct addr any;
	int fd;

	assert_true(addr_parse_ip("::", 0, &any));
	assert_true(sock_listen(&any, &o, &fd, NULL));
	assert_true(sock_local(fd, ret));
	return fd;
}

static void a_socket_for_both_families_is_one_for_ipv4(void **state)
{
	struct addr v6;
	struct addr v4;
	struct addr loopback;
	int both = listening_dual(false, &v6);

	(void)state;
	assert_true(addr_parse_ip("0.0.0.0", addr_port(&v6), &v4));
	assert_true(addr_parse_ip("127.0.0.1", addr_port(&v6), &loopback));
	inherit_add(both);
	assert_int_equal(inherit_find(&loopback), -1);
	assert_int_equal(inherit_find(&v4), both);
	inherit_add(both);
	assert_int_equal(inherit_find(&v6), both);
	close(both);
}

static void one_for_ipv6_alone_is_not(void **state)
{
	struct addr v6;
	struct addr v4;
	int fd = listening_dual(true, &v6);

	(void)state;
	assert_true(addr_parse_ip("0.0.0.0", addr_port(&v6), &v4));
	inherit_add(fd);
	assert_int_equal(inherit_find(&v4), -1);
	inherit_close_rest();
	assert_false(is_open(fd));
}

static void a_number_of_the_configuration_is_found(void **state)
{
	struct addr at;
	int low = listening(&at);
	int fd = fcntl(low, F_DUPFD_CLOEXEC, 50); /* a number that no other test gets */

	(void)state;
	close(low);
	inherit_add(fd);
	assert_int_equal(inherit_find_number(fd), fd);
	inherit_close_rest();
	assert_true(is_open(fd));
	/* Of whatever else it was started with. */
	assert_int_equal(inherit_find_number(0), 0);
	close(fd);
}

/* --- starting a program ------------------------------------------------------------------- */

/* What the shell sees goes into the channel. */
static void run_shell(const char *script, const int *fds, size_t count, char *buf, size_t size)
{
	char shell[] = "sh";
	char option[] = "-c";
	char *argv[] = { shell, option, (char *)(uintptr_t)script, NULL };
	struct error err = { 0 };
	sigset_t blocked;
	size_t len = 0;
	ssize_t n;
	int ends[2];
	int status;
	pid_t pid;

	sigemptyset(&blocked);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = inherit_start(&(struct inherit_program){ .path = "/bin/sh",
	                                               .argv = argv,
	                                               .fds = fds,
	                                               .count = count,
	                                               .channel = ends[1],
	                                               .variable = "CHANNEL",
	                                               .blocked = &blocked },
	                    &err);
	assert_string_equal(err.text, "");
	assert_true(pid > 0);
	close(ends[1]);
	while ((n = read(ends[0], buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
}

static void a_program_gets_sockets_names_and_a_channel(void **state)
{
	struct addr at[2];
	int fds[2] = { listening(&at[0]), listening(&at[1]) };
	char expected[128];
	char heard[128];

	(void)state;
	setenv("CHANNEL", "old", 1);
	assert_int_equal(inherit_find_number(fds[1]), fds[1]);
	snprintf(expected, sizeof(expected), "same 2 address:fd%d 3 4\n", fds[1]);
	run_shell("test $LISTEN_PID = $$ && S=same; "
	          "test -S /dev/fd/3 && A=3; test -S /dev/fd/4 && B=4; "
	          "eval \"echo $S $LISTEN_FDS $LISTEN_FDNAMES $A $B >/dev/fd/$CHANNEL\"",
	          fds, 2, heard, sizeof(heard));
	assert_string_equal(heard, expected);
	close(fds[0]);
	close(fds[1]);
}

static void nothing_else_is_left_open(void **state)
{
	struct addr at;
	int fd = listening(&at);
	int other = dup(fd);
	char heard[256];

	(void)state;
	fcntl(other, F_SETFD, FD_CLOEXEC);
	run_shell("N=0; for f in /proc/$$/fd/*; do test -S $f && N=$((N + 1)); done; "
	          "eval \"echo $N >/dev/fd/$CHANNEL\"",
	          &fd, 1, heard, sizeof(heard));
	assert_string_equal(heard, "1\n");
	close(fd);
	close(other);
}

static void a_watchdog_follows(void **state)
{
	char own[16];
	char heard[64];

	(void)state;
	snprintf(own, sizeof(own), "%d", getpid());
	setenv("WATCHDOG_PID", own, 1);
	run_shell("test $WATCHDOG_PID = $$ && eval \"echo mine >/dev/fd/$CHANNEL\"", NULL, 0, heard,
	          sizeof(heard));
	assert_string_equal(heard, "mine\n");
	setenv("WATCHDOG_PID", "1", 1);
	run_shell("eval \"echo $WATCHDOG_PID >/dev/fd/$CHANNEL\"", NULL, 0, heard, sizeof(heard));
	assert_string_equal(heard, "1\n");
	unsetenv("WATCHDOG_PID");
}

static void a_program_that_cannot_run_says_why(void **state)
{
	static char name[] = "nothing";
	static char *argv[] = { name, NULL };
	struct inherit_program p = {
		.path = "/no/such/program", .argv = argv, .channel = 0, .variable = "CHANNEL"
	};
	struct error err;
	sigset_t blocked;

	(void)state;
	sigemptyset(&blocked);
	p.blocked = &blocked;
	assert_int_equal(inherit_start(&p, &err), -1);
	assert_string_equal(err.text, "cannot execute /no/such/program: No such file or directory");
	p.count = 5000;
	assert_int_equal(inherit_start(&p, &err), -1);
	assert_non_null(strstr(err.text, "5000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_is_found_by_its_address_once),
		cmocka_unit_test(a_unix_socket_is_found_by_its_path),
		cmocka_unit_test(what_was_announced_to_others_is_left_alone),
		cmocka_unit_test(only_sockets_that_listen_are_collected),
		cmocka_unit_test(sockets_go_from_one_program_to_the_next),
		cmocka_unit_test(sockets_are_taken_back),
		cmocka_unit_test(without_room_nothing_is_moved),
		cmocka_unit_test(too_many_sockets_are_refused),
		cmocka_unit_test(a_socket_for_both_families_is_one_for_ipv4),
		cmocka_unit_test(one_for_ipv6_alone_is_not),
		cmocka_unit_test(a_number_of_the_configuration_is_found),
		cmocka_unit_test(a_program_gets_sockets_names_and_a_channel),
		cmocka_unit_test(nothing_else_is_left_open),
		cmocka_unit_test(a_watchdog_follows),
		cmocka_unit_test(a_program_that_cannot_run_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
