/* SPDX-License-Identifier: MIT */
/*
 * failing: a library to preload (LD_PRELOAD) that makes calls of a whole program fail, as
 * tests/integration/test_sweep.py wants it.
 *
 * The environment variable FAILING names a file of rows (struct row) that the test and every
 * process of the program map.  A row is found by its name; it tells which call fails, counted from
 * the moment at which the test wrote it, and in which processes and threads; the library counts
 * and says where the first one that failed was called.  A function without a row never fails.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

enum plane { ANY_THREAD = 0, MAIN_THREAD = 1, OTHER_THREADS = 2 };

struct row {
	char name[16];
	_Atomic uint32_t watched; /* 0: the rest is not looked at */
	_Atomic uint32_t plane;
	_Atomic int32_t process; /* 0: any; n: only n; -n: any but n */
	_Atomic uint32_t first;  /* the first call that fails, from 1 on; 0: none */
	_Atomic uint32_t count;  /* how many do in succession */
	_Atomic int32_t error;
	_Atomic uint32_t calls; /* since `watched` was set */
	_Atomic uint32_t failed;
	char where[144]; /* of the first that failed */
};

_Static_assert(sizeof(struct row) == 192, "the test writes rows of this size");

static struct row *rows;
static size_t row_count;

__attribute__((constructor)) static void map_rows(void)
{
	const char *path = getenv("FAILING");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct stat st;
	void *at;

	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0) {
		at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (at != MAP_FAILED) {
			row_count = (size_t)st.st_size / sizeof(struct row);
			rows = at;
		}
	}
	close(fd);
}

static struct row *find_row(const char *name)
{
	for (size_t i = 0; i < row_count; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static bool concerns(const struct row *r)
{
	pid_t pid = getpid();
	uint32_t plane = atomic_load(&r->plane);
	int32_t process = atomic_load(&r->process);

	if (process > 0 ? process != pid : process == -pid)
		return false;
	return plane == ANY_THREAD || (plane == MAIN_THREAD) == (gettid() == pid);
}

/* dladdr() and snprintf() take no memory for this. */
static void note(struct row *r, const void *caller)
{
	Dl_info info;
	const char *file;

	if (!dladdr(caller, &info) || !info.dli_fname)
		return;
	file = strrchr(info.dli_fname, '/');
	snprintf(r->where, sizeof(r->where), "%s+%#lx %s", file ? file + 1 : info.dli_fname,
	         (unsigned long)((uintptr_t)caller - (uintptr_t)info.dli_fbase),
	         info.dli_sname ? info.dli_sname : "");
}

/* The error that this call is to fail with, or 0. */
static int fails(const char *name, const void *caller)
{
	struct row *r = find_row(name);
	uint32_t n;
	uint32_t first;

	if (!r || !atomic_load(&r->watched) || !concerns(r))
		return 0;
	n = atomic_fetch_add(&r->calls, 1) + 1;
	first = atomic_load(&r->first);
	if (!first || n < first || n - first >= atomic_load(&r->count))
		return 0;
	if (atomic_fetch_add(&r->failed, 1) == 0)
		note(r, caller);
	return atomic_load(&r->error);
}

/* What a loop wakes up by: the kernel has no reason to refuse a byte to it. */
enum { MOST_FDS = 4096 };
static _Atomic bool is_bell[MOST_FDS];

/* The function behind this one; a sanitizer's, if the program has one. */
static void *behind(_Atomic(void *) *kept, const char *name)
{
	void *f = atomic_load_explicit(kept, memory_order_relaxed);

	if (!f) {
		f = dlsym(RTLD_NEXT, name);
		atomic_store_explicit(kept, f, memory_order_relaxed);
	}
	return f;
}

#define EXPORT __attribute__((visibility("default")))

/* FUNCTION(row, type, name, (parameters), (arguments), what it answers when it fails) */
#define FUNCTION(row, type, name, parameters, arguments, failure)                                  \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		static _Atomic(void *) kept;                                                       \
		type(*real) parameters = (type(*) parameters)behind(&kept, #name);                 \
		int error = fails(row, __builtin_return_address(0));                               \
                                                                                                   \
		if (error) {                                                                       \
			errno = error;                                                             \
			return failure;                                                            \
		}                                                                                  \
		return real arguments;                                                             \
	}

FUNCTION("accept", int, accept, (int fd, struct sockaddr *a, socklen_t *len), (fd, a, len), -1)
FUNCTION("accept", int, accept4, (int fd, struct sockaddr *a, socklen_t *len, int flags),
         (fd, a, len, flags), -1)
FUNCTION("connect", int, connect, (int fd, const struct sockaddr *a, socklen_t len), (fd, a, len),
         -1)
FUNCTION("socket", int, socket, (int family, int type, int protocol), (family, type, protocol), -1)
FUNCTION("bind", int, bind, (int fd, const struct sockaddr *a, socklen_t len), (fd, a, len), -1)
FUNCTION("listen", int, listen, (int fd, int backlog), (fd, backlog), -1)
FUNCTION("setsockopt", int, setsockopt,
         (int fd, int level, int name, const void *value, socklen_t len),
         (fd, level, name, value, len), -1)
FUNCTION("epoll_ctl", int, epoll_ctl, (int fd, int op, int other, struct epoll_event *e),
         (fd, op, other, e), -1)
FUNCTION("epoll_create", int, epoll_create1, (int flags), (flags), -1)
FUNCTION("epoll_create", int, epoll_create, (int size), (size), -1)
FUNCTION("timerfd", int, timerfd_create, (int clock, int flags), (clock, flags), -1)
FUNCTION("pipe", int, pipe, (int ends[2]), (ends), -1)
FUNCTION("pipe", int, pipe2, (int ends[2], int flags), (ends, flags), -1)
FUNCTION("pipe", int, socketpair, (int family, int type, int protocol, int ends[2]),
         (family, type, protocol, ends), -1)
FUNCTION("fork", pid_t, fork, (void), (), -1)
FUNCTION("fork", int, posix_spawn,
         (pid_t * pid, const char *path, const posix_spawn_file_actions_t *files,
          const posix_spawnattr_t *attributes, char *const argv[], char *const env[]),
         (pid, path, files, attributes, argv, env), error)
FUNCTION("exec", int, execve, (const char *path, char *const argv[], char *const env[]),
         (path, argv, env), -1)
FUNCTION("thread", int, pthread_create,
         (pthread_t * thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg),
         (thread, attributes, start, arg), error)
FUNCTION("send", ssize_t, send, (int fd, const void *data, size_t len, int flags),
         (fd, data, len, flags), -1)
FUNCTION("send", ssize_t, sendto,
         (int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
          socklen_t size),
         (fd, data, len, flags, to, size), -1)
FUNCTION("send", ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags), -1)
FUNCTION("recv", ssize_t, recv, (int fd, void *data, size_t len, int flags), (fd, data, len, flags),
         -1)
FUNCTION("recv", ssize_t, recvfrom,
         (int fd, void *data, size_t len, int flags, struct sockaddr *from, socklen_t *size),
         (fd, data, len, flags, from, size), -1)
FUNCTION("recv", ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags), -1)
FUNCTION("write", ssize_t, writev, (int fd, const struct iovec *v, int count), (fd, v, count), -1)
FUNCTION("read", ssize_t, read, (int fd, void *data, size_t len), (fd, data, len), -1)
FUNCTION("open", FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL)
FUNCTION("open", DIR *, opendir, (const char *path), (path), NULL)
FUNCTION("malloc", void *, malloc, (size_t size), (size), NULL)
FUNCTION("malloc", void *, calloc, (size_t count, size_t size), (count, size), NULL)
FUNCTION("malloc", void *, realloc, (void *p, size_t size), (p, size), NULL)
FUNCTION("malloc", void *, reallocarray, (void *p, size_t count, size_t size), (p, count, size),
         NULL)
