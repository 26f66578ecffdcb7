/* SPDX-License-Identifier: MIT */
/*
 * The choice of a server and the attempts to reach it.  A refused, reset or silent attempt goes on
 * to the next server at once; without redispatch to the same one, whose place the session keeps,
 * after the turn-around.
 */
#include "dial.h"

#include "base/cleanup.h"
#include "net/proxyproto.h"
#include "net/sock.h"

#include <errno.h>

/* HAProxy waits as long before it tries the same server again (manual 4.2, "retries"). */
#define TURNAROUND_MS 1000
/* How often a session looks again while descriptors are out. */
#define STARVED_POLL_MS 20

enum { HEADER_MAX = PROXYPROTO_V2_PLAIN + PROXYPROTO_MAX };

static void choose(struct session *s);

static void wait_turn(struct session *s, uint32_t after_ms)
{
	s->phase = SESSION_WAITING;
	session_wait(s, after_ms);
}

/* The TLVs of the client's header are sent on, so that nothing is lost between two proxies. */
static size_t write_header(struct session *s, char *buf)
{
	struct addr client = addr_unpack(&s->ticket.request.client);
	struct addr local;

	if (s->server->settings->send_proxy == SETTINGS_PROXY_NONE)
		return 0;
	local = addr_unpack(session_local(s));
	if (s->server->settings->send_proxy == SETTINGS_PROXY_V1)
		return proxyproto_write_v1(&client, &local, buf, HEADER_MAX);
	return proxyproto_write_v2(&client, &local, s->kept ? s->kept->bytes : NULL,
	                           s->kept ? s->kept->end : 0, buf, HEADER_MAX);
}

static void connected(struct session *s)
{
	char header[HEADER_MAX];

	session_connected(s, header, write_header(s, header));
}

static void close_server(struct session *s)
{
	ev_io *io = &s->ends.io[DUPLEX_SERVER];

	ev_io_stop(s->host->loop, io);
	if (io->fd != -1)
		sock_close(io->fd);
	ev_io_set(io, -1, 0);
}

static void leave_server(struct session *s)
{
	close_server(s);
	s->claimed = false;
	queue_release(s->server);
}

static void attempt_failed(struct session *s, enum reason why)
{
	const struct settings_service *set = s->service->settings;

	s->last_failure = (uint8_t)why;
	atomic_fetch_add_explicit(&s->server->errors, 1, memory_order_relaxed);
	session_tell(s, OUTBOX_CONNECT_FAILED);
	pool_tried_add(&s->ticket.tried, s->server);
	if (s->retries >= set->retries) {
		leave_server(s);
		session_close(s, why);
		return;
	}
	s->retries++;
	if (set->redispatch) {
		leave_server(s);
		choose(s);
	} else {
		close_server(s);
		wait_turn(s, TURNAROUND_MS);
	}
}

/* A descriptor is missing: the server stays claimed, but not longer than a connect may take. */
static void wait_for_descriptor(struct session *s)
{
	uint32_t limit = s->service->settings->timeout.connect_ms;

	if (!s->starved_ms)
		s->starved_ms = s->host->now_ms;
	if (limit && s->host->now_ms - s->starved_ms >= (int64_t)limit)
		session_close(s, REASON_RESOURCES);
	else
		wait_turn(s, STARVED_POLL_MS);
}

static bool has_source(const struct settings_source *source)
{
	return source->addr.len || source->interface;
}

static int open_socket(struct session *s, const struct addr *to, bool *at_once)
{
	const struct settings_service *set = s->service->settings;
	const struct settings_server *server = s->server->settings;
	struct sock_options o = {
		.keepalive = { .on = set->keepalive.server,
		               .idle_s = set->keepalive.idle_s,
		               .interval_s = set->keepalive.interval_s,
		               .count = set->keepalive.count },
		.user_timeout_ms = server->tcp_user_timeout_ms ? server->tcp_user_timeout_ms
		                                               : set->tcp_user_timeout_ms,
		.nodelay = true,
		.turn = s->id + s->retries,
	};
	struct sock_source source;

	if (has_source(&server->source)) {
		source = (struct sock_source){ .addr = server->source.addr,
			                       .port_low = server->source.port_low,
			                       .port_high = server->source.port_high,
			                       .interface = server->source.interface };
		o.source = &source;
	}
	return sock_connect(to, &o, at_once);
}

