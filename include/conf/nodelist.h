/* SPDX-License-Identifier: MIT */
#ifndef CONF_NODELIST_H
#define CONF_NODELIST_H

#include "base/error.h"
#include "base/mem.h"

#include <stdint.h>

/*
 * A list of nodes, from lines that people write or from arguments:
 *
 *     [name] host[:sql[:http]] [locality]
 *
 * e.g. "n1 10.0.134.115 region=us-east-2,zone=us-east-2a" or "10.0.0.7:26258:8081".  '#' begins a
 * comment at the start of a line or after white space; localities may have one ("rack=a#7").  IPv6
 * hosts are written in brackets.  Without a name, nodes are n1, n2, ... in order.
 * A word with '=' is a locality; of two other words the first is the name.
 */
struct nodelist_node {
	const char *name, *host;
	const char *locality; /* or NULL */
	uint16_t sql_port, http_port;
	int line;
};

/* One that was left out because it is being decommissioned, or is decommissioned. */
struct nodelist_leaver {
	const char *name;
	bool done;
};

struct nodelist {
	struct mem_arena arena;
	struct nodelist_node *nodes;
	size_t count, room;              /* of `nodes` */
	struct nodelist_leaver *leavers; /* of conf/nodedoc.h */
	size_t leaver_count;
};

/*
 * `source` stands for the list in messages ("nodes.txt"); the first problem is reported as
 * "SOURCE:LINE: message".  `sql_port`/`http_port` are used where none is written.  Names and
 * addresses must be unique.  On failure `ret` is untouched.
 */
struct nodelist_options {
	const char *source;
	uint16_t sql_port, http_port;
	size_t max; /* nodes; more is an error; 0: as many as there are */
};

bool nodelist_parse(const char *text, const struct nodelist_options *o, struct nodelist *ret,
                    struct error *err) MUST_CHECK;

/* How much of a line of `len` bytes stands before its comment, if it has one. */
size_t nodelist_uncommented(const char *line, size_t len);

/* Letters, digits, '-', '_' and '.', at most 64. */
bool nodelist_is_name(const char *s);
/* "key=value,key=value" */
bool nodelist_is_locality(const char *s);

/* One node from one argument, "host", "host:port" or "host:sql:http", added to the list. */
bool nodelist_add_argument(struct nodelist *l, const char *arg, const struct nodelist_options *o,
                           struct error *err) MUST_CHECK;

/*
 * Keeps the nodes whose locality matches every KEY=REGEX of `filter` (comma-separated; the regular
 * expression is POSIX extended and anchored, as `cockroach gen haproxy --locality`).  Nodes
 * without a locality do not match.  No match is an error that names the localities found.
 */
bool nodelist_filter_check(const char *filter, struct error *err) MUST_CHECK; /* it can be used */
bool nodelist_filter(struct nodelist *l, const char *filter, struct error *err) MUST_CHECK;

/* Those that share more of this locality first; equals keep their order. */
void nodelist_sort(struct nodelist *l, const char *here);
void nodelist_release(struct nodelist *l);

#endif
