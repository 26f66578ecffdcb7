/* SPDX-License-Identifier: MIT */
/*
 * The listeners of a crew: each has a worker that accepts for it, and shares a door with the others
 * of its frontend.
 */
#include "crewparts.h"

#include "base/mem.h"
#include "base/rng.h"
#include "core/ratetable.h"

#include <stdlib.h>

/* --- doors -------------------------------------------------------------------------------- */

static struct door *find_door(const struct crew *c, const struct topology_frontend *f)
{
	for (size_t i = 0; i < c->door_count; i++)
		if (c->doors[i]->frontend == f)
			return c->doors[i];
	return NULL;
}

static struct ratetable *make_rates(const struct settings_rate_limit *limit)
{
	struct rng rng;

	if (!limit->count)
		return NULL;
	rng_seed(&rng);
	return ratetable_new(limit, rng_next(&rng));
}

static void limit_door(struct door *d, const struct settings_frontend *set)
{
	atomic_store_explicit(&d->sessions.limit, set->rate_limit, memory_order_relaxed);
}

static struct door *open_door(struct crew *c, struct topology_frontend *f)
{
	struct door *d = find_door(c, f);

	if (d)
		return d;
	d = mem_zalloc(sizeof(*d));
	d->frontend = f;
	pthread_mutex_init(&d->lock, NULL);
	limit_door(d, f->settings);
	queue_open(f->service);
	if (!f->rates)
		f->rates = make_rates(&f->settings->conn_rate_limit);
	c->doors = mem_resize(c->doors, c->door_count + 1, sizeof(struct door *));
	c->doors[c->door_count++] = d;
	return d;
}

static bool has_door(const struct crew *c, const struct topology_service *service)
{
	for (size_t i = 0; i < c->door_count; i++)
		if (c->doors[i]->frontend->service == service)
			return true;
	return false;
}

/* The queue goes with the service's last door. */
static void close_door(struct crew *c, struct door *d)
{
	struct topology_frontend *f = d->frontend;
	size_t kept = 0;

	for (size_t i = 0; i < c->door_count; i++)
		if (c->doors[i] != d)
			c->doors[kept++] = c->doors[i];
	c->door_count = kept;
	if (!has_door(c, f->service))
		queue_close(f->service);
	ratetable_free(f->rates);
	f->rates = NULL;
	pthread_mutex_destroy(&d->lock);
	free(d);
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

void crew_follow(struct crew *c, struct topology_frontend *f,
                 const struct settings_rate_limit *before)
{
	const struct settings_frontend *set = f->settings;
	const struct settings_rate_limit *limit = &set->conn_rate_limit;
	struct door *d = find_door(c, f);

	if (!d)
		return;
	limit_door(d, set);
	if (!limit->count == !before->count && limit->period_ms == before->period_ms &&
	    limit->size == before->size)
		return;
	ratetable_free(f->rates);
	f->rates = make_rates(limit);
}

/* --- posts -------------------------------------------------------------------------------- */

static void add_post(struct posts *list, struct post *p)
{
	list->at = mem_resize(list->at, list->count + 1, sizeof(struct post *));
	list->at[list->count++] = p;
}

static void remove_post(struct posts *list, const struct post *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->at[i] != p)
			list->at[kept++] = list->at[i];
	list->count = kept;
}

static struct post *find_post(const struct crew *c, const struct listener *l)
{
	for (size_t i = 0; i < c->posts.count; i++)
		if (c->posts.at[i]->listener == l)
			return c->posts.at[i];
	return NULL;
}

static uint32_t count_posts(const struct crew *c, const struct worker *w)
{
	uint32_t n = 0;

	for (size_t i = 0; i < c->posts.count; i++)
		n += c->posts.at[i]->worker == w;
	return n;
}

/* The worker that accepts for the fewest. */
static struct worker *find_worker(const struct crew *c)
{
	struct worker *best = c->workers[0];

	for (uint32_t i = 1; i < c->options.threads; i++)
		if (count_posts(c, c->workers[i]) < count_posts(c, best))
			best = c->workers[i];
	return best;
}

static struct post *make_post(struct crew *c, struct listener *l, struct worker *worker)
{
	struct door *d = open_door(c, l->frontend);
	struct post *p = mem_zalloc(sizeof(*p));

	l->shared = (struct listener_shared){
		.rates = { &c->conn_rate, &c->session_rate, &d->sessions },
		.lock = &d->lock,
	};
	*p = (struct post){ .crew = c, .worker = worker, .listener = l };
	add_post(&c->posts, p);
	return p;
}

static void start_listener(void *arg)
{
	struct post *p = arg;

	if (p->before)
		listener_succeed(p->listener, p->before);
	listener_start(p->listener, p->worker->loop, crew_accept, p);
}

static void stop_listener(void *arg)
{
	struct post *p = arg;

	listener_stop(p->listener);
}

static void add_listener(struct crew *c, struct listener *l)
{
	struct post *p = make_post(c, l, find_worker(c));

	c->listening++;
	worker_call(p->worker, start_listener, p);
}

