/* SPDX-License-Identifier: MIT */
#include "agentcheck.h"

#include "base/tick.h"
#include "core/agentreply.h"
#include "orders.h"
#include "pace.h"
#include "transition.h"

#include <stdio.h>
#include <string.h>

static bool is_up(const struct topology_server *s)
{
	return s->agent_health >= s->agent_limits.rise;
}

static uint16_t full(const struct topology_server *s)
{
	return (uint16_t)(s->agent_limits.rise + s->agent_limits.fall - 1);
}

/* As with checks: words that are the same count when they follow one another. */
static uint16_t count(const struct topology_server *s, bool up)
{
	if (up)
		return is_up(s) || s->agent_health + 1 == s->agent_limits.rise
		           ? full(s)
		           : (uint16_t)(s->agent_health + 1);
	return s->agent_health > s->agent_limits.rise ? (uint16_t)(s->agent_health - 1) : 0;
}

static void obey(struct roster *r, struct topology_server *s, struct transition *t)
{
	t->event = is_up(s) ? STATE_AGENT_UP : STATE_AGENT_DOWN;
	transition_apply(r, s, t);
}

static void set_health(struct roster *r, struct topology_server *s, bool up, struct transition *t)
{
	s->agent_health = up ? full(s) : 0;
	obey(r, s, t);
}

static void take_weight(struct roster *r, struct topology_server *s, const struct agentreply *reply)
{
	uint32_t weight = reply->weight_kind == AGENTREPLY_PERCENT
	                      ? orders_relative_weight(s, reply->weight)
	                      : reply->weight;

	if (reply->weight_kind == AGENTREPLY_NO_WEIGHT || weight > 256 ||
	    !orders_allow_weight(s, weight) ||
	    weight == atomic_load_explicit(&s->weight, memory_order_relaxed))
		return;
	orders_set_weight(r, s, weight);
}

static void take_maxconn(struct topology_server *s, const struct agentreply *reply)
{
	if (reply->has_maxconn &&
	    reply->maxconn != atomic_load_explicit(&s->maxconn, memory_order_relaxed))
		orders_set_maxconn(s, reply->maxconn);
}

static void take_admin(struct roster *r, struct topology_server *s, enum agentreply_admin admin)
{
	struct state state = topology_state(s);
	bool away = state.admin & (STATE_DRAIN_COMMAND | STATE_MAINT_COMMAND | STATE_MAINT_CONFIG);

	switch (admin) {
	case AGENTREPLY_NO_ADMIN:
		break;
	case AGENTREPLY_READY:
		if (away) /* or each answer would hurry the check */
			orders_obey(r, s, ROSTER_READY, JOURNAL_BY_AGENT);
		break;
	case AGENTREPLY_DRAIN:
		orders_obey(r, s, ROSTER_DRAIN, JOURNAL_BY_AGENT);
		break;
	case AGENTREPLY_MAINT:
		orders_obey(r, s, ROSTER_MAINT, JOURNAL_BY_AGENT);
		break;
	}
}

/* Only a word of the agent counts as a failure (HAProxy: what is a failure of layer 7 with data).
 */
static void take_health(struct roster *r, struct topology_server *s,
                        const struct probe_result *result)
{
	bool up = probe_code_passed(result->code);
	uint16_t counted = count(s, up);
	char why[sizeof(result->info) + 16];
	struct transition t = {
		.cause = JOURNAL_BY_AGENT, .check = result, .agent_check = true, .why = why
	};

	if (!up && result->code != PROBE_L7STS) {
		transition_note_check(s, result, true);
		return;
	}
	snprintf(why, sizeof(why), "its agent: %s",
	         result->info[0] ? result->info
	         : up            ? "up"
	                         : "down");
	if (counted != s->agent_health) {
		s->agent_health = counted;
		transition_tell_agent_check(r, s, result, why);
	}
	obey(r, s, &t);
}

void agentcheck_take(struct roster *r, struct topology_server *s, const struct probe_result *result)
{
	struct agentreply reply;

	if (s->agent_disabled)
		return;
	s->agent_running = !result;
	if (!result)
		return;
	s->agent = *result;
	agentreply_parse(result->agent, strlen(result->agent), &reply);
	take_weight(r, s, &reply);
	take_maxconn(s, &reply);
	take_admin(r, s, reply.admin);
	take_health(r, s, result);
}

void agentcheck_begin(struct topology_server *s)
{
	s->agent_health = topology_state(s).agent_down ? 0 : full(s);
}

void agentcheck_enable(struct roster *r, struct topology_server *s, bool on)
{
	struct transition t = { .cause = JOURNAL_BY_COMMAND,
		                .why = on ? "agent switched on" : "agent switched off" };

	s->agent_disabled = !on;
	s->agent_running = false;
	s->limits.agent = on;
	set_health(r, s, true, &t);
	pace_set(r, s->agent_slot);
}

void agentcheck_set(struct roster *r, struct topology_server *s, bool up)
{
	struct transition t = { .cause = JOURNAL_BY_COMMAND, .why = "set by a command" };

	set_health(r, s, up, &t);
	pace_set(r, s->agent_slot);
}
