/* SPDX-License-Identifier: MIT */
#include "control/roster.h"

#include "agentcheck.h"
#include "arrivals.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "closing.h"
#include "core/faultcheck.h"
#include "core/slowstart.h"
#include "engine/queue.h"
#include "nearness.h"
#include "observe.h"
#include "orders.h"
#include "pace.h"
#include "panic.h"
#include "rebalancer.h"
#include "report/eventline.h"
#include "rosterlog.h"
#include "sampling.h"
#include "transition.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct roster *roster_new(const struct roster_options *o)
{
	struct roster *r = mem_zalloc(sizeof(*r));

	r->o = *o;
	closing_init(r);
	arrivals_prepare(r);
	return r;
}

void roster_free(struct roster *r)
{
	if (!r)
		return;
	closing_release(r);
	mem_arena_release(&r->strings);
	free(r);
}

void roster_use_names(struct roster *r, const struct roster_names *names, void *ctx)
{
	r->names = names;
	r->names_ctx = ctx;
}

void roster_start(struct roster *r)
{
	const struct topology *t = r->o.topology;

	for (size_t i = 0; i < t->settings->target_count; i++)
		pace_set(r, t->slots[i]);
	/* One that a process before this one has begun goes on. */
	for (size_t i = 0; i < t->service_count; i++)
		if (atomic_load_explicit(&t->services[i]->panicking, memory_order_relaxed))
			panic_look(r, t->services[i]);
}

void roster_say(struct roster *r, int level, const char *fmt, ...)
{
	struct journal_event e = { .kind = JOURNAL_PROCESS, .level = level };
	va_list args;

	va_start(args, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, args);
	va_end(args);
	rosterlog_write(r, &e);
}

/* --- checks ------------------------------------------------------------------------------- */

static void describe_check(const struct probe_result *result, struct text *out)
{
	text_add(out, probe_code_passed(result->code) ? "check passed: "
	              : result->draining              ? "the node is draining: "
	                                              : "check failed: ");
	eventline_write_answer(result, out);
}

static enum state_event event_of(const struct probe_result *result)
{
	if (result->conditional)
		return STATE_CHECK_CONDPASS;
	if (probe_code_passed(result->code))
		return STATE_CHECK_PASSED;
	return result->draining ? STATE_CHECK_DRAINING : STATE_CHECK_FAILED;
}

/* One failed check is enough if clients have met the same. */
static void judge(const struct roster *r, const struct topology_server *s, struct transition *t)
{
	bool haproxy = r->o.topology->settings->haproxy;

	switch (testimony_confirms(&r->testimonies, s, t->check, haproxy, tick_ms())) {
	case TESTIMONY_NONE:
		return;
	case TESTIMONY_REFUSED:
		t->why = "refused to clients and to a check";
		break;
	case TESTIMONY_SILENT:
		t->why = "silent to clients and to a check";
		break;
	}
	t->event = STATE_MARK_DOWN;
}

static void take_result(struct roster *r, struct topology_server *s,
                        const struct probe_result *result)
{
	AUTO_TEXT why = { 0 };
	bool is_down = topology_state(s).health == STATE_DOWN;
	struct probe_result seen = is_down ? probe_when_down(result) : *result;
	struct transition t = { .cause = result->code == PROBE_RESOLVE ? JOURNAL_BY_RESOLVER
		                                                       : JOURNAL_BY_CHECK,
		                .check = &seen };

	s->check = seen;
	s->check_wall_ms = tick_wall_ms();
	/* Out of descriptors or ports: that is about us, not about the server. */
	if (seen.code == PROBE_UNKNOWN) {
		transition_note_check(s, &seen, false);
		return;
	}
	if (probe_code_passed(seen.code))
		topology_tiers_note(s, seen.duration_ms);
	describe_check(&seen, &why);
	t.why = text_str(&why);
	t.event = event_of(&seen);
	if (!is_down)
		judge(r, s, &t);
	transition_apply(r, s, &t);
}

static void take_check(struct roster *r, struct topology_server *s,
                       const struct probe_result *result)
{
	struct probe_result found;

	if (s->tracked || s->check_disabled)
		return;
	s->check_running = !result;
	if (!result)
		arrivals_begin_check(r, s);
	/* Without an address it is DOWN for that reason, whatever a check says. */
	if (result && topology_has_address(s) && faultcheck_apply(s, result, tick_ms(), &found))
		take_result(r, s, &found);
}

void roster_check_hung(struct roster *r, struct topology_server *s,
                       const struct probe_result *result)
{
	take_result(r, s, result);
	pace_set_server(r, s);
}

void roster_check_result(struct roster *r, size_t target, const struct probe_result *result)
{
	const struct topology *t = r->o.topology;

	for (size_t i = 0; i < t->service_count; i++) {
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			struct topology_server *s = t->services[i]->servers[k];

			if (s->check_slot == target)
				take_check(r, s, result);
			if (s->agent_slot == target)
				agentcheck_take(r, s, result);
		}
	}
	if (result)
		pace_set(r, target);
}

