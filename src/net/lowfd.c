/* SPDX-License-Identifier: MIT */
#include "net/lowfd.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LOW = 1024 }; /* numbers below are low enough */

/* The numbers: first those that are held, then those that are lent. */
static struct {
	int numbers[LOWFD_MAX];
	size_t held, count;
	int nothing; /* what the held ones are duplicates of */
} low = { .nothing = -1 };

void lowfd_hold(uint32_t count)
{
	if (!count || low.nothing != -1)
		return;
	low.nothing = eventfd(0, EFD_CLOEXEC);
	if (low.nothing == -1)
		return;
	while (low.count < count && low.count < LOWFD_MAX) {
		int fd = fcntl(low.nothing, F_DUPFD_CLOEXEC, 0);

		if (fd == -1)
			break;
		low.numbers[low.count++] = fd;
	}
	low.held = low.count;
}

void lowfd_release(void)
{
	if (low.nothing == -1)
		return;
	for (size_t i = 0; i < low.held; i++)
		close(low.numbers[i]);
	close(low.nothing);
	low.held = low.count = 0;
	low.nothing = -1;
}

int lowfd_double(int fd)
{
	if (fd < LOW || !low.held || dup3(fd, low.numbers[low.held - 1], O_CLOEXEC) == -1)
		return fd;
	return low.numbers[--low.held];
}

int lowfd_move(int fd)
{
	int to = lowfd_double(fd);

	if (to != fd)
		close(fd);
	return to;
}

/* False: it is not lent. */
static bool find(int fd, size_t *ret)
{
	for (size_t i = low.held; i < low.count; i++) {
		if (low.numbers[i] != fd)
			continue;
		*ret = i;
		return true;
	}
	return false;
}

static void swap(size_t a, size_t b)
{
	int number = low.numbers[a];

	low.numbers[a] = low.numbers[b];
	low.numbers[b] = number;
}

void lowfd_close(int fd)
{
	size_t i;

	if (fd < 0)
		return;
	if (!find(fd, &i)) {
		close(fd);
		return;
	}
	if (dup3(low.nothing, fd, O_CLOEXEC) != -1) {
		swap(i, low.held++);
		return;
	}
	/* The number is lost. */
	close(fd);
	swap(i, --low.count);
}
