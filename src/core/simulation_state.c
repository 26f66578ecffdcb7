/* SPDX-License-Identifier: MIT */
/* A change of a simulated server's state and what hangs on it, as control/transition.c has it. */
#include "simulations.h"

#include "core/quorum.h"
#include "core/slowstart.h"

#include "base/log.h"

#include <stdio.h>

static void kick(struct simulation *s, const struct topology_server *server)
{
	s->kick |= server->service == s->service;
}

static bool is_panicking(const struct topology_service *service)
{
	return atomic_load_explicit(&service->panicking, memory_order_relaxed);
}

static bool is_down(const struct state *s)
{
	return state_effective(s) == STATE_DOWN;
}

static bool is_gone(const struct state *s)
{
	return is_down(s) || state_in_maint(s);
}

/* --- the journal -------------------------------------------------------------------------- */

void simulation_state_note(struct simulation *s, const struct simulation_note *n)
{
	struct simulation_result *r = s->r;

	if (!s->begun)
		return;
	if (r->note_count == SIMULATION_NOTES_MAX) {
		r->notes_left_out++;
		return;
	}
	if (!(r->note_count & (r->note_count - 1)))
		r->notes =
		    mem_resize(r->notes, r->note_count ? 2 * r->note_count : 1, sizeof(*r->notes));
	r->notes[r->note_count] = *n;
	r->notes[r->note_count++].ms = s->now_ms - s->epoch_ms;
}

static void write_down(struct simulation *s, const struct topology_service *service,
                       struct journal_event *e)
{
	struct simulation_note n = { .kind = SIMULATION_CHANGE };

	e->ms = s->now_ms;
	snprintf(e->service, sizeof(e->service), "%s", service->settings->name);
	for (size_t i = 0; i < service->server_count; i++) {
		const struct topology_server *t = service->servers[i];

		if (!topology_is_usable(t) || !atomic_load(&t->weight))
			continue;
		e->active_left += !t->settings->backup;
		e->backup_left += t->settings->backup;
	}
	e->on_backup = !e->active_left && e->backup_left;
	journal_append(s->journal, e);
	n.e = *e;
	if (service == s->service)
		simulation_state_note(s, &n);
}

static void tell(struct simulation *s, struct topology_server *server,
                 const struct simulation_cause *c, const struct state *before,
                 const struct state *after)
{
	const struct topology_server *leader = server->tracked;
	struct journal_event e = {
		.kind = JOURNAL_SERVER,
		.cause = c->cause,
		.level = is_gone(after) ? LOG_LEVEL_ALERT : LOG_LEVEL_NOTICE,
		.backup = server->settings->backup,
		.before = *before,
		.after = *after,
		.limits = server->limits,
		.weight = atomic_load(&server->weight),
		.sessions = atomic_load(&server->active),
		.since_ms = s->now_ms - server->since_ms,
	};

	if (c->check)
		e.check = *c->check;
	if (leader && c->cause == JOURNAL_BY_TRACK)
		snprintf(e.via, sizeof(e.via), "%s/%s", leader->service->settings->name,
		         leader->settings->name);
	snprintf(e.server, sizeof(e.server), "%s", server->settings->name);
	snprintf(e.text, sizeof(e.text), "%s", c->why);
	server->since_ms = s->now_ms;
	write_down(s, server->service, &e);
}

/* --- a panic ------------------------------------------------------------------------------ */

static void press(struct simulation *s, struct topology_service *service)
{
	for (size_t i = 0; i < service->server_count; i++) {
		struct topology_server *server = service->servers[i];
		bool pressed = quorum_wants(server);

		if (pressed == server->pressed)
			continue;
		topology_press(server, pressed);
		simulation_acts_seen(s, simulation_acts_unit(s, server));
		kick(s, server);
	}
}

