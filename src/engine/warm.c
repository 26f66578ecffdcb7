/* SPDX-License-Identifier: MIT */
#include "engine/warm.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/tick.h"
#include "net/sock.h"
#include "outset.h"

#include <stdlib.h>

enum {
	PER_CHUNK = 16,
	CONNECT_MS = 10000, /* where timeout.connect says nothing */
	FORGET_MS = 2 * WARM_PAUSE_MAX_MS
};

struct warm_socket {
	TAILQ_ENTRY(warm_socket) link;
	struct warm_shelf *shelf;
	ev_io io;
	bool ready;       /* connected; else on its way */
	int64_t since_ms; /* of that */
	int64_t until_ms;
};

TAILQ_HEAD(warm_sockets, warm_socket);

struct warm_shelf {
	LIST_ENTRY(warm_shelf) link;
	TAILQ_ENTRY(warm_shelf) gap;
	struct warm *warm;
	struct topology_server *server;
	struct addr to;                    /* where they go */
	struct warm_sockets ready, coming; /* the oldest first */
	uint32_t have;                     /* both together */
	uint32_t want;
	uint32_t pause_ms; /* the last one; 0: none yet */
	int64_t next_ms;   /* none is begun before */
	int64_t lost_ms;   /* when the last one was */
	bool has_gap;      /* it is in warm.gaps */
};

/* --- one connection ----------------------------------------------------------------------- */

static void take_off(struct warm_socket *k)
{
	struct warm_shelf *f = k->shelf;

	TAILQ_REMOVE(k->ready ? &f->ready : &f->coming, k, link);
	f->have--;
	if (k->ready)
		atomic_fetch_sub_explicit(&f->server->warm, 1, memory_order_relaxed);
	ev_io_stop(f->warm->loop, &k->io);
	slab_put(&f->warm->sockets, k);
}

static void drop(struct warm_socket *k)
{
	int fd = k->io.fd;

	take_off(k);
	sock_close(fd);
}

/* Those that end together are one reason to wait; a server that kept one for long is none. */
static void pause_after(struct warm_shelf *f, int64_t now_ms, int64_t lived_ms)
{
	if (lived_ms >= WARM_PAUSE_MAX_MS || now_ms - f->lost_ms >= FORGET_MS)
		f->pause_ms = 0;
	f->lost_ms = now_ms;
	if (now_ms < f->next_ms)
		return;
	f->pause_ms = f->pause_ms ? 2 * f->pause_ms : WARM_PAUSE_MIN_MS;
	if (f->pause_ms > WARM_PAUSE_MAX_MS)
		f->pause_ms = WARM_PAUSE_MAX_MS;
	f->next_ms = now_ms + f->pause_ms;
}

/* The server did not want it, or not any more. */
static void lose(struct warm_socket *k, int64_t now_ms)
{
	struct warm_shelf *f = k->shelf;

	if (k->ready)
		counter_add(&f->server->count, COUNTER_WARM_LOST, 1);
	pause_after(f, now_ms, k->ready ? now_ms - k->since_ms : 0);
	drop(k);
}

static void arrive(struct warm_socket *k, int64_t now_ms)
{
	struct warm_shelf *f = k->shelf;
	struct warm *w = f->warm;

	TAILQ_REMOVE(&f->coming, k, link);
	TAILQ_INSERT_TAIL(&f->ready, k, link);
	k->ready = true;
	k->since_ms = now_ms;
	k->until_ms = now_ms + WARM_AGE_MS - (int64_t)rng_below(&w->rng, WARM_AGE_MS / 4);
	atomic_fetch_add_explicit(&f->server->warm, 1, memory_order_relaxed);
	ev_io_stop(w->loop, &k->io);
	ev_io_modify(&k->io, EV_READ);
	ev_io_start(w->loop, &k->io);
}

/* On its way it is there, or cannot be; idle, whatever comes is its end. */
static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
	struct warm_socket *k = container_of(io, struct warm_socket, io);

	(void)loop;
	if (k->ready || (revents & EV_ERROR) || sock_error(io->fd))
		lose(k, tick_ms());
	else
		arrive(k, tick_ms());
}

/* --- those of one server ------------------------------------------------------------------ */

