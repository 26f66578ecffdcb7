/* SPDX-License-Identifier: MIT */
#include "engine/listener.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "core/ratetable.h"
#include "net/inherit.h"
#include "net/sock.h"

#include <errno.h>

/* Accepts in one turn before sessions get theirs, at the most. */
enum { BATCH = 16 };

/* a limit is reached: until sessions end */
#define FULL_PAUSE_S 0.01
/* out of descriptors: spinning would not help */
#define STARVED_PAUSE_S 0.1

struct sock_listen_options listener_options(const struct settings_frontend *s,
                                            const struct settings_bind *b)
{
	return (struct sock_listen_options){
		.backlog = b->backlog,
		.v6only = b->v6only,
		.defer_accept = b->defer_accept,
		.interface = b->interface,
		.mode = b->mode,
		.user = b->user,
		.group = b->group,
		.accepted = {
			.keepalive = { .on = s->keepalive.client,
			               .idle_s = s->keepalive.idle_s,
			               .interval_s = s->keepalive.interval_s,
			               .count = s->keepalive.count },
			.user_timeout_ms = b->tcp_user_timeout_ms ? b->tcp_user_timeout_ms
			                                          : s->tcp_user_timeout_ms,
			.nodelay = true,
		},
	};
}

static bool has_file(const struct settings_bind *b)
{
	return b->kind == SETTINGS_BIND_ADDR && b->addr.sa.sa_family == AF_UNIX;
}

struct listener *listener_new_heir(struct topology_frontend *frontend,
                                   const struct settings_frontend *set,
                                   const struct settings_bind *bind, struct listener_limits limits)
{
	struct listener *l = mem_zalloc(sizeof(*l));

	l->frontend = frontend;
	l->bind = bind;
	l->options = listener_options(set, bind);
	l->limits = limits;
	l->fd = -1;
	return l;
}

bool listener_open_for(struct topology_frontend *frontend, const struct settings_frontend *set,
                       const struct settings_bind *bind, bool shared, struct listener_limits limits,
                       struct listener **ret, struct error *err)
{
	struct sock_listen_options o = listener_options(set, bind);
	struct listener *l;
	bool by_number = bind->kind == SETTINGS_BIND_FD;
	int fd = by_number ? inherit_find_number(bind->fd) : -1;

	o.shared = shared;
	if (by_number ? !sock_adopt(fd, &o, err) : !sock_listen(&bind->addr, &o, &fd, err))
		return error_wrap(err, "service \"%s\"", set->name);
	l = listener_new_heir(frontend, set, bind, limits);
	l->fd = fd;
	if (has_file(bind))
		l->file = sock_file_at(bind->addr.un.sun_path);
	*ret = l;
	return true;
}

bool listener_open(struct topology_frontend *frontend, const struct settings_bind *bind,
                   struct listener_limits limits, struct listener **ret, struct error *err)
{
	return listener_open_for(frontend, frontend->settings, bind, false, limits, ret, err);
}

void listener_keep(struct listener *l, struct settings *settings)
{
	l->settings = settings_ref(settings);
}

static void pause_for(struct listener *l, ev_tstamp seconds)
{
	ev_io_stop(l->loop, &l->io);
	ev_timer_set(&l->resume, seconds, 0.);
	ev_timer_start(l->loop, &l->resume);
}

