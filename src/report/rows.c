/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include "rowfill.h"

/* HAProxy's numbers of codes that carry a status of the answer begin here ("L7OK"). */
enum { FIRST_CODE_WITH_STATUS = 15 };

/* A proxy that its file calls one of HTTP: its requests are relayed as bytes, and not counted. */
static void show_as_http(struct snapshot_row *r)
{
	r->http = true;
	rowfill_say(r, METRIC_MODE, "http");
	ROWFILL_ZERO(r, METRIC_HRSP_1XX, METRIC_HRSP_2XX, METRIC_HRSP_3XX, METRIC_HRSP_4XX,
	             METRIC_HRSP_5XX, METRIC_HRSP_OTHER, METRIC_REQ_TOT);
	if (r->kind != SNAPSHOT_SERVER)
		ROWFILL_ZERO(r, METRIC_CACHE_LOOKUPS, METRIC_CACHE_HITS);
	if (r->kind == SNAPSHOT_FRONTEND)
		rowfill_put(r, METRIC_INTERCEPTED, 0);
}

static const char *word_of(const struct snapshot *s, const struct snapshot_frontend *f)
{
	if (f->stopped || s->process.stopping)
		return "STOP";
	return f->paused ? "PAUSED" : "OPEN";
}

static void fill_frontend(const struct snapshot *s, const struct snapshot_service *service,
                          struct snapshot_frontend *f)
{
	struct snapshot_row *r = &f->row;
	bool alone = service->frontend_count == 1;

	rowfill_begin(r, SNAPSHOT_FRONTEND, f->name, f->id, "FRONTEND", 0);
	if (service->http)
		show_as_http(r);
	rowfill_say(r, METRIC_STATUS, word_of(s, f));
	rowfill_put(r, METRIC_SCUR, f->sessions);
	rowfill_put(r, METRIC_SMAX, f->sessions_max);
	rowfill_put(r, METRIC_SLIM, f->maxconn);
	rowfill_put(r, METRIC_STOT, f->count[COUNTER_SESSIONS]);
	rowfill_put(r, METRIC_BIN, f->count[COUNTER_BYTES_IN]);
	rowfill_put(r, METRIC_BOUT, f->count[COUNTER_BYTES_OUT]);
	rowfill_put(r, METRIC_RATE, f->rate);
	rowfill_put(r, METRIC_RATE_LIM, f->rate_limit);
	rowfill_put(r, METRIC_RATE_MAX, f->rate_max);
	rowfill_put(r, METRIC_CONN_RATE, f->conn_rate);
	rowfill_put(r, METRIC_CONN_RATE_MAX, f->conn_rate_max);
	rowfill_put(r, METRIC_CONN_TOT, f->count[COUNTER_CONNECTIONS]);
	rowfill_put(r, METRIC_DCON, f->count[COUNTER_DENIED]);
	rowfill_put(r, METRIC_DSES, f->count[COUNTER_DENIED_SESSIONS]);
	rowfill_put(r, METRIC_EINT,
	            alone ? service->ended[REASON_RESOURCES] : f->count[COUNTER_FAILED_RESOURCES]);
	ROWFILL_ZERO(r, METRIC_DREQ, METRIC_EREQ, METRIC_REQ_RATE, METRIC_REQ_RATE_MAX,
	             METRIC_REQ_TOT, METRIC_COMP_IN, METRIC_COMP_OUT, METRIC_COMP_BYP,
	             METRIC_COMP_RSP);
}

