/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMPAGE_H
#define SIM_SIMPAGE_H

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The other pages of a node's HTTP port, as text.  Versions, shapes and metric names are those of
 * CockroachDB v24.
 */
enum simpage_liveness { /* livenessByNodeId of /_status/nodes */
	                SIMPAGE_DEAD = 1,
	                SIMPAGE_UNAVAILABLE = 2,
	                SIMPAGE_LIVE = 3,
	                SIMPAGE_DECOMMISSIONING = 4,
	                SIMPAGE_DECOMMISSIONED = 5,
	                SIMPAGE_DRAINING = 6,
	                SIMPAGE_STARTING = 7
};

struct simpage_node {
	const char *sql_address, *http_address; /* host:port */
	const char *locality;                   /* "region=a,zone=b" or "" */
	const char *state;                      /* for people */
	int64_t started_wall_ms;
	uint64_t sql_total, queries;
	uint32_t id, sql_now;
	enum simpage_liveness liveness;
};

/* /_status/nodes */
void simpage_nodes(struct text *t, const struct simpage_node *nodes, size_t count);
/* /api/v2/nodes/, which has no HTTP addresses */
void simpage_nodes_v2(struct text *t, const struct simpage_node *nodes, size_t count);
void simpage_vars(struct text *t, const struct simpage_node *node); /* Prometheus text */
void simpage_load(struct text *t, const struct simpage_node *node);
void simpage_console(struct text *t, const struct simpage_node *node); /* HTML */

/* The version a node claims, as in "v24.3.0". */
const char *simpage_version(void);

#endif
