/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_SERVERWORDS_H
#define CONTROL_SERVERWORDS_H

#include "core/topology.h"

/* The keywords after a server's address (HAProxy configuration manual 5.2). */
struct serverwords_line {
	struct settings *own; /* what is kept belongs to its arena */
	const struct topology_service *service;
	struct settings_server server;
	struct settings_check check, agent;
	uint16_t check_port, agent_port; /* 0: none of their own */
	bool checked, agent_checked, check_tls;
	bool haproxy; /* runs in HAProxy's place */
};

bool serverwords_read(struct serverwords_line *l, const struct topology *t,
                      const char *const *words, struct error *err) MUST_CHECK;

#endif
