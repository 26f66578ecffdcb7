/* SPDX-License-Identifier: MIT */
#include "cli/outfile.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* The mode for the new file: that of the old one, or what open(2) would give. */
static bool choose_mode(const char *path, mode_t *ret, struct error *err)
{
	struct stat st;
	mode_t mask;

	if (stat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return error_set(err, "%s is not a regular file", path);
		*ret = st.st_mode & 07777;
		return true;
	}
	if (errno != ENOENT)
		return error_sys(err, errno, "%s", path);
	mask = umask(0);
	umask(mask);
	*ret = 0666 & ~mask;
	return true;
}

bool outfile_replace(const char *path, const void *bytes, size_t len, struct error *err)
{
	AUTO_FREE char *real = realpath(path, NULL);
	AUTO_TEXT temporary = { 0 };
	AUTO_CLOSE int fd = -1;
	mode_t mode = 0;

	if (!choose_mode(path, &mode, err))
		return false;
	text_addf(&temporary, "%s.XXXXXX", real != NULL ? real : path);
	fd = mkostemp(temporary.data, O_CLOEXEC);
	if (fd == -1)
		return error_sys(err, errno, "cannot write %s", path);
	if (fchmod(fd, mode) == -1 || !write_all(fd, bytes, len) || fsync(fd) == -1 ||
	    rename(temporary.data, real != NULL ? real : path) == -1) {
		error_sys(err, errno, "cannot write %s", path);
		unlink(temporary.data);
		return false;
	}
	return true;
}
