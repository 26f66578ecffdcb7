/* SPDX-License-Identifier: MIT */
/*
 * A session's life.  Three things happen to it: an end becomes ready (on_client, on_server), time
 * passes (on_time), someone closes it.  greeting.c, dial.c and courtesy.c are the stages without a
 * server, session_relay.c is the one with both ends; here are the events, the time-outs and the
 * account of it all.
 */
#include "engine/session.h"

#include "base/cleanup.h"
#include "base/tick.h"
#include "engine/account.h"
#include "engine/mishap.h"
#include "follow.h"
#include "net/sock.h"
#include "patience.h"
#include "replay.h"

#include <errno.h>

int32_t session_age(const struct session *s)
{
	return (int32_t)(s->host->now_ms - s->accepted_ms);
}

/* On the way to a server its client may leave: looked at so often. */
enum { LOOK_MS = 1000 };

void session_tell(struct session *s, enum outbox_kind kind)
{
	struct outbox_entry entry = { .kind = kind, .record = account_record(s) };
	bool urgent = kind != OUTBOX_BEGUN && kind != OUTBOX_ENDED;

	if (kind == OUTBOX_CONNECT_FAILED)
		entry.record.reason = (enum reason)s->errand->last_failure;
	outbox_put(s->host->outbox, &entry);
	s->host->on_record(s->host->ctx, urgent);
}

/* An RST is passed on as an RST: the other end must not take it for an orderly end. */
static bool ends_with_reset(enum reason r)
{
	return r == REASON_CLIENT_RESET || r == REASON_SERVER_RESET || r == REASON_CLIENT_SILENT ||
	       r == REASON_SERVER_SILENT;
}

/*
 * An observed server that breaks off before it has said anything is as good as one that refuses.
 * Not one that another was to replace, which was told of, nor over a connection from before.
 */
static void observe(struct session *s)
{
	if (s->reason != REASON_SERVER_RESET || s->ends.flow[DUPLEX_SERVER].bytes ||
	    s->ends.io[DUPLEX_SERVER].fd == -1 || !s->server->settings->observe ||
	    (s->errand && s->errand->warm))
		return;
	atomic_fetch_add_explicit(&s->server->errors, 1, memory_order_relaxed);
	session_tell(s, OUTBOX_SERVER_ERROR);
}

void session_close(struct session *s, enum reason reason)
{
	struct session_host *h = s->host;
	bool reset = ends_with_reset(reason) && s->phase != SESSION_GREETING;

	if (s->phase == SESSION_CLOSED)
		return;
	if (s->mishap)
		mishap_forget(s);
	if (s->phase != SESSION_RELAYING && s->errand->stage->leave)
		s->errand->stage->leave(s, reason);
	s->phase = SESSION_CLOSED;
	s->reason = (uint8_t)reason;
	if (s->errand)
		ev_timer_stop(h->loop, &s->errand->timer);
	observe(s);
	duplex_close(&s->ends, h->loop, &h->space, reset);
	replay_end(s);
	account_end(s);
	if (s->claimed)
		topology_time_add(&s->server->total_time, (uint32_t)session_age(s));
	if (!atomic_load_explicit(&s->through->frontend->untold, memory_order_relaxed))
		session_tell(s, OUTBOX_ENDED);
	if (s->claimed)
		queue_release(s->server);
	account_gone(h, s->through);
	LIST_REMOVE(s, link);
	LIST_INSERT_HEAD(&h->closing, s, link);
	ev_prepare_start(h->loop, &h->reaper);
}

void session_lose_server(struct session *s, enum reason reason)
{
	if (!replay_is_possible(s, reason)) {
		session_close(s, reason);
		return;
	}
	if (s->mishap)
		mishap_forget(s);
	session_rest(s);
	replay_detach(s, reason);
	s->host->again(s, reason);
}

/* --- the way there ------------------------------------------------------------------------ */

static void set_timer(struct session *s, int64_t after_ms)
{
	ev_timer *timer = &s->errand->timer;

	ev_timer_stop(s->host->loop, timer);
	ev_timer_set(timer, after_ms > 0 ? (double)after_ms / 1000. : 0., 0.);
	ev_timer_start(s->host->loop, timer);
}

static void rearm(struct session *s)
{
	int64_t left = patience_client(s);

	if (s->errand->deadline_ms && s->errand->deadline_ms - s->host->now_ms < left)
		left = s->errand->deadline_ms - s->host->now_ms;
	set_timer(s, left < LOOK_MS ? left : LOOK_MS);
}

