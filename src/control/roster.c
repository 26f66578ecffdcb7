/* SPDX-License-Identifier: MIT */
#include "control/roster.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "report/eventline.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct roster {
	struct roster_options o;
};

struct roster *roster_new(const struct roster_options *o)
{
	struct roster *r = mem_zalloc(sizeof(*r));
	int64_t wall = tick_wall_ms();
	int64_t now = tick_ms();

	r->o = *o;
	for (size_t i = 0; i < o->topology->service_count; i++) {
		struct topology_service *service = o->topology->services[i];

		service->since_wall_ms = wall;
		service->since_ms = now;
		service->has_server = true; /* until roster_judge() */
		for (size_t k = 0; k < service->server_count; k++) {
			service->servers[k]->since_wall_ms = wall;
			service->servers[k]->since_ms = now;
		}
	}
	return r;
}

void roster_free(struct roster *r)
{
	free(r);
}

/* --- the journal -------------------------------------------------------------------------- */

static void append(struct roster *r, struct journal_event *e)
{
	e->wall_ms = tick_wall_ms();
	e->ms = tick_ms();
	r->o.on_event(r->o.ctx, journal_append(r->o.journal, e));
}

void roster_say(struct roster *r, int level, const char *fmt, ...)
{
	struct journal_event e = { .kind = JOURNAL_PROCESS, .level = level };
	va_list args;

	va_start(args, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, args);
	va_end(args);
	append(r, &e);
}

static void copy_name(char *to, const char *from)
{
	snprintf(to, JOURNAL_NAME_MAX, "%s", from);
}

/* Levels are HAProxy's for the same transition (management manual, "server ... is DOWN"). */
static int level_of(const struct state *before, const struct state *after)
{
	bool was_serving = before->health == STATE_UP || before->health == STATE_NOCHECK ||
	                   before->health == STATE_CHECKING;
	bool goes = (after->health == STATE_DOWN && before->health != STATE_DOWN) ||
	            (state_in_maint(after) && !state_in_maint(before));

	return goes && was_serving && !(before->admin & STATE_DRAIN_ANY) ? LOG_LEVEL_ALERT
	                                                                 : LOG_LEVEL_NOTICE;
}

static void tell_service(struct roster *r, struct topology_service *service, uint32_t active,
                         uint32_t backup)
{
	bool has = active + backup > 0;
	struct journal_event e = { .kind = has ? JOURNAL_SERVICE_UP : JOURNAL_SERVICE_DOWN,
		                   .level = has ? LOG_LEVEL_NOTICE : LOG_LEVEL_EMERG,
		                   .active_left = active,
		                   .backup_left = backup,
		                   .on_backup = has && !active };
	int64_t now = tick_ms();

	if (has == service->has_server || !service->judged)
		return;
	e.since_ms = now - service->since_ms;
	copy_name(e.service, service->settings->name);
	if (has)
		service->downtime_ms += (uint64_t)e.since_ms;
	else
		service->down_count++;
	service->has_server = has;
	service->since_ms = now;
	service->since_wall_ms = tick_wall_ms();
	append(r, &e);
}

/* --- states ------------------------------------------------------------------------------- */

static struct checker *checker_of(const struct roster *r)
{
	return r->o.checker;
}

static size_t target_of(const struct roster *r, const struct topology_server *s)
{
	return (size_t)(s->target - r->o.topology->settings->targets);
}

/* The slowest pace that suits every server that hangs on the target. */
static void set_pace(struct roster *r, size_t target)
{
	enum checker_pace pace = CHECKER_PAUSED;
	const struct topology *t = r->o.topology;

	for (size_t i = 0; i < t->service_count; i++) {
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			const struct topology_server *s = t->services[i]->servers[k];
			struct state state = topology_state(s);
			enum checker_pace wanted = CHECKER_NORMAL;

			if (target_of(r, s) != target || state_in_maint(&state))
				continue;
			if (state_is_changing(&state, &s->limits))
				wanted = CHECKER_FAST;
			else if (state.health == STATE_DOWN)
				wanted = CHECKER_SLOW;
			if (wanted == CHECKER_FAST || pace == CHECKER_PAUSED ||
			    (wanted == CHECKER_NORMAL && pace == CHECKER_SLOW))
				pace = wanted;
		}
	}
	checker_set_pace(checker_of(r), target, pace);
}

static void account(struct topology_server *s, const struct state *before,
                    const struct state *after, int64_t now)
{
	bool was_down = before->health == STATE_DOWN;
	bool is_down = after->health == STATE_DOWN;

	if (was_down && !is_down)
		s->downtime_ms += (uint64_t)(now - s->since_ms);
	if (!was_down && is_down && before->health != STATE_CHECKING)
		s->down_count++;
	s->since_ms = now;
	s->since_wall_ms = tick_wall_ms();
}

