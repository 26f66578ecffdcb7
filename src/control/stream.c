/* SPDX-License-Identifier: MIT */
#include "control/stream.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "net/inherit.h"
#include "net/lowfd.h"
#include "net/sock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Out of descriptors: accepting again at once would only spin. */
#define STARVED_PAUSE_S 0.1

/* A client asks at once when it has connected; one that has not by then keeps a line open. */
enum { LAST_QUESTION_MS = 20, LAST_QUESTIONS_MS = 200 };

static void drop(struct stream *s)
{
	struct stream_server *server = s->server;

	if (s->io.fd == -1)
		return;
	ev_io_stop(server->loop, &s->io);
	ev_timer_stop(server->loop, &s->idle);
	ev_timer_stop(server->loop, &s->again);
	if (server->protocol->on_close)
		server->protocol->on_close(s);
	lowfd_close(s->io.fd);
	s->io.fd = -1;
	server->clients--;
	TAILQ_REMOVE(&server->streams, s, link);
	TAILQ_INSERT_TAIL(&server->gone, s, link);
	ev_prepare_start(server->loop, &server->reaper);
}

static void reap(struct stream_server *server)
{
	struct stream *s;

	while ((s = TAILQ_FIRST(&server->gone))) {
		TAILQ_REMOVE(&server->gone, s, link);
		text_release(&s->in);
		text_release(&s->out);
		free(s->state);
		free(s);
	}
	ev_prepare_stop(server->loop, &server->reaper);
}

static void on_reap(struct ev_loop *loop, ev_prepare *w, int revents)
{
	(void)loop;
	(void)revents;
	reap(container_of(w, struct stream_server, reaper));
}

/* What to wait for follows from the buffers; called last. */
static void settle(struct stream *s)
{
	struct stream_server *server = s->server;
	bool over = s->ending || (s->eof && !s->yields);
	int events = (s->eof || s->yields ? 0 : EV_READ) | (s->out.len ? EV_WRITE : 0);

	if (!s->out.len && !s->holding && over) {
		drop(s);
		return;
	}
	if (s->yields)
		ev_timer_start(server->loop, &s->again);
	if (ev_is_active(&s->io) && (s->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	/* The kernel has refused to watch it, and the event that says so is on its way. */
	if (!ev_is_active(&s->io) && ev_is_pending(&s->io))
		return;
	ev_io_stop(server->loop, &s->io);
	if (!events)
		return;
	ev_io_modify(&s->io, events);
	ev_io_start(server->loop, &s->io);
}

static size_t unread_max(const struct stream *s)
{
	return s->patient ? STREAM_FOLLOWER_MAX + s->granted : SIZE_MAX;
}

/* False: the client is gone, or follows events and does not read them. */
static bool write_out(struct stream *s)
{
	size_t done = 0;
	bool alive = true;

	while (done < s->out.len) {
		ssize_t n = send(s->io.fd, s->out.data + done, s->out.len - done, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			alive = errno == EAGAIN && s->out.len - done <= unread_max(s);
			break;
		}
		done += (size_t)n;
	}
	text_consume(&s->out, done);
	return alive;
}

void stream_flush(struct stream *s)
{
	if (s->io.fd == -1)
		return;
	if (write_out(s))
		settle(s);
	else
		drop(s);
}

static void rearm_idle(struct stream *s)
{
	uint32_t limit_ms = s->idle_ms ? s->idle_ms : s->server->idle_ms;

	ev_timer_stop(s->server->loop, &s->idle);
	if (s->patient || s->holding || !limit_ms)
		return;
	ev_timer_set(&s->idle, limit_ms / 1000., 0.);
	ev_timer_start(s->server->loop, &s->idle);
}

/* Something came of it: the idle limit begins anew, and others are longer idle now. */
static void touch(struct stream *s)
{
	TAILQ_REMOVE(&s->server->streams, s, link);
	TAILQ_INSERT_TAIL(&s->server->streams, s, link);
	rearm_idle(s);
}

/* A protocol may leave input for later while much waits to be written. */
static void take_input(struct stream *s)
{
	size_t in;
	size_t out;

	ev_timer_stop(s->server->loop, &s->again);
	do {
		in = s->in.len;
		out = s->out.len;
		s->yields = false;
		if (!s->ending)
			s->server->protocol->on_input(s);
		if (!write_out(s)) {
			drop(s);
			return;
		}
	} while (!s->yields && !s->ending && !s->out.len && s->in.len && (out || s->in.len != in));
	settle(s);
}

void stream_resume(struct stream *s)
{
	if (s->io.fd == -1)
		return;
	take_input(s);
	if (s->io.fd != -1)
		touch(s);
}

static void on_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	stream_resume(container_of(w, struct stream, again));
}

static void read_in(struct stream *s)
{
	char buf[8192];
	ssize_t n = recv(s->io.fd, buf, sizeof(buf), 0);
	bool fresh = !s->in.len;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1) {
		drop(s);
		return;
	}
	s->eof = n == 0;
	s->spoke = true;
	if (!s->ending)
		text_addn(&s->in, buf, (size_t)n);
	if (s->in.len > STREAM_INPUT_MAX) {
		drop(s);
		return;
	}
	take_input(s);
	/* A request that comes byte by byte has one limit for all of it. */
	if (s->io.fd != -1 && (fresh || !s->in.len))
		touch(s);
}

