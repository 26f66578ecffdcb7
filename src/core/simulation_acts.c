/* SPDX-License-Identifier: MIT */
/* What the events of a simulation do, and what came of them. */
#include "simulations.h"

#include "base/suggest.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_SHOWN = 6, PERCENT = 100, WEIGHT_MAX = 256 };

struct simulation_unit *simulation_acts_unit(struct simulation *s,
                                             const struct topology_server *server)
{
	size_t low = 0;
	size_t high = s->unit_count;

	while (low + 1 < high) {
		size_t middle = (low + high) / 2;

		if (s->units[middle].server <= server)
			low = middle;
		else
			high = middle;
	}
	return &s->units[low];
}

/* --- about whom --------------------------------------------------------------------------- */

/* Is each part of `parts` ("region=eu,zone=a") one of the locality's? */
static bool has_parts(const char *locality, const char *parts)
{
	while (*parts) {
		size_t len = strcspn(parts, ",");
		const char *at = locality;

		while (*at && (strcspn(at, ",") != len || strncmp(at, parts, len) != 0)) {
			at += strcspn(at, ",");
			at += *at == ',';
		}
		if (!*at)
			return false;
		parts += len;
		parts += *parts == ',';
	}
	return true;
}

static bool is_about(const struct simevent *e, const struct topology_server *server)
{
	const struct settings_server *set = server->settings;
	const char *slash = strchr(e->subject, '/');
	const char *service = server->service->settings->name;

	if (!simevent_has_subject(e->kind))
		return false;
	if (strcmp(e->subject, "all") == 0)
		return true;
	if (strchr(e->subject, '='))
		return set->locality && has_parts(set->locality, e->subject);
	if (!slash)
		return strcmp(e->subject, set->name) == 0;
	return strlen(service) == (size_t)(slash - e->subject) &&
	       strncmp(e->subject, service, strlen(service)) == 0 &&
	       strcmp(slash + 1, set->name) == 0;
}

