/* SPDX-License-Identifier: MIT */
/*
 * A session that relays: what its ends say is carried, its server may be another one until it was
 * heard, it is looked at when nothing is said, and it may be asked to leave.
 */
#include "engine/session.h"

#include "engine/account.h"
#include "engine/mishap.h"
#include "follow.h"
#include "guard.h"
#include "patience.h"
#include "replay.h"

#include <errno.h>

static void check_idle(struct session *s);

enum {
	LOOK_MS = 1000,  /* an unwatched end may be gone, one who leaves idle: looked at so often */
	LASTS_MS = 1000, /* a session that lasts so long is worth guard.h */
	PARTING_MS = 100 /* a server has so long to close after its client's goodbye */
};

static bool has_fault(const struct session *s)
{
	return atomic_load_explicit(&s->server->fault, memory_order_relaxed) || s->mishap;
}

static bool is_to_be_looked_at(struct session *s)
{
	return s->leaving || !duplex_is_watched(&s->ends);
}

/* True if it has ended.  A client that could not be told now is told when it is looked at again. */
static bool leave_if_idle(struct session *s)
{
	if (!follow_is_idle(s) || !follow_part(s, (enum reason)s->leaving_reason))
		return false;
	session_close(s, (enum reason)s->leaving_reason);
	return true;
}

/* Half-closed, a session may have a shorter limit; with an end unwatched it is looked at. */
static void watch_more_closely(struct session *s)
{
	bool half = s->ends.flow[DUPLEX_CLIENT].shut || s->ends.flow[DUPLEX_SERVER].shut;

	if (half || ((is_to_be_looked_at(s) || patience_answer(s) < INT64_MAX) &&
	             session_looked_in(s) > LOOK_MS))
		check_idle(s);
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

/* A server has answered: most of what is needed until then may be given back. */
static void end_errand(struct session *s)
{
	if (errand_is_told(s->errand))
		return;
	slab_put(&s->host->errands, s->errand);
	s->errand = NULL;
}

/* Are its bytes all that has to be looked at from now on, unless its server gets a fault? */
static bool is_plain(const struct session *s)
{
	return !s->ends.replaceable && !s->mishap && !follow_sees(s);
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
	s->plain = is_plain(s);
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

/* What was said is judged as well as carried. */
static void relay_watched(struct session *s, enum duplex_end end, int revents)
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

static void relay_plain(struct session *s, enum duplex_end end, int revents)
{
	uint64_t before[2] = { s->ends.flow[0].bytes, s->ends.flow[1].bytes };
	struct duplex_verdict v =
	    duplex_ready(&s->ends, s->host->loop, &s->host->space, end, revents);

	if (!v.steady) {
		relayed(s, before, v);
		return;
	}
	account_bytes(s, end == DUPLEX_CLIENT ? COUNTER_BYTES_IN : COUNTER_BYTES_OUT,
	              s->ends.flow[end].bytes - before[end]);
	if (v.active)
		s->last_active_ms = s->host->now_ms;
}

void session_relay(struct session *s, enum duplex_end end, int revents)
{
	if (s->plain && !atomic_load_explicit(&s->server->fault, memory_order_relaxed))
		relay_plain(s, end, revents);
	else
		relay_watched(s, end, revents);
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
