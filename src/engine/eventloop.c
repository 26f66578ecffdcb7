/* SPDX-License-Identifier: MIT */
#include "engine/eventloop.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* How long a loop waits for memory: longer than a spike lasts, shorter than operators wait. */
enum { MEMORY_TRIES = 500, MEMORY_PAUSE_MS = 10 };

/* Without memory libev ends the process at once, and with it every session that needs none. */
static void *wait_for_memory(void *p, long size)
{
	const struct timespec pause = { .tv_nsec = MEMORY_PAUSE_MS * 1000000L };
	void *got;

	if (size <= 0) {
		free(p);
		return NULL;
	}
	for (int i = 0; !(got = realloc(p, (size_t)size)) && i < MEMORY_TRIES; i++) {
		if (i == 0)
			fputs("sluice: no memory for more descriptors: waiting for some\n", stderr);
		nanosleep(&pause, NULL);
	}
	return got;
}

static void on_nothing(struct ev_loop *loop, ev_async *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
}

/* A descriptor that is refused is told of as an event, here of a watcher inside of libev. */
static void note_events(struct ev_loop *loop)
{
	bool *any = ev_userdata(loop);

	*any |= ev_pending_count(loop) > 0;
	ev_invoke_pending(loop);
}

bool eventloop_wakes(struct ev_loop *loop, struct error *err)
{
	void *kept = ev_userdata(loop);
	bool refused = false;
	ev_async bell;

	ev_set_allocator(wait_for_memory);
	ev_run(loop, EVRUN_NOWAIT); /* whatever else there is to be told */
	ev_async_init(&bell, on_nothing);
	ev_async_start(loop, &bell);
	ev_set_userdata(loop, &refused);
	ev_set_invoke_pending_cb(loop, note_events);
	ev_run(loop, EVRUN_NOWAIT);
	ev_set_invoke_pending_cb(loop, ev_invoke_pending);
	ev_set_userdata(loop, kept);
	ev_async_stop(loop, &bell);
	if (refused)
		return error_set(err, "the kernel watches no more file descriptors: too little "
		                      "memory, or fs.epoll.max_user_watches is reached");
	return true;
}

/*
 * That a descriptor is refused while the loop runs becomes an event of its watcher, but only after
 * the loop has begun to sleep: until something else happens nobody would hear of it.
 */
struct alarm {
	ev_async bell;
	ev_cleanup end;
};

static void on_end(struct ev_loop *loop, ev_cleanup *w, int revents)
{
	(void)loop;
	(void)revents;
	free(container_of(w, struct alarm, end));
}

/* Just before it sleeps. */
static void ring_if_told(struct ev_loop *loop)
{
	struct alarm *a = ev_userdata(loop);

	if (ev_pending_count(loop))
		ev_async_send(loop, &a->bell);
}

static void install_alarm(struct ev_loop *loop)
{
	struct alarm *a = mem_zalloc(sizeof(*a));

	ev_async_init(&a->bell, on_nothing);
	ev_async_start(loop, &a->bell);
	ev_unref(loop);
	ev_cleanup_init(&a->end, on_end);
	ev_cleanup_start(loop, &a->end);
	ev_set_userdata(loop, a);
	ev_set_loop_release_cb(loop, ring_if_told, NULL);
}

struct ev_loop *eventloop_new(struct error *err)
{
	struct ev_loop *loop;

	ev_set_allocator(wait_for_memory);
	loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	if (!loop) {
		error_set(err, "no event loop can be made: too few file descriptors?");
		return NULL;
	}
	if (!eventloop_wakes(loop, err)) {
		ev_loop_destroy(loop);
		return NULL;
	}
	install_alarm(loop);
	return loop;
}
