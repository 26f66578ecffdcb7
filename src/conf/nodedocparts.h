/* SPDX-License-Identifier: MIT */
#ifndef CONF_NODEDOCPARTS_H
#define CONF_NODEDOCPARTS_H

#include "conf/nodedoc.h"

#include <jansson.h>

/*
 * What the forms of conf/nodedoc.h have in common.  Each form is a function that reads the document
 * and adds its nodes; nodedoc_build.c judges them and makes the list.
 */
enum nodedoc_fate { NODEDOC_STAYS, NODEDOC_DEAD, NODEDOC_LEAVING, NODEDOC_LEFT };

/* A node as a form gives it. */
struct nodedoc_node {
	const char *name;             /* NULL: "n" and its number, or its place in the list */
	uint64_t number;              /* 0: none */
	const char *sql;              /* "host" or "host:port" */
	const char *http;             /* the same, or NULL or "": unknown */
	uint16_t sql_port, http_port; /* where the addresses have none; 0: the default */
	const char *locality;         /* NULL or "": none */
	enum nodedoc_fate fate;
	int64_t seen_s; /* when it last told of itself, of any clock; 0: unknown */
};

/* Where a node or a problem is: ":12", a line, or ": nodes[3]", a path in JSON. */
struct nodedoc_place {
	char text[96];
};

struct nodedoc_candidate;

struct nodedoc_reader {
	const struct nodedoc_options *o;
	struct nodelist list; /* its arena has all strings */
	struct nodedoc_candidate *nodes;
	size_t count;
	struct text warnings;
	struct error *err;
};

struct nodedoc_place nodedoc_line(int line);
struct nodedoc_place nodedoc_path(const char *fmt, ...) PRINTF(1, 2);

/* "SOURCE:12: words", cleaned of control characters; false. */
bool nodedoc_fail(struct nodedoc_reader *r, const struct nodedoc_place *at, const char *fmt, ...)
    PRINTF(3, 4);
void nodedoc_warn(struct nodedoc_reader *r, const char *fmt, ...) PRINTF(2, 3);

/* The strings must stay; they do in the list's arena. */
bool nodedoc_add(struct nodedoc_reader *r, const struct nodedoc_node *n,
                 const struct nodedoc_place *at) MUST_CHECK;
/* Makes the list of what was added. */
bool nodedoc_finish(struct nodedoc_reader *r) MUST_CHECK;

/* --- rows of `cockroach node status` (nodedoc_rows.c) ----------------------------------------- */

/* NULL: there is no such column. */
struct nodedoc_row {
	const char *id, *address, *sql, *http, *locality, *membership, *decommissioning;
};

/* The cell for a column of that name; NULL: nothing that matters. */
const char **nodedoc_row_cell(struct nodedoc_row *row, const char *column);
bool nodedoc_add_row(struct nodedoc_reader *r, const struct nodedoc_row *row,
                     const struct nodedoc_place *at) MUST_CHECK;
/* Cuts white space off both ends, in place. */
char *nodedoc_trim(char *s);
/* The next line of a text, in place and without its end; NULL after the last. */
char *nodedoc_next_line(char **text);
/* The words for a list of node numbers without addresses. */
bool nodedoc_no_addresses(struct nodedoc_reader *r, int line);

/* --- the forms; `line` is the number of the first line of `text`, which they may change ---------
 */

bool nodedoc_table(struct nodedoc_reader *r, char *text, int line) MUST_CHECK;
bool nodedoc_records(struct nodedoc_reader *r, char *text, int line) MUST_CHECK;
bool nodedoc_csv(struct nodedoc_reader *r, char *text, int line, char separator) MUST_CHECK;
bool nodedoc_ini(struct nodedoc_reader *r, char *text, int line) MUST_CHECK;
bool nodedoc_json(struct nodedoc_reader *r, char *text, size_t len, int line) MUST_CHECK;

