/* SPDX-License-Identifier: MIT */
#include "opening.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/processors.h"
#include "control/ctlsocket.h"
#include "control/httpadmin.h"
#include "core/descriptors.h"
#include "engine/listener.h"

_Static_assert((int)DESCRIPTORS_OPERATORS_MAX == (int)STREAM_CLIENTS_MAX, "as many are let in");

uint32_t opening_threads(const struct settings *s)
{
	return s->threads ? s->threads : processors_count();
}

/* What the limit does not allow is said, not silently taken away. */
uint32_t opening_maxconn(const struct supervisor *s, const struct settings *set)
{
	uint64_t nofile = s->daemon.nofile;
	uint32_t threads = opening_threads(set);
	uint32_t most = descriptors_sessions(set, threads, nofile);

	if (!set->maxconn || set->maxconn <= most)
		return set->maxconn ? set->maxconn : most;
	log_warn(
	    "maxconn %u needs %llu file descriptors, there are %llu: %u is used (raise nofile, or "
	    "LimitNOFILE in the unit)",
	    set->maxconn,
	    (unsigned long long)descriptors_needed(set, threads, set->maxconn, nofile),
	    (unsigned long long)nofile, most);
	return most;
}

static bool open_frontend(struct supervisor *s, struct topology_frontend *f, struct error *err)
{
	struct listener_limits limits = { .connections = crew_counter(s->daemon.crew),
		                          .max = s->daemon.maxconn };
	const struct settings_frontend *set = f->settings;

	f->stopped = set->disabled;
	for (size_t i = 0; i < set->bind_count && !set->disabled; i++) {
		if (!listener_open(f, &set->binds[i], limits, &s->listeners[s->listener_count],
		                   err))
			return false;
		listener_keep(s->listeners[s->listener_count], s->settings);
		s->listener_count++;
	}
	return true;
}

bool opening_listeners(struct supervisor *s, struct error *err)
{
	const struct topology *t = s->daemon.topology;
	size_t count = 0;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->frontend_count; k++)
			count += t->services[i]->frontends[k]->settings->bind_count;
	s->listeners = mem_zalloc(count * sizeof(struct listener *));
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->frontend_count; k++)
			if (!open_frontend(s, t->services[i]->frontends[k], err))
				return false;
	return true;
}

void opening_close_stopped(struct supervisor *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->listener_count; i++)
		if (s->listeners[i]->frontend->stopped)
			listener_free(s->listeners[i]);
		else
			s->listeners[kept++] = s->listeners[i];
	s->listener_count = kept;
}

static struct stream_server **next_door(struct supervisor *s)
{
	return &s->doors[s->door_count++];
}

void opening_limit(const struct supervisor *s, struct stream_server *door)
{
	stream_server_limit(door, descriptors_operators(s->daemon.nofile));
}

/* The first doors are the HTTP endpoints, in the order of the settings. */
static bool report_page(void *ctx, size_t i, struct snapshot_http *ret)
{
	const struct supervisor *s = ctx;

	return i < s->door_count && httpadmin_report(s->doors[i], ret);
}

bool opening_admin(struct supervisor *s, struct error *err)
{
	const struct settings *set = s->settings;

	s->doors =
	    mem_zalloc((set->admin_count + set->socket_count) * sizeof(struct stream_server *));
	for (size_t i = 0; i < set->admin_count; i++)
		if (!httpadmin_open(s->loop, &set->admins[i], &s->daemon, next_door(s), err))
			return false;
	for (size_t i = 0; i < set->socket_count; i++)
		if (!ctlsocket_open(s->loop, &set->sockets[i], &s->daemon, next_door(s), err))
			return false;
	for (size_t i = 0; i < s->door_count; i++)
		opening_limit(s, s->doors[i]);
	s->daemon.pages = (struct daemon_pages){ set->admin_count, report_page, s };
	return true;
}

void opening_announce(const struct supervisor *s, const struct topology_frontend *f)
{
	const struct settings_service *set = f->service->settings;

	for (size_t i = 0; i < f->settings->bind_count && !f->stopped; i++)
		roster_say(s->daemon.roster, LOG_LEVEL_INFO,
		           "service %s listens on %s, %s over %zu server%s", f->settings->name,
		           f->settings->binds[i].text, settings_balance_name(set->balance),
		           set->server_count, set->server_count == 1 ? "" : "s");
}
