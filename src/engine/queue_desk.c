/* SPDX-License-Identifier: MIT */
#include "engine/queue.h"

#include "base/cleanup.h"

#include <assert.h>

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
