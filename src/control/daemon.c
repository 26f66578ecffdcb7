/* SPDX-License-Identifier: MIT */
#include "control/daemon.h"

#include "base/mem.h"
#include "base/tick.h"
#include "core/topology_gone.h"
#include "engine/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PREDECESSORS_MAX = 64 };

static struct snapshot_listener describe(const struct listener *l)
{
	struct snapshot_listener s = {
		.frontend_id = l->frontend->id,
		.id = l->bind->id,
		.name = l->bind->name,
		.active = atomic_load_explicit(&l->active, memory_order_relaxed),
		.maxconn = l->bind->maxconn,
		.accepted = atomic_load_explicit(&l->accepted, memory_order_relaxed),
	};

	if (l->bind->kind == SETTINGS_BIND_ADDR)
		addr_format(&l->bind->addr, s.address);
	else
		snprintf(s.address, sizeof(s.address), "%s", l->bind->text);
	return s;
}

static struct snapshot_listener *list_listeners(const struct daemon *c, size_t *ret_count)
{
	size_t count = crew_listener_count(c->crew);
	struct snapshot_listener *list = mem_zalloc((count + 1) * sizeof(list[0]));

	for (size_t i = 0; i < count; i++)
		list[i] = describe(crew_listener(c->crew, i));
	*ret_count = count;
	return list;
}

static struct snapshot_http *list_pages(const struct daemon *c, size_t *ret_count)
{
	struct snapshot_http *list = mem_zalloc((c->pages.count + 1) * sizeof(list[0]));

	*ret_count = 0;
	for (size_t i = 0; i < c->pages.count; i++)
		if (c->pages.report(c->pages.ctx, i, &list[*ret_count]))
			(*ret_count)++;
	return list;
}

static size_t list_predecessors(const struct daemon *c,
                                struct snapshot_predecessor ret[static PREDECESSORS_MAX])
{
	const struct daemon_predecessors *p = &c->predecessors;

	return p->list ? p->list(p->ctx, ret, PREDECESSORS_MAX) : 0;
}

bool daemon_is_free(const struct daemon *c, struct topology_server *s)
{
	struct snapshot_predecessor list[PREDECESSORS_MAX];
	size_t count = list_predecessors(c, list);

	for (size_t i = 0; i < count; i++)
		if (!list[i].known)
			return false;
	return !atomic_load(&s->active) && !atomic_load(&s->queued) && !s->active_before;
}

bool daemon_end_sessions(struct daemon *c, const struct topology_server *s)
{
	uint32_t ended = crew_end_sessions(c->crew, s, REASON_KILLED);

	if (c->predecessors.list)
		c->predecessors.end_sessions(c->predecessors.ctx, s);
	return ended + s->active_before > 0;
}

bool daemon_kill(struct daemon *c, uint64_t id)
{
	return crew_kill(c->crew, id) ||
	       (c->predecessors.list && c->predecessors.kill(c->predecessors.ctx, id));
}

bool daemon_has_handed_over(const struct daemon *c)
{
	return c->upgrade.has_handed_over && c->upgrade.has_handed_over(c->upgrade.ctx);
}

struct snapshot *daemon_snapshot(struct daemon *c)
{
	struct snapshot_predecessor predecessors[PREDECESSORS_MAX];
	uint32_t threads = crew_threads(c->crew);
	uint32_t *loads = mem_zalloc(threads * sizeof(loads[0]));
	struct snapshot_process p = {
		.version = SLUICE_VERSION,
		.pid = getpid(),
		.start_wall_ms = c->start_wall_ms,
		.now_wall_ms = tick_wall_ms(),
		.now_ms = tick_ms(),
		.start_ms = c->start_ms,
		.threads = threads,
		.maxconn = c->maxconn,
		.nofile = c->nofile,
		.connections = crew_connections(c->crew),
		.connections_total = crew_accepted(c->crew),
		.conn_rate = c->conn_rate,
		.conn_rate_max = c->conn_rate_max,
		.stopping = c->stopping,
		.dropped_logs = logger_dropped(c->logger) + crew_dropped_records(c->crew),
		.bytes_out_total = topology_gone_bytes_out(c->topology),
		.bytes_out_rate = c->bytes_out_rate,
		.listeners = crew_listeners(c->crew),
		.node = c->node,
		.description = c->topology->settings->description,
		.worker_sessions = loads,
		.worker_count = threads,
		.predecessors = predecessors,
		.predecessor_count = list_predecessors(c, predecessors),
	};
	struct snapshot_listener *listening = list_listeners(c, &p.listening_count);
	struct snapshot_http *pages = list_pages(c, &p.http_count);
	struct snapshot *s;

	if (c->discovery.report)
		c->discovery.report(c->discovery.ctx, &p.discovery);
	p.listening = listening;
	p.https = pages;
	for (uint32_t i = 0; i < threads; i++)
		loads[i] = crew_load(c->crew, i);
	s = snapshot_take(c->topology, &p);
	free(loads);
	free(listening);
	free(pages);
	return s;
}

void daemon_publish(struct daemon *c, const struct journal_event *e)
{
	struct daemon_follower *next;

	for (struct daemon_follower *f = TAILQ_FIRST(&c->followers); f; f = next) {
		next = TAILQ_NEXT(f, link);
		f->on_event(f, e);
	}
}

void daemon_follow(struct daemon *c, struct daemon_follower *f)
{
	TAILQ_INSERT_TAIL(&c->followers, f, link);
}

void daemon_unfollow(struct daemon *c, struct daemon_follower *f)
{
	TAILQ_REMOVE(&c->followers, f, link);
}

void daemon_sample(struct daemon *c)
{
	uint64_t accepted = crew_accepted(c->crew);
	uint64_t bytes = topology_gone_bytes_out(c->topology);

	c->conn_rate = accepted - c->last_accepted;
	c->last_accepted = accepted;
	if (c->conn_rate > c->conn_rate_max)
		c->conn_rate_max = c->conn_rate;
	c->bytes_out_rate = bytes >= c->last_bytes_out ? bytes - c->last_bytes_out : bytes;
	c->last_bytes_out = bytes;
}
