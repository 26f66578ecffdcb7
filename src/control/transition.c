/* SPDX-License-Identifier: MIT */
#include "transition.h"

#include "base/log.h"
#include "base/tick.h"
#include "closing.h"
#include "core/checklog.h"
#include "core/slowstart.h"
#include "engine/queue.h"
#include "panic.h"
#include "rosterlog.h"

#include <stdio.h>

/* --- the journal -------------------------------------------------------------------------- */

static void copy_name(char *to, const char *from)
{
	snprintf(to, JOURNAL_NAME_MAX, "%s", from);
}

static bool is_down(const struct state *s)
{
	return state_effective(s) == STATE_DOWN;
}

/* Levels are HAProxy's for the same transition (management manual, "server ... is DOWN"). */
static int level_of(const struct state *before, const struct state *after)
{
	enum state_health health = state_effective(before);
	bool was_serving =
	    health == STATE_UP || health == STATE_NOCHECK || health == STATE_CHECKING;
	bool goes = (is_down(after) && health != STATE_DOWN) ||
	            (state_in_maint(after) && !state_in_maint(before));

	return goes && was_serving && !(before->admin & STATE_DRAIN_ANY) ? LOG_LEVEL_ALERT
	                                                                 : LOG_LEVEL_NOTICE;
}

static void tell_service(struct roster *r, struct topology_service *service, uint32_t active,
                         uint32_t backup)
{
	bool has = active + backup > 0;
	struct journal_event e = { .kind = has ? JOURNAL_SERVICE_UP : JOURNAL_SERVICE_DOWN,
		                   .level = has ? LOG_LEVEL_NOTICE : LOG_LEVEL_EMERG,
		                   .active_left = active,
		                   .backup_left = backup,
		                   .on_backup = has && !active };
	int64_t now = tick_ms();

	if (has == service->has_server || !service->judged)
		return;
	e.since_ms = now - service->since_ms;
	copy_name(e.service, service->settings->name);
	if (has)
		service->downtime_ms += (uint64_t)e.since_ms;
	else
		service->down_count++;
	service->has_server = has;
	service->since_ms = now;
	service->since_wall_ms = tick_wall_ms();
	rosterlog_write(r, &e);
}

void transition_judge(struct roster *r, struct topology_service *service)
{
	uint32_t active;
	uint32_t backup;

	panic_count_usable(service, &active, &backup);
	tell_service(r, service, active, backup);
}

