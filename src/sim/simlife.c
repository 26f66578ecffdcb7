/* SPDX-License-Identifier: MIT */
#include "sim/simlife.h"

#include "base/cleanup.h"
#include "base/number.h"
#include "base/tick.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LEAVE_MS = 100 }; /* from closing the SQL port to closing the HTTP port */

static void say(const struct simlife *l, const char *fmt, ...) PRINTF(2, 3);

static void say(const struct simlife *l, const char *fmt, ...)
{
	char what[256];
	va_list args;

	if (!l->said)
		return;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	l->said(l->ctx, what);
}

static void open_gate(struct simlife *l)
{
	switch (l->state) {
	case SIMLIFE_INIT_WAIT:
	case SIMLIFE_STARTING:
		simsql_set_gate(&l->sql, SIMSESSION_WAIT, "");
		return;
	case SIMLIFE_DRAIN_CONNECTIONS:
	case SIMLIFE_DRAIN_TRANSACTIONS:
	case SIMLIFE_LEAVING:
		simsql_set_gate(&l->sql, SIMSESSION_REJECT, "57P01");
		return;
	case SIMLIFE_LIVE:
	case SIMLIFE_DRAIN_WAIT:
	case SIMLIFE_STOPPED:
	case SIMLIFE_COUNT:
		break;
	}
	if (l->reject_code[0])
		simsql_set_gate(&l->sql, SIMSESSION_REJECT, l->reject_code);
	else
		simsql_set_gate(&l->sql, SIMSESSION_SERVE, "");
}

static void look_again(struct simlife *l)
{
	int64_t left = l->deadline_ms - tick_ms();

	ev_timer_stop(l->loop, &l->timer);
	ev_timer_set(&l->timer, left > 0 ? (double)left / 1000. : 0., 0.);
	ev_timer_start(l->loop, &l->timer);
}

static void enter(struct simlife *l, enum simlife_state state, uint64_t for_ms)
{
	l->state = state;
	l->deadline_ms = tick_ms() + (int64_t)for_ms;
	open_gate(l);
	look_again(l);
}

static void freeze(struct simlife *l, bool hung)
{
	l->hung = hung;
	simsql_pause(&l->sql, hung);
	simhttp_pause(&l->http, hung);
}

static void stop(struct simlife *l, bool reset)
{
	ev_timer_stop(l->loop, &l->timer);
	simsql_close(&l->sql);
	simsql_abort(&l->sql);
	simhttp_close(&l->http, reset);
	freeze(l, false);
	l->state = SIMLIFE_STOPPED;
}

static void start_connections(struct simlife *l)
{
	char words[32];

	enter(l, SIMLIFE_DRAIN_CONNECTIONS, l->drain.connections_ms);
	number_format_duration(l->drain.connections_ms, words, sizeof(words));
	say(l, "refuses new SQL sessions with 57P01; clients have %s to leave", words);
}

static void start_transactions(struct simlife *l)
{
	char words[32];

	enter(l, SIMLIFE_DRAIN_TRANSACTIONS, l->drain.transactions_ms);
	number_format_duration(l->drain.transactions_ms, words, sizeof(words));
	say(l, "closes idle SQL sessions; transactions have %s to finish", words);
	simsql_set_leaving(&l->sql, true);
}

static void start_leaving(struct simlife *l)
{
	simsql_expel(&l->sql);
	simsql_close(&l->sql);
	enter(l, SIMLIFE_LEAVING, LEAVE_MS);
	say(l, "has closed its SQL port");
}

/* Moves on if the time of the state is over or what it waited for has happened. */
static void step(struct simlife *l)
{
	bool due = tick_ms() >= l->deadline_ms;

	switch (l->state) {
	case SIMLIFE_STARTING:
		if (due) {
			enter(l, SIMLIFE_LIVE, 0);
			say(l, "accepts SQL clients");
		}
		break;
	case SIMLIFE_DRAIN_WAIT:
		if (due)
			start_connections(l);
		break;
	case SIMLIFE_DRAIN_CONNECTIONS:
		if (due || !l->sql.now)
			start_transactions(l);
		break;
	case SIMLIFE_DRAIN_TRANSACTIONS:
		if (due || !l->sql.now)
			start_leaving(l);
		break;
	case SIMLIFE_LEAVING:
		if (due) {
			stop(l, false);
			say(l, "has stopped");
		}
		break;
	case SIMLIFE_LIVE:
	case SIMLIFE_INIT_WAIT:
	case SIMLIFE_STOPPED:
	case SIMLIFE_COUNT:
		break;
	}
}

static bool ends_by_itself(enum simlife_state state)
{
	return state != SIMLIFE_STOPPED && state != SIMLIFE_LIVE && state != SIMLIFE_INIT_WAIT;
}

