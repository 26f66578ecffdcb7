/* SPDX-License-Identifier: MIT */
#include "succession.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

bool succession_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0;
}

/* --- sending ------------------------------------------------------------------------------ */

static bool await(int channel, short events, int limit_ms)
{
	struct pollfd p = { .fd = channel, .events = events };
	int ready;

	do
		ready = poll(&p, 1, limit_ms);
	while (ready == -1 && errno == EINTR);
	return ready == 1;
}

static bool send_one(int channel, const char *lines, size_t len, int fd)
{
	union control control = { 0 };
	struct iovec bytes = { .iov_len = len };
	struct msghdr msg = { .msg_iov = &bytes, .msg_iovlen = 1 };
	ssize_t n;

	/* An iovec is for reading, too: it has no const. */
	memcpy(&bytes.iov_base, &lines, sizeof(lines));
	if (fd != -1) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
	}
	do
		n = sendmsg(channel, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)len;
}

/* As many whole lines as fit into one message. */
static size_t cut(const char *lines, size_t len)
{
	const char *end;

	if (len <= SUCCESSION_MESSAGE_MAX)
		return len;
	end = memrchr(lines, '\n', SUCCESSION_MESSAGE_MAX);
	return end ? (size_t)(end - lines) + 1 : 0;
}

size_t succession_send(int channel, const char *lines, size_t len, int fd, int limit_ms)
{
	size_t sent = 0;

	while (sent < len) {
		size_t n = cut(lines + sent, len - sent);

		if (!n || !await(channel, POLLOUT, limit_ms) ||
		    !send_one(channel, lines + sent, n, sent ? -1 : fd))
			break;
		sent += n;
	}
	return sent;
}

bool succession_say(int channel, const char *line, int fd)
{
	return send_one(channel, line, strlen(line), fd);
}

/* --- receiving ---------------------------------------------------------------------------- */

static int take_descriptor(struct msghdr *msg)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

/*
 * A peer that ends with something unread resets the connection.  That is told once, and before what
 * the peer has said last: its counters.
 */
static ssize_t receive(int channel, struct msghdr *msg)
{
	bool reset = false;

	for (;;) {
		ssize_t n = recvmsg(channel, msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n != -1 || (errno != EINTR && (errno != ECONNRESET || reset)))
			return n;
		reset |= errno == ECONNRESET;
	}
}

enum succession_news succession_receive(int channel, int limit_ms,
                                        char ret_lines[static SUCCESSION_MESSAGE_MAX + 1],
                                        int *ret_fd)
{
	union control control;
	struct iovec bytes = { .iov_base = ret_lines, .iov_len = SUCCESSION_MESSAGE_MAX };
	struct msghdr msg = { .msg_iov = &bytes,
		              .msg_iovlen = 1,
		              .msg_control = &control,
		              .msg_controllen = sizeof(control) };
	ssize_t n;

	*ret_fd = -1;
	if (limit_ms && !await(channel, POLLIN, limit_ms))
		return SUCCESSION_NOTHING;
	n = receive(channel, &msg);
	if (n == -1 && errno == EAGAIN)
		return SUCCESSION_NOTHING;
	if (n <= 0)
		return SUCCESSION_GONE;
	ret_lines[n] = '\0';
	*ret_fd = take_descriptor(&msg);
	return SUCCESSION_MESSAGE;
}

char *succession_line(char **rest)
{
	return *rest && **rest ? strsep(rest, "\n") : NULL;
}
