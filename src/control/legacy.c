/* SPDX-License-Identifier: MIT */
#include "control/legacy.h"

#include "legacyline.h"

#include <stdio.h>

static uint32_t load32(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static uint64_t load64(const _Atomic uint64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

/* Most are 0, and that is what a new process begins with. */
static void put(struct text *out, const char *key, uint64_t value)
{
	if (value)
		legacyline_number(out, key, value);
}

/* --- servers ------------------------------------------------------------------------------ */

static void put_settings(struct text *out, const struct topology_server *s)
{
	const struct settings_server *set = s->settings;

	legacyline_word(out, "host", set->host);
	legacyline_number(out, "port", set->port);
	put(out, "set_disabled", set->disabled);
	legacyline_number(out, "set_weight", set->weight);
	legacyline_number(out, "set_maxconn", set->maxconn);
	legacyline_number(out, "weight", load32(&s->weight));
	legacyline_number(out, "iweight", s->iweight);
	legacyline_number(out, "maxconn", load32(&s->maxconn));
	legacyline_number(out, "now_port", load32(&s->port));
}

static void put_address(struct text *out, struct topology_server *s)
{
	struct addr at;

	if (topology_address(s, &at) && at.sa.sa_family != AF_UNIX) {
		char buf[ADDR_TEXT_MAX];

		legacyline_word(out, "address", addr_format_host(&at, buf));
	}
}

static void put_state(struct text *out, const struct topology_server *s)
{
	struct state state = topology_state(s);

	legacyline_word(out, "health", state_health_key(state.health));
	legacyline_number(out, "counter", state.counter);
	legacyline_number(out, "full", s->limits.rise + s->limits.fall - 1U);
	put(out, "recovered", state.recovered);
	put(out, "admin", state.admin);
	put(out, "agent_down", state.agent_down);
	put(out, "agent_health", s->agent_health);
	put(out, "check_disabled", s->check_disabled);
	put(out, "agent_disabled", s->agent_disabled);
	legacyline_number(out, "ramp", load32(&s->ramp));
	put(out, "ramp_since", (uint64_t)s->ramp_since_ms);
}

static void put_check(struct text *out, const char *prefix, const struct probe_result *r)
{
	char key[32];

	if (r->code == PROBE_INIT)
		return;
#define KEY(name) (snprintf(key, sizeof(key), "%s.%s", prefix, (name)), key)
	legacyline_word(out, KEY("code"), probe_code_name(r->code));
	put(out, KEY("draining"), r->draining);
	put(out, KEY("conditional"), r->conditional);
	put(out, KEY("status"), r->status);
	put(out, KEY("duration"), r->duration_ms);
	if (r->info[0])
		legacyline_word(out, KEY("info"), r->info);
	if (r->agent[0])
		legacyline_word(out, KEY("agent"), r->agent);
#undef KEY
}

static void put_time(struct text *out, const char *name, const struct topology_time *t)
{
	char key[32];

	snprintf(key, sizeof(key), "%s.sum", name);
	put(out, key, load64(&t->sum));
	snprintf(key, sizeof(key), "%s.max", name);
	put(out, key, load32(&t->max));
}

static void put_history(struct text *out, struct topology_server *s)
{
	legacyline_number(out, "since_wall", (uint64_t)s->since_wall_ms);
	legacyline_number(out, "since", (uint64_t)s->since_ms);
	if (s->cause[0])
		legacyline_word(out, "cause", s->cause);
	put(out, "check_failures", s->check_failures);
	put(out, "down_count", s->down_count);
	put(out, "downtime", s->downtime_ms);
	put(out, "check_wall", (uint64_t)s->check_wall_ms);
	put(out, "rate_max", s->rate_max);
	put(out, "active_max", load32(&s->active_max));
	put(out, "queued_max", load32(&s->queued_max));
	put(out, "last_session",
	    (uint64_t)atomic_load_explicit(&s->last_session_ms, memory_order_relaxed));
	put(out, "errors", load32(&s->errors));
	put_time(out, "queue_time", &s->queue_time);
	put_time(out, "connect_time", &s->connect_time);
	put_time(out, "total_time", &s->total_time);
}

static void name_server(struct text *out, const char *kind, const struct topology_server *s)
{
	legacyline_begin(out, kind);
	legacyline_word(out, "service", s->service->settings->name);
	legacyline_word(out, "name", s->settings->name);
}

static void write_server(struct text *out, struct topology_server *s)
{
	name_server(out, "server", s);
	put_settings(out, s);
	put_address(out, s);
	put_state(out, s);
	put_check(out, "check", &s->check);
	put_check(out, "agent", &s->agent);
	put_history(out, s);
	legacyline_end(out);
}

/* --- services and frontends --------------------------------------------------------------- */

static void name_service(struct text *out, const char *kind, const struct topology_service *s)
{
	legacyline_begin(out, kind);
	legacyline_word(out, "name", s->settings->name);
}

static void write_service(struct text *out, struct topology_service *s)
{
	name_service(out, "service", s);
	put(out, "judged", s->judged);
	put(out, "has_server", s->has_server);
	put(out, "panicking", atomic_load_explicit(&s->panicking, memory_order_relaxed));
	put(out, "since_wall", (uint64_t)s->since_wall_ms);
	put(out, "since", (uint64_t)s->since_ms);
	put(out, "down_count", s->down_count);
	put(out, "downtime", s->downtime_ms);
	put(out, "rate_max", s->rate_max);
	put(out, "conn_rate_max", s->conn_rate_max);
	put(out, "active_max", load32(&s->active_max));
	put(out, "queued_max", load32(&s->queued_max));
	put(out, "held_max", load32(&s->held_max));
	put(out, "connected",
	    (uint64_t)atomic_load_explicit(&s->connected_ms, memory_order_relaxed));
	legacyline_end(out);
}

static void name_frontend(struct text *out, const char *kind, const struct topology_frontend *f)
{
	legacyline_begin(out, kind);
	legacyline_word(out, "service", f->service->settings->name);
	legacyline_word(out, "name", f->settings->name);
}

static void write_frontend(struct text *out, struct topology_frontend *f)
{
	name_frontend(out, "frontend", f);
	legacyline_number(out, "set_maxconn", f->settings->maxconn);
	legacyline_number(out, "maxconn", load32(&f->maxconn));
	put(out, "limited", f->limited);
	/* What the file says is the new file's business. */
	put(out, "stopped", f->stopped && !f->settings->disabled);
	put(out, "paused", atomic_load_explicit(&f->paused, memory_order_relaxed));
	put(out, "rate_max", f->rate_max);
	put(out, "conn_rate_max", f->conn_rate_max);
	put(out, "active_max", load32(&f->active_max));
	legacyline_end(out);
}

void legacy_write(const struct topology *t, struct text *out)
{
	for (size_t i = 0; i < t->service_count; i++) {
		struct topology_service *service = t->services[i];

		write_service(out, service);
		for (size_t k = 0; k < service->frontend_count; k++)
			write_frontend(out, service->frontends[k]);
		for (size_t k = 0; k < service->server_count; k++)
			write_server(out, service->servers[k]);
	}
}
