/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODESOURCE_H
#define CLI_NODESOURCE_H

#include "conf/nodelist.h"
#include "websource.h"

/*
 * The list of nodes that `sluice gen` is to read: of --nodes, a file or standard input, or of
 * --from, the first URL that has one.  What is left out is told on `c->err`, and so are URLs in
 * vain.
 */
struct nodesource {
	const char *list, *group; /* each may be NULL */
	struct websource web;     /* a URL without a path is that of a node's list */
	uint16_t sql_port, http_port;
	bool http_port_given;
};

/* Without touching anything; the strings of `o` must outlive it. */
bool nodesource_parse(struct nodesource *s, const struct options *o, struct error *err) MUST_CHECK;

/* Is there something to read? */
bool nodesource_is_given(const struct nodesource *s);
bool nodesource_read(const struct nodesource *s, const struct console *c, struct nodelist *ret,
                     struct error *err) MUST_CHECK;

#endif
