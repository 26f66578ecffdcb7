/* SPDX-License-Identifier: MIT */
#ifndef CONF_LOADER_H
#define CONF_LOADER_H

#include "base/error.h"
#include "core/settings.h"

/*
 * Reads a configuration file (libconfig 1.5 syntax) into settings, through the table of keys
 * (conf/keys.h).  All problems are found in one pass, each as "FILE:LINE: message" with the cure;
 * a file with a problem gives no settings.
 */
struct loader_problems {
	char **lines;
	size_t count;
};

/* NULL if there is a problem; `problems` then has at least one line.  */
struct settings *loader_read_file(const char *path, struct loader_problems *problems);
/*
 * The same with nodes that the cluster told (conf/nodeset.h), which count if the file says
 * `cluster.discover`.  They are copied.
 */
struct loader_nodes {
	struct settings_nodes found;
	int64_t wall_ms;               /* when they were told; 0: never */
	struct settings_nodes leaving; /* servers that stay, in drain (nodeset_leave()) */
};

struct settings *loader_read_file_with(const char *path, const struct loader_nodes *nodes,
                                       struct loader_problems *problems);
/*
 * The same from what `s` was read from, as it was then: whatever has become of the file, and of
 * what it names on this host.  `s` has `discover`.
 */
struct settings *loader_read_again(const struct settings *s, const struct loader_nodes *nodes,
                                   struct loader_problems *problems);
/* The same from memory; `name` stands for the file in messages, and the settings have no `file`. */
struct settings *loader_read_string(const char *name, const char *text,
                                    struct loader_problems *problems);
void loader_problems_release(struct loader_problems *p);

#endif
