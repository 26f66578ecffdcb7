/* SPDX-License-Identifier: MIT */
#include "engine/queue.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <assert.h>

/*
 * A release looks at `waiting` after it has given its place back; a joiner counts itself first and
 * then looks for a place: one of the two sees the other.  Sessions also look themselves once in a
 * while, so that nothing depends on it.
 */
struct queue {
	struct topology_service *service;
	_Atomic uint32_t waiting;
	pthread_mutex_t lock; /* of all below; taken before a desk's */
	struct queue_line line;
	uint32_t bound; /* in line for one very server */
};

void queue_open(struct topology_service *service)
{
	struct queue *q;

	if (service->queue)
		return;
	q = mem_zalloc(sizeof(*q));
	q->service = service;
	pthread_mutex_init(&q->lock, NULL);
	TAILQ_INIT(&q->line);
	service->queue = q;
}

void queue_close(struct topology_service *service)
{
	struct queue *q = service->queue;

	if (!q)
		return;
	assert(TAILQ_EMPTY(&q->line));
	pthread_mutex_destroy(&q->lock);
	free(q);
	service->queue = NULL;
}

/* --- the desk ----------------------------------------------------------------------------- */

static struct queue_ticket *next_called(struct queue_desk *d)
{
	struct queue_ticket *t;

	pthread_mutex_lock(&d->lock);
	t = TAILQ_FIRST(&d->called);
	if (t) {
		TAILQ_REMOVE(&d->called, t, link);
		t->place = QUEUE_AWAY;
		t->queue = NULL;
	}
	pthread_mutex_unlock(&d->lock);
	return t;
}

static void on_wake(struct ev_loop *loop, ev_async *w, int revents)
{
	struct queue_desk *d = container_of(w, struct queue_desk, wake);
	struct queue_ticket *t;

	(void)loop;
	(void)revents;
	while ((t = next_called(d)))
		d->on_call(t, t->server);
}

void queue_desk_init(struct queue_desk *d, struct ev_loop *loop,
                     void (*on_call)(struct queue_ticket *t, struct topology_server *server))
{
	d->loop = loop;
	d->on_call = on_call;
	TAILQ_INIT(&d->called);
	pthread_mutex_init(&d->lock, NULL);
	ev_async_init(&d->wake, on_wake);
	ev_async_start(loop, &d->wake);
}

void queue_desk_release(struct queue_desk *d)
{
	assert(TAILQ_EMPTY(&d->called));
	ev_async_stop(d->loop, &d->wake);
	pthread_mutex_destroy(&d->lock);
}

/* --- the line, locked --------------------------------------------------------------------- */

static void count_in(struct queue *q, struct queue_ticket *t)
{
	_Atomic uint32_t *now = t->server ? &t->server->queued : &q->service->queued;
	_Atomic uint32_t *max = t->server ? &t->server->queued_max : &q->service->queued_max;

	q->bound += t->server != NULL;
	counter_raise(max, atomic_fetch_add_explicit(now, 1, memory_order_relaxed) + 1);
}

static void count_out(struct queue *q, const struct queue_ticket *t)
{
	_Atomic uint32_t *now = t->server ? &t->server->queued : &q->service->queued;

	q->bound -= t->server != NULL;
	atomic_fetch_sub_explicit(now, 1, memory_order_relaxed);
}

static void bind_to(struct queue *q, struct queue_ticket *t, struct topology_server *server)
{
	if (t->server == server)
		return;
	count_out(q, t);
	t->server = server;
	count_in(q, t);
}

static void take_out(struct queue *q, struct queue_ticket *t)
{
	TAILQ_REMOVE(&q->line, t, link);
	count_out(q, t);
	t->place = QUEUE_AWAY;
	atomic_fetch_sub_explicit(&q->waiting, 1, memory_order_seq_cst);
}

