/* SPDX-License-Identifier: MIT */
#ifndef CONF_LINTFILE_H
#define CONF_LINTFILE_H

#include "conf/loader.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A configuration together with the places where things are written in it: of sluice, or of HAProxy
 * as `sluice import` translates it.  Where the cluster alone would tell the nodes of a service
 * (`cluster.discover`), three of no locality stand for them.
 */
struct lintfile;

struct lintfile_place {
	const char *file;
	unsigned int line; /* 0: the file as a whole */
};

/* NULL if it is not valid; `problems` then has a line for each reason. */
struct lintfile *lintfile_read(const char *path, struct loader_problems *problems);
/* The same from memory; `name` stands for the file. */
struct lintfile *lintfile_read_string(const char *name, const char *text,
                                      struct loader_problems *problems);
void lintfile_free(struct lintfile *f); /* NULL is fine */

const struct settings *lintfile_settings(const struct lintfile *f);
/* A reference to them, to be given back. */
struct settings *lintfile_share(const struct lintfile *f);
const char *lintfile_name(const struct lintfile *f);
/* Do nodes stand there that nobody told or wrote? */
bool lintfile_has_stand_ins(const struct lintfile *f);
/* Is it HAProxy's?  Places are then those of the sections only. */
bool lintfile_is_haproxy(const struct lintfile *f);

/* Where a path such as "cluster.check.inter" is written, or the nearest group around it. */
struct lintfile_place lintfile_find(const struct lintfile *f, const char *path);

/*
 * Where a key of a service, such as "timeout.client", is written: in the service, or at the top
 * level for all services, else the service itself.
 */
struct lintfile_place lintfile_service(const struct lintfile *f, size_t service, const char *key);

/*
 * Where a key of a server's check is written, in the server, its service or the cluster; if it is
 * nowhere, the nearest check, or the server or cluster.  Key NULL is its type.
 */
struct lintfile_place lintfile_check(const struct lintfile *f, size_t service, size_t server,
                                     const char *key);

/* The same of a key of the server, in itself or in cluster.server. */
struct lintfile_place lintfile_server(const struct lintfile *f, size_t service, size_t server,
                                      const char *key);

#endif