bool nodedoc_cluster(struct nodedoc_reader *r, const json_t *doc, const json_t *nodes) MUST_CHECK;
bool nodedoc_inventory(struct nodedoc_reader *r, json_t *doc) MUST_CHECK;
bool nodedoc_terraform(struct nodedoc_reader *r, json_t *doc) MUST_CHECK;

/* --- JSON ----------------------------------------------------------------------------------- */

/*
 * Replaces in place, by a null, what is large and not needed (metrics and the like); lines stay.
 * False if such a value has no end, if it is nested too deep, or if what remains is more than so
 * many nodes can have: reading that takes its time, in which a daemon checks nobody.
 */
bool nodedoc_skim(char *text, size_t *len, size_t max, const char **ret_problem) MUST_CHECK;

/* The member of either name; NULL if there is none. */
const json_t *nodedoc_member(const json_t *o, const char *name, const char *other);
/* A string, or a number or a boolean as one, in the arena; NULL for anything else. */
const char *nodedoc_scalar(struct nodedoc_reader *r, const json_t *v);

/* --- facts: what an inventory or an output says of a host (nodedoc_facts.c) ---------------------
 */

struct nodedoc_fact {
	size_t key; /* of the keys that matter */
	const char *value;
};

struct nodedoc_facts {
	struct nodedoc_fact *at;
	size_t count, room;
};

/* The last of the same key counts; keys that do not matter are passed over. */
void nodedoc_facts_add(struct nodedoc_reader *r, struct nodedoc_facts *f, const char *key,
                       const char *value);
/* Is it a key of a host's address? */
bool nodedoc_facts_is_address(const char *key);
/* One of another host or group. */
void nodedoc_facts_append(struct nodedoc_reader *r, struct nodedoc_facts *f,
                          const struct nodedoc_fact *fact);
/* The scalar members of an object. */
void nodedoc_facts_add_json(struct nodedoc_reader *r, struct nodedoc_facts *f, json_t *o);
/* `name` NULL: the facts have one, or none; `is_host`: the name is the host if nothing else is. */
bool nodedoc_add_facts(struct nodedoc_reader *r, const char *name, bool is_host,
                       const struct nodedoc_facts *f, const struct nodedoc_place *at) MUST_CHECK;

/* A group or an output that is called after the nodes: smaller is better, 0: not at all. */
unsigned int nodedoc_rank_name(const char *name);

/* --- groups of hosts (nodedoc_groups.c) ------------------------------------------------------- */

struct nodedoc_numbers {
	size_t *at;
	size_t count, room;
};

struct nodedoc_host {
	const char *name;
	struct nodedoc_facts facts;
	struct nodedoc_place at;
	struct nodedoc_numbers groups; /* that name it */
	bool taken;
};

struct nodedoc_group {
	const char *name;
	struct nodedoc_numbers hosts, children, parents;
	struct nodedoc_facts vars;
	bool seen; /* on a way through the groups */
};

struct nodedoc_groups {
	json_t *host_numbers, *group_numbers; /* by name */
	struct nodedoc_host *hosts;
	struct nodedoc_group *groups;
	size_t host_count, host_room, group_count, group_room;
};

void nodedoc_groups_init(struct nodedoc_groups *g);
void nodedoc_groups_release(struct nodedoc_groups *g);
/* Found or made; their numbers. */
size_t nodedoc_groups_host(struct nodedoc_reader *r, struct nodedoc_groups *g, const char *name,
                           const struct nodedoc_place *at);
size_t nodedoc_groups_group(struct nodedoc_reader *r, struct nodedoc_groups *g, const char *name);
void nodedoc_groups_put(struct nodedoc_reader *r, struct nodedoc_groups *g, size_t group,
                        size_t host);
void nodedoc_groups_nest(struct nodedoc_reader *r, struct nodedoc_groups *g, size_t group,
                         size_t child);
/* Adds the hosts of the group that is wanted, else of the one that is called after the nodes. */
bool nodedoc_add_groups(struct nodedoc_reader *r, struct nodedoc_groups *g) MUST_CHECK;

#endif
