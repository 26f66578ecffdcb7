/* SPDX-License-Identifier: MIT */
/*
 * Fault sweep of a program that is started with listening sockets: the k-th call fails, for each k
 * until nothing fails.  Whatever fails is said, and leaves neither a descriptor nor a child.
 */
/* WRAP: fcntl pipe2 fork */
#include "net/inherit.h"

#include "fixture.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { SOCKETS = 3 };

static int calls_left; /* the call that brings this to zero fails */

static bool fails_now(void)
{
	if (calls_left <= 0 || --calls_left)
		return false;
	errno = EMFILE;
	return true;
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
	va_list args;
	int value;

	va_start(args, command);
	value = va_arg(args, int);
	va_end(args);
	return fails_now() ? -1 : __real_fcntl(fd, command, value);
}

int __real_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags)
{
	return fails_now() ? -1 : __real_pipe2(ends, flags);
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
	return fails_now() ? -1 : __real_fork();
}

static bool is_blocked(int signal)
{
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	return sigismember(&blocked, signal);
}

/* A program that ends at once, with a code of its own. */
static pid_t start(const int *fds, struct error *err)
{
	static char shell[] = "sh";
	static char option[] = "-c";
	static char script[] = "exit 7";
	static char *argv[] = { shell, option, script, NULL };
	sigset_t blocked;

	sigemptyset(&blocked);
	return inherit_start(&(struct inherit_program){ .path = "/bin/sh",
	                                                .argv = argv,
	                                                .fds = fds,
	                                                .count = SOCKETS,
	                                                .channel = fds[0],
	                                                .variable = "CHANNEL",
	                                                .blocked = &blocked },
	                     err);
}

static void whatever_fails_is_said_and_leaves_nothing(void **state)
{
	struct error err;
	int fds[SOCKETS];
	int status;
	int before;
	pid_t pid;
	int k;

	(void)state;
	for (int i = 0; i < SOCKETS; i++)
		assert_true((fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0);
	before = fds_count();
	for (k = 1;; k++) {
		err.text[0] = '\0';
		calls_left = k;
		pid = start(fds, &err);
		assert_int_equal(fds_count(), before);
		assert_false(is_blocked(SIGTERM));
		if (pid > 0)
			break;
		assert_int_equal(pid, -1);
		assert_non_null(strstr(err.text, "Too many open files"));
		assert_int_equal(waitpid(-1, &status, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
	calls_left = 0;
	/* A copy of each socket and of the channel, the pipe and its copy, the fork; one in the
	 * child. */
	assert_int_equal(k - 1, SOCKETS + 1 + 2 + 1 + 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	for (int i = 0; i < SOCKETS; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_fails_is_said_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
