/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CONTROL_FAKECREW_H
#define TESTS_UNIT_CONTROL_FAKECREW_H

#include "base/mem.h"
#include "engine/crew.h"

#include <stdlib.h>
#include <string.h>

/*
 * A data plane that notes what it is told.  Whoever includes this wraps:
 * crew_sessions crew_kill crew_end_sessions crew_pause_frontend crew_close_frontend
 * crew_set_maxconn crew_set_rate_limits crew_threads crew_load crew_listeners
 * crew_listener_count crew_listener crew_connections crew_accepted crew_dropped_records
 */
static struct fakecrew {
	struct record sessions[4];
	size_t session_count;
	uint64_t killed;
	const struct topology_frontend *paused, *closed;
	uint32_t maxconn, conn_rate, session_rate;
} fakecrew;

struct record *__wrap_crew_sessions(struct crew *c, size_t *ret_count);
bool __wrap_crew_kill(struct crew *c, uint64_t id);
uint32_t __wrap_crew_end_sessions(struct crew *c, const struct topology_server *server,
                                  enum reason reason);
void __wrap_crew_pause_frontend(struct crew *c, struct topology_frontend *f, bool pause);
void __wrap_crew_close_frontend(struct crew *c, const struct topology_frontend *f);
void __wrap_crew_set_maxconn(struct crew *c, uint32_t maxconn);
void __wrap_crew_set_rate_limits(struct crew *c, uint32_t conn_rate, uint32_t session_rate);
uint32_t __wrap_crew_threads(const struct crew *c);
uint32_t __wrap_crew_load(const struct crew *c, uint32_t i);
uint32_t __wrap_crew_listeners(const struct crew *c);
size_t __wrap_crew_listener_count(const struct crew *c);
const struct listener *__wrap_crew_listener(const struct crew *c, size_t i);
uint32_t __wrap_crew_connections(const struct crew *c);
uint64_t __wrap_crew_accepted(const struct crew *c);
uint64_t __wrap_crew_dropped_records(const struct crew *c);

struct record *__wrap_crew_sessions(struct crew *c, size_t *ret_count)
{
	struct record *list = mem_zalloc(sizeof(fakecrew.sessions));

	(void)c;
	memcpy(list, fakecrew.sessions, sizeof(fakecrew.sessions));
	*ret_count = fakecrew.session_count;
	return list;
}

bool __wrap_crew_kill(struct crew *c, uint64_t id)
{
	(void)c;
	for (size_t i = 0; i < fakecrew.session_count; i++)
		if (fakecrew.sessions[i].id == id) {
			fakecrew.killed = id;
			return true;
		}
	return false;
}

uint32_t __wrap_crew_end_sessions(struct crew *c, const struct topology_server *server,
                                  enum reason reason)
{
	(void)c;
	(void)server;
	(void)reason;
	return 0;
}

void __wrap_crew_pause_frontend(struct crew *c, struct topology_frontend *f, bool pause)
{
	(void)c;
	fakecrew.paused = pause ? f : NULL;
}

void __wrap_crew_close_frontend(struct crew *c, const struct topology_frontend *f)
{
	(void)c;
	fakecrew.closed = f;
}

void __wrap_crew_set_maxconn(struct crew *c, uint32_t maxconn)
{
	(void)c;
	fakecrew.maxconn = maxconn;
}

void __wrap_crew_set_rate_limits(struct crew *c, uint32_t conn_rate, uint32_t session_rate)
{
	(void)c;
	fakecrew.conn_rate = conn_rate;
	fakecrew.session_rate = session_rate;
}

uint32_t __wrap_crew_threads(const struct crew *c)
{
	(void)c;
	return 2;
}

uint32_t __wrap_crew_load(const struct crew *c, uint32_t i)
{
	(void)c;
	return i;
}

uint32_t __wrap_crew_listeners(const struct crew *c)
{
	(void)c;
	return 2;
}

size_t __wrap_crew_listener_count(const struct crew *c)
{
	(void)c;
	return 0;
}

const struct listener *__wrap_crew_listener(const struct crew *c, size_t i)
{
	(void)c;
	(void)i;
	return NULL;
}

uint32_t __wrap_crew_connections(const struct crew *c)
{
	(void)c;
	return 1;
}

uint64_t __wrap_crew_accepted(const struct crew *c)
{
	(void)c;
	return 17;
}

uint64_t __wrap_crew_dropped_records(const struct crew *c)
{
	(void)c;
	return 0;
}

#endif
