/* SPDX-License-Identifier: MIT */
/*
 * A listener that takes the place of another in a reload.
 */
#include "engine/listener.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

static bool is_unix(const struct settings_bind *b)
{
	return b->addr.sa.sa_family == AF_UNIX;
}

static bool same_place(const struct settings_bind *a, const struct settings_bind *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case SETTINGS_BIND_ADDR:
		return a->addr.len == b->addr.len && addr_equal(&a->addr, &b->addr);
	case SETTINGS_BIND_FD:
		return a->fd == b->fd;
	}
	return false;
}

static bool same_keepalive(const struct sock_keepalive *a, const struct sock_keepalive *b)
{
	return a->on == b->on && a->idle_s == b->idle_s && a->interval_s == b->interval_s &&
	       a->count == b->count;
}

static bool same_options(const struct sock_listen_options *a, const struct sock_listen_options *b)
{
	return a->backlog == b->backlog && a->defer_accept == b->defer_accept &&
	       a->mode == b->mode && text_same(a->user, b->user) && text_same(a->group, b->group) &&
	       same_keepalive(&a->accepted.keepalive, &b->accepted.keepalive) &&
	       a->accepted.user_timeout_ms == b->accepted.user_timeout_ms;
}

enum listener_likeness listener_compare(const struct listener *l,
                                        const struct settings_frontend *set,
                                        const struct settings_bind *bind)
{
	struct sock_listen_options o = listener_options(set, bind);

	if (!same_place(l->bind, bind))
		return LISTENER_OTHER;
	if (bind->kind == SETTINGS_BIND_ADDR && !is_unix(bind) &&
	    (o.v6only != l->options.v6only || !text_same(o.interface, l->options.interface)))
		return LISTENER_OTHER;
	return same_options(&l->options, &o) ? LISTENER_SAME : LISTENER_SOCKET;
}

static bool set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

bool listener_share(const struct listener *l, bool share)
{
	return l->fd != -1 && set_int(l->fd, SOL_SOCKET, SO_REUSEPORT, share);
}

static bool apply_to_file(const struct listener *l, const struct sock_listen_options *before)
{
	const struct sock_listen_options *o = &l->options;

	if (!text_same(o->user, before->user) || !text_same(o->group, before->group))
		log_warn("the owner of %s changes when sluice is started again", l->bind->text);
	return !o->mode || o->mode == before->mode ||
	       chmod(l->bind->addr.un.sun_path, o->mode) == 0;
}

static bool apply_to_socket(const struct listener *l, const struct sock_listen_options *before)
{
	const struct sock_listen_options *o = &l->options;

	return (o->defer_accept == before->defer_accept ||
	        set_int(l->fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, o->defer_accept)) &&
	       sock_set_options(l->fd, &o->accepted);
}

static void apply(const struct listener *l, const struct sock_listen_options *before)
{
	int backlog = l->options.backlog > 0 ? l->options.backlog : SOMAXCONN;
	bool has_path = is_unix(l->bind) && l->bind->kind == SETTINGS_BIND_ADDR;
	bool done = l->options.backlog == before->backlog || listen(l->fd, backlog) == 0;

	if (has_path)
		done = apply_to_file(l, before) && done;
	else if (l->bind->kind == SETTINGS_BIND_ADDR)
		done = apply_to_socket(l, before) && done;
	if (!done) {
		struct error err;

		error_sys(&err, errno, "not all options of %s could be changed", l->bind->text);
		log_warn("%s", err.text);
	}
}

void listener_succeed(struct listener *l, struct listener *old)
{
	if (old->loop) {
		ev_io_stop(old->loop, &old->io);
		ev_timer_stop(old->loop, &old->resume);
	}
	old->loop = NULL;
	l->fd = old->fd;
	l->file = old->file;
	old->fd = -1;
	old->file = (struct sock_file){ 0 };
	atomic_store_explicit(&l->accepted,
	                      atomic_exchange_explicit(&old->accepted, 0, memory_order_relaxed),
	                      memory_order_relaxed);
	l->starved = old->starved;
	if (l->fd != -1)
		apply(l, &old->options);
}
