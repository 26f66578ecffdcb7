/* SPDX-License-Identifier: MIT */
#include "rows.h"

/* A field with a number, one with words. */
static void put(struct snapshot_row *r, enum metric m, uint64_t n)
{
	r->at[m] = (struct snapshot_value){ .present = true, .number = (int64_t)n };
}

static void say(struct snapshot_row *r, enum metric m, const char *text)
{
	r->at[m] = (struct snapshot_value){ .present = true, .text = text };
}

static void zero(struct snapshot_row *r, const enum metric *m, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put(r, m[i], 0);
}

#define ZERO(row, ...)                                                                             \
	zero((row), (const enum metric[]){ __VA_ARGS__ },                                          \
	     sizeof((const enum metric[]){ __VA_ARGS__ }) / sizeof(enum metric))

/* What every row has. */
static void begin(struct snapshot_row *r, enum snapshot_kind kind,
                  const struct snapshot_service *service, const char *name, uint32_t id)
{
	r->kind = kind;
	r->proxy = service->name;
	r->name = name;
	r->proxy_id = service->id;
	r->server_id = id;
	say(r, METRIC_PXNAME, service->name);
	say(r, METRIC_SVNAME, name);
	say(r, METRIC_MODE, "tcp");
	put(r, METRIC_PID, 1);
	put(r, METRIC_IID, service->id);
	put(r, METRIC_SID, id);
	put(r, METRIC_TYPE, (uint64_t)kind);
	ZERO(r, METRIC_DRESP, METRIC_WREW);
}

static void fill_frontend(const struct snapshot *s, struct snapshot_service *service)
{
	struct snapshot_row *r = &service->frontend;
	const uint64_t *count = service->count;

	begin(r, SNAPSHOT_FRONTEND, service, "FRONTEND", 0);
	say(r, METRIC_STATUS, s->process.stopping ? "STOP" : "OPEN");
	put(r, METRIC_SCUR, service->sessions);
	put(r, METRIC_SMAX, service->sessions_max);
	put(r, METRIC_SLIM, service->maxconn);
	put(r, METRIC_STOT, count[COUNTER_SESSIONS]);
	put(r, METRIC_BIN, count[COUNTER_BYTES_IN]);
	put(r, METRIC_BOUT, count[COUNTER_BYTES_OUT]);
	put(r, METRIC_RATE, service->rate);
	put(r, METRIC_RATE_MAX, service->rate_max);
	put(r, METRIC_CONN_RATE, service->conn_rate);
	put(r, METRIC_CONN_RATE_MAX, service->conn_rate_max);
	put(r, METRIC_CONN_TOT, count[COUNTER_SESSIONS] + count[COUNTER_DENIED]);
	put(r, METRIC_DCON, count[COUNTER_DENIED]);
	put(r, METRIC_EINT, service->ended[REASON_RESOURCES]);
	ZERO(r, METRIC_DREQ, METRIC_EREQ, METRIC_RATE_LIM, METRIC_REQ_RATE, METRIC_REQ_RATE_MAX,
	     METRIC_REQ_TOT, METRIC_COMP_IN, METRIC_COMP_OUT, METRIC_COMP_BYP, METRIC_COMP_RSP,
	     METRIC_DSES);
}

/* What servers and backends have alike. */
static void fill_traffic(struct snapshot_row *r, const uint64_t count[COUNTER_COUNT])
{
	put(r, METRIC_BIN, count[COUNTER_BYTES_IN]);
	put(r, METRIC_BOUT, count[COUNTER_BYTES_OUT]);
	put(r, METRIC_ECON, count[COUNTER_CONNECT_ERRORS]);
	/* "srv_abrt will be counted here also" (management manual 9.1, field 14). */
	put(r, METRIC_ERESP, count[COUNTER_SERVER_ABORTS]);
	put(r, METRIC_WRETR, count[COUNTER_RETRIES]);
	put(r, METRIC_WREDIS, count[COUNTER_REDISPATCHES]);
	put(r, METRIC_LBTOT, count[COUNTER_PICKED]);
	put(r, METRIC_CLI_ABRT, count[COUNTER_CLIENT_ABORTS]);
	put(r, METRIC_SRV_ABRT, count[COUNTER_SERVER_ABORTS]);
	ZERO(r, METRIC_QCUR, METRIC_QMAX, METRIC_RTIME, METRIC_RTIME_MAX, METRIC_REUSE,
	     METRIC_EINT);
}

