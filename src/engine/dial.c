/* SPDX-License-Identifier: MIT */
/*
 * The choice of a server and the attempts to reach it.  A refused, reset or silent attempt goes on
 * to the next server at once; without redispatch to the same one, whose place the session keeps,
 * after the turn-around.  Where nothing is left a session may be held in line: until a server is
 * usable, or for a turn-around if all that are have failed it.
 */
#include "dial.h"

#include "approach.h"
#include "courtesy.h"
#include "replay.h"

#include "base/cleanup.h"
#include "core/quorum.h"
#include "engine/mishap.h"
#include "net/sock.h"

#include <errno.h>

/* HAProxy waits as long before it tries the same server again (manual 4.2, "retries"). */
#define TURNAROUND_MS 1000
/* How often a session looks again while descriptors are out. */
#define STARVED_POLL_MS 20

static void choose(struct session *s);

static void wait_turn(struct session *s, uint32_t after_ms)
{
	s->phase = SESSION_WAITING;
	session_wait(s, after_ms);
}

/* A place that is claimed for it, which it does not need. */
static void give_back(struct session *s, struct topology_server *server)
{
	queue_arrive(server, &s->errand->ticket.way);
	queue_release(server);
}

static void leave_server(struct session *s)
{
	approach_end(s);
	s->claimed = false;
	give_back(s, s->server);
}

/* How long it may still be held, counted from its first wait on. */
static int64_t hold_left(struct session *s)
{
	struct queue_ticket *t = &s->errand->ticket;
	uint32_t limit = quorum_hold_ms(session_service(s));

	/* What it was promised counts: a panic may end, a reload may shorten it. */
	if (limit > t->hold_ms)
		t->hold_ms = limit;
	return t->since_ms ? t->since_ms + t->hold_ms - s->host->now_ms : t->hold_ms;
}

/* What was our own doing, the want of a port, says nothing of the server. */
static void blame(struct session *s, enum reason why)
{
	if (why == REASON_RESOURCES)
		return;
	atomic_fetch_add_explicit(&s->server->errors, 1, memory_order_relaxed);
	session_tell(s, OUTBOX_CONNECT_FAILED);
}

static void attempt_failed(struct session *s, enum reason why)
{
	const struct settings_service *set = session_service(s)->settings;

	s->errand->last_failure = (uint8_t)why;
	blame(s, why);
	pool_tried_add(&s->errand->ticket.tried, s->server);
	if (s->retries >= set->retries && (!set->redispatch || hold_left(s) <= 0)) {
		leave_server(s);
		courtesy_refuse(s, why);
		return;
	}
	if (s->retries < UINT8_MAX)
		s->retries++;
	if (set->redispatch) {
		leave_server(s);
		choose(s);
	} else {
		approach_end(s);
		wait_turn(s, TURNAROUND_MS);
	}
}

/* A descriptor is missing: the server stays claimed, but not longer than a connect may take. */
static void wait_for_descriptor(struct session *s)
{
	uint32_t limit = session_service(s)->settings->timeout.connect_ms;

	if (!s->errand->starved_ms)
		s->errand->starved_ms = s->host->now_ms;
	if (limit && s->host->now_ms - s->errand->starved_ms >= (int64_t)limit) {
		leave_server(s);
		courtesy_refuse(s, REASON_RESOURCES);
	} else {
		wait_turn(s, STARVED_POLL_MS);
	}
}

static void connected(struct session *s)
{
	queue_arrive(s->server, &s->errand->ticket.way);
	approach_finish(s);
}

static void begin_attempt(struct session *s)
{
	enum approach_result result = approach_begin(s);

	switch (result) {
	case APPROACH_BEGUN:
	case APPROACH_CONNECTED:
		s->errand->starved_ms = 0;
		s->phase = SESSION_DIALING;
		if (result == APPROACH_CONNECTED && mishap_on_connected(s) != MISHAP_HELD)
			connected(s);
		else
			session_wait(s, session_service(s)->settings->timeout.connect_ms);
		break;
	case APPROACH_REFUSED:
		attempt_failed(s, REASON_CONNECT_REFUSED);
		break;
	case APPROACH_NO_PORT:
		attempt_failed(s, REASON_RESOURCES);
		break;
	case APPROACH_NO_DESCRIPTOR:
		wait_for_descriptor(s);
		break;
	}
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
	if (!s->errand->starved_ms) {
		count_attempt(s->server, s->host->now_ms);
		counter_add(&s->server->count, COUNTER_RETRIES, 1);
	}
	begin_attempt(s);
}