static uint32_t load(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

/* A check that only moved the counter is in the journal; in logs only if the service asks. */
static int check_level(const struct topology_service *service)
{
	return service->settings->log_health_checks ? LOG_LEVEL_NOTICE : LOG_LEVEL_DEBUG;
}

static void describe(const struct topology_server *s, const struct transition *t,
                     struct journal_event *e)
{
	const struct topology_service *service = s->service;
	const struct topology_server *leader = s->tracked;

	e->cause = t->cause;
	e->backup = s->settings->backup;
	e->sessions = load(&s->active);
	e->weight = load(&s->weight);
	e->requeued = load(&s->queued);
	e->queued = load(&service->queued);
	e->agent_check = t->agent_check;
	e->since_ms = tick_ms() - s->since_ms;
	if (t->check)
		e->check = *t->check;
	if (leader && t->cause == JOURNAL_BY_TRACK)
		snprintf(e->via, sizeof(e->via), "%s/%s", leader->service->settings->name,
		         leader->settings->name);
	panic_count_usable(service, &e->active_left, &e->backup_left);
	e->on_backup = !e->active_left && e->backup_left;
	copy_name(e->service, service->settings->name);
	copy_name(e->server, s->settings->name);
	snprintf(e->text, sizeof(e->text), "%s", t->why);
}

static void write_check(struct roster *r, struct topology_server *s, const struct transition *t,
                        const struct state *before, const struct state *after)
{
	struct journal_event e = { .kind = JOURNAL_CHECK,
		                   .level = check_level(s->service),
		                   .before = *before,
		                   .after = *after,
		                   .limits = s->limits };

	describe(s, t, &e);
	rosterlog_write(r, &e);
}

void transition_tell_agent_check(struct roster *r, struct topology_server *s,
                                 const struct probe_result *check, const char *why)
{
	struct transition t = {
		.cause = JOURNAL_BY_AGENT, .check = check, .agent_check = true, .why = why
	};
	struct state state = topology_state(s);
	struct journal_event e = { .kind = JOURNAL_CHECK,
		                   .level = check_level(s->service),
		                   .before = state,
		                   .after = state,
		                   .limits = s->agent_limits };

	e.after.counter = s->agent_health;
	describe(s, &t, &e);
	rosterlog_write(r, &e);
}

static void account(struct topology_server *s, const struct state *before,
                    const struct state *after)
{
	int64_t now = tick_ms();

	/* Also one that stays down, in drain or under maintenance: its time begins anew below. */
	if (is_down(before))
		s->downtime_ms += (uint64_t)(now - s->since_ms);
	/* HAProxy counts maintenance, too, as a time when it goes down. */
	if ((!is_down(before) && is_down(after) && before->health != STATE_CHECKING) ||
	    (state_is_serving(before) && state_in_maint(after)))
		s->down_count++;
	s->since_ms = now;
	s->since_wall_ms = tick_wall_ms();
}

static void look_around(struct roster *r, struct topology_service *service)
{
	panic_look(r, service);
	transition_judge(r, service);
}

static void write_transition(struct roster *r, struct topology_server *s,
                             const struct transition *t, const struct state *before,
                             const struct state *after)
{
	struct journal_event e = {
		.kind = JOURNAL_SERVER,
		.level = level_of(before, after),
		.before = *before,
		.after = *after,
		.limits = s->limits,
		.check_was_logged = t->check && s->service->settings->log_health_checks,
	};

	describe(s, t, &e);
	account(s, before, after);
	snprintf(s->cause, sizeof(s->cause), "%s", t->why);
	rosterlog_write(r, &e);
	/* Before anybody is told that nothing is left: a panic may take some as usable. */
	look_around(r, s->service);
}

/* --- for whoever asks why ----------------------------------------------------------------- */

static struct checklog_moment moment_of(const struct transition *t, const struct state *before,
                                        const struct state *after)
{
	return (struct checklog_moment){ .wall_ms = tick_wall_ms(),
		                         .ms = tick_ms(),
		                         .event = t->event,
		                         .cause = t->cause,
		                         .check = t->check,
		                         .before = *before,
		                         .after = *after };
}

static void note_check(struct topology_server *s, const struct transition *t,
                       const struct state *before, const struct state *after)
{
	struct checklog_moment m = moment_of(t, before, after);

	checklog_add(t->agent_check ? &s->agent_checks : &s->checks, &m);
}

static void note_health(struct topology_server *s, const struct transition *t,
                        const struct state *before, const struct state *after)
{
	struct checklog_moment m = moment_of(t, before, after);

	checklog_decide(&s->checks, &m);
}

void transition_note_check(struct topology_server *s, const struct probe_result *check,
                           bool agent_check)
{
	struct transition t = { .event = STATE_EVENT_COUNT,
		                .cause = agent_check ? JOURNAL_BY_AGENT : JOURNAL_BY_CHECK,
		                .check = check,
		                .agent_check = agent_check };
	struct state state = topology_state(s);

	note_check(s, &t, &state, &state);
}

/* --- what hangs on it --------------------------------------------------------------------- */

static void end_backup_sessions(struct roster *r, const struct topology_service *service)
{
	for (size_t i = 0; i < service->server_count; i++)
		if (service->servers[i]->settings->backup)
			r->o.end_sessions(r->o.ctx, service->servers[i], REASON_PRIMARY_UP);
}

static const struct probe_result *check_behind(const struct topology_server *s,
                                               const struct transition *t)
{
	return t->cause == JOURNAL_BY_TRACK ? &topology_checked_for(s)->check : t->check;
}

/* Is it gone beyond doubt? */
static bool is_proven(const struct topology_server *s, const struct transition *t,
                      const struct state *after)
{
	const struct probe_result *check = check_behind(s, t);

	return state_in_maint(after) || t->cause == JOURNAL_BY_COMMAND ||
	       t->cause == JOURNAL_BY_AGENT || (check && testimony_refused(check));
}

/*
 * Sessions that have had no answer yet can go on elsewhere.  A node that drains still answers; and
 * HAProxy does not move a session that has its server.
 */
static void release_unanswered(struct roster *r, const struct topology_server *s)
{
	const struct crew_wish w = { .server = s,
		                     .reason = REASON_SERVER_DOWN,
		                     .manner = CREW_UNANSWERED };

	if (r->o.wish && !r->o.topology->settings->haproxy &&
	    !topology_checked_for(s)->check.draining)
		r->o.wish(r->o.ctx, &w);
}

static void end_sessions(struct roster *r, struct topology_server *s, const struct transition *t,
                         const struct state *before, const struct state *after)
{
	const struct settings_server *set = s->settings;
	bool was_gone = is_down(before) || state_in_maint(before);
	bool is_gone = is_down(after) || state_in_maint(after);

	if (is_down(after) && !was_gone && !state_in_maint(after))
		release_unanswered(r, s);
	if (set->shutdown_on_down && is_gone && !was_gone)
		closing_server_gone(r, s, is_proven(s, t, after));
	if (was_gone && !is_gone)
		closing_server_back(r, s);
	if (set->shutdown_backup_on_up && !set->backup && load(&s->weight) &&
	    state_is_serving(after) && !state_is_serving(before))
		end_backup_sessions(r, s->service);
}

static void follow_all(struct roster *r, const struct topology_server *leader)
{
	const struct topology *t = r->o.topology;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++)
			if (t->services[i]->servers[k]->tracked == leader)
				transition_follow(r, t->services[i]->servers[k]);
}

