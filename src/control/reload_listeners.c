/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets in a reload: what stays the same is not touched, what has the same address
 * keeps its socket with all who wait in it, the rest is opened before anything is closed.
 */
#include "reloadparts.h"

#include "base/mem.h"
#include "base/tick.h"
#include "conf/confdiff.h"
#include "transition.h"

#include <stdlib.h>

enum { FIRST_CHECKS_MS = 3000 };

/* --- what to do --------------------------------------------------------------------------- */

static const struct listener *listener_at(const struct reload_plan *p, size_t i)
{
	return crew_listener(p->r->s->daemon.crew, i);
}

static size_t crew_size(const struct reload_plan *p)
{
	return crew_listener_count(p->r->s->daemon.crew);
}

/* Whom a command has shut stays shut, until the file says that it is enabled after all. */
static bool is_open(const struct topology_swap_frontend *c)
{
	bool opens = c->before && c->before->disabled;

	return !c->after->disabled && (opens || !c->frontend->stopped);
}

static void add(struct reload_plan *p, const struct listener *old, struct listener *heir)
{
	p->listeners = mem_resize(p->listeners, p->listener_count + 1, sizeof(p->listeners[0]));
	p->listeners[p->listener_count++] = (struct reload_listener){ old, heir };
	if (heir)
		listener_keep(heir, p->after);
}

static struct listener_limits limits_of(const struct reload_plan *p)
{
	return (struct listener_limits){ .connections = crew_counter(p->r->s->daemon.crew),
		                         .max = p->maxconn };
}

static struct listener *make_heir(const struct reload_plan *p,
                                  const struct topology_swap_frontend *c,
                                  const struct settings_bind *bind)
{
	return listener_new_heir(c->frontend, c->after, bind, limits_of(p));
}

/* A listener that is there: of the same frontend, `of` NULL: of any. */
static bool use(struct reload_plan *p, const struct topology_swap_frontend *c,
                const struct settings_bind *bind, const struct topology_frontend *of)
{
	for (size_t i = 0; i < crew_size(p); i++) {
		const struct listener *l = listener_at(p, i);
		enum listener_likeness like;

		if (p->taken[i] || l->fd == -1 || (of && l->frontend != of))
			continue;
		like = listener_compare(l, c->after, bind);
		if (like == LISTENER_OTHER)
			continue;
		p->taken[i] = true;
		if (like == LISTENER_SOCKET || l->frontend != c->frontend ||
		    !confdiff_same_bind(l->bind, bind))
			add(p, l, make_heir(p, c, bind));
		return true;
	}
	return false;
}

/* --- opening ------------------------------------------------------------------------------ */

static bool is_tcp(const struct settings_bind *b)
{
	return b->kind == SETTINGS_BIND_ADDR && b->addr.sa.sa_family != AF_UNIX;
}

/* Listeners that are about to go and have the same port may be in the way of a new address. */
static bool share_port(const struct reload_plan *p, const struct settings_bind *bind, bool share)
{
	bool any = false;

	for (size_t i = 0; is_tcp(bind) && i < crew_size(p); i++) {
		const struct listener *l = listener_at(p, i);

		if (!p->taken[i] && l->fd != -1 && is_tcp(l->bind) &&
		    addr_port(&l->bind->addr) == addr_port(&bind->addr))
			any |= listener_share(l, share);
	}
	return any;
}

static bool open_new(struct reload_plan *p, const struct topology_swap_frontend *c,
                     const struct settings_bind *bind, struct error *err)
{
	struct listener *l = NULL;
	bool shared = share_port(p, bind, true);

	if (!listener_open_for(c->frontend, c->after, bind, shared, limits_of(p), &l, err)) {
		share_port(p, bind, false);
		return false;
	}
	add(p, NULL, l);
	return true;
}

typedef bool bind_visitor(struct reload_plan *p, const struct topology_swap_frontend *c,
                          const struct settings_bind *bind, size_t number, struct error *err);

static bool each_bind(struct reload_plan *p, bind_visitor *visit, struct error *err)
{
	size_t number = 0;

	for (size_t i = 0; i < p->swap->service_count; i++) {
		const struct topology_swap_service *service = &p->swap->services[i];

		for (size_t k = 0; k < service->frontend_count; k++) {
			const struct topology_swap_frontend *c = &service->frontends[k];

			for (size_t n = 0; is_open(c) && n < c->after->bind_count; n++)
				if (!visit(p, c, &c->after->binds[n], number++, err))
					return false;
		}
	}
	return true;
}

static bool use_own(struct reload_plan *p, const struct topology_swap_frontend *c,
                    const struct settings_bind *bind, size_t number, struct error *err)
{
	(void)err;
	p->found[number] = use(p, c, bind, c->frontend);
	return true;
}

static bool use_any(struct reload_plan *p, const struct topology_swap_frontend *c,
                    const struct settings_bind *bind, size_t number, struct error *err)
{
	(void)err;
	p->found[number] = p->found[number] || use(p, c, bind, NULL);
	return true;
}

static bool open_rest(struct reload_plan *p, const struct topology_swap_frontend *c,
                      const struct settings_bind *bind, size_t number, struct error *err)
{
	return p->found[number] || open_new(p, c, bind, err);
}