/*
 * A server that has not been checked yet takes no sessions, and no client of HAProxy's knows the
 * word "CHECKING".
 */
static const char *status_of(const struct snapshot_server *server)
{
	bool checking = server->state.health == STATE_CHECKING;

	return checking && !state_in_maint(&server->state) ? "DOWN" : server->status;
}

static void fill_check(struct snapshot *s, struct snapshot_server *server)
{
	struct snapshot_row *r = &server->row;
	const struct probe_result *check = &server->check;
	const char *code = probe_code_name(check->code);

	if (!server->limits.checked)
		return;
	put(r, METRIC_CHKFAIL, server->check_failures);
	put(r, METRIC_CHKDOWN, server->down_count);
	put(r, METRIC_DOWNTIME, server->downtime_ms / 1000);
	if (state_in_maint(&server->state))
		return;
	say(r, METRIC_CHECK_STATUS,
	    server->check_running ? mem_arena_printf(&s->arena, "* %s", code) : code);
	say(r, METRIC_CHECK_DESC, probe_code_words(check->code));
	if (check->status)
		put(r, METRIC_CHECK_CODE, check->status);
	if (check->code != PROBE_INIT)
		put(r, METRIC_CHECK_DURATION, check->duration_ms);
	if (check->info[0] && !probe_code_passed(check->code))
		say(r, METRIC_LAST_CHK, mem_arena_strdup(&s->arena, check->info));
	put(r, METRIC_CHECK_RISE, server->limits.rise);
	put(r, METRIC_CHECK_FALL, server->limits.fall);
	put(r, METRIC_CHECK_HEALTH, server->state.counter);
}

static void fill_server(struct snapshot *s, struct snapshot_service *service,
                        struct snapshot_server *server)
{
	struct snapshot_row *r = &server->row;

	begin(r, SNAPSHOT_SERVER, service, server->name, server->id);
	fill_traffic(r, server->count);
	fill_check(s, server);
	say(r, METRIC_STATUS, status_of(server));
	say(r, METRIC_ADDR, server->address);
	put(r, METRIC_SCUR, server->sessions);
	put(r, METRIC_SMAX, server->sessions_max);
	if (server->maxconn)
		put(r, METRIC_SLIM, server->maxconn);
	put(r, METRIC_STOT, server->count[COUNTER_SESSIONS]);
	put(r, METRIC_CONNECT, server->count[COUNTER_SESSIONS]);
	put(r, METRIC_WEIGHT, server->weight);
	put(r, METRIC_UWEIGHT, server->weight);
	put(r, METRIC_ACT, !server->backup);
	put(r, METRIC_BCK, server->backup);
	put(r, METRIC_LASTCHG, (uint64_t)server->age_ms / 1000);
	put(r, METRIC_RATE, server->rate);
	put(r, METRIC_RATE_MAX, server->rate_max);
	put(r, METRIC_LASTSESS, (uint64_t)server->last_session_s);
	put(r, METRIC_QTIME, server->queue_ms);
	put(r, METRIC_CTIME, server->connect_ms);
	put(r, METRIC_TTIME, server->total_ms);
	put(r, METRIC_QTIME_MAX, server->queue_max_ms);
	put(r, METRIC_CTIME_MAX, server->connect_max_ms);
	put(r, METRIC_TTIME_MAX, server->total_max_ms);
	put(r, METRIC_USED_CONN_CUR, server->sessions);
	put(r, METRIC_NEED_CONN_EST, server->sessions);
	ZERO(r, METRIC_SRV_ICUR, METRIC_IDLE_CONN_CUR, METRIC_SAFE_CONN_CUR);
}

