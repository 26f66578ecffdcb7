/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUTFILE_H
#define CLI_OUTFILE_H

#include "base/error.h"

#include <stddef.h>

/*
 * Replaces a file's content at once: written to a temporary file beside it, synced, renamed.  A
 * reader sees the old file or the new one; on failure the old one is untouched and nothing is left
 * behind.  A file that exists keeps its mode, a symbolic link stays one.  Anything but a regular
 * file is refused.
 */
bool outfile_replace(const char *path, const void *bytes, size_t len, struct error *err) MUST_CHECK;

#endif
