/* SPDX-License-Identifier: MIT */
#include "sim/simconn.h"

#include "base/cleanup.h"
#include "net/sock.h"

#include <errno.h>
#include <sys/socket.h>

enum { IN_MAX = 4 << 20 }; /* a peer that sends more than anybody may is not read further */

static void finish_connect(struct simconn *c)
{
	c->connecting = false;
	if (sock_error(c->fd))
		c->failed = true;
	else
		c->calls->opened(c);
}

static void receive(struct simconn *c)
{
	char buf[16384];
	ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

	if (n > 0) {
		text_addn(&c->in, buf, (size_t)n);
		c->calls->bytes(c);
	} else if (n == 0) {
		c->eof = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		c->failed = true;
	}
}

static void transmit(struct simconn *c)
{
	while (c->out.len && !c->failed) {
		ssize_t n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);

		if (n >= 0)
			text_consume(&c->out, (size_t)n);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			c->failed = true;
	}
}

static void arm(struct simconn *c)
{
	int want = 0;

	if (c->connecting || c->out.len)
		want |= EV_WRITE;
	if (!c->connecting && !c->eof && c->in.len < IN_MAX)
		want |= EV_READ;
	if (ev_is_active(&c->io) && (c->io.events & (EV_READ | EV_WRITE)) == want)
		return;
	ev_io_stop(c->loop, &c->io);
	ev_io_set(&c->io, c->fd, want);
	if (want)
		ev_io_start(c->loop, &c->io);
}

static void end(struct simconn *c, enum simconn_end how)
{
	simconn_release(c, false);
	c->calls->gone(c, how);
}

/* The one place where a connection goes on or ends; called last. */
static void settle(struct simconn *c)
{
	if (c->failed)
		end(c, SIMCONN_FAILED);
	else if (c->finishing && !c->connecting && !c->out.len)
		end(c, SIMCONN_CLOSED);
	else if (c->eof && !c->busy && !c->out.len)
		end(c, SIMCONN_EOF);
	else
		arm(c);
}

static void on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct simconn *c = container_of(w, struct simconn, io);

	(void)loop;
	if (c->paused)
		return;
	if (c->connecting && (revents & EV_WRITE))
		finish_connect(c);
	else if (!c->connecting && (revents & EV_READ))
		receive(c);
	if (!c->connecting)
		transmit(c);
	settle(c);
}

void simconn_open(struct simconn *c, struct ev_loop *loop, int fd, bool connecting,
                  const struct simconn_calls *calls)
{
	*c = (struct simconn){ .loop = loop, .calls = calls, .fd = fd, .connecting = connecting };
	ev_io_init(&c->io, on_io, fd, connecting ? EV_WRITE : EV_READ);
	ev_io_start(loop, &c->io);
}

void simconn_kick(struct simconn *c)
{
	if (c->fd >= 0 && !c->paused)
		ev_feed_event(c->loop, &c->io, EV_CUSTOM);
}

void simconn_finish(struct simconn *c)
{
	c->finishing = true;
	simconn_kick(c);
}

void simconn_pause(struct simconn *c, bool paused)
{
	if (c->paused == paused)
		return;
	c->paused = paused;
	if (paused)
		ev_io_stop(c->loop, &c->io);
	else
		simconn_kick(c);
}

void simconn_release(struct simconn *c, bool reset)
{
	if (!c->loop || c->fd < 0)
		return;
	ev_io_stop(c->loop, &c->io);
	if (reset)
		sock_reset(c->fd);
	else
		sock_close(c->fd);
	c->fd = -1;
	text_release(&c->in);
	text_release(&c->out);
}
