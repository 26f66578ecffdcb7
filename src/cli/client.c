/* SPDX-License-Identifier: MIT */
#include "cli/client.h"

#include "base/tick.h"
#include "net/sock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

const char *client_path(const char *option)
{
	const char *variable = secure_getenv("SLUICE_SOCKET");

	if (option != NULL)
		return option;
	return variable != NULL && *variable != '\0' ? variable : CLIENT_DEFAULT_SOCKET;
}

bool client_explain(const char *path, const struct error *why, struct error *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return error_set(err, "%s is not a socket", path);
	switch (why->errnum) {
	case ENOENT:
	case ENOTDIR:
		return error_set(err,
		                 "no daemon: %s does not exist\n"
		                 "        start sluice, or name its admin.socket with -s SOCKET "
		                 "or $SLUICE_SOCKET",
		                 path);
	case ECONNREFUSED:
		return error_set(err,
		                 "no daemon: nothing listens on %s\n"
		                 "        the sluice that made it has ended: start it again",
		                 path);
	case EACCES:
	case EPERM:
		return error_set(err,
		                 "not allowed to use %s\n"
		                 "        be root, the daemon's user, or a member of the socket's "
		                 "group",
		                 path);
	case ENOTSOCK:
	case EPROTOTYPE:
		return error_set(err, "%s is not a control socket", path);
	case EAGAIN:
		return error_set(err,
		                 "the daemon does not accept on %s\n"
		                 "        it hangs, or has no time: its log may tell",
		                 path);
	default:
		return error_set(err, "%s", why->text);
	}
}

static bool send_all(int fd, const char *bytes, size_t len, struct error *err)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return error_set(err, "the daemon does not read its control socket");
		if (n == -1)
			return error_sys(err, errno, "cannot send the command");
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static void set_patience(int fd, unsigned int ms)
{
	struct timeval t = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

void client_add_word(struct text *out, const char *word)
{
	text_addc(out, ' ');
	for (; *word; word++) {
		if (strchr("\\ \t;\"'#", *word))
			text_addc(out, '\\');
		text_addc(out, *word);
	}
}

bool client_start(struct client *c, const char *path, const char *command, unsigned int patience_ms,
                  struct error *err)
{
	AUTO_TEXT line = { 0 };
	struct error why = { 0 };

	*c = (struct client){ .fd = -1, .output_fd = -1, .path = path };
	if (strpbrk(command, "\r\n") != NULL)
		return error_set(err, "a command is one line; separate commands with ';'");
	if (!sock_connect_unix(path, patience_ms ? patience_ms : CLIENT_PATIENCE_MS, &c->fd, &why))
		return client_explain(path, &why, err);
	set_patience(c->fd, patience_ms);
	text_addf(&line, "%s\n", command);
	if (!send_all(c->fd, line.data, line.len, err)) {
		client_close(c);
		return false;
	}
	return true;
}

/* For poll(): -1 if there is no end. */
static int left_ms(const struct client *c)
{
	int64_t left = c->end_ms - tick_ms();

	if (c->end_ms == 0)
		return -1;
	return left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

/* Waits for bytes as long as somebody reads the output, as `tail -f | head` has to. */
static enum client_status wait_for_bytes(const struct client *c, struct error *err)
{
	struct pollfd fds[] = { { .fd = c->fd, .events = POLLIN }, { .fd = c->output_fd } };
	int ready;

	do
		ready = poll(fds, ARRAY_LEN(fds), left_ms(c));
	while (ready == -1 && errno == EINTR);
	if (ready == 0) {
		error_set(err, "the daemon does not answer on %s", c->path);
		return CLIENT_FAILED;
	}
	return (fds[1].revents & (POLLERR | POLLHUP)) == 0 ? CLIENT_LINE : CLIENT_UNHEARD;
}

/* Appends what arrives next to the buffer. */
static enum client_status receive(struct client *c, struct error *err)
{
	char bytes[16384];
	enum client_status status = CLIENT_LINE;
	ssize_t n;

	if (c->output_fd != -1 || c->end_ms != 0)
		status = wait_for_bytes(c, err);
	if (status != CLIENT_LINE)
		return status;
	do
		n = recv(c->fd, bytes, sizeof(bytes), 0);
	while (n == -1 && errno == EINTR);
	if (n > 0) {
		text_addn(&c->buffer, bytes, (size_t)n);
		return CLIENT_LINE;
	}
	if (n == 0 || errno == ECONNRESET)
		return CLIENT_END;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		error_set(err, "the daemon does not answer on %s", c->path);
	else
		error_sys(err, errno, "cannot read from %s", c->path);
	return CLIENT_FAILED;
}

enum client_status client_read_line(struct client *c, const char **ret_line, struct error *err)
{
	size_t seen = 0;
	char *end;

	text_consume(&c->buffer, c->given);
	c->given = 0;
	while (c->buffer.len == seen ||
	       (end = memchr(c->buffer.data + seen, '\n', c->buffer.len - seen)) == NULL) {
		enum client_status status;

		seen = c->buffer.len;
		if (seen > CLIENT_LINE_MAX) {
			error_set(err, "the daemon sent a line without an end");
			return CLIENT_FAILED;
		}
		status = receive(c, err);
		if (status != CLIENT_LINE)
			return status;
	}
	*end = '\0';
	c->given = (size_t)(end - c->buffer.data) + 1;
	*ret_line = c->buffer.data;
	return CLIENT_LINE;
}

bool client_wait(const struct client *c, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = c->fd, .events = POLLIN }, { .fd = c->output_fd } };

	if (c->buffer.len > c->given &&
	    memchr(c->buffer.data + c->given, '\n', c->buffer.len - c->given) != NULL)
		return true;
	return poll(fds, ARRAY_LEN(fds), timeout_ms) > 0;
}

