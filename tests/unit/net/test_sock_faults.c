/* SPDX-License-Identifier: MIT */
/* Fault sweeps of net/sock: the k-th system call fails, for each k until nothing fails. */
/* WRAP: socket setsockopt getsockopt bind listen connect fcntl chmod chown unlink lstat */
#include "net/sock.h"

#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int calls_left; /* the call that brings this to zero fails; negative: none does */

static bool fails_now(void)
{
	if (calls_left <= 0 || --calls_left)
		return false;
	errno = EMFILE;
	return true;
}

int __real_socket(int family, int type, int protocol);
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *len);
int __real_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __real_listen(int fd, int backlog);
int __real_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __real_fcntl(int fd, int command, ...);
int __real_chmod(const char *path, mode_t mode);
int __real_chown(const char *path, uid_t user, gid_t group);
int __real_unlink(const char *path);
int __real_lstat(const char *path, struct stat *st);

int __wrap_socket(int family, int type, int protocol);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *len);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_listen(int fd, int backlog);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_fcntl(int fd, int command, int argument);
int __wrap_chmod(const char *path, mode_t mode);
int __wrap_chown(const char *path, uid_t user, gid_t group);
int __wrap_unlink(const char *path);
int __wrap_lstat(const char *path, struct stat *st);

int __wrap_socket(int family, int type, int protocol)
{
	return fails_now() ? -1 : __real_socket(family, type, protocol);
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	return fails_now() ? -1 : __real_setsockopt(fd, level, option, value, len);
}

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	return fails_now() ? -1 : __real_getsockopt(fd, level, option, value, len);
}

int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	return fails_now() ? -1 : __real_bind(fd, sa, len);
}

int __wrap_listen(int fd, int backlog)
{
	return fails_now() ? -1 : __real_listen(fd, backlog);
}

int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	return fails_now() ? -1 : __real_connect(fd, sa, len);
}

int __wrap_fcntl(int fd, int command, int argument)
{
	return fails_now() ? -1 : __real_fcntl(fd, command, argument);
}

int __wrap_chmod(const char *path, mode_t mode)
{
	return fails_now() ? -1 : __real_chmod(path, mode);
}

int __wrap_chown(const char *path, uid_t user, gid_t group)
{
	return fails_now() ? -1 : __real_chown(path, user, group);
}

int __wrap_unlink(const char *path)
{
	return fails_now() ? -1 : __real_unlink(path);
}

int __wrap_lstat(const char *path, struct stat *st)
{
	return fails_now() ? -1 : __real_lstat(path, st);
}

static char dir[] = "/tmp/test_sockf.XXXXXX";
static struct addr tcp_address;
static struct addr unix_address;
static int tcp_listener;

static const struct sock_options tuned = {
	.keepalive = { .on = true, .idle_s = 11, .interval_s = 7, .count = 3 },
	.user_timeout_ms = 12345,
	.nodelay = true,
};
static struct sock_listen_options everything = { .v6only = true,
	                                         .defer_accept = true,
	                                         .mode = 0660 };

/* Each sweep runs one of these; `*ret_fd` is what has to be closed. */
typedef bool sweep_run(int *ret_fd, struct error *err);

static bool listen_on_tcp(int *ret_fd, struct error *err)
{
	struct addr six;

	assert_true(addr_parse_ip("::1", 0, &six));
	return sock_listen(&six, &everything, ret_fd, err);
}

static bool listen_on_new_path(int *ret_fd, struct error *err)
{
	bool done = sock_listen(&unix_address, &everything, ret_fd, err);
	bool there = access(unix_address.un.sun_path, F_OK) == 0;

	assert_true(there == done);
	__real_unlink(unix_address.un.sun_path);
	return done;
}

static bool listen_on_stale_path(int *ret_fd, struct error *err)
{
	int dead = __real_socket(AF_UNIX, SOCK_STREAM, 0);
	bool done;

	assert_int_equal(__real_bind(dead, &unix_address.sa, unix_address.len), 0);
	close(dead);
	done = sock_listen(&unix_address, &everything, ret_fd, err);
	__real_unlink(unix_address.un.sun_path);
	return done;
}

static bool adopt(int *ret_fd, struct error *err)
{
	(void)ret_fd;
	return sock_adopt(tcp_listener, &everything, err);
}

static bool connect_command_line(int *ret_fd, struct error *err)
{
	int listener = __real_socket(AF_UNIX, SOCK_STREAM, 0);
	bool done;

	assert_int_equal(__real_bind(listener, &unix_address.sa, unix_address.len), 0);
	assert_int_equal(__real_listen(listener, 5), 0);
	done = sock_connect_unix(unix_address.un.sun_path, 0, ret_fd, err);
	close(listener);
	__real_unlink(unix_address.un.sun_path);
	return done;
}

