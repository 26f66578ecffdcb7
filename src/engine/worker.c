/* SPDX-License-Identifier: MIT */
#include "engine/worker.h"

#include "base/cleanup.h"
#include "core/descriptors.h"
#include "dial.h"
#include "engine/eventloop.h"
#include "greeting.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>

enum {
	SCRATCH = 16384,    /* bytes a relay moves at once */
	OUTBOX_SIZE = 2048, /* records that may wait for the control thread */
};

/* How long records may wait: one wake-up of the control thread tells about many sessions. */
#define TELL_AFTER_S 0.01

static _Atomic uint64_t next_session_id = 1;

uint64_t worker_next_session(uint64_t least)
{
	uint64_t next = atomic_load_explicit(&next_session_id, memory_order_relaxed);

	while (next < least &&
	       !atomic_compare_exchange_weak_explicit(&next_session_id, &next, least,
	                                              memory_order_relaxed, memory_order_relaxed))
		;
	return next < least ? least : next;
}

static void begin(struct worker *w, struct listener *l, int fd, const struct addr_ip *client)
{
	struct session_client c = {
		.through = l,
		.fd = fd,
		.address = *client,
		.id = atomic_fetch_add_explicit(&next_session_id, 1, memory_order_relaxed),
	};

	session_open(&w->host, &c);
}

static void on_mail(void *ctx, const struct mailbox_mail *mail)
{
	switch (mail->kind) {
	case MAILBOX_CLIENT:
		begin(ctx, mail->listener, mail->fd, &mail->client);
		break;
	case MAILBOX_CALL:
		mail->call(mail->arg);
		break;
	}
}

static void on_tell(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct worker *w = container_of(t, struct worker, tell);

	(void)loop;
	(void)revents;
	w->options.on_record(w->options.ctx);
}

static void on_record(void *ctx, bool urgent)
{
	struct worker *w = ctx;

	if (urgent)
		w->options.on_record(w->options.ctx);
	else if (!ev_is_active(&w->tell)) {
		ev_timer_set(&w->tell, TELL_AFTER_S, 0.);
		ev_timer_start(w->loop, &w->tell);
	}
}

/* libev's time was taken when the kernel had been asked for events: no clock is read for this. */
static int64_t now_us(struct ev_loop *loop)
{
	return (int64_t)(ev_now(loop) * 1e6);
}

/* Each turn, before its events are.  As long as `awake` is active the loop does not sleep. */
static void on_turn(struct ev_loop *loop, ev_check *c, int revents)
{
	struct worker *w = container_of(c, struct worker, turn);
	unsigned int events = ev_pending_count(loop) - (ev_is_pending(&w->host.clock) != 0);
	bool polls;

	(void)revents;
	if (ev_is_pending(&w->awake))
		polls = spin_again(&w->spin, now_us(loop));
	else if (events)
		polls = spin_turn(&w->spin, now_us(loop), events);
	else
		return;
	if (!polls)
		ev_idle_stop(loop, &w->awake);
	else if (!ev_is_active(&w->awake))
		ev_idle_start(loop, &w->awake);
}

/* It is told when a turn has no events, which on_turn() has seen. */
static void on_nothing(struct ev_loop *loop, ev_idle *i, int revents)
{
	(void)loop;
	(void)i;
	(void)revents;
}

void worker_spin(struct worker *w, uint32_t limit_us)
{
	spin_init(&w->spin, limit_us);
	ev_idle_stop(w->loop, &w->awake);
	if (limit_us)
		ev_check_start(w->loop, &w->turn);
	else
		ev_check_stop(w->loop, &w->turn);
}

static void *run(void *arg)
{
	struct worker *w = arg;

	ev_run(w->loop, 0);
	return NULL;
}

