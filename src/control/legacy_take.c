/* SPDX-License-Identifier: MIT */
/*
 * What the process before has left, put into a topology that is not in use yet.
 */
#include "control/legacy.h"

#include "base/tick.h"
#include "core/topology_gone.h"
#include "legacyline.h"
#include "legacynames.h"

#include <stdio.h>
#include <string.h>

enum { WEIGHT_MAX = 256 };

static uint64_t number(const struct legacyline *l, const char *key, uint64_t max)
{
	uint64_t n = 0;

	legacyline_get(l, key, max, &n);
	return n;
}

static uint64_t total(const struct legacyline *l, const char *key)
{
	return number(l, key, UINT64_MAX);
}

static int64_t when(const struct legacyline *l, const char *key)
{
	return (int64_t)number(l, key, INT64_MAX);
}

static bool flag(const struct legacyline *l, const char *key)
{
	return number(l, key, UINT64_MAX) != 0;
}

static void store(_Atomic uint32_t *to, const struct legacyline *l, const char *key)
{
	atomic_store_explicit(to, (uint32_t)number(l, key, UINT32_MAX), memory_order_relaxed);
}

/* Does the configuration say the same as before? */
static bool is_same(const struct legacyline *l, const char *key, uint64_t now)
{
	return number(l, key, UINT64_MAX) == now;
}

static struct topology_service *find_service(const struct topology *t, const char *name)
{
	for (size_t i = 0; name && i < t->service_count; i++)
		if (strcmp(t->services[i]->settings->name, name) == 0)
			return t->services[i];
	return NULL;
}

static struct topology_server *find_server(const struct topology *t, const struct legacyline *l)
{
	const struct topology_service *s = find_service(t, legacyline_find(l, "service"));
	const char *name = legacyline_find(l, "name");

	for (size_t i = 0; s && name && i < s->server_count; i++)
		if (strcmp(s->servers[i]->settings->name, name) == 0)
			return s->servers[i];
	return NULL;
}

static struct topology_frontend *find_frontend(const struct topology *t, const struct legacyline *l)
{
	const struct topology_service *s = find_service(t, legacyline_find(l, "service"));
	const char *name = legacyline_find(l, "name");

	for (size_t i = 0; s && name && i < s->frontend_count; i++)
		if (strcmp(s->frontends[i]->settings->name, name) == 0)
			return s->frontends[i];
	return NULL;
}

/* --- what people have ordered ------------------------------------------------------------- */

static void take_orders(struct topology_server *s, const struct legacyline *l)
{
	const struct settings_server *set = s->settings;

	if (is_same(l, "set_weight", set->weight)) {
		uint64_t n;

		if (legacyline_get(l, "iweight", WEIGHT_MAX, &n))
			s->iweight = (uint32_t)n;
		if (legacyline_get(l, "weight", WEIGHT_MAX, &n)) {
			atomic_store_explicit(&s->weight, (uint32_t)n, memory_order_relaxed);
			topology_tiers_update(s->service);
		}
	}
	if (is_same(l, "set_maxconn", set->maxconn) && legacyline_find(l, "maxconn"))
		store(&s->maxconn, l, "maxconn");
	if (flag(l, "check_disabled") && s->limits.checked) {
		s->check_disabled = true;
		s->limits.checked = false;
		topology_set_state(
		    s, state_next(topology_state(s), STATE_DISABLE_CHECK, 0, &s->limits));
	}
	s->agent_disabled = flag(l, "agent_disabled") && s->limits.agent;
}

static uint8_t choose_admin(const struct topology_server *s, const struct legacyline *l)
{
	const uint8_t known = STATE_MAINT_ANY | STATE_DRAIN_ANY;
	uint8_t kept = STATE_MAINT_COMMAND | STATE_DRAIN_COMMAND;
	uint8_t admin = topology_state(s).admin;

	/* A command may also have lifted what the file says. */
	if (is_same(l, "set_disabled", s->settings->disabled))
		kept |= STATE_MAINT_CONFIG;
	if (s->tracked)
		kept |= STATE_MAINT_INHERITED | STATE_DRAIN_INHERITED;
	return (admin & ~kept) | (number(l, "admin", known) & kept);
}

/* --- what has been found out -------------------------------------------------------------- */

