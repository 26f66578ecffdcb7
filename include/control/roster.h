/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ROSTER_H
#define CONTROL_ROSTER_H

#include "core/journal.h"
#include "core/topology.h"
#include "engine/checker.h"
#include "engine/crew.h"

/*
 * The one place where a server's state changes.  Check results, look-ups and commands come in;
 * state_next() decides; the new state is published to the workers, written to the journal and
 * told to the checker (which pace).  Control thread only.
 */
struct roster;
struct text; /* base/text.h */

/* What a person can do to a server.  A change that changes nothing is fine. */
enum roster_order {
	ROSTER_READY,
	ROSTER_DRAIN,
	ROSTER_MAINT,
	ROSTER_HEALTH_UP,
	ROSTER_HEALTH_NOLB,
	ROSTER_HEALTH_DOWN
};

struct roster_options {
	struct topology *topology;
	struct journal *journal;
	struct checker *checker;
	/* Each new journal entry, after the state it tells of is in force. */
	void (*on_event)(void *ctx, const struct journal_event *e);
	/* Ends the sessions of a server (on_marked_down, on_marked_up). */
	void (*end_sessions)(void *ctx, struct topology_server *s, enum reason reason);
	/* The same for some of them (crew_wish()): returns how many.  NULL: there are none. */
	uint32_t (*wish)(void *ctx, const struct crew_wish *w);
	/*
	 * Returns when nothing refers any more to what has just been taken out of sight: each
	 * worker has been through its loop and what they have told has been read.  NULL: there is
	 * nobody.
	 */
	void (*quiesce)(void *ctx);
	/*
	 * A person has ordered that: roster_order(), or (then ROSTER_DRAIN) roster_drain() with
	 * that deadline, otherwise -1.  NULL: it concerns nobody else.
	 */
	void (*on_order)(void *ctx, const struct topology_server *s, enum roster_order order,
	                 int64_t deadline_ms);
	void *ctx;            /* of all of them */
	struct ev_loop *loop; /* for what takes its time; NULL: roster_new()'s caller sees to it */
};

struct roster *roster_new(const struct roster_options *o);
void roster_free(struct roster *r); /* NULL is fine */

/*
 * Tells the checker how fast to go, and goes on with the panics of a process before this one;
 * before checker_start().
 */
void roster_start(struct roster *r);

/* checker_on_result() of the checker's slot `target`. */
void roster_check_result(struct roster *r, size_t target, const struct probe_result *result);

/* A check of `s` alone has ended with that: it hung in a fault on the way to it. */
void roster_check_hung(struct roster *r, struct topology_server *s,
                       const struct probe_result *result);

/*
 * The name of `s` has that address (its port is put in), or none for that reason: a server without
 * an address is DOWN.
 */
void roster_resolved(struct roster *r, struct topology_server *s, const struct addr *addr,
                     const char *reason);

/* Its name has one where nobody may be sent, as `why` tells: the same. */
void roster_refused_address(struct roster *r, struct topology_server *s, const char *why);

/* A worker could not connect to `s`: an extra check, now, and what `observe` says. */
void roster_connect_failed(struct roster *r, struct topology_server *s, enum reason why);
/* It does not answer the first words of a client: an extra check, now. */
void roster_server_silent(struct roster *r, struct topology_server *s);
/* A worker's connection to an observed `s` was broken off. */
void roster_server_error(struct roster *r, struct topology_server *s);

void roster_order(struct roster *r, struct topology_server *s, enum roster_order order);

/*
 * ROSTER_DRAIN with a deadline: until then its sessions are asked to end between two transactions,
 * then the rest is ended.  0: no deadline (any more).
 */
void roster_drain(struct roster *r, struct topology_server *s, uint32_t deadline_ms);

/*
 * Ends sessions where there are too many, as settings_service.rebalance does from time to time; of
 * that service, or of all (NULL).  `dry`: nothing is ended.  `out` gets a line for each server of
 * theirs, or is NULL.
 */
void roster_rebalance(struct roster *r, const struct topology_service *service, bool dry,
                      struct text *out);

/* Weight 0..256 from now on. */
void roster_set_weight(struct roster *r, struct topology_server *s, uint32_t weight);
/* Sessions at once, 0: no limit. */
void roster_set_maxconn(struct roster *r, struct topology_server *s, uint32_t maxconn);

/*
 * Checks or agent checks of `s` on or off: `enable health`, `disable agent`, ...  A server that is
 * not checked any more keeps its health if that is DOWN or NOLB, otherwise it has none.
 */
void roster_enable_check(struct roster *r, struct topology_server *s, bool on);
void roster_enable_agent(struct roster *r, struct topology_server *s, bool on);
/* What its agent would say: `set server x agent up|down`. */
void roster_set_agent(struct roster *r, struct topology_server *s, bool up);

/*
 * Where traffic goes from now on; sessions that are there stay.  A port of 0 leaves the port.  Its
 * check goes there, too, if it goes to the server's own address and to no other server; look-ups of
 * its name count no more.
 */
void roster_set_address(struct roster *r, struct topology_server *s, const struct addr *addr);

/*
 * Where checks (`agent`: agent checks) of `s` go from now on; NULL and 0 leave address and port.
 * Servers that share the check of a node share this, too.
 */
void roster_set_check_address(struct roster *r, struct topology_server *s, bool agent,
                              const struct addr *addr, uint16_t port);
/* What its agent is sent first. */
void roster_set_agent_send(struct roster *r, struct topology_server *s, const char *line);

/*
 * A server that comes while the program runs, and one that goes: `s` must be under maintenance and
 * without sessions.  Takes `own` over in any case (topology_add_server()).  A new one is under
 * maintenance and its checks are off, as HAProxy has it (management manual 9.3, "add server").
 */
bool roster_add_server(struct roster *r, struct topology_service *service, struct settings *own,
                       struct topology_server **ret, struct error *err) MUST_CHECK;
/* Has `s`, under maintenance, no session, and is none on its way to it? */
bool roster_is_idle(struct roster *r, const struct topology_server *s);
void roster_remove_server(struct roster *r, struct topology_server *s);

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

/*
 * When the next check of `s`, or of the server that it tracks, begins: in so many milliseconds; 0:
 * one runs; -1: none will.
 */
int64_t roster_next_check_ms(const struct roster *r, const struct topology_server *s);

/* Once a second: rates and their maxima, and servers that start slowly. */
void roster_sample(struct roster *r);
/* Once a second while clients may come back: roster_rebalance() where and when it is configured. */
void roster_balance(struct roster *r);

/*
 * Who looks up hosts (control/names.h) and has to know which servers come and go and what a person
 * has decided about addresses.
 */
struct roster_names {
	/* It came: its host, those of its check and its agent are looked up. */
	void (*watch)(void *ctx, struct topology_server *s);
	/* It is off its service's list and will be gone. */
	void (*forget)(void *ctx, struct topology_server *s);
	/* Its host counts no more. */
	void (*pin)(void *ctx, struct topology_server *s);
	/* The host of that check counts no more; `chosen`: the check has an address of its own. */
	void (*pin_check)(void *ctx, size_t slot, bool chosen);
	bool (*is_chosen)(void *ctx, size_t slot);
};

/* NULL: nobody any more.  `names` must live until then. */
void roster_use_names(struct roster *r, const struct roster_names *names, void *ctx);

#endif
