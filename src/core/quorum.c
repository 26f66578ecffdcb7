/* SPDX-License-Identifier: MIT */
#include "core/quorum.h"

#include "core/testimony.h"

#include <string.h>

/* How long a panic holds sessions if the service does not say. */
enum { PANIC_HOLD_MS = 5000 };

/* It said so itself, or said nothing. */
static bool is_quiet(const struct probe_result *check)
{
	return check->draining || check->code == PROBE_L4TOUT || check->code == PROBE_L6TOUT ||
	       check->code == PROBE_L7TOUT;
}

static bool is_dead(const struct topology_server *s, const struct state *state)
{
	return !state_is_serving(state) && testimony_refused(&topology_checked_for(s)->check);
}

/* Has it stopped to serve, and is it one that lives? */
static bool has_gone(const struct topology_server *s, const struct state *state)
{
	return !state_is_serving(state) && state->health != STATE_CHECKING &&
	       is_quiet(&topology_checked_for(s)->check);
}

static bool is_about(const struct journal_event *e, const struct topology_server *s)
{
	return e->kind == JOURNAL_SERVER && strcmp(e->server, s->settings->name) == 0 &&
	       strcmp(e->service, s->service->settings->name) == 0;
}

/* Its going out of service, unless it has died since: then it is being restarted. */
static bool went_lately(const struct journal *j, const struct topology_server *s, int64_t now_ms)
{
	int64_t since = now_ms - QUORUM_WINDOW_MS;

	s = topology_checked_for(s);
	for (uint64_t seq = journal_last(j); seq; seq--) {
		const struct journal_event *e = journal_find(j, seq);

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

/* It counts neither as one that is there nor as one that is lost. */
static bool is_out(const struct state *s)
{
	return state_in_maint(s) || s->admin & STATE_DRAIN_LEFT;
}

static struct quorum count(const struct topology_service *service)
{
	struct quorum q = { 0 };

	for (size_t i = 0; i < service->server_count; i++) {
		const struct topology_server *s = service->servers[i];
		struct state state = topology_state(s);

		if (is_out(&state))
			continue;
		q.all++;
		if (state_is_serving(&state)) {
			q.healthy++;
			q.wavering += is_quiet(&topology_checked_for(s)->check);
		} else if (is_dead(s, &state)) {
			q.dead++;
		} else {
			q.quiet += has_gone(s, &state);
		}
	}
	return q;
}

static uint32_t count_lost(const struct journal *j, const struct topology_service *service,
                           int64_t now_ms)
{
	uint32_t n = 0;

	for (size_t i = 0; i < service->server_count; i++) {
		const struct topology_server *s = service->servers[i];
		struct state state = topology_state(s);

		n += !is_out(&state) && has_gone(s, &state) && went_lately(j, s, now_ms);
	}
	return n;
}

/* One server alone is no cluster. */
static bool is_most(uint32_t n, const struct quorum *q)
{
	return q->all > 1 && n > q->all / 2;
}

/* The journal is read only if it could matter. */
bool quorum_is_near(const struct journal *j, const struct topology_service *service, int64_t now_ms)
{
	struct quorum q = count(service);

	return is_most(q.quiet + q.wavering, &q) &&
	       is_most(count_lost(j, service, now_ms) + q.wavering, &q);
}

bool quorum_is_lost(const struct journal *j, const struct topology_service *service, int64_t now_ms,
                    struct quorum *ret)
{
	*ret = count(service);
	if (!is_most(ret->quiet, ret))
		return false;
	ret->lost = count_lost(j, service, now_ms);
	return is_most(ret->lost, ret);
}

bool quorum_is_back(const struct topology_service *service, struct quorum *ret)
{
	*ret = count(service);
	return ret->healthy >= (ret->all + 1) / 2 || !is_most(ret->all - ret->dead, ret);
}

static bool panics(const struct topology_service *service, enum settings_panic by)
{
	return service->settings->panic == by &&
	       atomic_load_explicit(&service->panicking, memory_order_relaxed);
}

bool quorum_wants(const struct topology_server *s)
{
	struct state state = topology_state(s);

	return panics(s->service, SETTINGS_PANIC_ROUTE) && !state.admin && !state.agent_down &&
	       (state.health == STATE_NOLB || state.health == STATE_DOWN) && !is_dead(s, &state) &&
	       topology_has_address(s);
}

uint32_t quorum_hold_ms(const struct topology_service *service)
{
	uint32_t hold = service->settings->hold_ms;

	return !hold && panics(service, SETTINGS_PANIC_HOLD) ? PANIC_HOLD_MS : hold;
}
