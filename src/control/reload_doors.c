/* SPDX-License-Identifier: MIT */
/*
 * HTTP endpoints and control sockets in a reload.  At the same address they stay open, with those
 * who are connected; what they ask for and allow is another from the next request or connection on.
 */
#include "adminswap.h"
#include "reloadparts.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/confdiff.h"
#include "control/ctlsocket.h"
#include "opening.h"

#include <stdlib.h>
#include <sys/stat.h>

/* The answer to the command that closes a door goes out first. */
#define CLOSE_AFTER_S 0.05

/* --- which one it is ---------------------------------------------------------------------- */

static bool is_here(const struct reload_door *d, const struct settings_admin *admin,
                    const struct settings_socket *socket)
{
	if (admin)
		return d->admin && addr_equal(&d->admin->addr, &admin->addr);
	return d->socket && socket && confdiff_same_door(d->socket, socket);
}

/* The number of the door that is at that place, or SIZE_MAX. */
static size_t find(const struct reload *r, const struct settings_admin *admin,
                   const struct settings_socket *socket)
{
	for (size_t i = 0; i < r->door_count; i++)
		if (is_here(&r->doors[i], admin, socket))
			return i;
	return SIZE_MAX;
}

/* --- at the start and at the end ---------------------------------------------------------- */

static void on_close(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct reload *r = w->data;

	(void)loop;
	(void)revents;
	for (size_t i = 0; i < r->closing_count; i++) {
		if (r->closing[i].is_admin)
			adminswap_close(r->closing[i].server);
		else
			stream_server_close(r->closing[i].server);
	}
	r->closing_count = 0;
}

void reload_doors_begin(struct reload *r)
{
	const struct settings *set = r->s->settings;

	ev_timer_init(&r->close, on_close, CLOSE_AFTER_S, 0.);
	r->close.data = r;
	r->doors = mem_zalloc((r->s->door_count + 1) * sizeof(r->doors[0]));
	for (size_t i = 0; i < set->admin_count; i++)
		r->doors[r->door_count++].admin = &set->admins[i];
	for (size_t i = 0; i < set->socket_count; i++)
		r->doors[r->door_count++].socket = &set->sockets[i];
	for (size_t i = 0; i < r->door_count; i++)
		r->doors[i].settings = settings_ref(r->s->settings);
}

static void free_doors(struct reload *r)
{
	for (size_t i = 0; i < r->door_count; i++)
		settings_free(r->doors[i].settings);
	free(r->doors);
}

void reload_doors_end(struct reload *r)
{
	ev_timer_stop(r->s->loop, &r->close);
	on_close(r->s->loop, &r->close, 0);
	free(r->closing);
	free_doors(r);
}

/* --- what can fail ------------------------------------------------------------------------ */

/* Certificates are read again in any case: they are renewed under the same names. */
static bool keep(struct reload_plan *p, struct reload_new_door *d, size_t at, struct error *err)
{
	const struct reload_door *old = &p->r->doors[at];

	d->kept = true;
	d->server = p->r->s->doors[at];
	return !d->is.admin || p->nodes_only ||
	       (!d->is.admin->cert && confdiff_same_admin(old->admin, d->is.admin)) ||
	       adminswap_new(d->is.admin, &d->swap, err);
}

static bool open_door(struct reload_plan *p, struct reload_new_door *d, struct error *err)
{
	struct supervisor *s = p->r->s;

	if (d->is.admin ? !httpadmin_open(s->loop, d->is.admin, &s->daemon, &d->server, err)
	                : !ctlsocket_open(s->loop, d->is.socket, &s->daemon, &d->server, err))
		return false;
	opening_limit(s, d->server);
	return true;
}

static bool add(struct reload_plan *p, const struct settings_admin *admin,
                const struct settings_socket *socket, struct error *err)
{
	struct reload_new_door *d = &p->doors[p->door_count++];
	size_t at = find(p->r, admin, socket);

	d->is = (struct reload_door){ .admin = admin, .socket = socket };
	return at != SIZE_MAX ? keep(p, d, at, err) : open_door(p, d, err);
}

bool reload_doors_open(struct reload_plan *p, struct error *err)
{
	const struct settings *set = p->after;

	p->doors = mem_zalloc((set->admin_count + set->socket_count + 1) * sizeof(p->doors[0]));
	for (size_t i = 0; i < set->admin_count; i++)
		if (!add(p, &set->admins[i], NULL, err))
			return false;
	for (size_t i = 0; i < set->socket_count; i++)
		if (!add(p, NULL, &set->sockets[i], err))
			return false;
	return true;
}

