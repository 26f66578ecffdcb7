/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CLI_FAKETOPDAEMON_H
#define TESTS_UNIT_CLI_FAKETOPDAEMON_H

#include "faketop.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A control socket whose other side never waits: the test speaks for the daemon, in between. */
struct faketopdaemon {
	char dir[64], path[96];
	int listen_fd, fd; /* -1: none */
	char heard[4096];
};

static inline void faketopdaemon_open(struct faketopdaemon *d)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memset(d, 0, sizeof(*d));
	strcpy(d->dir, "/tmp/sluice-top-XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	snprintf(d->path, sizeof(d->path), "%s/sock", d->dir);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", d->path);
	d->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(d->listen_fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(d->listen_fd, 8), 0);
	d->fd = -1;
}

/* What was asked since: of a new connection if there is one. */
static inline const char *faketopdaemon_hear(struct faketopdaemon *d)
{
	struct pollfd p = { .fd = d->listen_fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, 0) == 1) {
		if (d->fd != -1)
			close(d->fd);
		d->fd = accept(d->listen_fd, NULL, NULL);
	}
	n = recv(d->fd, d->heard, sizeof(d->heard) - 1, MSG_DONTWAIT);
	d->heard[n > 0 ? n : 0] = '\0';
	return d->heard;
}

static inline void faketopdaemon_say(struct faketopdaemon *d, const char *words)
{
	assert_int_equal(send(d->fd, words, strlen(words), MSG_NOSIGNAL), strlen(words));
}

static inline void faketopdaemon_hang_up(struct faketopdaemon *d)
{
	close(d->fd);
	d->fd = -1;
}

static inline void faketopdaemon_close(struct faketopdaemon *d)
{
	if (d->fd != -1)
		close(d->fd);
	if (d->listen_fd != -1)
		close(d->listen_fd);
	unlink(d->path);
	rmdir(d->dir);
}

#endif