static bool count_bind(struct reload_plan *p, const struct topology_swap_frontend *c,
                       const struct settings_bind *bind, size_t number, struct error *err)
{
	(void)c;
	(void)bind;
	(void)err;
	p->bind_count = number + 1;
	return true;
}

/* One that a command has shut and that stays so needs no socket, but is still told of. */
static bool stays_shut(const struct reload_plan *p, const struct listener *l)
{
	if (l->fd != -1)
		return false;
	for (size_t i = 0; i < p->swap->service_count; i++)
		for (size_t k = 0; k < p->swap->services[i].frontend_count; k++) {
			const struct topology_swap_frontend *c = &p->swap->services[i].frontends[k];

			if (c->frontend == l->frontend)
				return !is_open(c);
		}
	return false;
}

bool reload_listeners_open(struct reload_plan *p, struct error *err)
{
	size_t before = crew_size(p);

	p->taken = mem_zalloc((before + 1) * sizeof(p->taken[0]));
	each_bind(p, count_bind, NULL);
	p->found = mem_zalloc((p->bind_count + 1) * sizeof(p->found[0]));
	each_bind(p, use_own, NULL);
	each_bind(p, use_any, NULL);
	if (!each_bind(p, open_rest, err))
		return false;
	for (size_t i = 0; i < before; i++)
		if (!p->taken[i] && !stays_shut(p, listener_at(p, i)))
			add(p, listener_at(p, i), NULL);
	return true;
}

void reload_listeners_release(struct reload_plan *p)
{
	for (size_t i = 0; i < p->listener_count; i++) {
		if (p->listeners[i].heir && !p->listeners[i].old)
			share_port(p, p->listeners[i].heir->bind, false);
		listener_free(p->listeners[i].heir);
	}
	free(p->listeners);
	free(p->taken);
	free(p->found);
}

/* --- doing it ----------------------------------------------------------------------------- */

static bool is_new(const struct reload_plan *p, const struct topology_service *service)
{
	for (size_t i = 0; i < p->swap->service_count; i++)
		if (p->swap->services[i].service == service)
			return !p->swap->services[i].before;
	return false;
}

static struct reload_late *late_of(struct reload *r, struct topology_service *service)
{
	for (size_t i = 0; i < r->late_count; i++)
		if (r->late[i].service == service)
			return &r->late[i];
	r->late = mem_resize(r->late, r->late_count + 1, sizeof(r->late[0]));
	r->late[r->late_count] =
	    (struct reload_late){ .service = service, .until_ms = tick_ms() + FIRST_CHECKS_MS };
	return &r->late[r->late_count++];
}

static void add_late(struct reload *r, struct reload_listener a)
{
	struct reload_late *late = late_of(r, a.heir->frontend->service);

	late->listeners =
	    mem_resize(late->listeners, late->listener_count + 1, sizeof(late->listeners[0]));
	late->listeners[late->listener_count++] = a;
}

static void put(struct crew *crew, const struct reload_listener *a)
{
	if (a->old)
		crew_replace_listener(crew, a->old, a->heir);
	else
		crew_add_listener(crew, a->heir);
}

/* A service that is new has no server yet: who comes before is served as until now. */
static void begin(struct reload_plan *p, struct reload_listener *a)
{
	if (is_new(p, a->heir->frontend->service))
		add_late(p->r, *a);
	else
		put(p->r->s->daemon.crew, a);
	*a = (struct reload_listener){ 0 };
}

static void note_stopped(const struct reload_plan *p)
{
	for (size_t i = 0; i < p->swap->service_count; i++)
		for (size_t k = 0; k < p->swap->services[i].frontend_count; k++) {
			const struct topology_swap_frontend *c = &p->swap->services[i].frontends[k];

			c->frontend->stopped = !is_open(c);
		}
}

/* Also a service without a listener of its own is judged when its checks are over. */
static void await_checks(const struct reload_plan *p)
{
	for (size_t i = 0; i < p->swap->service_count; i++)
		if (!p->swap->services[i].before)
			late_of(p->r, p->swap->services[i].service);
}

void reload_listeners_apply(struct reload_plan *p)
{
	note_stopped(p);
	await_checks(p);
	for (size_t i = 0; i < p->listener_count; i++)
		if (p->listeners[i].heir)
			begin(p, &p->listeners[i]);
	for (size_t i = 0; i < p->listener_count; i++)
		if (p->listeners[i].old)
			crew_remove_listener(p->r->s->daemon.crew, p->listeners[i].old);
	p->listener_count = 0;
}

/* --- new services ------------------------------------------------------------------------- */

static bool is_settled(const struct topology_service *service)
{
	for (size_t i = 0; i < service->server_count; i++) {
		struct state state = topology_state(service->servers[i]);

		if (state.health == STATE_CHECKING && !state_in_maint(&state))
			return false;
	}
	return true;
}

static void accept_late(struct reload *r, struct reload_late *late)
{
	for (size_t i = 0; i < late->listener_count; i++)
		put(r->s->daemon.crew, &late->listeners[i]);
	free(late->listeners);
	late->service->judged = true;
	transition_judge(r->s->daemon.roster, late->service);
}

void reload_listeners_accept(struct reload *r, bool all)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->late_count; i++) {
		struct reload_late *late = &r->late[i];

		if (all || tick_ms() >= late->until_ms || is_settled(late->service))
			accept_late(r, late);
		else
			r->late[kept++] = *late;
	}
	r->late_count = kept;
}
