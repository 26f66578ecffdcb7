/* SPDX-License-Identifier: MIT */
/*
 * bare: a relay that makes the necessary system calls and does nothing else: the floor under what
 * a proxy can cost.
 *
 *   bare --port PORT --to PORT,PORT... [--splice] [--fault N]
 *
 * One thread, level-triggered epoll, servers by turns; no checks, no time-outs, no counters, no
 * second try.  A session costs accept4, socket, connect, two setsockopt (what TCP needs at the
 * servers' side: keep-alive, no delay; clients' sockets inherit it), two epoll_ctl, one shutdown
 * and two close; a message costs one recv and one send.  All sessions share one buffer; what
 * cannot be sent is kept in one of its own.  --splice: a direction whose reads are long goes
 * through a pipe until they are short again.  --fault changes one byte of each Nth message, so
 * that one sees the load generator find it.
 */
#include "base/number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BUFFER = 256 * 1024,
	PIPE = 1024 * 1024,
	LONG = 32 * 1024, /* a read of so much makes a direction spliced ... */
	SHORT = 8 * 1024, /* ... and one of less ends that */
	READS_PER_TURN = 4,
	ACCEPTS_PER_TURN = 8,
	EVENTS = 256,
	BACKLOG = 4096,
	SERVERS_MAX = 16,
};

struct end {
	struct end *other;
	int fd;           /* -1: closed, to be freed after the turn */
	uint32_t events;  /* what epoll watches */
	bool is_eof;      /* it has said all; nothing is read any more */
	bool is_shut;     /* it has been told that all was said */
	bool is_first;    /* of the two, which are one piece of memory */
	bool is_spliced;  /* what it says goes through `pipe` */
	uint32_t in_pipe; /* bytes */
	char *tail;       /* what it could not take, and how much of it is left */
	uint32_t tail_at, tail_size;
	int *pipe;
};

struct bare {
	int epoll, listener;
	bool splice;
	uint64_t fault, messages;
	uint64_t ports[SERVERS_MAX];
	unsigned port_count, next_port;
	struct end *dead; /* linked by `other` */
};

static char buffer[BUFFER];

static void fail(const char *what)
{
	perror(what);
	_exit(EXIT_FAILURE);
}

static void watch(const struct bare *b, struct end *e, int how, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = e };

	if (how == EPOLL_CTL_MOD && e->events == events)
		return;
	if (epoll_ctl(b->epoll, how, e->fd, &event) < 0)
		fail("epoll_ctl");
	e->events = events;
}