static void write_more(struct stream *s)
{
	size_t before = s->out.len;

	take_input(s);
	if (s->io.fd != -1 && s->out.len < before)
		touch(s);
}

static void on_ready(struct ev_loop *loop, ev_io *w, int revents)
{
	struct stream *s = container_of(w, struct stream, io);

	(void)loop;
	if (revents & EV_ERROR) /* the kernel does not watch it */
		drop(s);
	else if (revents & EV_READ)
		read_in(s);
	else
		write_more(s);
}

static void on_idle(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	drop(container_of(w, struct stream, idle));
}

static void open_stream(struct stream_server *server, int fd)
{
	struct stream *s = mem_zalloc(sizeof(*s));

	s->server = server;
	s->state = mem_zalloc(server->protocol->state_size);
	ev_io_init(&s->io, on_ready, fd, EV_READ);
	ev_timer_init(&s->idle, on_idle, 0., 0.);
	ev_timer_init(&s->again, on_again, 0., 0.);
	ev_io_start(server->loop, &s->io);
	TAILQ_INSERT_TAIL(&server->streams, s, link);
	server->clients++;
	rearm_idle(s);
}

/* Idle connections must not keep a health checker out: the one that is idle longest makes room. */
static bool make_room(struct stream_server *server)
{
	struct stream *s;

	TAILQ_FOREACH(s, &server->streams, link) {
		if (s->patient)
			continue;
		drop(s);
		return true;
	}
	return false;
}

static void pause_accepting(struct stream_server *server)
{
	ev_io_stop(server->loop, &server->io);
	ev_timer_set(&server->resume, STARVED_PAUSE_S, 0.);
	ev_timer_start(server->loop, &server->resume);
}