void session_wait(struct session *s, uint32_t limit_ms)
{
	s->errand->deadline_ms = limit_ms ? s->host->now_ms + limit_ms : 0;
	rearm(s);
}

/* --- events ------------------------------------------------------------------------------- */

/*
 * Before it has a server a client may leave: with a reset, or with a mere end if it has said
 * nothing that a server would answer (HAProxy decides so, too), also to a server that is lost.
 * False: it has left.
 */
static bool look_at_client(struct session *s)
{
	int fd = s->ends.io[DUPLEX_CLIENT].fd;
	bool reset = sock_look(fd) == SOCK_RESET;
	char byte;
	ssize_t got = recv(fd, &byte, 1, MSG_PEEK);

	if (reset || (got == -1 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		session_close(s, REASON_CLIENT_RESET);
		return false;
	}
	if (got == 0 && !s->errand->said) {
		session_close(s,
		              s->phase == SESSION_QUEUED ? REASON_QUEUE_LEFT : REASON_CONNECT_LEFT);
		return false;
	}
	/* There is more to come only after it has been read. */
	if (got >= 0)
		ev_io_stop(s->host->loop, &s->ends.io[DUPLEX_CLIENT]);
	return true;
}

static void ready(struct session *s, enum duplex_end end, int revents)
{
	if (revents & EV_ERROR) { /* the kernel does not watch it */
		session_close(s, REASON_RESOURCES);
		return;
	}
	switch ((enum session_phase)s->phase) {
	case SESSION_GREETING:
	case SESSION_DIALING:
		s->errand->stage->ready(s);
		break;
	case SESSION_RELAYING:
		session_relay(s, end, revents);
		break;
	case SESSION_QUEUED:
		look_at_client(s);
		break;
	case SESSION_WAITING:
	case SESSION_CLOSED:
		break;
	}
}

static void on_client(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	ready(container_of(w, struct session, ends.io[DUPLEX_CLIENT]), DUPLEX_CLIENT, revents);
}

static void on_server(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	ready(container_of(w, struct session, ends.io[DUPLEX_SERVER]), DUPLEX_SERVER, revents);
}

/* On the way to a server: the deadline has come, or it was only time to look. */
static void time_passed(struct session *s)
{
	bool over = s->errand->deadline_ms && s->host->now_ms >= s->errand->deadline_ms;

	if (s->phase != SESSION_GREETING && patience_client(s) <= 0) {
		session_close(s, REASON_CLIENT_IDLE);
		return;
	}
	if (s->phase != SESSION_GREETING && !look_at_client(s))
		return;
	if (!over)
		rearm(s);
	s->errand->stage->time_passed(s, over);
}

static void on_time(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct session *s = container_of(w, struct errand, timer)->session;

	(void)loop;
	(void)revents;
	if (duplex_is_ready(&s->ends))
		set_timer(s, 1);
	else
		time_passed(s);
}

static void turn_away(const struct session_host *h, const struct session_client *client)
{
	struct topology_frontend *frontend = client->through->frontend;

	sock_reset(client->fd);
	account_gone(h, client->through);
	counter_add(&frontend->count, COUNTER_FAILED_RESOURCES, 1);
	atomic_fetch_add_explicit(&frontend->service->ended[REASON_RESOURCES], 1,
	                          memory_order_relaxed);
}

static struct session *make(struct session_host *h, const struct session_client *client)
{
	struct session *s = slab_get(&h->sessions);

	if (!s)
		return NULL;
	*s = (struct session){ .host = h,
		               .through = client->through,
		               .id = client->id,
		               .accepted_wall_ms = tick_wall_ms(),
		               .accepted_ms = h->now_ms,
		               .last_active_ms = h->now_ms,
		               .queue_ms = -1,
		               .connect_ms = -1,
		               .client = client->address,
		               .errand = errand_begin(&h->errands, s, &client->address) };
	if (s->errand)
		return s;
	slab_put(&h->sessions, s);
	return NULL;
}

void session_open(struct session_host *h, const struct session_client *client)
{
	const struct settings_service *set;
	struct session *s = make(h, client);

	if (!s) {
		turn_away(h, client);
		return;
	}
	set = session_service(s)->settings;
	replay_begin(s, set->replay && set->redispatch);
	follow_begin(s, set->protocol == SETTINGS_PROTOCOL_PGWIRE);
	ev_io_init(&s->ends.io[DUPLEX_CLIENT], on_client, client->fd, EV_READ);
	ev_io_init(&s->ends.io[DUPLEX_SERVER], on_server, -1, EV_WRITE);
	ev_timer_init(&s->errand->timer, on_time, 0., 0.);
	session_rounds_join(s);
	h->begin(s);
}
