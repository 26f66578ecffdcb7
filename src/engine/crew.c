/* SPDX-License-Identifier: MIT */
#include "engine/crew.h"

#include "base/mem.h"
#include "base/rng.h"
#include "core/ratetable.h"
#include "engine/account.h"
#include "engine/listener.h"
#include "engine/worker.h"

#include <stdlib.h>

/* What the listeners of one frontend share. */
struct door {
	struct topology_frontend *frontend;
	struct listener_rate sessions;
	pthread_mutex_t lock; /* of frontend->rates */
};

struct crew {
	struct crew_options options;
	struct worker **workers;
	struct listener **listeners;
	struct post *posts; /* by listener: what its callback needs */
	struct door *doors;
	size_t listener_count, door_count;
	uint32_t listening;
	struct listener_rate conn_rate, session_rate;
	alignas(TOPOLOGY_LINE) _Atomic uint32_t connections;
};

/* A listener's place: the crew it accepts for and the worker that runs it. */
struct post {
	struct crew *crew;
	struct worker *worker;
	struct listener *listener;
};

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

static void on_accept(void *ctx, struct listener *l, int fd, const struct addr_ip *client)
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
		                    .on_record = o->on_record,
		                    .ctx = o->ctx };

	if (!c)
		return error_set(err, "out of memory");
	*c = (struct crew){ .options = *o };
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

static void start_listener(void *arg)
{
	struct post *p = arg;

	listener_start(p->listener, p->worker->loop, on_accept, p);
}

static void stop_listener(void *arg)
{
	struct post *p = arg;

	listener_stop(p->listener);
}

static struct door *find_door(struct crew *c, const struct topology_frontend *f)
{
	for (size_t i = 0; i < c->door_count; i++)
		if (c->doors[i].frontend == f)
			return &c->doors[i];
	return NULL;
}

static struct door *open_door(struct crew *c, struct topology_frontend *f)
{
	const struct settings_rate_limit *limit = &f->settings->conn_rate_limit;
	struct door *d = &c->doors[c->door_count++];
	struct rng rng;

	d->frontend = f;
	pthread_mutex_init(&d->lock, NULL);
	atomic_store_explicit(&d->sessions.limit, f->settings->rate_limit, memory_order_relaxed);
	queue_open(f->service);
	rng_seed(&rng);
	if (limit->count)
		f->rates = ratetable_new(limit, rng_next(&rng));
	return d;
}

static void close_doors(struct crew *c)
{
	for (size_t i = 0; i < c->door_count; i++) {
		struct door *d = &c->doors[i];

		queue_close(d->frontend->service);
		ratetable_free(d->frontend->rates);
		d->frontend->rates = NULL;
		pthread_mutex_destroy(&d->lock);
	}
	free(c->doors);
}

struct ratetable *crew_lock_rates(struct crew *c, const struct topology_frontend *f)
{
	struct door *d = find_door(c, f);

	if (!d || !f->rates)
		return NULL;
	pthread_mutex_lock(&d->lock);
	return f->rates;
}

void crew_unlock_rates(struct crew *c, const struct topology_frontend *f)
{
	pthread_mutex_unlock(&find_door(c, f)->lock);
}

void crew_listen(struct crew *c, struct listener **listeners, size_t count)
{
	c->posts = mem_zalloc(count * sizeof(c->posts[0]));
	c->listeners = mem_zalloc(count * sizeof(struct listener *));
	c->doors = mem_zalloc(count * sizeof(c->doors[0]));
	c->listener_count = count;
	c->listening = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		struct topology_frontend *f = listeners[i]->frontend;
		struct door *d = find_door(c, f);

		if (!d)
			d = open_door(c, f);
		listeners[i]->shared = (struct listener_shared){
			.rates = { &c->conn_rate, &c->session_rate, &d->sessions },
			.lock = &d->lock,
		};
		c->listeners[i] = listeners[i];
		c->posts[i] = (struct post){ .crew = c,
			                     .worker = c->workers[i % c->options.threads],
			                     .listener = listeners[i] };
	}
	for (size_t i = 0; i < count; i++)
		worker_call(c->posts[i].worker, start_listener, &c->posts[i]);
}

void crew_stop_listening(struct crew *c)
{
	for (size_t i = 0; c->listening && i < c->listener_count; i++)
		worker_call(c->posts[i].worker, stop_listener, &c->posts[i]);
	c->listening = 0;
}

static void pause_listener(void *arg)
{
	const struct post *p = arg;
	bool paused = atomic_load_explicit(&p->listener->frontend->paused, memory_order_relaxed);

	listener_pause(p->listener, paused);
}

void crew_pause_frontend(struct crew *c, struct topology_frontend *f, bool pause)
{
	atomic_store_explicit(&f->paused, pause, memory_order_relaxed);
	for (size_t i = 0; i < c->listener_count; i++)
		if (c->listeners[i]->frontend == f)
			worker_call(c->posts[i].worker, pause_listener, &c->posts[i]);
}

