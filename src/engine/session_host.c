/* SPDX-License-Identifier: MIT */
/*
 * What the sessions of one worker share: its beginning and end, the clock, and where sessions that
 * have ended are taken away.
 */
#include "engine/session.h"

#include "base/cleanup.h"
#include "base/tick.h"

#include <stdlib.h>

enum { SESSIONS_PER_CHUNK = 64, ERRANDS_PER_CHUNK = 16 };

_Static_assert(sizeof(struct session) == 5 * (size_t)TOPOLOGY_LINE,
               "most of what an idle session takes");

static void on_reap(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct session_host *h = container_of(w, struct session_host, reaper);
	struct session *s;

	(void)revents;
	while ((s = LIST_FIRST(&h->closing))) {
		LIST_REMOVE(s, link);
		if (s->errand)
			slab_put(&h->errands, s->errand);
		slab_put(&h->sessions, s);
	}
	ev_prepare_stop(loop, w);
}

static void on_turn(struct ev_loop *loop, ev_check *w, int revents)
{
	(void)loop;
	(void)revents;
	container_of(w, struct session_host, clock)->now_ms = tick_ms();
}

void session_host_init(struct session_host *h)
{
	h->now_ms = tick_ms();
	ev_check_init(&h->clock, on_turn);
	ev_set_priority(&h->clock, EV_MAXPRI);
	ev_check_start(h->loop, &h->clock);
	session_rounds_init(h);
	LIST_INIT(&h->closing);
	ev_prepare_init(&h->reaper, on_reap);
	slab_init(&h->sessions, sizeof(struct session), SESSIONS_PER_CHUNK, UINT32_MAX);
	slab_init(&h->errands, sizeof(struct errand), ERRANDS_PER_CHUNK, UINT32_MAX);
	notes_init(&h->notes, h->space.size);
	queue_desk_init(&h->desk, h->loop, h->on_call);
	warm_init(&h->warm, h->loop);
	rng_seed(&h->rng);
}

void session_host_release(struct session_host *h)
{
	ev_timer_stop(h->loop, &h->rounds.tick);
	on_reap(h->loop, &h->reaper, 0);
	ev_check_stop(h->loop, &h->clock);
	warm_release(&h->warm);
	queue_desk_release(&h->desk);
	slab_release(&h->errands);
	slab_release(&h->sessions);
	notes_release(&h->notes);
	relay_space_release(&h->space);
}

void session_host_forget(struct session_host *h)
{
	size_t n;
	struct session **all = session_all(h, &n);

	for (size_t i = 0; i < n; i++) {
		struct session *s = all[i];

		if (s->server && !s->claimed && !queue_serves(s->server))
			s->server = NULL;
		if (s->phase == SESSION_RELAYING && s->slot == SESSION_SLOTS)
			session_look_in(s, 0);
	}
	free(all);
}