static uint32_t load(const _Atomic uint32_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static bool is_full(const struct listener *l)
{
	uint32_t of_frontend = load(&l->frontend->maxconn);
	uint32_t of_bind = l->bind->maxconn;

	return load(l->limits.connections) >= l->limits.max ||
	       (of_frontend && load(&l->frontend->active) >= of_frontend) ||
	       (of_bind && load(&l->active) >= of_bind);
}

/* Milliseconds until one more may pass by every rate; 0: now, and it is counted. */
static uint32_t ask_rates(struct listener *l)
{
	for (size_t i = 0; i < LISTENER_RATES; i++) {
		struct listener_rate *r = l->shared.rates[i];
		uint32_t limit = r ? load(&r->limit) : 0;
		uint32_t wait_ms;

		if (!limit || l->permitted[i])
			continue;
		wait_ms = rate_take(&r->rate, limit, tick_ms());
		if (wait_ms)
			return wait_ms;
		l->permitted[i] = true;
	}
	return 0;
}

/* Must accepting wait, and how long? */
static bool must_wait(struct listener *l, ev_tstamp *ret_seconds)
{
	uint32_t wait_ms;

	*ret_seconds = FULL_PAUSE_S;
	if (is_full(l))
		return true;
	wait_ms = ask_rates(l);
	*ret_seconds = wait_ms / 1000.;
	return wait_ms > 0;
}

/* Of one address; an unnamed client has none. */
static bool comes_too_often(struct listener *l, const struct addr_ip *client)
{
	uint32_t rate;

	if (!l->frontend->rates)
		return false;
	pthread_mutex_lock(l->shared.lock);
	rate = ratetable_hit(l->frontend->rates, client, tick_ms());
	pthread_mutex_unlock(l->shared.lock);
	return rate > l->frontend->settings->conn_rate_limit.count;
}

static bool is_allowed(const struct settings_frontend *s, const struct addr *client)
{
	for (size_t i = 0; i < s->allow_count; i++)
		if (addr_net_contains(&s->allow[i], client))
			return true;
	for (size_t i = 0; i < s->deny_count; i++)
		if (addr_net_contains(&s->deny[i], client))
			return false;
	return s->deny_count || !s->allow_count;
}

/* accept() failed.  True: try the next one at once. */
static bool survive(struct listener *l, int errnum)
{
	switch (errnum) {
	case ECONNABORTED:
	case EINTR:
	case EPROTO:
		return true;
	case EAGAIN: /* all who waited are in */
		l->starved = false;
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		if (!l->starved) {
			struct error err;

			error_sys(&err, errnum, "service \"%s\" cannot accept",
			          l->frontend->settings->name);
			log_error("%s; it goes on as soon as sessions end (raise nofile)",
			          err.text);
		}
		l->starved = true;
		pause_for(l, STARVED_PAUSE_S);
		return false;
	default:
		pause_for(l, STARVED_PAUSE_S);
		return false;
	}
}

static void take(struct listener *l, int fd, const struct addr *client)
{
	struct addr_ip ip = addr_pack(client);

	atomic_fetch_add_explicit(&l->accepted, 1, memory_order_relaxed);
	counter_add(&l->frontend->count, COUNTER_CONNECTIONS, 1);
	l->permitted[LISTENER_CONNS] = false;
	if (!is_allowed(l->frontend->settings, client) || comes_too_often(l, &ip)) {
		counter_add(&l->frontend->count, COUNTER_DENIED, 1);
		sock_reset(fd);
		return;
	}
	l->permitted[LISTENER_SESSIONS] = l->permitted[LISTENER_FRONTEND] = false;
	l->on_accept(l->ctx, l, fd, &ip);
}

/*
 * As many as came the last time, more when the kernel has some left in the very next turn: a
 * connection that comes alone does not cost a second accept() that finds nothing.
 */
static int portion(struct listener *l)
{
	unsigned turn = ev_iteration(l->loop);

	if (turn == l->turn + 1 && l->portion < BATCH)
		l->portion = (uint8_t)(l->portion * 2);
	l->turn = turn;
	return l->portion;
}

static void accept_some(struct listener *l)
{
	struct addr client;
	ev_tstamp seconds;
	int n = portion(l);

	for (int i = 0; i < n && ev_is_active(&l->io); i++) {
		int fd;

		if (must_wait(l, &seconds)) {
			pause_for(l, seconds);
			return;
		}
		fd = sock_accept(l->fd, &client);
		if (fd >= 0) {
			take(l, fd, &client);
		} else if (!survive(l, errno)) {
			l->portion = (uint8_t)(i ? i : 1);
			return;
		}
	}
}

/* Set anew, or libev would take it for one that the kernel still watches. */
static void watch(struct listener *l)
{
	ev_io_set(&l->io, l->fd, EV_READ);
	ev_io_start(l->loop, &l->io);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct listener *l = container_of(w, struct listener, io);

	(void)loop;
	if (revents & EV_ERROR) /* the kernel does not watch it */
		survive(l, ENOMEM);
	else
		accept_some(l);
}

static void on_resume(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct listener *l = container_of(w, struct listener, resume);
	ev_tstamp seconds;

	(void)loop;
	(void)revents;
	if (must_wait(l, &seconds))
		pause_for(l, seconds);
	else
		watch(l);
}

void listener_start(struct listener *l, struct ev_loop *loop, listener_on_accept *on_accept,
                    void *ctx)
{
	l->loop = loop;
	l->portion = 1;
	l->on_accept = on_accept;
	l->ctx = ctx;
	ev_io_init(&l->io, on_readable, l->fd, EV_READ);
	ev_timer_init(&l->resume, on_resume, 0., 0.);
	if (!atomic_load_explicit(&l->frontend->paused, memory_order_relaxed))
		ev_io_start(loop, &l->io);
}

void listener_pause(struct listener *l, bool pause)
{
	if (!l->loop)
		return;
	ev_timer_stop(l->loop, &l->resume);
	if (pause)
		ev_io_stop(l->loop, &l->io);
	else if (!ev_is_active(&l->io))
		watch(l);
}

/* Connections that the kernel has made already would be reset with the socket: take them. */
static void empty_queue(struct listener *l)
{
	struct addr client;
	int fd;

	while ((fd = sock_accept(l->fd, &client)) >= 0 || errno == ECONNABORTED || errno == EINTR)
		if (fd >= 0)
			take(l, fd, &client);
}

void listener_stop(struct listener *l)
{
	if (l->loop) {
		ev_io_stop(l->loop, &l->io);
		ev_timer_stop(l->loop, &l->resume);
		empty_queue(l);
	}
	l->loop = NULL;
	if (has_file(l->bind))
		sock_file_remove(l->bind->addr.un.sun_path, &l->file);
	l->file = (struct sock_file){ 0 };
	if (l->fd != -1)
		sock_close(l->fd);
	l->fd = -1;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	listener_stop(l);
	settings_free(l->settings);
	free(l);
}
