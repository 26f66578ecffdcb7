/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMPORTAL_H
#define SIM_SIMPORTAL_H

#include "sim/simstmt.h"

#include <stdbool.h>
#include <sys/queue.h>

/* Prepared statements ('S') and portals ('P') of a session, by name; "" is the unnamed one. */
struct simportal {
	LIST_ENTRY(simportal) link;
	char kind;
	bool binary; /* of a portal: values in binary */
	struct simstmt stmt;
	char *name;
};

LIST_HEAD(simportal_set, simportal);

struct simportal *simportal_find(const struct simportal_set *set, char kind, const char *name);
/* Replaces one of that kind and name. */
void simportal_put(struct simportal_set *set, char kind, const char *name,
                   const struct simstmt *stmt, bool binary);
/* Closing what is not there is no error (as in the protocol). */
void simportal_drop(struct simportal_set *set, char kind, const char *name);
void simportal_release(struct simportal_set *set);

#endif
