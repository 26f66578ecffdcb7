/* SPDX-License-Identifier: MIT */
#include "crewparts.h"

#include "base/mem.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

static uint32_t sessions_of(const struct worker *w)
{
	return atomic_load_explicit(&w->sessions, memory_order_relaxed);
}

/*
 * The accepting worker keeps a connection as long as it has about its share: waking another thread
 * costs more than a slight difference.  The slack is half of what is promised, because an end
 * elsewhere widens the difference.
 */
static struct worker *choose(const struct crew *c, struct worker *self)
{
	struct worker *least = self;
	uint32_t mine = sessions_of(self);
	uint32_t fewest;

	for (uint32_t i = 0; i < c->options.threads; i++)
		if (sessions_of(c->workers[i]) < sessions_of(least))
			least = c->workers[i];
	fewest = sessions_of(least);
	return mine <= fewest + fewest / 20 ? self : least;
}

static void count_in(_Atomic uint32_t *now, _Atomic uint32_t *max)
{
	counter_raise(max, atomic_fetch_add_explicit(now, 1, memory_order_relaxed) + 1);
}

void crew_accept(void *ctx, struct listener *l, int fd, const struct addr_ip *client)
{
	struct post *p = ctx;
	struct worker *w = choose(p->crew, p->worker);

	count_in(&l->frontend->active, &l->frontend->active_max);
	count_in(&l->frontend->service->active, &l->frontend->service->active_max);
	/* As HAProxy: a session begins after the PROXY header. */
	if (!l->bind->accept_proxy) {
		counter_add(&l->frontend->count, COUNTER_SESSIONS, 1);
		counter_add(&l->frontend->service->count, COUNTER_SESSIONS, 1);
	}
	atomic_fetch_add_explicit(&l->active, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&p->crew->connections, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&w->sessions, 1, memory_order_relaxed);
	if (worker_give(w, l, fd, client))
		return;
	atomic_fetch_sub_explicit(&w->sessions, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&p->worker->sessions, 1, memory_order_relaxed);
	worker_give(p->worker, l, fd, client);
}

bool crew_start(const struct crew_options *o, struct crew **ret, struct error *err)
{
	struct crew *c = aligned_alloc(TOPOLOGY_LINE, sizeof(*c));
	struct worker_options w = { .max_sessions = o->maxconn,
		                    .spin_us = o->spin_us,
		                    .on_record = o->on_record,
		                    .ctx = o->ctx };

	if (!c)
		return error_set(err, "out of memory");
	*c = (struct crew){ .options = *o };
	sem_init(&c->halted, 0, 0);
	sem_init(&c->go, 0, 0);
	sem_init(&c->gone_on, 0, 0);
	c->workers = mem_zalloc(o->threads * sizeof(struct worker *));
	w.connections = &c->connections;
	for (uint32_t i = 0; i < o->threads; i++) {
		w.id = (uint16_t)i;
		if (worker_start(&w, &c->workers[i], err))
			continue;
		c->options.threads = i;
		crew_stop(c);
		return false;
	}
	*ret = c;
	return true;
}

void crew_set_rate_limits(struct crew *c, uint32_t conn_rate, uint32_t session_rate)
{
	atomic_store_explicit(&c->conn_rate.limit, conn_rate, memory_order_relaxed);
	atomic_store_explicit(&c->session_rate.limit, session_rate, memory_order_relaxed);
}

struct room {
	struct worker *worker;
	uint32_t maxconn;
};

static void limit_sessions(void *arg)
{
	const struct room *q = arg;

	worker_limit(q->worker, q->maxconn);
}

void crew_set_maxconn(struct crew *c, uint32_t maxconn)
{
	struct room q = { .maxconn = maxconn };

	c->options.maxconn = maxconn;
	/* Room before there is use for it. */
	for (uint32_t i = 0; i < c->options.threads; i++) {
		q.worker = c->workers[i];
		worker_call(q.worker, limit_sessions, &q);
	}
	crew_limit_listeners(c);
}

struct spinner {
	struct worker *worker;
	uint32_t spin_us;
};

static void change_spin(void *arg)
{
	const struct spinner *q = arg;

	worker_spin(q->worker, q->spin_us);
}

void crew_set_spin(struct crew *c, uint32_t spin_us)
{
	struct spinner q = { .spin_us = spin_us };

	for (uint32_t i = 0; i < c->options.threads; i++) {
		q.worker = c->workers[i];
		worker_call(q.worker, change_spin, &q);
	}
}

static void forget(void *arg)
{
	struct worker *w = arg;

	session_host_forget(&w->host);
}

void crew_barrier(struct crew *c)
{
	for (uint32_t i = 0; i < c->options.threads; i++)
		worker_call(c->workers[i], forget, c->workers[i]);
	crew_warm(c, false);
	for (size_t i = 0; i < c->door_count; i++)
		queue_forget(c->doors[i]->frontend->service);
}

static void wait_for(sem_t *s)
{
	while (sem_wait(s) == -1 && errno == EINTR)
		;
}

static void stand_still(void *arg)
{
	struct crew *c = arg;

	sem_post(&c->halted);
	wait_for(&c->go);
	sem_post(&c->gone_on);
}

void crew_halt(struct crew *c)
{
	const struct mailbox_mail mail = { .kind = MAILBOX_CALL, .call = stand_still, .arg = c };

	for (uint32_t i = 0; i < c->options.threads; i++)
		while (!mailbox_put(&c->workers[i]->mailbox, &mail))
			sched_yield(); /* full of connections that the worker is taking out */
	for (uint32_t i = 0; i < c->options.threads; i++)
		wait_for(&c->halted);
}

void crew_go_on(struct crew *c)
{
	for (uint32_t i = 0; i < c->options.threads; i++)
		sem_post(&c->go);
	/* Nobody of this halt is left when the next one comes. */
	for (uint32_t i = 0; i < c->options.threads; i++)
		wait_for(&c->gone_on);
	crew_warm(c, true);
}

void crew_stop(struct crew *c)
{
	if (!c)
		return;
	crew_stop_listening(c);
	for (uint32_t i = 0; i < c->options.threads; i++)
		worker_stop(c->workers[i]);
	crew_free_listeners(c);
	sem_destroy(&c->halted);
	sem_destroy(&c->go);
	sem_destroy(&c->gone_on);
	free(c->workers);
	free(c);
}

void crew_drain(struct crew *c, void (*take)(void *ctx, const struct outbox_entry *e), void *ctx)
{
	struct outbox_entry e;

	for (uint32_t i = 0; i < c->options.threads; i++)
		while (outbox_take(c->workers[i]->host.outbox, &e))
			take(ctx, &e);
}

_Atomic uint32_t *crew_counter(struct crew *c)
{
	return &c->connections;
}

uint32_t crew_connections(const struct crew *c)
{
	return atomic_load_explicit(&c->connections, memory_order_relaxed);
}

uint32_t crew_load(const struct crew *c, uint32_t i)
{
	return sessions_of(c->workers[i]);
}

uint32_t crew_threads(const struct crew *c)
{
	return c->options.threads;
}

uint64_t crew_dropped_records(const struct crew *c)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < c->options.threads; i++)
		n += outbox_dropped(c->workers[i]->host.outbox);
	return n;
}
