/* SPDX-License-Identifier: MIT */
#include "engine/account.h"

/* The service has a connection again: the longest time without one is kept. */
static void end_gap(struct topology_service *service, int64_t now_ms)
{
	int64_t before =
	    atomic_exchange_explicit(&service->connected_ms, now_ms, memory_order_relaxed);

	if (before && now_ms > before)
		counter_raise(&service->gap_max_ms, (uint32_t)(now_ms - before));
}

void account_connected(const struct session *s)
{
	struct topology_server *server = s->server;

	counter_add(&server->count, COUNTER_CONNECTED, 1);
	if (atomic_load_explicit(&server->errors, memory_order_relaxed))
		atomic_store_explicit(&server->errors, 0, memory_order_relaxed);
	topology_time_add(&server->queue_time, (uint32_t)s->queue_ms);
	topology_time_add(&server->connect_time, (uint32_t)s->connect_ms);
	end_gap(session_service(s), s->host->now_ms);
}

void account_bytes(const struct session *s, enum counter counter, uint64_t n)
{
	if (!n)
		return;
	counter_add(&s->server->count, counter, n);
	if (topology_tier(s->server) && !s->server->settings->backup)
		counter_add(&s->server->count,
		            counter == COUNTER_BYTES_IN ? COUNTER_FAR_IN : COUNTER_FAR_OUT, n);
	/* The only frontend of a service has the service's sum. */
	if (s->server->service->frontend_count > 1)
		counter_add(&s->through->frontend->count, counter, n);
}

void account_gone(const struct session_host *h, struct listener *through)
{
	struct topology_frontend *frontend = through->frontend;

	atomic_fetch_sub_explicit(&frontend->active, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&frontend->service->active, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&through->active, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(h->connections, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(h->here, 1, memory_order_relaxed);
}

void account_end(const struct session *s)
{
	struct counter_set *at = s->server ? &s->server->count : &session_service(s)->count;

	atomic_fetch_add_explicit(&session_service(s)->ended[s->reason], 1, memory_order_relaxed);
	switch ((enum reason)s->reason) {
	case REASON_CLIENT_RESET:
	case REASON_CLIENT_SILENT:
	case REASON_CLIENT_IDLE:
	case REASON_QUEUE_LEFT:
	case REASON_CONNECT_LEFT:
		counter_add(at, COUNTER_CLIENT_ABORTS, 1);
		break;
	case REASON_SERVER_RESET:
	case REASON_SERVER_SILENT:
	case REASON_SERVER_IDLE:
		counter_add(at, COUNTER_SERVER_ABORTS, 1);
		break;
	case REASON_NO_SERVER:
	case REASON_CONNECT_REFUSED:
	case REASON_CONNECT_TIMEOUT:
	case REASON_ALL_FULL:
	case REASON_QUEUE_TIMEOUT:
	case REASON_HOLD_TIMEOUT:
	case REASON_HOLD_FULL:
	case REASON_SERVER_LEAVING:
		counter_add(at, COUNTER_CONNECT_ERRORS, 1);
		break;
	case REASON_KILLED:
	case REASON_SERVER_DOWN:
	case REASON_PRIMARY_UP:
	case REASON_STOPPING:
	case REASON_DRAIN_OVER:
		counter_add(at, COUNTER_CUT, 1);
		break;
	case REASON_DRAINED:
	case REASON_TOO_OLD:
	case REASON_REBALANCED:
		counter_add(at, COUNTER_ASKED, 1);
		break;
	case REASON_BAD_PROXY_HEADER:
		counter_add(&s->through->frontend->count, COUNTER_DENIED_SESSIONS, 1);
		break;
	case REASON_RESOURCES:
		counter_add(&s->through->frontend->count, COUNTER_FAILED_RESOURCES, 1);
		break;
	case REASON_NORMAL:
	case REASON_DENIED:
	case REASON_COUNT:
		break;
	}
}

static uint32_t load(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

struct record account_record(const struct session *s)
{
	const struct errand *e = s->errand;
	struct record ret = {
		.id = s->id,
		.accepted_wall_ms = s->accepted_wall_ms,
		.service = session_service(s),
		.server = s->server,
		.frontend = s->through->frontend,
		.bind = s->through->bind,
		.client = s->client,
		.queue_ms = s->queue_ms,
		.connect_ms = s->connect_ms,
		.total_ms = s->host->now_ms - s->accepted_ms,
		.idle_ms = s->host->now_ms - s->last_active_ms,
		.bytes_in = s->ends.flow[DUPLEX_CLIENT].bytes,
		.bytes_out = s->ends.flow[DUPLEX_SERVER].bytes,
		.process_conns = load(s->host->connections),
		.frontend_conns = load(&s->through->frontend->active),
		.service_conns = load(&session_service(s)->active),
		.server_conns = s->server ? load(&s->server->active) + !s->claimed : 0,
		.retries = s->retries,
		.redispatched = s->redispatched,
		.ended = s->phase == SESSION_CLOSED,
		.reason = (enum reason)s->reason,
		.worker = s->host->worker,
	};

	if (!e)
		return ret;
	ret.frontend_addr = e->ticket.request.local;
	ret.server_addr = e->server_addr;
	ret.source_addr = e->source_addr;
	ret.server_queue = e->waited.server;
	ret.service_queue = e->waited.service;
	ret.refusal = e->refusal;
	return ret;
}
