/* SPDX-License-Identifier: MIT */
#include "report/snapshot.h"

#include "edgerows.h"
#include "rows.h"

#include <stdlib.h>
#include <string.h>

static char *copy(struct mem_arena *a, const char *s)
{
	return s ? mem_arena_strdup(a, s) : NULL;
}

/* Never NULL. */
static void *copy_array(struct mem_arena *a, const void *from, size_t size)
{
	void *to = mem_arena_zalloc(a, size ? size : 1);

	if (size)
		memcpy(to, from, size);
	return to;
}

static void copy_listening(struct snapshot *s, const struct snapshot_process *p)
{
	struct snapshot_listener *to =
	    copy_array(&s->arena, p->listening, p->listening_count * sizeof(*to));

	for (size_t i = 0; i < p->listening_count; i++)
		to[i].name = copy(&s->arena, to[i].name);
	s->process.listening = to;
}

static void copy_https(struct snapshot *s, const struct snapshot_process *p)
{
	struct snapshot_http *to = copy_array(&s->arena, p->https, p->http_count * sizeof(*to));

	for (size_t i = 0; i < p->http_count; i++)
		to[i].name = copy(&s->arena, to[i].name);
	s->process.https = to;
}

static void copy_process(struct snapshot *s, const struct snapshot_process *p)
{
	s->process = *p;
	s->process.version = copy(&s->arena, p->version);
	s->process.node = copy(&s->arena, p->node);
	s->process.description = copy(&s->arena, p->description);
	s->process.discovery.from = copy(&s->arena, p->discovery.from);
	s->process.discovery.error = copy(&s->arena, p->discovery.error);
	s->process.worker_sessions = copy_array(&s->arena, p->worker_sessions,
	                                        p->worker_count * sizeof(*p->worker_sessions));
	copy_listening(s, p);
	copy_https(s, p);
	s->process.predecessors =
	    copy_array(&s->arena, p->predecessors, p->predecessor_count * sizeof(*p->predecessors));
}

/* Atomics are read through pointers that are not const. */
static void copy_counts(const struct counter_set *from, uint64_t to[COUNTER_COUNT])
{
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		to[i] = atomic_load_explicit(&from->at[i], memory_order_relaxed);
}

static void copy_times(struct snapshot_server *ret, struct topology_server *s)
{
	uint64_t connected = ret->count[COUNTER_CONNECTED];
	uint64_t ended = connected > ret->sessions ? connected - ret->sessions : 0;

	ret->queue_ms = topology_time_average(&s->queue_time, connected);
	ret->connect_ms = topology_time_average(&s->connect_time, connected);
	ret->total_ms = topology_time_average(&s->total_time, ended);
	ret->queue_max_ms = atomic_load_explicit(&s->queue_time.max, memory_order_relaxed);
	ret->connect_max_ms = atomic_load_explicit(&s->connect_time.max, memory_order_relaxed);
	ret->total_max_ms = atomic_load_explicit(&s->total_time.max, memory_order_relaxed);
}

static void copy_address(struct snapshot *snap, struct snapshot_server *ret,
                         struct topology_server *s)
{
	char buf[ADDR_TEXT_MAX];
	struct addr a = s->unix_addr;
	struct addr ip;
	bool known = a.len || topology_address(s, &a);

	ret->host = copy(&snap->arena, s->settings->host);
	ret->host_is_name = !s->unix_addr.len && !addr_parse_ip(s->settings->host, 0, &ip);
	ret->port = (uint16_t)atomic_load_explicit(&s->port, memory_order_relaxed);
	ret->address = known ? copy(&snap->arena, addr_format(&a, buf)) : "-";
	ret->ip = known ? copy(&snap->arena, addr_format_host(&a, buf)) : "-";
}

static void copy_check(struct snapshot *snap, struct snapshot_server *ret,
                       const struct topology_server *s)
{
	const struct settings_target *t = s->target;
	int64_t age = snap->process.now_wall_ms - s->check_wall_ms;

	ret->target = copy(&snap->arena, t->name);
	ret->check_type = settings_check_name(t->check.type);
	ret->check_elsewhere = t->check.address != NULL;
	ret->check_port = s->limits.checked && t->check_port != ret->port ? t->check_port : 0;
	ret->check = s->check;
	ret->check_running = s->check_running;
	ret->check_wall_ms = s->check_wall_ms;
	ret->check_age_ms = !s->check_wall_ms ? -1 : age > 0 ? age : 0;
	ret->check_on = s->limits.checked && !s->tracked && !s->check_disabled;
	ret->agent_on = s->settings->agent && !s->agent_disabled;
	ret->agent = s->agent;
	ret->agent_running = s->agent_running;
	ret->agent_limits = s->agent_limits;
	ret->agent_health = s->agent_health;
	ret->observed = s->settings->observe;
}