/* `info` is `why` in short. */
static void take_no_address(struct roster *r, struct topology_server *s, const char *info,
                            const char *why)
{
	struct probe_result result = { .code = PROBE_RESOLVE };

	topology_set_address(s, NULL);
	snprintf(result.info, sizeof(result.info), "%s", info);
	s->check = result;
	s->check_wall_ms = tick_wall_ms();
	transition_apply(r, s,
	                 &(struct transition){ .event = STATE_UNRESOLVED,
	                                       .cause = JOURNAL_BY_RESOLVER,
	                                       .check = &result,
	                                       .why = why });
}

static void take_address(struct roster *r, struct topology_server *s, struct addr addr,
                         enum journal_cause cause)
{
	bool had = topology_has_address(s);

	addr_set_port(&addr, (uint16_t)atomic_load_explicit(&s->port, memory_order_relaxed));
	topology_set_address(s, &addr);
	/* Only what lay in the want of an address is over now. */
	if (!had)
		transition_apply(r, s,
		                 &(struct transition){ .event = STATE_RESOLVED,
		                                       .cause = cause,
		                                       .why = cause == JOURNAL_BY_COMMAND
		                                                  ? "set by a command"
		                                                  : "its name resolves" });
}

void roster_resolved(struct roster *r, struct topology_server *s, const struct addr *addr,
                     const char *reason)
{
	char why[192];

	if (addr) {
		take_address(r, s, *addr, JOURNAL_BY_RESOLVER);
		return;
	}
	snprintf(why, sizeof(why), "\"%s\" does not resolve: %s", s->settings->host, reason);
	take_no_address(r, s, reason, why);
}

void roster_refused_address(struct roster *r, struct topology_server *s, const char *why)
{
	take_no_address(r, s, why, why);
}

/* What a client met at `s` counts for the check that its health is by. */
static void note(struct roster *r, const struct topology_server *s, enum testimony_kind kind)
{
	s = topology_checked_for(s);
	if (s->check_slot != SIZE_MAX)
		testimony_note(&r->testimonies, s, kind, tick_ms());
}

void roster_connect_failed(struct roster *r, struct topology_server *s, enum reason why)
{
	note(r, s, why == REASON_CONNECT_TIMEOUT ? TESTIMONY_SILENT : TESTIMONY_REFUSED);
	pace_hurry(r, s);
	observe_failure(r, s, "L4 unsuccessful connection");
}

void roster_server_silent(struct roster *r, struct topology_server *s)
{
	note(r, s, TESTIMONY_SILENT);
	pace_hurry(r, s);
}

void roster_server_error(struct roster *r, struct topology_server *s)
{
	observe_failure(r, s, "L4 connection broken off");
}

/* --- orders ------------------------------------------------------------------------------- */

static void pass_on(const struct roster *r, const struct topology_server *s,
                    enum roster_order order, int64_t deadline_ms)
{
	if (r->o.on_order)
		r->o.on_order(r->o.ctx, s, order, deadline_ms);
}

void roster_order(struct roster *r, struct topology_server *s, enum roster_order order)
{
	orders_obey(r, s, order, JOURNAL_BY_COMMAND);
	pass_on(r, s, order, -1);
}

void roster_drain(struct roster *r, struct topology_server *s, uint32_t deadline_ms)
{
	orders_obey(r, s, ROSTER_DRAIN, JOURNAL_BY_COMMAND);
	closing_drain(r, s, deadline_ms);
	pass_on(r, s, ROSTER_DRAIN, deadline_ms);
}

void roster_rebalance(struct roster *r, const struct topology_service *service, bool dry,
                      struct text *out)
{
	rebalancer_run(r, service, dry, out);
}

void roster_set_weight(struct roster *r, struct topology_server *s, uint32_t weight)
{
	orders_set_weight(r, s, weight);
}

void roster_set_maxconn(struct roster *r, struct topology_server *s, uint32_t maxconn)
{
	(void)r;
	orders_set_maxconn(s, maxconn);
}

void roster_enable_check(struct roster *r, struct topology_server *s, bool on)
{
	if (s->check_disabled == !on)
		return;
	s->check_disabled = !on;
	s->check_running = false;
	s->limits.checked = on;
	transition_apply(
	    r, s,
	    &(struct transition){ .event = on ? STATE_ENABLE_CHECK : STATE_DISABLE_CHECK,
	                          .cause = JOURNAL_BY_COMMAND,
	                          .why = on ? "checks switched on" : "checks switched off" });
	pace_set(r, s->check_slot);
}

void roster_enable_agent(struct roster *r, struct topology_server *s, bool on)
{
	agentcheck_enable(r, s, on);
}

void roster_set_agent(struct roster *r, struct topology_server *s, bool up)
{
	agentcheck_set(r, s, up);
}

/* --- addresses ---------------------------------------------------------------------------- */

