/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_QUEUE_H
#define ENGINE_QUEUE_H

#include "core/pool.h"

#include <ev.h>
#include <pthread.h>
#include <sys/queue.h>

/*
 * Sessions that wait for a server of their service, in the order in which they came, over all
 * workers.  Whoever makes room (a session that leaves a server, the control thread) claims the
 * place for the first in line before anybody else can and calls it on its own worker, so that
 * newcomers do not overtake.  A service where nobody waits costs an atomic load.
 *
 * Those that wait because no server is usable, or because all that are have failed them, are held:
 * they count in service->held (and ->queued), up to a limit.  One that was failed rests: it is
 * served when a server comes that it has not tried, or that was away since, or after its
 * turn-around (queue_retry()).
 *
 * The crew makes the queue of each service that it listens for and frees it after its workers have
 * ended.  Sessions bound to one server (a hash) count in server->queued, others in service->queued.
 */
struct queue;

enum queue_place { QUEUE_AWAY, QUEUE_IN_LINE, QUEUE_CALLED };

/* One session's place in line; embedded in it.  Zeroed before the first use. */
struct queue_ticket {
	TAILQ_ENTRY(queue_ticket) link; /* of the line, then of the desk */
	struct queue *queue;
	struct queue_desk *desk;
	struct pool_request request;    /* not to be changed while it waits */
	struct pool_tried tried;        /* behind `request` */
	struct pool_way way;            /* the same */
	struct topology_server *server; /* bound to this one, or given to it */
	uint32_t hold_max;              /* it may be held, among so many; 0: it may not */
	uint64_t rests_since;           /* the queue's turn in which it found nothing untried */
	uint8_t place;                  /* enum queue_place */
	_Atomic bool held;              /* counted so, while in line */
	_Atomic bool rests;             /* all usable servers have failed it */
	bool was_held;                  /* counted in COUNTER_HELD */
	/* The session's own: since when it waits in this line, since when it has waited at all (0:
	   not yet), and for how long it may be held from then on. */
	int64_t joined_ms, since_ms;
	uint32_t hold_ms;
};

TAILQ_HEAD(queue_line, queue_ticket);

/* Where the sessions of one worker are called: on its loop, in the order of the calls. */
struct queue_desk {
	struct ev_loop *loop;
	ev_async wake;
	pthread_mutex_t lock;
	struct queue_line called;
	/* `server` is claimed for the session. */
	void (*on_call)(struct queue_ticket *t, struct topology_server *server);
};

void queue_desk_init(struct queue_desk *d, struct ev_loop *loop,
                     void (*on_call)(struct queue_ticket *t, struct topology_server *server));
/* No ticket may refer to it any more. */
void queue_desk_release(struct queue_desk *d);

/* Sets service->queue, unless it has one; nobody may use the service yet. */
void queue_open(struct topology_service *service);
/* Frees it, if there is one: nobody may use the service any more. */
void queue_close(struct topology_service *service);

/* Must newcomers stand in line? */
bool queue_is_busy(const struct topology_service *service);

enum queue_verdict {
	QUEUE_CLAIMED,   /* there was room after all: *ret is claimed, the session does not wait */
	QUEUE_WAITS,     /* on_call() comes, unless it leaves before */
	QUEUE_NO_SERVER, /* none is usable: it does not wait */
	QUEUE_HOLD_FULL, /* ... or all that are failed it; and too many are held: it does not wait
	                  */
	QUEUE_TOO_LONG   /* *ret (NULL: each server) has its maxqueue: it does not wait */
};

/* Its places in line, the first is 1; added up over the times that it joined: HAProxy's sq, bq. */
struct queue_position {
	uint32_t server, service;
};

/*
 * Stands in line; `t` must be away, its `desk`, `request`, `tried` and `hold_max` set.  `bound` is
 * the only server that it may have, or NULL.  The desk's thread.
 */
enum queue_verdict queue_join(struct topology_service *service, struct queue_ticket *t,
                              struct topology_server *bound, struct queue_position *position,
                              struct topology_server **ret);

/*
 * Leaves the line; fine if it is not there.  Returns the server that is claimed for it already, for
 * the caller to use or to queue_release(); NULL: none.  The desk's thread.
 */
struct topology_server *queue_leave(struct queue_ticket *t);

/*
 * The turn-around of one that rests is over: each server is worth an attempt again.  Returns one
 * that is claimed for it, which has left the line then; NULL: it goes on waiting, or is called. The
 * desk's thread.
 */
struct topology_server *queue_retry(struct queue_ticket *t);

/*
 * A server has become usable or has ceased to be so, or its weight or a limit has changed.  The
 * control thread, while the crew lives.
 */
void queue_kick(struct topology_service *service);

/* There may be room: a place was given back by pool_claim() (pool_way.gave_back).  Any thread. */
void queue_settle(struct topology_service *service);

/* The same, from time to time, for what nobody has told of; most calls do nothing.  Any thread. */
void queue_look(struct topology_service *service, int64_t now_ms);

/* pool_release(), and the place goes to the first in line.  Any thread. */
void queue_release(struct topology_server *s);
/* pool_arrive(), and the same. */
void queue_arrive(struct topology_server *s, struct pool_way *way);

/* Is it on the list that the balancing sees?  Any thread. */
bool queue_serves(const struct topology_server *s);

/* Nobody waits any more for a server that is not on that list.  Any thread. */
void queue_forget(struct topology_service *service);

#endif
