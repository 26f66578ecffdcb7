/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * A turn sends at most so many chunks on one connection, so that others have theirs, and takes at
 * most so many new connections.  With its head a connection sends at most FIRST bytes.
 */
enum { CHUNKS_PER_TURN = 4, EVENTS = 256, ACCEPTS = 64, BACKLOG = 4096, FIRST = 4096 };

static char buffer[WIRE_CHUNK];

int64_t load_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static const char *name_of(const struct conn *c)
{
	return c->role == CLIENT ? "reply" : "request";
}

static void watch(struct load *l, struct conn *c, int how, bool wants_out)
{
	struct epoll_event e = {
		.events = wants_out ? EPOLLIN | EPOLLOUT : EPOLLIN,
		.data.ptr = c,
	};

	if (epoll_ctl(l->epoll, how, c->fd, &e) < 0)
		load_fail("epoll_ctl: %s", strerrordesc_np(errno));
	c->wants_out = wants_out;
}

static int new_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		load_fail("socket: %s", strerrordesc_np(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static struct conn *new_conn(enum role role, int fd, unsigned place)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		load_fail("no memory");
	c->role = role;
	c->fd = fd;
	c->place = place;
	return c;
}

static struct sockaddr_in loopback(uint32_t host, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host),
	};
}

void load_listen(struct load *l, uint16_t port)
{
	struct conn *c = &l->listeners[l->server_count];
	struct sockaddr_in to = loopback(0, port);
	int on = 1;

	c->role = LISTENER;
	c->place = l->server_count++;
	c->fd = new_socket();
	setsockopt(c->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(c->fd, BACKLOG) < 0)
		load_fail("listening on port %u: %s", port, strerrordesc_np(errno));
	watch(l, c, EPOLL_CTL_ADD, false);
}

static void forget(struct conn *c)
{
	close(c->fd);
	free(c);
}

void load_close(struct conn *c)
{
	if (c->owed || c->awaited || c->part)
		load_fail("connection %u is closed in the middle of a %s", c->number, name_of(c));
	forget(c);
}

/* The other side ended it, or it broke. */
static void lose(struct load *l, struct conn *c, const char *why)
{
	if (c->role == CLIENT && l->is_probing) {
		l->on_done(l, c, false);
		forget(c);
		return;
	}
	if (c->role == CLIENT)
		load_fail("connection %u, waiting for %llu bytes of a reply: %s", c->number,
		          (unsigned long long)c->awaited, why);
	if (c->head == WIRE_HEAD) {
		if ((c->part || c->owed) && !l->is_probing)
			load_fail("connection %u ended in the middle of an exchange: %s", c->number,
			          why);
		l->open_servers--;
	}
	forget(c);
}

static void finish_exchange(struct load *l, struct conn *c)
{
	int64_t begun = c->begun;

	if (l->step > 0)
		begun = l->start +
		        (int64_t)(l->step * (double)(c->place + c->done * (uint64_t)l->active));
	spread_add(&l->latency, load_now() - begun);
	c->begun = 0;
	c->done++;
	l->done++;
	l->on_done(l, c, true);
}

/* True when it has said all and heard all; a paced client counts its replies instead. */
static bool is_through(const struct load *l, const struct conn *c)
{
	return c->role == CLIENT && l->step == 0 && c->begun && !c->owed && !c->awaited;
}

/* Sends what is owed, as much as there is room for; -1 if it broke.  A head goes first. */
static ssize_t send_some(struct conn *c, size_t *asked)
{
	char first[WIRE_HEAD + FIRST];
	size_t head = c->role == CLIENT ? WIRE_HEAD - c->head : 0;
	size_t body = c->owed < WIRE_CHUNK ? (size_t)c->owed : WIRE_CHUNK;
	const char *data = wire_next(&c->out);
	ssize_t n;

	if (head) {
		if (body > FIRST)
			body = FIRST;
		memcpy(first, c->head_bytes + c->head, head);
		memcpy(first + head, data, body);
		data = first;
	}
	*asked = head + body;
	n = send(c->fd, data, head + body, MSG_NOSIGNAL);
	if (n <= 0)
		return n;
	if ((size_t)n < head)
		head = (size_t)n;
	if (c->role == CLIENT)
		c->head += (unsigned)head;
	wire_skip(&c->out, (size_t)n - head);
	c->owed -= (size_t)n - head;
	return n;
}

/* False if the connection is lost. */
static bool flush(struct load *l, struct conn *c)
{
	for (int i = 0; c->owed && i < CHUNKS_PER_TURN; i++) {
		size_t asked;
		ssize_t n = send_some(c, &asked);

		if (n < 0 && errno != EAGAIN) {
			lose(l, c, strerrordesc_np(errno));
			return false;
		}
		if (n < 0 || (size_t)n < asked)
			break;
	}
	if (c->wants_out != (c->owed != 0))
		watch(l, c, EPOLL_CTL_MOD, c->owed != 0);
	return true;
}

