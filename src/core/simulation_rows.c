/* SPDX-License-Identifier: MIT */
/* What is measured of a simulation. */
#include "simulations.h"

#include "core/rebalance.h"
#include "core/tiers.h"

enum { BACKUPS = TIERS_MAX, GROUPS, PERCENT = 100 };

/* Servers that share new sessions among them: of a tier, or the backups. */
struct group {
	uint64_t weight, sessions;
	uint32_t count;
};

static const char letters[] = {
#define X(name, letter, key) letter,
	SIMULATION_MARK_TABLE(X)
#undef X
};

static const char *const keys[] = {
#define X(name, letter, key) (key),
	SIMULATION_MARK_TABLE(X)
#undef X
};

char simulation_mark_letter(enum simulation_mark m)
{
	return letters[m];
}

const char *simulation_mark_key(enum simulation_mark m)
{
	return keys[m];
}

static uint32_t load(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

/* --- evenness ----------------------------------------------------------------------------- */

/* GROUPS: it may not be chosen, or has just been lost and nobody knows. */
static size_t group_of(const struct simulation *s, size_t i)
{
	const struct simulation_unit *u = &s->units[s->place[i]];
	const struct topology_server *server = u->server;

	if (!topology_is_usable(server) || !load(&server->weight) ||
	    u->machine.life != SIMULATION_WELL)
		return GROUPS;
	return server->settings->backup ? BACKUPS : topology_tier(server);
}

/* How far it is from its share, in per cent; less than a whole session does not count. */
static uint32_t distance(const struct group *g, const struct topology_server *server)
{
	uint64_t even = g->sessions * load(&server->weight); /* in parts of the group's weight */
	uint64_t own = load(&server->active) * g->weight;
	uint64_t far = own > even ? own - even : even - own;

	if (far < g->weight || !even)
		return 0;
	return far * PERCENT / even > UINT32_MAX ? UINT32_MAX : (uint32_t)(far * PERCENT / even);
}

/* The backups serve, and count, only while no other server does. */
static uint32_t measure(const struct simulation *s, size_t *ret_server)
{
	struct group groups[GROUPS] = { { 0 } };
	uint32_t most = 0;
	bool any = false;

	for (size_t i = 0; i < s->service->server_count; i++) {
		const struct topology_server *server = s->service->servers[i];
		size_t at = group_of(s, i);

		if (at == GROUPS)
			continue;
		any |= at != BACKUPS;
		groups[at].weight += load(&server->weight);
		groups[at].sessions += load(&server->active);
		groups[at].count++;
	}
	for (size_t i = 0; i < s->service->server_count; i++) {
		size_t at = group_of(s, i);
		uint32_t far;

		if (at == GROUPS || groups[at].count < 2 || (any && at == BACKUPS))
			continue;
		far = distance(&groups[at], s->service->servers[i]);
		if (far > most) {
			most = far;
			*ret_server = i;
		}
	}
	return most;
}

static void look_at_effects(struct simulation *s)
{
	for (size_t i = 0; i < s->r->effect_count; i++) {
		struct simulation_effect *f = &s->r->effects[i];

		if (f->even_ms >= 0 || f->seen < f->servers || !f->servers)
			continue;
		f->even_ms = s->now_ms - s->epoch_ms - s->o->events->at[f->event].at_ms;
	}
}

static bool awaits_even(const struct simulation *s)
{
	for (size_t i = 0; i < s->r->effect_count; i++) {
		const struct simulation_effect *f = &s->r->effects[i];

		if (f->even_ms < 0 && f->servers && f->seen == f->servers)
			return true;
	}
	return false;
}

void simulation_rows_measure(struct simulation *s, bool second)
{
	struct simulation_result *r = s->r;
	size_t server = 0;
	uint32_t far;

	if ((!second && !awaits_even(s)) || s->service->settings->balance == SETTINGS_FIRST)
		return;
	simulation_count_work(s, s->service->server_count);
	far = measure(s, &server);
	if (far <= REBALANCE_DEAD_ZONE_PERCENT)
		look_at_effects(s);
	if (second && far > r->uneven) {
		r->uneven = far;
		r->uneven_ms = s->now_ms - s->epoch_ms;
		r->uneven_server = server;
	}
}

/* --- rows --------------------------------------------------------------------------------- */

static enum simulation_mark mark_of(const struct topology_server *server)
{
	struct state state = topology_state(server);

	if (state_in_maint(&state))
		return SIMULATION_MAINT;
	if (server->pressed)
		return SIMULATION_PRESSED;
	if (state_is_serving(&state) && state.admin & STATE_DRAIN_ANY)
		return SIMULATION_DRAIN;
	switch (state_effective(&state)) {
	case STATE_CHECKING:
		return SIMULATION_CHECKING;
	case STATE_NOLB:
		return SIMULATION_NOLB;
	case STATE_DOWN:
		return SIMULATION_DOWN;
	case STATE_UP:
	case STATE_NOCHECK:
	case STATE_HEALTH_COUNT:
		break;
	}
	return load(&server->ramp) < PERCENT ? SIMULATION_STARTING : SIMULATION_UP;
}

void simulation_rows_add(struct simulation *s)
{
	struct simulation_result *r = s->r;
	size_t count = s->service->server_count;
	struct simulation_cell *cells = &r->cells[r->row_count * count];
	struct simulation_row *row = &r->rows[r->row_count++];
	size_t server = 0;

	r->counts.live = s->live;
	r->counts.waiting = s->visit_count - s->free_count - s->live;
	*row = (struct simulation_row){ .ms = s->now_ms - s->epoch_ms,
		                        .counts = r->counts,
		                        .cells = cells };
	if (s->service->settings->balance != SETTINGS_FIRST)
		row->uneven = measure(s, &server);
	r->uneven_end = row->uneven;
	for (size_t i = 0; i < count; i++) {
		struct simulation_unit *u = &s->units[s->place[i]];
		uint32_t sessions = load(&u->server->active);

		cells[i] = (struct simulation_cell){ .sessions = sessions,
			                             .news = u->news,
			                             .mark = mark_of(u->server) };
		u->news = 0;
		if (sessions > r->most_sessions)
			r->most_sessions = sessions;
	}
}
