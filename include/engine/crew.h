/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_CREW_H
#define ENGINE_CREW_H

#include "base/error.h"
#include "core/record.h"
#include "engine/outbox.h"

struct listener;
struct ratetable; /* core/ratetable.h */

/*
 * All workers together: the data plane as the control thread sees it.  Each listener belongs to
 * one worker, which accepts and hands a connection to the worker with the fewest sessions when it
 * has more than its share, so that workers never differ by more than max(2, 10 %).
 *
 * Every function is called from the control thread; the ones that ask workers wait for them (one
 * turn of their loops).
 */
struct crew_options {
	uint32_t threads;             /* at least 1 */
	uint32_t maxconn;             /* sessions of the process */
	uint32_t spin_us;             /* engine/spin.h; 0: never */
	void (*on_record)(void *ctx); /* a worker's thread: call crew_drain() soon */
	void *ctx;
};

struct crew;

bool crew_start(const struct crew_options *o, struct crew **ret, struct error *err) MUST_CHECK;
/* Ends what is left (REASON_STOPPING).  Drain before to see the last records. NULL is fine. */
void crew_stop(struct crew *c);

/* Begins to accept; the crew owns the listeners from now on.  Once. */
void crew_listen(struct crew *c, struct listener **listeners, size_t count);
/* Closes all listening sockets; sessions go on. */
void crew_stop_listening(struct crew *c);

/*
 * Listeners come and go under clients.  One that is taken away closes its socket after it has
 * accepted what the kernel has queued, or leaves it to another (`l`, listener_new_heir()) with all
 * that is in its queue; it is freed by crew_free_idle() when its last session has ended.
 */
void crew_add_listener(struct crew *c, struct listener *l);
void crew_remove_listener(struct crew *c, const struct listener *l);
void crew_replace_listener(struct crew *c, const struct listener *old, struct listener *l);
/* Marks those that were taken away and have no session any more; false: there are none. */
bool crew_mark_idle(struct crew *c);
/* Frees what was marked, after a crew_barrier() and a crew_drain(). */
void crew_free_idle(struct crew *c);
/* Is there a listener of that frontend, one that was taken away included? */
bool crew_serves(const struct crew *c, const struct topology_frontend *f);

/*
 * Every worker stands still between two turns of its loop and looks at nothing: what they share
 * may be exchanged, and what was exchanged is seen by all of them when they go on.  In between no
 * other call of the crew's, and nothing that takes long.
 */
void crew_halt(struct crew *c);
void crew_go_on(struct crew *c);
/* The settings of `f` have changed: its rates follow.  During a halt. */
void crew_follow(struct crew *c, struct topology_frontend *f,
                 const struct settings_rate_limit *before);

/*
 * Another process has the same listening sockets.  crew_yield() accepts no more, so that the other
 * one does; then either crew_resume() accepts again, or crew_abandon() closes them here: who waits
 * in their queues is the other one's, and so are the files of UNIX sockets.
 */
void crew_yield(struct crew *c);
void crew_resume(struct crew *c);
void crew_abandon(struct crew *c);

/* Hands over what the workers have told; `take` is called for each entry. */
void crew_drain(struct crew *c, void (*take)(void *ctx, const struct outbox_entry *e), void *ctx);

uint32_t crew_connections(const struct crew *c);
/* The counter behind it, for listener_limits. */
_Atomic uint32_t *crew_counter(struct crew *c);
/* Sessions of worker `i`. */
uint32_t crew_load(const struct crew *c, uint32_t i);
uint32_t crew_threads(const struct crew *c);
uint32_t crew_listeners(const struct crew *c);
uint64_t crew_accepted(const struct crew *c);
uint64_t crew_dropped_records(const struct crew *c);

/* All sessions now, oldest first; the caller frees the array. */
struct record *crew_sessions(struct crew *c, size_t *ret_count);

/* True if there was such a session. */
bool crew_kill(struct crew *c, uint64_t id);
/* Ends the sessions of a server, or of all (NULL); returns how many. */
uint32_t crew_end_sessions(struct crew *c, const struct topology_server *server,
                           enum reason reason);

/* Which sessions are to end, and how. */
enum crew_manner {
	CREW_AT_ONCE,
	CREW_UNANSWERED, /* go on to another server: on their way there, or pgwire and not answered
	                  */
	CREW_BETWEEN_TRANSACTIONS /* session_leave(): only those that can */
};

struct crew_wish {
	const struct topology_server *server; /* NULL: of all servers */
	enum reason reason;
	enum crew_manner manner;
	uint32_t most; /* at most so many, the oldest; 0: all */
	uint32_t
	    silent_ms; /* only those that cannot be followed and said nothing for so long; 0: all */
};

/* Returns how many have ended or will; those that were asked before are not counted again. */
uint32_t crew_wish(struct crew *c, const struct crew_wish *w);

/*
 * Returns when every worker has been through its loop: what was taken out of their sight before is
 * no longer looked at by any of them.  Entries that they have told before may still name it:
 * crew_drain().
 */
void crew_barrier(struct crew *c);

/* Accepts no more for a frontend, or again; clients wait in the kernel's queue meanwhile. */
void crew_pause_frontend(struct crew *c, struct topology_frontend *f, bool pause);
/* Closes its listening sockets for good. */
void crew_close_frontend(struct crew *c, const struct topology_frontend *f);

/* The listeners, for statistics: index 0 .. crew_listener_count() - 1. */
size_t crew_listener_count(const struct crew *c);
const struct listener *crew_listener(const struct crew *c, size_t i);

/*
 * The connection rates of a frontend's clients, for looking at and forgetting; NULL: it has no
 * conn_rate_limit, or no listener.  Workers that accept for it wait until they are unlocked.
 */
struct ratetable *crew_lock_rates(struct crew *c, const struct topology_frontend *f);
/* Only after crew_lock_rates() returned a table. */
void crew_unlock_rates(struct crew *c, const struct topology_frontend *f);

/* Limits of the whole process; 0: none.  Sessions per second, connections per second. */
void crew_set_rate_limits(struct crew *c, uint32_t conn_rate, uint32_t session_rate);
void crew_set_maxconn(struct crew *c, uint32_t maxconn);
void crew_set_spin(struct crew *c, uint32_t spin_us);

#endif
