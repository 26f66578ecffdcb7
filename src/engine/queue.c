/* SPDX-License-Identifier: MIT */
#include "engine/queue.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <assert.h>

/* Sessions look themselves whether something was missed; but a line as a whole only so often. */
enum { LOOK_MS = 100 };

/*
 * A release looks at `waiting` after it has given its place back; a joiner counts itself first and
 * then looks for a place: one of the two sees the other.
 */
struct queue {
	struct topology_service *service;
	_Atomic uint32_t waiting;
	_Atomic int64_t looked_ms;
	pthread_mutex_t lock; /* of all below; taken before a desk's */
	struct queue_line line;
	uint32_t bound; /* in line for one very server */
	uint64_t turn;  /* goes up with each change of the servers */
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

static bool is_held(const struct queue_ticket *t)
{
	return atomic_load_explicit(&t->held, memory_order_relaxed);
}

static bool rests(const struct queue_ticket *t)
{
	return atomic_load_explicit(&t->rests, memory_order_relaxed);
}

static void set_rest(struct queue_ticket *t, bool on)
{
	atomic_store_explicit(&t->rests, on, memory_order_relaxed);
}

/* Holds it, unless too many are held. */
static bool hold(struct topology_service *service, struct queue_ticket *t)
{
	uint32_t held = atomic_load_explicit(&service->held, memory_order_relaxed);

	if (held >= t->hold_max)
		return false;
	atomic_store_explicit(&t->held, true, memory_order_relaxed);
	atomic_fetch_add_explicit(&service->held, 1, memory_order_seq_cst);
	counter_raise(&service->held_max, held + 1);
	if (!t->was_held)
		counter_add(&service->count, COUNTER_HELD, 1);
	t->was_held = true;
	return true;
}

static void take_out(struct queue *q, struct queue_ticket *t)
{
	TAILQ_REMOVE(&q->line, t, link);
	count_out(q, t);
	set_rest(t, false);
	if (is_held(t)) {
		atomic_store_explicit(&t->held, false, memory_order_relaxed);
		atomic_fetch_sub_explicit(&q->service->held, 1, memory_order_seq_cst);
	}
	t->place = QUEUE_AWAY;
	atomic_fetch_sub_explicit(&q->waiting, 1, memory_order_seq_cst);
}

static uint32_t load(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

/* Also one that is pressed into service by a panic. */
static bool is_usable(struct topology_server *s)
{
	return topology_is_usable(s) && topology_weight(s) && topology_has_address(s);
}

/* A claim would fail: nothing has changed for those who wait for `s`. */
static bool is_still_full(struct topology_server *s)
{
	return is_usable(s) && pool_is_full(s);
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

static void rest(const struct queue *q, struct queue_ticket *t)
{
	t->rests_since = q->turn;
	set_rest(t, true);
}

static bool has_hope(const struct queue *q, const struct queue_ticket *t, const struct round *r)
{
	if (rests(t) && t->rests_since == q->turn)
		return false;
	return t->server ? !is_still_full(t->server) : !r->full;
}

static enum pool_verdict claim(const struct queue *q, struct queue_ticket *t,
                               struct topology_server **ret)
{
	/* More than it can remember. */
	if (t->hold_max && pool_tried_all(&t->tried, q->service))
		return POOL_TRIED;
	return pool_claim(q->service, &t->request, ret);
}

/* One in line tries its luck. */
static void try_one(struct queue *q, struct queue_ticket *t, struct round *r)
{
	struct topology_server *server = NULL;

	if (!has_hope(q, t, r))
		return;
	switch (claim(q, t, &server)) {
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
		set_rest(t, false);
		bind_to(q, t, NULL);
		break;
	case POOL_FULL:
		r->full |= !server && !t->server && !t->tried.count;
		if (server || (t->server && !is_usable(t->server)))
			bind_to(q, t, server);
		break;
	case POOL_TRIED:
		/* The servers that it still had hopes for are gone. */
		if (t->hold_max)
			rest(q, t);
		else
			t->tried = (struct pool_tried){ 0 };
		break;
	}
}

static void go_round(struct queue *q, struct round *r)
{
	struct queue_ticket *next;

	r->full = false;
	for (struct queue_ticket *t = TAILQ_FIRST(&q->line); t && (!r->full || q->bound);
	     t = next) {
		next = TAILQ_NEXT(t, link);
		try_one(q, t, r);
	}
}

/* Gives away what there is, in order; with the last one that was held a limit has gone, too. */
static struct round serve(struct queue *q, const struct queue_ticket *joiner)
{
	bool held = load(&q->service->held) > 0;
	struct round r = { .joiner = joiner };

	go_round(q, &r);
	if (held && !load(&q->service->held) && !TAILQ_EMPTY(&q->line))
		go_round(q, &r);
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

/* No server is usable, or all that are failed it. */
static enum queue_verdict join_held(struct queue *q, struct queue_ticket *t)
{
	if (hold(q->service, t))
		return QUEUE_WAITS;
	take_out(q, t);
	return t->hold_max ? QUEUE_HOLD_FULL : QUEUE_NO_SERVER;
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
	if (r.none || rests(t)) {
		enum queue_verdict verdict = join_held(q, t);

		if (verdict != QUEUE_WAITS)
			return verdict;
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
	t->request.way = &t->way;
	pthread_mutex_lock(&q->lock);
	t->server = bound;
	verdict = join(q, t, position, ret);
	pthread_mutex_unlock(&q->lock);
	if (verdict != QUEUE_WAITS)
		t->queue = NULL;
	return verdict;
}

/* With the last one that was held a limit goes. */
static void leave_line(struct queue *q, struct queue_ticket *t)
{
	bool held = is_held(t);

	take_out(q, t);
	if (held && !load(&q->service->held))
		serve(q, NULL);
}

struct topology_server *queue_leave(struct queue_ticket *t)
{
	struct topology_server *given = NULL;
	struct queue *q = t->queue;

	if (!q)
		return NULL;
	pthread_mutex_lock(&q->lock);
	if (t->place == QUEUE_IN_LINE)
		leave_line(q, t);
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

struct topology_server *queue_retry(struct queue_ticket *t)
{
	struct topology_server *given = NULL;
	struct queue *q = t->queue;

	if (!q)
		return NULL;
	pthread_mutex_lock(&q->lock);
	if (t->place == QUEUE_IN_LINE) {
		t->tried = (struct pool_tried){ 0 };
		set_rest(t, false);
		if (serve(q, t).served)
			given = t->server;
	}
	pthread_mutex_unlock(&q->lock);
	if (given)
		t->queue = NULL;
	return given;
}

void queue_settle(struct topology_service *service)
{
	struct queue *q = service->queue;

	if (!q || !atomic_load_explicit(&q->waiting, memory_order_seq_cst))
		return;
	pthread_mutex_lock(&q->lock);
	serve(q, NULL);
	pthread_mutex_unlock(&q->lock);
}

void queue_look(struct topology_service *service, int64_t now_ms)
{
	struct queue *q = service->queue;
	int64_t before = atomic_load_explicit(&q->looked_ms, memory_order_relaxed);

	if (now_ms - before >= LOOK_MS &&
	    atomic_compare_exchange_strong_explicit(&q->looked_ms, &before, now_ms,
	                                            memory_order_relaxed, memory_order_relaxed))
		queue_settle(service);
}

/* Nothing is usable: those who waited for room are held from now on. */
static void hold_all(struct queue *q)
{
	struct queue_ticket *t;

	TAILQ_FOREACH(t, &q->line, link)
		if (!is_held(t) && !hold(q->service, t) && t->hold_max)
			return;
}

/* What a server had failed before it went away is forgiven. */
static void begin_turn(struct queue *q)
{
	struct queue_ticket *t;

	q->turn++;
	TAILQ_FOREACH(t, &q->line, link)
		if (t->tried.count)
			pool_tried_forget(&t->tried, q->service);
}

void queue_kick(struct topology_service *service)
{
	struct queue *q = service->queue;

	/* A read that stays behind the change that was made, which may be a mere store. */
	if (!q || !atomic_fetch_add_explicit(&q->waiting, 0, memory_order_seq_cst))
		return;
	pthread_mutex_lock(&q->lock);
	begin_turn(q);
	if (serve(q, NULL).none)
		hold_all(q);
	pthread_mutex_unlock(&q->lock);
}

void queue_release(struct topology_server *s)
{
	struct topology_service *service = s->service;

	pool_release(s);
	queue_settle(service);
}

void queue_arrive(struct topology_server *s, struct pool_way *way)
{
	struct topology_service *service = s->service;

	if (pool_arrive(s, way))
		queue_settle(service);
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
