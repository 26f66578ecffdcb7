/* SPDX-License-Identifier: MIT */
#ifndef CLI_LOGFOLLOW_H
#define CLI_LOGFOLLOW_H

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

/*
 * Reads what is appended to a log file, line by line, as `tail -F` does: a file that was renamed is
 * read to its end before the new one of its name, one that was cut off (copytruncate) from its
 * beginning, one that is missing for a while when it is back.  Nothing of it blocks.
 */
enum { LOGFOLLOW_LINE_MAX = 64 << 10 }; /* of a longer line the beginning is left out */

struct logfollow {
	const char *path;
	int fd; /* -1: it is not there now */
	uint64_t device, inode;
	int64_t offset;
	struct text buffer;
	size_t given; /* bytes of `buffer` that belong to the line given out last */
};

/* From the end of the file on.  `path` has to outlive it. */
bool logfollow_open(struct logfollow *f, const char *path, struct error *err) MUST_CHECK;

/* The next whole line without its newline, valid until the next call; NULL: none has come yet. */
const char *logfollow_next(struct logfollow *f);

void logfollow_close(struct logfollow *f);

#endif