/* Sums and maxima over the servers of a service. */
struct sums {
	uint64_t attempts, sessions, weight, samples, queue, connect, total;
	uint32_t queue_max, connect_max, total_max;
	int64_t last_session_s;
};

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static struct sums sum_up(const struct snapshot_service *service)
{
	struct sums ret = { .last_session_s = -1 };

	for (size_t i = 0; i < service->server_count; i++) {
		const struct snapshot_server *server = &service->servers[i];
		uint64_t samples = server->count[COUNTER_CONNECTED];

		ret.attempts += server->count[COUNTER_SESSIONS];
		ret.sessions += server->sessions;
		if (server->usable && server->backup == service->on_backup)
			ret.weight += server->weight;
		ret.samples += samples;
		ret.queue += samples * server->queue_ms;
		ret.connect += samples * server->connect_ms;
		ret.total += samples * server->total_ms;
		ret.queue_max = larger(ret.queue_max, server->queue_max_ms);
		ret.connect_max = larger(ret.connect_max, server->connect_max_ms);
		ret.total_max = larger(ret.total_max, server->total_max_ms);
		if (server->last_session_s >= 0 &&
		    (ret.last_session_s < 0 || server->last_session_s < ret.last_session_s))
			ret.last_session_s = server->last_session_s;
	}
	return ret;
}

static void fill_backend(struct snapshot_service *service)
{
	struct snapshot_row *r = &service->backend;
	struct sums sum = sum_up(service);
	uint64_t samples = sum.samples ? sum.samples : 1;

	begin(r, SNAPSHOT_BACKEND, service, "BACKEND", 0);
	fill_traffic(r, service->count);
	say(r, METRIC_STATUS, service->up || !service->server_count ? "UP" : "DOWN");
	say(r, METRIC_ALGO, service->balance);
	put(r, METRIC_SCUR, sum.sessions);
	put(r, METRIC_SMAX, service->sessions_max);
	put(r, METRIC_SLIM, ((uint64_t)service->maxconn + 9) / 10); /* HAProxy's fullconn */
	put(r, METRIC_STOT, service->count[COUNTER_SESSIONS]);
	put(r, METRIC_CONNECT, sum.attempts);
	put(r, METRIC_WEIGHT, sum.weight);
	put(r, METRIC_UWEIGHT, sum.weight);
	put(r, METRIC_ACT, service->active_usable);
	put(r, METRIC_BCK, service->backup_usable);
	put(r, METRIC_CHKDOWN, service->down_count);
	put(r, METRIC_LASTCHG, (uint64_t)service->age_ms / 1000);
	put(r, METRIC_DOWNTIME, service->downtime_ms / 1000);
	put(r, METRIC_RATE, service->rate);
	put(r, METRIC_RATE_MAX, service->rate_max);
	put(r, METRIC_LASTSESS, (uint64_t)sum.last_session_s);
	put(r, METRIC_QTIME, sum.queue / samples);
	put(r, METRIC_CTIME, sum.connect / samples);
	put(r, METRIC_TTIME, sum.total / samples);
	put(r, METRIC_QTIME_MAX, sum.queue_max);
	put(r, METRIC_CTIME_MAX, sum.connect_max);
	put(r, METRIC_TTIME_MAX, sum.total_max);
	ZERO(r, METRIC_DREQ, METRIC_COMP_IN, METRIC_COMP_OUT, METRIC_COMP_BYP, METRIC_COMP_RSP,
	     METRIC_AGG_SERVER_STATUS, METRIC_AGG_SERVER_CHECK_STATUS, METRIC_AGG_CHECK_STATUS);
}

void rows_fill(struct snapshot *s, struct snapshot_service *service)
{
	fill_frontend(s, service);
	for (size_t i = 0; i < service->server_count; i++)
		fill_server(s, service, &service->servers[i]);
	fill_backend(service);
}