/* What servers and backends have alike. */
static void fill_traffic(struct snapshot_row *r, const uint64_t count[COUNTER_COUNT])
{
	rowfill_put(r, METRIC_BIN, count[COUNTER_BYTES_IN]);
	rowfill_put(r, METRIC_BOUT, count[COUNTER_BYTES_OUT]);
	rowfill_put(r, METRIC_ECON, count[COUNTER_CONNECT_ERRORS]);
	/* "srv_abrt will be counted here also" (management manual 9.1, field 14). */
	rowfill_put(r, METRIC_ERESP, count[COUNTER_SERVER_ABORTS]);
	rowfill_put(r, METRIC_WRETR, count[COUNTER_RETRIES]);
	rowfill_put(r, METRIC_WREDIS, count[COUNTER_REDISPATCHES]);
	rowfill_put(r, METRIC_LBTOT, count[COUNTER_PICKED]);
	rowfill_put(r, METRIC_CLI_ABRT, count[COUNTER_CLIENT_ABORTS]);
	rowfill_put(r, METRIC_SRV_ABRT, count[COUNTER_SERVER_ABORTS]);
	rowfill_put(r, METRIC_EINT, count[COUNTER_FAILED_RESOURCES]);
	ROWFILL_ZERO(r, METRIC_RTIME, METRIC_RTIME_MAX, METRIC_REUSE);
}

/*
 * A server that has not been checked yet takes no sessions, and no client of HAProxy's knows the
 * word "CHECKING".
 */
static const char *status_of(const struct snapshot_server *server)
{
	bool checking = state_effective(&server->state) == STATE_CHECKING;

	return checking && !state_in_maint(&server->state) ? "DOWN" : server->status;
}

/* The status that came with an answer; a program that a signal ended has -1. */
static uint64_t code_of(const struct probe_result *r)
{
	return r->status == PROBE_KILLED ? UINT32_MAX : r->status;
}

/*
 * While a check runs HAProxy shows the last code, a status of 0 and no text; the status only with
 * codes of an answer.
 */
static void fill_check(struct snapshot *s, struct snapshot_server *server)
{
	struct snapshot_row *r = &server->row;
	const struct probe_result *check = &server->check;
	const char *code = probe_code_name(check->code);
	bool running = server->check_running;
	const char *info = probe_code_passed(check->code) || running ? "" : check->info;

	if (!server->check_on)
		return;
	rowfill_put(r, METRIC_CHKFAIL, server->check_failures);
	rowfill_put(r, METRIC_CHKDOWN, server->down_count);
	rowfill_put(r, METRIC_DOWNTIME, server->downtime_ms / 1000);
	if (state_in_maint(&server->state))
		return;
	rowfill_say(r, METRIC_CHECK_STATUS,
	            running ? mem_arena_printf(&s->arena, "* %s", code) : code);
	rowfill_say(r, METRIC_CHECK_DESC, probe_code_words(check->code));
	if (probe_code_number(check->code) >= FIRST_CODE_WITH_STATUS)
		rowfill_put(r, METRIC_CHECK_CODE, running ? 0 : code_of(check));
	if (check->code != PROBE_INIT)
		rowfill_put(r, METRIC_CHECK_DURATION, check->duration_ms);
	rowfill_say(r, METRIC_LAST_CHK, mem_arena_strdup(&s->arena, info));
	rowfill_put(r, METRIC_CHECK_RISE, server->limits.rise);
	rowfill_put(r, METRIC_CHECK_FALL, server->limits.fall);
	rowfill_put(r, METRIC_CHECK_HEALTH, server->state.counter);
}

static void fill_agent(struct snapshot *s, struct snapshot_server *server)
{
	struct snapshot_row *r = &server->row;
	const struct probe_result *agent = &server->agent;
	const char *code = probe_code_name(agent->code);

	if (!server->agent_on || state_in_maint(&server->state))
		return;
	rowfill_say(r, METRIC_AGENT_STATUS,
	            server->agent_running ? mem_arena_printf(&s->arena, "* %s", code) : code);
	rowfill_say(r, METRIC_AGENT_DESC, probe_code_words(agent->code));
	if (probe_code_number(agent->code) >= FIRST_CODE_WITH_STATUS)
		rowfill_put(r, METRIC_AGENT_CODE, code_of(agent));
	if (agent->code != PROBE_INIT)
		rowfill_put(r, METRIC_AGENT_DURATION, agent->duration_ms);
	rowfill_say(r, METRIC_LAST_AGT, mem_arena_strdup(&s->arena, agent->info));
	rowfill_put(r, METRIC_AGENT_RISE, server->agent_limits.rise);
	rowfill_put(r, METRIC_AGENT_FALL, server->agent_limits.fall);
	rowfill_put(r, METRIC_AGENT_HEALTH, server->agent_health);
}