static bool find_health(const char *word, enum state_health *ret)
{
	for (enum state_health h = 0; word && h < STATE_HEALTH_COUNT; h++)
		if (strcmp(state_health_key(h), word) == 0) {
			*ret = h;
			return true;
		}
	return false;
}

/* The counter under limits that may be other ones now: 0 .. rise+fall-1. */
static uint16_t fit_counter(const struct legacyline *l, const struct state_limits *limits,
                            enum state_health health)
{
	uint16_t full = (uint16_t)(limits->rise + limits->fall - 1);
	uint64_t counter = number(l, "counter", UINT16_MAX);
	uint64_t most = health == STATE_DOWN ? limits->rise - 1U : full;
	uint64_t least = health == STATE_DOWN ? 0 : limits->rise;

	if (health != STATE_DOWN && counter && is_same(l, "full", counter))
		return full;
	return (uint16_t)(counter > most ? most : counter < least ? least : counter);
}

/* False: what was found out does not count here, the first check decides. */
static bool take_health(struct topology_server *s, const struct legacyline *l, struct state *state)
{
	enum state_health health;

	if (!find_health(legacyline_find(l, "health"), &health))
		return false;
	switch (health) {
	case STATE_CHECKING:
		return false;
	case STATE_NOCHECK:
		if (s->limits.checked)
			return false;
		break;
	case STATE_UP:
		if (!s->limits.checked)
			return false;
		break;
	case STATE_NOLB:
	case STATE_DOWN:
		/* Without checks it stays so only if they were switched off. */
		if (!s->limits.checked && !s->check_disabled && topology_has_address(s))
			return false;
		break;
	case STATE_HEALTH_COUNT:
		return false;
	}
	state->health = health;
	state->counter = fit_counter(l, &s->limits, health);
	state->recovered =
	    health == STATE_NOLB ? (uint16_t)number(l, "recovered", s->limits.rise) : 0;
	return true;
}

static void take_result(struct probe_result *r, const struct legacyline *l, const char *prefix)
{
	char key[32];
	const char *word;

#define KEY(name) (snprintf(key, sizeof(key), "%s.%s", prefix, (name)), key)
	word = legacyline_find(l, KEY("code"));
	if (!word || !probe_code_find(word, &r->code))
		return;
	r->draining = flag(l, KEY("draining"));
	r->conditional = flag(l, KEY("conditional"));
	r->status = (uint16_t)number(l, KEY("status"), UINT16_MAX);
	r->duration_ms = (uint32_t)number(l, KEY("duration"), UINT32_MAX);
	word = legacyline_find(l, KEY("info"));
	snprintf(r->info, sizeof(r->info), "%s", word ? word : "");
	word = legacyline_find(l, KEY("agent"));
	snprintf(r->agent, sizeof(r->agent), "%s", word ? word : "");
#undef KEY
}

static void take_ramp(struct topology_server *s, const struct legacyline *l)
{
	uint64_t ramp;

	if (!s->settings->slowstart_ms || !legacyline_get(l, "ramp", 100, &ramp))
		return;
	atomic_store_explicit(&s->ramp, (uint32_t)ramp, memory_order_relaxed);
	s->ramp_since_ms = when(l, "ramp_since");
}

/* The counter under the limits of now; the state itself does not change by them. */
static uint16_t fit_agent(const struct topology_server *s, const struct legacyline *l, bool down)
{
	uint32_t least = down ? 0 : s->agent_limits.rise;
	uint32_t most =
	    down ? s->agent_limits.rise - 1U : s->agent_limits.rise + s->agent_limits.fall - 1U;
	uint32_t n = (uint32_t)number(l, "agent_health", most);

	return (uint16_t)(n < least ? least : n);
}

static void take_state(struct topology_server *s, const struct legacyline *l)
{
	struct state state = topology_state(s);

	state.admin = choose_admin(s, l);
	if (take_health(s, l, &state)) {
		const char *cause = legacyline_find(l, "cause");

		snprintf(s->cause, sizeof(s->cause), "%s", cause ? cause : "");
		s->since_ms = when(l, "since");
		s->since_wall_ms = when(l, "since_wall");
		take_ramp(s, l);
	}
	if (s->limits.agent && !s->agent_disabled) {
		state.agent_down = flag(l, "agent_down");
		s->agent_health = fit_agent(s, l, state.agent_down);
		take_result(&s->agent, l, "agent");
	}
	take_result(&s->check, l, "check");
	s->check_wall_ms = when(l, "check_wall");
	topology_set_state(s, state);
}

