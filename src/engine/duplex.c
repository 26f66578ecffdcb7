/* SPDX-License-Identifier: MIT */
#include "engine/duplex.h"

#include "net/sock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

static enum duplex_end other(enum duplex_end end)
{
	return end == DUPLEX_CLIENT ? DUPLEX_SERVER : DUPLEX_CLIENT;
}

static bool is_silence(int errnum)
{
	return errnum == ETIMEDOUT || errnum == EHOSTUNREACH || errnum == ENETUNREACH;
}

enum reason duplex_failure(enum duplex_end end, int errnum)
{
	if (end == DUPLEX_CLIENT)
		return is_silence(errnum) ? REASON_CLIENT_SILENT : REASON_CLIENT_RESET;
	return is_silence(errnum) ? REASON_SERVER_SILENT : REASON_SERVER_RESET;
}

static void wait_for(struct duplex *d, struct ev_loop *loop, enum duplex_end end, int events)
{
	ev_io *io = &d->io[end];

	if (ev_is_active(io) ? (io->events & (EV_READ | EV_WRITE)) == events : !events)
		return;
	/* The kernel has refused to watch it, and the event that says so is on its way. */
	if (!ev_is_active(io) && ev_is_pending(io))
		return;
	ev_io_stop(loop, io);
	if (!events)
		return;
	ev_io_modify(io, events);
	ev_io_start(loop, io);
}

/* Of the direction from `source`. */
static const struct relay_gate *gate_of(const struct duplex *d, enum duplex_end source)
{
	return d->gates ? &d->gates[source] : NULL;
}

static bool wants_read(const struct duplex *d, enum duplex_end end)
{
	const struct relay *flow = &d->flow[end];
	const struct relay_gate *gate = gate_of(d, end);

	return !flow->tail && !flow->eof && !d->dead[other(end)] && !(gate && gate->blind);
}

static bool wants_write(const struct duplex *d, enum duplex_end end)
{
	const struct relay_gate *gate = gate_of(d, other(end));

	return d->flow[other(end)].tail && !(gate && gate->closed);
}

/* What each end waits for follows from what is unsent and who has finished. */
void duplex_wait(struct duplex *d, struct ev_loop *loop)
{
	for (int end = DUPLEX_CLIENT; end <= DUPLEX_SERVER; end++) {
		int events = wants_read(d, end) ? EV_READ : 0;

		if (wants_write(d, end))
			events |= EV_WRITE;
		wait_for(d, loop, end, events);
	}
}

static void end_with(struct duplex_verdict *v, enum reason reason)
{
	v->ended = true;
	v->reason = reason;
}

/* Did the server break off before anybody heard it?  After a mere end (EPIPE) it did not. */
static bool is_to_replace(const struct duplex *d, enum duplex_end end, int errnum)
{
	char byte;

	return end == DUPLEX_SERVER && d->replaceable && !d->flow[end].eof && errnum != EPIPE &&
	       recv(d->io[end].fd, &byte, 1, MSG_PEEK) <= 0;
}

/*
 * `end` can not be written to any more, but what it said before may still be unread (a server that
 * refuses a client says why and closes): that is carried first, then the session ends.  But
 * a server may never take what a client left behind: it may itself be stuck in writing to it.
 */
static void mourn(struct duplex *d, struct relay_space *space, enum duplex_end end, int errnum,
                  struct duplex_verdict *v)
{
	if (is_to_replace(d, end, errnum)) {
		end_with(v, duplex_failure(end, errnum));
		return;
	}
	if (!d->dead[other(end)])
		d->failure = (uint8_t)duplex_failure(end, errnum);
	d->dead[end] = true;
	/* After an end in order it is EPIPE. */
	d->flow[end].broken = errnum != EPIPE;
	relay_drop(&d->flow[other(end)], space);
	if (d->flow[end].shut || d->dead[other(end)] || (end == DUPLEX_CLIENT && d->flow[end].tail))
		end_with(v, (enum reason)d->failure);
}

