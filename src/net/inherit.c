/* SPDX-License-Identifier: MIT */
#include "net/inherit.h"

#include "base/mem.h"
#include "base/number.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_FD = 3, MOST_FDS = 4096 };

static struct {
	int *fds;
	size_t count;
} held;

void inherit_add(int fd)
{
	held.fds = mem_resize(held.fds, held.count + 1, sizeof(held.fds[0]));
	held.fds[held.count++] = fd;
}

static bool read_number(const char *name, uint64_t max, uint64_t *ret)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before other threads start */
	const char *value = getenv(name);

	return value && number_parse(value, max, ret);
}

size_t inherit_take(void)
{
	uint64_t pid;
	uint64_t count;
	size_t before = held.count;

	if (read_number("LISTEN_PID", INT32_MAX, &pid) && pid == (uint64_t)getpid() &&
	    read_number("LISTEN_FDS", MOST_FDS, &count))
		for (int fd = FIRST_FD; fd < FIRST_FD + (int)count; fd++)
			if (fcntl(fd, F_SETFD, FD_CLOEXEC) != -1)
				inherit_add(fd);
	/* NOLINTBEGIN(concurrency-mt-unsafe): before other threads start */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	/* NOLINTEND(concurrency-mt-unsafe) */
	return held.count - before;
}

static bool listens(int fd)
{
	int on = 0;
	socklen_t size = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on;
}

static bool find_address(int fd, struct addr *ret)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	return getsockname(fd, (struct sockaddr *)&at, &len) == 0 &&
	       addr_from_sockaddr((struct sockaddr *)&at, len, ret);
}

int inherit_find(const struct addr *at)
{
	for (size_t i = 0; i < held.count; i++) {
		int fd = held.fds[i];
		struct addr local;

		if (!listens(fd) || !find_address(fd, &local) || !addr_equal(&local, at))
			continue;
		held.fds[i] = held.fds[--held.count];
		return fd;
	}
	return -1;
}

size_t inherit_collect(int **ret)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t count = 0;

	*ret = NULL;
	if (!folder)
		return 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
	while ((entry = readdir(folder))) {
		uint64_t fd;

		if (!number_parse(entry->d_name, INT32_MAX, &fd) || !listens((int)fd))
			continue;
		*ret = mem_resize(*ret, count + 1, sizeof(int));
		(*ret)[count++] = (int)fd;
	}
	closedir(folder);
	return count;
}

void inherit_forget(void)
{
	free(held.fds);
	held.fds = NULL;
	held.count = 0;
}

void inherit_close_rest(void)
{
	for (size_t i = 0; i < held.count; i++)
		close(held.fds[i]);
	inherit_forget();
}

/* Copies above the range that they are to end in, so that none is overwritten. */
static bool move_up(int *fds, size_t count, int above)
{
	for (size_t i = 0; i < count; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, above);
		if (fds[i] == -1)
			return false;
	}
	return true;
}

static bool announce(size_t count)
{
	char pid[16];
	char number[24];

	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(number, sizeof(number), "%zu", count);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread */
	return setenv("LISTEN_PID", pid, 1) == 0 && setenv("LISTEN_FDS", number, 1) == 0;
}

bool inherit_hand_over(const int *fds, size_t count, struct error *err)
{
	int above = FIRST_FD + (int)count;
	int *copies;
	bool done;

	if (count > MOST_FDS)
		return error_set(err, "%zu sockets are more than can be handed over", count);
	copies = mem_zalloc((count + 1) * sizeof(int));
	for (size_t i = 0; i < count; i++)
		copies[i] = fds[i];
	done = move_up(copies, count, above);
	/* dup2() leaves the copy without CLOEXEC, as it is to be. */
	for (size_t i = 0; done && i < count; i++)
		done = dup2(copies[i], FIRST_FD + (int)i) != -1;
	done = done && announce(count);
	free(copies);
	return done || error_sys(err, errno, "sockets cannot be handed over");
}
