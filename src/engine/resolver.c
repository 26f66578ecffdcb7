/* SPDX-License-Identifier: MIT */
/*
 * Each look-up has a c-ares channel of its own.  That makes giving up simple (destroy it), and
 * /etc/resolv.conf is read again each time, so that a changed one needs no restart.  Where there
 * is none any more, as after chroot(), the name servers that it had at the start are used.
 *
 * A look-up asks for one address family at a time, usually IPv4 and, if there is nothing, IPv6: a
 * name server that never answers one of them cannot hold up the other.  c-ares calls back from
 * inside its own functions, where the channel must not be destroyed: the callback notes the answer
 * and settle(), called last by everything that lets c-ares work, goes on from there.
 */
#include "engine/resolver.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/tick.h"
#include "net/lowfd.h"

#include <ares.h>
#include <assert.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

enum {
	RETRY_MS = 2000,
	TTL_MIN_MS = 1000,
	EVERY_MS = 60000,  /* with settings_resolver.every_ms 0 */
	TIMEOUT_MS = 5000, /* with settings_resolver.timeout_ms 0 */
	DNS_PORT = 53,
	TRIES = 2 /* c-ares waits twice as long for the second: a third and two thirds */
};

struct watched_socket {
	LIST_ENTRY(watched_socket) entry;
	struct resolver_name *name;
	int fd;   /* of c-ares */
	ev_io io; /* of a low number for it */
};

struct resolver {
	struct ev_loop *loop;
	char *servers;        /* "ip:port,ip:port", or NULL: those of the system */
	char *system_servers; /* those of the system at the start, if `servers` is NULL */
	uint32_t every_ms;
	uint32_t timeout_ms;
	size_t names;
};

struct resolver_name {
	struct resolver *resolver;
	char *host;
	resolver_on_change *on_change;
	void *ctx;
	ev_timer timer; /* until the next look-up, or until the running one needs attention */

	ares_channel channel; /* NULL: no look-up runs */
	LIST_HEAD(watched_list, watched_socket) sockets;
	bool used_network;   /* in this look-up; if not, /etc/hosts had the answer */
	int64_t deadline_us; /* of the look-up */
	int families[2];     /* to be asked, in this order */
	size_t asked;        /* how many of them have been */
	bool answered;       /* the one asked last has its answer */
	int answer;          /* ARES_*: of the family asked last */
	int failure;         /* ARES_*: what the look-up has failed with so far */
	struct ares_addrinfo *found;
	struct addr spare; /* a new IPv6 address, if IPv4 turns out to have none; or none */
	uint32_t spare_ttl_ms;

	bool reported;
	struct addr addr; /* the last good one; none: there was none yet */
	int status;       /* ARES_*: as reported last */
};

static void settle(struct resolver_name *n);

static void on_socket(struct ev_loop *loop, ev_io *w, int revents)
{
	struct watched_socket *s = container_of(w, struct watched_socket, io);
	struct resolver_name *n = s->name;

	(void)loop;
	/* This may close the socket and free `s`. */
	ares_process_fd(n->channel, (revents & EV_READ) ? s->fd : ARES_SOCKET_BAD,
	                (revents & EV_WRITE) ? s->fd : ARES_SOCKET_BAD);
	settle(n);
}

static struct watched_socket *find_socket(struct resolver_name *n, int fd)
{
	struct watched_socket *s;

	LIST_FOREACH(s, &n->sockets, entry)
		if (s->fd == fd)
			return s;
	s = mem_zalloc(sizeof(*s));
	s->name = n;
	s->fd = fd;
	ev_io_init(&s->io, on_socket, lowfd_double(fd), 0);
	LIST_INSERT_HEAD(&n->sockets, s, entry);
	return s;
}

