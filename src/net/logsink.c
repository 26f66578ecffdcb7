/* SPDX-License-Identifier: MIT */
#include "net/logsink.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct logsink {
	enum logsink_kind kind;
	int fd;
	int facility;
	bool stamp;
	bool journald;            /* stderr leads to journald, which takes "<N>" */
	bool is_socket;           /* stderr is a socket: it can be told not to wait */
	bool torn;                /* the last line was taken in part: the next one ends it first */
	_Atomic uint64_t dropped; /* read by another thread than the one that writes lines */
	struct addr addr;         /* SYSLOG, UDP */
	char *path;               /* FILE */
	char *tag;
	char host[65];
};

/* poll() calls a pipe writable when it takes this many bytes without waiting. */
_Static_assert((int)LOGSINK_LINE_MAX <= PIPE_BUF, "a line must fit into a pipe at once");

/* sd-daemon(3): $JOURNAL_STREAM is "device:inode" of the stream that leads to journald. */
static bool leads_to_journald(const struct stat *st)
{
	const char *stream = secure_getenv("JOURNAL_STREAM");
	char ours[64];

	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st->st_dev, (uintmax_t)st->st_ino);
	return stream && strcmp(stream, ours) == 0;
}

static void open_stderr(struct logsink *s)
{
	struct stat st;

	s->fd = STDERR_FILENO;
	if (fstat(s->fd, &st) == -1)
		return;
	s->is_socket = S_ISSOCK(st.st_mode);
	s->journald = leads_to_journald(&st);
}

static bool open_socket(struct logsink *s, struct error *err)
{
	s->fd = socket(s->addr.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd == -1) {
		char text[ADDR_TEXT_MAX];

		return error_sys(err, errno, "cannot log to %s", addr_format(&s->addr, text));
	}
	return true;
}

/* NONBLOCK is for a FIFO: without a reader it fails instead of waiting for one. */
static bool open_file(const char *path, int *ret_fd, struct error *err)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, flags, 0640);

	if (fd == -1)
		return error_sys(err, errno, "cannot log to %s", path);
	*ret_fd = fd;
	return true;
}

/* Not reaching the daemon now is no failure: each line tries again. */
static bool join_syslog(const struct logsink *s)
{
	return connect(s->fd, &s->addr.sa, s->addr.len) == 0;
}

static bool open_kind(struct logsink *s, const struct logsink_options *o, struct error *err)
{
	switch (s->kind) {
	case LOGSINK_STDERR:
		open_stderr(s);
		return true;
	case LOGSINK_SYSLOG:
		if (!addr_from_unix(o->path, &s->addr, err) || !open_socket(s, err))
			return false;
		join_syslog(s);
		return true;
	case LOGSINK_UDP:
		s->addr = o->addr;
		return open_socket(s, err);
	case LOGSINK_FILE:
		s->path = mem_strdup(o->path);
		return open_file(s->path, &s->fd, err);
	}
	return false;
}

bool logsink_open(const struct logsink_options *o, struct logsink **ret, struct error *err)
{
	struct logsink *s = mem_zalloc(sizeof(*s));

	s->kind = o->kind;
	s->fd = -1;
	s->facility = o->facility;
	s->stamp = o->stamp;
	s->tag = mem_strdup(o->tag ? o->tag : "sluice");
	if (gethostname(s->host, sizeof(s->host) - 1) == -1)
		snprintf(s->host, sizeof(s->host), "localhost");
	s->host[strcspn(s->host, ".")] = '\0';
	if (!open_kind(s, o, err)) {
		logsink_close(s);
		return false;
	}
	*ret = s;
	return true;
}

void logsink_close(struct logsink *s)
{
	if (!s)
		return;
	if (s->fd >= 0 && s->kind != LOGSINK_STDERR)
		close(s->fd);
	free(s->path);
	free(s->tag);
	free(s);
}

/* "Nov  2 12:12:44", local time (RFC 3164 section 4.1.2); the month never in the locale's language.
 */
