/* SPDX-License-Identifier: MIT */
#include "live.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/tick.h"
#include "eventfeed.h"
#include "report/statuspatch.h"

#include <stdlib.h>

/* A change of a state is shown at once, but a storm of them costs no more than this. */
enum { SOON_MS = 50, APART_MS = 250 };

TAILQ_HEAD(live_followers, live_follower);

struct live {
	struct ev_loop *loop;
	struct daemon *daemon;
	struct live_followers followers;
	struct daemon_follower journal; /* of the daemon, while somebody follows */
	struct statuspatch *patch;      /* NULL: nobody does */
	ev_timer soon;
	int64_t made_ms; /* the last sample */
};

static void give(struct live *l, const struct text *t)
{
	struct live_follower *next;

	for (struct live_follower *f = TAILQ_FIRST(&l->followers); f; f = next) {
		next = TAILQ_NEXT(f, link);
		f->on_text(f, t);
	}
}

/* Who hears of a new topology fetches it, and applies what comes after that. */
static void tell_topology(struct live *l)
{
	AUTO_TEXT event = { 0 };

	text_add(&event, "event: topology\ndata: {}\n\n");
	give(l, &event);
}

static void make_sample(struct live *l)
{
	struct snapshot *s = daemon_snapshot(l->daemon);
	AUTO_TEXT event = { 0 };
	bool moved;

	text_add(&event, "event: sample\ndata: ");
	moved = statuspatch_write(l->patch, s, &event);
	text_add(&event, "\n\n");
	snapshot_free(s);
	l->made_ms = tick_ms();
	if (moved)
		tell_topology(l);
	give(l, &event);
}

static void on_soon(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	make_sample(container_of(w, struct live, soon));
}

static bool shows_in_status(enum journal_kind k)
{
	switch (k) {
	case JOURNAL_SERVER:
	case JOURNAL_SERVICE_DOWN:
	case JOURNAL_SERVICE_UP:
	case JOURNAL_PANIC:
	case JOURNAL_FAULT:
		return true;
	case JOURNAL_CHECK:
	case JOURNAL_MARK:
	case JOURNAL_PROCESS:
	case JOURNAL_KIND_COUNT:
		break;
	}
	return false;
}

static void hasten(struct live *l)
{
	int64_t wait_ms = l->made_ms + APART_MS - tick_ms();

	if (TAILQ_EMPTY(&l->followers) || ev_is_active(&l->soon))
		return;
	ev_timer_set(&l->soon, (double)(wait_ms > SOON_MS ? wait_ms : SOON_MS) / 1000., 0.);
	ev_timer_start(l->loop, &l->soon);
}

static void on_event(struct daemon_follower *f, const struct journal_event *e)
{
	struct live *l = container_of(f, struct live, journal);
	AUTO_TEXT event = { 0 };

	eventfeed_add(&event, e);
	give(l, &event);
	if (shows_in_status(e->kind))
		hasten(l);
}

struct live *live_new(struct ev_loop *loop, struct daemon *d)
{
	struct live *l = mem_zalloc(sizeof(*l));

	l->loop = loop;
	l->daemon = d;
	l->journal.on_event = on_event;
	TAILQ_INIT(&l->followers);
	ev_timer_init(&l->soon, on_soon, 0., 0.);
	return l;
}

void live_free(struct live *l)
{
	free(l);
}

static void begin(struct live *l)
{
	struct snapshot *s = daemon_snapshot(l->daemon);

	l->patch = statuspatch_new(s);
	snapshot_free(s);
	daemon_follow(l->daemon, &l->journal);
}

static void end(struct live *l)
{
	daemon_unfollow(l->daemon, &l->journal);
	ev_timer_stop(l->loop, &l->soon);
	statuspatch_free(l->patch);
	l->patch = NULL;
}

void live_join(struct live *l, struct live_follower *f)
{
	if (TAILQ_EMPTY(&l->followers))
		begin(l);
	TAILQ_INSERT_TAIL(&l->followers, f, link);
}

void live_leave(struct live *l, struct live_follower *f)
{
	TAILQ_REMOVE(&l->followers, f, link);
	if (TAILQ_EMPTY(&l->followers))
		end(l);
}

void live_tick(struct live *l)
{
	if (TAILQ_EMPTY(&l->followers))
		return;
	ev_timer_stop(l->loop, &l->soon);
	make_sample(l);
}

void live_shown(struct live *l, const struct snapshot *s)
{
	if (l && l->patch)
		statuspatch_shown(l->patch, s);
}