/* It was failed by servers before, or there never was one. */
static void no_server(struct session *s, enum reason first)
{
	courtesy_refuse(s, s->server ? (enum reason)s->errand->last_failure : first);
}

/* All usable servers have failed it, and it is not held. */
static void turn_around(struct session *s)
{
	if (s->retries > session_service(s)->settings->retries) {
		courtesy_refuse(s, (enum reason)s->errand->last_failure);
		return;
	}
	s->errand->ticket.tried = (struct pool_tried){ 0 };
	wait_turn(s, TURNAROUND_MS);
}

/* How long it may stand in line from now on; INT64_MAX: for ever. */
static int64_t wait_left(struct session *s)
{
	const struct settings_timeouts *set = &session_service(s)->settings->timeout;
	const struct queue_ticket *t = &s->errand->ticket;
	int64_t hold = hold_left(s);
	uint32_t limit = set->queue_ms ? set->queue_ms : set->connect_ms;

	if (atomic_load_explicit(&t->held, memory_order_relaxed) || (t->hold_ms && !set->queue_ms))
		return hold;
	return limit ? t->joined_ms + limit - s->host->now_ms : INT64_MAX;
}

static void wait_in_line(struct session *s)
{
	int64_t left = wait_left(s);

	session_wait(s, left == INT64_MAX ? 0 : left > 0 ? (uint32_t)left : 1);
}

static void watch_client(struct session *s)
{
	ev_io *io = &s->ends.io[DUPLEX_CLIENT];

	ev_io_stop(s->host->loop, io);
	ev_io_set(io, io->fd, EV_READ);
	ev_io_start(s->host->loop, io);
}

static void stand_in_line(struct session *s, struct topology_server *bound)
{
	struct queue_ticket *t = &s->errand->ticket;
	struct topology_server *server = NULL;

	t->desk = &s->host->desk;
	t->hold_max = hold_left(s) > 0 ? session_service(s)->settings->hold_max : 0;
	t->joined_ms = s->host->now_ms;
	if (!t->since_ms)
		t->since_ms = t->joined_ms;
	switch (queue_join(session_service(s), t, bound, &s->errand->waited, &server)) {
	case QUEUE_CLAIMED:
		use_server(s, server);
		break;
	case QUEUE_WAITS:
		s->phase = SESSION_QUEUED;
		watch_client(s);
		wait_in_line(s);
		break;
	case QUEUE_NO_SERVER:
		no_server(s, REASON_NO_SERVER);
		break;
	case QUEUE_HOLD_FULL:
		if (t->tried.count)
			turn_around(s);
		else
			no_server(s, REASON_HOLD_FULL);
		break;
	case QUEUE_TOO_LONG:
		s->server = server;
		/* It may have stood back from a place that nobody was told of. */
		queue_settle(session_service(s));
		courtesy_refuse(s, REASON_ALL_FULL);
		break;
	}
}

/* Between a release and the call of the first in line a newcomer may be faster: it stands back. */
static void claimed(struct session *s, struct topology_server *server)
{
	if (atomic_load_explicit(&server->queued, memory_order_relaxed)) {
		pool_arrive(server, &s->errand->ticket.way);
		pool_release(server);
		stand_in_line(s, server);
	} else {
		use_server(s, server);
	}
}

static enum pool_verdict claim(struct session *s, struct topology_server **ret)
{
	struct pool_way *way = &s->errand->ticket.way;
	enum pool_verdict verdict = pool_claim(session_service(s), &s->errand->ticket.request, ret);

	if (way->gave_back)
		queue_settle(session_service(s));
	way->gave_back = false;
	return verdict;
}

/* More servers than are remembered may have failed it: it does not go round without a rest. */
static bool is_to_rest(struct session *s)
{
	return pool_tried_all(&s->errand->ticket.tried, session_service(s)) && hold_left(s) > 0;
}

