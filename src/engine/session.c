/* SPDX-License-Identifier: MIT */
/*
 * A session's life.  Three things happen to it: an end becomes ready (on_client, on_server), time
 * passes (on_time), someone closes it.  engine/duplex.h carries the bytes, greeting.c and dial.c
 * are the stages before that; here are the events, the time-outs and the account of it all.
 */
#include "engine/session.h"

#include "base/cleanup.h"
#include "base/tick.h"
#include "engine/account.h"
#include "net/sock.h"

#include <assert.h>
#include <errno.h>

enum { SESSIONS_PER_CHUNK = 64 };

static void check_idle(struct session *s);

int32_t session_age(const struct session *s)
{
	return (int32_t)(s->host->now_ms - s->accepted_ms);
}

/* An end that is not waited for may be gone: it is looked at so often. */
#define LOOK_S 1.

static void start_timer(struct session *s, ev_tstamp after)
{
	if (after > LOOK_S && !duplex_is_watched(&s->ends))
		after = LOOK_S;
	ev_timer_stop(s->host->loop, &s->timer);
	ev_timer_set(&s->timer, after, 0.);
	ev_timer_start(s->host->loop, &s->timer);
}

void session_tell(struct session *s, enum outbox_kind kind)
{
	struct outbox_entry entry = { .kind = kind, .record = account_record(s) };
	bool urgent = kind == OUTBOX_CONNECT_FAILED || kind == OUTBOX_SERVER_ERROR;

	outbox_put(s->host->outbox, &entry);
	s->host->on_record(s->host->ctx, urgent);
}

const struct addr_ip *session_local(struct session *s)
{
	struct addr_ip *local = &s->ticket.request.local;
	struct addr a;

	if (!local->family && sock_local(s->ends.io[DUPLEX_CLIENT].fd, &a))
		*local = addr_pack(&a);
	return local;
}

/* An RST is passed on as an RST: the other end must not take it for an orderly end. */
static bool ends_with_reset(enum reason r)
{
	return r == REASON_CLIENT_RESET || r == REASON_SERVER_RESET || r == REASON_CLIENT_SILENT ||
	       r == REASON_SERVER_SILENT;
}

