/* SPDX-License-Identifier: MIT */
#include "net/notify.h"

#include "base/addr.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* "/run/systemd/notify", or "@name" in the abstract namespace. */
static bool parse_socket(const char *path, struct addr *ret)
{
	size_t len = strlen(path);

	if (path[0] != '@')
		return addr_from_unix(path, ret, NULL);
	if (len < 2 || len > sizeof(ret->un.sun_path))
		return false;
	*ret = (struct addr){ .len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len) };
	ret->un.sun_family = AF_UNIX;
	memcpy(ret->un.sun_path + 1, path + 1, len - 1);
	return true;
}

void notify_send(const char *fmt, ...)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment */
	const char *path = getenv("NOTIFY_SOCKET");
	char message[512];
	struct addr to;
	va_list args;
	int fd;

	if (!path || !parse_socket(path, &to))
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	(void)!sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT, &to.sa, to.len);
	close(fd);
}