static void close_door(const struct reload_new_door *d)
{
	if (d->is.admin)
		adminswap_close(d->server);
	else
		stream_server_close(d->server);
}

void reload_doors_release(struct reload_plan *p)
{
	for (size_t i = 0; i < p->door_count; i++) {
		if (p->doors[i].server && !p->doors[i].kept)
			close_door(&p->doors[i]);
		adminswap_free(p->doors[i].swap);
	}
	free(p->doors);
}

/* --- doing it ----------------------------------------------------------------------------- */

static void change_socket(struct stream_server *server, const struct settings_socket *before,
                          const struct settings_socket *after)
{
	server->door = after;
	if (!server->path)
		return;
	if (!text_same(before->user, after->user) || !text_same(before->group, after->group))
		log_warn("the owner of %s changes when sluice is started again", after->text);
	if (after->mode && after->mode != before->mode && chmod(server->path, after->mode) == -1)
		log_warn("the mode of %s could not be changed", after->text);
}

static void take_over(struct reload_plan *p, struct reload_new_door *d)
{
	struct reload *r = p->r;
	size_t at = find(r, d->is.admin, d->is.socket);
	const struct reload_door *old = &r->doors[at];

	if (d->swap)
		adminswap_put(d->server, d->swap);
	d->swap = NULL;
	if (d->is.socket)
		change_socket(d->server, old->socket, d->is.socket);
	/* What was the same points where it did. */
	if (d->is.admin && adminswap_settings(d->server) != d->is.admin) {
		d->is.admin = old->admin;
		d->is.settings = settings_ref(old->settings);
	}
	r->s->doors[at] = NULL;
}

/* Nobody new is let in; those who are there hear the end of what they asked. */
static void close_later(struct reload *r, size_t at)
{
	struct stream_server *server = r->s->doors[at];

	ev_io_stop(r->s->loop, &server->io);
	ev_timer_stop(r->s->loop, &server->resume);
	r->closing = mem_resize(r->closing, r->closing_count + 1, sizeof(r->closing[0]));
	r->closing[r->closing_count++] =
	    (struct reload_closing){ server, r->doors[at].admin != NULL };
	ev_timer_start(r->s->loop, &r->close);
}

static void set_idle(const struct reload_plan *p, struct stream_server *server)
{
	uint32_t limit_ms = p->after->operator_timeout_ms;

	server->idle_ms = limit_ms ? limit_ms : server->protocol->idle_s * 1000;
}

void reload_doors_apply(struct reload_plan *p)
{
	struct reload *r = p->r;
	struct reload_door *doors = mem_zalloc((p->door_count + 1) * sizeof(doors[0]));
	struct stream_server **servers =
	    mem_zalloc((p->door_count + 1) * sizeof(struct stream_server *));

	for (size_t i = 0; i < p->door_count; i++) {
		struct reload_new_door *d = &p->doors[i];

		if (d->kept)
			take_over(p, d);
		if (!d->is.settings)
			d->is.settings = settings_ref(p->after);
		if (d->is.socket)
			set_idle(p, d->server);
		doors[i] = d->is;
		servers[i] = d->server;
	}
	for (size_t i = 0; i < r->door_count; i++)
		if (r->s->doors[i])
			close_later(r, i);
	free_doors(r);
	free(r->s->doors);
	r->doors = doors;
	r->door_count = p->door_count;
	r->s->doors = servers;
	r->s->door_count = p->door_count;
	r->s->daemon.pages.count = p->after->admin_count;
	p->door_count = 0;
}

bool reload_doors_renew(struct reload *r, struct error *err)
{
	struct adminswap **fresh = mem_zalloc((r->door_count + 1) * sizeof(struct adminswap *));
	bool done = true;

	for (size_t i = 0; done && i < r->door_count; i++)
		if (r->doors[i].admin && r->doors[i].admin->cert)
			done = adminswap_new(r->doors[i].admin, &fresh[i], err);
	for (size_t i = 0; i < r->door_count; i++) {
		if (done && fresh[i])
			adminswap_put(r->s->doors[i], fresh[i]);
		else
			adminswap_free(fresh[i]);
	}
	free(fresh);
	return done;
}
