/* SPDX-License-Identifier: MIT */
/*
 * A session's life.  Three things happen to it: an end becomes ready (on_client, on_server), time
 * passes (on_time), someone closes it.  engine/duplex.h carries the bytes, greeting.c, dial.c and
 * courtesy.c are the stages without a server, replay.c and follow.c know what was said; here are
 * the events, the time-outs and the account of it all.
 */
#include "engine/session.h"

#include "base/cleanup.h"
#include "base/tick.h"
#include "engine/account.h"
#include "engine/mishap.h"
#include "follow.h"
#include "guard.h"
#include "net/sock.h"
#include "patience.h"
#include "replay.h"

#include <errno.h>

static void check_idle(struct session *s);
static void watch_more_closely(struct session *s);

int32_t session_age(const struct session *s)
{
	return (int32_t)(s->host->now_ms - s->accepted_ms);
}

enum {
	LOOK_MS = 1000,  /* an unwatched end may be gone, one who leaves idle: looked at so often */
	LASTS_MS = 1000, /* a session that lasts so long is worth guard.h */
	PARTING_MS = 100 /* a server has so long to close after its client's goodbye */
};

static bool is_to_be_looked_at(struct session *s)
{
	return s->leaving || !duplex_is_watched(&s->ends);
}

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

static bool has_fault(const struct session *s)
{
	return atomic_load_explicit(&s->server->fault, memory_order_relaxed) || s->mishap;
}

/*
 * An observed server that breaks off before it has said anything is as good as one that refuses.
 * One that another was to replace has been told of already.
 */
