/* SPDX-License-Identifier: MIT */
#include "net/inherit.h"

#include "base/mem.h"
#include "base/number.h"
#include "inherits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct entry {
	int fd;
	int number; /* as the configuration calls it, or INHERITS_BY_ADDRESS */
};

struct entries {
	struct entry *at;
	size_t count;
};

static struct entries held;     /* until they are found */
static struct entries numbered; /* found by their number */

static void add(struct entries *list, int fd, int number)
{
	list->at = mem_resize(list->at, list->count + 1, sizeof(list->at[0]));
	list->at[list->count++] = (struct entry){ fd, number };
}

void inherit_add(int fd)
{
	add(&held, fd, fd);
}

static bool read_number(const char *name, uint64_t max, uint64_t *ret)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before other threads start */
	const char *value = getenv(name);

	return value && number_parse(value, max, ret);
}

/* "fd7" is what a configuration calls "fd:7", whatever its number is here. */
static int number_of(const char *name, int fd)
{
	uint64_t number;

	if (!name)
		return fd;
	if (strcmp(name, INHERITS_UNNUMBERED) == 0)
		return INHERITS_BY_ADDRESS;
	return strncmp(name, "fd", 2) == 0 && number_parse(name + 2, INT32_MAX, &number)
	           ? (int)number
	           : fd;
}

static void take_all(int count)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before other threads start */
	const char *value = getenv("LISTEN_FDNAMES");
	char *names = value ? mem_strdup(value) : NULL;
	char *rest = names;

	for (int fd = INHERITS_FIRST_FD; fd < INHERITS_FIRST_FD + count; fd++) {
		const char *name = strsep(&rest, ":");

		if (fcntl(fd, F_SETFD, FD_CLOEXEC) != -1)
			add(&held, fd, number_of(name, fd));
	}
	free(names);
}

size_t inherit_take(void)
{
	uint64_t pid;
	uint64_t count;
	size_t before = held.count;

	if (read_number("LISTEN_PID", INT32_MAX, &pid) && pid == (uint64_t)getpid() &&
	    read_number("LISTEN_FDS", INHERITS_MOST_FDS, &count))
		take_all((int)count);
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

static bool has_address(int fd, const struct addr *at)
{
	struct addr local;

	return find_address(fd, &local) && addr_equal(&local, at);
}

/* [::]:port that also takes IPv4 clients, where all IPv4 addresses are wanted. */
static bool covers(int fd, const struct addr *at)
{
	int v6only = 1;
	socklen_t size = sizeof(v6only);
	struct addr local;

	return at->sa.sa_family == AF_INET && at->in.sin_addr.s_addr == INADDR_ANY &&
	       find_address(fd, &local) && local.sa.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&local.in6.sin6_addr) &&
	       addr_port(&local) == addr_port(at) &&
	       getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &size) == 0 && !v6only;
}

static int find(const struct addr *at, bool (*fits)(int fd, const struct addr *at))
{
	for (size_t i = 0; i < held.count; i++) {
		int fd = held.at[i].fd;

		if (!listens(fd) || !fits(fd, at))
			continue;
		held.at[i] = held.at[--held.count];
		return fd;
	}
	return -1;
}

int inherit_find(const struct addr *at)
{
	int fd = find(at, has_address);

	return fd != -1 ? fd : find(at, covers);
}

int inherit_find_number(int number)
{
	int fd = number;

	for (size_t i = 0; i < held.count; i++) {
		if (held.at[i].number != number)
			continue;
		fd = held.at[i].fd;
		held.at[i] = held.at[--held.count];
		break;
	}
	add(&numbered, fd, number);
	return fd;
}

int inherit_number(int fd)
{
	/* The last one counts: a descriptor's number is given again. */
	for (size_t i = numbered.count; i-- > 0;)
		if (numbered.at[i].fd == fd)
			return numbered.at[i].number;
	return INHERITS_BY_ADDRESS;
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
	free(held.at);
	held = (struct entries){ 0 };
}

void inherit_close_rest(void)
{
	for (size_t i = 0; i < held.count; i++)
		close(held.at[i].fd);
	inherit_forget();
}

/* What had a number that a socket was given, and can have it again. */
struct displaced {
	int copy; /* -1: nothing had it */
	int flags;
};

static struct displaced *displaced;
static size_t displaced_count;

static void forget_displaced(void)
{
	for (size_t i = 0; i < displaced_count; i++)
		if (displaced[i].copy != -1)
			close(displaced[i].copy);
	free(displaced);
	displaced = NULL;
	displaced_count = 0;
}

static bool save_displaced(size_t count, int above)
{
	displaced = mem_zalloc((count + 1) * sizeof(*displaced));
	for (size_t i = 0; i < count; i++) {
		int fd = INHERITS_FIRST_FD + (int)i;
		struct displaced *d = &displaced[displaced_count++];

		d->flags = fcntl(fd, F_GETFD);
		d->copy = d->flags == -1 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, above);
		if (d->flags != -1 && d->copy == -1)
			return false;
	}
	return true;
}

void inherit_take_back(void)
{
	for (size_t i = 0; i < displaced_count; i++) {
		const struct displaced *d = &displaced[i];
		int fd = INHERITS_FIRST_FD + (int)i;

		if (d->copy == -1)
			close(fd);
		else
			dup3(d->copy, fd, (d->flags & FD_CLOEXEC) ? O_CLOEXEC : 0);
	}
	forget_displaced();
	/* NOLINTBEGIN(concurrency-mt-unsafe): there is no other thread */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	/* NOLINTEND(concurrency-mt-unsafe) */
}

/* Copies above the range that they are to end in, so that none is overwritten. */
static bool copy_up(const int *fds, size_t count, int above, int *ret)
{
	for (size_t i = 0; i < count; i++) {
		ret[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, above);
		if (ret[i] == -1)
			return false;
	}
	return true;
}

static void close_copies(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] != -1)
			close(fds[i]);
	free(fds);
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

/* dup2() leaves the copy without CLOEXEC, as it is to be. */
static bool move_down(const int *copies, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (dup2(copies[i], INHERITS_FIRST_FD + (int)i) == -1)
			return false;
	return true;
}

bool inherit_hand_over(const int *fds, size_t count, struct error *err)
{
	int above = INHERITS_FIRST_FD + (int)count;
	bool done = false;
	int errnum;
	int *copies;

	if (count > INHERITS_MOST_FDS)
		return error_set(err, "%zu sockets are more than can be handed over", count);
	copies = mem_zalloc((count + 1) * sizeof(int));
	for (size_t i = 0; i < count; i++)
		copies[i] = -1;
	if (!copy_up(fds, count, above, copies) || !save_displaced(count, above)) {
		errnum = errno;
		forget_displaced();
	} else {
		done = move_down(copies, count) && announce(count);
		errnum = errno;
		if (!done)
			inherit_take_back();
	}
	close_copies(copies, count);
	return done || error_sys(err, errnum, "sockets cannot be handed over");
}
