/* SPDX-License-Identifier: MIT */
#include "cli/toplink.h"

#include "base/addr.h"
#include "cli/client.h"
#include "net/sock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* After each answer, at the beginning of a line. */
static const char prompt[] = "> ";

void toplink_init(struct toplink *l, const char *path)
{
	*l = (struct toplink){ .path = path, .fd = -1 };
}

void toplink_close(struct toplink *l)
{
	if (l->fd != -1)
		close(l->fd);
	text_release(&l->in);
	text_release(&l->out);
	toplink_init(l, l->path);
}

/* A UNIX socket connects at once, or there is no room in the daemon's queue. */
static bool open_connection(struct toplink *l, struct error *err)
{
	const struct sock_options options = { 0 };
	struct error why = { 0 };
	bool connected = false;
	struct addr to;

	if (!addr_from_unix(l->path, &to, err))
		return false;
	l->fd = sock_connect(&to, &options, &connected);
	if (l->fd == -1) {
		(void)error_sys(&why, errno, "cannot connect to %s", l->path);
		return client_explain(l->path, &why, err);
	}
	if (!connected) {
		toplink_close(l);
		return error_set(err, "the daemon does not accept on %s", l->path);
	}
	text_add(&l->out, "prompt\n");
	l->awaited = 1;
	return true;
}

static bool say_gone(const struct toplink *l, struct error *err)
{
	return error_set(err, "the daemon has gone away (%s was closed)", l->path);
}

/* Whoever closes with something unread resets the connection. */
static bool is_end(int errnum)
{
	return errnum == ECONNRESET || errnum == EPIPE;
}

static bool flush(struct toplink *l, struct error *err)
{
	while (l->out.len > 0) {
		ssize_t n = send(l->fd, l->out.data, l->out.len, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return true;
		if (n == -1)
			return is_end(errno) ? say_gone(l, err)
			                     : error_sys(err, errno, "cannot send a command");
		text_consume(&l->out, (size_t)n);
	}
	return true;
}

/* Did the daemon close it since the last answer? */
static bool is_stale(const struct toplink *l)
{
	return l->fd != -1 && sock_look(l->fd) != SOCK_SILENT;
}

bool toplink_ask(struct toplink *l, const char *command, int64_t now_ms, struct error *err)
{
	if (is_stale(l))
		toplink_close(l);
	if (l->fd == -1 && !open_connection(l, err))
		return false;
	text_addf(&l->out, "%s\n", command);
	l->awaited++;
	l->has_question = true;
	l->heard_ms = now_ms;
	if (flush(l, err))
		return true;
	toplink_close(l);
	return false;
}

bool toplink_is_busy(const struct toplink *l)
{
	return l->has_question;
}

short toplink_events(const struct toplink *l)
{
	if (l->fd == -1)
		return 0;
	return (short)(POLLIN | (l->out.len > 0 ? POLLOUT : 0));
}

/* Appends what is there; false: it is closed, and `err` says why. */
static bool receive(struct toplink *l, int64_t now_ms, struct error *err)
{
	char bytes[16384];

	for (;;) {
		ssize_t n = recv(l->fd, bytes, sizeof(bytes), 0);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return true;
		if (n == 0 || (n == -1 && is_end(errno)))
			return say_gone(l, err);
		if (n == -1)
			return error_sys(err, errno, "cannot read from %s", l->path);
		text_addn(&l->in, bytes, (size_t)n);
		l->heard_ms = now_ms;
		if (l->in.len > CLIENT_ANSWER_MAX)
			return error_set(err, "the daemon's answer does not end");
	}
}

/*
 * The bytes of the first answer, 0 if it is not complete.  No answer has a line that begins as the
 * prompt does: in JSON a line break is escaped, and messages have none of their own.
 */
static size_t first_answer(const struct text *in)
{
	const char *end;

	if (in->len == 0)
		return 0;
	end = memmem(in->data, in->len, "\n> ", 3);
	return end != NULL ? (size_t)(end - in->data) + 1 : 0;
}

/* Drops the answer to `prompt`; true if that to the question is there. */
static bool take_answer(struct toplink *l, struct text *answer)
{
	size_t len;

	while ((len = first_answer(&l->in)) > 0) {
		bool last = --l->awaited == 0;

		if (last)
			text_addn(answer, l->in.data, len - 1);
		text_consume(&l->in, len + strlen(prompt));
		if (last) {
			l->has_question = false;
			return true;
		}
	}
	return false;
}

enum toplink_status toplink_step(struct toplink *l, int64_t now_ms, struct text *answer,
                                 struct error *err)
{
	bool asked = l->has_question;
	bool alive;

	if (l->fd == -1)
		return TOPLINK_WAITING;
	alive = flush(l, err) && receive(l, now_ms, err);
	if (l->awaited > 0 && take_answer(l, answer)) {
		if (!alive)
			toplink_close(l);
		return TOPLINK_ANSWER;
	}
	if (alive && (!asked || now_ms - l->heard_ms < TOPLINK_PATIENCE_MS))
		return TOPLINK_WAITING;
	if (alive)
		error_set(err, "the daemon does not answer on %s", l->path);
	toplink_close(l);
	return asked ? TOPLINK_FAILED : TOPLINK_WAITING;
}
