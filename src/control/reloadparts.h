/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_RELOADPARTS_H
#define CONTROL_RELOADPARTS_H

#include "core/topology_swap.h"
#include "engine/listener.h"
#include "reload.h"
#include "supervising.h"

#include <sys/queue.h>

/* What the files that make up a reload share. */
struct adminswap;

/* Taken out; goes with its last session.  One of the three. */
struct reload_leaver {
	LIST_ENTRY(reload_leaver) link;
	struct topology_server *server;
	struct topology_frontend *frontend;
	struct topology_service *service;
	struct settings *settings; /* a reference: where it points to */
	bool idle;
};

LIST_HEAD(reload_leavers, reload_leaver);

/* What a door of the supervisor was opened with; one of `admin` and `socket`. */
struct reload_door {
	struct settings *settings; /* a reference: where the others point to */
	const struct settings_admin *admin;
	const struct settings_socket *socket;
};

/* One of `old` (goes) and `heir` (comes), or both: `heir` takes the socket over. */
struct reload_listener {
	const struct listener *old;
	struct listener *heir;
};

/* A new service, whose first checks are under way. */
struct reload_late {
	struct topology_service *service;
	/* Bound: clients wait in the kernel's queue, or are served by the one before. */
	struct reload_listener *listeners;
	size_t listener_count;
	int64_t until_ms;
};

/* A door that is closed from the loop: the command that closed it may have come through it. */
struct reload_closing {
	struct stream_server *server;
	bool is_admin;
};

struct reload {
	struct supervisor *s;
	struct settings *first;    /* a reference: what is fixed at the start may be there */
	struct reload_door *doors; /* of s->doors */
	size_t door_count;
	struct reload_leavers leavers;
	struct reload_late *late;
	size_t late_count;
	struct reload_closing *closing;
	size_t closing_count;
	ev_timer close;
	bool wanted; /* by a signal that came before clients are served, or in an upgrade */
};

struct reload_new_door {
	struct reload_door is;
	struct stream_server *server; /* opened, or kept */
	bool kept;
	struct adminswap *swap; /* of a kept HTTP endpoint with other settings; or NULL */
};

/* One reload, from the file to its end. */
struct reload_plan {
	struct reload *r;
	struct settings *before, *after;
	bool nodes_only; /* nothing but what the cluster told is different */
	struct topology_swap *swap;
	struct tls_context *tls; /* for discovery: new; or NULL */
	uint32_t was_maxconn, maxconn;
	bool *fresh;  /* by target of `after`: its slot of the checker is new */
	bool *used;   /* by target of `before`: its slot stays */
	size_t *lost; /* slots of servers that came at run time and go now */
	size_t lost_count;
	struct reload_listener *listeners;
	size_t listener_count;
	bool *taken; /* by listener of the crew: it stays, or its socket does */
	bool *found; /* by bind of `after`, in their order: nothing is to be opened for it */
	size_t bind_count;
	struct reload_new_door *doors;
	size_t door_count;
	struct resolver *resolver;      /* new; or NULL */
	struct logger *logger;          /* new; afterwards the one before, as `resolver` */
	size_t added, removed, changed; /* servers */
};

/* --- reload.c ----------------------------------------------------------------------------- */

/* Why there can be none now, or NULL. */
const char *reload_obstacle(const struct reload *r);
/* Before a plan is made. */
void reload_settle_all(struct reload *r);
/* All of it, or nothing. */
bool reload_carry_out(struct reload_plan *p, struct error *err) MUST_CHECK;
/* Afterwards; `done`: it was carried out. */
void reload_release(struct reload_plan *p, bool done);

/* --- reload_read.c ------------------------------------------------------------------------ */

/* The file as it is now, with the nodes that are known; NULL: it has problems, which were said. */
struct settings *reload_read(struct reload *r, bool dry, struct text *answer);
void reload_refuse(struct reload *r, const char *why, struct text *answer);

/* --- reload_leavers.c --------------------------------------------------------------------- */

/* What goes by that plan: after the exchange. */
void reload_leavers_add(struct reload_plan *p);
/* Returns when nobody looks at it any more unless a session does. */
void reload_leavers_wait(const struct reload *r);
/* Frees what has no session any more; all of it, when there are no workers. */
void reload_leavers_free(struct reload *r);
void reload_leavers_end(struct reload *r);

/* --- reload_listeners.c ------------------------------------------------------------------- */

bool reload_listeners_open(struct reload_plan *p, struct error *err) MUST_CHECK;
void reload_listeners_apply(struct reload_plan *p);
void reload_listeners_release(struct reload_plan *p); /* closes what was not applied */
/* Services that are new: `all`, or only those whose first checks are over. */
void reload_listeners_accept(struct reload *r, bool all);

/* --- reload_doors.c ----------------------------------------------------------------------- */

void reload_doors_begin(struct reload *r);
bool reload_doors_open(struct reload_plan *p, struct error *err) MUST_CHECK;
void reload_doors_apply(struct reload_plan *p);
/* Reads the certificates of all endpoints again, or none of them. */
bool reload_doors_renew(struct reload *r, struct error *err) MUST_CHECK;
void reload_doors_release(struct reload_plan *p);
void reload_doors_end(struct reload *r);

/* --- reload_servers.c --------------------------------------------------------------------- */

bool reload_servers_open(struct reload_plan *p, struct error *err) MUST_CHECK;
/* Before the exchange. */
void reload_servers_swap(struct reload_plan *p);
void reload_servers_apply(struct reload_plan *p);
void reload_servers_release(struct reload_plan *p);

#endif
