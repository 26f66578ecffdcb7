/* SPDX-License-Identifier: MIT */
#include "closing.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "base/tick.h"
#include "panic.h"
#include "rosterlog.h"

#include <stdlib.h>
#include <string.h>

#define STEP_S .1

enum closing_kind { CLOSING_GONE, CLOSING_DRAIN };

struct closing_order {
	TAILQ_ENTRY(closing_order) link;
	enum closing_kind kind;
	char *path; /* "service/server" */
	bool begun, sure;
	int64_t begin_ms; /* GONE: not before this, unless it is proven dead */
	int64_t end_ms;   /* then all have been asked; GONE: set when it begins */
	int64_t over_ms;  /* DRAIN: what is left then is ended */
	uint32_t spread_ms;
	uint32_t total, asked;
};

static char *path_of(const struct topology_server *s)
{
	struct text t = { 0 };

	text_addf(&t, "%s/%s", s->service->settings->name, s->settings->name);
	return text_take(&t);
}

static void drop(struct roster *r, struct closing_order *o)
{
	TAILQ_REMOVE(&r->closing.orders, o, link);
	free(o->path);
	free(o);
}

static void cancel(struct roster *r, const struct topology_server *s, enum closing_kind kind)
{
	struct closing_order *next;
	char *path;

	if (TAILQ_EMPTY(&r->closing.orders))
		return;
	path = path_of(s);
	for (struct closing_order *o = TAILQ_FIRST(&r->closing.orders); o; o = next) {
		next = TAILQ_NEXT(o, link);
		if (o->kind == kind && strcmp(o->path, path) == 0)
			drop(r, o);
	}
	free(path);
}

/* It replaces one of its kind. */
static struct closing_order *add(struct roster *r, const struct topology_server *s,
                                 enum closing_kind kind)
{
	struct closing_order *o = mem_zalloc(sizeof(*o));

	cancel(r, s, kind);
	o->kind = kind;
	o->path = path_of(s);
	TAILQ_INSERT_TAIL(&r->closing.orders, o, link);
	if (r->o.loop && !ev_is_active(&r->closing.timer))
		ev_timer_again(r->o.loop, &r->closing.timer);
	return o;
}

static uint32_t sessions_of(const struct topology_server *s)
{
	return atomic_load_explicit(&s->active, memory_order_relaxed);
}

static bool is_panicking(const struct topology_server *s)
{
	return atomic_load_explicit(&s->service->panicking, memory_order_relaxed);
}

/* --- what is due -------------------------------------------------------------------------- */

static uint32_t carry_out(struct roster *r, const struct crew_wish *w)
{
	return r->o.wish ? r->o.wish(r->o.ctx, w) : 0;
}

static void begin(struct closing_order *o, const struct topology_server *s, int64_t now_ms,
                  uint32_t spread_ms)
{
	o->begun = true;
	o->begin_ms = now_ms;
	o->end_ms = now_ms + spread_ms;
	o->total = sessions_of(s);
	o->asked = 0;
}

/* As many as should have been asked by now; at the end all that are still there. */
static void ask(struct roster *r, struct closing_order *o, const struct topology_server *s,
                int64_t now_ms)
{
	uint64_t span = (uint64_t)(o->end_ms - o->begin_ms);
	uint64_t left = o->end_ms > now_ms ? (uint64_t)(o->end_ms - now_ms) : 0;
	uint32_t due = left ? (uint32_t)(o->total - (o->total * left + span - 1) / span) : 0;
	struct crew_wish w = { .server = s, .reason = REASON_SERVER_DOWN };

	if (left && due <= o->asked)
		return;
	w.most = left ? due - o->asked : 0;
	if (o->kind == CLOSING_DRAIN) {
		w.reason = REASON_DRAINED;
		w.manner = CREW_BETWEEN_TRANSACTIONS;
	}
	o->asked += carry_out(r, &w);
}

static bool is_gone(const struct topology_server *s)
{
	struct state state = topology_state(s);

	return state_in_maint(&state) || state_effective(&state) == STATE_DOWN;
}

/* A node that still says that it drains lives, and ends its sessions itself when it is time. */
static bool is_polite(const struct roster *r, const struct topology_server *s)
{
	return topology_checked_for(s)->check.draining && !r->o.topology->settings->haproxy;
}

