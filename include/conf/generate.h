/* SPDX-License-Identifier: MIT */
#ifndef CONF_GENERATE_H
#define CONF_GENERATE_H

#include "base/text.h"
#include "conf/nodelist.h"

/* A commented, ready configuration for a list of nodes.  The same list gives the same bytes. */
struct generate_service {
	const char *name;
	uint16_t port; /* to listen on */
	bool sql;      /* to the nodes' sql_port; false: http_port */
};

struct generate_options {
	bool secure;             /* checks over https with --cacert's file */
	const char *ca;          /* or NULL */
	const char *here;        /* locality of this proxy, or NULL */
	const char *const *from; /* URLs of nodes that were asked for the list; may be none */
	size_t from_count;
	const char
	    *session; /* what that wanted: "file:PATH" or a secret, which is not written; or NULL */
	const struct generate_service *services; /* none: psql=26257 and dbconsole=8080 */
	size_t service_count;
};

void generate_conf(const struct nodelist *nodes, const struct generate_options *o,
                   struct text *out);

/*
 * What `cockroach gen haproxy` (since v21.2) writes for these nodes, with their SQL and HTTP ports
 * as they are.  Without services it is psql=26257 alone; with `here`, nodes of other places are
 * backups; if it is secure checks go over TLS, and nobody is verified without `ca`.
 */
void generate_haproxy(const struct nodelist *nodes, const struct generate_options *o,
                      struct text *out);

#endif