struct change {
	enum state_event event;
	uint8_t flag;
	enum journal_cause cause;
	const struct probe_result *check; /* or NULL */
	const char *why;
};

/* A check that only moved the counter is in the journal; in logs only if the service asks. */
static int check_level(const struct topology_service *service)
{
	return service->settings->log_health_checks ? LOG_LEVEL_NOTICE : LOG_LEVEL_DEBUG;
}

static void write_change(struct roster *r, struct topology_server *s, const struct change *c,
                         const struct state *before, const struct state *after, bool visible)
{
	struct topology_service *service = s->service;
	struct journal_event e = {
		.kind = visible ? JOURNAL_SERVER : JOURNAL_CHECK,
		.cause = c->cause,
		.level = visible ? level_of(before, after) : check_level(service),
		.backup = s->settings->backup,
		.before = *before,
		.after = *after,
		.limits = s->limits,
		.sessions = atomic_load_explicit(&s->active, memory_order_relaxed),
		.check_was_logged = visible && c->check && service->settings->log_health_checks,
		.since_ms = tick_ms() - s->since_ms,
	};

	topology_count_usable(service, &e.active_left, &e.backup_left);
	e.on_backup = !e.active_left && e.backup_left;
	if (c->check)
		e.check = *c->check;
	copy_name(e.service, service->settings->name);
	copy_name(e.server, s->settings->name);
	snprintf(e.text, sizeof(e.text), "%s", c->why);
	if (visible) {
		account(s, before, after, tick_ms());
		snprintf(s->cause, sizeof(s->cause), "%s", c->why);
	}
	append(r, &e);
	if (visible)
		tell_service(r, service, e.active_left, e.backup_left);
}

static void change(struct roster *r, struct topology_server *s, const struct change *c)
{
	struct state before = topology_state(s);
	struct state after = state_next(before, c->event, c->flag, &s->limits);
	bool visible = before.health != after.health || before.admin != after.admin;
	bool counted = before.counter != after.counter || before.recovered != after.recovered;

	if (c->check && !probe_code_passed(c->check->code) && before.counter > 0 &&
	    before.health != STATE_CHECKING)
		s->check_failures++;
	if (c->check && !visible && after.health == STATE_DOWN &&
	    !probe_code_passed(c->check->code))
		snprintf(s->cause, sizeof(s->cause), "%s", c->why);
	if (!visible && !counted)
		return;
	topology_set_state(s, after);
	if (counted && c->check && (!visible || s->service->settings->log_health_checks))
		write_change(r, s, c, &before, &after, false);
	if (visible)
		write_change(r, s, c, &before, &after, true);
}

/* --- checks ------------------------------------------------------------------------------- */

static void describe_check(const struct probe_result *result, struct text *out)
{
	text_add(out, probe_code_passed(result->code) ? "check passed: "
	              : result->draining              ? "the node is draining: "
	                                              : "check failed: ");
	eventline_write_answer(result, out);
}

static void take_result(struct roster *r, struct topology_server *s,
                        const struct probe_result *result)
{
	AUTO_TEXT why = { 0 };
	struct change c = { .cause = result->code == PROBE_RESOLVE ? JOURNAL_BY_RESOLVER
		                                                   : JOURNAL_BY_CHECK,
		            .check = result };

	s->check = *result;
	s->check_wall_ms = tick_wall_ms();
	/* Out of descriptors or ports: that is about us, not about the server. */
	if (result->code == PROBE_UNKNOWN)
		return;
	describe_check(result, &why);
	c.why = text_str(&why);
	c.event = probe_code_passed(result->code) ? STATE_CHECK_PASSED
	          : result->draining              ? STATE_CHECK_DRAINING
	                                          : STATE_CHECK_FAILED;
	change(r, s, &c);
}

void roster_check_result(struct roster *r, size_t target, const struct probe_result *result)
{
	const struct topology *t = r->o.topology;

	for (size_t i = 0; i < t->service_count; i++) {
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			struct topology_server *s = t->services[i]->servers[k];

			if (target_of(r, s) != target)
				continue;
			s->check_running = !result;
			/* Without an address it is DOWN for that reason, whatever a check says. */
			if (result && topology_has_address(s))
				take_result(r, s, result);
		}
	}
	if (result)
		set_pace(r, target);
}

void roster_resolved(struct roster *r, struct topology_server *s, const struct addr *addr,
                     const char *reason)
{
	struct probe_result result = { .code = PROBE_RESOLVE };
	char why[192] = "its name resolves";
	struct change c = { .event = STATE_RESOLVED, .cause = JOURNAL_BY_RESOLVER, .why = why };
	struct addr with_port;

	if (addr) {
		with_port = *addr;
		addr_set_port(&with_port, s->settings->port);
		topology_set_address(s, &with_port);
	} else {
		topology_set_address(s, NULL);
		snprintf(why, sizeof(why), "\"%s\" does not resolve: %s", s->settings->host,
		         reason);
		snprintf(result.info, sizeof(result.info), "%s", reason);
		c.event = STATE_UNRESOLVED;
		c.check = &result;
		s->check = result;
		s->check_wall_ms = tick_wall_ms();
	}
	change(r, s, &c);
}