static void clear(struct warm_shelf *f)
{
	while (!TAILQ_EMPTY(&f->ready))
		drop(TAILQ_FIRST(&f->ready));
	while (!TAILQ_EMPTY(&f->coming))
		drop(TAILQ_FIRST(&f->coming));
}

static uint32_t connect_limit(const struct warm_shelf *f)
{
	uint32_t ms = f->server->service->settings->timeout.connect_ms;

	return ms ? ms : CONNECT_MS;
}

/*
 * A path that has forgotten the connection swallows what is sent: the time-out of a connect is that
 * of the first words, too (guard.c sets another once they are answered).
 */
static int open_socket(const struct warm_shelf *f, bool *at_once)
{
	const struct settings_keepalive *set = &f->server->service->settings->keepalive;
	const struct sock_options o = { .keepalive = { .on = set->server,
		                                       .idle_s = set->idle_s,
		                                       .interval_s = set->interval_s,
		                                       .count = set->count },
		                        .user_timeout_ms = connect_limit(f),
		                        .nodelay = true,
		                        .turn = f->warm->turn };

	f->warm->turn++;
	return outset_connect(f->server, &f->to, o, at_once);
}

static bool begin_one(struct warm_shelf *f, int64_t now_ms)
{
	struct warm_socket *k = slab_get(&f->warm->sockets);
	bool at_once = false;
	int fd = k ? open_socket(f, &at_once) : -1;

	if (fd == -1) {
		if (k)
			slab_put(&f->warm->sockets, k);
		pause_after(f, now_ms, 0);
		return false;
	}
	*k = (struct warm_socket){ .shelf = f, .until_ms = now_ms + connect_limit(f) };
	ev_io_init(&k->io, on_io, fd, EV_WRITE);
	ev_io_start(f->warm->loop, &k->io);
	TAILQ_INSERT_TAIL(&f->coming, k, link);
	f->have++;
	if (at_once)
		arrive(k, now_ms);
	return true;
}

static void fill(struct warm_shelf *f, int64_t now_ms)
{
	while (f->have < f->want && now_ms >= f->next_ms && begin_one(f, now_ms))
		;
}

static bool may_have(const struct topology_server *s)
{
	return topology_is_usable(s) && topology_has_address(s) &&
	       atomic_load_explicit(&s->weight, memory_order_relaxed) &&
	       !atomic_load_explicit(&s->fault, memory_order_relaxed);
}

/* False: it is to have none now. */
static bool follow_server(struct warm_shelf *f)
{
	struct addr to;

	if (!may_have(f->server) || !topology_address(f->server, &to)) {
		clear(f);
		return false;
	}
	if (addr_equal(&to, &f->to))
		return true;
	clear(f);
	f->to = to;
	f->pause_ms = 0;
	f->next_ms = 0;
	return true;
}

static void end_old(struct warm_shelf *f, int64_t now_ms)
{
	struct warm_socket *k;

	/* Each was given another time, up to a quarter less. */
	TAILQ_FOREACH(k, &f->ready, link) {
		if (now_ms < k->until_ms)
			continue;
		drop(k);
		break;
	}
	while ((k = TAILQ_FIRST(&f->coming)) && now_ms >= k->until_ms)
		lose(k, now_ms);
}

static void look(struct warm_shelf *f, int64_t now_ms)
{
	if (!follow_server(f))
		return;
	end_old(f, now_ms);
	fill(f, now_ms);
}

static void close_gap(struct warm_shelf *f)
{
	if (f->has_gap)
		TAILQ_REMOVE(&f->warm->gaps, f, gap);
	f->has_gap = false;
}

static void remove_shelf(struct warm_shelf *f)
{
	clear(f);
	close_gap(f);
	LIST_REMOVE(f, link);
	f->warm->count--;
	free(f);
}

/* --- all of them -------------------------------------------------------------------------- */

static struct warm_shelves *list_of(struct warm *w, const struct topology_server *server)
{
	/* They stand on lines of their own. */
	return &w->shelves[(uintptr_t)server / sizeof(*server) % WARM_SHELVES];
}

static struct warm_shelf *find(struct warm *w, const struct topology_server *server)
{
	struct warm_shelf *f;