static void turn_panic(struct simulation *s, struct topology_service *service, bool begins,
                       const struct quorum *q)
{
	struct journal_event e = { .kind = JOURNAL_PANIC, .begins = begins };

	if (begins)
		snprintf(e.text, sizeof(e.text),
		         "%u of %u servers ask for patience or do not answer: sessions stay",
		         q->lost, q->all);
	else
		snprintf(e.text, sizeof(e.text), "of %u servers %u serve and %u are dead", q->all,
		         q->healthy, q->dead);
	atomic_store(&service->panicking, begins);
	press(s, service);
	write_down(s, service, &e);
}

static void look_around(struct simulation *s, struct topology_service *service)
{
	struct quorum q;

	if (s->topology->settings->haproxy)
		return;
	if (is_panicking(service)) {
		if (quorum_is_back(service, &q))
			turn_panic(s, service, false, &q);
	} else if (quorum_is_lost(s->journal, service, s->now_ms, &q)) {
		turn_panic(s, service, true, &q);
	}
	press(s, service);
}

static bool panic_is_near(const struct simulation *s, const struct topology_service *service)
{
	return is_panicking(service) ||
	       (!s->topology->settings->haproxy && quorum_is_near(s->journal, service, s->now_ms));
}

/* --- sessions ----------------------------------------------------------------------------- */

static bool is_polite(const struct simulation *s, const struct topology_server *server)
{
	return topology_checked_for(server)->check.draining && !s->topology->settings->haproxy;
}

static void drop_closing(struct simulation *s, struct simulation_unit *u)
{
	s->closings -= u->closing.is_due;
	u->closing = (struct simulation_closing){ 0 };
}

static void begin_closing(const struct simulation *s, struct simulation_unit *u)
{
	struct simulation_closing *c = &u->closing;

	c->begun = true;
	c->begin_ms = s->now_ms;
	c->end_ms = s->now_ms + u->server->settings->close_spread_ms;
	c->total = atomic_load(&u->server->active);
	c->asked = 0;
}

static void close_sessions(struct simulation *s, struct simulation_unit *u, bool proven)
{
	const struct settings_server *set = u->server->settings;
	uint32_t grace_ms = proven ? 0 : set->down_grace_ms;

	if (!grace_ms && !set->close_spread_ms &&
	    (proven || (!is_polite(s, u->server) && !panic_is_near(s, u->server->service)))) {
		simulation_visits_end(s, u, UINT32_MAX, SIMULATION_IS_CUT);
		return;
	}
	drop_closing(s, u);
	u->closing = (struct simulation_closing){ .is_due = true,
		                                  .sure = proven,
		                                  .begin_ms = s->now_ms + grace_ms };
	s->closings++;
	if (proven)
		begin_closing(s, u);
}

/* As many as should have ended by now; at the end all that are still there. */
static void close_some(struct simulation *s, struct simulation_unit *u)
{
	struct simulation_closing *c = &u->closing;
	uint64_t span = (uint64_t)(c->end_ms - c->begin_ms);
	uint64_t left = c->end_ms > s->now_ms ? (uint64_t)(c->end_ms - s->now_ms) : 0;
	uint32_t due = left ? (uint32_t)(c->total - (c->total * left + span - 1) / span) : 0;

	if (!left)
		simulation_visits_end(s, u, UINT32_MAX, SIMULATION_IS_CUT);
	else if (due > c->asked)
		c->asked += simulation_visits_end(s, u, due - c->asked, SIMULATION_IS_CUT);
}

static void step_closing(struct simulation *s, struct simulation_unit *u)
{
	struct simulation_closing *c = &u->closing;
	struct state state = topology_state(u->server);
	bool sure = c->sure || testimony_refused(&topology_checked_for(u->server)->check);

	if (!is_gone(&state)) {
		drop_closing(s, u);
		return;
	}
	if (is_panicking(u->server->service) && !sure) {
		c->begun = false;
		return;
	}
	if (!c->begun && !sure &&
	    (s->now_ms < c->begin_ms || is_polite(s, u->server) ||
	     panic_is_near(s, u->server->service)))
		return;
	if (!c->begun)
		begin_closing(s, u);
	close_some(s, u);
	if (s->now_ms >= c->end_ms)
		drop_closing(s, u);
}