static void advance(struct simlife *l)
{
	enum simlife_state before;

	do {
		before = l->state;
		step(l);
	} while (l->state != before);
	if (ends_by_itself(l->state))
		look_again(l);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct simlife *l = container_of(w, struct simlife, timer);

	(void)loop;
	(void)revents;
	if (!l->hung)
		advance(l);
}

/* Ends with the loop looking at the state, never inside the caller. */
static void note_session(struct simsql *s)
{
	struct simlife *l = container_of(s, struct simlife, sql);

	ev_feed_event(l->loop, &l->timer, EV_TIMER);
}

void simlife_init(struct simlife *l, struct ev_loop *loop, uint32_t node_id, const struct addr *sql,
                  const struct addr *http, simhttp_handler *handler, void *ctx)
{
	*l = (struct simlife){ .loop = loop, .ctx = ctx };
	ev_init(&l->timer, on_timer);
	simsql_init(&l->sql, loop, node_id, sql);
	l->sql.changed = note_session;
	simhttp_init(&l->http, loop, http, handler, ctx);
}

void simlife_release(struct simlife *l)
{
	ev_timer_stop(l->loop, &l->timer);
	simsql_release(&l->sql);
	simhttp_release(&l->http);
}

bool simlife_run(struct simlife *l, enum simlife_state state, uint64_t starting_ms,
                 struct error *err)
{
	if (!simsql_open(&l->sql, err) || !simhttp_open(&l->http, err)) {
		if (l->state == SIMLIFE_STOPPED)
			stop(l, false);
		return false;
	}
	if (l->state == SIMLIFE_STOPPED)
		l->started_wall_ms = tick_wall_ms();
	l->refusing = false;
	l->reject_code[0] = '\0';
	simsql_set_leaving(&l->sql, false);
	freeze(l, false);
	enter(l, state, starting_ms);
	return true;
}

void simlife_kill(struct simlife *l)
{
	stop(l, true);
	say(l, "was killed");
}

void simlife_drain(struct simlife *l, const struct simlife_drain *drain)
{
	char words[32];

	l->drain = *drain;
	enter(l, SIMLIFE_DRAIN_WAIT, drain->initial_ms);
	number_format_duration(drain->initial_ms, words, sizeof(words));
	say(l, "drains: not ready any more, SQL as before for %s", words);
}

void simlife_hang(struct simlife *l, bool hung)
{
	freeze(l, hung);
	say(l, hung ? "hangs: connections are taken, nothing is answered" : "goes on");
	look_again(l);
}

void simlife_refuse(struct simlife *l)
{
	l->refusing = true;
	simsql_close(&l->sql);
	say(l, "refuses connections to its SQL port");
}

void simlife_reject(struct simlife *l, const char *sqlstate)
{
	snprintf(l->reject_code, sizeof(l->reject_code), "%s", sqlstate);
	open_gate(l);
	say(l, "refuses new SQL sessions with %s", l->reject_code);
}

const char *simlife_not_ready(const struct simlife *l)
{
	switch (l->state) {
	case SIMLIFE_INIT_WAIT:
		return "node is waiting for cluster initialization";
	case SIMLIFE_STARTING:
		return "node is not accepting SQL clients";
	case SIMLIFE_DRAIN_WAIT:
	case SIMLIFE_DRAIN_CONNECTIONS:
	case SIMLIFE_DRAIN_TRANSACTIONS:
	case SIMLIFE_LEAVING:
		return "node is shutting down";
	case SIMLIFE_LIVE:
	case SIMLIFE_STOPPED:
	case SIMLIFE_COUNT:
		break;
	}
	return NULL;
}

const char *simlife_name(const struct simlife *l)
{
	static const char *const names[SIMLIFE_COUNT] = {
		[SIMLIFE_STOPPED] = "stopped",
		[SIMLIFE_LIVE] = "live",
		[SIMLIFE_INIT_WAIT] = "init-wait",
		[SIMLIFE_STARTING] = "starting",
		[SIMLIFE_DRAIN_WAIT] = "drain-initial-wait",
		[SIMLIFE_DRAIN_CONNECTIONS] = "drain-connections",
		[SIMLIFE_DRAIN_TRANSACTIONS] = "drain-transactions",
		[SIMLIFE_LEAVING] = "leaving",
	};

	return l->hung ? "hung" : names[l->state];
}

enum simpage_liveness simlife_liveness(const struct simlife *l)
{
	if (l->hung || l->state == SIMLIFE_STOPPED)
		return SIMPAGE_UNAVAILABLE;
	if (l->state == SIMLIFE_LIVE)
		return SIMPAGE_LIVE;
	if (l->state == SIMLIFE_INIT_WAIT || l->state == SIMLIFE_STARTING)
		return SIMPAGE_STARTING;
	return SIMPAGE_DRAINING;
}
