/* SPDX-License-Identifier: MIT */
#ifndef CONF_CONFWRITE_H
#define CONF_CONFWRITE_H

#include "base/text.h"
#include "core/settings.h"

/*
 * Settings as the text of a configuration file, through the table of keys: what differs from the
 * defaults is written, each key is explained where it first stands, and what all services have in
 * common stands at the top level.  The loader reads the same settings out of it.
 *
 * Settings must be of a shape that a file can have: a service's servers are the nodes of the
 * cluster, in their order, or its own.
 */
struct confwrite_comments {
	const char *head;           /* lines for the beginning, without '#', or NULL */
	const char *const *origins; /* a line above each service, or NULL */
};

void confwrite_settings(const struct settings *s, const struct confwrite_comments *comments,
                        struct text *out);

#endif