FUNCTION("malloc", void *, aligned_alloc, (size_t align, size_t size), (align, size), NULL)
FUNCTION("malloc", char *, strdup, (const char *s), (s), NULL)
FUNCTION("malloc", char *, strndup, (const char *s, size_t len), (s, len), NULL)

EXPORT int eventfd(unsigned int value, int flags)
{
	static _Atomic(void *) kept;
	int (*real)(unsigned int, int) = (int (*)(unsigned int, int))behind(&kept, "eventfd");
	int error = fails("eventfd", __builtin_return_address(0));
	int fd = error ? -1 : real(value, flags);

	if (fd >= 0 && fd < MOST_FDS)
		atomic_store(&is_bell[fd], true);
	if (error)
		errno = error;
	return fd;
}

EXPORT ssize_t write(int fd, const void *data, size_t len)
{
	static _Atomic(void *) kept;
	ssize_t (*real)(int, const void *, size_t) =
	    (ssize_t(*)(int, const void *, size_t))behind(&kept, "write");
	bool bell = fd >= 0 && fd < MOST_FDS && atomic_load(&is_bell[fd]);
	int error = bell ? 0 : fails("write", __builtin_return_address(0));

	if (!error)
		return real(fd, data, len);
	errno = error;
	return -1;
}

/* The mode is there only if a file may be made. */
static mode_t mode_of(int flags, va_list args)
{
	return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(args, mode_t) : 0;
}

EXPORT int open(const char *path, int flags, ...)
{
	static _Atomic(void *) kept;
	int (*real)(const char *, int, ...) =
	    (int (*)(const char *, int, ...))behind(&kept, "open");
	int error = fails("open", __builtin_return_address(0));
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	if (!error)
		return real(path, flags, mode);
	errno = error;
	return -1;
}
