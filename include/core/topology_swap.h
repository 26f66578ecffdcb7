/* SPDX-License-Identifier: MIT */
#ifndef CORE_TOPOLOGY_SWAP_H
#define CORE_TOPOLOGY_SWAP_H

#include "core/topology.h"

/*
 * New settings for a topology that is in use.  Services are matched by name, frontends and servers
 * by name within their service: what is matched keeps its object with its state and counters, and
 * gets other settings.  What is new is made before, so that the exchange itself only moves pointers
 * and cannot fail; what has gone is taken out whole, for its last sessions.  Control thread only.
 *
 *   topology_swap_new()      nobody sees anything of it
 *   topology_swap_commit()   while no other thread runs
 *   topology_swap_free()     before a commit: nothing has happened; after it: frees what was
 *                            replaced, once no worker can be looking at it
 *
 * A server is not kept, but goes and comes anew, if it changes between a UNIX socket and another
 * address, or gets another number (`id`) by the file.  One that came at run time and is in the file
 * now is kept and becomes one of the file's; those that are not in the file stay, last in line.
 */
struct topology_swap_server {
	struct topology_server *server;
	const struct settings_server *before; /* NULL: it is new */
	const struct settings_server *after;  /* NULL: it came at run time and stays as it is */
	bool adopted; /* came at run time: `before` was its own, topology_swap.retired has it */
};

struct topology_swap_frontend {
	struct topology_frontend *frontend;
	const struct settings_frontend *before; /* NULL: it is new */
	const struct settings_frontend *after;
	struct settings_frontend *own; /* as in struct topology_frontend: after, then before */
};

struct topology_swap_service {
	struct topology_service *service;
	const struct settings_service *before; /* NULL: it is new, and so is all it has */
	const struct settings_service *after;
	struct topology_swap_server *servers;
	size_t server_count;
	struct topology_swap_frontend *frontends;
	size_t frontend_count;

	/* What takes the place of the service's own, and afterwards what was there. */
	struct topology_server **server_list;
	struct topology_frontend **frontend_list;
	struct topology_roll *roll; /* what was there */
};

struct topology_swap {
	struct topology *topology;
	struct settings *before, *after;
	struct topology_swap_service *services;
	size_t service_count;
	/* The checker's slots by target of `after`: the caller's to fill before the commit. */
	size_t *slots;
	/* What goes: the caller's after the commit, to be freed when the last session has ended,
	   with what is counted until then: core/topology_gone.h.
	   Servers and frontends are those of services that stay. */
	struct topology_service **gone_services;
	struct topology_frontend **gone_frontends;
	struct topology_server **gone_servers;
	size_t gone_service_count, gone_frontend_count, gone_server_count;

	bool committed;
	struct settings **retired; /* of servers that came at run time */
	size_t retired_count;
	struct topology_service **service_list;
};

struct topology_swap *topology_swap_new(struct topology *t, struct settings *after);
/* Takes `after` over.  `was`, `maxconn`: the limit of the process before and from now on. */
void topology_swap_commit(struct topology_swap *s, uint32_t was, uint32_t maxconn);
void topology_swap_free(struct topology_swap *s); /* NULL is fine */

#endif