	LIST_FOREACH(f, list_of(w, server), link)
		if (f->server == server)
			return f;
	return NULL;
}

static void on_look(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct warm *w = container_of(t, struct warm, look);
	int64_t now_ms = tick_ms();
	struct warm_shelf *f;

	(void)loop;
	(void)revents;
	for (size_t i = 0; i < WARM_SHELVES; i++)
		LIST_FOREACH(f, &w->shelves[i], link)
			look(f, now_ms);
}

/* The sessions of this turn have gone their way. */
static void on_refill(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct warm *w = container_of(t, struct warm, refill);
	int64_t now_ms = tick_ms();
	struct warm_shelf *f;

	(void)loop;
	(void)revents;
	while ((f = TAILQ_FIRST(&w->gaps))) {
		close_gap(f);
		look(f, now_ms);
	}
}

void warm_init(struct warm *w, struct ev_loop *loop)
{
	*w = (struct warm){ .loop = loop };
	for (size_t i = 0; i < WARM_SHELVES; i++)
		LIST_INIT(&w->shelves[i]);
	TAILQ_INIT(&w->gaps);
	slab_init(&w->sockets, sizeof(struct warm_socket), PER_CHUNK, SIZE_MAX);
	rng_seed(&w->rng);
	ev_timer_init(&w->look, on_look, WARM_LOOK_MS / 1000., WARM_LOOK_MS / 1000.);
	ev_timer_init(&w->refill, on_refill, 0., 0.);
}

void warm_begin(struct warm *w, bool afresh)
{
	struct warm_shelf *f;

	for (size_t i = 0; i < WARM_SHELVES; i++) {
		LIST_FOREACH(f, &w->shelves[i], link) {
			f->want = 0;
			if (afresh)
				clear(f);
		}
	}
}

void warm_keep(struct warm *w, struct topology_server *server, uint32_t count)
{
	struct warm_shelf *f = find(w, server);

	if (!f) {
		f = mem_zalloc(sizeof(*f));
		f->warm = w;
		f->server = server;
		f->lost_ms = -FORGET_MS;
		TAILQ_INIT(&f->ready);
		TAILQ_INIT(&f->coming);
		LIST_INSERT_HEAD(list_of(w, server), f, link);
		w->count++;
	}
	f->want = count;
}

void warm_end(struct warm *w)
{
	int64_t now_ms = tick_ms();
	struct warm_shelf *f;
	struct warm_shelf *next;

	for (size_t i = 0; i < WARM_SHELVES; i++) {
		for (f = LIST_FIRST(&w->shelves[i]); f; f = next) {
			next = LIST_NEXT(f, link);
			if (f->want)
				look(f, now_ms);
			else
				remove_shelf(f);
		}
	}
	if (w->count && !ev_is_active(&w->look))
		ev_timer_start(w->loop, &w->look);
	else if (!w->count)
		ev_timer_stop(w->loop, &w->look);
}

void warm_release(struct warm *w)
{
	warm_begin(w, true);
	warm_end(w);
	ev_timer_stop(w->loop, &w->refill);
	slab_release(&w->sockets);
}

static void open_gap(struct warm_shelf *f)
{
	struct warm *w = f->warm;

	if (f->has_gap)
		return;
	f->has_gap = true;
	TAILQ_INSERT_TAIL(&w->gaps, f, gap);
	if (!ev_is_active(&w->refill)) {
		ev_timer_set(&w->refill, 0., 0.);
		ev_timer_start(w->loop, &w->refill);
	}
}

int warm_take(struct warm *w, const struct topology_server *server, const struct addr *to)
{
	struct warm_shelf *f = find(w, server);
	struct warm_socket *k;
	int fd = -1;

	if (!f || TAILQ_EMPTY(&f->ready) || !addr_equal(to, &f->to))
		return -1;
	/* What has come of one may not have been seen yet. */
	while (fd == -1 && (k = TAILQ_FIRST(&f->ready))) {
		if (sock_look(k->io.fd) != SOCK_SILENT) {
			lose(k, tick_ms());
			continue;
		}
		fd = k->io.fd;
		take_off(k);
	}
	if (fd != -1)
		counter_add(&f->server->count, COUNTER_WARM_USED, 1);
	open_gap(f);
	return fd;
}
