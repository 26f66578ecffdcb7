/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMCLUSTER_H
#define SIM_SIMCLUSTER_H

#include "base/error.h"
#include "sim/simnode.h"

#include <ev.h>
#include <stddef.h>
#include <stdint.h>

/* Several simulated nodes on one loop that know of each other. */
struct simcluster;

struct simcluster_options {
	uint32_t nodes;                /* 1..64 */
	uint32_t first_id;             /* of the first node, the next one has the next; 0: 1 */
	const char *host;              /* numeric; NULL: 127.0.0.1 */
	uint16_t sql_port, http_port;  /* of the first node, as first_id; 0: any free ones */
	const char *const *localities; /* taken by turns */
	size_t locality_count;
	void *ctx;
	simnode_event *event; /* or NULL */
};

struct simcluster *simcluster_new(struct ev_loop *loop, const struct simcluster_options *o,
                                  struct error *err);
void simcluster_free(struct simcluster *c);
uint32_t simcluster_count(const struct simcluster *c);
struct simnode *simcluster_node(struct simcluster *c, uint32_t id); /* NULL: none */

/*
 * "<id>|all <command>" (sim/simnode.h).  One line without its newline; for `all` the answers in
 * order, joined by "; ".  False if any node refused.
 */
bool simcluster_command(struct simcluster *c, const char *line, struct text *answer);

#endif
