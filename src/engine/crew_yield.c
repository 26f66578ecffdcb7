/* SPDX-License-Identifier: MIT */
/*
 * A crew whose listening sockets go over to another process.
 */
#include "crewparts.h"

static bool is_open(const struct post *p)
{
	return p->listener->fd != -1;
}

static void yield(void *arg)
{
	const struct post *p = arg;

	listener_pause(p->listener, true);
}

static void resume(void *arg)
{
	const struct post *p = arg;
	bool paused = atomic_load_explicit(&p->listener->frontend->paused, memory_order_relaxed);

	listener_pause(p->listener, paused);
}

/* The other process has the socket and its file; who waits in its queue is let in there. */
static void abandon(void *arg)
{
	const struct post *p = arg;
	struct listener *l = p->listener;

	listener_pause(l, true);
	l->loop = NULL;
	l->file = (struct sock_file){ 0 };
	sock_close(l->fd);
	l->fd = -1;
}

static void each(struct crew *c, void (*call)(void *arg))
{
	for (size_t i = 0; i < c->posts.count; i++)
		if (is_open(c->posts.at[i]))
			worker_call(c->posts.at[i]->worker, call, c->posts.at[i]);
}

void crew_yield(struct crew *c)
{
	each(c, yield);
	c->yields = true;
	crew_warm(c, false);
}

void crew_resume(struct crew *c)
{
	each(c, resume);
	c->yields = false;
	crew_warm(c, false);
}

void crew_abandon(struct crew *c)
{
	each(c, abandon);
	c->listening = 0;
}
