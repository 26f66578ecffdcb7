/* SPDX-License-Identifier: MIT */
#include "control/nodecache.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/nodedoc.h"
#include "conf/nodeset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, SQL_PORT = 26257, HTTP_PORT = 8080 };

/* --- reading ------------------------------------------------------------------------------ */

static bool check_file(int fd, const char *path, struct stat *ret, struct error *err)
{
	if (fstat(fd, ret) == -1)
		return error_sys(err, errno, "%s", path);
	if (!S_ISREG(ret->st_mode))
		return error_set(err, "%s is not a file", path);
	if (ret->st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, "%s can be changed by others than its owner: chmod 600",
		                 path);
	if (ret->st_size > FILE_MAX)
		return error_set(err, "%s is too large for a list of nodes", path);
	return true;
}

static bool read_all(int fd, const char *path, struct text *out, struct error *err)
{
	char buf[16384];

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return error_sys(err, errno, "%s", path);
		if (n == 0)
			return true;
		text_addn(out, buf, (size_t)n);
		if (out->len > FILE_MAX)
			return error_set(err, "%s is too large for a list of nodes", path);
	}
}

static bool parse(const struct text *bytes, const char *path, struct mem_arena *arena,
                  struct settings_nodes *ret, struct error *err)
{
	const struct nodedoc_options o = {
		.source = path, .sql_port = SQL_PORT, .http_port = HTTP_PORT, .max = NODESET_MAX
	};
	AUTO_TEXT warnings = { 0 };
	struct nodelist list;

	if (!nodedoc_parse(text_str(bytes), bytes->len, &o, &list, &warnings, err))
		return false;
	nodeset_take(&list, arena, ret);
	nodelist_release(&list);
	return true;
}

bool nodecache_read(const char *path, struct mem_arena *arena, struct settings_nodes *ret,
                    int64_t *ret_wall_ms, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	AUTO_TEXT bytes = { 0 };
	struct stat st;

	if (fd == -1)
		return error_sys(err, errno, "%s", path);
	if (!check_file(fd, path, &st, err) || !read_all(fd, path, &bytes, err) ||
	    !parse(&bytes, path, arena, ret, err))
		return false;
	*ret_wall_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	return true;
}

/* --- writing ------------------------------------------------------------------------------ */

static bool write_all(int fd, const struct text *t)
{
	for (size_t done = 0; done < t->len;) {
		ssize_t n = write(fd, t->data + done, t->len - done);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* What stands there and is no list of ours, a device or a FIFO, is not for us to replace. */
static bool check_place(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) == -1 || S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
		return true;
	if (S_ISDIR(st.st_mode))
		return error_sys(err, EISDIR, "%s", path);
	return error_set(err, "%s is not a file", path);
}

/* As that of the control socket is made. */
static bool make_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder =
	    slash && slash != path ? mem_strndup(path, (size_t)(slash - path)) : NULL;

	return folder && mkdir(folder, 0755) == 0;
}

static int open_beside(const char *path, struct text *name)
{
	text_clear(name);
	text_addf(name, "%s.XXXXXX", path);
	return mkostemp(name->data, O_CLOEXEC); /* mode 0600 */
}

static bool fail(const char *path, struct error *err)
{
	int errnum = errno;

	error_sys(err, errnum, "%s", path);
	return errnum == ENOENT || errnum == EACCES
	           ? error_hint(err, "make its folder, writable for sluice, or set "
	                             "cluster.discover.cache")
	           : false;
}

/* A new file beside it that takes its place. */
bool nodecache_write(const char *path, const struct settings_nodes *nodes, struct error *err)
{
	AUTO_TEXT beside = { 0 };
	AUTO_TEXT lines = { 0 };
	AUTO_CLOSE int fd = -1;

	if (!check_place(path, err))
		return false;
	text_add(&lines, "# The nodes that the cluster told sluice last: used when it cannot be "
	                 "asked at a start.\n");
	nodeset_write(nodes, &lines);
	fd = open_beside(path, &beside);
	if (fd == -1 && errno == ENOENT && make_folder(path))
		fd = open_beside(path, &beside);
	if (fd == -1)
		return fail(path, err);
	if (write_all(fd, &lines) && fsync(fd) == 0 && rename(beside.data, path) == 0)
		return true;
	error_sys(err, errno, "%s", path);
	unlink(beside.data);
	return false;
}

bool nodecache_touch(const char *path)
{
	return utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) == 0;
}