/*
 * `end` will hear nothing more.  When that is so of both they are closed at once, which says the
 * same: all that they said has been read.  It may be gone already; that shows when it is read from.
 */
static void pass_end(struct duplex *d, enum duplex_end end)
{
	if (d->flow[end].shut)
		return;
	d->withheld = end == DUPLEX_SERVER && d->parting;
	if (!d->withheld)
		shutdown(d->io[end].fd, SHUT_WR);
}

void duplex_part(struct duplex *d)
{
	if (d->withheld)
		shutdown(d->io[DUPLEX_SERVER].fd, SHUT_WR);
	d->withheld = false;
}

/* What a pump came to. */
static void judge(struct duplex *d, struct relay_space *space, enum duplex_end source,
                  enum relay_status status, int errnum, struct duplex_verdict *v)
{
	switch (status) {
	case RELAY_IDLE:
		break;
	case RELAY_BLOCKED:
		if (source == DUPLEX_CLIENT && d->dead[source])
			end_with(v, (enum reason)d->failure);
		break;
	case RELAY_FINISHED:
		v->active = true;
		/* Where a write has been told of a reset, the next read is told of an end. */
		if (!d->flow[source].broken)
			pass_end(d, other(source));
		if (d->dead[source])
			end_with(v, (enum reason)d->failure);
		break;
	case RELAY_SOURCE_FAILED:
		end_with(v, d->failure ? (enum reason)d->failure : duplex_failure(source, errnum));
		break;
	case RELAY_DEST_FAILED:
		mourn(d, space, other(source), errnum, v);
		break;
	case RELAY_NO_MEMORY:
		end_with(v, REASON_RESOURCES);
		break;
	}
}

static void pump(struct duplex *d, struct relay_space *space, enum duplex_end source,
                 struct duplex_verdict *v)
{
	struct relay *flow = &d->flow[source];
	uint32_t unsent = relay_unsent(flow);
	uint64_t before = flow->bytes;
	enum relay_status status =
	    relay_pump(flow, d->io[source].fd, d->io[other(source)].fd, gate_of(d, source), space);
	int errnum = errno;

	v->active |= flow->bytes != before || relay_unsent(flow) != unsent;
	judge(d, space, source, status, errnum, v);
}

static struct duplex_verdict conclude(struct duplex *d, struct ev_loop *loop,
                                      struct duplex_verdict v)
{
	if (!v.ended && d->flow[DUPLEX_CLIENT].shut && d->flow[DUPLEX_SERVER].shut)
		end_with(&v, d->failure ? (enum reason)d->failure : REASON_NORMAL);
	if (!v.ended)
		duplex_wait(d, loop);
	return v;
}

/* Nothing waits for the other end or stands in the way of what `source` says. */
static bool is_free(const struct duplex *d, enum duplex_end source)
{
	const struct relay *flow = &d->flow[source];

	return !d->gates && !flow->tail && !flow->eof && !d->dead[other(source)];
}

/* Almost all that ever happens. */
static struct duplex_verdict pass(struct duplex *d, struct ev_loop *loop, struct relay_space *space,
                                  enum duplex_end source)
{
	struct relay *flow = &d->flow[source];
	uint64_t before = flow->bytes;
	enum relay_status status =
	    relay_pump(flow, d->io[source].fd, d->io[other(source)].fd, NULL, space);
	struct duplex_verdict v = { .active = flow->bytes != before,
		                    .steady = status == RELAY_IDLE };

	if (v.steady)
		return v;
	judge(d, space, source, status, errno, &v);
	return conclude(d, loop, v);
}

struct duplex_verdict duplex_ready(struct duplex *d, struct ev_loop *loop,
                                   struct relay_space *space, enum duplex_end end, int revents)
{
	struct duplex_verdict v = { 0 };

	if (revents == EV_READ && is_free(d, end))
		return pass(d, loop, space, end);
	if ((revents & EV_WRITE) && wants_write(d, end))
		pump(d, space, other(end), &v);
	if (!v.ended && (revents & EV_READ) && wants_read(d, end))
		pump(d, space, end, &v);
	return conclude(d, loop, v);
}

