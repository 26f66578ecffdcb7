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
	enum logsink_framing framing;
	int fd;
	int facility;
	bool journald;            /* stderr leads to journald, which takes "<N>" */
	bool is_socket;           /* a stream that is a socket: it can be told not to wait */
	bool torn;                /* the last line was taken in part: the next one ends it first */
	_Atomic uint64_t dropped; /* read by another thread than the one that writes lines */
	struct addr addr;         /* SYSLOG, UDP */
	char *path;               /* FILE */
	char *tag, *host;
	char *line; /* `room` bytes, for a line with its framing and LF */
	size_t room;
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

static bool is_stream(enum logsink_kind kind)
{
	return kind != LOGSINK_SYSLOG && kind != LOGSINK_UDP;
}

static void take_stream(struct logsink *s, int fd)
{
	struct stat st;

	s->fd = fd;
	if (fstat(s->fd, &st) == -1)
		return;
	s->is_socket = S_ISSOCK(st.st_mode);
	s->journald = s->kind == LOGSINK_STDERR && leads_to_journald(&st);
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
		take_stream(s, STDERR_FILENO);
		return true;
	case LOGSINK_STDOUT:
		take_stream(s, STDOUT_FILENO);
		return true;
	case LOGSINK_FD:
		take_stream(s, o->fd);
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

/* A file of lines names the host shortly, as rsyslog does. */
static char *host_name(const struct logsink_options *o)
{
	char name[HOST_NAME_MAX + 1] = "";

	if (o->host)
		return mem_strdup(o->host);
	if (gethostname(name, sizeof(name) - 1) == -1)
		snprintf(name, sizeof(name), "localhost");
	if (o->framing == LOGSINK_STAMPED)
		name[strcspn(name, ".")] = '\0';
	return mem_strdup(name);
}

bool logsink_open(const struct logsink_options *o, struct logsink **ret, struct error *err)
{
	struct logsink *s = mem_zalloc(sizeof(*s));
	bool is_long = o->len >= LOGSINK_LINE_MAX;

	s->kind = o->kind;
	s->framing = o->framing;
	s->fd = -1;
	s->facility = o->facility;
	s->tag = mem_strdup(o->tag ? o->tag : "sluice");
	s->host = host_name(o);
	s->room = !o->len || (is_long && is_stream(o->kind)) ? LOGSINK_LINE_MAX : o->len + 1;
	s->line = mem_zalloc(s->room);
	if (!open_kind(s, o, err)) {
		logsink_close(s);
		return false;
	}
	*ret = s;
	return true;
}

void logsink_close(struct logsink *s)
{
	bool ours = s && (s->kind == LOGSINK_FILE || !is_stream(s->kind));

	if (!s)
		return;
	if (s->fd >= 0 && ours)
		close(s->fd);
	free(s->path);
	free(s->tag);
	free(s->host);
	free(s->line);
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

/* "2026-11-20T12:12:44.851000+01:00", local time (RFC 3339). */
static void format_iso(int64_t wall_ms, char *buf, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm = { 0 };
	char date[32];
	long offset_min;

	localtime_r(&seconds, &tm);
	offset_min = tm.tm_gmtoff / 60;
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, size, "%s.%03d000%c%02ld:%02ld", date, (int)(wall_ms % 1000),
	         offset_min < 0 ? '-' : '+', labs(offset_min) / 60, labs(offset_min) % 60);
}

static const char *console_word(enum log_level level)
{
	return level < LOG_LEVEL_WARN    ? "[ALERT]"
	       : level == LOG_LEVEL_WARN ? "[WARNING]"
	                                 : "[NOTICE]";
}

static void format_prefix(const struct logsink *s, enum log_level level, int64_t wall_ms, char *buf,
                          size_t size)
{
	int priority = s->facility * 8 + (int)level;
	int pid = (int)getpid();
	char stamp[64];
	char iso[64];

	format_stamp(wall_ms, stamp, sizeof(stamp));
	format_iso(wall_ms, iso, sizeof(iso));
	buf[0] = '\0';
	switch (s->framing) {
	case LOGSINK_PLAIN:
		if (s->journald)
			snprintf(buf, size, "<%d>", (int)level);
		break;
	case LOGSINK_STAMPED:
		snprintf(buf, size, "%s %s %s[%d]: ", stamp, s->host, s->tag, pid);
		break;
	case LOGSINK_LOCAL:
		snprintf(buf, size, "<%d>%s %s[%d]: ", priority, stamp, s->tag, pid);
		break;
	case LOGSINK_RFC3164:
		snprintf(buf, size, "<%d>%s %s %s[%d]: ", priority, stamp, s->host, s->tag, pid);
		break;
	case LOGSINK_RFC5424:
		snprintf(buf, size, "<%d>1 %s %s %s %d - - ", priority, iso, s->host, s->tag, pid);
		break;
	case LOGSINK_PRIORITY:
		snprintf(buf, size, "<%d>", priority);
		break;
	case LOGSINK_SHORT:
		snprintf(buf, size, "<%d>", (int)level);
		break;
	case LOGSINK_TIMED:
		snprintf(buf, size, "<%d>%s ", (int)level, iso);
		break;
	case LOGSINK_ISO:
		snprintf(buf, size, "%s ", iso);
		break;
	case LOGSINK_RAW:
		break;
	case LOGSINK_CONSOLE:
		snprintf(buf, size, "%-10s (%d) : ", console_word(level), pid);
		break;
	}
}

/* What other people's bytes in a message could do harm with: a second line, a terminal's escapes.
 */
static char tame(char c)
{
	if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f)
		return '?';
	return c;
}

static size_t frame(const struct logsink *s, const char *prefix, const char *line, char *buf)
{
	const char *start = line;
	size_t room = s->room - 1;
	size_t len = 0;

	if (s->torn)
		buf[len++] = '\n';
	while (*prefix && len < room)
		buf[len++] = *prefix++;
	while (*line && len < room)
		buf[len++] = tame(*line++);
	/* Do not cut a UTF-8 character in two; it has at most three bytes after the first. */
	for (int i = 0; i < 3 && line > start && ((unsigned char)*line & 0xc0) == 0x80; i++, line--)
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
	char prefix[512];
	char *bytes = s->line;
	ssize_t n = -1;
	size_t len;

	format_prefix(s, level, wall_ms, prefix, sizeof(prefix));
	len = frame(s, prefix, line, bytes);
	switch (s->kind) {
	case LOGSINK_STDERR:
	case LOGSINK_FILE:
	case LOGSINK_STDOUT:
	case LOGSINK_FD:
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