void crew_close_frontend(struct crew *c, const struct topology_frontend *f)
{
	for (size_t i = 0; i < c->listener_count; i++) {
		if (c->listeners[i]->frontend != f || c->listeners[i]->fd == -1)
			continue;
		worker_call(c->posts[i].worker, stop_listener, &c->posts[i]);
		c->listening--;
	}
}

size_t crew_listener_count(const struct crew *c)
{
	return c->listener_count;
}

const struct listener *crew_listener(const struct crew *c, size_t i)
{
	return c->listeners[i];
}

void crew_set_rate_limits(struct crew *c, uint32_t conn_rate, uint32_t session_rate)
{
	atomic_store_explicit(&c->conn_rate.limit, conn_rate, memory_order_relaxed);
	atomic_store_explicit(&c->session_rate.limit, session_rate, memory_order_relaxed);
}

static void limit_listener(void *arg)
{
	const struct post *p = arg;

	p->listener->limits.max = p->crew->options.maxconn;
}

/* A question to one worker about its sessions. */
struct inquiry {
	struct worker *worker;
	const struct topology_server *server;
	uint64_t id;
	enum reason reason;
	uint32_t maxconn;
	struct record *list;
	size_t count, room;
	uint32_t ended;
};

static void limit_sessions(void *arg)
{
	const struct inquiry *q = arg;

	worker_limit(q->worker, q->maxconn);
}

void crew_set_maxconn(struct crew *c, uint32_t maxconn)
{
	struct inquiry q = { .maxconn = maxconn };

	c->options.maxconn = maxconn;
	/* Room before there is use for it. */
	for (uint32_t i = 0; i < c->options.threads; i++) {
		q.worker = c->workers[i];
		worker_call(q.worker, limit_sessions, &q);
	}
	for (size_t i = 0; i < c->listener_count; i++)
		worker_call(c->posts[i].worker, limit_listener, &c->posts[i]);
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
	for (size_t i = 0; i < c->door_count; i++)
		queue_forget(c->doors[i].frontend->service);
}

void crew_stop(struct crew *c)
{
	if (!c)
		return;
	crew_stop_listening(c);
	for (uint32_t i = 0; i < c->options.threads; i++)
		worker_stop(c->workers[i]);
	for (size_t i = 0; i < c->listener_count; i++)
		listener_free(c->listeners[i]);
	close_doors(c);
	free(c->listeners);
	free(c->posts);
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

uint32_t crew_listeners(const struct crew *c)
{
	return c->listening;
}

uint64_t crew_accepted(const struct crew *c)
{
	uint64_t n = 0;

	for (size_t i = 0; i < c->listener_count; i++)
		n += atomic_load_explicit(&c->listeners[i]->accepted, memory_order_relaxed);
	return n;
}

uint64_t crew_dropped_records(const struct crew *c)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < c->options.threads; i++)
		n += outbox_dropped(c->workers[i]->host.outbox);
	return n;
}

static void list_sessions(void *arg)
{
	struct inquiry *q = arg;
	const struct session *s;

	TAILQ_FOREACH(s, &q->worker->host.live, link) {
		if (q->count == q->room) {
			q->room = q->room ? q->room * 2 : 64;
			q->list = mem_resize(q->list, q->room, sizeof(q->list[0]));
		}
		q->list[q->count++] = account_record(s);
	}
}

static int by_id(const void *a, const void *b)
{
	const struct record *x = a;
	const struct record *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

struct record *crew_sessions(struct crew *c, size_t *ret_count)
{
	struct inquiry q = { 0 };

	for (uint32_t i = 0; i < c->options.threads; i++) {
		q.worker = c->workers[i];
		worker_call(q.worker, list_sessions, &q);
	}
	if (q.count)
		qsort(q.list, q.count, sizeof(q.list[0]), by_id);
	*ret_count = q.count;
	return q.list;
}

static void end_sessions(void *arg)
{
	struct inquiry *q = arg;
	struct session *next;

	for (struct session *s = TAILQ_FIRST(&q->worker->host.live); s; s = next) {
		next = TAILQ_NEXT(s, link);
		if ((q->id && s->id != q->id) ||
		    (q->server && (s->server != q->server || !s->claimed)))
			continue;
		session_close(s, q->reason);
		q->ended++;
	}
}

static uint32_t end_where(struct crew *c, struct inquiry q)
{
	for (uint32_t i = 0; i < c->options.threads; i++) {
		q.worker = c->workers[i];
		worker_call(q.worker, end_sessions, &q);
	}
	return q.ended;
}

bool crew_kill(struct crew *c, uint64_t id)
{
	return id && end_where(c, (struct inquiry){ .id = id, .reason = REASON_KILLED }) > 0;
}

uint32_t crew_end_sessions(struct crew *c, const struct topology_server *server, enum reason reason)
{
	return end_where(c, (struct inquiry){ .server = server, .reason = reason });
}
