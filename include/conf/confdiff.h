/* SPDX-License-Identifier: MIT */
#ifndef CONF_CONFDIFF_H
#define CONF_CONFDIFF_H

#include "base/text.h"
#include "core/settings.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What is different between two configurations, in the words of the file: for a reload, which must
 * know what to leave alone, and for who wants to see it before.  It goes through the table of keys
 * (conf/keys.h), so that a new key is noticed by itself.
 *
 * Services, servers, frontends, nodes and users are known by their names, binds, endpoints and
 * control sockets by where they listen.  Where a thing stands in the file is no difference, nor are
 * numbers that were counted.  Everything here is pure; settings are only read.
 */
struct confdiff_change {
	char *path; /* "services.psql.servers.n4.weight" */
	char *before,
	    *after;   /* values as in the file; NULL: it is not there.  Passwords are "..." */
	bool restart; /* only a new process can have it */
};

struct confdiff {
	struct confdiff_change *at;
	size_t count;
};

/* Puts every difference into `*ret`, in the order of the table of keys. */
void confdiff_compare(const struct settings *before, const struct settings *after,
                      struct confdiff *ret);
void confdiff_release(struct confdiff *d);

/*
 * One line each: "~ services.psql.balance: "leastconn" (was "roundrobin")",
 * "+ services.psql.servers.n4 (10.0.0.4:26257)", "- services.old (:26258)",
 * "! threads: 4 (was 2) needs a restart"; or "no change".
 */
void confdiff_write(const struct confdiff *d, struct text *out);

/*
 * Whether two things are the same to whoever uses them.  Names must be the same, but for targets,
 * which are the same if the same is checked in the same way.
 */
bool confdiff_same_target(const struct settings_target *a, const struct settings_target *b);
bool confdiff_same_bind(const struct settings_bind *a, const struct settings_bind *b);
/* But for the places of its targets: compare those, too. */
bool confdiff_same_server(const struct settings_server *a, const struct settings_server *b);
bool confdiff_same_admin(const struct settings_admin *a, const struct settings_admin *b);
/* Where it listens, however that is written; not what it allows. */
bool confdiff_same_door(const struct settings_socket *a, const struct settings_socket *b);
bool confdiff_same_resolver(const struct settings *a, const struct settings *b);

#endif
