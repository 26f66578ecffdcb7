/* SPDX-License-Identifier: MIT */
/* What can be seen of a socket by one poll(). */
#include "net/sock.h"

#include <poll.h>

bool sock_is_there(int fd, uint8_t *spared, uint8_t most)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (!*spared && poll(&p, 1, 0) == 1 && p.revents == POLLOUT)
		return true;
	*spared = *spared ? *spared - 1 : most;
	return false;
}

enum sock_news sock_look(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, 0) != 1)
		return SOCK_SILENT;
	if (p.revents & POLLERR)
		return SOCK_RESET;
	return (p.revents & POLLIN) ? SOCK_SPEAKS : SOCK_SILENT;
}
