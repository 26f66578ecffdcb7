/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMLIST_H
#define SIM_SIMLIST_H

#include "sim/simhttp.h"
#include "sim/simpage.h"

#include <stdbool.h>

/*
 * What a cluster tells of itself to those who may see it: the lists of nodes, /_status/nodes and
 * /api/v2/nodes/, with how a node stands in them, and some settings, /_admin/v1/settings.  Pure.
 */
enum simlist_standing {
	SIMLIST_TRUE, /* as it is */
	SIMLIST_DECOMMISSIONING,
	SIMLIST_DECOMMISSIONED,
	SIMLIST_DEAD,
	SIMLIST_ABSENT /* it has not joined, or is forgotten */
};

struct simlist {
	enum simlist_standing standing;
	char session[128];        /* "": anybody may see what this node tells */
	uint64_t initial_wait_ms; /* server.shutdown.initial_wait */
	uint64_t statement_ms;    /* sql.defaults.statement_timeout; 0: none */
};

/* Is it one of the three? */
bool simlist_is_path(const char *path);
/* Changes how the node stands; that in words, for people. */
const char *simlist_stand(struct simlist *l, enum simlist_standing standing);
/* Changes the setting of that name; false if there is none. */
bool simlist_set(struct simlist *l, const char *name, uint64_t ms);
/* What a list says of a node whose state is `truth`; not for SIMLIST_ABSENT. */
enum simpage_liveness simlist_judge(const struct simlist *l, enum simpage_liveness truth);
/*
 * Answers a request for a list of these nodes or for settings: 401 without the session, as
 * X-Cockroach-API-Session below /api, else as a cookie.
 */
void simlist_answer(const struct simlist *l, const struct simhttp_request *request,
                    const struct simpage_node *nodes, size_t count, struct simhttp_reply *reply);

#endif