/* Lays `preface` down for the first pump. */
static void put_first(struct duplex *d, struct relay_space *space, const void *preface, size_t len,
                      struct duplex_verdict *v)
{
	switch (relay_preface(&d->flow[DUPLEX_CLIENT], d->io[DUPLEX_CLIENT].fd,
	                      gate_of(d, DUPLEX_CLIENT), preface, len, space)) {
	case RELAY_SOURCE_FAILED:
		end_with(v, duplex_failure(DUPLEX_CLIENT, errno));
		break;
	case RELAY_NO_MEMORY:
		end_with(v, REASON_RESOURCES);
		break;
	case RELAY_IDLE:
	case RELAY_BLOCKED:
	case RELAY_FINISHED:
	case RELAY_DEST_FAILED:
		break;
	}
}

struct duplex_verdict duplex_start(struct duplex *d, struct ev_loop *loop,
                                   struct relay_space *space, const void *preface, size_t len,
                                   bool later)
{
	struct duplex_verdict v = { 0 };

	if (len)
		put_first(d, space, preface, len, &v);
	if (!v.ended && !later)
		pump(d, space, DUPLEX_CLIENT, &v);
	return conclude(d, loop, v);
}

void duplex_replace(struct duplex *d, struct ev_loop *loop, struct relay_space *space, bool reset)
{
	ev_io *server = &d->io[DUPLEX_SERVER];

	for (int end = DUPLEX_CLIENT; end <= DUPLEX_SERVER; end++) {
		ev_io_stop(loop, &d->io[end]);
		relay_redirect(&d->flow[end], space);
		d->dead[end] = false;
	}
	d->failure = 0;
	if (reset)
		sock_reset(server->fd);
	else
		sock_close(server->fd);
	ev_io_set(server, -1, 0);
}

static short poll_now(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (poll(&p, 1, 0) != 1)
		return 0;
	return p.revents;
}

/*
 * Where both directions are closed in good order poll() says POLLHUP (of a UNIX socket as soon as
 * its peer is closed), though bytes may still lie there unread, or in the tail.
 */
static short signs_of_reset(const struct relay *from)
{
	return from->eof && !from->tail ? POLLERR | POLLHUP : POLLERR;
}

bool duplex_is_reset(struct duplex *d, enum duplex_end *ret)
{
	for (int end = DUPLEX_CLIENT; end <= DUPLEX_SERVER; end++) {
		if (d->io[end].fd == -1 || ev_is_active(&d->io[end]) ||
		    !(poll_now(d->io[end].fd, 0) & signs_of_reset(&d->flow[end])))
			continue;
		*ret = end;
		return true;
	}
	return false;
}

bool duplex_is_ready(struct duplex *d)
{
	for (int end = DUPLEX_CLIENT; end <= DUPLEX_SERVER; end++) {
		int events = d->io[end].events;
		short wanted = POLLIN;

		if (!ev_is_active(&d->io[end]))
			continue;
		if (events & EV_WRITE)
			wanted = (events & EV_READ) ? POLLIN | POLLOUT : POLLOUT;
		if (poll_now(d->io[end].fd, wanted) & wanted)
			return true;
	}
	return false;
}

bool duplex_is_watched(struct duplex *d)
{
	for (int end = DUPLEX_CLIENT; end <= DUPLEX_SERVER; end++)
		if (d->io[end].fd != -1 && !ev_is_active(&d->io[end]))
			return false;
	return true;
}

void duplex_close(struct duplex *d, struct ev_loop *loop, struct relay_space *space, bool reset)
{
	for (int end = DUPLEX_CLIENT; end <= DUPLEX_SERVER; end++) {
		ev_io_stop(loop, &d->io[end]);
		if (d->io[end].fd != -1 && reset)
			sock_reset(d->io[end].fd);
		else if (d->io[end].fd != -1)
			sock_close(d->io[end].fd);
		relay_drop(&d->flow[end], space);
	}
}