/* A name is looked up again; until then its last address is as good as it was. */
static void take_address(struct topology_server *s, const struct legacyline *l)
{
	const char *text = legacyline_find(l, "address");
	struct addr at;

	if (text && !topology_has_address(s) && addr_parse_ip(text, s->settings->port, &at))
		topology_set_address(s, &at);
}

/* --- what has been counted ---------------------------------------------------------------- */

static void take_time(struct topology_time *t, const struct legacyline *l, const char *name)
{
	char key[32];

	snprintf(key, sizeof(key), "%s.sum", name);
	atomic_store_explicit(&t->sum, total(l, key), memory_order_relaxed);
	snprintf(key, sizeof(key), "%s.max", name);
	store(&t->max, l, key);
}

static void take_history(struct topology_server *s, const struct legacyline *l)
{
	s->check_failures = total(l, "check_failures");
	s->down_count = total(l, "down_count");
	s->downtime_ms = total(l, "downtime");
	s->rate_max = total(l, "rate_max");
	store(&s->active_max, l, "active_max");
	store(&s->queued_max, l, "queued_max");
	store(&s->errors, l, "errors");
	atomic_store_explicit(&s->last_session_ms, when(l, "last_session"), memory_order_relaxed);
	take_time(&s->queue_time, l, "queue_time");
	take_time(&s->connect_time, l, "connect_time");
	take_time(&s->total_time, l, "total_time");
}

/* What a person had set on the socket is forgotten: what was found out there is not of here. */
static bool is_moved(struct topology_server *s, const struct legacyline *l)
{
	const char *text = legacyline_find(l, "address");
	uint64_t port = s->settings->port;
	struct addr was;
	struct addr now;
	char a[ADDR_TEXT_MAX];
	char b[ADDR_TEXT_MAX];

	legacyline_get(l, "now_port", UINT16_MAX, &port);
	if (port != s->settings->port)
		return true;
	/* A name that is looked up again keeps the address. */
	if (!text || !topology_address(s, &now) || !addr_parse_ip(text, 0, &was))
		return false;
	return strcmp(addr_format_host(&was, a), addr_format_host(&now, b)) != 0;
}

static bool is_same_place(struct topology_server *s, const struct legacyline *l)
{
	const char *host = legacyline_find(l, "host");

	return host && strcmp(host, s->settings->host) == 0 &&
	       is_same(l, "port", s->settings->port) && !is_moved(s, l);
}

/* Its period of being down has ended with the process before, if it is not known to go on. */
static void end_downtime(struct topology_server *s, const struct legacyline *l)
{
	enum state_health health;
	bool was_down =
	    (find_health(legacyline_find(l, "health"), &health) && health == STATE_DOWN) ||
	    flag(l, "agent_down");
	int64_t since_ms = when(l, "since");

	if (was_down && since_ms && since_ms != s->since_ms && since_ms < tick_ms())
		s->downtime_ms += (uint64_t)(tick_ms() - since_ms);
}

static void take_server(struct topology *t, const struct legacyline *l)
{
	struct topology_server *s = find_server(t, l);

	if (!s)
		return;
	take_orders(s, l);
	if (is_same_place(s, l)) {
		take_address(s, l);
		take_state(s, l);
	} else {
		struct state state = topology_state(s);

		state.admin = choose_admin(s, l);
		topology_set_state(s, state);
	}
	take_history(s, l);
	end_downtime(s, l);
}

static void take_ended(struct topology_service *s, const struct legacyline *l)
{
	for (enum reason r = 0; r < REASON_COUNT; r++) {
		char key[64];

		snprintf(key, sizeof(key), LEGACYNAMES_ENDED "%s", reason_key(r));
		atomic_fetch_add_explicit(&s->ended[r], total(l, key), memory_order_relaxed);
	}
}