static int64_t age_since(const struct snapshot *snap, int64_t ms)
{
	return snap->process.now_ms > ms ? snap->process.now_ms - ms : 0;
}

static void copy_life(struct snapshot *snap, struct snapshot_server *ret,
                      const struct topology_server *s)
{
	int64_t last = atomic_load_explicit(&s->last_session_ms, memory_order_relaxed);

	ret->since_wall_ms = s->since_wall_ms;
	ret->age_ms = age_since(snap, s->since_ms);
	ret->cause = copy(&snap->arena, s->cause);
	ret->fault = fault_unpack(atomic_load_explicit(&s->fault, memory_order_relaxed));
	ret->fault_left_ms = s->fault_until_ms ? s->fault_until_ms - snap->process.now_ms : -1;
	ret->last_session_s = last ? age_since(snap, last) / 1000 : -1;
	ret->down_count = s->down_count;
	ret->downtime_ms = s->downtime_ms;
	if (state_effective(&ret->state) == STATE_DOWN)
		ret->downtime_ms += (uint64_t)ret->age_ms;
	ret->rate = s->rate;
	ret->rate_max = s->rate_max;
}

static void copy_tracked(struct snapshot *snap, struct snapshot_server *ret,
                         const struct topology_server *s)
{
	const struct topology_server *t = s->tracked;

	if (!t)
		return;
	ret->tracked =
	    mem_arena_printf(&snap->arena, "%s/%s", t->service->settings->name, t->settings->name);
}