static bool is_shared(const struct roster *r, size_t slot)
{
	const struct topology *t = r->o.topology;
	size_t users = 0;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++)
			users += t->services[i]->servers[k]->check_slot == slot ||
			         t->services[i]->servers[k]->agent_slot == slot;
	return users > 1;
}

/* A check goes where its server goes, unless it has an address of its own or is a whole node's. */
static void move_check(struct roster *r, size_t slot, const struct settings_target *target,
                       const struct addr *addr, uint16_t port)
{
	if (slot == SIZE_MAX || target->check.address || is_shared(r, slot) ||
	    (r->names && r->names->is_chosen(r->names_ctx, slot)))
		return;
	checker_set_address(r->o.checker, slot, addr, NULL);
	if (port && target->check.port == SETTINGS_PORT_SERVER)
		checker_set_port(r->o.checker, slot, port);
	if (r->names)
		r->names->pin_check(r->names_ctx, slot, false);
}

static const struct settings_target *agent_of(const struct roster *r,
                                              const struct topology_server *s)
{
	const struct settings *set = s->own ? s->own : r->o.topology->settings;

	return s->settings->agent ? &set->targets[s->settings->agent - 1] : NULL;
}

void roster_set_address(struct roster *r, struct topology_server *s, const struct addr *addr)
{
	uint16_t port = addr_port(addr);

	if (port)
		atomic_store_explicit(&s->port, port, memory_order_relaxed);
	if (r->names)
		r->names->pin(r->names_ctx, s);
	take_address(r, s, *addr, JOURNAL_BY_COMMAND);
	move_check(r, s->check_slot, s->target, addr, port);
	if (s->agent_slot != SIZE_MAX)
		move_check(r, s->agent_slot, agent_of(r, s), addr, 0);
	pace_hurry(r, s);
}

void roster_set_check_address(struct roster *r, struct topology_server *s, bool agent,
                              const struct addr *addr, uint16_t port)
{
	size_t slot = agent ? s->agent_slot : s->check_slot;

	if (addr) {
		checker_set_address(r->o.checker, slot, addr, NULL);
		if (r->names)
			r->names->pin_check(r->names_ctx, slot, true);
	}
	if (port)
		checker_set_port(r->o.checker, slot, port);
}

void roster_set_agent_send(struct roster *r, struct topology_server *s, const char *line)
{
	checker_set_agent_send(r->o.checker, s->agent_slot, line);
}

/* --- servers that come and go ------------------------------------------------------------- */

bool roster_add_server(struct roster *r, struct topology_service *service, struct settings *own,
                       struct topology_server **ret, struct error *err)
{
	return arrivals_add(r, service, own, ret, err);
}

bool roster_is_idle(struct roster *r, const struct topology_server *s)
{
	return arrivals_is_idle(r, s);
}

void roster_remove_server(struct roster *r, struct topology_server *s)
{
	arrivals_remove(r, s);
}

/* --- questions ---------------------------------------------------------------------------- */

void roster_judge(struct roster *r)
{
	for (size_t i = 0; i < r->o.topology->service_count; i++) {
		r->o.topology->services[i]->judged = true;
		transition_judge(r, r->o.topology->services[i]);
	}
}

bool roster_settled(const struct roster *r)
{
	const struct topology *t = r->o.topology;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			struct state state = topology_state(t->services[i]->servers[k]);

			if (state.health == STATE_CHECKING && !state_in_maint(&state))
				return false;
		}
	return true;
}

bool roster_ready(const struct roster *r, char *reason, size_t size)
{
	const struct topology *t = r->o.topology;
	size_t len = 0;

	reason[0] = '\0';
	for (size_t i = 0; i < t->service_count; i++) {
		uint32_t active;
		uint32_t backup;

		panic_count_usable(t->services[i], &active, &backup);
		if (active + backup == 0 && len < size)
			len += (size_t)snprintf(reason + len, size - len,
			                        "%sservice %s has no usable server",
			                        len ? "; " : "", t->services[i]->settings->name);
	}
	return len == 0;
}

int64_t roster_next_check_ms(const struct roster *r, const struct topology_server *s)
{
	s = topology_checked_for(s);
	return s->check_slot == SIZE_MAX ? -1 : checker_next_ms(r->o.checker, s->check_slot);
}

static void step_slowstart(struct topology_service *service, int64_t now_ms)
{
	bool rose = false;

	for (size_t i = 0; i < service->server_count; i++)
		if (slowstart_step(service->servers[i], now_ms))
			rose = true;
	if (rose)
		queue_kick(service);
}

void roster_sample(struct roster *r)
{
	int64_t now = tick_ms();

	sampling_take(r->o.topology);
	for (size_t i = 0; i < r->o.topology->service_count; i++)
		step_slowstart(r->o.topology->services[i], now);
	nearness_look(r, now);
}

void roster_balance(struct roster *r)
{
	rebalancer_tick(r, tick_ms());
}
