/* SPDX-License-Identifier: MIT */
#include "edgerows.h"

#include "rowfill.h"

static size_t count_of(const struct snapshot_process *p, uint32_t frontend_id)
{
	size_t n = 0;

	for (size_t i = 0; i < p->listening_count; i++)
		n += p->listening[i].frontend_id == frontend_id;
	return n;
}

/* A lone socket has carried all that its frontend has; several are not told apart. */
static void fill_bytes(struct snapshot_row *r, const struct snapshot_frontend *f)
{
	bool alone = f->listener_count == 1;

	rowfill_put(r, METRIC_BIN, alone ? f->count[COUNTER_BYTES_IN] : 0);
	rowfill_put(r, METRIC_BOUT, alone ? f->count[COUNTER_BYTES_OUT] : 0);
	rowfill_put(r, METRIC_DCON, alone ? f->count[COUNTER_DENIED] : 0);
	rowfill_put(r, METRIC_DSES, alone ? f->count[COUNTER_DENIED_SESSIONS] : 0);
}

static void fill_listener(struct snapshot *s, struct snapshot_row *r,
                          const struct snapshot_frontend *f, const struct snapshot_listener *l,
                          uint32_t place)
{
	uint32_t id = l->id ? l->id : place;
	const char *name = l->name ? mem_arena_strdup(&s->arena, l->name)
	                           : mem_arena_printf(&s->arena, "sock-%u", id);

	rowfill_begin(r, SNAPSHOT_LISTENER, f->name, f->id, name, id);
	r->full = l->maxconn && l->active >= l->maxconn;
	rowfill_say(r, METRIC_STATUS, r->full ? "FULL" : "OPEN");
	rowfill_say_address(r, mem_arena_strdup(&s->arena, l->address));
	rowfill_put(r, METRIC_SCUR, l->active);
	rowfill_put(r, METRIC_SMAX, l->active_max > l->active ? l->active_max : l->active);
	rowfill_put(r, METRIC_SLIM, l->maxconn);
	rowfill_put(r, METRIC_STOT, l->accepted);
	fill_bytes(r, f);
	ROWFILL_ZERO(r, METRIC_DREQ, METRIC_EREQ);
}

void edgerows_fill_listeners(struct snapshot *s, struct snapshot_frontend *f)
{
	const struct snapshot_process *p = &s->process;
	uint32_t place = 0;

	f->listener_count = count_of(p, f->id);
	if (!f->listener_count)
		return;
	f->listeners = mem_arena_zalloc(&s->arena, f->listener_count * sizeof(f->listeners[0]));
	for (size_t i = 0; i < p->listening_count; i++) {
		if (p->listening[i].frontend_id != f->id)
			continue;
		fill_listener(s, &f->listeners[place], f, &p->listening[i], place + 1);
		place++;
	}
}

static void fill_answers(struct snapshot_row *r, const uint64_t answers[SNAPSHOT_HTTP_CLASSES])
{
	for (size_t i = 0; i < SNAPSHOT_HTTP_CLASSES; i++)
		rowfill_put(r, METRIC_HRSP_1XX + (enum metric)i, answers[i]);
}

static void begin(struct snapshot_row *r, enum snapshot_kind kind, const struct snapshot_http *h,
                  const char *name)
{
	rowfill_begin(r, kind, h->name, h->id, name, 0);
	r->http = true;
	rowfill_say(r, METRIC_MODE, "http");
	rowfill_put(r, METRIC_BIN, h->bytes_in);
	rowfill_put(r, METRIC_BOUT, h->bytes_out);
	ROWFILL_ZERO(r, METRIC_DREQ, METRIC_COMP_IN, METRIC_COMP_OUT, METRIC_COMP_BYP,
	             METRIC_COMP_RSP, METRIC_CACHE_LOOKUPS, METRIC_CACHE_HITS);
}

static uint32_t limit_of(const struct snapshot *s, const struct snapshot_http *h)
{
	return h->maxconn ? h->maxconn : s->process.maxconn;
}

void edgerows_fill_frontend(struct snapshot_row *r, const struct snapshot *s,
                            const struct snapshot_http *h)
{
	begin(r, SNAPSHOT_FRONTEND, h, "FRONTEND");
	rowfill_say(r, METRIC_STATUS, s->process.stopping ? "STOP" : "OPEN");
	rowfill_put(r, METRIC_SCUR, h->sessions);
	rowfill_put(r, METRIC_SMAX, h->sessions_max);
	rowfill_put(r, METRIC_SLIM, limit_of(s, h));
	rowfill_put(r, METRIC_STOT, h->connections);
	rowfill_put(r, METRIC_EREQ, h->bad_requests);
	rowfill_put(r, METRIC_RATE, h->rate);
	rowfill_put(r, METRIC_RATE_MAX, h->rate_max);
	rowfill_put(r, METRIC_REQ_RATE, h->request_rate);
	rowfill_put(r, METRIC_REQ_RATE_MAX, h->request_rate_max);
	rowfill_put(r, METRIC_REQ_TOT, h->requests);
	rowfill_put(r, METRIC_INTERCEPTED, h->requests);
	rowfill_put(r, METRIC_CONN_RATE, h->rate);
	rowfill_put(r, METRIC_CONN_RATE_MAX, h->rate_max);
	rowfill_put(r, METRIC_CONN_TOT, h->connections);
	fill_answers(r, h->answers);
	ROWFILL_ZERO(r, METRIC_RATE_LIM, METRIC_DCON, METRIC_DSES);
}

/* Nothing goes on to a server, so all but the bytes is 0. */
void edgerows_fill_backend(struct snapshot_row *r, const struct snapshot *s,
                           const struct snapshot_http *h)
{
	static const uint64_t none[SNAPSHOT_HTTP_CLASSES];

	begin(r, SNAPSHOT_BACKEND, h, "BACKEND");
	rowfill_say(r, METRIC_STATUS, "UP");
	rowfill_say(r, METRIC_ALGO, "roundrobin");
	rowfill_put(r, METRIC_SLIM, ((uint64_t)limit_of(s, h) + 9) / 10);
	rowfill_put(r, METRIC_LASTCHG, (uint64_t)h->age_s);
	rowfill_put(r, METRIC_LASTSESS, (uint64_t)-1);
	fill_answers(r, none);
	ROWFILL_ZERO(r, METRIC_QCUR, METRIC_QMAX, METRIC_SCUR, METRIC_SMAX, METRIC_STOT,
	             METRIC_ECON, METRIC_ERESP, METRIC_WRETR, METRIC_WREDIS, METRIC_WEIGHT,
	             METRIC_ACT, METRIC_BCK, METRIC_CHKDOWN, METRIC_LBTOT, METRIC_RATE,
	             METRIC_RATE_MAX, METRIC_REQ_TOT, METRIC_CLI_ABRT, METRIC_SRV_ABRT,
	             METRIC_QTIME, METRIC_CTIME, METRIC_RTIME, METRIC_TTIME, METRIC_CONNECT,
	             METRIC_REUSE, METRIC_QTIME_MAX, METRIC_CTIME_MAX, METRIC_RTIME_MAX,
	             METRIC_TTIME_MAX, METRIC_UWEIGHT, METRIC_AGG_SERVER_STATUS,
	             METRIC_AGG_SERVER_CHECK_STATUS, METRIC_AGG_CHECK_STATUS);
}
