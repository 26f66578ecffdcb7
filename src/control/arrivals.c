/* SPDX-License-Identifier: MIT */
#include "arrivals.h"

#include "agentcheck.h"
#include "base/log.h"
#include "base/tick.h"
#include "core/topology_gone.h"
#include "engine/program.h"
#include "engine/queue.h"
#include "pace.h"
#include "rosterlog.h"
#include "transition.h"

#include <stdio.h>
#include <stdlib.h>

/* --- servers as they begin ---------------------------------------------------------------- */

/* Where clients reach the service: HAProxy tells a program the first address of its listener. */
static void add_proxy(struct roster *r, const struct topology_service *service,
                      struct program_facts *facts)
{
	const struct settings_frontend *front =
	    service->frontend_count ? service->frontends[0]->settings : NULL;
	const struct settings_bind *bind = front && front->bind_count ? &front->binds[0] : NULL;
	char buf[ADDR_TEXT_MAX];

	if (!bind || bind->kind != SETTINGS_BIND_ADDR)
		return;
	facts->proxy_addr = mem_arena_strdup(&r->strings, addr_format_host(&bind->addr, buf));
	facts->proxy_port = mem_arena_printf(&r->strings, "%u", addr_port(&bind->addr));
}

static bool has_program(const struct topology_server *s)
{
	return s->target->check.type == SETTINGS_CHECK_EXTERNAL && s->check_slot != SIZE_MAX;
}

static uint32_t load(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static struct program_facts numbers_of(const struct topology_server *s)
{
	return (struct program_facts){ .proxy_id = s->service->id,
		                       .server_id = s->id,
		                       .maxconn = load(&s->maxconn),
		                       .curconn = load(&s->active),
		                       .server_port = (uint16_t)load(&s->port) };
}

void arrivals_begin_check(struct roster *r, const struct topology_server *s)
{
	struct program_facts facts = numbers_of(s);

	if (has_program(s))
		checker_set_facts(r->o.checker, s->check_slot, &facts);
}

/* Copies: the settings may be replaced while the check goes on. */
static void tell_program(struct roster *r, const struct topology_server *s)
{
	struct program_facts facts = numbers_of(s);

	if (!has_program(s))
		return;
	facts.proxy_name = mem_arena_strdup(&r->strings, s->service->settings->name);
	facts.server_name = mem_arena_strdup(&r->strings, s->settings->name);
	add_proxy(r, s->service, &facts);
	checker_set_facts(r->o.checker, s->check_slot, &facts);
}

static void prepare(struct roster *r, struct topology_server *s)
{
	s->since_wall_ms = tick_wall_ms();
	s->since_ms = tick_ms();
	tell_program(r, s);
	if (s->agent_slot == SIZE_MAX)
		return;
	s->limits.agent = true;
	agentcheck_begin(s);
}

/* Health and limits of the one that it tracks.  True if that changed anything. */
static bool take_over(struct topology_server *s)
{
	struct state leader = topology_state(s->tracked);
	struct state before = topology_state(s);
	struct state after = state_follow(before, &leader, topology_has_address(s));

	s->limits = s->tracked->limits;
	s->limits.agent = s->agent_slot != SIZE_MAX;
	topology_set_state(s, after);
	return state_pack(&before) != state_pack(&after);
}

/* Chains of servers that track each other settle after as many rounds as they are long. */
static bool take_over_all(struct topology *t)
{
	bool changed = false;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			struct topology_server *s = t->services[i]->servers[k];

			if (s->tracked && take_over(s))
				changed = true;
		}
	return changed;
}

void arrivals_begin(struct roster *r, struct topology_server *s)
{
	prepare(r, s);
}

void arrivals_change_check(struct roster *r, const struct topology_server *s)
{
	tell_program(r, s);
}

void arrivals_begin_service(struct roster *r, struct topology_service *service)
{
	service->since_wall_ms = tick_wall_ms();
	service->since_ms = tick_ms();
	service->has_server = true; /* until it is judged */
	for (size_t i = 0; i < service->server_count; i++)
		prepare(r, service->servers[i]);
}

