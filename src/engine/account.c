/* SPDX-License-Identifier: MIT */
#include "engine/account.h"

void account_end(const struct session *s)
{
	struct counter_set *at = s->server ? &s->server->count : &s->service->count;

	atomic_fetch_add_explicit(&s->service->ended[s->reason], 1, memory_order_relaxed);
	switch ((enum reason)s->reason) {
	case REASON_CLIENT_RESET:
	case REASON_CLIENT_SILENT:
	case REASON_CLIENT_IDLE:
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
		counter_add(at, COUNTER_CONNECT_ERRORS, 1);
		break;
	case REASON_KILLED:
	case REASON_SERVER_DOWN:
	case REASON_STOPPING:
		counter_add(at, COUNTER_CUT, 1);
		break;
	case REASON_NORMAL:
	case REASON_DENIED:
	case REASON_RESOURCES:
	case REASON_COUNT:
		break;
	}
}

struct record account_record(const struct session *s)
{
	return (struct record){
		.id = s->id,
		.accepted_wall_ms = s->accepted_wall_ms,
		.service = s->service,
		.server = s->server,
		.bind = s->bind,
		.client = s->client,
		.queue_ms = s->queue_ms,
		.connect_ms = s->connect_ms,
		.total_ms = s->host->now_ms - s->accepted_ms,
		.idle_ms = s->host->now_ms - s->last_active_ms,
		.bytes_in = s->ends.flow[DUPLEX_CLIENT].bytes,
		.bytes_out = s->ends.flow[DUPLEX_SERVER].bytes,
		.process_conns = atomic_load_explicit(s->host->connections, memory_order_relaxed),
		.service_conns = atomic_load_explicit(&s->service->active, memory_order_relaxed),
		.server_conns =
		    s->server ? atomic_load_explicit(&s->server->active, memory_order_relaxed) : 0,
		.retries = s->retries,
		.redispatched = s->redispatched,
		.ended = s->phase == SESSION_CLOSED,
		.reason = (enum reason)s->reason,
		.worker = s->host->worker,
	};
}
