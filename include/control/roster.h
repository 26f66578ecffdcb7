/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ROSTER_H
#define CONTROL_ROSTER_H

#include "core/journal.h"
#include "core/topology.h"
#include "engine/checker.h"

/*
 * The one place where a server's state changes.  Check results, look-ups and commands come in;
 * state_next() decides; the new state is published to the workers, written to the journal and
 * told to the checker (which pace).  Control thread only.
 */
struct roster;

struct roster_options {
	struct topology *topology;
	struct journal *journal;
	struct checker *checker;
	/* Each new journal entry, after the state it tells of is in force. */
	void (*on_event)(void *ctx, const struct journal_event *e);
	void *ctx;
};

struct roster *roster_new(const struct roster_options *o);
void roster_free(struct roster *r); /* NULL is fine */

/* Tells the checker how fast to go; before checker_start(). */
void roster_start(struct roster *r);

/* checker_on_result() of `topology->settings->targets[target]`. */
void roster_check_result(struct roster *r, size_t target, const struct probe_result *result);

/*
 * The name of `s` has that address (its port is put in), or none for that reason: a server without
 * an address is DOWN.
 */
void roster_resolved(struct roster *r, struct topology_server *s, const struct addr *addr,
                     const char *reason);

/* A worker could not connect to `s`: an extra check, now. */
void roster_connect_failed(struct roster *r, const struct topology_server *s);

/* What a person can do to a server.  A change that changes nothing is fine. */
enum roster_order {
	ROSTER_READY,
	ROSTER_DRAIN,
	ROSTER_MAINT,
	ROSTER_HEALTH_UP,
	ROSTER_HEALTH_NOLB,
	ROSTER_HEALTH_DOWN
};
void roster_order(struct roster *r, struct topology_server *s, enum roster_order order);

/* Weight 0..256 from now on. */
void roster_set_weight(struct roster *r, struct topology_server *s, uint32_t weight);

/* Something about the process: a journal entry of kind PROCESS. */
void roster_say(struct roster *r, int level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The first checks are over: from now on a service without a usable server is told of, at once if
 * there is one.
 */
void roster_judge(struct roster *r);

/* Has every checked server had its first result (or lost its name)? */
bool roster_settled(const struct roster *r);

/* True if each service has a usable server; otherwise `reason` names those that have none. */
bool roster_ready(const struct roster *r, char *reason, size_t size);

/* Once a second: rates and their maxima. */
void roster_sample(struct roster *r);

#endif
