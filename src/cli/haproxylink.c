/* SPDX-License-Identifier: MIT */
#include "cli/haproxylink.h"

#include "base/cleanup.h"
#include "base/tick.h"
#include "net/sock.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>

static bool look_up(const char *where, struct addr *ret, struct error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char host[256];
	uint16_t port;
	int rc;

	if (!addr_split(where, 0, host, sizeof(host), &port, err))
		return false;
	if (port == 0)
		return error_set(err, "%s has no port: write host:port, or a socket's path", where);
	if (addr_parse_ip(host, port, ret))
		return true;
	rc = getaddrinfo(host, NULL, &hints, &found);
	if (rc != 0)
		return error_set(err, "cannot find %s: %s", host, gai_strerror(rc));
	if (!addr_from_sockaddr(found->ai_addr, found->ai_addrlen, ret))
		error_set(err, "%s has no address", host);
	else
		addr_set_port(ret, port);
	freeaddrinfo(found);
	return ret->len > 0;
}

static bool find_address(const char *where, struct addr *ret, struct error *err)
{
	static const char prefix[] = "unix@";

	*ret = (struct addr){ 0 };
	if (strncmp(where, prefix, sizeof(prefix) - 1) == 0)
		where += sizeof(prefix) - 1;
	if (strchr(where, '/') != NULL)
		return addr_from_unix(where, ret, err);
	return look_up(where, ret, err);
}

/* Waits for `events`; false with errno when time is up. */
static bool wait_for(int fd, short events, int64_t until_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = until_ms - tick_ms();
		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (ready > 0)
			return true;
		if (ready == 0) {
			errno = ETIMEDOUT;
			return false;
		}
		if (errno != EINTR)
			return false;
	}
}

static int connect_to(const char *where, int64_t until_ms, struct error *err)
{
	const struct sock_options options = { 0 };
	AUTO_CLOSE int fd = -1;
	bool connected = false;
	struct addr to;

	if (!find_address(where, &to, err))
		return -1;
	fd = sock_connect(&to, &options, &connected);
	if (fd < 0) {
		error_sys(err, errno, "cannot connect to %s", where);
		return -1;
	}
	if (!connected) {
		int errnum = wait_for(fd, POLLOUT, until_ms) ? sock_error(fd) : errno;

		if (errnum != 0) {
			error_sys(err, errnum, "cannot connect to %s", where);
			return -1;
		}
	}
	/* cppcheck-suppress unreadVariable; the scope has nothing to close then */
	return TAKE_FD(fd);
}

static bool send_all(int fd, const char *bytes, size_t len, int64_t until_ms)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n == -1 && errno != EINTR && errno != EAGAIN)
			return false;
		if (n == -1 && !wait_for(fd, POLLOUT, until_ms))
			return false;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* Until the end of the connection. */
static bool receive_all(int fd, struct text *answer, int64_t until_ms)
{
	char bytes[16384];

	for (;;) {
		ssize_t n;

		if (!wait_for(fd, POLLIN, until_ms))
			return false;
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n == 0)
			return true;
		if (n == -1 && errno != EINTR && errno != EAGAIN)
			return false;
		if (n > 0)
			text_addn(answer, bytes, (size_t)n);
		if (answer->len > HAPROXYLINK_ANSWER_MAX) {
			errno = EMSGSIZE;
			return false;
		}
	}
}

bool haproxylink_ask(const char *where, const char *command, unsigned int patience_ms,
                     struct text *answer, struct error *err)
{
	int64_t until_ms = tick_ms() + patience_ms;
	AUTO_CLOSE int fd = connect_to(where, until_ms, err);
	AUTO_TEXT line = { 0 };
	size_t before = answer->len;

	if (fd < 0)
		return false;
	text_addf(&line, "%s\n", command);
	if (!send_all(fd, line.data, line.len, until_ms) || !receive_all(fd, answer, until_ms))
		return error_sys(err, errno, "no answer from %s", where);
	if (answer->len == before)
		return error_set(err, "%s closed the connection without an answer", where);
	return true;
}