static void format_stamp(int64_t wall_ms, char *buf, size_t size)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
		                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm = { 0 };

	localtime_r(&seconds, &tm);
	snprintf(buf, size, "%s %2d %02d:%02d:%02d", months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
	         tm.tm_min, tm.tm_sec);
}

static void format_prefix(const struct logsink *s, enum log_level level, int64_t wall_ms, char *buf,
                          size_t size)
{
	char stamp[64];

	buf[0] = '\0';
	if (s->kind == LOGSINK_STDERR) {
		if (s->journald)
			snprintf(buf, size, "<%d>", (int)level);
		return;
	}
	format_stamp(wall_ms, stamp, sizeof(stamp));
	if (s->kind != LOGSINK_FILE)
		snprintf(buf, size, "<%d>%s %s[%d]: ", s->facility * 8 + (int)level, stamp, s->tag,
		         (int)getpid());
	else if (s->stamp)
		snprintf(buf, size, "%s %s %s[%d]: ", stamp, s->host, s->tag, (int)getpid());
}

/* What other people's bytes in a message could do harm with: a second line, a terminal's escapes.
 */
static char tame(char c)
{
	if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f)
		return '?';
	return c;
}

static size_t frame(const struct logsink *s, const char *prefix, const char *line,
                    char buf[static LOGSINK_LINE_MAX])
{
	size_t room = LOGSINK_LINE_MAX - 1;
	size_t len = 0;

	if (s->torn)
		buf[len++] = '\n';
	while (*prefix && len < room)
		buf[len++] = *prefix++;
	while (*line && len < room)
		buf[len++] = tame(*line++);
	/* Do not cut a UTF-8 character in two; it has at most three bytes after the first. */
	for (int i = 0; i < 3 && ((unsigned char)*line & 0xc0) == 0x80; i++, line--)
		len--;
	buf[len++] = '\n';
	return len;
}

/* A pipe is asked before it is written to: it might block, or have no reader (SIGPIPE). */
static ssize_t write_stream(const struct logsink *s, const char *bytes, size_t len)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	if (s->is_socket)
		return send(s->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (poll(&p, 1, 0) != 1 || p.revents != POLLOUT)
		return -1;
	return write(s->fd, bytes, len);
}

static ssize_t send_syslog(const struct logsink *s, const char *bytes, size_t len)
{
	ssize_t n = send(s->fd, bytes, len, MSG_NOSIGNAL);

	/* A full queue is no reason to look for another daemon. */
	if (n == -1 && errno != EAGAIN && join_syslog(s))
		n = send(s->fd, bytes, len, MSG_NOSIGNAL);
	return n;
}

void logsink_write(struct logsink *s, enum log_level level, int64_t wall_ms, const char *line)
{
	char bytes[LOGSINK_LINE_MAX];
	char prefix[256];
	ssize_t n = -1;
	size_t len;

	format_prefix(s, level, wall_ms, prefix, sizeof(prefix));
	len = frame(s, prefix, line, bytes);
	switch (s->kind) {
	case LOGSINK_STDERR:
	case LOGSINK_FILE:
		n = write_stream(s, bytes, len);
		if (n > 0)
			s->torn = (size_t)n != len;
		break;
	case LOGSINK_SYSLOG:
		n = send_syslog(s, bytes, len);
		break;
	case LOGSINK_UDP:
		n = sendto(s->fd, bytes, len, 0, &s->addr.sa, s->addr.len);
		break;
	}
	if (n != (ssize_t)len)
		s->dropped++;
}

bool logsink_reopen(struct logsink *s, struct error *err)
{
	int fd = -1;

	if (s->kind != LOGSINK_FILE)
		return true;
	if (!open_file(s->path, &fd, err))
		return false;
	close(s->fd);
	s->fd = fd;
	s->torn = false;
	return true;
}

uint64_t logsink_dropped(const struct logsink *s)
{
	return s->dropped;
}