static void enter(struct roster *r, struct topology_server *s, const struct transition *t,
                  const struct state *before, const struct state *after)
{
	bool visible = state_is_visible(before, after);
	bool counted = before->health != after->health || before->counter != after->counter ||
	               before->recovered != after->recovered;
	bool by_check = t->check && !t->agent_check && counted;

	if (state_pack(before) == state_pack(after))
		return;
	topology_set_state(s, *after);
	if (before->health != after->health)
		note_health(s, t, before, after);
	if (by_check && (!visible || s->service->settings->log_health_checks))
		write_check(r, s, t, before, after);
	if (visible) {
		write_transition(r, s, t, before, after);
		slowstart_follow(s, before, after, tick_ms());
		end_sessions(r, s, t, before, after);
		queue_kick(s->service);
	}
	follow_all(r, s);
}

void transition_follow(struct roster *r, struct topology_server *s)
{
	const struct topology_server *leader = s->tracked;
	struct state of_leader = topology_state(leader);
	struct state before = topology_state(s);
	struct state after = state_follow(before, &of_leader, topology_has_address(s));
	char why[sizeof(s->cause)];
	struct transition t = { .cause = JOURNAL_BY_TRACK, .why = why };

	snprintf(why, sizeof(why), "as %s/%s, which it tracks", leader->service->settings->name,
	         leader->settings->name);
	enter(r, s, &t, &before, &after);
	look_around(r, s->service);
}

/* One that serves has passed one more check: of hundreds of servers nearly all that is told. */
static bool is_nothing_new(const struct topology_server *s, const struct transition *t,
                           const struct state *before, const struct state *after)
{
	return t->check && !t->agent_check && probe_code_passed(t->check->code) &&
	       !t->check->draining && state_pack(before) == state_pack(after) &&
	       state_is_serving(after) &&
	       !atomic_load_explicit(&s->service->panicking, memory_order_relaxed);
}

void transition_apply(struct roster *r, struct topology_server *s, const struct transition *t)
{
	struct state before = topology_state(s);
	struct state after = state_next(before, t->event, t->flag, &s->limits);
	bool failed = t->check && !t->agent_check && !probe_code_passed(t->check->code);

	if (s->tracked) {
		struct state leader = topology_state(s->tracked);

		after = state_follow(after, &leader, topology_has_address(s));
	} else if (state_in_maint(&before) && !state_in_maint(&after) && !topology_has_address(s)) {
		after = state_next(after, STATE_UNRESOLVED, 0, &s->limits);
	}
	if (failed && before.counter > 0 && before.health != STATE_CHECKING)
		s->check_failures++;
	if (failed && before.health == STATE_DOWN && after.health == STATE_DOWN)
		snprintf(s->cause, sizeof(s->cause), "%s", t->why);
	enter(r, s, t, &before, &after);
	if (t->check)
		note_check(s, t, &before, &after);
	if (!is_nothing_new(s, t, &before, &after))
		look_around(r, s->service);
}