static uint32_t load(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static bool is_usable(struct topology_server *s)
{
	struct state state = topology_state(s);

	return state_is_usable(&state) && topology_weight(s) && topology_has_address(s);
}

/* A claim would fail: nothing has changed for those who wait for `s`. */
static bool is_still_full(struct topology_server *s)
{
	uint32_t max = topology_maxconn(s);

	return is_usable(s) && max && load(&s->active) >= max;
}

static void call(struct queue_ticket *t)
{
	struct queue_desk *d = t->desk;

	pthread_mutex_lock(&d->lock);
	t->place = QUEUE_CALLED;
	TAILQ_INSERT_TAIL(&d->called, t, link);
	pthread_mutex_unlock(&d->lock);
	ev_async_send(d->loop, &d->wake);
}

struct round {
	const struct queue_ticket *joiner; /* is not called: its thread is here */
	bool served;                       /* the joiner has got t->server */
	bool full, none;                   /* those who are bound to no server get nothing more */
};

/* One in line tries its luck. */
static void try_one(struct queue *q, struct queue_ticket *t, struct round *r)
{
	struct topology_server *server = NULL;

	if (t->server ? is_still_full(t->server) : r->full)
		return;
	switch (pool_claim(q->service, &t->request, &server)) {
	case POOL_CLAIMED:
		take_out(q, t);
		t->server = server;
		if (t == r->joiner)
			r->served = true;
		else
			call(t);
		break;
	case POOL_NONE:
		r->none = true;
		r->full = true;
		bind_to(q, t, NULL);
		break;
	case POOL_FULL:
		r->full |= !server && !t->server && !t->tried.count;
		if (server || (t->server && !is_usable(t->server)))
			bind_to(q, t, server);
		break;
	case POOL_TRIED:
		/* The servers that it still had hopes for are gone: from the beginning. */
		t->tried = (struct pool_tried){ 0 };
		break;
	}
}

/* Gives away what there is, in order. */
static struct round serve(struct queue *q, const struct queue_ticket *joiner)
{
	struct round r = { .joiner = joiner };
	struct queue_ticket *next;

	for (struct queue_ticket *t = TAILQ_FIRST(&q->line); t && (!r.full || q->bound); t = next) {
		next = TAILQ_NEXT(t, link);
		try_one(q, t, &r);
	}
	return r;
}

/* ------------------------------------------------------------------------------------------ */

bool queue_is_busy(const struct topology_service *service)
{
	return atomic_load_explicit(&service->queued, memory_order_relaxed) > 0;
}

static bool has_maxqueue(const struct topology_server *s)
{
	return s->settings->maxqueue && load(&s->queued) >= s->settings->maxqueue;
}

/* Only those who are bound to servers stand in their lines: with other algorithms none is long. */
static bool has_long_lines(const struct topology_service *service)
{
	const struct topology_roll *roll =
	    atomic_load_explicit(&service->roll, memory_order_acquire);
	size_t lines = 0;

	for (size_t i = 0; i < roll->count; i++) {
		if (!is_usable(roll->at[i]))
			continue;
		if (!has_maxqueue(roll->at[i]))
			return false;
		lines++;
	}
	return lines > 0;
}

static enum queue_verdict join(struct queue *q, struct queue_ticket *t,
                               struct queue_position *position, struct topology_server **ret)
{
	struct queue_position place = {
		.server = t->server ? load(&t->server->queued) + 1 : 0,
		.service = t->server ? 0 : load(&q->service->queued) + 1,
	};
	struct round r;

	if (t->server ? has_maxqueue(t->server) : has_long_lines(q->service)) {
		*ret = t->server;
		return QUEUE_TOO_LONG;
	}
	count_in(q, t);
	TAILQ_INSERT_TAIL(&q->line, t, link);
	t->place = QUEUE_IN_LINE;
	atomic_fetch_add_explicit(&q->waiting, 1, memory_order_seq_cst);
	r = serve(q, t);
	if (r.served) {
		*ret = t->server;
		return QUEUE_CLAIMED;
	}
	if (r.none) {
		take_out(q, t);
		return QUEUE_NO_SERVER;
	}
	position->server += place.server;
	position->service += place.service;
	return QUEUE_WAITS;
}

enum queue_verdict queue_join(struct topology_service *service, struct queue_ticket *t,
                              struct topology_server *bound, struct queue_position *position,
                              struct topology_server **ret)
{
	struct queue *q = service->queue;
	enum queue_verdict verdict;

	assert(t->place == QUEUE_AWAY);
	t->queue = q;
	t->request.tried = &t->tried;
	pthread_mutex_lock(&q->lock);
	t->server = bound;
	verdict = join(q, t, position, ret);
	pthread_mutex_unlock(&q->lock);
	if (verdict != QUEUE_WAITS)
		t->queue = NULL;
	return verdict;
}

struct topology_server *queue_leave(struct queue_ticket *t)
{
	struct topology_server *given = NULL;
	struct queue *q = t->queue;

	if (!q)
		return NULL;
	pthread_mutex_lock(&q->lock);
	if (t->place == QUEUE_IN_LINE)
		take_out(q, t);
	else if (t->place == QUEUE_CALLED) {
		pthread_mutex_lock(&t->desk->lock);
		TAILQ_REMOVE(&t->desk->called, t, link);
		pthread_mutex_unlock(&t->desk->lock);
		t->place = QUEUE_AWAY;
		given = t->server;
	}
	pthread_mutex_unlock(&q->lock);
	t->queue = NULL;
	return given;
}

void queue_kick(struct topology_service *service)
{
	struct queue *q = service->queue;

	if (!q || !atomic_load_explicit(&q->waiting, memory_order_seq_cst))
		return;
	pthread_mutex_lock(&q->lock);
	serve(q, NULL);
	pthread_mutex_unlock(&q->lock);
}

void queue_release(struct topology_server *s)
{
	struct topology_service *service = s->service;

	pool_release(s);
	queue_kick(service);
}

bool queue_serves(const struct topology_server *s)
{
	const struct topology_roll *roll =
	    atomic_load_explicit(&s->service->roll, memory_order_acquire);

	for (size_t i = 0; i < roll->count; i++)
		if (roll->at[i] == s)
			return true;
	return false;
}

void queue_forget(struct topology_service *service)
{
	struct queue *q = service->queue;
	struct queue_ticket *t;

	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	TAILQ_FOREACH(t, &q->line, link)
		if (t->server && !queue_serves(t->server))
			bind_to(q, t, NULL);
	pthread_mutex_unlock(&q->lock);
}
