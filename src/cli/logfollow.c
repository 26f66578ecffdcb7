/* SPDX-License-Identifier: MIT */
#include "cli/logfollow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool open_file(struct logfollow *f)
{
	struct stat st;

	/* A FIFO in its place must not hold the recorder. */
	f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->fd == -1)
		return false;
	if (fstat(f->fd, &st) == -1) {
		close(f->fd);
		f->fd = -1;
		return false;
	}
	f->device = st.st_dev;
	f->inode = st.st_ino;
	f->offset = 0;
	return true;
}

bool logfollow_open(struct logfollow *f, const char *path, struct error *err)
{
	struct stat st;

	*f = (struct logfollow){ .path = path, .fd = -1 };
	if (!open_file(f))
		return error_sys(err, errno, "cannot read %s", path);
	if (fstat(f->fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		logfollow_close(f);
		return error_set(err, "%s is not a file", path);
	}
	f->offset = st.st_size;
	return true;
}

void logfollow_close(struct logfollow *f)
{
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
	text_release(&f->buffer);
}

/* Is another file of that name there now?  One that is missing is not another one. */
static bool is_replaced(const struct logfollow *f)
{
	struct stat st;

	return stat(f->path, &st) == 0 && (st.st_dev != f->device || st.st_ino != f->inode);
}

/* Appends what has come; false: nothing. */
static bool read_more(struct logfollow *f)
{
	char bytes[16384];
	struct stat st;
	ssize_t n;

	if (fstat(f->fd, &st) == 0 && st.st_size < f->offset) {
		f->offset = 0;
		text_clear(&f->buffer);
	}
	n = pread(f->fd, bytes, sizeof(bytes), f->offset);
	if (n <= 0)
		return false;
	f->offset += n;
	text_addn(&f->buffer, bytes, (size_t)n);
	if (f->buffer.len > LOGFOLLOW_LINE_MAX && !memchr(f->buffer.data, '\n', f->buffer.len))
		text_consume(&f->buffer, f->buffer.len - LOGFOLLOW_LINE_MAX / 2);
	return true;
}

/* Something new: from this file, or from the one that has taken its place. */
static bool refill(struct logfollow *f)
{
	if (f->fd == -1)
		return open_file(f) && read_more(f);
	if (read_more(f))
		return true;
	if (!is_replaced(f))
		return false;
	/* Asked once more: it may have grown between the two. */
	if (read_more(f))
		return true;
	close(f->fd);
	text_clear(&f->buffer);
	return open_file(f) && read_more(f);
}

const char *logfollow_next(struct logfollow *f)
{
	char *end;

	text_consume(&f->buffer, f->given);
	f->given = 0;
	while (f->buffer.len == 0 || (end = memchr(f->buffer.data, '\n', f->buffer.len)) == NULL)
		if (!refill(f))
			return NULL;
	*end = '\0';
	f->given = (size_t)(end - f->buffer.data) + 1;
	return f->buffer.data;
}
