/* SPDX-License-Identifier: MIT */
/*
 * Servers and their checks in a reload.  A check that is the same keeps its slot of the checker,
 * so that the one that is running ends and the next one comes when it would have come.
 */
#include "reloadparts.h"

#include "agentcheck.h"
#include "arrivals.h"
#include "base/mem.h"
#include "conf/confdiff.h"
#include "engine/queue.h"
#include "orders.h"
#include "pace.h"
#include "transition.h"

#include <stdlib.h>
#include <string.h>

/* --- slots -------------------------------------------------------------------------------- */

static size_t find_target(const struct settings *set, const struct settings_target *target)
{
	for (size_t i = 0; i < set->target_count; i++)
		if (strcmp(set->targets[i].name, target->name) == 0 &&
		    confdiff_same_target(&set->targets[i], target))
			return i;
	return SIZE_MAX;
}

bool reload_servers_open(struct reload_plan *p, struct error *err)
{
	const struct topology *t = p->swap->topology;

	p->fresh = mem_zalloc((p->after->target_count + 1) * sizeof(p->fresh[0]));
	p->used = mem_zalloc((p->before->target_count + 1) * sizeof(p->used[0]));
	for (size_t i = 0; i < p->after->target_count; i++) {
		const struct settings_target *target = &p->after->targets[i];
		size_t old = find_target(p->before, target);

		if (old != SIZE_MAX && !p->used[old]) {
			p->used[old] = true;
			p->swap->slots[i] = t->slots[old];
			continue;
		}
		if (!checker_add(p->r->s->checker, target, &p->swap->slots[i], err))
			return false;
		p->fresh[i] = true;
	}
	return true;
}

void reload_servers_release(struct reload_plan *p)
{
	for (size_t i = 0; p->fresh && !p->swap->committed && i < p->after->target_count; i++)
		if (p->fresh[i])
			checker_remove(p->r->s->checker, p->swap->slots[i]);
	free(p->fresh);
	free(p->used);
	free(p->lost);
}

static void remove_check(const struct reload_plan *p, size_t slot)
{
	if (slot == SIZE_MAX)
		return;
	names_forget_check(p->r->s->names, slot);
	checker_remove(p->r->s->checker, slot);
}

/* What a server brought with it when it came at run time; the file has its checks now. */
static void remove_own_checks(const struct reload_plan *p)
{
	for (size_t i = 0; i < p->swap->service_count; i++)
		for (size_t k = 0; k < p->swap->services[i].server_count; k++) {
			const struct topology_swap_server *c = &p->swap->services[i].servers[k];

			if (!c->adopted)
				continue;
			remove_check(p, c->server->check_slot);
			remove_check(p, c->server->agent_slot);
			c->server->check_slot = SIZE_MAX;
			c->server->agent_slot = SIZE_MAX;
			c->server->check_disabled = false;
			c->server->agent_disabled = false;
		}
}

static void lose(struct reload_plan *p, const struct topology_server *s)
{
	if (!s->own)
		return;
	p->lost = mem_resize(p->lost, p->lost_count + 2, sizeof(p->lost[0]));
	p->lost[p->lost_count++] = s->check_slot;
	p->lost[p->lost_count++] = s->agent_slot;
}

/* Of those that came at run time and go with their service, or give their name to another. */
static void note_lost(struct reload_plan *p)
{
	for (size_t i = 0; i < p->swap->gone_server_count; i++)
		lose(p, p->swap->gone_servers[i]);
	for (size_t i = 0; i < p->swap->gone_service_count; i++)
		for (size_t k = 0; k < p->swap->gone_services[i]->server_count; k++)
			lose(p, p->swap->gone_services[i]->servers[k]);
}

void reload_servers_swap(struct reload_plan *p)
{
	/* Their targets are in the settings that are about to be given back. */
	for (size_t i = 0; i < p->before->target_count; i++)
		if (p->used[i])
			checker_keep(p->r->s->checker, p->swap->topology->slots[i], p->before);
	remove_own_checks(p);
	note_lost(p);
}

/* --- one that stays ----------------------------------------------------------------------- */

static uint16_t clamp(uint16_t n, uint16_t least, uint16_t most)
{
	return n < least ? least : n > most ? most : n;
}