void roster_connect_failed(struct roster *r, const struct topology_server *s)
{
	checker_hurry(checker_of(r), target_of(r, s));
}

void roster_start(struct roster *r)
{
	for (size_t i = 0; i < r->o.topology->settings->target_count; i++)
		set_pace(r, i);
}

/* --- orders ------------------------------------------------------------------------------- */

static void order_health(struct roster *r, struct topology_server *s, enum state_event event)
{
	change(r, s,
	       &(struct change){
	           .event = event, .cause = JOURNAL_BY_COMMAND, .why = "set by a command" });
}

static void order_admin(struct roster *r, struct topology_server *s, enum state_event event,
                        uint8_t flag, const char *why)
{
	change(r, s,
	       &(struct change){
	           .event = event, .flag = flag, .cause = JOURNAL_BY_COMMAND, .why = why });
}

/* "ready" also lifts what the configuration said, as HAProxy's `enable server` does. */
static void order_ready(struct roster *r, struct topology_server *s)
{
	order_admin(r, s, STATE_CLEAR_DRAIN, STATE_DRAIN_COMMAND, "drain ended by a command");
	order_admin(r, s, STATE_CLEAR_MAINT, STATE_MAINT_COMMAND | STATE_MAINT_CONFIG,
	            "maintenance ended by a command");
}

void roster_order(struct roster *r, struct topology_server *s, enum roster_order order)
{
	switch (order) {
	case ROSTER_READY:
		order_ready(r, s);
		break;
	case ROSTER_DRAIN:
		order_admin(r, s, STATE_CLEAR_MAINT, STATE_MAINT_COMMAND,
		            "maintenance ended by a command");
		order_admin(r, s, STATE_SET_DRAIN, STATE_DRAIN_COMMAND, "draining by a command");
		break;
	case ROSTER_MAINT:
		order_admin(r, s, STATE_CLEAR_DRAIN, STATE_DRAIN_COMMAND,
		            "drain ended by a command");
		order_admin(r, s, STATE_SET_MAINT, STATE_MAINT_COMMAND, "maintenance by a command");
		break;
	case ROSTER_HEALTH_UP:
		order_health(r, s, STATE_FORCE_UP);
		break;
	case ROSTER_HEALTH_NOLB:
		order_health(r, s, STATE_FORCE_NOLB);
		break;
	case ROSTER_HEALTH_DOWN:
		order_health(r, s, STATE_FORCE_DOWN);
		break;
	}
	set_pace(r, target_of(r, s));
	if (order == ROSTER_READY)
		checker_hurry(checker_of(r), target_of(r, s));
}

void roster_set_weight(struct roster *r, struct topology_server *s, uint32_t weight)
{
	uint32_t active;
	uint32_t backup;

	atomic_store_explicit(&s->weight, weight, memory_order_relaxed);
	topology_count_usable(s->service, &active, &backup);
	tell_service(r, s->service, active, backup);
}

void roster_judge(struct roster *r)
{
	for (size_t i = 0; i < r->o.topology->service_count; i++) {
		struct topology_service *service = r->o.topology->services[i];
		uint32_t active;
		uint32_t backup;

		service->judged = true;
		topology_count_usable(service, &active, &backup);
		tell_service(r, service, active, backup);
	}
}

/* --- questions ---------------------------------------------------------------------------- */

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

		topology_count_usable(t->services[i], &active, &backup);
		if (active + backup == 0 && len < size)
			len += (size_t)snprintf(reason + len, size - len,
			                        "%sservice %s has no usable server",
			                        len ? "; " : "", t->services[i]->settings->name);
	}
	return len == 0;
}

static void sample(uint64_t total, uint64_t *last, uint64_t *rate, uint64_t *max)
{
	*rate = total >= *last ? total - *last : total;
	*last = total;
	if (*rate > *max)
		*max = *rate;
}

void roster_sample(struct roster *r)
{
	const struct topology *t = r->o.topology;

	for (size_t i = 0; i < t->service_count; i++) {
		struct topology_service *service = t->services[i];

		sample(counter_get(&service->count, COUNTER_SESSIONS), &service->last_total,
		       &service->rate, &service->rate_max);
		service->conn_rate = service->rate;
		service->conn_rate_max = service->rate_max;
		for (size_t k = 0; k < service->server_count; k++) {
			struct topology_server *s = service->servers[k];

			sample(counter_get(&s->count, COUNTER_SESSIONS), &s->last_total, &s->rate,
			       &s->rate_max);
		}
	}
}