static void observe(struct session *s)
{
	if (s->reason != REASON_SERVER_RESET || s->ends.flow[DUPLEX_SERVER].bytes ||
	    s->ends.io[DUPLEX_SERVER].fd == -1 || !s->server->settings->observe)
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

/* True if it has ended.  A client that could not be told now is told when it is looked at again. */
static bool leave_if_idle(struct session *s)
{
	if (!follow_is_idle(s) || !follow_part(s, (enum reason)s->leaving_reason))
		return false;
	session_close(s, (enum reason)s->leaving_reason);
	return true;
}

enum session_leaving session_leave(struct session *s, enum reason reason)
{
	if (s->phase != SESSION_RELAYING || s->leaving || !follow_sees(s))
		return SESSION_STAYS;
	s->leaving = true;
	s->leaving_reason = (uint8_t)reason;
	if (leave_if_idle(s))
		return SESSION_LEFT;
	watch_more_closely(s);
	return SESSION_LEAVES;
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
	replay_detach(s, reason != REASON_SERVER_LEAVING);
	s->host->again(s, reason);
}

/* --- relaying ----------------------------------------------------------------------------- */

/* Half-closed, a session may have a shorter limit; with an end unwatched it is looked at. */
static void watch_more_closely(struct session *s)
{
	bool half = s->ends.flow[DUPLEX_CLIENT].shut || s->ends.flow[DUPLEX_SERVER].shut;

	if (half || ((is_to_be_looked_at(s) || patience_answer(s) < INT64_MAX) &&
	             session_looked_in(s) > LOOK_MS))
		check_idle(s);
}

/* A server has answered: most of what is needed until then may be given back. */
static void end_errand(struct session *s)
{
	if (errand_is_told(s->errand))
		return;
	slab_put(&s->host->errands, s->errand);
	s->errand = NULL;
}

/* Takes what the duplex found and the bytes it moved. */
static void relayed(struct session *s, const uint64_t before[2], struct duplex_verdict v)
{
	uint64_t in = s->ends.flow[DUPLEX_CLIENT].bytes - before[DUPLEX_CLIENT];
	uint64_t out = s->ends.flow[DUPLEX_SERVER].bytes - before[DUPLEX_SERVER];

	account_bytes(s, COUNTER_BYTES_IN, in);
	account_bytes(s, COUNTER_BYTES_OUT, out);
	if (v.active)
		s->last_active_ms = s->host->now_ms;
	if (v.ended) {
		session_lose_server(s, v.reason);
		return;
	}
	if (s->errand && !s->ends.replaceable)
		end_errand(s);
	if (!s->leaving || !leave_if_idle(s))
		watch_more_closely(s);
}

/* Is it the end's turn?  A fault of the server may be against it. */
static bool may_pass(struct session *s, enum duplex_end end, int revents)
{
	enum mishap_verdict verdict = mishap_on_ready(s, end, revents);

	if (verdict == MISHAP_REFUSED)
		session_lose_server(s, REASON_SERVER_RESET);
	return verdict == MISHAP_NONE;
}

/* The first words of a server may be that another one should be asked. */
static bool may_speak(struct session *s)
{
	enum reason why = REASON_SERVER_RESET;

	switch (follow_peek(s)) {
	case FOLLOW_PASS:
		return true;
	case FOLLOW_WAIT:
		return false;
	case FOLLOW_LEAVING:
		why = REASON_SERVER_LEAVING;
		break;
	case FOLLOW_GONE:
		break;
	case FOLLOW_FAILED:
		session_lose_server(s, duplex_failure(DUPLEX_SERVER, errno));
		return false;
	}
	if (!replay_is_possible(s, why))
		return true;
	session_lose_server(s, why);
	return false;
}

static void relay_ready(struct session *s, enum duplex_end end, int revents)
{
	uint64_t before[2] = { s->ends.flow[0].bytes, s->ends.flow[1].bytes };
	struct duplex_verdict v;

	if (has_fault(s) && !may_pass(s, end, revents))
		return;
	if (s->ends.replaceable && end == DUPLEX_SERVER && (revents & EV_READ) && !may_speak(s))
		return;
	follow_watch(s);
	v = duplex_ready(&s->ends, s->host->loop, &s->host->space, end, revents);
	follow_unwatch(s);
	relayed(s, before, v);
}

/* After a stall of the process timers come before the input that has arrived meanwhile. */
static bool input_comes_first(struct session *s)
{
	if (!duplex_is_ready(&s->ends))
		return false;
	session_look_in(s, 0);
	return true;
}

static void check_idle(struct session *s)
{
	enum reason reason;
	int64_t left = patience_idle(s, &reason);
	int64_t age_left = patience_age(s);

	if ((left <= 0 || patience_answer(s) <= 0) && input_comes_first(s))
		return;
	if (left <= 0) {
		session_close(s, reason);
		return;
	}
	if (age_left <= 0) {
		session_leave(s, REASON_TOO_OLD);
		return;
	}
	if (patience_answer(s) <= 0) {
		s->unanswered = true;
		session_tell(s, OUTBOX_SERVER_SILENT);
	}
	if (age_left < left)
		left = age_left;
	if (patience_answer(s) < left)
		left = patience_answer(s);
	if (!s->guarded && left > LASTS_MS)
		left = LASTS_MS;
	if (s->ends.withheld && left > PARTING_MS)
		left = PARTING_MS;
	if (left > LOOK_MS && is_to_be_looked_at(s))
		left = LOOK_MS;
	if (left < INT64_MAX)
		session_look_in(s, left);
	else
		session_rest(s);
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

static void start_relaying(struct session *s, const void *header, size_t len)
{
	uint64_t before[2] = { s->ends.flow[0].bytes, s->ends.flow[1].bytes };
	size_t first = replay_preface(s, header, len);
	struct duplex_verdict v = { .ended = true, .reason = (enum reason)s->errand->last_failure };

	if (!s->ends.replaceable)
		replay_end(s);
	if (has_fault(s))
		mishap_on_start(s, first > 0);
	follow_watch(s);
	if (first != SIZE_MAX)
		v = duplex_start(&s->ends, s->host->loop, &s->host->space, s->host->space.buffer,
		                 first, has_fault(s));
	follow_unwatch(s);
	relayed(s, before, v);
}

void session_connected(struct session *s, const void *header, size_t len)
{
	s->phase = SESSION_RELAYING;
	s->guarded = false;
	s->connect_ms = session_age(s) - s->queue_ms;
	s->last_active_ms = s->host->now_ms;
	account_connected(s);
	if (s->through->frontend->settings->logasap)
		session_tell(s, OUTBOX_BEGUN);
	ev_timer_stop(s->host->loop, &s->errand->timer);
	check_idle(s);
	start_relaying(s, header, len);
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
		relay_ready(s, end, revents);
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

static void lose_end(struct session *s, enum duplex_end end)
{
	if (!input_comes_first(s))
		session_lose_server(s, end == DUPLEX_CLIENT ? REASON_CLIENT_RESET
		                                            : REASON_SERVER_RESET);
}

void session_look(struct session *s)
{
	enum duplex_end end;

	if (!s->guarded)
		guard_set(s);
	duplex_part(&s->ends);
	if (duplex_is_reset(&s->ends, &end) && !mishap_hides(s, end))
		lose_end(s, end);
	else if (!s->leaving || !leave_if_idle(s))
		check_idle(s);
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