void arrivals_prepare(struct roster *r)
{
	enum { LONGEST_CHAIN = 256 };
	struct topology *t = r->o.topology;

	for (size_t i = 0; i < t->service_count; i++)
		arrivals_begin_service(r, t->services[i]);
	for (int i = 0; i < LONGEST_CHAIN && take_over_all(t); i++)
		;
}

/* --- coming and going --------------------------------------------------------------------- */

static void say(struct roster *r, const struct topology_server *s, const char *what)
{
	struct journal_event e = { .kind = JOURNAL_PROCESS, .level = LOG_LEVEL_NOTICE };

	snprintf(e.text, sizeof(e.text), "server %s/%s %s", s->service->settings->name,
	         s->settings->name, what);
	rosterlog_write(r, &e);
}

static void publish(struct roster *r, struct topology_service *service)
{
	struct topology_roll *old = topology_publish(service);

	queue_forget(service);
	if (r->o.quiesce)
		r->o.quiesce(r->o.ctx);
	free(old);
}

static bool start_checks(struct roster *r, struct topology_server *s, struct error *err)
{
	const struct settings *own = s->own;

	if (s->target->check.type != SETTINGS_CHECK_NONE &&
	    !checker_add(r->o.checker, s->target, &s->check_slot, err))
		return error_wrap(err, "check");
	if (s->settings->agent &&
	    !checker_add(r->o.checker, &own->targets[s->settings->agent - 1], &s->agent_slot, err))
		return error_wrap(err, "agent");
	return true;
}

static void stop_checks(struct roster *r, struct topology_server *s)
{
	if (s->check_slot != SIZE_MAX)
		checker_remove(r->o.checker, s->check_slot);
	if (s->agent_slot != SIZE_MAX)
		checker_remove(r->o.checker, s->agent_slot);
	s->check_slot = SIZE_MAX;
	s->agent_slot = SIZE_MAX;
}

/* Checks begin when somebody switches them on; until then there are none. */
static void switch_off(struct topology_server *s)
{
	s->check_disabled = s->check_slot != SIZE_MAX;
	s->agent_disabled = s->agent_slot != SIZE_MAX;
	s->limits.checked = false;
	s->limits.agent = false;
	topology_set_state(s, state_first(&s->limits, STATE_MAINT_COMMAND));
}

bool arrivals_add(struct roster *r, struct topology_service *service, struct settings *own,
                  struct topology_server **ret, struct error *err)
{
	struct topology_server *s = topology_add_server(service, own);

	s->base = settings_ref(r->o.topology->owned);
	if (!start_checks(r, s, err)) {
		stop_checks(r, s);
		topology_remove_server(s);
		topology_free_server(s);
		return false;
	}
	prepare(r, s);
	switch_off(s);
	if (s->settings->track)
		s->tracked = topology_find_server(r->o.topology, s->settings->track);
	if (s->tracked)
		take_over(s);
	publish(r, service);
	if (r->names)
		r->names->watch(r->names_ctx, s);
	say(r, s, "added");
	*ret = s;
	return true;
}

bool arrivals_is_idle(struct roster *r, const struct topology_server *s)
{
	if (r->o.quiesce)
		r->o.quiesce(r->o.ctx);
	return !atomic_load_explicit(&s->active, memory_order_relaxed) &&
	       !atomic_load_explicit(&s->queued, memory_order_relaxed);
}

void arrivals_remove(struct roster *r, struct topology_server *s)
{
	struct topology_service *service = s->service;
	size_t check_slot = s->own ? SIZE_MAX : s->check_slot;
	size_t agent_slot = s->own ? SIZE_MAX : s->agent_slot;

	topology_remove_server(s);
	publish(r, service);
	if (r->names)
		r->names->forget(r->names_ctx, s);
	if (s->own)
		stop_checks(r, s);
	say(r, s, "removed");
	topology_gone_server(s);
	topology_free_server(s);
	/* A node's check goes on for others, or for nobody. */
	pace_set(r, check_slot);
	pace_set(r, agent_slot);
	transition_judge(r, service);
}