static uint32_t load32(const _Atomic uint32_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

static void take_server(struct snapshot *snap, struct snapshot_server *ret,
                        struct topology_server *s)
{
	char status[64];

	*ret = (struct snapshot_server){
		.name = copy(&snap->arena, s->settings->name),
		.service = copy(&snap->arena, s->service->settings->name),
		.locality = copy(&snap->arena, s->settings->locality),
		.id = s->id,
		.state = topology_state(s),
		.limits = s->limits,
		.backup = s->settings->backup,
		.tier = topology_tier(s),
		.weight = load32(&s->weight),
		.weight_initial = s->settings->weight,
		.weight_now = topology_weight(s),
		.ramp = load32(&s->ramp),
		.maxconn = load32(&s->maxconn),
		.maxqueue = s->settings->maxqueue,
		.queued = load32(&s->queued),
		.queued_max = load32(&s->queued_max),
		.sessions = load32(&s->active),
		.sessions_max = load32(&s->active_max),
		.sessions_before = s->active_before,
		.warm = load32(&s->warm),
		.check_failures = s->check_failures,
	};
	copy_tracked(snap, ret, s);
	state_describe(&ret->state, &ret->limits, ret->tracked, status, sizeof(status));
	ret->status = copy(&snap->arena, status);
	ret->usable = ret->weight > 0 && state_is_usable(&ret->state);
	copy_counts(&s->count, ret->count);
	copy_times(ret, s);
	copy_address(snap, ret, s);
	copy_check(snap, ret, s);
	copy_life(snap, ret, s);
}

/* The addresses of all its frontends. */
static void take_binds(struct snapshot *snap, struct snapshot_service *ret,
                       const struct topology_service *s)
{
	size_t count = 0;
	const char **binds;

	for (size_t i = 0; i < s->frontend_count; i++)
		count += s->frontends[i]->settings->bind_count;
	binds = mem_arena_zalloc(&snap->arena, count ? count * sizeof(char *) : 1);
	for (size_t i = 0; i < s->frontend_count; i++) {
		const struct settings_frontend *f = s->frontends[i]->settings;

		for (size_t k = 0; k < f->bind_count; k++)
			binds[ret->bind_count++] = copy(&snap->arena, f->binds[k].text);
	}
	ret->binds = binds;
}

static void take_frontend(struct snapshot *snap, struct snapshot_frontend *ret,
                          struct topology_frontend *f)
{
	uint32_t limit = load32(&f->maxconn);

	*ret = (struct snapshot_frontend){
		.name = copy(&snap->arena, f->settings->name),
		.id = f->id,
		.paused = atomic_load_explicit(&f->paused, memory_order_relaxed),
		.stopped = f->stopped,
		.hidden = f->settings->disabled || !f->settings->bind_count,
		.sessions = load32(&f->active),
		.sessions_max = load32(&f->active_max),
		.maxconn = limit ? limit : snap->process.maxconn,
		.rate_limit = f->settings->rate_limit,
		.rate = f->rate,
		.rate_max = f->rate_max,
		.conn_rate = f->conn_rate,
		.conn_rate_max = f->conn_rate_max,
	};
	copy_counts(&f->count, ret->count);
}

/* After the servers: a lone frontend has carried what they have. */
static void take_frontends(struct snapshot *snap, struct snapshot_service *ret,
                           const struct topology_service *s)
{
	size_t size = s->frontend_count * sizeof(*ret->frontends);

	ret->frontends = mem_arena_zalloc(&snap->arena, size ? size : 1);
	ret->frontend_count = s->frontend_count;
	for (size_t i = 0; i < s->frontend_count; i++) {
		struct snapshot_frontend *f = &ret->frontends[i];

		take_frontend(snap, f, s->frontends[i]);
		if (s->frontend_count == 1) {
			f->count[COUNTER_BYTES_IN] = ret->count[COUNTER_BYTES_IN];
			f->count[COUNTER_BYTES_OUT] = ret->count[COUNTER_BYTES_OUT];
		}
		ret->count[COUNTER_CONNECTIONS] += f->count[COUNTER_CONNECTIONS];
		ret->count[COUNTER_DENIED] += f->count[COUNTER_DENIED];
		ret->count[COUNTER_DENIED_SESSIONS] += f->count[COUNTER_DENIED_SESSIONS];
		if (s->frontends[i]->settings->socket_stats)
			edgerows_fill_listeners(snap, f);
	}
}

static void take_servers(struct snapshot *snap, struct snapshot_service *ret,
                         const struct topology_service *s)
{
	ret->servers =
	    mem_arena_zalloc(&snap->arena, (s->server_count + 1) * sizeof(*ret->servers));
	ret->server_count = s->server_count;
	for (size_t i = 0; i < s->server_count; i++) {
		struct snapshot_server *server = &ret->servers[i];

		take_server(snap, server, s->servers[i]);
		if (server->usable)
			(*(server->backup ? &ret->backup_usable : &ret->active_usable))++;
		/* Workers count what happens on a server there, what happens without one here. */
		for (size_t c = 0; c < COUNTER_COUNT; c++)
			if (c != COUNTER_SESSIONS)
				ret->count[c] += server->count[c];
	}
}

/* After take_servers(): without an active server that is taken as usable no tier takes anything. */
static void take_tiers(struct snapshot_service *ret, const struct topology_service *s)
{
	uint64_t spread = atomic_load_explicit(&s->spread, memory_order_relaxed);

	ret->tier_count = load32(&s->tier_count);
	if (!ret->active_usable && !ret->panicking)
		return;
	for (uint32_t i = 0; i < TIERS_MAX; i++)
		ret->tier_percent[i] = (tiers_share(spread, i) * 100 + TIERS_ALL / 2) / TIERS_ALL;
}

static void take_service(struct snapshot *snap, struct snapshot_service *ret,
                         const struct topology_service *s)
{
	*ret = (struct snapshot_service){
		.name = copy(&snap->arena, s->settings->name),
		.balance = settings_balance_name(s->settings->balance),
		.id = s->id,
		.allbackups = s->settings->allbackups,
		.http = s->settings->http,
		.hidden = s->settings->disabled,
		.sessions = load32(&s->active),
		.sessions_max = load32(&s->active_max),
		.fullconn = s->fullconn,
		.queued = load32(&s->queued),
		.queued_max = load32(&s->queued_max),
		.held = load32(&s->held),
		.held_max = load32(&s->held_max),
		.panicking = atomic_load_explicit(&s->panicking, memory_order_relaxed),
		.since_wall_ms = s->since_wall_ms,
		.age_ms = age_since(snap, s->since_ms),
		.down_count = s->down_count,
		.downtime_ms = s->downtime_ms,
		.rate = s->rate,
		.rate_max = s->rate_max,
		.conn_rate = s->conn_rate,
		.conn_rate_max = s->conn_rate_max,
	};
	copy_counts(&s->count, ret->count);
	for (size_t i = 0; i < REASON_COUNT; i++)
		ret->ended[i] = atomic_load_explicit(&s->ended[i], memory_order_relaxed);
	take_binds(snap, ret, s);
	take_servers(snap, ret, s);
	take_tiers(ret, s);
	take_frontends(snap, ret, s);
	for (size_t i = 0; i < ret->frontend_count; i++)
		ret->maxconn += ret->frontends[i].maxconn;
	if (ret->maxconn > snap->process.maxconn && snap->process.maxconn)
		ret->maxconn = snap->process.maxconn;
	ret->up = ret->active_usable || ret->backup_usable;
	ret->on_backup = ret->up && !ret->active_usable;
	if (!s->has_server)
		ret->downtime_ms += (uint64_t)ret->age_ms;
}

/* --- the order of rows ---------------------------------------------------------------------- */

static size_t most_rows(const struct snapshot *s)
{
	size_t n = 2 * s->process.http_count;

	for (size_t i = 0; i < s->service_count; i++) {
		const struct snapshot_service *service = &s->services[i];

		n += service->server_count + 1;
		for (size_t k = 0; k < service->frontend_count; k++)
			n += 1 + service->frontends[k].listener_count;
	}
	return n;
}

static size_t most_proxies(const struct snapshot *s)
{
	size_t n = s->process.http_count;

	for (size_t i = 0; i < s->service_count; i++)
		n += 1 + s->services[i].frontend_count;
	return n;
}

static void begin_proxy(struct snapshot *s, const char *name, uint32_t id)
{
	s->proxies[s->proxy_count++] =
	    (struct snapshot_proxy){ .name = name, .id = id, .first = s->row_count };
}

static void add_row(struct snapshot *s, const struct snapshot_row *r)
{
	s->rows[s->row_count++] = r;
	s->proxies[s->proxy_count - 1].count++;
}

static void add_frontend(struct snapshot *s, const struct snapshot_frontend *f)
{
	add_row(s, &f->row);
	for (size_t i = 0; i < f->listener_count; i++)
		add_row(s, &f->listeners[i]);
}

/* Frontends of another iid are proxies of their own; that of a "listen" is one with its servers. */
static void add_service(struct snapshot *s, const struct snapshot_service *service)
{
	const struct snapshot_frontend *same = NULL;

	for (size_t i = 0; i < service->frontend_count; i++) {
		const struct snapshot_frontend *f = &service->frontends[i];

		if (f->hidden)
			continue;
		if (f->id == service->id) {
			same = f;
			continue;
		}
		begin_proxy(s, f->name, f->id);
		add_frontend(s, f);
	}
	if (service->hidden)
		return;
	begin_proxy(s, service->name, service->id);
	if (same)
		add_frontend(s, same);
	for (size_t i = 0; i < service->server_count; i++)
		add_row(s, &service->servers[i].row);
	add_row(s, &service->backend);
}

static void add_http(struct snapshot *s, const struct snapshot_http *h)
{
	struct snapshot_row *rows = mem_arena_zalloc(&s->arena, 2 * sizeof(*rows));

	begin_proxy(s, h->name, h->id);
	edgerows_fill_frontend(&rows[0], s, h);
	add_row(s, &rows[0]);
	if (!h->has_backend)
		return;
	edgerows_fill_backend(&rows[1], s, h);
	add_row(s, &rows[1]);
}

static int by_id(const void *a, const void *b)
{
	const struct snapshot_proxy *l = a;
	const struct snapshot_proxy *r = b;

	if (l->id != r->id)
		return l->id < r->id ? -1 : 1;
	return l->first < r->first ? -1 : 1;
}

/* Rows were collected in the order of the services; they go on in that of the numbers. */
static void sort_rows(struct snapshot *s, const struct snapshot_row **sorted)
{
	size_t n = 0;

	qsort(s->proxies, s->proxy_count, sizeof(s->proxies[0]), by_id);
	for (size_t i = 0; i < s->proxy_count; i++) {
		struct snapshot_proxy *p = &s->proxies[i];

		memcpy(sorted + n, s->rows + p->first, p->count * sizeof(struct snapshot_row *));
		p->first = n;
		n += p->count;
	}
	s->rows = sorted;
}

static void order_rows(struct snapshot *s)
{
	size_t size = most_rows(s) * sizeof(struct snapshot_row *);
	size_t proxies = most_proxies(s) * sizeof(s->proxies[0]);

	s->rows = mem_arena_zalloc(&s->arena, size ? size : 1);
	s->proxies = mem_arena_zalloc(&s->arena, proxies ? proxies : 1);
	for (size_t i = 0; i < s->service_count; i++)
		add_service(s, &s->services[i]);
	for (size_t i = 0; i < s->process.http_count; i++)
		add_http(s, &s->process.https[i]);
	sort_rows(s, mem_arena_zalloc(&s->arena, size ? size : 1));
}

struct snapshot *snapshot_take(const struct topology *t, const struct snapshot_process *p)
{
	struct snapshot *s = mem_zalloc(sizeof(*s));
	size_t size = t->service_count * sizeof(*s->services);

	copy_process(s, p);
	s->services = mem_arena_zalloc(&s->arena, size ? size : 1);
	s->service_count = t->service_count;
	for (size_t i = 0; i < t->service_count; i++) {
		take_service(s, &s->services[i], t->services[i]);
		rows_fill(s, &s->services[i]);
	}
	order_rows(s);
	return s;
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	mem_arena_release(&s->arena);
	free(s);
}

const struct snapshot_row *snapshot_next(const struct snapshot *s, struct snapshot_cursor *c)
{
	return c->row < s->row_count ? s->rows[c->row++] : NULL;
}

const struct snapshot_service *snapshot_find(const struct snapshot *s, const char *service)
{
	for (size_t i = 0; i < s->service_count; i++)
		if (strcmp(s->services[i].name, service) == 0)
			return &s->services[i];
	return NULL;
}
