/* SPDX-License-Identifier: MIT */
#ifndef CONF_TARGETS_H
#define CONF_TARGETS_H

#include "draft.h"

/*
 * What a configuration checks, while assemble.c makes settings of it: checks and agents of nodes
 * and servers.
 */
struct targets {
	const struct draft_context *c;
	struct settings_target *at; /* room for all of them */
	size_t count;
};

/* Line of a group, or 0: defaults are parsed from a text of their own, whose lines mean nothing. */
int targets_line(const struct draft_context *c, const config_setting_t *at);

/* The port that a reference means; `node` is NULL for servers of a service's own. */
uint16_t targets_port(enum settings_port_ref ref, uint16_t number, uint16_t traffic,
                      const struct settings_node *node);

/* How nodes are checked, also those that are not there yet. */
struct settings_check targets_check_of_nodes(const struct targets *t,
                                             const struct draft_cluster *cluster);

/* The check of a node, and of a service's own server; the index of the new target. */
size_t targets_add_node(struct targets *t, const struct draft_cluster *cluster,
                        const struct draft_node *node);
size_t targets_add_server(struct targets *t, const struct settings_server *s, const char *name,
                          const struct draft_check *check);

/* As settings_server.agent: 1 + the index of the new target, or 0 if there is no agent. */
size_t targets_add_agent(struct targets *t, const struct draft_agent *agent, const char *name,
                         const char *host);

#endif