void simulation_state_close(struct simulation *s)
{
	for (size_t i = 0; s->closings && i < s->unit_count; i++)
		if (s->units[i].closing.is_due)
			step_closing(s, &s->units[i]);
}

static bool is_proven(const struct topology_server *server, const struct simulation_cause *c,
                      const struct state *after)
{
	const struct probe_result *check =
	    c->cause == JOURNAL_BY_TRACK ? &topology_checked_for(server)->check : c->check;

	return state_in_maint(after) || c->cause == JOURNAL_BY_COMMAND ||
	       (check && testimony_refused(check));
}

static void end_backups(struct simulation *s, const struct topology_service *service)
{
	for (size_t i = 0; i < service->server_count; i++)
		if (service->servers[i]->settings->backup)
			simulation_visits_end(s, simulation_acts_unit(s, service->servers[i]),
			                      UINT32_MAX, SIMULATION_IS_CUT);
}

static void end_sessions(struct simulation *s, struct simulation_unit *u,
                         const struct simulation_cause *c, const struct state *before,
                         const struct state *after)
{
	const struct settings_server *set = u->server->settings;

	if (is_down(after) && !is_gone(before) && !state_in_maint(after) &&
	    !is_polite(s, u->server))
		simulation_visits_release(s, u);
	if (set->shutdown_on_down && is_gone(after) && !is_gone(before))
		close_sessions(s, u, is_proven(u->server, c, after));
	if (is_gone(before) && !is_gone(after))
		drop_closing(s, u);
	if (set->shutdown_backup_on_up && !set->backup && atomic_load(&u->server->weight) &&
	    state_is_serving(after) && !state_is_serving(before))
		end_backups(s, u->server->service);
}

/* --- the change --------------------------------------------------------------------------- */

static void enter(struct simulation *s, struct simulation_unit *u, const struct simulation_cause *c,
                  const struct state *before, const struct state *after)
{
	topology_set_state(u->server, *after);
	simulation_acts_seen(s, u);
	if (!state_is_visible(before, after))
		return;
	tell(s, u->server, c, before, after);
	slowstart_follow(u->server, before, after, s->now_ms);
	end_sessions(s, u, c, before, after);
	kick(s, u->server);
}

static bool follow(struct simulation *s, struct simulation_unit *u)
{
	struct state leader = topology_state(u->server->tracked);
	struct state before = topology_state(u->server);
	struct state after = state_follow(before, &leader, topology_has_address(u->server));
	char why[160];
	struct simulation_cause c = { .cause = JOURNAL_BY_TRACK, .why = why };

	if (state_pack(&before) == state_pack(&after))
		return false;
	snprintf(why, sizeof(why), "as %s/%s, which it tracks",
	         u->server->tracked->service->settings->name, u->server->tracked->settings->name);
	enter(s, u, &c, &before, &after);
	look_around(s, u->server->service);
	return true;
}

/* Chains of servers that track each other are short, and have no ring. */
static void follow_all(struct simulation *s)
{
	bool changed = s->has_tracks;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < s->unit_count; i++)
			if (s->units[i].server->tracked && follow(s, &s->units[i]))
				changed = true;
	}
}

void simulation_state_apply(struct simulation *s, struct simulation_unit *u,
                            const struct simulation_cause *c)
{
	struct topology_server *server = u->server;
	struct state before = topology_state(server);
	struct state after = state_next(before, c->event, c->flag, &server->limits);

	if (server->tracked) {
		struct state leader = topology_state(server->tracked);

		after = state_follow(after, &leader, topology_has_address(server));
	}
	if (state_pack(&before) == state_pack(&after) && state_is_serving(&after) &&
	    !is_panicking(server->service))
		return;
	simulation_count_work(s, server->service->server_count);
	if (state_pack(&before) != state_pack(&after)) {
		enter(s, u, c, &before, &after);
		follow_all(s);
	}
	look_around(s, server->service);
}
