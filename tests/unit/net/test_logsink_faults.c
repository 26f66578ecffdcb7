/* SPDX-License-Identifier: MIT */
/* Fault sweep of net/logsink: the k-th system call fails, for each k until nothing fails. */
/* WRAP: socket open connect fstat gethostname */
#include "net/logsink.h"

#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char dir[] = "/tmp/test_logsinkf.XXXXXX";
static char socket_path[64], file_path[64];

static int calls_left; /* the call that brings this to zero fails */

static bool fails_now(void)
{
	if (calls_left <= 0 || --calls_left)
		return false;
	errno = EMFILE;
	return true;
}

int __real_socket(int family, int type, int protocol);
int __real_open(const char *path, int flags, ...);
int __real_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __real_fstat(int fd, struct stat *st);
int __real_gethostname(char *name, size_t size);
int __wrap_socket(int family, int type, int protocol);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_gethostname(char *name, size_t size);

int __wrap_socket(int family, int type, int protocol)
{
	return fails_now() ? -1 : __real_socket(family, type, protocol);
}

int __wrap_open(const char *path, int flags, mode_t mode)
{
	return fails_now() ? -1 : __real_open(path, flags, mode);
}

int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	return fails_now() ? -1 : __real_connect(fd, sa, len);
}

int __wrap_fstat(int fd, struct stat *st)
{
	return fails_now() ? -1 : __real_fstat(fd, st);
}

int __wrap_gethostname(char *name, size_t size)
{
	return fails_now() ? -1 : __real_gethostname(name, size);
}

static void every_failure_of_open_is_told_or_survived(void **unused)
{
	const struct {
		struct logsink_options o;
		int survived, told;
	} cases[] = {
		{ { .kind = LOGSINK_STDERR }, 2, 0 }, /* gethostname, fstat */
		{ { LOGSINK_SYSLOG, LOGSINK_LOCAL, .path = socket_path }, 2, 1 },
		{ { LOGSINK_UDP, .addr = ip("127.0.0.1", 514) }, 1, 1 },
		{ { LOGSINK_FILE, .path = file_path, .framing = LOGSINK_STAMPED }, 1, 1 },
	};
	struct addr at = { 0 };
	int server = __real_socket(AF_UNIX, SOCK_DGRAM, 0);
	int before = fds_count();

	(void)unused;
	assert_true(addr_from_unix(socket_path, &at, NULL));
	assert_int_equal(bind(server, &at.sa, at.len), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int survived = 0;
		int told = 0;

		for (bool failed = true; failed;) {
			struct logsink *s = NULL;
			struct error err = { 0 };

			calls_left = survived + told + 1;
			if (!logsink_open(&cases[i].o, &s, &err)) {
				assert_memory_equal(err.text, "cannot log to ", 14);
				assert_non_null(strstr(err.text, ": Too many open files"));
				assert_null(s);
				told++;
			} else {
				failed = calls_left == 0;
				survived += failed;
			}
			calls_left = 0;
			logsink_close(s);
			assert_int_equal(fds_count(), before);
		}
		assert_int_equal(survived, cases[i].survived);
		assert_int_equal(told, cases[i].told);
	}
	close(server);
	unlink(socket_path);
	unlink(file_path);
}

static int set_up(void **unused)
{
	(void)unused;
	if (!mkdtemp(dir))
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/log", dir);
	snprintf(file_path, sizeof(file_path), "%s/file", dir);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_of_open_is_told_or_survived),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