static void choose(struct session *s)
{
	struct topology_server *server = NULL;

	s->errand->ticket.request.random = rng_next(&s->host->rng);
	if (queue_is_busy(session_service(s)) || is_to_rest(s)) {
		stand_in_line(s, NULL);
		return;
	}
	switch (claim(s, &server)) {
	case POOL_CLAIMED:
		claimed(s, server);
		break;
	case POOL_NONE:
		if (hold_left(s) > 0)
			stand_in_line(s, NULL);
		else
			no_server(s, REASON_NO_SERVER);
		break;
	case POOL_FULL:
		stand_in_line(s, server);
		break;
	case POOL_TRIED:
		if (hold_left(s) > 0)
			stand_in_line(s, NULL);
		else
			turn_around(s);
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
	int fd = s->ends.io[DUPLEX_SERVER].fd;
	int errnum = fd != -1 ? sock_error(fd) : 0;

	if (fd == -1)
		begin_attempt(s);
	else if (!errnum && mishap_on_connected(s) != MISHAP_HELD)
		connected(s);
	else if (errnum)
		attempt_failed(s, errnum == ETIMEDOUT ? REASON_CONNECT_TIMEOUT
		                                      : REASON_CONNECT_REFUSED);
}

/* The server that it waited for, if it did for a certain one, is told of in its record. */
static bool left_line(struct session *s)
{
	struct topology_server *given = queue_leave(&s->errand->ticket);

	if (!given && s->errand->ticket.server)
		s->server = s->errand->ticket.server;
	return !given;
}

static void leave(struct session *s, enum reason reason)
{
	if (s->phase != SESSION_QUEUED) {
		if (s->claimed)
			queue_arrive(s->server, &s->errand->ticket.way);
		return;
	}
	/* HAProxy's Tw. */
	if (s->queue_ms < 0 && reason != REASON_CLIENT_IDLE && reason != REASON_ALL_FULL)
		s->queue_ms = session_age(s);
	if (!left_line(s))
		give_back(s, s->errand->ticket.server);
}

static enum reason why_waited(const struct session *s, bool held)
{
	if (!held)
		return REASON_QUEUE_TIMEOUT;
	return s->errand->ticket.tried.count ? (enum reason)s->errand->last_failure
	                                     : REASON_HOLD_TIMEOUT;
}

/* No room within its time; unless it has just been called, or it may be held longer than that. */
static void wait_is_over(struct session *s)
{
	bool held = atomic_load_explicit(&s->errand->ticket.held, memory_order_relaxed);

	if (wait_left(s) > 0)
		wait_in_line(s);
	else if (left_line(s))
		courtesy_refuse(s, why_waited(s, held));
	else
		use_server(s, s->errand->ticket.server);
}

/* The turn-around of one that was failed by all is over; others make sure that nobody is forgotten.
 */
static void look_around(struct session *s)
{
	struct topology_server *given;

	if (!atomic_load_explicit(&s->errand->ticket.rests, memory_order_relaxed)) {
		queue_look(session_service(s), s->host->now_ms);
		return;
	}
	given = queue_retry(&s->errand->ticket);
	if (given)
		use_server(s, given);
}

static void time_passed(struct session *s, bool over)
{
	switch ((enum session_phase)s->phase) {
	case SESSION_QUEUED:
		if (over)
			wait_is_over(s);
		else
			look_around(s);
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

static void enter_stage(struct session *s)
{
	static const struct session_stage stage = { ready, time_passed, leave };

	s->errand->stage = &stage;
	s->phase = SESSION_WAITING;
}

void dial_begin(struct session *s)
{
	const struct settings_frontend *f = s->through->frontend->settings;
	bool tells = f->session_log == SETTINGS_SESSION_CONNECT;

	s->errand->ticket.request.way = &s->errand->ticket.way;
	enter_stage(s);
	switch (sock_look(s->ends.io[DUPLEX_CLIENT].fd)) {
	case SOCK_SILENT:
		break;
	case SOCK_SPEAKS:
		s->errand->spoken = true;
		break;
	case SOCK_RESET:
		/* A probe of somebody before us: no server is to be disturbed by it. */
		session_close(s, REASON_CONNECT_LEFT);
		return;
	}
	if (tells || f->log_addresses || hashes_the_dialled(session_service(s)->settings))
		errand_local(s->errand, s->ends.io[DUPLEX_CLIENT].fd);
	if (tells)
		session_tell(s, OUTBOX_BEGUN);
	choose(s);
}

void dial_called(struct queue_ticket *t, struct topology_server *server)
{
	use_server(container_of(t, struct errand, ticket)->session, server);
}

/* Its server has not failed it: it has never been asked. */
static void begin_afresh(struct session *s)
{
	counter_add(&s->server->count, COUNTER_WARM_LOST, 1);
	s->errand->afresh = true;
	begin_attempt(s);
}

void dial_again(struct session *s, enum reason why)
{
	/* It had arrived: whether it may be held is a new question. */
	if (s->phase == SESSION_RELAYING) {
		s->errand->ticket.since_ms = 0;
		s->errand->ticket.hold_ms = 0;
	}
	enter_stage(s);
	if (replay_is_stale(s, why))
		begin_afresh(s);
	else
		attempt_failed(s, why);
}