/* False: it is done with. */
static bool step_gone(struct roster *r, struct closing_order *o, const struct topology_server *s,
                      int64_t now_ms)
{
	bool sure = o->sure || testimony_refused(&topology_checked_for(s)->check);

	if (!is_gone(s))
		return false;
	if (is_panicking(s) && !sure) {
		o->begun = false;
		return true;
	}
	if (!o->begun && !sure &&
	    (now_ms < o->begin_ms || is_polite(r, s) || panic_is_near(r, s->service)))
		return true;
	if (!o->begun)
		begin(o, s, now_ms, o->spread_ms);
	ask(r, o, s, now_ms);
	return now_ms < o->end_ms;
}

static void end_drain(struct roster *r, struct closing_order *o, const struct topology_server *s)
{
	struct crew_wish w = { .server = s, .reason = REASON_DRAIN_OVER };
	uint32_t ended = carry_out(r, &w);
	AUTO_TEXT text = { 0 };

	if (!ended)
		return;
	text_addf(&text, "the time to drain %s is over: %u session%s ended", o->path, ended,
	          ended == 1 ? "" : "s");
	rosterlog_mark(r, LOG_LEVEL_NOTICE, text_str(&text));
}

static bool step_drain(struct roster *r, struct closing_order *o, struct topology_server *s,
                       int64_t now_ms)
{
	struct state state = topology_state(s);

	bool has_sessions = sessions_of(s) || s->active_before;

	if (state.admin & STATE_DRAIN_COMMAND && has_sessions && is_panicking(s))
		return true;
	if (state.admin & STATE_DRAIN_COMMAND && has_sessions && now_ms < o->over_ms) {
		ask(r, o, s, now_ms);
		return true;
	}
	if (state.admin & STATE_DRAIN_COMMAND)
		end_drain(r, o, s);
	s->drain_until_ms = 0;
	return false;
}

static bool step(struct roster *r, struct closing_order *o, int64_t now_ms)
{
	struct topology_server *s = topology_find_server(r->o.topology, o->path);

	if (!s)
		return false;
	switch (o->kind) {
	case CLOSING_GONE:
		return step_gone(r, o, s, now_ms);
	case CLOSING_DRAIN:
		break;
	}
	return step_drain(r, o, s, now_ms);
}

void closing_step(struct roster *r, int64_t now_ms)
{
	struct closing_order *next;

	for (struct closing_order *o = TAILQ_FIRST(&r->closing.orders); o; o = next) {
		next = TAILQ_NEXT(o, link);
		if (!step(r, o, now_ms))
			drop(r, o);
	}
	if (TAILQ_EMPTY(&r->closing.orders) && r->o.loop)
		ev_timer_stop(r->o.loop, &r->closing.timer);
}

static void on_time(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	closing_step(container_of(w, struct roster, closing.timer), tick_ms());
}

/* --- orders ------------------------------------------------------------------------------- */

void closing_init(struct roster *r)
{
	TAILQ_INIT(&r->closing.orders);
	ev_timer_init(&r->closing.timer, on_time, STEP_S, STEP_S);
}

void closing_release(struct roster *r)
{
	struct closing_order *next;

	for (struct closing_order *o = TAILQ_FIRST(&r->closing.orders); o; o = next) {
		next = TAILQ_NEXT(o, link);
		drop(r, o);
	}
	if (r->o.loop)
		ev_timer_stop(r->o.loop, &r->closing.timer);
}

void closing_server_gone(struct roster *r, struct topology_server *s, bool proven)
{
	const struct settings_server *set = s->settings;
	uint32_t grace_ms = proven ? 0 : set->down_grace_ms;
	int64_t now_ms = tick_ms();
	struct closing_order *o;

	if (!grace_ms && !set->close_spread_ms &&
	    (proven || (!is_polite(r, s) && !panic_is_near(r, s->service)))) {
		r->o.end_sessions(r->o.ctx, s, REASON_SERVER_DOWN);
		return;
	}
	o = add(r, s, CLOSING_GONE);
	o->spread_ms = set->close_spread_ms;
	o->begin_ms = now_ms + grace_ms;
	o->sure = proven;
	if (proven)
		begin(o, s, now_ms, o->spread_ms);
}

void closing_server_back(struct roster *r, const struct topology_server *s)
{
	cancel(r, s, CLOSING_GONE);
}

void closing_drain(struct roster *r, struct topology_server *s, uint32_t deadline_ms)
{
	int64_t now_ms = tick_ms();
	struct closing_order *o;

	cancel(r, s, CLOSING_DRAIN);
	s->drain_until_ms = deadline_ms ? now_ms + deadline_ms : 0;
	if (!deadline_ms)
		return;
	o = add(r, s, CLOSING_DRAIN);
	begin(o, s, now_ms, deadline_ms / 4 * 3);
	o->over_ms = s->drain_until_ms;
}
