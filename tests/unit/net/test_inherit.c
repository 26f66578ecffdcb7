/* SPDX-License-Identifier: MIT */
#include "net/inherit.h"

#include "net/sock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void too_many_sockets_are_refused(void **state)
{
	static int fds[5000];
	struct error err;

	(void)state;
	assert_false(inherit_hand_over(fds, ARRAY_LEN(fds), &err));
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
		cmocka_unit_test(too_many_sockets_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