/* c-ares says what it waits for on a socket; nothing: it is about to close it. */
static void watch_socket(void *ctx, ares_socket_t fd, int readable, int writable)
{
	struct resolver_name *n = ctx;
	struct ev_loop *loop = n->resolver->loop;
	struct watched_socket *s = find_socket(n, fd);
	int events = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

	n->used_network = true;
	if (!events) {
		ev_io_stop(loop, &s->io);
		if (s->io.fd != fd)
			lowfd_close(s->io.fd);
		LIST_REMOVE(s, entry);
		free(s);
	} else if (events != (s->io.events & (EV_READ | EV_WRITE))) {
		ev_io_stop(loop, &s->io);
		ev_io_modify(&s->io, events);
		ev_io_start(loop, &s->io);
	}
}

static void arm(struct resolver_name *n, double seconds)
{
	struct ev_loop *loop = n->resolver->loop;

	ev_timer_stop(loop, &n->timer);
	ev_now_update(loop);
	ev_timer_set(&n->timer, seconds, 0.);
	ev_timer_start(loop, &n->timer);
}

static const char *servers_to_set(const struct resolver *r)
{
	if (r->servers || access("/etc/resolv.conf", R_OK) == 0)
		return r->servers;
	return r->system_servers;
}

/* ARES_*: a channel with the servers and time-outs of `r`; `n` NULL: to try them out. */
static int open_channel(const struct resolver *r, struct resolver_name *n, ares_channel *ret)
{
	struct ares_options options = {
		.timeout = (int)(r->timeout_ms / ((1U << TRIES) - 1)) + 1,
		.tries = TRIES,
		.sock_state_cb = watch_socket,
		.sock_state_cb_data = n,
	};
	const char *servers = servers_to_set(r);
	int status = ares_init_options(
	    ret, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);

	if (status != ARES_SUCCESS || !servers)
		return status;
	status = ares_set_servers_ports_csv(*ret, servers);
	if (status != ARES_SUCCESS)
		ares_destroy(*ret);
	return status;
}

static void forget_found(struct resolver_name *n)
{
	if (n->found)
		ares_freeaddrinfo(n->found);
	n->found = NULL;
}

static void close_channel(struct resolver_name *n)
{
	ares_channel channel = n->channel;

	n->channel = NULL;
	if (channel)
		ares_destroy(channel);
	forget_found(n);
	assert(LIST_EMPTY(&n->sockets));
}

static void take_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *found)
{
	struct resolver_name *n = ctx;

	(void)timeouts;
	if (!n->channel) {
		/* Being destroyed: the answer is not wanted any more. */
		if (found)
			ares_freeaddrinfo(found);
		return;
	}
	n->answered = true;
	n->answer = status;
	n->found = found;
}

static void ask(struct resolver_name *n)
{
	const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT,
		.ai_family = n->families[n->asked++],
		.ai_socktype = SOCK_STREAM,
	};

	forget_found(n);
	n->answered = false;
	ares_getaddrinfo(n->channel, n->host, NULL, &hints, take_answer, n);
}

/* The old address if it is among the answers, or else the first. */
static bool choose(const struct resolver_name *n, struct addr *ret)
{
	bool any = false;
	struct addr a;

	for (struct ares_addrinfo_node *i = n->found ? n->found->nodes : NULL; i; i = i->ai_next) {
		if (!addr_from_sockaddr(i->ai_addr, i->ai_addrlen, &a))
			continue;
		addr_set_port(&a, 0);
		if (!any || addr_equal(&a, &n->addr))
			*ret = a;
		any = true;
	}
	return any;
}

/* How long the answer may be used: the smallest TTL of all records that led to it. */
static uint32_t answer_ttl_ms(const struct resolver_name *n)
{
	uint64_t limit = n->resolver->every_ms;
	uint64_t ttl = limit;

	if (!n->used_network)
		return (uint32_t)limit;
	for (const struct ares_addrinfo_node *i = n->found->nodes; i; i = i->ai_next)
		if ((uint64_t)i->ai_ttl * 1000 < ttl)
			ttl = (uint64_t)i->ai_ttl * 1000;
	for (const struct ares_addrinfo_cname *i = n->found->cnames; i; i = i->next)
		if ((uint64_t)i->ttl * 1000 < ttl)
			ttl = (uint64_t)i->ttl * 1000;
	if (ttl < TTL_MIN_MS)
		ttl = TTL_MIN_MS < limit ? TTL_MIN_MS : limit;
	return (uint32_t)ttl;
}