static void fill_load(struct snapshot_row *r, const struct snapshot_server *server)
{
	bool ramping = server->ramp < 100 && state_is_usable(&server->state);

	rowfill_put(r, METRIC_QCUR, server->queued);
	rowfill_put(r, METRIC_QMAX, server->queued_max);
	rowfill_put(r, METRIC_SCUR, server->sessions);
	rowfill_put(r, METRIC_SMAX, server->sessions_max);
	if (server->maxconn)
		rowfill_put(r, METRIC_SLIM, server->maxconn);
	if (server->maxqueue)
		rowfill_put(r, METRIC_QLIMIT, server->maxqueue);
	if (ramping)
		rowfill_put(r, METRIC_THROTTLE, server->ramp);
	rowfill_put(r, METRIC_WEIGHT, server->weight_now);
	rowfill_put(r, METRIC_UWEIGHT, server->weight);
	rowfill_put(r, METRIC_ACT, !server->backup);
	rowfill_put(r, METRIC_BCK, server->backup);
	rowfill_put(r, METRIC_RATE, server->rate);
	rowfill_put(r, METRIC_RATE_MAX, server->rate_max);
	rowfill_put(r, METRIC_USED_CONN_CUR, server->sessions);
	rowfill_put(r, METRIC_NEED_CONN_EST, server->sessions);
	ROWFILL_ZERO(r, METRIC_SRV_ICUR, METRIC_IDLE_CONN_CUR, METRIC_SAFE_CONN_CUR);
}

static void fill_server(struct snapshot *s, struct snapshot_service *service,
                        struct snapshot_server *server)
{
	struct snapshot_row *r = &server->row;

	rowfill_begin(r, SNAPSHOT_SERVER, service->name, service->id, server->name, server->id);
	r->server = server;
	r->service = service;
	if (service->http)
		show_as_http(r);
	fill_traffic(r, server->count);
	fill_load(r, server);
	fill_check(s, server);
	fill_agent(s, server);
	rowfill_say(r, METRIC_STATUS, status_of(server));
	rowfill_say_address(r, server->address);
	if (server->tracked)
		rowfill_say(r, METRIC_TRACKED, server->tracked);
	if (server->observed)
		rowfill_put(r, METRIC_HANAFAIL, 0);
	rowfill_put(r, METRIC_STOT, server->count[COUNTER_SESSIONS]);
	rowfill_put(r, METRIC_CONNECT, server->count[COUNTER_SESSIONS]);
	rowfill_put(r, METRIC_LASTCHG, (uint64_t)server->age_ms / 1000);
	rowfill_put(r, METRIC_LASTSESS, (uint64_t)server->last_session_s);
	rowfill_put(r, METRIC_QTIME, server->queue_ms);
	rowfill_put(r, METRIC_CTIME, server->connect_ms);
	rowfill_put(r, METRIC_TTIME, server->total_ms);
	rowfill_put(r, METRIC_QTIME_MAX, server->queue_max_ms);
	rowfill_put(r, METRIC_CTIME_MAX, server->connect_max_ms);
	rowfill_put(r, METRIC_TTIME_MAX, server->total_max_ms);
}

/* Sums and maxima over the servers of a service. */
struct sums {
	uint64_t attempts, sessions, weight, user_weight, samples, queue, connect, total;
	uint32_t queue_max, connect_max, total_max;
	int64_t last_session_s;
	bool has_backup;
};

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Of those that get traffic: without `allbackups` one backup serves alone. */
static void add_weight(struct sums *sum, const struct snapshot_service *service,
                       const struct snapshot_server *server)
{
	if (!server->usable || server->backup != service->on_backup)
		return;
	if (server->backup && sum->has_backup && !service->allbackups)
		return;
	sum->has_backup = server->backup;
	sum->weight += server->weight_now;
	sum->user_weight += server->weight;
}

