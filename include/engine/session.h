/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "base/notes.h"
#include "base/rng.h"
#include "core/pgwire.h"
#include "core/record.h"
#include "engine/duplex.h"
#include "engine/errand.h"
#include "engine/listener.h"
#include "engine/outbox.h"
#include "engine/warm.h"

#include <ev.h>
#include <sys/queue.h>

/*
 * One client from accept to close: choosing a server, connecting with retries, relaying, ending
 * with a reason.  A session lives and dies on one worker's loop.  It is never freed inside its own
 * callbacks: closing moves it to a list that the worker empties before the loop blocks again.
 */
enum session_phase {
	SESSION_GREETING, /* the PROXY header is being read, or the client is told of its failure */
	SESSION_QUEUED,   /* in line for a server */
	SESSION_WAITING,  /* until the next attempt: no server to try right now */
	SESSION_DIALING,  /* connect() is under way */
	SESSION_RELAYING, /* both ends are connected */
	SESSION_CLOSED    /* on the worker's closing list */
};

struct mishap; /* engine/mishap.h */

/*
 * What relaying a request touches comes first and begins a cache line: with many sessions each line
 * has to be fetched again for each request.
 */
struct session {
	_Alignas(TOPOLOGY_LINE) struct duplex ends;
	struct session_host *host;
	int64_t last_active_ms;         /* session_host.now_ms of that moment */
	struct topology_server *server; /* claimed, or the last one tried; NULL: none yet */
	uint8_t phase;                  /* enum session_phase */
	uint8_t reason;                 /* enum reason, once closed */
	uint8_t leaving_reason;
	bool leaving : 1;      /* session_leave() */
	bool guarded : 1;      /* it has lasted: src/engine/guard.h */
	bool plain : 1;        /* it relays, and only its bytes have to be looked at */
	bool follows : 1;      /* it began as one of PostgreSQL's protocol */
	bool unanswered : 1;   /* told: its server does not answer its first words */
	bool claimed : 1;      /* counted in server->active */
	bool redispatched : 1; /* a server that was tried before was another one */
	uint8_t retries;
	uint8_t youth;         /* how much sooner than others it is too old */
	uint16_t slot;         /* of session_rounds; SESSION_SLOTS: resting */
	struct errand *errand; /* NULL: a server has answered, nothing of it is needed */
	struct mishap *mishap; /* of a server with a fault; or NULL */
	struct pgwire wire;    /* followed if the service's protocol is pgwire */
	struct listener *through;
	LIST_ENTRY(session) link; /* of session_rounds, then of the closing ones */
	uint64_t id;
	int64_t accepted_wall_ms;
	int64_t accepted_ms;          /* session_host.now_ms of that moment */
	int32_t queue_ms, connect_ms; /* as in struct record */
	struct addr_ip client;
};

/* Its frontend's. */
static inline struct topology_service *session_service(const struct session *s)
{
	return s->through->frontend->service;
}

LIST_HEAD(session_list, session);

enum { SESSION_SLOTS = 512 };

/* All sessions of a host, by the moment at which they are to be looked at: session_rounds.c. */
struct session_rounds {
	struct session_list slots[SESSION_SLOTS], resting;
	ev_timer tick;
	int64_t done; /* lists up to this one, counted for ever, have been looked at */
	int64_t due;  /* the list that `tick` is set for; 0: none */
};

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
	struct slab sessions, errands;
	struct notes notes; /* no longer than what the space moves at once */
	struct session_rounds rounds;
	struct session_list closing;
	struct queue_desk desk;
	struct warm warm;
	struct rng rng;
	struct outbox *outbox;
	_Atomic uint32_t *connections;
	_Atomic uint32_t *here;
	uint16_t worker;
	ev_prepare reaper;
	ev_check clock;
	void (*begin)(struct session *s); /* its first stage */
	/* Its server, which stays claimed, failed for that reason before it was heard: another. */
	void (*again)(struct session *s, enum reason why);
	void (*on_call)(struct queue_ticket *t, struct topology_server *server); /* of the desk */
	void (*on_record)(void *ctx, bool urgent); /* something is in the outbox */
	void *ctx;
};

void session_host_init(struct session_host *h);
/* Parts of that. */
void session_rounds_init(struct session_host *h);
/* A new session is one of them, and rests. */
void session_rounds_join(struct session *s);
/* All sessions must have ended. */
void session_host_release(struct session_host *h);

/*
 * A connection that has been accepted and counted: in the listener `through` which it came, which
 * outlives it, the frontend, its service, host and process.
 */
struct session_client {
	struct listener *through;
	int fd;
	struct addr_ip address;
	uint64_t id;
};

/*
 * Begins a session on an accepted connection, which it owns from now on; its first server is
 * dialed at once, or after the PROXY header that the bind asks for.  Without memory for it the
 * connection is reset and counted as ended.
 */
void session_open(struct session_host *h, const struct session_client *client);

/* Ends it; harmless if it has ended already. */
void session_close(struct session *s, enum reason reason);

/*
 * The same for a server that has failed, or should not be waited for: if it has not been heard yet
 * and `reason` is one of SERVER_RESET, _SILENT, _DOWN and _LEAVING, the session goes on to another
 * one with what its client has said.
 */
void session_lose_server(struct session *s, enum reason reason);

/* What became of a wish that a session may end when nothing is under way on it. */
enum session_leaving {
	SESSION_STAYS,  /* it cannot be seen when that is (TLS, another protocol), or was asked */
	SESSION_LEAVES, /* it ends at the next such moment */
	SESSION_LEFT    /* it has ended */
};

/*
 * Ends a session of PostgreSQL's protocol in clear with a FATAL 57P01 when its server is between
 * two transactions and the client has asked for nothing: pools take that for what it is and
 * connect again.  The host's thread.
 */
enum session_leaving session_leave(struct session *s, enum reason reason);

/* All that have not ended, NULL if there are none; the caller frees the list.  The host's thread.
 */
struct session **session_all(struct session_host *h, size_t *ret_count);

/*
 * Servers that the balancing does not see any more are about to be freed: no session names one
 * that it is not counted on.  Those that rest are looked at, for time-outs may have come.  The
 * host's thread.
 */
void session_host_forget(struct session_host *h);

/* For the stages. */

/* Its phase may last so long, 0 for ever; then the stage hears of it, or before. */
void session_wait(struct session *s, uint32_t limit_ms);
/* The server's end is connected and gets `len` bytes of `header` first: relaying begins. */
void session_connected(struct session *s, const void *header, size_t len);
/* Milliseconds since it was accepted. */
int32_t session_age(const struct session *s);
/* While it relays: that end is ready. */
void session_relay(struct session *s, enum duplex_end end, int revents);
/*
 * While it relays: looks at it in so many milliseconds, at most 20 more, sooner if that is more
 * than ten seconds; or not any more.
 */
void session_look_in(struct session *s, int64_t after_ms);
void session_rest(struct session *s);
/* Nothing has happened to it, but time has passed. */
void session_look(struct session *s);
/* In how many milliseconds, about; INT64_MAX: it rests. */
int64_t session_looked_in(const struct session *s);
/* Tells the control thread. */
void session_tell(struct session *s, enum outbox_kind kind);

#endif
