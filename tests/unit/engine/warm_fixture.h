/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WARM_FIXTURE_H
#define TESTS_WARM_FIXTURE_H

#include "engine/warm.h"

#include "pg_fixture.h"

/* Servers that have warm connections, which a test accepts as any others. */
enum { WARM_MOST = 64 };

static inline struct topology_server *warm_server(const struct rig *r, size_t i)
{
	return rig_service(r)->servers[i];
}

static inline void warm_start(struct rig *r, size_t servers, uint32_t warm, uint32_t threads)
{
	pg_init(r, servers);
	for (size_t i = 0; i < servers; i++)
		r->servers[i].warm = warm;
	rig_start(r, threads, 100);
}

static inline void warm_wait(const struct rig *r, size_t i, uint32_t wanted)
{
	rig_wait_count(&warm_server(r, i)->warm, wanted);
}

static inline void warm_accept(const struct rig *r, int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fds[i] = rig_accept(r, 0);
}

static inline void warm_close(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

/* Which of those has something to read; -1: none within that time. */
static inline int warm_which(const int *fds, size_t count, int timeout_ms)
{
	struct pollfd p[WARM_MOST];

	for (size_t i = 0; i < count; i++)
		p[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	if (poll(p, count, timeout_ms) < 1)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (p[i].revents)
			return (int)i;
	return -1;
}

/* A session that is served over a connection that was there before it came. */
static inline struct pg_session warm_open(const struct rig *r, const int *fds, size_t count)
{
	struct pg_session s = { .client = rig_connect(r) };
	int i;

	rig_send(s.client, PG(PG_STARTUP));
	i = warm_which(fds, count, 5000);
	assert_int_not_equal(i, -1);
	s.at = (size_t)i;
	s.server = fds[i];
	rig_expect(s.server, PG(PG_STARTUP));
	return s;
}

#endif