static struct sums sum_up(const struct snapshot_service *service)
{
	struct sums ret = { .last_session_s = -1,
		            .attempts = service->count[COUNTER_GONE_ATTEMPTS] };

	for (size_t i = 0; i < service->server_count; i++) {
		const struct snapshot_server *server = &service->servers[i];
		uint64_t samples = server->count[COUNTER_CONNECTED];

		add_weight(&ret, service, server);
		ret.attempts += server->count[COUNTER_SESSIONS];
		ret.sessions += server->sessions + server->queued;
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

static void fill_times(struct snapshot_row *r, const struct sums *sum)
{
	uint64_t samples = sum->samples ? sum->samples : 1;

	rowfill_put(r, METRIC_QTIME, sum->queue / samples);
	rowfill_put(r, METRIC_CTIME, sum->connect / samples);
	rowfill_put(r, METRIC_TTIME, sum->total / samples);
	rowfill_put(r, METRIC_QTIME_MAX, sum->queue_max);
	rowfill_put(r, METRIC_CTIME_MAX, sum->connect_max);
	rowfill_put(r, METRIC_TTIME_MAX, sum->total_max);
}

static void fill_backend(struct snapshot_service *service)
{
	struct snapshot_row *r = &service->backend;
	struct sums sum = sum_up(service);

	rowfill_begin(r, SNAPSHOT_BACKEND, service->name, service->id, "BACKEND", 0);
	r->service = service;
	if (service->http)
		show_as_http(r);
	fill_traffic(r, service->count);
	fill_times(r, &sum);
	rowfill_say(r, METRIC_STATUS, service->up || !service->server_count ? "UP" : "DOWN");
	rowfill_say(r, METRIC_ALGO, service->balance);
	rowfill_put(r, METRIC_QCUR, service->queued);
	rowfill_put(r, METRIC_QMAX, service->queued_max);
	rowfill_put(r, METRIC_SCUR, sum.sessions + service->queued);
	rowfill_put(r, METRIC_SMAX, service->sessions_max);
	rowfill_put(r, METRIC_SLIM, service->fullconn);
	rowfill_put(r, METRIC_STOT, service->count[COUNTER_SESSIONS]);
	rowfill_put(r, METRIC_CONNECT, sum.attempts);
	rowfill_put(r, METRIC_WEIGHT, sum.weight);
	rowfill_put(r, METRIC_UWEIGHT, sum.user_weight);
	rowfill_put(r, METRIC_ACT, service->active_usable);
	rowfill_put(r, METRIC_BCK, service->backup_usable);
	rowfill_put(r, METRIC_CHKDOWN, service->down_count);
	rowfill_put(r, METRIC_LASTCHG, (uint64_t)service->age_ms / 1000);
	if (service->server_count)
		rowfill_put(r, METRIC_DOWNTIME, service->downtime_ms / 1000);
	rowfill_put(r, METRIC_RATE, service->rate);
	rowfill_put(r, METRIC_RATE_MAX, service->rate_max);
	rowfill_put(r, METRIC_LASTSESS, (uint64_t)sum.last_session_s);
	ROWFILL_ZERO(r, METRIC_DREQ, METRIC_COMP_IN, METRIC_COMP_OUT, METRIC_COMP_BYP,
	             METRIC_COMP_RSP, METRIC_AGG_SERVER_STATUS, METRIC_AGG_SERVER_CHECK_STATUS,
	             METRIC_AGG_CHECK_STATUS);
}

void rows_fill(struct snapshot *s, struct snapshot_service *service)
{
	for (size_t i = 0; i < service->frontend_count; i++)
		fill_frontend(s, service, &service->frontends[i]);
	for (size_t i = 0; i < service->server_count; i++)
		fill_server(s, service, &service->servers[i]);
	fill_backend(service);
}