void crew_listen(struct crew *c, struct listener **listeners, size_t count)
{
	/* All doors are there before the first client comes in. */
	for (size_t i = 0; i < count; i++)
		open_door(c, listeners[i]->frontend);
	for (size_t i = 0; i < count; i++)
		add_listener(c, listeners[i]);
	crew_warm(c, false);
}

void crew_add_listener(struct crew *c, struct listener *l)
{
	add_listener(c, l);
	crew_warm_for(c, l->frontend->service);
}

static void take_away(struct crew *c, struct post *p)
{
	remove_post(&c->posts, p);
	add_post(&c->gone, p);
}

void crew_replace_listener(struct crew *c, const struct listener *old, struct listener *l)
{
	struct post *before = find_post(c, old);
	struct post *p = make_post(c, l, before->worker);

	p->before = before->listener;
	worker_call(p->worker, start_listener, p);
	p->before = NULL;
	take_away(c, before);
	crew_warm_for(c, l->frontend->service);
}

void crew_remove_listener(struct crew *c, const struct listener *l)
{
	struct post *p = find_post(c, l);

	c->listening -= l->fd != -1;
	worker_call(p->worker, stop_listener, p);
	take_away(c, p);
	crew_warm_for(c, l->frontend->service);
}

bool crew_mark_idle(struct crew *c)
{
	bool any = false;

	for (size_t i = 0; i < c->gone.count; i++) {
		struct post *p = c->gone.at[i];

		p->idle = !atomic_load_explicit(&p->listener->active, memory_order_relaxed);
		any |= p->idle;
	}
	return any;
}

static void free_post(struct crew *c, struct post *p)
{
	c->accepted_before += atomic_load_explicit(&p->listener->accepted, memory_order_relaxed);
	listener_free(p->listener);
	free(p);
}

static bool is_used(const struct posts *list, const struct topology_frontend *f)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i]->listener->frontend == f)
			return true;
	return false;
}

bool crew_serves(const struct crew *c, const struct topology_frontend *f)
{
	return is_used(&c->posts, f) || is_used(&c->gone, f);
}

void crew_free_idle(struct crew *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->gone.count; i++) {
		if (c->gone.at[i]->idle)
			free_post(c, c->gone.at[i]);
		else
			c->gone.at[kept++] = c->gone.at[i];
	}
	c->gone.count = kept;
	for (size_t i = c->door_count; i-- > 0;)
		if (!crew_serves(c, c->doors[i]->frontend))
			close_door(c, c->doors[i]);
}

static void free_posts(struct crew *c, struct posts *list)
{
	for (size_t i = 0; i < list->count; i++)
		free_post(c, list->at[i]);
	free(list->at);
}

void crew_free_listeners(struct crew *c)
{
	free_posts(c, &c->posts);
	free_posts(c, &c->gone);
	while (c->door_count)
		close_door(c, c->doors[c->door_count - 1]);
	free(c->doors);
}

/* --- all of them -------------------------------------------------------------------------- */

void crew_stop_listening(struct crew *c)
{
	for (size_t i = 0; c->listening && i < c->posts.count; i++)
		worker_call(c->posts.at[i]->worker, stop_listener, c->posts.at[i]);
	c->listening = 0;
	crew_warm(c, false);
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
	for (size_t i = 0; i < c->posts.count; i++)
		if (c->posts.at[i]->listener->frontend == f)
			worker_call(c->posts.at[i]->worker, pause_listener, c->posts.at[i]);
}

void crew_close_frontend(struct crew *c, const struct topology_frontend *f)
{
	for (size_t i = 0; i < c->posts.count; i++) {
		struct post *p = c->posts.at[i];

		if (p->listener->frontend != f || p->listener->fd == -1)
			continue;
		worker_call(p->worker, stop_listener, p);
		c->listening--;
	}
	crew_warm_for(c, f->service);
}

static void limit_listener(void *arg)
{
	const struct post *p = arg;

	p->listener->limits.max = p->crew->options.maxconn;
}

void crew_limit_listeners(struct crew *c)
{
	for (size_t i = 0; i < c->posts.count; i++)
		worker_call(c->posts.at[i]->worker, limit_listener, c->posts.at[i]);
}

uint32_t crew_listeners(const struct crew *c)
{
	return c->listening;
}

size_t crew_listener_count(const struct crew *c)
{
	return c->posts.count;
}

const struct listener *crew_listener(const struct crew *c, size_t i)
{
	return c->posts.at[i]->listener;
}

static uint64_t count_accepted(const struct posts *list)
{
	uint64_t n = 0;

	for (size_t i = 0; i < list->count; i++)
		n += atomic_load_explicit(&list->at[i]->listener->accepted, memory_order_relaxed);
	return n;
}

uint64_t crew_accepted(const struct crew *c)
{
	return c->accepted_before + count_accepted(&c->posts) + count_accepted(&c->gone);
}
