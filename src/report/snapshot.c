/* SPDX-License-Identifier: MIT */
#include "report/snapshot.h"

#include "rows.h"

#include <stdlib.h>
#include <string.h>

static char *copy(struct mem_arena *a, const char *s)
{
	return s ? mem_arena_strdup(a, s) : NULL;
}

static void copy_process(struct snapshot *s, const struct snapshot_process *p)
{
	size_t size = p->worker_count * sizeof(*p->worker_sessions);
	uint32_t *sessions = mem_arena_zalloc(&s->arena, size ? size : 1);

	if (size)
		memcpy(sessions, p->worker_sessions, size);
	s->process = *p;
	s->process.version = copy(&s->arena, p->version);
	s->process.node = copy(&s->arena, p->node);
	s->process.description = copy(&s->arena, p->description);
	s->process.worker_sessions = sessions;
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
	ret->port = s->settings->port;
	ret->address = known ? copy(&snap->arena, addr_format(&a, buf)) : "-";
	ret->ip = known ? copy(&snap->arena, addr_format_host(&a, buf)) : "-";
}

static void copy_check(struct snapshot *snap, struct snapshot_server *ret,
                       const struct topology_server *s)
{
	const struct settings_check *check = &s->target->check;
	int64_t age = snap->process.now_wall_ms - s->check_wall_ms;

	ret->target = copy(&snap->arena, s->target->name);
	ret->check_type = settings_check_name(check->type);
	ret->check_elsewhere = check->address != NULL;
	ret->check_port = s->limits.checked && s->target->check_port != s->settings->port
	                      ? s->target->check_port
	                      : 0;
	ret->check = s->check;
	ret->check_running = s->check_running;
	ret->check_wall_ms = s->check_wall_ms;
	ret->check_age_ms = !s->check_wall_ms ? -1 : age > 0 ? age : 0;
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
	ret->last_session_s = last ? age_since(snap, last) / 1000 : -1;
	ret->down_count = s->down_count;
	ret->downtime_ms = s->downtime_ms;
	if (ret->state.health == STATE_DOWN)
		ret->downtime_ms += (uint64_t)ret->age_ms;
	ret->rate = s->rate;
	ret->rate_max = s->rate_max;
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
		.weight = atomic_load_explicit(&s->weight, memory_order_relaxed),
		.weight_initial = s->settings->weight,
		.maxconn = s->settings->maxconn,
		.sessions = atomic_load_explicit(&s->active, memory_order_relaxed),
		.sessions_max = atomic_load_explicit(&s->active_max, memory_order_relaxed),
		.check_failures = s->check_failures,
	};
	state_describe(&ret->state, &ret->limits, NULL, status, sizeof(status));
	ret->status = copy(&snap->arena, status);
	ret->usable = ret->weight > 0 && state_is_usable(&ret->state);
	copy_counts(&s->count, ret->count);
	copy_times(ret, s);
	copy_address(snap, ret, s);
	copy_check(snap, ret, s);
	copy_life(snap, ret, s);
}

static void take_binds(struct snapshot *snap, struct snapshot_service *ret,
                       const struct settings_service *s)
{
	size_t size = s->bind_count * sizeof(char *);
	const char **binds = mem_arena_zalloc(&snap->arena, size ? size : 1);

	for (size_t i = 0; i < s->bind_count; i++)
		binds[i] = copy(&snap->arena, s->binds[i].text);
	ret->binds = binds;
	ret->bind_count = s->bind_count;
}

static void take_servers(struct snapshot *snap, struct snapshot_service *ret,
                         const struct topology_service *s)
{
	size_t size = s->server_count * sizeof(*ret->servers);

	ret->servers = mem_arena_zalloc(&snap->arena, size ? size : 1);
	ret->server_count = s->server_count;
	for (size_t i = 0; i < s->server_count; i++) {
		struct snapshot_server *server = &ret->servers[i];

		take_server(snap, server, s->servers[i]);
		if (server->usable)
			(*(server->backup ? &ret->backup_usable : &ret->active_usable))++;
		/* Workers count what happens on a server there, and what happens without one here.
		 */
		for (size_t c = 0; c < COUNTER_COUNT; c++)
			if (c != COUNTER_SESSIONS)
				ret->count[c] += server->count[c];
	}
}

static void take_service(struct snapshot *snap, struct snapshot_service *ret,
                         const struct topology_service *s)
{
	uint32_t limit = s->settings->maxconn;

	*ret = (struct snapshot_service){
		.name = copy(&snap->arena, s->settings->name),
		.balance = settings_balance_name(s->settings->balance),
		.id = s->id,
		.allbackups = s->settings->allbackups,
		.sessions = atomic_load_explicit(&s->active, memory_order_relaxed),
		.sessions_max = atomic_load_explicit(&s->active_max, memory_order_relaxed),
		.maxconn = limit ? limit : snap->process.maxconn,
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
	take_binds(snap, ret, s->settings);
	take_servers(snap, ret, s);
	ret->up = ret->active_usable || ret->backup_usable;
	ret->on_backup = ret->up && !ret->active_usable;
	if (!s->has_server)
		ret->downtime_ms += (uint64_t)ret->age_ms;
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
	const struct snapshot_service *service;
	size_t row = c->row;

	if (c->service >= s->service_count)
		return NULL;
	service = &s->services[c->service];
	if (row <= service->server_count) {
		c->row++;
		return row ? &service->servers[row - 1].row : &service->frontend;
	}
	c->service++;
	c->row = 0;
	return &service->backend;
}

const struct snapshot_service *snapshot_find(const struct snapshot *s, const char *service)
{
	for (size_t i = 0; i < s->service_count; i++)
		if (strcmp(s->services[i].name, service) == 0)
			return &s->services[i];
	return NULL;
}
