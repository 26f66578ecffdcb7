/* SPDX-License-Identifier: MIT */
/*
 * When sessions are looked at that nothing happens to.  A session that relays has no timer: it is
 * in the list of the moment at which it is to be looked at, SLOT_MS apart, or in `resting`.  So to
 * wait costs no memory and to wait anew no more than to change lists, and one timer of the host
 * wakes the loop for the next list that is not empty.
 */
#include "engine/session.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <stdlib.h>

enum { SLOT_MS = 20, FARTHEST_MS = (SESSION_SLOTS - 2) * SLOT_MS };

static struct session_list *slot_at(struct session_rounds *r, int64_t at)
{
	return &r->slots[at % SESSION_SLOTS];
}

static void set_tick(struct session_host *h, int64_t at)
{
	struct session_rounds *r = &h->rounds;
	int64_t left = at * SLOT_MS - h->now_ms;

	r->due = at;
	ev_timer_stop(h->loop, &r->tick);
	ev_timer_set(&r->tick, left > 0 ? (double)left / 1000. : 0., 0.);
	ev_timer_start(h->loop, &r->tick);
}

/* For the next list that is not empty. */
static void set_next_tick(struct session_host *h)
{
	struct session_rounds *r = &h->rounds;

	r->due = 0;
	for (int64_t at = r->done + 1; at < r->done + SESSION_SLOTS; at++) {
		if (LIST_EMPTY(slot_at(r, at)))
			continue;
		set_tick(h, at);
		return;
	}
}

/* None comes back to this list: session_look_in() goes up to the one before it. */
static void look_at_all(struct session_list *slot)
{
	struct session *s;

	while ((s = LIST_FIRST(slot))) {
		session_rest(s);
		session_look(s);
	}
}

static void on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct session_host *h = container_of(w, struct session_host, rounds.tick);
	struct session_rounds *r = &h->rounds;
	int64_t now = h->now_ms / SLOT_MS;

	(void)loop;
	(void)revents;
	/* After a long stall each list is looked at once. */
	if (now - r->done > SESSION_SLOTS)
		r->done = now - SESSION_SLOTS;
	while (r->done < now) {
		r->done++;
		look_at_all(slot_at(r, r->done));
	}
	set_next_tick(h);
}

void session_rounds_init(struct session_host *h)
{
	struct session_rounds *r = &h->rounds;

	for (size_t i = 0; i < SESSION_SLOTS; i++)
		LIST_INIT(&r->slots[i]);
	LIST_INIT(&r->resting);
	r->done = h->now_ms / SLOT_MS;
	r->due = 0;
	ev_timer_init(&r->tick, on_tick, 0., 0.);
}

void session_rounds_join(struct session *s)
{
	s->slot = SESSION_SLOTS;
	LIST_INSERT_HEAD(&s->host->rounds.resting, s, link);
}

void session_rest(struct session *s)
{
	LIST_REMOVE(s, link);
	session_rounds_join(s);
}

void session_look_in(struct session *s, int64_t after_ms)
{
	struct session_rounds *r = &s->host->rounds;
	int64_t at;

	/* Nobody was to be looked at: the lists are empty. */
	if (!r->due)
		r->done = s->host->now_ms / SLOT_MS;
	/* Beyond the horizon it is looked at in vain once. */
	if (after_ms > FARTHEST_MS)
		after_ms = FARTHEST_MS;
	at = (s->host->now_ms + (after_ms > 0 ? after_ms : 0)) / SLOT_MS + 1;
	if (at >= r->done + SESSION_SLOTS)
		at = r->done + SESSION_SLOTS - 1;
	LIST_REMOVE(s, link);
	s->slot = (uint16_t)(at % SESSION_SLOTS);
	LIST_INSERT_HEAD(slot_at(r, at), s, link);
	if (!r->due || at < r->due)
		set_tick(s->host, at);
}

int64_t session_looked_in(const struct session *s)
{
	const struct session_rounds *r = &s->host->rounds;
	int64_t first = r->done % SESSION_SLOTS;

	if (s->slot == SESSION_SLOTS)
		return INT64_MAX;
	return (s->slot - first + SESSION_SLOTS) % SESSION_SLOTS * SLOT_MS;
}

static size_t count(const struct session_list *list)
{
	const struct session *s;
	size_t n = 0;

	LIST_FOREACH(s, list, link)
		n++;
	return n;
}

static struct session **copy(const struct session_list *list, struct session **to)
{
	struct session *s;

	LIST_FOREACH(s, list, link)
		*to++ = s;
	return to;
}

struct session **session_all(struct session_host *h, size_t *ret_count)
{
	const struct session_rounds *r = &h->rounds;
	struct session **all;
	struct session **end;
	size_t n = count(&r->resting);

	for (size_t i = 0; i < SESSION_SLOTS; i++)
		n += count(&r->slots[i]);
	*ret_count = n;
	if (!n)
		return NULL;
	all = mem_resize(NULL, n, sizeof(struct session *));
	end = copy(&r->resting, all);
	for (size_t i = 0; i < SESSION_SLOTS; i++)
		end = copy(&r->slots[i], end);
	return all;
}
