/* SPDX-License-Identifier: MIT */
#include "sim/simlisten.h"

#include "base/cleanup.h"
#include "base/rng.h"
#include "net/sock.h"

#include <errno.h>

enum {
	ACCEPT_BUDGET = 64,
	PORT_MIN = 10240,
	PORT_COUNT = 32768 - PORT_MIN, /* Linux hands out 32768 and up to clients */
	PORT_TRIES = 64
};

static void on_ready(struct ev_loop *loop, ev_io *w, int revents)
{
	struct simlisten *l = container_of(w, struct simlisten, io);
	struct addr peer;
	int fd = 0;

	(void)revents;
	for (int i = 0; i < ACCEPT_BUDGET && (fd = sock_accept(l->fd, &peer)) >= 0; i++)
		l->accepted(l, fd);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		ev_io_stop(loop, &l->io);
		ev_timer_again(loop, &l->again);
	}
}

static void on_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct simlisten *l = container_of(w, struct simlisten, again);

	(void)revents;
	ev_timer_stop(loop, w);
	if (l->fd >= 0 && !l->paused)
		ev_io_start(loop, &l->io);
}

void simlisten_init(struct simlisten *l, struct ev_loop *loop, const struct addr *at,
                    void (*accepted)(struct simlisten *l, int fd))
{
	*l = (struct simlisten){ .loop = loop, .at = *at, .fd = -1, .accepted = accepted };
	ev_init(&l->io, on_ready);
	ev_timer_init(&l->again, on_again, 0., 0.1);
}

/* Tries ports at random until one is free. */
static bool listen_anywhere(struct simlisten *l, const struct sock_listen_options *o,
                            struct error *err)
{
	struct rng rng;

	rng_seed(&rng);
	for (int i = 0; i < PORT_TRIES; i++) {
		addr_set_port(&l->at, (uint16_t)(PORT_MIN + rng_below(&rng, PORT_COUNT)));
		if (sock_listen(&l->at, o, &l->fd, err))
			return true;
	}
	addr_set_port(&l->at, 0);
	return false;
}

bool simlisten_open(struct simlisten *l, struct error *err)
{
	struct sock_listen_options o = { .accepted = { .nodelay = true } };

	if (l->fd >= 0)
		return true;
	if (addr_port(&l->at) == 0 ? !listen_anywhere(l, &o, err)
	                           : !sock_listen(&l->at, &o, &l->fd, err))
		return false;
	ev_io_set(&l->io, l->fd, EV_READ);
	if (!l->paused)
		ev_io_start(l->loop, &l->io);
	return true;
}

void simlisten_close(struct simlisten *l)
{
	ev_io_stop(l->loop, &l->io);
	ev_timer_stop(l->loop, &l->again);
	if (l->fd >= 0)
		sock_close(TAKE_FD(l->fd));
}

void simlisten_pause(struct simlisten *l, bool paused)
{
	l->paused = paused;
	if (l->fd < 0)
		return;
	if (paused)
		ev_io_stop(l->loop, &l->io);
	else
		ev_io_start(l->loop, &l->io);
}