static struct sockaddr_in loopback(uint64_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static void set(int fd, int level, int name)
{
	int on = 1;

	setsockopt(fd, level, name, &on, sizeof(on));
}

static void release(struct end *e)
{
	close(e->fd);
	e->fd = -1;
	free(e->tail);
	if (e->pipe) {
		close(e->pipe[0]);
		close(e->pipe[1]);
		free(e->pipe);
	}
}

static void end_session(struct bare *b, struct end *e)
{
	struct end *first = e->is_first ? e : e->other;

	release(e);
	release(e->other);
	first->other = b->dead;
	b->dead = first;
}

static void free_dead(struct bare *b)
{
	while (b->dead) {
		struct end *next = b->dead->other;

		free(b->dead);
		b->dead = next;
	}
}

static bool has_unsent(const struct end *to)
{
	return to->tail_size || to->other->in_pipe;
}

/* What both ends wait for, after something has changed. */
static void settle(struct bare *b, struct end *from)
{
	struct end *to = from->other;

	if (from->is_eof && !has_unsent(to) && !to->is_shut) {
		to->is_shut = true;
		if (from->is_shut) { /* the other direction is over, too */
			end_session(b, from);
			return;
		}
		shutdown(to->fd, SHUT_WR);
	}
	watch(b, from, EPOLL_CTL_MOD,
	      (from->is_eof || has_unsent(to) ? 0 : EPOLLIN) | (has_unsent(from) ? EPOLLOUT : 0));
	watch(b, to, EPOLL_CTL_MOD,
	      (to->is_eof || has_unsent(from) ? 0 : EPOLLIN) | (has_unsent(to) ? EPOLLOUT : 0));
}

static bool keep_tail(struct end *to, const char *data, size_t size)
{
	to->tail = malloc(size);
	if (!to->tail)
		return false;
	memcpy(to->tail, data, size);
	to->tail_at = 0;
	to->tail_size = (uint32_t)size;
	return true;
}

/* False: the connection is broken. */
static bool send_tail(struct end *to)
{
	ssize_t n = send(to->fd, to->tail + to->tail_at, to->tail_size, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN;
	to->tail_at += (uint32_t)n;
	to->tail_size -= (uint32_t)n;
	if (!to->tail_size) {
		free(to->tail);
		to->tail = NULL;
	}
	return true;
}

static bool empty_pipe(struct end *from)
{
	while (from->in_pipe) {
		ssize_t n = splice(from->pipe[0], NULL, from->other->fd, NULL, from->in_pipe,
		                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n < 0)
			return errno == EAGAIN;
		from->in_pipe -= (uint32_t)n;
	}
	return true;
}

static bool begin_splice(struct end *from)
{
	if (!from->pipe) {
		from->pipe = malloc(2 * sizeof(int));
		if (!from->pipe)
			return false;
		if (pipe2(from->pipe, O_NONBLOCK | O_CLOEXEC) < 0) {
			free(from->pipe);
			from->pipe = NULL;
			return false;
		}
		fcntl(from->pipe[1], F_SETPIPE_SZ, PIPE);
	}
	return true;
}

/* How many bytes came; 0: all was said; -1: none now, or (not EAGAIN) it is broken. */
static ssize_t splice_some(struct end *from)
{
	ssize_t n =
	    splice(from->fd, NULL, from->pipe[1], NULL, PIPE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0) {
		from->in_pipe += (uint32_t)n;
		from->is_spliced = n >= SHORT;
		if (!empty_pipe(from))
			return -1;
	}
	return n;
}

static ssize_t copy_some(struct bare *b, struct end *from)
{
	ssize_t n = recv(from->fd, buffer, sizeof(buffer), 0), sent;

	if (n <= 0)
		return n;
	if (b->fault && ++b->messages % b->fault == 0)
		buffer[n / 2] ^= 1;
	sent = send(from->other->fd, buffer, (size_t)n, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN)
		return -1;
	if (sent < n && !keep_tail(from->other, buffer + (sent < 0 ? 0 : sent),
	                           (size_t)(n - (sent < 0 ? 0 : sent)))) {
		errno = ENOMEM;
		return -1;
	}
	from->is_spliced = b->splice && n >= LONG && begin_splice(from);
	return n;
}

/* Takes what has come and hands it on; a short read says that this was all. */
static void relay(struct bare *b, struct end *from)
{
	for (int i = 0; i < READS_PER_TURN && !has_unsent(from->other); i++) {
		bool spliced = from->is_spliced;
		ssize_t n = spliced ? splice_some(from) : copy_some(b, from);

		if (n < 0 && errno != EAGAIN) {
			end_session(b, from);
			return;
		}
		from->is_eof = n == 0;
		if (n <= 0 || n < (spliced ? LONG : BUFFER))
			break;
	}
	settle(b, from);
}

static int connect_next(struct bare *b)
{
	struct sockaddr_in to = loopback(b->ports[b->next_port++ % b->port_count]);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	set(fd, IPPROTO_TCP, TCP_NODELAY);
	set(fd, SOL_SOCKET, SO_KEEPALIVE);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static void accept_some(struct bare *b)
{
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int client = accept4(b->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), server;
		struct end *ends;

		if (client < 0)
			return;
		server = connect_next(b);
		ends = server < 0 ? NULL : calloc(2, sizeof(*ends));
		if (!ends) {
			close(client);
			if (server >= 0)
				close(server);
			continue;
		}
		ends[0] = (struct end){ .other = &ends[1], .fd = client, .is_first = true };
		ends[1] = (struct end){ .other = &ends[0], .fd = server };
		watch(b, &ends[0], EPOLL_CTL_ADD, EPOLLIN);
		watch(b, &ends[1], EPOLL_CTL_ADD, EPOLLIN);
	}
}

static void work(struct bare *b, struct end *e, uint32_t events)
{
	if (e->fd < 0)
		return;
	if (events & EPOLLERR) {
		end_session(b, e);
		return;
	}
	if (events & EPOLLOUT && has_unsent(e)) {
		if ((e->tail && !send_tail(e)) || (!e->tail && !empty_pipe(e->other))) {
			end_session(b, e);
			return;
		}
		settle(b, e->other);
	}
	if (e->fd >= 0 && events & (EPOLLIN | EPOLLHUP))
		relay(b, e);
}

static void run(struct bare *b)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = epoll_wait(b->epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				work(b, events[i].data.ptr, events[i].events);
			else
				accept_some(b);
		}
		free_dead(b);
	}
}

static void open_listener(struct bare *b, uint64_t port)
{
	struct sockaddr_in at = loopback(port);
	struct epoll_event event = { .events = EPOLLIN };

	b->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	set(b->listener, SOL_SOCKET, SO_REUSEADDR);
	set(b->listener, IPPROTO_TCP, TCP_NODELAY);
	set(b->listener, SOL_SOCKET, SO_KEEPALIVE);
	if (bind(b->listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(b->listener, BACKLOG) < 0)
		fail("listening");
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->listener, &event) < 0)
		fail("epoll");
}

static bool parse_ports(struct bare *b, char *s)
{
	char *rest = NULL;

	for (char *p = strtok_r(s, ",", &rest); p; p = strtok_r(NULL, ",", &rest))
		if (b->port_count == SERVERS_MAX ||
		    !number_parse(p, UINT16_MAX, &b->ports[b->port_count++]))
			return false;
	return b->port_count > 0;
}

int main(int argc, char **argv)
{
	struct bare b = { 0 };
	uint64_t port = 0;
	bool good = true;

	for (int i = 1; i < argc && good; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--splice") == 0)
			b.splice = true;
		else if (strcmp(argv[i], "--port") == 0)
			good = number_parse(value, UINT16_MAX, &port) && ++i;
		else if (strcmp(argv[i], "--fault") == 0)
			good = number_parse(value, UINT32_MAX, &b.fault) && ++i;
		else
			good = strcmp(argv[i], "--to") == 0 && i + 1 < argc &&
			       parse_ports(&b, argv[i + 1]) && ++i;
	}
	if (!good || !port || !b.port_count) {
		fputs("usage: bare --port PORT --to PORT,... [--splice] [--fault N]\n", stderr);
		return 2;
	}
	open_listener(&b, port);
	run(&b);
}