/* Signals are the control thread's; a worker must not run its handlers. */
static int start_thread(struct worker *w)
{
	sigset_t all;
	sigset_t before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

static void release(struct worker *w)
{
	mailbox_release(&w->mailbox);
	ev_timer_stop(w->loop, &w->tell);
	ev_idle_stop(w->loop, &w->awake);
	ev_check_stop(w->loop, &w->turn);
	session_host_release(&w->host);
	outbox_free(w->host.outbox);
	ev_loop_destroy(w->loop);
	free(w);
}

static bool set_up(struct worker *w, struct error *err)
{
	w->loop = eventloop_new(err);
	if (!w->loop)
		return error_wrap(err, "worker %u", w->options.id);
	w->host = (struct session_host){ .loop = w->loop,
		                         .outbox = outbox_new(OUTBOX_SIZE),
		                         .connections = w->options.connections,
		                         .here = &w->sessions,
		                         .worker = w->options.id,
		                         .begin = greeting_begin,
		                         .again = dial_again,
		                         .on_call = dial_called,
		                         .on_record = on_record,
		                         .ctx = w };
	if (!relay_space_init(&w->host.space, SCRATCH, 2 * w->options.max_sessions,
	                      descriptors_pipes(w->options.max_sessions)) ||
	    !w->host.outbox) {
		relay_space_release(&w->host.space);
		outbox_free(w->host.outbox);
		ev_loop_destroy(w->loop);
		return error_sys(err, ENOMEM, "worker %u", w->options.id);
	}
	session_host_init(&w->host);
	mailbox_init(&w->mailbox, w->loop, on_mail, w);
	ev_timer_init(&w->tell, on_tell, 0., 0.);
	ev_idle_init(&w->awake, on_nothing);
	ev_set_priority(&w->awake, EV_MINPRI);
	ev_check_init(&w->turn, on_turn);
	ev_set_priority(&w->turn, EV_MAXPRI);
	worker_spin(w, w->options.spin_us);
	return true;
}

bool worker_start(const struct worker_options *o, struct worker **ret, struct error *err)
{
	struct worker *w = aligned_alloc(TOPOLOGY_LINE, sizeof(*w));
	int failed;

	if (!w)
		return error_sys(err, ENOMEM, "worker %u", o->id);
	memset(w, 0, sizeof(*w));
	w->options = *o;
	if (!set_up(w, err)) {
		free(w);
		return false;
	}
	failed = start_thread(w);
	if (failed) {
		release(w);
		return error_sys(err, failed, "cannot start a thread");
	}
	*ret = w;
	return true;
}

bool worker_give(struct worker *w, struct listener *l, int fd, const struct addr_ip *client)
{
	struct mailbox_mail mail = {
		.kind = MAILBOX_CLIENT, .fd = fd, .client = *client, .listener = l
	};

	if (!pthread_equal(pthread_self(), w->thread))
		return mailbox_put(&w->mailbox, &mail);
	begin(w, l, fd, client);
	return true;
}

void worker_limit(struct worker *w, uint32_t max_sessions)
{
	w->options.max_sessions = max_sessions;
	w->host.space.tails.max = 2 * (size_t)max_sessions;
}

struct call {
	void (*call)(void *arg);
	void *arg;
	sem_t done;
};

static void run_call(void *arg)
{
	struct call *c = arg;

	c->call(c->arg);
	sem_post(&c->done);
}

void worker_call(struct worker *w, void (*call)(void *arg), void *arg)
{
	struct call c = { .call = call, .arg = arg };
	struct mailbox_mail mail = { .kind = MAILBOX_CALL, .call = run_call, .arg = &c };

	sem_init(&c.done, 0, 0);
	while (!mailbox_put(&w->mailbox, &mail))
		sched_yield(); /* full of connections that the worker is taking out */
	while (sem_wait(&c.done) == -1 && errno == EINTR)
		;
	sem_destroy(&c.done);
}

static void end_all(void *arg)
{
	struct worker *w = arg;
	size_t n;
	struct session **all = session_all(&w->host, &n);

	for (size_t i = 0; i < n; i++)
		session_close(all[i], REASON_STOPPING);
	free(all);
	ev_break(w->loop, EVBREAK_ALL);
}

void worker_stop(struct worker *w)
{
	worker_call(w, end_all, w);
	pthread_join(w->thread, NULL);
	release(w);
}
