/* SPDX-License-Identifier: MIT */
#include "orders.h"

#include "closing.h"
#include "engine/queue.h"
#include "pace.h"
#include "transition.h"

#include <stdio.h>

static void order_health(struct roster *r, struct topology_server *s, enum state_event event,
                         enum journal_cause cause)
{
	transition_apply(
	    r, s,
	    &(struct transition){ .event = event, .cause = cause, .why = "set by a command" });
}

static void order_admin(struct roster *r, struct topology_server *s, enum state_event event,
                        uint8_t flag, enum journal_cause cause, const char *what)
{
	const char *who = r->who ? r->who : "a command";
	char why[192];

	snprintf(why, sizeof(why), "%s by %s", what, cause == JOURNAL_BY_AGENT ? "its agent" : who);
	transition_apply(
	    r, s, &(struct transition){ .event = event, .flag = flag, .cause = cause, .why = why });
}

void orders_come_from(struct roster *r, const char *who)
{
	r->who = who;
}

void orders_obey(struct roster *r, struct topology_server *s, enum roster_order order,
                 enum journal_cause cause)
{
	/* Also what the configuration said, as HAProxy's `enable server` does. */
	const uint8_t lifted = STATE_MAINT_COMMAND | STATE_MAINT_CONFIG;

	/* What is said to a drained server again leaves its deadline alone. */
	if (order == ROSTER_READY || order == ROSTER_MAINT)
		closing_drain(r, s, 0);
	switch (order) {
	case ROSTER_READY:
		order_admin(r, s, STATE_CLEAR_DRAIN, STATE_DRAIN_COMMAND, cause, "drain ended");
		order_admin(r, s, STATE_CLEAR_MAINT, lifted, cause, "maintenance ended");
		break;
	case ROSTER_DRAIN:
		order_admin(r, s, STATE_SET_DRAIN, STATE_DRAIN_COMMAND, cause, "draining");
		order_admin(r, s, STATE_CLEAR_MAINT, lifted, cause, "draining");
		break;
	case ROSTER_MAINT:
		order_admin(r, s, STATE_SET_MAINT, STATE_MAINT_COMMAND, cause, "maintenance");
		order_admin(r, s, STATE_CLEAR_DRAIN, STATE_DRAIN_COMMAND, cause, "maintenance");
		break;
	case ROSTER_HEALTH_UP:
		order_health(r, s, STATE_FORCE_UP, cause);
		break;
	case ROSTER_HEALTH_NOLB:
		order_health(r, s, STATE_FORCE_NOLB, cause);
		break;
	case ROSTER_HEALTH_DOWN:
		order_health(r, s, STATE_FORCE_DOWN, cause);
		break;
	}
	pace_set_server(r, s);
	if (order == ROSTER_READY)
		pace_hurry(r, s);
}

void orders_set_weight(struct roster *r, struct topology_server *s, uint32_t weight)
{
	atomic_store_explicit(&s->weight, weight, memory_order_relaxed);
	topology_tiers_update(s->service);
	transition_judge(r, s->service);
	queue_kick(s->service);
}

void orders_set_maxconn(struct topology_server *s, uint32_t maxconn)
{
	atomic_store_explicit(&s->maxconn, maxconn, memory_order_relaxed);
	queue_kick(s->service);
}

bool orders_is_dynamic(const struct topology_service *service)
{
	switch (service->settings->balance) {
	case SETTINGS_ROUNDROBIN:
	case SETTINGS_LEASTCONN:
	case SETTINGS_RANDOM:
	case SETTINGS_FIRST:
		return true;
	case SETTINGS_SOURCE:
	case SETTINGS_HASH:
		return service->settings->hash.type == SETTINGS_HASH_CONSISTENT;
	case SETTINGS_STATIC_RR:
		break;
	}
	return false;
}

bool orders_allow_weight(const struct topology_server *s, uint32_t weight)
{
	return !weight || weight == s->iweight || orders_is_dynamic(s->service);
}

uint32_t orders_relative_weight(const struct topology_server *s, uint64_t percent)
{
	uint64_t most = percent > 25600 ? 25600 : percent;
	uint64_t n = s->iweight * most / 100;

	if (!n && most && s->iweight)
		return 1;
	return n > 256 ? 256 : (uint32_t)n;
}