/* The counter of the same health under other limits: what was full stays full. */
static struct state fit(struct state s, const struct state_limits *before,
                        const struct state_limits *after)
{
	uint16_t full = (uint16_t)(after->rise + after->fall - 1);
	bool was_full = s.counter >= before->rise + before->fall - 1;

	switch (s.health) {
	case STATE_UP:
	case STATE_NOLB:
		s.counter = was_full ? full : clamp(s.counter, after->rise, full);
		s.recovered = clamp(s.recovered, 0, (uint16_t)(after->rise - 1));
		break;
	case STATE_NOCHECK:
		s.counter = full;
		break;
	case STATE_DOWN:
		s.counter = clamp(s.counter, 0, (uint16_t)(after->rise - 1));
		break;
	case STATE_CHECKING:
	case STATE_HEALTH_COUNT:
		break;
	}
	return s;
}

static void apply(struct roster *r, struct topology_server *s, enum state_event event, uint8_t flag,
                  const char *why)
{
	transition_apply(
	    r, s,
	    &(struct transition){
	        .event = event, .flag = flag, .cause = JOURNAL_BY_CONFIG, .why = why });
}

/* `tracked`: until now its health was another one's. */
static void change_limits(struct roster *r, struct topology_server *s, bool tracked)
{
	const struct settings_check *check = &s->target->check;
	struct state_limits before = s->limits;
	bool checked = check->type != SETTINGS_CHECK_NONE && !s->check_disabled;
	bool loses = !checked && !s->check_disabled && topology_has_address(s);

	s->limits.rise = check->rise;
	s->limits.fall = check->fall;
	s->limits.checked = checked;
	s->limits.start_up = check->init_state == SETTINGS_INIT_UP;
	topology_set_state(s, fit(topology_state(s), &before, &s->limits));
	if (loses && (before.checked || tracked))
		apply(r, s, STATE_LOSE_CHECK, 0, "not checked any more");
	else if (before.checked != checked)
		apply(r, s, checked ? STATE_ENABLE_CHECK : STATE_DISABLE_CHECK, 0,
		      checked ? "checked from now on" : "not checked any more");
}

static void change_agent(struct roster *r, struct topology_server *s, bool had)
{
	bool has = s->agent_slot != SIZE_MAX;

	s->limits.agent = has && !s->agent_disabled;
	if (has && !had)
		agentcheck_begin(s);
	if (has || !had)
		return;
	s->agent_running = false;
	s->agent_disabled = false;
	s->agent = (struct probe_result){ .code = PROBE_INIT };
	apply(r, s, STATE_AGENT_UP, 0, "it has no agent any more");
}

/* names_follow(), which comes next, tells the address, and whether it is one to be used. */
static void change_address(const struct reload_plan *p, struct topology_server *s,
                           const struct settings_server *before,
                           const struct settings_server *after)
{
	struct addr addr;

	names_release(p->r->s->names, s);
	atomic_store_explicit(&s->port, after->port, memory_order_relaxed);
	if (addr_parse_ip(after->host, after->port, &addr))
		return;
	if (strcmp(before->host, after->host) == 0 && !s->unix_addr.len &&
	    topology_address(s, &addr)) {
		addr_set_port(&addr, after->port);
		topology_set_address(s, &addr);
	}
}

static uint32_t limit_of(const struct settings_server *set)
{
	return set->minconn > set->maxconn ? set->minconn : set->maxconn;
}

/* What a person has set since stays, unless the file has changed that very thing. */
static void change_values(const struct reload_plan *p, struct topology_server *s,
                          const struct settings_server *before, const struct settings_server *after)
{
	struct roster *r = p->r->s->daemon.roster;

	if (before->weight != after->weight) {
		s->iweight = after->weight;
		orders_set_weight(r, s, after->weight);
	}
	if (limit_of(before) != limit_of(after))
		orders_set_maxconn(s, limit_of(after));
	if (strcmp(before->host, after->host) != 0 || before->port != after->port)
		change_address(p, s, before, after);
	if (before->disabled != after->disabled)
		apply(r, s, after->disabled ? STATE_SET_MAINT : STATE_CLEAR_MAINT,
		      STATE_MAINT_CONFIG,
		      after->disabled ? "disabled in the configuration"
		                      : "enabled in the configuration");
	if (before->leaving != after->leaving)
		apply(r, s, after->leaving ? STATE_SET_DRAIN : STATE_CLEAR_DRAIN, STATE_DRAIN_LEFT,
		      settings_leaving_words(after->leaving));
	if (before->track && !after->track) {
		apply(r, s, STATE_CLEAR_DRAIN, STATE_DRAIN_INHERITED, "it tracks no server");
		apply(r, s, STATE_CLEAR_MAINT, STATE_MAINT_INHERITED, "it tracks no server");
	}
}