void client_close(struct client *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	text_release(&c->buffer);
}

/* Drops the empty line that ends an answer. */
static void trim_answer(struct text *t)
{
	if (t->len >= 1 && t->data[t->len - 1] == '\n' &&
	    (t->len == 1 || t->data[t->len - 2] == '\n'))
		t->data[--t->len] = '\0';
}

bool client_ask(const char *path, const char *command, unsigned int patience_ms,
                struct text *answer, struct error *err)
{
	enum client_status status;
	struct client c;

	if (!client_start(&c, path, command, patience_ms, err))
		return false;
	while ((status = receive(&c, err)) == CLIENT_LINE) {
		if (c.buffer.len > CLIENT_ANSWER_MAX) {
			error_set(err, "the daemon's answer does not end");
			status = CLIENT_FAILED;
			break;
		}
	}
	if (status == CLIENT_END && c.buffer.len == 0) {
		error_set(err, "the daemon closed the connection without an answer");
		status = CLIENT_FAILED;
	}
	if (status == CLIENT_END) {
		trim_answer(&c.buffer);
		text_addn(answer, text_str(&c.buffer), c.buffer.len);
	}
	client_close(&c);
	return status == CLIENT_END;
}

bool client_refused(const char *words, struct error *err)
{
	char line[300];
	size_t len;

	words += strspn(words, " \r\n");
	len = strcspn(words, "\n");
	if (len >= sizeof(line))
		len = sizeof(line) - 1;
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)words[i];
		bool is_c1 =
		    i > 0 && (unsigned char)words[i - 1] == 0xc2 && byte >= 0x80 && byte < 0xa0;

		line[i] = words[i];
		if (byte < ' ' || byte == 0x7f || is_c1)
			line[i] = '?';
		if (is_c1)
			line[i - 1] = '?';
	}
	line[len] = '\0';
	return error_set(err, "the daemon answered: %s", line);
}

bool client_ask_json(const char *path, const char *command, struct text *answer, struct error *err)
{
	if (!client_ask(path, command, CLIENT_PATIENCE_MS, answer, err))
		return false;
	if (text_str(answer)[0] != '{' && text_str(answer)[0] != '[')
		return client_refused(text_str(answer), err);
	return true;
}

bool client_ask_done(const char *path, const char *command, struct text *answer, struct error *err)
{
	static const char done[] = "done\n";
	const size_t end = sizeof(done) - 1;

	if (!client_ask(path, command, CLIENT_PATIENCE_MS, answer, err))
		return false;
	if (answer->len < end || strcmp(answer->data + answer->len - end, done) != 0)
		return client_refused(text_str(answer), err);
	answer->len -= end;
	answer->data[answer->len] = '\0';
	return true;
}

bool client_order(const char *path, const char *command, struct error *err)
{
	AUTO_TEXT answer = { 0 };

	if (!client_ask(path, command, CLIENT_PATIENCE_MS, &answer, err))
		return false;
	return answer.len == 0 || client_refused(text_str(&answer), err);
}
