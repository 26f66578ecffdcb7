/* SPDX-License-Identifier: MIT */
#ifndef CORE_COUNTER_H
#define CORE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * What workers count while they relay.  Monotonic since start (or since `clear counters`), added
 * to with relaxed atomics, read by the control thread.  How a counter is shown (CSV column,
 * Prometheus name) is report/metrics.def's business.
 *   COUNTER(name, meaning)
 */
#define COUNTER_TABLE(X)                                                                           \
	X(SESSIONS, "sessions begun; on a server: connection attempts, retries included")          \
	X(BYTES_IN, "bytes from clients to servers")                                               \
	X(BYTES_OUT, "bytes from servers to clients")                                              \
	X(CONNECTIONS, "connections accepted; of a frontend")                                      \
	X(DENIED, "connections refused by allow/deny or a rate")                                   \
	X(DENIED_SESSIONS, "connections refused for a bad PROXY header")                           \
	X(FAILED_RESOURCES, "sessions that ended for want of memory or descriptors")               \
	X(CONNECT_ERRORS, "sessions that ended because no connection to a server was made")        \
	X(RETRIES, "further connect attempts to the same server")                                  \
	X(REDISPATCHES, "connect attempts that went to another server")                            \
	X(PICKED, "times the balancing chose it")                                                  \
	X(CLIENT_ABORTS, "sessions ended by the client's reset or silence")                        \
	X(SERVER_ABORTS, "sessions ended by the server's reset or silence")                        \
	X(CUT, "sessions that sluice itself closed")                                               \
	X(CONNECTED, "connections to a server that were established")                              \
	X(HELD, "sessions that waited because no server was usable")                               \
	X(REPLAYED, "sessions that went on to another server with what the client had said")       \
	X(ASKED, "sessions that sluice closed between transactions")                               \
	X(FAR, "times the balancing chose it while it stood in a further tier than the nearest")   \
	X(FAR_IN, "bytes from clients to it, while it stood there")                                \
	X(FAR_OUT, "bytes from it to clients, while it stood there")                               \
	X(WARM_USED, "warm connections that sessions took")                                        \
	X(WARM_LOST, "warm connections that the server closed, or that were found dead when used") \
	X(GONE_ATTEMPTS, "of a service: connection attempts to servers that have gone")

enum counter {
#define X(name, meaning) COUNTER_##name,
	COUNTER_TABLE(X)
#undef X
	    COUNTER_COUNT
};

struct counter_set {
	_Atomic uint64_t at[COUNTER_COUNT];
};

static inline void counter_add(struct counter_set *s, enum counter c, uint64_t n)
{
	atomic_fetch_add_explicit(&s->at[c], n, memory_order_relaxed);
}

static inline uint64_t counter_get(struct counter_set *s, enum counter c)
{
	return atomic_load_explicit(&s->at[c], memory_order_relaxed);
}

/* Raises a maximum that several threads note. */
static inline void counter_raise(_Atomic uint32_t *max, uint32_t value)
{
	uint32_t seen = atomic_load_explicit(max, memory_order_relaxed);

	while (seen < value && !atomic_compare_exchange_weak_explicit(
	                           max, &seen, value, memory_order_relaxed, memory_order_relaxed))
		;
}

#endif
