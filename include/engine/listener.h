/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_LISTENER_H
#define ENGINE_LISTENER_H

#include "core/rate.h"
#include "core/topology.h"
#include "net/sock.h"

#include <ev.h>
#include <pthread.h>

/*
 * One listening socket of a service.  One worker's loop waits for it and accepts in small batches;
 * what becomes of a connection is the callback's business.  Accepting pauses by itself while a
 * limit is reached or file descriptors have run out, and resumes by itself; clients wait in the
 * kernel's queue meanwhile.
 */
struct listener_limits {
	_Atomic uint32_t *connections; /* of the process, counted by whoever begins a session */
	uint32_t max;                  /* the accepting worker's, once it accepts */
};

/* How often something may happen; shared by listeners of several workers. */
struct listener_rate {
	struct rate rate;
	_Atomic uint32_t limit; /* per second; 0: no limit, nothing is counted */
};

enum { LISTENER_CONNS, LISTENER_SESSIONS, LISTENER_FRONTEND, LISTENER_RATES };

/* What it shares with others; all of it outlives the listener. */
struct listener_shared {
	/* Connections and sessions of the process, sessions of the frontend; NULL: no limit. */
	struct listener_rate *rates[LISTENER_RATES];
	pthread_mutex_t *lock; /* of frontend->rates, if there are any */
};

struct listener;

/* `fd` is a connection, owned by the callee from now on. */
typedef void listener_on_accept(void *ctx, struct listener *l, int fd,
                                const struct addr_ip *client);

struct listener {
	struct topology_frontend *frontend;
	const struct settings_bind *bind;
	struct settings *settings; /* a reference: where `bind` is, or NULL: listener_keep() */
	struct sock_listen_options options;
	struct listener_limits limits;
	struct listener_shared shared; /* set before it is started */
	int fd;                        /* owned; -1: it has none yet or any more */
	struct sock_file file;         /* of a UNIX socket */
	_Atomic uint64_t accepted;     /* connections so far */
	_Atomic uint32_t active;       /* sessions through it, counted by whoever begins one */

	/* The accepting worker's. */
	struct ev_loop *loop;
	ev_io io;
	ev_timer resume;
	listener_on_accept *on_accept;
	void *ctx;
	unsigned turn;                  /* of the loop, when it accepted last */
	uint8_t portion;                /* accepts in one turn: 1, or more if more come */
	bool starved;                   /* out of file descriptors, said once */
	bool permitted[LISTENER_RATES]; /* counted already for the connection that comes next */
};

/* Binds, or adopts an inherited descriptor. */
bool listener_open(struct topology_frontend *frontend, const struct settings_bind *bind,
                   struct listener_limits limits, struct listener **ret,
                   struct error *err) MUST_CHECK;

/*
 * For a reload, with the settings that `frontend` will have: one that opens its socket (`shared`:
 * although another one has the port, listener_share()), and one that takes over the socket of
 * another listener later (listener_succeed()).  As listener_open().
 */
bool listener_open_for(struct topology_frontend *frontend, const struct settings_frontend *set,
                       const struct settings_bind *bind, bool shared, struct listener_limits limits,
                       struct listener **ret, struct error *err) MUST_CHECK;
struct listener *listener_new_heir(struct topology_frontend *frontend,
                                   const struct settings_frontend *set,
                                   const struct settings_bind *bind, struct listener_limits limits);

/*
 * `bind` is in those settings, which stay as long as the listener: sessions refer to it.  The
 * control thread, as listener_free() then.
 */
void listener_keep(struct listener *l, struct settings *settings);

/* What the socket of a bind of such a frontend is opened with; strings are the bind's. */
struct sock_listen_options listener_options(const struct settings_frontend *set,
                                            const struct settings_bind *bind);

/* What a bind of a frontend with those settings would be: this one, or one with its socket? */
enum listener_likeness {
	LISTENER_OTHER,  /* another address, or something that a socket has from its birth */
	LISTENER_SOCKET, /* the socket can be used, with other options */
	LISTENER_SAME    /* but for what is written in `bind` itself */
};
enum listener_likeness listener_compare(const struct listener *l,
                                        const struct settings_frontend *set,
                                        const struct settings_bind *bind);

/*
 * Others of this process may bind its port, too, while they take its place (SO_REUSEPORT), or not
 * again.  False: it cannot be.
 */
bool listener_share(const struct listener *l, bool share);

/*
 * `l` takes over the socket of `old` with its queue and its counters, which accepts no more, and
 * gives it its own options.  Before listener_start(); the thread of `old`.
 */
void listener_succeed(struct listener *l, struct listener *old);

/* The loop's thread.  Errors are logged; nothing is reported later. */
void listener_start(struct listener *l, struct ev_loop *loop, listener_on_accept *on_accept,
                    void *ctx);
/* Accepts no more, or again; does nothing to one that was stopped.  The loop's thread. */
void listener_pause(struct listener *l, bool pause);
/*
 * Accepts what the kernel has queued, removes the file of a UNIX socket and closes the socket: the
 * kernel refuses from now on.
 * The loop's thread.
 */
void listener_stop(struct listener *l);

/* Stops, if that has not happened. */
void listener_free(struct listener *l); /* NULL is fine */

#endif
