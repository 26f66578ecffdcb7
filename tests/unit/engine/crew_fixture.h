/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CREW_FIXTURE_H
#define TESTS_CREW_FIXTURE_H

#include "base/mem.h"
#include "core/topology.h"
#include "engine/crew.h"
#include "engine/listener.h"
#include "net/sock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * A crew with one service in front of up to three servers of the test's own: listening sockets that
 * the test accepts from.  Everything is on loopback and free ports.
 */
enum { RIG_SERVERS = 3 };

struct rig {
	struct settings *settings;
	struct settings_service service;
	struct settings_server servers[RIG_SERVERS];
	struct settings_bind bind;
	struct topology *topology;
	struct crew *crew;
	struct addr front;
	int listening[RIG_SERVERS]; /* -1: nobody listens there */
	int refusing[RIG_SERVERS];  /* has the port of such a one, -1: none */
	struct record ended[64];    /* what the crew told */
	size_t ended_count;
	struct record begun[64];
	size_t begun_count;
	size_t connect_failures, server_errors, server_silences;
};

static inline int rig_listen(struct addr *at)
{
	struct sock_listen_options o = { 0 };
	int fd;

	assert_true(addr_parse_ip("127.0.0.1", 0, at));
	assert_true(sock_listen(at, &o, &fd, NULL));
	assert_true(sock_local(fd, at));
	return fd;
}

/* Settings with `servers` servers that listen; change them before rig_start(). */
static inline void rig_init(struct rig *r, size_t servers)
{
	static const char *const names[] = { "n1", "n2", "n3" };
	struct settings_target *targets;

	memset(r, 0, sizeof(*r));
	r->settings = settings_new();
	r->service = settings_service_default();
	r->service.name = "psql";
	targets = mem_arena_zalloc(&r->settings->arena, sizeof(*targets));
	targets->name = "none";
	targets->host = "127.0.0.1";
	targets->check = settings_check_default(SETTINGS_CHECK_NONE);
	r->settings->targets = targets;
	r->settings->target_count = 1;
	for (size_t i = 0; i < servers; i++) {
		struct addr at;

		r->listening[i] = rig_listen(&at);
		r->refusing[i] = -1;
		r->servers[i] = (struct settings_server){
			.name = names[i], .host = "127.0.0.1", .port = addr_port(&at), .weight = 1
		};
	}
	r->service.servers = r->servers;
	r->service.server_count = servers;
	r->service.binds = &r->bind;
	r->service.bind_count = 1;
	r->settings->services = &r->service;
	r->settings->service_count = 1;
	assert_true(addr_parse_ip("127.0.0.1", 0, &r->bind.addr));
	r->bind.text = "127.0.0.1:0";
}

static inline void rig_on_record(void *ctx)
{
	(void)ctx;
}

static inline void rig_start(struct rig *r, uint32_t threads, uint32_t maxconn)
{
	struct crew_options o = { .threads = threads,
		                  .maxconn = maxconn,
		                  .on_record = rig_on_record };
	struct listener_limits limits = { .max = maxconn };
	struct listener *listener;
	struct error err = { 0 };

	r->topology = topology_new(r->settings);
	topology_set_maxconn(r->topology, maxconn);
	assert_true(crew_start(&o, &r->crew, &err));
	limits.connections = crew_counter(r->crew);
	assert_true(listener_open(r->topology->services[0]->frontends[0], &r->bind, limits,
	                          &listener, &err));
	assert_true(sock_local(listener->fd, &r->front));
	crew_listen(r->crew, &listener, 1);
}

static inline void rig_stop(struct rig *r, size_t servers)
{
	crew_stop(r->crew);
	topology_free(r->topology);
	for (size_t i = 0; i < servers; i++) {
		if (r->listening[i] != -1)
			close(r->listening[i]);
		if (r->refusing[i] != -1)
			close(r->refusing[i]);
	}
}

static inline void rig_take(void *ctx, const struct outbox_entry *e)
{
	struct rig *r = ctx;

	if (e->kind == OUTBOX_CONNECT_FAILED)
		r->connect_failures++;
	else if (e->kind == OUTBOX_BEGUN)
		r->begun[r->begun_count++ % 64] = e->record;
	else if (e->kind == OUTBOX_SERVER_ERROR)
		r->server_errors++;
	else if (e->kind == OUTBOX_SERVER_SILENT)
		r->server_silences++;
	else if (r->ended_count < 64)
		r->ended[r->ended_count++] = e->record;
}

/* Waits until so many sessions have ended. */
static inline void rig_wait_ended(struct rig *r, size_t count)
{
	for (int i = 0; i < 5000 && r->ended_count < count; i++) {
		crew_drain(r->crew, rig_take, r);
		if (r->ended_count < count)
			poll(NULL, 0, 1);
	}
	assert_int_equal(r->ended_count, count);
	/* A session tells of its end before it has left all counts. */
	crew_barrier(r->crew);
}