static void change(const struct reload_plan *p, const struct topology_swap_server *c)
{
	struct roster *r = p->r->s->daemon.roster;
	struct topology_server *s = c->server;

	if (!s->tracked)
		change_limits(r, s, c->before->track != NULL);
	change_agent(r, s, c->before->agent != 0);
	change_values(p, s, c->before, c->after);
	if (p->fresh[c->after->node]) {
		s->check_running = false;
		arrivals_change_check(r, s);
	}
	if (c->after->agent && p->fresh[c->after->agent - 1]) {
		s->agent_running = false;
		agentcheck_begin(s);
	}
}

/* --- all of them -------------------------------------------------------------------------- */

static bool is_same(const struct reload_plan *p, const struct topology_swap_server *c)
{
	size_t agent = c->after->agent;

	return confdiff_same_server(c->before, c->after) && !p->fresh[c->after->node] &&
	       !c->adopted && !c->before->agent == !agent && (!agent || !p->fresh[agent - 1]);
}

static void change_service(struct reload_plan *p, const struct topology_swap_service *c)
{
	struct roster *r = p->r->s->daemon.roster;

	if (!c->before) {
		arrivals_begin_service(r, c->service);
		p->added += c->server_count;
		return;
	}
	for (size_t i = 0; i < c->server_count; i++) {
		const struct topology_swap_server *server = &c->servers[i];

		if (!server->after)
			continue;
		if (!server->before) {
			arrivals_begin(r, server->server);
			p->added++;
			continue;
		}
		p->changed += !is_same(p, server);
		change(p, server);
	}
}

/* Health of those that track another one; a chain settles by itself. */
static void follow_leaders(struct roster *r)
{
	const struct topology *t = r->o.topology;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			struct topology_server *s = t->services[i]->servers[k];

			if (!s->tracked)
				continue;
			s->limits = s->tracked->limits;
			s->limits.agent = s->agent_slot != SIZE_MAX;
			transition_follow(r, s);
		}
}

static void count_gone(struct reload_plan *p)
{
	p->removed = p->swap->gone_server_count;
	for (size_t i = 0; i < p->swap->gone_service_count; i++)
		p->removed += p->swap->gone_services[i]->server_count;
}

static void forget_gone(const struct reload_plan *p)
{
	struct names *n = p->r->s->names;

	for (size_t i = 0; i < p->swap->gone_server_count; i++)
		names_release(n, p->swap->gone_servers[i]);
	for (size_t i = 0; i < p->swap->gone_service_count; i++)
		for (size_t k = 0; k < p->swap->gone_services[i]->server_count; k++)
			names_release(n, p->swap->gone_services[i]->servers[k]);
}

/* After the commit `swap->slots` are those of `before`. */
static void remove_gone_checks(const struct reload_plan *p)
{
	for (size_t i = 0; i < p->lost_count; i++)
		remove_check(p, p->lost[i]);
	for (size_t i = 0; i < p->before->target_count; i++)
		if (!p->used[i])
			remove_check(p, p->swap->slots[i]);
}

void reload_servers_apply(struct reload_plan *p)
{
	struct supervisor *s = p->r->s;
	struct roster *r = s->daemon.roster;
	const struct topology *t = r->o.topology;

	count_gone(p);
	forget_gone(p);
	for (size_t i = 0; i < p->swap->service_count; i++)
		change_service(p, &p->swap->services[i]);
	remove_gone_checks(p);
	names_follow(s->names, p->resolver ? p->resolver : s->resolver);
	follow_leaders(r);
	roster_start(r);
	for (size_t i = 0; i < t->service_count; i++) {
		transition_judge(r, t->services[i]);
		queue_kick(t->services[i]);
	}
}