static bool complain(struct simulation *s, const struct simevent *e)
{
	const struct settings_service *set = s->service->settings;
	const char **names = mem_zalloc((set->server_count + 1) * sizeof(*names));
	char words[SIMEVENT_TEXT_MAX];
	AUTO_TEXT all = { 0 };
	const char *near;

	for (size_t i = 0; i < set->server_count; i++) {
		names[i] = set->servers[i].name;
		if (i < NAMES_SHOWN)
			text_addf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	near = suggest_nearest(e->subject, names, set->server_count);
	if (strchr(e->subject, '='))
		simulation_fail(s, "\"%s\": no server has the locality \"%s\"",
		                simevent_format(e, words), e->subject);
	else if (near)
		simulation_fail(s, "\"%s\": no server is called \"%s\": did you mean \"%s\"?",
		                simevent_format(e, words), e->subject, near);
	else
		simulation_fail(s, "\"%s\": no server is called \"%s\"; %s has %s%s",
		                simevent_format(e, words), e->subject, set->name, text_str(&all),
		                set->server_count > NAMES_SHOWN ? ", ..." : "");
	free(names);
	return false;
}

bool simulation_acts_check(struct simulation *s)
{
	const struct simevent_list *l = s->o->events;

	for (size_t i = 0; i < l->count; i++) {
		bool found = !simevent_has_subject(l->at[i].kind);

		for (size_t k = 0; k < s->unit_count && !found; k++)
			found = is_about(&l->at[i], s->units[k].server);
		if (!found)
			return complain(s, &l->at[i]);
	}
	return true;
}

/* --- what is waited for ------------------------------------------------------------------- */

static bool takes_sessions(const struct topology_server *server)
{
	return topology_is_usable(server) && atomic_load(&server->weight) > 0;
}

void simulation_acts_seen(struct simulation *s, struct simulation_unit *u)
{
	struct simulation_effect *f;

	if (!u->awaits_seen || takes_sessions(u->server) != u->awaits_usable)
		return;
	u->awaits_seen = false;
	f = &s->r->effects[u->effect];
	f->seen++;
	f->last_ms = s->now_ms - s->epoch_ms - s->o->events->at[f->event].at_ms;
	if (f->first_ms < 0)
		f->first_ms = f->last_ms;
}

/* Which change of the server it leads to; false: to none for sure. */
static bool is_awaited(enum simevent_kind k, bool *ret_usable)
{
	*ret_usable = k == SIMEVENT_RETURNS || k == SIMEVENT_READY;
	return k != SIMEVENT_SLOWS && k != SIMEVENT_WEIGHT;
}

static void expect(struct simulation *s, struct simulation_unit *u, size_t effect,
                   enum simevent_kind kind)
{
	struct simulation_effect *f = &s->r->effects[effect];
	bool usable;

	if (u->server->service != s->service)
		return;
	u->effect = effect;
	u->awaits_seen = is_awaited(kind, &usable) && takes_sessions(u->server) != usable;
	u->awaits_usable = usable;
	f->servers += u->awaits_seen;
}

/* --- what it does ------------------------------------------------------------------------- */

static void change(struct simulation *s, struct simulation_unit *u, enum simevent_kind kind,
                   uint32_t value)
{
	struct simulation_machine m = u->machine;

	if (kind == SIMEVENT_DIES)
		m = (struct simulation_machine){ .life = SIMULATION_DEAD };
	else if (kind == SIMEVENT_VANISHES)
		m.life = SIMULATION_GONE;
	else if (kind == SIMEVENT_HANGS)
		m.life = SIMULATION_HUNG;
	else if (kind == SIMEVENT_DRAINS)
		m.draining = true;
	else if (kind == SIMEVENT_SLOWS)
		m.slow_ms = value;
	else
		m = (struct simulation_machine){ 0 };
	u->machine = m;
	s->targets[u->server->check_slot].machine = m;
	if (u->server->service != s->service)
		return;
	if (m.life == SIMULATION_DEAD)
		simulation_visits_break(s, u);
	else if (m.life != SIMULATION_GONE)
		simulation_visits_answer(s, u);
}

static void order(struct simulation *s, struct simulation_unit *u, enum state_event event,
                  uint8_t flag, const char *why)
{
	struct simulation_cause c = {
		.event = event, .flag = flag, .cause = JOURNAL_BY_COMMAND, .why = why
	};

	simulation_state_apply(s, u, &c);
}

/* As control/orders.h. */
static void obey(struct simulation *s, struct simulation_unit *u, enum simevent_kind kind)
{
	const uint8_t lifted = STATE_MAINT_COMMAND | STATE_MAINT_CONFIG;

	if (kind == SIMEVENT_DRAIN) {
		order(s, u, STATE_SET_DRAIN, STATE_DRAIN_COMMAND, "draining by a command");
		order(s, u, STATE_CLEAR_MAINT, lifted, "draining by a command");
	} else if (kind == SIMEVENT_MAINT) {
		order(s, u, STATE_SET_MAINT, STATE_MAINT_COMMAND, "maintenance by a command");
		order(s, u, STATE_CLEAR_DRAIN, STATE_DRAIN_COMMAND, "maintenance by a command");
	} else {
		order(s, u, STATE_CLEAR_DRAIN, STATE_DRAIN_COMMAND, "drain ended by a command");
		order(s, u, STATE_CLEAR_MAINT, lifted, "maintenance ended by a command");
	}
	simulation_checks_pace(s, u->server->check_slot);
	if (kind == SIMEVENT_READY)
		simulation_checks_hurry(s, u->server);
}

static void set_weight(struct simulation *s, struct simulation_unit *u, const struct simevent *e)
{
	uint64_t weight = e->value;

	if (e->percent) {
		weight = (uint64_t)u->server->iweight * e->value / PERCENT;
		weight = !weight && e->value && u->server->iweight ? 1 : weight;
	}
	atomic_store(&u->server->weight, weight > WEIGHT_MAX ? WEIGHT_MAX : (uint32_t)weight);
	topology_tiers_update(u->server->service);
	s->kick = true;
}

static void act_on(struct simulation *s, struct simulation_unit *u, const struct simevent *e)
{
	switch (e->kind) {
	case SIMEVENT_DIES:
	case SIMEVENT_VANISHES:
	case SIMEVENT_HANGS:
	case SIMEVENT_DRAINS:
	case SIMEVENT_SLOWS:
	case SIMEVENT_RETURNS:
		change(s, u, e->kind, e->value);
		break;
	case SIMEVENT_DRAIN:
	case SIMEVENT_MAINT:
	case SIMEVENT_READY:
		obey(s, u, e->kind);
		break;
	case SIMEVENT_WEIGHT:
		set_weight(s, u, e);
		break;
	case SIMEVENT_BURST:
	case SIMEVENT_RATE:
	case SIMEVENT_KINDS:
		break;
	}
}

static void act_on_servers(struct simulation *s, const struct simevent *e, uint32_t event)
{
	struct simulation_effect f = {
		.event = event, .first_ms = -1, .last_ms = -1, .even_ms = -1
	};
	size_t effect = s->r->effect_count++;

	s->r->effects[effect] = f;
	for (size_t i = 0; i < s->unit_count; i++)
		if (is_about(e, s->units[i].server)) {
			expect(s, &s->units[i], effect, e->kind);
			act_on(s, &s->units[i], e);
		}
}

void simulation_acts_do(struct simulation *s, uint32_t event)
{
	const struct simevent *e = &s->o->events->at[event];
	struct simulation_note n = { .kind = SIMULATION_EVENT, .event = event };

	simulation_state_note(s, &n);
	if (e->kind == SIMEVENT_RATE)
		simulation_clients_rate(s, &e->rate);
	else if (e->kind == SIMEVENT_BURST)
		for (uint32_t i = 0; i < e->value && !s->failed; i++)
			simulation_clients_come(s, false);
	else
		act_on_servers(s, e, event);
}
