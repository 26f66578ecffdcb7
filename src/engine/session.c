/* SPDX-License-Identifier: MIT */
/*
 * A session's life.  Three things happen to it: an end becomes ready (on_client, on_server), time
 * passes (on_time), someone closes it.  engine/duplex.h carries the bytes; here are the choice of a
 * server, the attempts, the time-outs and the account of it all.
 */
#include "engine/session.h"

#include "base/cleanup.h"
#include "base/tick.h"
#include "engine/account.h"
#include "net/sock.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

/* HAProxy waits as long before it tries the same server again (manual 4.2, "retries"). */
#define TURNAROUND_MS 1000
/* How often a session looks again while servers are at their maxconn or descriptors are out. */
#define FULL_POLL_MS 20

enum { SESSIONS_PER_CHUNK = 64 };

static void dial(struct session *s);
static void check_idle(struct session *s);

static int32_t age_ms(const struct session *s)
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

/* An RST is passed on as an RST: the other end must not take it for an orderly end. */
static bool ends_with_reset(enum reason r)
{
	return r == REASON_CLIENT_RESET || r == REASON_SERVER_RESET || r == REASON_CLIENT_SILENT ||
	       r == REASON_SERVER_SILENT;
}

/* The session is over for everyone who counted it. */
static void uncount(const struct session_host *h, struct topology_service *service,
                    _Atomic uint32_t *through)
{
	atomic_fetch_sub_explicit(&service->active, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(through, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(h->connections, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(h->here, 1, memory_order_relaxed);
}

void session_close(struct session *s, enum reason reason)
{
	struct session_host *h = s->host;
	struct outbox_entry entry = { .kind = OUTBOX_ENDED };

	if (s->phase == SESSION_CLOSED)
		return;
	s->phase = SESSION_CLOSED;
	s->reason = (uint8_t)reason;
	ev_timer_stop(h->loop, &s->timer);
	duplex_close(&s->ends, h->loop, &h->space, ends_with_reset(reason));
	account_end(s);
	entry.record = account_record(s);
	if (s->claimed) {
		topology_time_add(&s->server->total_time, (uint32_t)entry.record.total_ms);
		pool_release(s->server);
	}
	outbox_put(h->outbox, &entry);
	uncount(h, s->service, s->through);
	h->on_record(h->ctx, false);
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

/* Takes what the duplex found and the bytes it moved. */
static void relayed(struct session *s, const uint64_t before[2], struct duplex_verdict v)
{
	uint64_t in = s->ends.flow[DUPLEX_CLIENT].bytes - before[DUPLEX_CLIENT];
	uint64_t out = s->ends.flow[DUPLEX_SERVER].bytes - before[DUPLEX_SERVER];

	if (in)
		counter_add(&s->server->count, COUNTER_BYTES_IN, in);
	if (out)
		counter_add(&s->server->count, COUNTER_BYTES_OUT, out);
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
	const struct relay *to_server = &s->ends.flow[DUPLEX_CLIENT];
	const struct relay *to_client = &s->ends.flow[DUPLEX_SERVER];
	uint32_t client = to_client->shut && t->client_fin_ms ? t->client_fin_ms : t->client_ms;
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

/* --- connecting --------------------------------------------------------------------------- */

static void start_relaying(struct session *s)
{
	const uint64_t before[2] = { 0, 0 };

	s->phase = SESSION_RELAYING;
	s->connect_ms = age_ms(s) - s->queue_ms;
	s->last_active_ms = s->host->now_ms;
	counter_add(&s->server->count, COUNTER_CONNECTED, 1);
	topology_time_add(&s->server->queue_time, (uint32_t)s->queue_ms);
	topology_time_add(&s->server->connect_time, (uint32_t)s->connect_ms);
	ev_timer_stop(s->host->loop, &s->timer);
	check_idle(s);
	relayed(s, before, duplex_start(&s->ends, s->host->loop, &s->host->space));
}

static void drop_server(struct session *s)
{
	ev_io_stop(s->host->loop, &s->ends.io[DUPLEX_SERVER]);
	if (s->ends.io[DUPLEX_SERVER].fd != -1)
		sock_close(s->ends.io[DUPLEX_SERVER].fd);
	ev_io_set(&s->ends.io[DUPLEX_SERVER], -1, 0);
	if (s->claimed)
		pool_release(s->server);
	s->claimed = false;
}

static void report_failure(struct session *s)
{
	struct outbox_entry entry = { .kind = OUTBOX_CONNECT_FAILED, .record = account_record(s) };

	outbox_put(s->host->outbox, &entry);
	s->host->on_record(s->host->ctx, true);
}

static void set_deadline(struct session *s, uint32_t after_ms)
{
	s->deadline_ms = after_ms ? s->host->now_ms + after_ms : 0;
	start_timer(s, after_ms ? after_ms / 1000. : LOOK_S);
}

static void wait_then_dial(struct session *s, uint32_t after_ms)
{
	s->phase = SESSION_WAITING;
	set_deadline(s, after_ms);
}

/* An attempt failed: the next server at once, the same one after the turn-around, or the end. */
static void attempt_failed(struct session *s, enum reason why)
{
	const struct settings_service *set = s->service->settings;

	s->last_failure = (uint8_t)why;
	report_failure(s);
	drop_server(s);
	pool_tried_add(&s->tried, s->server);
	if (s->retries >= set->retries) {
		session_close(s, why);
		return;
	}
	s->retries++;
	if (set->redispatch)
		dial(s);
	else
		wait_then_dial(s, TURNAROUND_MS);
}

static void connect_done(struct session *s)
{
	int errnum = sock_error(s->ends.io[DUPLEX_SERVER].fd);

	if (!errnum)
		start_relaying(s);
	else
		attempt_failed(s, errnum == ETIMEDOUT ? REASON_CONNECT_TIMEOUT
		                                      : REASON_CONNECT_REFUSED);
}

/* Room or a descriptor is missing: wait in line, but not longer than a connect may take. */
static void wait_in_line(struct session *s, enum reason why)
{
	uint32_t limit = s->service->settings->timeout.connect_ms;

	if (!s->in_line_ms)
		s->in_line_ms = s->host->now_ms;
	if (limit && s->host->now_ms - s->in_line_ms >= (int64_t)limit)
		session_close(s, why);
	else
		wait_then_dial(s, FULL_POLL_MS);
}

static void begin_connect(struct session *s)
{
	const struct settings_service *set = s->service->settings;
	struct sock_options o = {
		.keepalive = { .on = set->keepalive.server,
		               .idle_s = set->keepalive.idle_s,
		               .interval_s = set->keepalive.interval_s,
		               .count = set->keepalive.count },
		.user_timeout_ms = set->tcp_user_timeout_ms,
		.nodelay = true,
	};
	bool connected = false;
	struct addr to;
	int fd;

	if (!topology_address(s->server, &to)) {
		attempt_failed(s, REASON_CONNECT_REFUSED);
		return;
	}
	fd = sock_connect(&to, &o, &connected);
	if (fd == -1 &&
	    (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
		wait_in_line(s, REASON_RESOURCES); /* the server stays claimed */
		return;
	}
	if (fd == -1) {
		attempt_failed(s, REASON_CONNECT_REFUSED);
		return;
	}
	ev_io_set(&s->ends.io[DUPLEX_SERVER], fd, EV_WRITE);
	s->phase = SESSION_DIALING;
	s->in_line_ms = 0;
	if (connected) {
		start_relaying(s);
		return;
	}
	ev_io_start(s->host->loop, &s->ends.io[DUPLEX_SERVER]);
	set_deadline(s, set->timeout.connect_ms);
}

static void claimed_server(struct session *s, struct topology_server *server)
{
	struct topology_server *before = s->server;

	s->server = server;
	s->claimed = true;
	counter_add(&server->count, COUNTER_SESSIONS, 1);
	atomic_store_explicit(&server->last_session_ms, s->host->now_ms, memory_order_relaxed);
	if (s->queue_ms < 0)
		s->queue_ms = age_ms(s);
	if (before && before != server) {
		s->redispatched = true;
		counter_add(&before->count, COUNTER_REDISPATCHES, 1);
	} else if (before) {
		counter_add(&server->count, COUNTER_RETRIES, 1);
	}
	begin_connect(s);
}

static void dial(struct session *s)
{
	struct topology_server *server = NULL;

	switch (pool_claim(s->service, &s->tried, &server)) {
	case POOL_CLAIMED:
		claimed_server(s, server);
		break;
	case POOL_NONE:
		session_close(s, s->server ? (enum reason)s->last_failure : REASON_NO_SERVER);
		break;
	case POOL_FULL:
		wait_in_line(s, REASON_ALL_FULL);
		break;
	case POOL_TRIED:
		s->tried = (struct pool_tried){ 0 };
		wait_then_dial(s, TURNAROUND_MS);
		break;
	}
}

/* Without redispatch a session stays with the server that it was given first. */
static void dial_again(struct session *s)
{
	if (s->server && !s->service->settings->redispatch) {
		pool_claim_same(s->server);
		claimed_server(s, s->server);
	} else {
		dial(s);
	}
}

/* --- events ------------------------------------------------------------------------------- */

static void ready(struct session *s, enum duplex_end end, int revents)
{
	switch ((enum session_phase)s->phase) {
	case SESSION_DIALING:
		connect_done(s);
		break;
	case SESSION_RELAYING:
		relay_ready(s, end, revents);
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

static void attempt_again(struct session *s)
{
	if (s->claimed)
		begin_connect(s);
	else
		dial_again(s);
}

/* The deadline has come, or it was only time to look. */
static void time_passed(struct session *s)
{
	bool over = s->deadline_ms && s->host->now_ms >= s->deadline_ms;
	int64_t left = s->deadline_ms ? s->deadline_ms - s->host->now_ms : INT32_MAX;

	if (s->phase == SESSION_RELAYING)
		check_idle(s);
	else if (!over)
		start_timer(s, (double)left / 1000.);
	else if (s->phase == SESSION_DIALING)
		attempt_failed(s, REASON_CONNECT_TIMEOUT);
	else if (s->phase == SESSION_WAITING)
		attempt_again(s);
}

/* After a stall of the process timers come before the input that has arrived meanwhile. */
#define AFTER_INPUT_S 0.001

static void on_time(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct session *s = container_of(w, struct session, timer);
	enum duplex_end end;

	(void)loop;
	(void)revents;
	if (duplex_is_ready(&s->ends))
		start_timer(s, AFTER_INPUT_S);
	else if (duplex_is_reset(&s->ends, &end))
		session_close(s, end == DUPLEX_CLIENT ? REASON_CLIENT_RESET : REASON_SERVER_RESET);
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
}

void session_host_release(struct session_host *h)
{
	assert(TAILQ_EMPTY(&h->live));
	on_reap(h->loop, &h->reaper, 0);
	ev_check_stop(h->loop, &h->clock);
	slab_release(&h->sessions);
	relay_space_release(&h->space);
}

void session_open(struct session_host *h, const struct session_client *client)
{
	struct session *s = slab_get(&h->sessions);

	if (!s) {
		sock_reset(client->fd);
		uncount(h, client->service, client->through);
		atomic_fetch_add_explicit(&client->service->ended[REASON_RESOURCES], 1,
		                          memory_order_relaxed);
		return;
	}
	*s = (struct session){ .host = h,
		               .service = client->service,
		               .bind = client->bind,
		               .through = client->through,
		               .id = client->id,
		               .accepted_wall_ms = tick_wall_ms(),
		               .accepted_ms = h->now_ms,
		               .last_active_ms = h->now_ms,
		               .queue_ms = -1,
		               .connect_ms = -1,
		               .client = client->address };
	ev_io_init(&s->ends.io[DUPLEX_CLIENT], on_client, client->fd, EV_READ);
	ev_io_init(&s->ends.io[DUPLEX_SERVER], on_server, -1, EV_WRITE);
	ev_timer_init(&s->timer, on_time, 0., 0.);
	TAILQ_INSERT_TAIL(&h->live, s, link);
	dial(s);
}
