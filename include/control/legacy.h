/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_LEGACY_H
#define CONTROL_LEGACY_H

#include "base/text.h"
#include "core/topology.h"

/*
 * What a process leaves to the one that takes its place: of servers, services and frontends, which
 * are matched by name, all that has been learnt, counted and ordered since the start.  Lines of
 * text, so that another version reads what it knows and leaves out the rest.  What is not there any
 * more, or makes no sense, is ignored.  Control thread only.
 *
 * What a person has set (weight, maxconn, drain, ...) counts as long as the configuration says
 * about it what it said before.  A server with another host or port is a new one, but for its
 * counters.
 */

/* Adds the lines; what is counted all the time is in those of legacy_gains_write(). */
void legacy_write(const struct topology *t, struct text *out);

/*
 * Takes one line, without its newline, which is changed.  Before checks begin, and while no worker
 * serves clients; lines of legacy_gains_write() at any time.  False: it is none of these.
 */
bool legacy_take(struct topology *t, char *line);

/* The state is complete: what was counted so far is no sudden rise. */
void legacy_settle(struct topology *t);

/* --- what is counted while sessions go on ------------------------------------------------- */

/*
 * Counters, each time as what has been added since the last time, at first since the start.  No
 * server, service or frontend may come or go meanwhile.
 */
struct legacy_gains;

struct legacy_gains *legacy_gains_new(const struct topology *t);
void legacy_gains_free(struct legacy_gains *g); /* NULL is fine */
/* Adds the lines of those that have counted something. */
void legacy_gains_write(struct legacy_gains *g, struct text *out);

#endif
