/* SPDX-License-Identifier: MIT */
#include "nodeasker.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/url.h"
#include "net/lowfd.h"
#include "net/webget.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nodeasker {
	struct nodeasker_options o;
	struct url url;
	char name[URL_AUTHORITY_MAX]; /* for messages: all of the URL would be too long */
	char *session;
	struct resolver_name *lookup; /* NULL: it is over */
	struct addr to;
	struct webget *get; /* NULL: not begun */
	ev_io io;
	ev_timer limit;
};

static void stop_io(struct nodeasker *a)
{
	if (!a->get || a->io.fd == -1)
		return;
	ev_io_stop(a->o.loop, &a->io);
	if (a->io.fd != webget_fd(a->get))
		lowfd_close(a->io.fd);
	a->io.fd = -1;
}

void nodeasker_cancel(struct nodeasker *a)
{
	if (!a)
		return;
	stop_io(a);
	ev_timer_stop(a->o.loop, &a->limit);
	resolver_unwatch(a->lookup);
	webget_end(a->get);
	free(a->session);
	free(a);
}

/* Called last: the owner may begin another one. */
static void finish(struct nodeasker *a, const struct error *err)
{
	nodeasker_done *done = a->o.done;
	void *ctx = a->o.ctx;
	uint16_t status = a->get ? webget_status(a->get) : 0;
	AUTO_TEXT body = { 0 };

	if (!err) {
		body = *webget_body(a->get);
		*webget_body(a->get) = (struct text){ 0 };
	}
	nodeasker_cancel(a);
	done(ctx, err ? NULL : &body, status, err);
}

/* --- the connection ----------------------------------------------------------------------- */

static void await(struct nodeasker *a)
{
	int events = webget_wants(a->get) == WEBGET_READ ? EV_READ : EV_WRITE;

	if (ev_is_active(&a->io) && (a->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(a->o.loop, &a->io);
	ev_io_modify(&a->io, events);
	ev_io_start(a->o.loop, &a->io);
}

static void on_ready(struct ev_loop *loop, ev_io *w, int revents)
{
	struct nodeasker *a = container_of(w, struct nodeasker, io);
	struct error err;

	(void)loop;
	(void)revents;
	switch (webget_step(a->get, &err)) {
	case WEBGET_MORE:
		await(a);
		break;
	case WEBGET_DONE:
		finish(a, NULL);
		break;
	case WEBGET_FAILED:
		finish(a, &err);
		break;
	}
}

static void begin(struct nodeasker *a)
{
	const struct webget_target target = { .name = a->name,
		                              .url = &a->url,
		                              .to = &a->to,
		                              .tls = a->url.secure ? a->o.tls : NULL,
		                              .session = a->session,
		                              .max = a->o.max };
	struct error err;

	a->get = webget_begin(&target, &err);
	if (!a->get) {
		finish(a, &err);
		return;
	}
	ev_io_init(&a->io, on_ready, lowfd_double(webget_fd(a->get)), 0);
	await(a);
}

static void on_resolved(void *ctx, const struct addr *addr, const char *reason)
{
	struct nodeasker *a = ctx;
	struct error err;

	if (addr)
		a->to = *addr;
	else
		error_set(&err, "%s: the name does not resolve: %s", a->name, reason);
	/* What it told goes with it. */
	resolver_unwatch(a->lookup);
	a->lookup = NULL;
	addr_set_port(&a->to, a->url.port);
	if (a->to.len)
		begin(a);
	else
		finish(a, &err);
}

static void on_limit(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct nodeasker *a = container_of(w, struct nodeasker, limit);
	struct error err;

	(void)loop;
	(void)revents;
	if (a->get)
		webget_expired(a->get, &err);
	else
		error_set(&err, "%s: time is over while its name is looked up", a->name);
	finish(a, &err);
}

struct nodeasker *nodeasker_begin(const struct nodeasker_options *o)
{
	struct nodeasker *a = mem_zalloc(sizeof(*a));

	a->o = *o;
	a->io.fd = -1;
	/* What is not valid was refused when it was read. */
	if (!url_parse(o->url, &a->url, NULL))
		abort();
	if (!*a->url.path || strcmp(a->url.path, "/") == 0)
		snprintf(a->url.path, sizeof(a->url.path), "%s", o->path);
	url_authority(&a->url, a->name);
	a->session = o->session ? mem_strdup(o->session) : NULL;
	ev_timer_init(&a->limit, on_limit, o->timeout_ms / 1000., 0.);
	ev_now_update(o->loop);
	ev_timer_start(o->loop, &a->limit);
	a->lookup = resolver_watch(o->resolver, a->url.host, on_resolved, a);
	return a;
}