static void note_addresses(struct session *s, int fd, const struct addr *to)
{
	struct addr from;

	s->server_addr = addr_pack(to);
	s->source_addr = (struct addr_ip){ 0 };
	if (sock_local(fd, &from))
		s->source_addr = addr_pack(&from);
}

static void begin_attempt(struct session *s)
{
	bool at_once = false;
	struct addr to;
	int fd;

	if (!topology_address(s->server, &to)) {
		attempt_failed(s, REASON_CONNECT_REFUSED);
		return;
	}
	fd = open_socket(s, &to, &at_once);
	if (fd == -1 &&
	    (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
		wait_for_descriptor(s);
		return;
	}
	if (fd == -1) {
		attempt_failed(s, REASON_CONNECT_REFUSED);
		return;
	}
	s->starved_ms = 0;
	ev_io_set(&s->ends.io[DUPLEX_SERVER], fd, EV_WRITE);
	if (s->frontend->settings->log_addresses)
		note_addresses(s, fd, &to);
	s->phase = SESSION_DIALING;
	if (at_once) {
		connected(s);
		return;
	}
	ev_io_start(s->host->loop, &s->ends.io[DUPLEX_SERVER]);
	session_wait(s, s->service->settings->timeout.connect_ms);
}

static void count_attempt(struct topology_server *server, int64_t now_ms)
{
	counter_add(&server->count, COUNTER_SESSIONS, 1);
	atomic_store_explicit(&server->last_session_ms, now_ms, memory_order_relaxed);
}

/* `server` is claimed for it. */
static void use_server(struct session *s, struct topology_server *server)
{
	struct topology_server *before = s->server;

	s->server = server;
	s->claimed = true;
	ev_io_stop(s->host->loop, &s->ends.io[DUPLEX_CLIENT]);
	count_attempt(server, s->host->now_ms);
	if (s->queue_ms < 0)
		s->queue_ms = session_age(s);
	if (before && before != server) {
		s->redispatched = true;
		counter_add(&before->count, COUNTER_REDISPATCHES, 1);
	} else if (before) {
		counter_add(&server->count, COUNTER_RETRIES, 1);
	}
	begin_attempt(s);
}

/* The place on the server was kept. */
static void attempt_again(struct session *s)
{
	if (!s->starved_ms) {
		count_attempt(s->server, s->host->now_ms);
		counter_add(&s->server->count, COUNTER_RETRIES, 1);
	}
	begin_attempt(s);
}

static void no_server(struct session *s)
{
	session_close(s, s->server ? (enum reason)s->last_failure : REASON_NO_SERVER);
}

static void stand_in_line(struct session *s, struct topology_server *bound)
{
	const struct settings_timeouts *t = &s->service->settings->timeout;
	struct topology_server *server = NULL;

	s->ticket.desk = &s->host->desk;
	switch (queue_join(s->service, &s->ticket, bound, &s->waited, &server)) {
	case QUEUE_CLAIMED:
		use_server(s, server);
		break;
	case QUEUE_WAITS:
		s->phase = SESSION_QUEUED;
		ev_io_start(s->host->loop, &s->ends.io[DUPLEX_CLIENT]);
		session_wait(s, t->queue_ms ? t->queue_ms : t->connect_ms);
		break;
	case QUEUE_NO_SERVER:
		no_server(s);
		break;
	case QUEUE_TOO_LONG:
		s->server = server;
		session_close(s, REASON_ALL_FULL);
		break;
	}
}

/* Between a release and the call of the first in line a newcomer may be faster: it stands back. */
static void claimed(struct session *s, struct topology_server *server)
{
	if (atomic_load_explicit(&server->queued, memory_order_relaxed)) {
		pool_release(server);
		stand_in_line(s, server);
	} else {
		use_server(s, server);
	}
}

static void choose(struct session *s)
{
	struct topology_server *server = NULL;

	s->ticket.request.random = rng_next(&s->host->rng);
	if (queue_is_busy(s->service)) {
		stand_in_line(s, NULL);
		return;
	}
	switch (pool_claim(s->service, &s->ticket.request, &server)) {
	case POOL_CLAIMED:
		claimed(s, server);
		break;
	case POOL_NONE:
		no_server(s);
		break;
	case POOL_FULL:
		stand_in_line(s, server);
		break;
	case POOL_TRIED:
		s->ticket.tried = (struct pool_tried){ 0 };
		wait_turn(s, TURNAROUND_MS);
		break;
	}
}

static bool hashes_the_dialled(const struct settings_service *set)
{
	return set->balance == SETTINGS_HASH &&
	       (set->hash.input == SETTINGS_HASH_DST || set->hash.input == SETTINGS_HASH_DST_PORT);
}

static void ready(struct session *s)
{
	int errnum = sock_error(s->ends.io[DUPLEX_SERVER].fd);

	if (!errnum)
		connected(s);
	else
		attempt_failed(s, errnum == ETIMEDOUT ? REASON_CONNECT_TIMEOUT
		                                      : REASON_CONNECT_REFUSED);
}

/* The server that it waited for, if it did for a certain one, is told of in its record. */
static bool left_line(struct session *s)
{
	struct topology_server *given = queue_leave(&s->ticket);

	if (!given && s->ticket.server)
		s->server = s->ticket.server;
	return !given;
}

static void leave(struct session *s, enum reason reason)
{
	if (s->phase != SESSION_QUEUED)
		return;
	/* HAProxy's Tw. */
	if (s->queue_ms < 0 && reason != REASON_CLIENT_IDLE && reason != REASON_ALL_FULL)
		s->queue_ms = session_age(s);
	if (!left_line(s))
		queue_release(s->ticket.server);
}

/* No room within its time; unless it has just been called. */
static void wait_is_over(struct session *s)
{
	if (left_line(s)) {
		session_close(s, REASON_QUEUE_TIMEOUT);
	} else {
		use_server(s, s->ticket.server);
	}
}

static void time_passed(struct session *s, bool over)
{
	switch ((enum session_phase)s->phase) {
	case SESSION_QUEUED:
		if (over)
			wait_is_over(s);
		else
			queue_kick(s->service);
		break;
	case SESSION_WAITING:
		if (over && s->claimed)
			attempt_again(s);
		else if (over)
			choose(s);
		break;
	case SESSION_DIALING:
		if (over)
			attempt_failed(s, REASON_CONNECT_TIMEOUT);
		break;
	case SESSION_GREETING:
	case SESSION_RELAYING:
	case SESSION_CLOSED:
		break;
	}
}

void dial_begin(struct session *s)
{
	const struct settings_frontend *f = s->frontend->settings;
	static const struct session_stage stage = { ready, time_passed, leave };
	bool tells = f->session_log == SETTINGS_SESSION_CONNECT;

	s->stage = &stage;
	s->phase = SESSION_WAITING;
	/* A probe of somebody before us: no server is to be disturbed by it. */
	if (sock_is_reset(s->ends.io[DUPLEX_CLIENT].fd)) {
		session_close(s, REASON_CONNECT_LEFT);
		return;
	}
	if (tells || f->log_addresses || hashes_the_dialled(s->service->settings))
		session_local(s);
	if (tells)
		session_tell(s, OUTBOX_BEGUN);
	choose(s);
}

void dial_called(struct queue_ticket *t, struct topology_server *server)
{
	use_server(container_of(t, struct session, ticket), server);
}
