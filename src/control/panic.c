/* SPDX-License-Identifier: MIT */
#include "panic.h"

#include "base/log.h"
#include "base/tick.h"
#include "engine/queue.h"
#include "rosterlog.h"
#include "testimony.h"

#include <stdio.h>
#include <string.h>

/* Servers of a service that are not under maintenance, and what has become of them. */
struct tally {
	uint32_t all;
	uint32_t healthy;
	uint32_t wavering; /* ... of these: their last check found them quiet */
	uint32_t quiet;    /* do not serve, but live: is_lost() */
	uint32_t dead;
};

static const struct topology_server *checked_for(const struct topology_server *s)
{
	while (s->tracked)
		s = s->tracked;
	return s;
}

/* It said so itself, or said nothing. */
static bool is_quiet(const struct probe_result *check)
{
	return check->draining || check->code == PROBE_L4TOUT || check->code == PROBE_L6TOUT ||
	       check->code == PROBE_L7TOUT;
}

static bool is_dead(const struct topology_server *s, const struct state *state)
{
	return !state_is_serving(state) && testimony_refused(&checked_for(s)->check);
}

/* Has it stopped to serve, and is it one that lives? */
static bool is_lost(const struct topology_server *s, const struct state *state)
{
	return !state_is_serving(state) && state->health != STATE_CHECKING &&
	       is_quiet(&checked_for(s)->check);
}

static bool is_about(const struct journal_event *e, const struct topology_server *s)
{
	return e->kind == JOURNAL_SERVER && strcmp(e->server, s->settings->name) == 0 &&
	       strcmp(e->service, s->service->settings->name) == 0;
}

/* Its going out of service, unless it has died since: then it is being restarted. */
static bool was_lost_lately(const struct roster *r, const struct topology_server *s)
{
	int64_t since = tick_ms() - PANIC_WINDOW_MS;

	s = checked_for(s);
	for (uint64_t seq = journal_last(r->o.journal); seq; seq--) {
		const struct journal_event *e = journal_find(r->o.journal, seq);

		if (e->seq != seq || e->ms < since)
			return false;
		if (!is_about(e, s))
			continue;
		if (testimony_refused(&e->check))
			return false;
		if (state_is_serving(&e->before) && !state_is_serving(&e->after))
			return e->cause == JOURNAL_BY_CHECK && is_quiet(&e->check);
	}
	return false;
}

static struct tally count(const struct topology_service *service)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < service->server_count; i++) {
		const struct topology_server *s = service->servers[i];
		struct state state = topology_state(s);

		if (state_in_maint(&state))
			continue;
		t.all++;
		if (state_is_serving(&state)) {
			t.healthy++;
			t.wavering += is_quiet(&checked_for(s)->check);
		} else if (is_dead(s, &state)) {
			t.dead++;
		} else {
			t.quiet += is_lost(s, &state);
		}
	}
	return t;
}

static uint32_t count_lost_lately(const struct roster *r, const struct topology_service *service)
{
	uint32_t n = 0;

	for (size_t i = 0; i < service->server_count; i++) {
		const struct topology_server *s = service->servers[i];
		struct state state = topology_state(s);

		n += !state_in_maint(&state) && is_lost(s, &state) && was_lost_lately(r, s);
	}
	return n;
}

/* One server alone is no cluster. */
static bool is_most(uint32_t n, const struct tally *t)
{
	return t->all > 1 && n > t->all / 2;
}

static bool is_panicking(const struct topology_service *service)
{
	return atomic_load_explicit(&service->panicking, memory_order_relaxed);
}

bool panic_is_near(const struct roster *r, const struct topology_service *service)
{
	struct tally t = count(service);

	if (is_panicking(service))
		return true;
	/* The journal is read only if it could matter. */
	return !r->o.topology->settings->haproxy && is_most(t.quiet + t.wavering, &t) &&
	       is_most(count_lost_lately(r, service) + t.wavering, &t);
}

/* --- beginning and end -------------------------------------------------------------------- */

static const char *consequence(const struct topology_service *service)
{
	switch (service->settings->panic) {
	case SETTINGS_PANIC_ROUTE:
		return "new ones go to them, too";
	case SETTINGS_PANIC_HOLD:
		return "new ones wait if none serves";
	case SETTINGS_PANIC_REFUSE:
		break;
	}
	return "new ones go to those that serve";
}

/* People and agents are obeyed in a panic, too. */
static bool should_press(struct topology_server *s)
{
	struct state state = topology_state(s);

	return is_panicking(s->service) && s->service->settings->panic == SETTINGS_PANIC_ROUTE &&
	       !state.admin && !state.agent_down &&
	       (state.health == STATE_NOLB || state.health == STATE_DOWN) && !is_dead(s, &state) &&
	       topology_has_address(s);
}

static void press(struct topology_service *service)
{
	bool changed = false;

	for (size_t i = 0; i < service->server_count; i++) {
		struct topology_server *s = service->servers[i];
		bool pressed = should_press(s);

		if (pressed == s->pressed)
			continue;
		topology_press(s, pressed);
		changed = true;
	}
	if (changed)
		queue_kick(service);
}

static void tell(struct roster *r, struct topology_service *service, bool begins, const char *text)
{
	struct journal_event e = { .kind = JOURNAL_PANIC,
		                   .level = begins ? LOG_LEVEL_ALERT : LOG_LEVEL_NOTICE,
		                   .begins = begins };

	atomic_store_explicit(&service->panicking, begins, memory_order_relaxed);
	press(service);
	snprintf(e.service, sizeof(e.service), "%s", service->settings->name);
	snprintf(e.text, sizeof(e.text), "%s", text);
	panic_count_usable(service, &e.active_left, &e.backup_left);
	rosterlog_write(r, &e);
}

static void begin(struct roster *r, struct topology_service *service, uint32_t lost,
                  const struct tally *t)
{
	char text[160];

	snprintf(text, sizeof(text),
	         "%u of %u servers ask for patience or do not answer: sessions stay, %s", lost,
	         t->all, consequence(service));
	tell(r, service, true, text);
}

static void end_if_over(struct roster *r, struct topology_service *service, const struct tally *t)
{
	char text[160];

	if (t->healthy < (t->all + 1) / 2 && is_most(t->all - t->dead, t))
		return;
	snprintf(text, sizeof(text), "of %u servers %u serve and %u are dead", t->all, t->healthy,
	         t->dead);
	tell(r, service, false, text);
}

void panic_look(struct roster *r, struct topology_service *service)
{
	struct tally t;
	uint32_t lost;

	if (r->o.topology->settings->haproxy)
		return;
	t = count(service);
	if (is_panicking(service)) {
		end_if_over(r, service, &t);
	} else if (is_most(t.quiet, &t)) {
		lost = count_lost_lately(r, service);
		if (is_most(lost, &t))
			begin(r, service, lost, &t);
	}
	press(service);
}

void panic_count_usable(const struct topology_service *service, uint32_t *active, uint32_t *backup)
{
	*active = 0;
	*backup = 0;
	for (size_t i = 0; i < service->server_count; i++) {
		const struct topology_server *s = service->servers[i];

		if (!topology_is_usable(s) ||
		    !atomic_load_explicit(&s->weight, memory_order_relaxed))
			continue;
		if (s->settings->backup)
			(*backup)++;
		else
			(*active)++;
	}
}