/* c-ares ends with ECONNREFUSED too if every server answered, but with SERVFAIL or the like. */
static const char *words(int status)
{
	if (status == ARES_ECONNREFUSED)
		return "No DNS server gave an answer";
	return status == ARES_SUCCESS ? NULL : ares_strerror(status);
}

/* The look-up has ended.  Tells the owner last, who may unwatch the name. */
static void conclude(struct resolver_name *n, int status, const struct addr *addr, uint32_t next_ms)
{
	bool changed = !n->reported || status != n->status || (addr && !addr_equal(addr, &n->addr));

	close_channel(n);
	if (addr)
		n->addr = *addr;
	n->status = status;
	n->reported = true;
	if (next_ms)
		arm(n, next_ms / 1000.);
	if (changed)
		n->on_change(n->ctx, n->addr.len ? &n->addr : NULL, words(status));
}

static void give_up(struct resolver_name *n, int status)
{
	struct addr spare = n->spare;

	if (spare.len)
		conclude(n, ARES_SUCCESS, &spare, n->spare_ttl_ms);
	else
		conclude(n, status, NULL, RETRY_MS);
}

/* A name without records of one family is no trouble; anything else is. */
static bool is_trouble(int status)
{
	return status != ARES_SUCCESS && status != ARES_ENODATA && status != ARES_ENOTFOUND;
}

/*
 * The answer of one family is there.  True if that was the last word.  While a server is in
 * trouble an address that was good is not given up for one of the other family.
 */
static bool digest(struct resolver_name *n)
{
	bool last = n->asked == ARRAY_LEN(n->families);
	struct addr addr;

	if (n->answer == ARES_SUCCESS && choose(n, &addr)) {
		if (last || addr.sa.sa_family == AF_INET || addr_equal(&addr, &n->addr)) {
			conclude(n, ARES_SUCCESS, &addr, answer_ttl_ms(n));
			return true;
		}
		n->spare = addr;
		n->spare_ttl_ms = answer_ttl_ms(n);
		return false;
	}
	if (n->answer == ARES_SUCCESS)
		n->answer = ARES_ENODATA;
	if (n->failure == ARES_SUCCESS || n->failure == ARES_ENODATA || is_trouble(n->answer))
		n->failure = n->answer;
	if (!last && !(n->addr.len && is_trouble(n->answer)))
		return false;
	give_up(n, n->failure);
	return true;
}

/* The only place that goes on with a look-up or ends it, called last. */
static void settle(struct resolver_name *n)
{
	int64_t left_us = n->deadline_us - tick_us();
	struct timeval limit;
	struct timeval wait;
	const struct timeval *next;

	/* Asking may answer at once: /etc/hosts, or no server that can be reached. */
	while (n->answered) {
		if (digest(n))
			return;
		ask(n);
	}
	if (left_us <= 0) {
		give_up(n, ARES_ETIMEOUT);
		return;
	}
	limit = (struct timeval){ .tv_sec = left_us / 1000000, .tv_usec = left_us % 1000000 };
	next = ares_timeout(n->channel, &limit, &wait);
	arm(n, (double)next->tv_sec + (double)next->tv_usec / 1e6);
}

static void begin(struct resolver_name *n)
{
	bool v6_first = n->addr.len && n->addr.sa.sa_family == AF_INET6;
	int status;

	n->spare = (struct addr){ 0 };
	status = open_channel(n->resolver, n, &n->channel);
	if (status != ARES_SUCCESS) {
		n->channel = NULL;
		give_up(n, status);
		return;
	}
	n->families[0] = v6_first ? AF_INET6 : AF_INET;
	n->families[1] = v6_first ? AF_INET : AF_INET6;
	n->asked = 0;
	n->used_network = false;
	n->failure = ARES_SUCCESS;
	n->deadline_us = tick_us() + (int64_t)n->resolver->timeout_ms * 1000;
	ask(n);
	settle(n);
}

