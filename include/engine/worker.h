/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include "base/error.h"
#include "engine/listener.h"
#include "engine/mailbox.h"
#include "engine/session.h"
#include "engine/spin.h"

#include <pthread.h>

/*
 * One thread, one loop, its sessions.  Others reach it through its mailbox only.
 */
struct worker_options {
	uint16_t id;
	uint32_t max_sessions;         /* of the process: bounds the memory of one worker */
	_Atomic uint32_t *connections; /* sessions of the process */
	uint32_t spin_us;              /* worker_spin() */
	void (*on_record)(void *ctx);  /* any time, worker's thread: its outbox wants to be read */
	void *ctx;
};

struct worker {
	struct worker_options options;
	struct ev_loop *loop;
	pthread_t thread;
	struct mailbox mailbox;
	struct session_host host;
	ev_timer tell; /* records waiting to be announced */
	struct spin spin;
	ev_check turn;
	ev_idle awake;
	alignas(TOPOLOGY_LINE) _Atomic uint32_t sessions; /* here now; also those in its mailbox */
};

/*
 * The id of the next session of this process, which is at least `least` from now on.  Any thread.
 */
uint64_t worker_next_session(uint64_t least);

bool worker_start(const struct worker_options *o, struct worker **ret,
                  struct error *err) MUST_CHECK;

/* Ends all sessions (STOPPING), ends the loop, joins the thread and frees it. */
void worker_stop(struct worker *w);

/* The process may have so many sessions from now on.  The worker's thread. */
void worker_limit(struct worker *w, uint32_t max_sessions);

/* Its waits may be polled for so long (engine/spin.h); 0: never.  The worker's thread. */
void worker_spin(struct worker *w, uint32_t limit_us);

/*
 * Hands a connection over; the caller has counted it already.  From the worker's own thread it
 * begins at once.  False: its mailbox is full, the connection is still the caller's.
 */
bool worker_give(struct worker *w, struct listener *l, int fd, const struct addr_ip *client);

/* Runs `call(arg)` on the worker's thread and returns when it is done.  Not from a worker. */
void worker_call(struct worker *w, void (*call)(void *arg), void *arg);

#endif
