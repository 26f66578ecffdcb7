/* SPDX-License-Identifier: MIT */
#ifndef TEST_RESOLVER_FIXTURE_H
#define TEST_RESOLVER_FIXTURE_H

#include "engine/resolver.h"

#include "base/cleanup.h"
#include "base/tick.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <ev.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

/* A loop with a name server on loopback, and what the resolver says, for test_resolver.c. */

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3 };
enum { SAID_MAX = 16 };

/* What the name server of the test answers for one type. */
struct records {
	const char *at[4];
	int rcode;
	bool silent;
	int queries;
	int64_t asked_ms[8]; /* when the first ones came */
};

/* A name server, a resolver that uses it, and what it said about one name. */
struct fixture {
	struct ev_loop *loop;
	int fd;
	ev_io queries;
	ev_timer guard;
	char server[32];
	struct records a, aaaa;
	uint32_t ttl, cname_ttl; /* cname_ttl 0: no CNAME */
	int wanted_queries;      /* of A: end the loop at so many, or 0 */
	int wanted_said;
	struct resolver *resolver;
	struct resolver_name *name;
	int fds;
	bool in_watch;
	bool unwatch_at_once; /* from the call itself */
	int said;
	char addr[SAID_MAX][ADDR_TEXT_MAX];
	char reason[SAID_MAX][128];
};

static int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static size_t put(unsigned char *at, size_t pos, uint32_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[pos + i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
	return pos + bytes;
}

static size_t put_head(unsigned char *reply, size_t n, uint32_t owner, int type, uint32_t ttl,
                       size_t len)
{
	n = put(reply, n, 0xc000U | owner, 2);
	n = put(reply, n, (uint32_t)type, 2);
	n = put(reply, n, 1, 2);
	n = put(reply, n, ttl, 4);
	return put(reply, n, (uint32_t)len, 2);
}

static size_t put_records(const struct fixture *f, const struct records *r, int type,
                          unsigned char *reply, size_t n)
{
	uint32_t owner = 12;
	unsigned char ip[16];
	uint32_t count = 0;

	if (f->cname_ttl) {
		/* x.<name>: one label before a pointer to the question */
		n = put_head(reply, n, owner, TYPE_CNAME, f->cname_ttl, 4);
		owner = (uint32_t)n;
		n = put(reply, n, 0x0178c00cU, 4);
		count++;
	}
	for (size_t i = 0; i < ARRAY_LEN(r->at) && r->at[i]; i++, count++) {
		size_t len = type == TYPE_A ? 4 : 16;

		assert_int_equal(inet_pton(len == 4 ? AF_INET : AF_INET6, r->at[i], ip), 1);
		n = put_head(reply, n, owner, type, f->ttl, len);
		memcpy(reply + n, ip, len);
		n += len;
	}
	put(reply, 6, count, 2);
	return n;
}

static void answer_query(struct fixture *f)
{
	unsigned char q[512];
	unsigned char reply[1024] = { 0 };
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(f->fd, q, sizeof(q), 0, (struct sockaddr *)&from, &from_len);
	struct records *r;
	size_t n = 12;
	int type;

	assert_true(len > 16);
	while (q[n])
		n += q[n] + 1U;
	n += 5;
	type = q[n - 4] << 8 | q[n - 3];
	assert_true(type == TYPE_A || type == TYPE_AAAA);
	r = type == TYPE_A ? &f->a : &f->aaaa;
	if (r->queries < (int)ARRAY_LEN(r->asked_ms))
		r->asked_ms[r->queries] = tick_ms();
	r->queries++;
	if (f->wanted_queries && f->a.queries >= f->wanted_queries)
		ev_break(f->loop, EVBREAK_ALL);
	if (r->silent)
		return;
	memcpy(reply, q, n);
	put(reply, 2, 0x8180U | (uint32_t)r->rcode, 2);
	put(reply, 8, 0, 4);
	if (!r->rcode)
		n = put_records(f, r, type, reply, n);
	assert_int_equal(sendto(f->fd, reply, n, 0, (struct sockaddr *)&from, from_len), n);
}

static void on_query(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop;
	(void)revents;
	answer_query(container_of(w, struct fixture, queries));
}

static void on_guard(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)w;
	(void)revents;
	fail_msg("nothing happened for too long");
}

static void note_change(void *ctx, const struct addr *addr, const char *reason)
{
	struct fixture *f = ctx;

	assert_false(f->in_watch);
	assert_true(f->said < SAID_MAX);
	addr_format(addr ? addr : &(struct addr){ 0 }, f->addr[f->said]);
	snprintf(f->reason[f->said], sizeof(f->reason[0]), "%s", reason ? reason : "");
	f->said++;
	if (f->unwatch_at_once)
		resolver_unwatch(TAKE_PTR(f->name));
	if (f->said >= f->wanted_said)
		ev_break(f->loop, EVBREAK_ALL);
}

/* Runs until the resolver has said `said` things in all. */
static void run_until_said(struct fixture *f, int said)
{
	f->wanted_said = said;
	f->wanted_queries = 0;
	if (f->said < said)
		ev_run(f->loop, 0);
	assert_int_equal(f->said, said);
}

/* Runs until `more` further queries for A have come. */
static void run_until_asked(struct fixture *f, int more)
{
	f->wanted_said = SAID_MAX;
	f->wanted_queries = f->a.queries + more;
	ev_run(f->loop, 0);
}

static void on_pause(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)w;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static void run_for(struct fixture *f, double seconds)
{
	ev_timer pause;

	f->wanted_said = SAID_MAX;
	f->wanted_queries = 0;
	ev_timer_init(&pause, on_pause, seconds, 0.);
	ev_now_update(f->loop);
	ev_timer_start(f->loop, &pause);
	ev_run(f->loop, 0);
}

static void watch(struct fixture *f, const char *host)
{
	f->in_watch = true;
	f->name = resolver_watch(f->resolver, host, note_change, f);
	f->in_watch = false;
}

static void start(struct fixture *f, uint32_t every_ms, uint32_t timeout_ms)
{
	const char *servers[] = { f->server };
	struct settings_resolver s = { .nameservers = { servers, 1 },
		                       .every_ms = every_ms,
		                       .timeout_ms = timeout_ms };
	struct error err = { 0 };

	f->resolver = resolver_new(f->loop, &s, &err);
	if (!f->resolver)
		fail_msg("%s", err.text);
}

static int set_up(void **state)
{
	static struct fixture f;
	struct sockaddr_in at = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	f = (struct fixture){ .ttl = 60, .wanted_said = SAID_MAX };
	f.loop = ev_loop_new(EVFLAG_NOENV);
	f.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f.fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(f.fd, (struct sockaddr *)&at, &len), 0);
	snprintf(f.server, sizeof(f.server), "127.0.0.1:%u", ntohs(at.sin_port));
	ev_io_init(&f.queries, on_query, f.fd, EV_READ);
	ev_io_start(f.loop, &f.queries);
	ev_timer_init(&f.guard, on_guard, 20., 0.);
	ev_timer_start(f.loop, &f.guard);
	ev_run(f.loop, EVRUN_NOWAIT);
	f.fds = open_fds();
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	resolver_unwatch(f->name);
	resolver_free(f->resolver);
	assert_int_equal(open_fds(), f->fds);
	ev_io_stop(f->loop, &f->queries);
	close(f->fd);
	ev_loop_destroy(f->loop);
	return 0;
}

#endif
