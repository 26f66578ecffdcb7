/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "core/pool.h"
#include "core/record.h"
#include "engine/duplex.h"
#include "engine/outbox.h"

#include <ev.h>
#include <sys/queue.h>

/*
 * One client from accept to close: choosing a server, connecting with retries, relaying, ending
 * with a reason.  A session lives and dies on one worker's loop.  It is never freed inside its own
 * callbacks: closing moves it to a list that the worker empties before the loop blocks again.
 */
enum session_phase {
	SESSION_WAITING,  /* until the next attempt: no server to try right now */
	SESSION_DIALING,  /* connect() is under way */
	SESSION_RELAYING, /* both ends are connected */
	SESSION_CLOSED    /* on the worker's closing list */
};

struct session {
	TAILQ_ENTRY(session) link;
	struct session_host *host;
	struct topology_service *service;
	struct topology_server *server; /* claimed, or the last one tried; NULL: none yet */
	const struct settings_bind *bind;
	_Atomic uint32_t *through; /* sessions of that bind */
	struct duplex ends;
	ev_timer timer; /* connect deadline, next attempt, or idle check */
	uint64_t id;
	int64_t accepted_wall_ms;
	int64_t accepted_ms, last_active_ms; /* session_host.now_ms of those moments */
	int64_t deadline_ms;                 /* of the attempt or the wait; 0: none */
	int64_t in_line_ms;                  /* since when it waits for room; 0: it does not */
	int32_t queue_ms, connect_ms;        /* as in struct record */
	struct addr_ip client;
	struct pool_tried tried;
	uint8_t phase;        /* enum session_phase */
	uint8_t reason;       /* enum reason, once closed */
	uint8_t last_failure; /* enum reason of the last connect attempt */
	uint8_t retries;
	bool claimed; /* counted in server->active */
	bool redispatched;
};

TAILQ_HEAD(session_list, session);

/*
 * What the sessions of one worker share; set up and owned by the worker.  `connections` counts the
 * sessions of the whole process, `here` those of this worker; both were incremented by whoever
 * accepted the connection and are decremented when the session has ended.
 */
struct session_host {
	struct ev_loop *loop;
	int64_t
	    now_ms; /* tick_ms(), read once a turn of the loop: libev's time jumps with the clock */
	struct relay_space space;
	struct slab sessions;
	struct session_list live, closing;
	struct outbox *outbox;
	_Atomic uint32_t *connections;
	_Atomic uint32_t *here;
	uint16_t worker;
	ev_prepare reaper;
	ev_check clock;
	void (*on_record)(void *ctx, bool urgent); /* something is in the outbox */
	void *ctx;
};

void session_host_init(struct session_host *h);
/* All sessions must have ended. */
void session_host_release(struct session_host *h);

/* A connection that has been accepted and counted: in `through`, the service, host and process. */
struct session_client {
	struct topology_service *service;
	const struct settings_bind *bind;
	_Atomic uint32_t *through;
	int fd;
	struct addr_ip address;
	uint64_t id;
};

/*
 * Begins a session on an accepted connection, which it owns from now on; its first server is
 * dialed at once.  Without memory for it the connection is reset and counted as ended.
 */
void session_open(struct session_host *h, const struct session_client *client);

/* Ends it; harmless if it has ended already. */
void session_close(struct session *s, enum reason reason);

#endif