static void take_service(struct topology *t, const struct legacyline *l)
{
	struct topology_service *s = find_service(t, legacyline_find(l, "name"));

	if (!s)
		return;
	s->judged = flag(l, "judged");
	s->has_server = flag(l, "has_server");
	/* In HAProxy's place nothing would end it. */
	atomic_store_explicit(&s->panicking, flag(l, "panicking") && !t->settings->haproxy,
	                      memory_order_relaxed);
	s->since_ms = when(l, "since");
	s->since_wall_ms = when(l, "since_wall");
	s->down_count = total(l, "down_count");
	s->downtime_ms = total(l, "downtime");
	s->rate_max = total(l, "rate_max");
	s->conn_rate_max = total(l, "conn_rate_max");
	store(&s->active_max, l, "active_max");
	store(&s->queued_max, l, "queued_max");
	store(&s->held_max, l, "held_max");
	atomic_store_explicit(&s->connected_ms, when(l, "connected"), memory_order_relaxed);
}

static void take_frontend(struct topology *t, const struct legacyline *l)
{
	struct topology_frontend *f = find_frontend(t, l);

	if (!f)
		return;
	/* Without a limit of its own it has the process's, which may be another one now. */
	if (is_same(l, "set_maxconn", f->settings->maxconn) &&
	    (f->settings->maxconn || flag(l, "limited"))) {
		store(&f->maxconn, l, "maxconn");
		f->limited = flag(l, "limited");
	}
	f->stopped |= flag(l, "stopped");
	atomic_store_explicit(&f->paused, flag(l, "paused"), memory_order_relaxed);
	f->rate_max = total(l, "rate_max");
	f->conn_rate_max = total(l, "conn_rate_max");
	store(&f->active_max, l, "active_max");
}

/* --- gains -------------------------------------------------------------------------------- */

/* The file has no such server any more: its service's sums go on. */
static void gain_gone_server(struct topology *t, const struct legacyline *l)
{
	struct topology_service *s = find_service(t, legacyline_find(l, "service"));
	struct counter_set gone = { 0 };

	legacynames_add(&gone, l);
	if (s)
		topology_gone_set(s, &gone);
	else
		t->gone_bytes_out += counter_get(&gone, COUNTER_BYTES_OUT);
}

static void gain_server(struct topology *t, const struct legacyline *l)
{
	struct topology_server *s = find_server(t, l);

	if (s)
		legacynames_add(&s->count, l);
	else
		gain_gone_server(t, l);
}

static void gain_frontend(struct topology *t, const struct legacyline *l)
{
	struct topology_frontend *f = find_frontend(t, l);

	if (f)
		legacynames_add(&f->count, l);
}

static void gain_service(struct topology *t, const struct legacyline *l)
{
	struct topology_service *s = find_service(t, legacyline_find(l, "name"));

	if (!s) {
		t->gone_bytes_out += total(l, legacynames_counter(COUNTER_BYTES_OUT));
		return;
	}
	take_ended(s, l);
	legacynames_add(&s->count, l);
}

static void gain_process(struct topology *t, const struct legacyline *l)
{
	t->gone_bytes_out += total(l, "gone_bytes_out");
}

static void settle_frontend(struct topology_frontend *f)
{
	f->last_total = counter_get(&f->count, COUNTER_SESSIONS);
	f->last_accepted = counter_get(&f->count, COUNTER_CONNECTIONS);
}

void legacy_settle(struct topology *t)
{
	for (size_t i = 0; i < t->service_count; i++) {
		struct topology_service *s = t->services[i];

		s->last_total = counter_get(&s->count, COUNTER_SESSIONS);
		for (size_t k = 0; k < s->frontend_count; k++)
			settle_frontend(s->frontends[k]);
		for (size_t k = 0; k < s->server_count; k++)
			s->servers[k]->last_total =
			    counter_get(&s->servers[k]->count, COUNTER_SESSIONS);
	}
}

bool legacy_take(struct topology *t, char *line)
{
	static const struct {
		const char *kind;
		void (*take)(struct topology *t, const struct legacyline *l);
	} kinds[] = {
		{ "server", take_server },        { "service", take_service },
		{ "frontend", take_frontend },    { "server-gain", gain_server },
		{ "service-gain", gain_service }, { "frontend-gain", gain_frontend },
		{ "process-gain", gain_process },
	};
	struct legacyline l;

	if (!legacyline_parse(line, &l))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].kind, l.kind) != 0)
			continue;
		kinds[i].take(t, &l);
		return true;
	}
	return false;
}
