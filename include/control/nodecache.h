/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_NODECACHE_H
#define CONTROL_NODECACHE_H

#include "base/error.h"
#include "core/settings.h"

/*
 * The last list of nodes in a file, for a start while the cluster cannot be asked: lines as people
 * write them (conf/nodelist.h), so that it can be read, and corrected.  Its time is that of the
 * list.  The file is whole or not there, and for its owner only.
 */

/*
 * Looks at it as at what strangers have written.  Nodes are in the arena.  No file is an error,
 * too, with ENOENT.
 */
bool nodecache_read(const char *path, struct mem_arena *arena, struct settings_nodes *ret,
                    int64_t *ret_wall_ms, struct error *err) MUST_CHECK;
/* Makes the folder, too, if that alone is missing. */
bool nodecache_write(const char *path, const struct settings_nodes *nodes,
                     struct error *err) MUST_CHECK;
/* The cluster has told the same list again.  False, with errno, if it is not there any more. */
bool nodecache_touch(const char *path) MUST_CHECK;

#endif