/* The session is over for everyone who counted it. */
static void uncount(const struct session_host *h, struct topology_frontend *frontend,
                    _Atomic uint32_t *through)
{
	atomic_fetch_sub_explicit(&frontend->active, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&frontend->service->active, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(through, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(h->connections, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(h->here, 1, memory_order_relaxed);
}

static void forget_header(struct session *s)
{
	if (s->kept)
		slab_put(&s->host->space.tails, s->kept);
	s->kept = NULL;
}

/* An observed server that breaks off before it has said anything is as good as one that refuses. */
static void observe(struct session *s)
{
	if (s->reason != REASON_SERVER_RESET || s->ends.flow[DUPLEX_SERVER].bytes ||
	    !s->server->settings->observe)
		return;
	atomic_fetch_add_explicit(&s->server->errors, 1, memory_order_relaxed);
	session_tell(s, OUTBOX_SERVER_ERROR);
}

void session_close(struct session *s, enum reason reason)
{
	struct session_host *h = s->host;

	if (s->phase == SESSION_CLOSED)
		return;
	if (s->phase != SESSION_RELAYING && s->stage->leave)
		s->stage->leave(s, reason);
	s->phase = SESSION_CLOSED;
	s->reason = (uint8_t)reason;
	ev_timer_stop(h->loop, &s->timer);
	observe(s);
	duplex_close(&s->ends, h->loop, &h->space, ends_with_reset(reason));
	forget_header(s);
	account_end(s);
	if (s->claimed)
		topology_time_add(&s->server->total_time, (uint32_t)session_age(s));
	session_tell(s, OUTBOX_ENDED);
	if (s->claimed)
		queue_release(s->server);
	uncount(h, s->frontend, s->through);
	TAILQ_REMOVE(&h->live, s, link);
	TAILQ_INSERT_TAIL(&h->closing, s, link);
	ev_prepare_start(h->loop, &h->reaper);
}

/* --- relaying ----------------------------------------------------------------------------- */

/* Half-closed, a session may have a shorter limit; with an end unwatched it is looked at. */
static void watch_more_closely(struct session *s)
{
	bool half = s->ends.flow[DUPLEX_CLIENT].shut || s->ends.flow[DUPLEX_SERVER].shut;

	if (half ||
	    (!duplex_is_watched(&s->ends) &&
	     (!ev_is_active(&s->timer) || ev_timer_remaining(s->host->loop, &s->timer) > LOOK_S)))
		check_idle(s);
}

static void count_bytes(struct session *s, enum counter counter, uint64_t n)
{
	if (!n)
		return;
	counter_add(&s->server->count, counter, n);
	/* The only frontend of a service has the service's sum. */
	if (s->service->frontend_count > 1)
		counter_add(&s->frontend->count, counter, n);
}

/* Takes what the duplex found and the bytes it moved. */
static void relayed(struct session *s, const uint64_t before[2], struct duplex_verdict v)
{
	uint64_t in = s->ends.flow[DUPLEX_CLIENT].bytes - before[DUPLEX_CLIENT];
	uint64_t out = s->ends.flow[DUPLEX_SERVER].bytes - before[DUPLEX_SERVER];

	count_bytes(s, COUNTER_BYTES_IN, in);
	count_bytes(s, COUNTER_BYTES_OUT, out);
	if (v.active)
		s->last_active_ms = s->host->now_ms;
	if (v.ended)
		session_close(s, v.reason);
	else
		watch_more_closely(s);
}

static void relay_ready(struct session *s, enum duplex_end end, int revents)
{
	uint64_t before[2] = { s->ends.flow[0].bytes, s->ends.flow[1].bytes };

	relayed(s, before, duplex_ready(&s->ends, s->host->loop, &s->host->space, end, revents));
}

/* How long silence may last now, 0 for ever, and whose limit that is. */
static uint32_t idle_limit(const struct session *s, enum reason *ret)
{
	const struct settings_timeouts *t = &s->service->settings->timeout;
	const struct settings_frontend *f = s->frontend->settings;
	const struct relay *to_server = &s->ends.flow[DUPLEX_CLIENT];
	const struct relay *to_client = &s->ends.flow[DUPLEX_SERVER];
	uint32_t client = to_client->shut && f->client_fin_ms ? f->client_fin_ms : f->client_ms;
	uint32_t server = to_server->shut && t->server_fin_ms ? t->server_fin_ms : t->server_ms;
	bool by_client = client && (!server || client <= server);

	/* Of two equal limits the end that is being waited for gives the reason. */
	if (by_client && client == server && to_server->tail && !to_client->tail)
		by_client = false;
	*ret = by_client ? REASON_CLIENT_IDLE : REASON_SERVER_IDLE;
	return by_client ? client : server;
}

static void check_idle(struct session *s)
{
	enum reason reason;
	uint32_t limit = idle_limit(s, &reason);
	int64_t left = s->last_active_ms + limit - s->host->now_ms;

	if (limit && left <= 0)
		session_close(s, reason);
	else if (limit)
		start_timer(s, (double)left / 1000.);
	else if (!duplex_is_watched(&s->ends))
		start_timer(s, LOOK_S);
}

/* --- the way there ------------------------------------------------------------------------ */

/* How long the client's own limit leaves, INT64_MAX for ever. */
static int64_t client_left(const struct session *s)
{
	uint32_t limit = s->frontend->settings->client_ms;

	return limit ? s->accepted_ms + limit - s->host->now_ms : INT64_MAX;
}

static void rearm(struct session *s)
{
	int64_t left = client_left(s);

	if (s->deadline_ms && s->deadline_ms - s->host->now_ms < left)
		left = s->deadline_ms - s->host->now_ms;
	start_timer(s, left >= (int64_t)(LOOK_S * 1000) ? LOOK_S
	                                                : (double)(left > 0 ? left : 0) / 1000.);
}

void session_wait(struct session *s, uint32_t limit_ms)
{
	s->deadline_ms = limit_ms ? s->host->now_ms + limit_ms : 0;
	rearm(s);
}

void session_connected(struct session *s, const void *header, size_t len)
{
	const uint64_t before[2] = { 0, 0 };

	forget_header(s);
	s->phase = SESSION_RELAYING;
	s->connect_ms = session_age(s) - s->queue_ms;
	s->last_active_ms = s->host->now_ms;
	counter_add(&s->server->count, COUNTER_CONNECTED, 1);
	if (atomic_load_explicit(&s->server->errors, memory_order_relaxed))
		atomic_store_explicit(&s->server->errors, 0, memory_order_relaxed);
	topology_time_add(&s->server->queue_time, (uint32_t)s->queue_ms);
	topology_time_add(&s->server->connect_time, (uint32_t)s->connect_ms);
	if (s->frontend->settings->logasap)
		session_tell(s, OUTBOX_BEGUN);
	ev_timer_stop(s->host->loop, &s->timer);
	check_idle(s);
	relayed(s, before, duplex_start(&s->ends, s->host->loop, &s->host->space, header, len));
}

/* --- events ------------------------------------------------------------------------------- */

/*
 * Before it has a server a client may leave: with a reset, or with a mere end if it has said
 * nothing that a server would answer (HAProxy decides so, too).  False: it has left.
 */
static bool look_at_client(struct session *s)
{
	int fd = s->ends.io[DUPLEX_CLIENT].fd;
	bool reset = sock_is_reset(fd);
	char byte;
	ssize_t got = recv(fd, &byte, 1, MSG_PEEK);

	if (reset || (got == -1 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		session_close(s, REASON_CLIENT_RESET);
		return false;
	}
	if (got == 0) {
		session_close(s,
		              s->phase == SESSION_QUEUED ? REASON_QUEUE_LEFT : REASON_CONNECT_LEFT);
		return false;
	}
	/* There is more to come only after it has been read. */
	if (got > 0)
		ev_io_stop(s->host->loop, &s->ends.io[DUPLEX_CLIENT]);
	return true;
}

static void ready(struct session *s, enum duplex_end end, int revents)
{
	switch ((enum session_phase)s->phase) {
	case SESSION_GREETING:
	case SESSION_DIALING:
		s->stage->ready(s);
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
	bool over = s->deadline_ms && s->host->now_ms >= s->deadline_ms;

	if (s->phase != SESSION_GREETING && client_left(s) <= 0) {
		session_close(s, REASON_CLIENT_IDLE);
		return;
	}
	if (s->phase != SESSION_GREETING && !look_at_client(s))
		return;
	if (!over)
		rearm(s);
	s->stage->time_passed(s, over);
}

static void check_relaying(struct session *s)
{
	enum duplex_end end;

	if (duplex_is_reset(&s->ends, &end))
		session_close(s, end == DUPLEX_CLIENT ? REASON_CLIENT_RESET : REASON_SERVER_RESET);
	else
		check_idle(s);
}

/* After a stall of the process timers come before the input that has arrived meanwhile. */
#define AFTER_INPUT_S 0.001

static void on_time(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct session *s = container_of(w, struct session, timer);

	(void)loop;
	(void)revents;
	if (duplex_is_ready(&s->ends))
		start_timer(s, AFTER_INPUT_S);
	else if (s->phase == SESSION_RELAYING)
		check_relaying(s);
	else
		time_passed(s);
}

static void on_reap(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct session_host *h = container_of(w, struct session_host, reaper);
	struct session *s;

	(void)revents;
	while ((s = TAILQ_FIRST(&h->closing))) {
		TAILQ_REMOVE(&h->closing, s, link);
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
	TAILQ_INIT(&h->live);
	TAILQ_INIT(&h->closing);
	ev_prepare_init(&h->reaper, on_reap);
	slab_init(&h->sessions, sizeof(struct session), SESSIONS_PER_CHUNK, UINT32_MAX);
	queue_desk_init(&h->desk, h->loop, h->on_call);
	rng_seed(&h->rng);
}

void session_host_release(struct session_host *h)
{
	assert(TAILQ_EMPTY(&h->live));
	on_reap(h->loop, &h->reaper, 0);
	ev_check_stop(h->loop, &h->clock);
	queue_desk_release(&h->desk);
	slab_release(&h->sessions);
	relay_space_release(&h->space);
}

void session_host_forget(struct session_host *h)
{
	struct session *s;

	TAILQ_FOREACH(s, &h->live, link)
		if (s->server && !s->claimed && !queue_serves(s->server))
			s->server = NULL;
}

static void turn_away(const struct session_host *h, const struct session_client *client)
{
	sock_reset(client->fd);
	uncount(h, client->frontend, client->through);
	counter_add(&client->frontend->count, COUNTER_FAILED_RESOURCES, 1);
	atomic_fetch_add_explicit(&client->frontend->service->ended[REASON_RESOURCES], 1,
	                          memory_order_relaxed);
}

void session_open(struct session_host *h, const struct session_client *client)
{
	struct session *s = slab_get(&h->sessions);

	if (!s) {
		turn_away(h, client);
		return;
	}
	*s = (struct session){ .host = h,
		               .frontend = client->frontend,
		               .service = client->frontend->service,
		               .bind = client->bind,
		               .through = client->through,
		               .id = client->id,
		               .accepted_wall_ms = tick_wall_ms(),
		               .accepted_ms = h->now_ms,
		               .last_active_ms = h->now_ms,
		               .queue_ms = -1,
		               .connect_ms = -1,
		               .ticket.request.client = client->address };
	s->ticket.request.tried = &s->ticket.tried;
	ev_io_init(&s->ends.io[DUPLEX_CLIENT], on_client, client->fd, EV_READ);
	ev_io_init(&s->ends.io[DUPLEX_SERVER], on_server, -1, EV_WRITE);
	ev_timer_init(&s->timer, on_time, 0., 0.);
	TAILQ_INSERT_TAIL(&h->live, s, link);
	h->begin(s);
}