/* The time of the running look-up, if c-ares wants to send again, or of the next one. */
static void go_on(struct resolver_name *n)
{
	struct addr numeric;

	if (n->channel) {
		ares_process_fd(n->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		settle(n);
	} else if (addr_parse_ip(n->host, 0, &numeric)) {
		conclude(n, ARES_SUCCESS, &numeric, 0);
	} else {
		begin(n);
	}
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	go_on(container_of(w, struct resolver_name, timer));
}

static char *join_servers(const struct settings_strings *servers)
{
	struct text s = { 0 };

	for (size_t i = 0; i < servers->count; i++)
		text_addf(&s, "%s%s", i ? "," : "", servers->at[i]);
	return servers->count ? text_take(&s) : NULL;
}

/* The name servers of a channel in the form of `resolver.servers`; NULL if there are none. */
static char *list_servers(ares_channel channel)
{
	struct ares_addr_port_node *list = NULL;
	char buf[ADDR_TEXT_MAX];
	struct text s = { 0 };

	if (ares_get_servers_ports(channel, &list) != ARES_SUCCESS)
		return NULL;
	for (const struct ares_addr_port_node *i = list; i; i = i->next) {
		struct addr a = { .sa.sa_family = (sa_family_t)i->family };

		a.len = i->family == AF_INET ? sizeof(a.in) : sizeof(a.in6);
		if (i->family == AF_INET)
			a.in.sin_addr = i->addr.addr4;
		else
			memcpy(&a.in6.sin6_addr, &i->addr.addr6, sizeof(a.in6.sin6_addr));
		addr_set_port(&a, i->udp_port ? (uint16_t)i->udp_port : DNS_PORT);
		text_addf(&s, "%s%s", s.len ? "," : "", addr_format(&a, buf));
	}
	ares_free_data(list);
	return s.len ? text_take(&s) : NULL;
}

struct resolver *resolver_new(struct ev_loop *loop, const struct settings_resolver *settings,
                              struct error *err)
{
	struct resolver *r = mem_zalloc(sizeof(*r));
	ares_channel channel;
	int status;

	r->loop = loop;
	r->servers = join_servers(&settings->nameservers);
	r->every_ms = settings->every_ms ? settings->every_ms : EVERY_MS;
	r->timeout_ms = settings->timeout_ms ? settings->timeout_ms : TIMEOUT_MS;

	status = ares_library_init(ARES_LIB_INIT_ALL);
	if (status == ARES_SUCCESS) {
		status = open_channel(r, NULL, &channel);
		if (status == ARES_SUCCESS) {
			r->system_servers = r->servers ? NULL : list_servers(channel);
			ares_destroy(channel);
			return r;
		}
		ares_library_cleanup();
	}
	if (r->servers)
		error_set(err, "name servers \"%s\": %s", r->servers, ares_strerror(status));
	else
		error_set(err, "name servers: %s", ares_strerror(status));
	free(r->servers);
	free(r);
	return NULL;
}

struct resolver_name *resolver_watch(struct resolver *r, const char *host,
                                     resolver_on_change *on_change, void *ctx)
{
	struct resolver_name *n = mem_zalloc(sizeof(*n));

	n->resolver = r;
	n->host = mem_strdup(host);
	n->on_change = on_change;
	n->ctx = ctx;
	LIST_INIT(&n->sockets);
	ev_timer_init(&n->timer, on_timer, 0., 0.);
	arm(n, 0.);
	r->names++;
	return n;
}

void resolver_unwatch(struct resolver_name *n)
{
	if (!n)
		return;
	close_channel(n);
	ev_timer_stop(n->resolver->loop, &n->timer);
	n->resolver->names--;
	free(n->host);
	free(n);
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	assert(r->names == 0);
	ares_library_cleanup();
	free(r->servers);
	free(r->system_servers);
	free(r);
}
