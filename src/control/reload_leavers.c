/* SPDX-License-Identifier: MIT */
/*
 * What a reload has taken out, until its last session has ended.
 */
#include "reloadparts.h"

#include "base/mem.h"
#include "core/topology_gone.h"
#include "rosterparts.h"

#include <stdlib.h>

static struct reload_leaver *add_leaver(struct reload_plan *p)
{
	struct reload_leaver *l = mem_zalloc(sizeof(*l));

	l->settings = settings_ref(p->before);
	LIST_INSERT_HEAD(&p->r->leavers, l, link);
	return l;
}

void reload_leavers_add(struct reload_plan *p)
{
	struct topology_swap *w = p->swap;

	for (size_t i = 0; i < w->gone_server_count; i++)
		add_leaver(p)->server = w->gone_servers[i];
	for (size_t i = 0; i < w->gone_frontend_count; i++)
		add_leaver(p)->frontend = w->gone_frontends[i];
	for (size_t i = 0; i < w->gone_service_count; i++)
		add_leaver(p)->service = w->gone_services[i];
}

static uint32_t load(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static bool is_idle(const struct reload_leaver *l)
{
	if (l->server)
		return !load(&l->server->active) && !load(&l->server->queued);
	return !load(l->frontend ? &l->frontend->active : &l->service->active);
}

/* What is still on its way out of it counts for it until the end. */
static bool has_leavers(const struct reload *r, const struct topology_service *service)
{
	const struct reload_leaver *l;

	LIST_FOREACH(l, &r->leavers, link)
		if (!l->idle && ((l->server && l->server->service == service) ||
		                 (l->frontend && l->frontend->service == service)))
			return true;
	return false;
}

static bool has_listener(const struct reload *r, const struct reload_leaver *l)
{
	const struct crew *crew = r->s->daemon.crew;

	if (l->frontend)
		return crew_serves(crew, l->frontend);
	for (size_t i = 0; l->service && i < l->service->frontend_count; i++)
		if (crew_serves(crew, l->service->frontends[i]))
			return true;
	return false;
}

static void free_leaver(struct reload_leaver *l)
{
	LIST_REMOVE(l, link);
	topology_free_server(l->server);
	topology_free_frontend(l->frontend);
	topology_free_service(l->service);
	settings_free(l->settings);
	free(l);
}

void reload_leavers_wait(const struct reload *r)
{
	const struct roster *roster = r->s->daemon.roster;

	roster->o.quiesce(roster->o.ctx);
}

/* What the last sessions have counted: of servers before that of the services they belong to. */
static void keep_counts(struct reload *r)
{
	struct reload_leaver *l;

	LIST_FOREACH(l, &r->leavers, link) {
		if (l->server)
			topology_gone_server(l->server);
		if (l->frontend)
			topology_gone_frontend(l->frontend);
	}
	LIST_FOREACH(l, &r->leavers, link)
		if (l->service)
			topology_gone_service(r->s->daemon.topology, l->service);
}

/* Those that may go stay marked as idle. */
static void choose(struct reload *r)
{
	struct reload_leaver *l;

	LIST_FOREACH(l, &r->leavers, link)
		l->idle = l->idle && !has_listener(r, l);
	LIST_FOREACH(l, &r->leavers, link)
		l->idle = l->idle && !(l->service && has_leavers(r, l->service));
}

/* Those that are idle stay so; what workers have told of them before is read in between. */
void reload_leavers_free(struct reload *r)
{
	struct crew *crew = r->s->daemon.crew;
	bool any = crew_mark_idle(crew);
	struct reload_leaver *next;

	for (struct reload_leaver *l = LIST_FIRST(&r->leavers); l; l = LIST_NEXT(l, link)) {
		l->idle = is_idle(l);
		any |= l->idle;
	}
	if (any)
		reload_leavers_wait(r);
	keep_counts(r);
	if (!any)
		return;
	crew_free_idle(crew);
	choose(r);
	for (struct reload_leaver *l = LIST_FIRST(&r->leavers); l; l = next) {
		next = LIST_NEXT(l, link);
		if (l->idle)
			free_leaver(l);
	}
}

void reload_leavers_end(struct reload *r)
{
	struct reload_leaver *next;

	/* A process that serves in our place is still to be told. */
	keep_counts(r);
	for (struct reload_leaver *l = LIST_FIRST(&r->leavers); l; l = next) {
		next = LIST_NEXT(l, link);
		free_leaver(l);
	}
}