static void sweep(sweep_run *run, int expected_faults, const char *beginning)
{
	int before = fds_count();
	int faults = 0;

	for (;;) {
		struct error err = { 0 };
		int fd = -1;
		bool done;

		calls_left = faults + 1;
		done = run(&fd, &err);
		calls_left = 0;
		if (done) {
			if (fd >= 0)
				close(fd);
			break;
		}
		faults++;
		assert_int_equal(fd, -1);
		assert_int_equal(err.errnum, EMFILE);
		assert_memory_equal(err.text, beginning, strlen(beginning));
		assert_non_null(strstr(err.text, ": Too many open files"));
		assert_int_equal(fds_count(), before);
		/* The verdict does not depend on somebody listening to the words. */
		calls_left = faults;
		assert_false(run(&fd, NULL));
		calls_left = 0;
	}
	assert_int_equal(faults, expected_faults);
	assert_int_equal(fds_count(), before);
}

static void every_failure_of_listen_is_told_and_leaks_nothing(void **unused)
{
	(void)unused;
	/* socket, REUSEADDR, V6ONLY, DEFER_ACCEPT, six options, bind, listen */
	if (has_ipv6())
		sweep(listen_on_tcp, 12, "cannot listen on [::1]:0: ");
	/* socket, bind, chown, chmod, listen */
	sweep(listen_on_new_path, 5, "cannot listen on unix:/tmp/");
	/* socket, bind, lstat, socket, connect, unlink, bind, chown, chmod, listen */
	sweep(listen_on_stale_path, 10, "cannot listen on unix:/tmp/");
}

static void every_failure_of_adopt_is_told_and_leaks_nothing(void **unused)
{
	(void)unused;
	/* three questions, three fcntl, six options */
	sweep(adopt, 12, "cannot use file descriptor ");
}

static void every_failure_of_the_command_lines_connect_is_told(void **unused)
{
	(void)unused;
	sweep(connect_command_line, 2, "cannot connect to /tmp/");
}

static void sweep_connect(const struct sock_options *o, int expected_faults)
{
	int before = fds_count();
	int faults = 0;

	for (;;) {
		bool connected = true;
		int fd;

		calls_left = faults + 1;
		errno = 0;
		fd = sock_connect(&tcp_address, o, &connected);
		calls_left = 0;
		if (fd >= 0) {
			sock_reset(fd);
			break;
		}
		faults++;
		assert_int_equal(errno, EMFILE);
		assert_true(connected);
		assert_int_equal(fds_count(), before);
	}
	assert_int_equal(faults, expected_faults);
	assert_int_equal(fds_count(), before);
}

static void every_failure_of_connect_keeps_errno_and_leaks_nothing(void **unused)
{
	struct sock_source source = { .interface = "lo" };
	struct sock_options o = tuned;

	(void)unused;
	sweep_connect(&tuned, 8); /* socket, six options, connect */
	o.source = &source;
	sweep_connect(&o, 9); /* and the interface */
	assert_true(addr_parse_ip("127.0.0.2", 0, &source.addr));
	sweep_connect(&o, 11); /* IP_BIND_ADDRESS_NO_PORT, bind */
	source.port_low = 20990;
	source.port_high = 20999;
	sweep_connect(&o, 11); /* SO_REUSEADDR, bind: no other port is tried */
}

static void what_cannot_be_asked_is_an_errno(void **unused)
{
	(void)unused;
	calls_left = 1;
	assert_int_equal(sock_error(tcp_listener), EMFILE);
	assert_int_equal(sock_error(tcp_listener), 0);
}

static int set_up(void **unused)
{
	static char user[12];
	char path[100];

	(void)unused;
	snprintf(user, sizeof(user), "%u", (unsigned int)getuid());
	everything.user = user;
	everything.accepted = tuned;
	if (!mkdtemp(dir) || !addr_parse_ip("127.0.0.1", 0, &tcp_address) ||
	    !sock_listen(&tcp_address, &plain, &tcp_listener, NULL) ||
	    !sock_local(tcp_listener, &tcp_address))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", dir);
	return addr_from_unix(path, &unix_address, NULL) ? 0 : -1;
}

static int tear_down(void **unused)
{
	(void)unused;
	close(tcp_listener);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_of_listen_is_told_and_leaks_nothing),
		cmocka_unit_test(every_failure_of_adopt_is_told_and_leaks_nothing),
		cmocka_unit_test(every_failure_of_the_command_lines_connect_is_told),
		cmocka_unit_test(every_failure_of_connect_keeps_errno_and_leaks_nothing),
		cmocka_unit_test(what_cannot_be_asked_is_an_errno),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
