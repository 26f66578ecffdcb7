/* SPDX-License-Identifier: MIT */
#ifndef CONF_NODEDOC_H
#define CONF_NODEDOC_H

#include "base/text.h"
#include "conf/nodelist.h"

/*
 * A list of nodes in any form in which a cluster or the tools around it give it, recognised by its
 * content:
 *
 *   lines that people write                       conf/nodelist.h
 *   `cockroach node status [--all] --format=...`  table, records, csv, tsv, json (raw and ndjson
 * are not node lists), with or without its notices GET /_status/nodes JSON, camelCase or snake_case
 *   GET /api/v2/nodes/                            JSON
 *   an Ansible inventory                          INI, or the JSON of `ansible-inventory --list`
 *   Terraform                                     the JSON of `terraform output`
 *
 * Nodes that are decommissioning, decommissioned or dead for good are left out, each with a
 * warning; dead for good is what has been silent for a day more than others.  A node that is dead
 * since then may come back, and stays.  Of nodes with the same address, as after a new start with
 * an empty disk, the newest one that lives is taken.
 *
 * The advertised SQL and HTTP addresses are used where the form has them.  A node's name is "n" and
 * its number, or what the form calls it.  The order is that of the node numbers, else the form's.
 */
enum { NODEDOC_BYTES_MAX = 64 << 20 }; /* of a document; more is an error */

struct nodedoc_options {
	const char *source;           /* stands for the document in messages */
	uint16_t sql_port, http_port; /* where none is told */
	size_t max;                   /* nodes; more is an error */
	bool guesses;                 /* nobody named http_port: it is told that it is assumed */
	bool from_node;               /* what a node answered: its JSON, and no other form */
	const char *group;            /* of an inventory, or an output of Terraform; NULL: one that
	                                 is called after CockroachDB or nodes, else all there is */
};

/*
 * `bytes` may hold anything.  `warnings` gets whole lines, "SOURCE: n7 is left out: ...".  The
 * error names the place (line, or path in the JSON) and the cure.  On failure `ret` is untouched.
 */
bool nodedoc_parse(const char *bytes, size_t len, const struct nodedoc_options *o,
                   struct nodelist *ret, struct text *warnings, struct error *err) MUST_CHECK;

#endif