/* Waits until a number that workers keep is `wanted`. */
static inline void rig_wait_count(const _Atomic uint32_t *n, uint32_t wanted)
{
	for (int i = 0; i < 5000 && atomic_load(n) != wanted; i++)
		poll(NULL, 0, 1);
	assert_int_equal(atomic_load(n), wanted);
}

/* A blocking socket that gives up after five seconds. */
static inline void rig_block(int fd)
{
	struct timeval limit = { .tv_sec = 5 };

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
}

static inline int rig_connect(const struct rig *r)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	rig_block(fd);
	assert_int_equal(connect(fd, &r->front.sa, r->front.len), 0);
	return fd;
}

static inline int rig_accept(const struct rig *r, size_t server)
{
	struct pollfd p = { .fd = r->listening[server], .events = POLLIN };
	int fd;

	assert_int_equal(poll(&p, 1, 5000), 1);
	fd = accept4(r->listening[server], NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd >= 0);
	rig_block(fd);
	return fd;
}

/* A client, and the connection that the first server gets for it. */
static inline void rig_join(const struct rig *r, int *client, int *server)
{
	*client = rig_connect(r);
	*server = rig_accept(r, 0);
}

/* One worker, one server, one session. */
static inline void rig_begin(struct rig *r, int *client, int *server)
{
	rig_init(r, 1);
	rig_start(r, 1, 100);
	rig_join(r, client, server);
}

/* Like rig_accept(), of any server that listens; sets which. */
static inline int rig_accept_any(const struct rig *r, size_t *ret)
{
	struct pollfd p[RIG_SERVERS];

	for (size_t i = 0; i < RIG_SERVERS; i++) {
		bool listens = i < r->service.server_count;

		p[i] = (struct pollfd){ .fd = listens ? r->listening[i] : -1, .events = POLLIN };
	}
	assert_in_range(poll(p, RIG_SERVERS, 5000), 1, RIG_SERVERS);
	for (*ret = 0; !p[*ret].revents; ++*ret)
		;
	return rig_accept(r, *ret);
}

/* Nobody else is being connected to. */
static inline void rig_assert_no_more(const struct rig *r, size_t server)
{
	struct pollfd p = { .fd = r->listening[server], .events = POLLIN };

	assert_int_equal(poll(&p, 1, 0), 0);
}

/* Reads exactly those bytes. */
static inline void rig_expect(int fd, const void *bytes, size_t len)
{
	char *got = malloc(len + 1);

	assert_non_null(got);
	for (size_t have = 0; have < len;) {
		ssize_t n = recv(fd, got + have, len - have, 0);

		assert_true(n > 0);
		have += (size_t)n;
	}
	assert_memory_equal(got, bytes, len);
	free(got);
}

/* Nothing but an orderly end. */
static inline void rig_expect_end(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static inline void rig_send(int fd, const void *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

/* Closes with an RST. */
static inline void rig_reset(int fd)
{
	const struct linger l = { .l_onoff = 1 };

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
	close(fd);
}

/* Nobody listens there any more, and nobody else gets the port: connecting is refused. */
static inline void rig_refuse(struct rig *r, size_t server)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct addr at;
	int on = 1;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_true(sock_local(r->listening[server], &at));
	close(r->listening[server]);
	assert_int_equal(bind(fd, &at.sa, at.len), 0);
	r->listening[server] = -1;
	r->refusing[server] = fd;
}

static inline void rig_listen_again(struct rig *r, size_t server)
{
	assert_int_equal(listen(r->refusing[server], SOMAXCONN), 0);
	r->listening[server] = r->refusing[server];
	r->refusing[server] = -1;
}

static inline struct topology_service *rig_service(const struct rig *r)
{
	return r->topology->services[0];
}

/* The one session that has ended. */
static inline const struct record *rig_end(struct rig *r)
{
	rig_wait_ended(r, 1);
	return &r->ended[0];
}

static inline void rig_assert_code(const struct record *e, const char *code)
{
	assert_string_equal(reason_haproxy(e->reason), code);
}

static inline void rig_assert_no_server(const struct record *e)
{
	assert_null(e->server);
	assert_int_equal(e->queue_ms, -1);
	assert_int_equal(e->connect_ms, -1);
}

static inline uint64_t rig_of_service(const struct rig *r, enum counter c)
{
	return counter_get(&rig_service(r)->count, c);
}

/* Waits until so many connections to the first server are known to be there. */
static inline void rig_wait_connected(const struct rig *r, uint64_t wanted)
{
	struct counter_set *count = &rig_service(r)->servers[0]->count;

	for (int i = 0; i < 5000 && counter_get(count, COUNTER_CONNECTED) != wanted; i++)
		poll(NULL, 0, 1);
	assert_int_equal(counter_get(count, COUNTER_CONNECTED), wanted);
}

static inline uint64_t rig_of_server(const struct rig *r, enum counter c)
{
	return counter_get(&rig_service(r)->servers[0]->count, c);
}

#endif