void load_ask(struct load *l, struct conn *c, int64_t begun)
{
	c->owed += l->exchange.request;
	c->awaited += l->exchange.reply;
	c->begun = begun;
	if (!c->wants_out && flush(l, c) && is_through(l, c))
		finish_exchange(l, c);
}

struct conn *load_connect(struct load *l)
{
	struct conn *c = new_conn(CLIENT, new_socket(), 0);
	struct sockaddr_in to = loopback(0, l->to);

	c->number = l->next_number++;
	c->in = wire_begin(c->number, WIRE_REPLY);
	c->out = wire_begin(c->number, WIRE_REQUEST);
	wire_put_head(c->head_bytes, c->number);
	c->begun = load_now();
	if (l->sources > 1) {
		struct sockaddr_in from = loopback(c->number % l->sources, 0);
		int on = 1;

		setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) < 0)
			load_fail("bind: %s", strerrordesc_np(errno));
	}
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS) {
		if (!l->is_probing)
			load_fail("connection %u: %s", c->number, strerrordesc_np(errno));
		forget(c);
		return NULL;
	}
	/* Over loopback it is connected by now, and what is asked next can be sent at once. */
	watch(l, c, EPOLL_CTL_ADD, false);
	return c;
}

static void accept_all(struct load *l, const struct conn *listener)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): epoll has them until forget() */
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EAGAIN || errno == ECONNABORTED))
			return;
		if (fd < 0)
			load_fail("accept4: %s", strerrordesc_np(errno));
		watch(l, new_conn(SERVER, fd, listener->place), EPOLL_CTL_ADD, false);
	}
}

/* How many of the bytes belong to the head; 0 if the connection has shown it long since. */
static size_t take_head(struct load *l, struct conn *c, const char *data, size_t count)
{
	size_t n = WIRE_HEAD - c->head;

	if (n > count)
		n = count;
	memcpy(c->head_bytes + c->head, data, n);
	c->head += (unsigned)n;
	if (c->head < WIRE_HEAD)
		return n;
	if (!wire_get_head(c->head_bytes, &c->number))
		load_fail("a server got bytes that begin no connection of a client");
	c->in = wire_begin(c->number, WIRE_REQUEST);
	c->out = wire_begin(c->number, WIRE_REPLY);
	l->served[c->place]++;
	l->open_servers++;
	return n;
}

static void check(struct conn *c, const char *data, size_t count)
{
	size_t good = wire_check(&c->in, data, count);

	if (good < count)
		load_fail("connection %u: a byte of a %s is wrong: 0x%02x instead of 0x%02x",
		          c->number, name_of(c), (unsigned char)data[good],
		          (unsigned char)wire_next(&c->in)[good]);
}

static void serve(struct load *l, struct conn *c, size_t count)
{
	const struct exchange *x = &l->exchange;

	l->servers_received += count;
	while (count) {
		uint64_t n = x->request - c->part;

		if (n > count)
			n = count;
		if (x->together && c->part == 0)
			c->owed += x->reply;
		c->part += n;
		count -= n;
		if (c->part == x->request) {
			c->part = 0;
			c->owed += x->together ? 0 : x->reply;
		}
	}
	if (c->owed && !c->wants_out)
		flush(l, c);
}

static void hear(struct load *l, struct conn *c, size_t count)
{
	l->clients_received += count;
	if (count > c->awaited)
		load_fail("connection %u: more bytes of replies than it asked for", c->number);
	c->awaited -= count;
	if (l->step == 0) {
		if (is_through(l, c))
			finish_exchange(l, c);
		return;
	}
	for (c->part += count; c->part >= l->exchange.reply; c->part -= l->exchange.reply)
		finish_exchange(l, c);
}

static void receive(struct load *l, struct conn *c)
{
	ssize_t n = recv(c->fd, buffer, sizeof(buffer), 0);
	size_t head = 0;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		lose(l, c, n ? strerrordesc_np(errno) : "closed");
		return;
	}
	if (c->role == SERVER && c->head < WIRE_HEAD)
		head = take_head(l, c, buffer, (size_t)n);
	check(c, buffer + head, (size_t)n - head);
	if (c->role == SERVER)
		serve(l, c, (size_t)n - head);
	else
		hear(l, c, (size_t)n);
}

static void work(struct load *l, struct conn *c, uint32_t events)
{
	if (c->role == LISTENER) {
		accept_all(l, c);
		return;
	}
	if ((events & EPOLLOUT) && c->wants_out) {
		if (!flush(l, c))
			return;
		if (is_through(l, c)) {
			finish_exchange(l, c);
			return;
		}
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(l, c);
}

int load_turn(struct load *l, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int64_t before = l->step > 0 ? load_now() : 0;
	int n = epoll_wait(l->epoll, events, EVENTS, timeout_ms);

	if (n < 0 && errno != EINTR)
		load_fail("epoll_wait: %s", strerrordesc_np(errno));
	if (n <= 0) {
		if (before)
			l->waste += load_now() - before;
		return 0;
	}
	for (int i = 0; i < n; i++)
		work(l, events[i].data.ptr, events[i].events);
	return n;
}