static void accept_one(struct stream_server *server)
{
	struct addr peer;
	int fd = sock_accept(server->fd, &peer);

	if (fd == -1 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		pause_accepting(server);
	if (fd == -1)
		return;
	if (server->clients >= server->max_clients && !make_room(server))
		sock_reset(fd);
	else
		open_stream(server, lowfd_move(fd));
}

static void on_client(struct ev_loop *loop, ev_io *w, int revents)
{
	struct stream_server *server = container_of(w, struct stream_server, io);

	(void)loop;
	if (revents & EV_ERROR)
		pause_accepting(server);
	else
		accept_one(server);
}

/* Set anew, or libev would take it for one that the kernel still watches. */
static void on_resume(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct stream_server *server = container_of(w, struct stream_server, resume);

	(void)revents;
	ev_io_set(&server->io, server->fd, EV_READ);
	ev_io_start(loop, &server->io);
}

static bool open_place(const struct stream_place *p, int *ret_fd, struct error *err)
{
	struct sock_listen_options o = {
		.mode = p->mode, .user = p->user, .group = p->group, .accepted = { .nodelay = true }
	};

	if (p->at)
		return sock_listen(p->at, &o, ret_fd, err);
	*ret_fd = inherit_find_number(p->fd);
	return sock_adopt(*ret_fd, &o, err);
}

bool stream_server_open_at(struct ev_loop *loop, const struct stream_place *place,
                           const struct stream_protocol *protocol, void *ctx,
                           struct stream_server **ret, struct error *err)
{
	struct stream_server *s;
	int fd;

	if (!open_place(place, &fd, err))
		return false;
	s = mem_zalloc(sizeof(*s));
	s->loop = loop;
	s->protocol = protocol;
	s->ctx = ctx;
	s->idle_ms = protocol->idle_s * 1000;
	s->fd = fd;
	s->max_clients = STREAM_CLIENTS_MAX;
	if (place->at && place->at->sa.sa_family == AF_UNIX)
		s->path = mem_strdup(place->at->un.sun_path);
	if (s->path)
		s->file = sock_file_at(s->path);
	TAILQ_INIT(&s->streams);
	TAILQ_INIT(&s->gone);
	ev_prepare_init(&s->reaper, on_reap);
	ev_timer_init(&s->resume, on_resume, 0., 0.);
	ev_io_init(&s->io, on_client, fd, EV_READ);
	/* An operator gets an answer also when something floods the loop. */
	ev_set_priority(&s->io, EV_MAXPRI);
	ev_io_start(loop, &s->io);
	*ret = s;
	return true;
}

bool stream_server_open(struct ev_loop *loop, const struct addr *at, unsigned int mode,
                        const struct stream_protocol *protocol, void *ctx,
                        struct stream_server **ret, struct error *err)
{
	const struct stream_place place = { .at = at, .fd = -1, .mode = mode };

	return stream_server_open_at(loop, &place, protocol, ctx, ret, err);
}

size_t stream_server_unread(const struct stream_server *server)
{
	const struct stream *s;
	size_t n = 0;

	TAILQ_FOREACH(s, &server->streams, link)
		n += s->out.len;
	return n;
}

void stream_server_limit(struct stream_server *s, size_t max_clients)
{
	s->max_clients = max_clients < STREAM_CLIENTS_MAX ? max_clients : STREAM_CLIENTS_MAX;
}

void stream_server_close(struct stream_server *s)
{
	struct stream *client;

	if (!s)
		return;
	ev_io_stop(s->loop, &s->io);
	ev_timer_stop(s->loop, &s->resume);
	sock_close(s->fd);
	if (s->path)
		sock_file_remove(s->path, &s->file);
	while ((client = TAILQ_FIRST(&s->streams))) {
		write_out(client);
		drop(client);
	}
	reap(s);
	free(s->path);
	free(s);
}

/* The milliseconds that it may have waited. */
static int hear(struct stream *s, int limit_ms)
{
	struct pollfd p = { .fd = s->io.fd, .events = POLLIN };
	int ready = poll(&p, 1, limit_ms);

	if (ready == 1)
		read_in(s);
	return ready == 1 ? 0 : limit_ms;
}

void stream_server_leave(struct stream_server *s)
{
	struct stream *client;
	struct stream *next;
	int left_ms = LAST_QUESTIONS_MS;

	ev_io_stop(s->loop, &s->io);
	for (client = TAILQ_FIRST(&s->streams); client; client = next) {
		next = TAILQ_NEXT(client, link);
		if (client->spoke || client->ending)
			continue;
		left_ms -= hear(client, left_ms < LAST_QUESTION_MS ? left_ms : LAST_QUESTION_MS);
	}
	stream_server_close(s);
}
