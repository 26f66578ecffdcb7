/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/number.h"
#include "call.h"

#include <string.h>

/* --- the connection ----------------------------------------------------------------------- */

/* HAProxy's `_getsocks` is not a command for people: see ctlsocket.c. */
void processcalls_quit(struct call *c)
{
	c->ctx->quit = true;
}

/* Alone it turns the prompt on and off; HAProxy 3.x: "n" no, "i" interactive without, "p" with. */
void processcalls_prompt(struct call *c)
{
	struct command_context *ctx = c->ctx;
	const char *how = call_arg(c, 0);

	if (how && strcmp(how, "n") == 0)
		ctx->interactive = ctx->prompt = false;
	else if (how && strcmp(how, "i") == 0)
		ctx->interactive = true;
	else if (how && strcmp(how, "timed") == 0)
		ctx->interactive = ctx->prompt = ctx->timed = true;
	else if (how && strcmp(how, "p") == 0)
		ctx->interactive = ctx->prompt = true;
	else
		ctx->interactive = ctx->prompt = !ctx->prompt;
	if (how && strcmp(how, "i") == 0)
		ctx->prompt = false;
}

void processcalls_operator(struct call *c)
{
	c->ctx->level = SETTINGS_LEVEL_OPERATOR;
}

void processcalls_user(struct call *c)
{
	c->ctx->level = SETTINGS_LEVEL_USER;
}

void processcalls_echo(struct call *c)
{
	AUTO_TEXT words = { 0 };

	for (size_t i = 0; i < c->count; i++)
		text_addf(&words, "%s%s", i ? " " : "", c->args[i]);
	call_say(c, CALL_INFO, "%s", text_str(&words));
}

void processcalls_set_severity(struct call *c)
{
	const char *how = call_arg(c, 0) ? c->args[0] : "";

	if (strcmp(how, "none") == 0)
		c->ctx->severity = COMMAND_PLAIN;
	else if (strcmp(how, "number") == 0)
		c->ctx->severity = COMMAND_NUMBERS;
	else if (strcmp(how, "string") == 0)
		c->ctx->severity = COMMAND_WORDS;
	else
		call_say(c, CALL_ERROR, "one of 'none', 'number', 'string' is a required argument");
}

void processcalls_set_timeout(struct call *c)
{
	const char *delay = call_arg(c, 1);
	uint64_t ms;

	if (!call_arg(c, 0) || strcmp(c->args[0], "cli") != 0) {
		call_say(c, CALL_ERROR, "'set timeout' only supports 'cli'.");
		return;
	}
	if (!delay) {
		call_say(c, CALL_ERROR, "Expects an integer value.");
		return;
	}
	/* A bare number is seconds. */
	if (number_parse(delay, INT32_MAX / 1000, &ms))
		ms *= 1000;
	else if (!number_parse_duration(delay, &ms) || strspn(delay, "0123456789") == strlen(delay))
		ms = 0;
	if (ms == 0 || ms > INT32_MAX) {
		call_say(c, CALL_ERROR, "Invalid timeout value.");
		return;
	}
	c->ctx->timeout_ms = (uint32_t)ms;
}

/* --- counters ----------------------------------------------------------------------------- */

static void clear_set(struct counter_set *s)
{
	for (enum counter i = 0; i < COUNTER_COUNT; i++)
		atomic_store_explicit(&s->at[i], 0, memory_order_relaxed);
}

static void clear_time(struct topology_time *t, bool all)
{
	atomic_store_explicit(&t->max, 0, memory_order_relaxed);
	if (all)
		atomic_store_explicit(&t->sum, 0, memory_order_relaxed);
}

static void clear_server(struct topology_server *s, bool all)
{
	atomic_store(&s->active_max, 0);
	atomic_store(&s->queued_max, 0);
	clear_time(&s->queue_time, all);
	clear_time(&s->connect_time, all);
	clear_time(&s->total_time, all);
	s->rate_max = 0;
	if (!all)
		return;
	clear_set(&s->count);
	atomic_store(&s->last_session_ms, 0);
	s->check_failures = s->down_count = s->last_total = 0;
}

static void clear_frontend(struct topology_frontend *f, bool all)
{
	atomic_store(&f->active_max, 0);
	f->rate_max = f->conn_rate_max = 0;
	if (!all)
		return;
	clear_set(&f->count);
	f->last_total = f->last_accepted = 0;
}

static void clear_service(struct topology_service *s, bool all)
{
	for (size_t i = 0; i < s->frontend_count; i++)
		clear_frontend(s->frontends[i], all);
	for (size_t i = 0; i < s->server_count; i++)
		clear_server(s->servers[i], all);
	atomic_store(&s->active_max, 0);
	atomic_store(&s->queued_max, 0);
	atomic_store(&s->held_max, 0);
	s->rate_max = s->conn_rate_max = 0;
	if (!all)
		return;
	clear_set(&s->count);
	for (enum reason r = 0; r < REASON_COUNT; r++)
		atomic_store(&s->ended[r], 0);
	s->last_total = 0; /* HAProxy keeps how often a backend was down */
}

void processcalls_clear_counters(struct call *c)
{
	struct daemon *d = c->ctx->daemon;
	bool all = call_arg(c, 0) && strcmp(c->args[0], "all") == 0;

	if (all && !call_may(c, SETTINGS_LEVEL_ADMIN))
		return;
	for (size_t i = 0; i < d->topology->service_count; i++)
		clear_service(d->topology->services[i], all);
	d->conn_rate_max = 0;
	if (all)
		d->topology->gone_bytes_out = d->last_bytes_out = 0;
}

/* --- frontends ---------------------------------------------------------------------------- */

/* The frontend that the first argument names; NULL when the answer is an error. */
static struct topology_frontend *frontend_of(struct call *c)
{
	const char *name = call_arg(c, 0);
	struct topology_frontend *f;

	if (!name) {
		call_say(c, CALL_ERROR, "A frontend name is expected.");
		return NULL;
	}
	f = topology_find_frontend(c->ctx->daemon->topology, name);
	if (!f)
		call_say(c, CALL_ERROR, "No such frontend.");
	return f;
}

/* What HAProxy calls a "listen" is a proxy: it is a backend, too. */
static const char *kind_of(const struct topology_frontend *f)
{
	return f->id == f->service->id ? "proxy" : "frontend";
}

static void pause_frontend(struct call *c, struct topology_frontend *f, bool pause)
{
	crew_pause_frontend(c->ctx->daemon->crew, f, pause);
	atomic_store(&f->paused, pause);
	roster_say(c->ctx->daemon->roster, LOG_LEVEL_WARN, "%s %s %s.",
	           pause ? "Paused" : "Resumed", kind_of(f), f->settings->name);
}

void processcalls_disable_frontend(struct call *c)
{
	struct topology_frontend *f = frontend_of(c);

	if (!f)
		return;
	if (f->stopped)
		call_say(c, CALL_NOTICE, "Frontend was previously shut down, cannot disable.");
	else if (atomic_load(&f->paused))
		call_say(c, CALL_NOTICE, "All sockets are already disabled.");
	else
		pause_frontend(c, f, true);
}

void processcalls_enable_frontend(struct call *c)
{
	struct topology_frontend *f = frontend_of(c);

	if (!f)
		return;
	if (f->stopped)
		call_say(c, CALL_ERROR, "Frontend was previously shut down, cannot enable.");
	else if (!atomic_load(&f->paused))
		call_say(c, CALL_NOTICE, "All sockets are already enabled.");
	else
		pause_frontend(c, f, false);
}

void processcalls_shutdown_frontend(struct call *c)
{
	struct topology_frontend *f = frontend_of(c);

	if (!f)
		return;
	if (f->stopped) {
		call_say(c, CALL_NOTICE, "Frontend was already shut down.");
		return;
	}
	crew_close_frontend(c->ctx->daemon->crew, f);
	f->stopped = true;
	roster_say(c->ctx->daemon->roster, LOG_LEVEL_WARN,
	           "Proxy %s stopped (cumulated conns: FE: %llu, BE: %llu).", f->settings->name,
	           (unsigned long long)counter_get(&f->count, COUNTER_CONNECTIONS),
	           (unsigned long long)counter_get(&f->service->count, COUNTER_SESSIONS));
}

/* --- limits ------------------------------------------------------------------------------- */

/* `garbage`: the answer to what is no number; HAProxy takes that for 0 and closes the service. */
static bool take_number(struct call *c, const char *word, uint64_t max, const char *garbage,
                        uint64_t *ret)
{
	bool negative = word && word[0] == '-' && word[1];

	if (word && number_parse(word, max, ret))
		return true;
	call_say(c, CALL_ERROR, "%s",
	         negative || (word && number_parse(word, UINT64_MAX, ret)) ? "Value out of range."
	                                                                   : garbage);
	return false;
}

/* 0 is no limit here, where HAProxy's means that nobody may come: `disable frontend` says so. */
void processcalls_set_maxconn_frontend(struct call *c)
{
	struct topology_frontend *f = frontend_of(c);
	uint64_t n;

	if (!f || !take_number(c, call_arg(c, 1), INT32_MAX, "Integer value expected.", &n))
		return;
	if (n == 0) {
		call_say(c, CALL_ERROR, "Value out of range.");
		return;
	}
	atomic_store(&f->maxconn, (uint32_t)n);
	f->limited = true;
}

static void begin_limits(struct daemon *d)
{
	const struct settings *s = d->topology->settings;

	if (d->limits_changed)
		return;
	d->limits_changed = true;
	d->conn_rate_limit = s->conn_rate_limit;
	d->session_rate_limit = s->session_rate_limit;
	d->hard_maxconn = d->maxconn;
}

/* 0 takes the limit back to what it was at the start. */
void processcalls_set_maxconn_global(struct call *c)
{
	struct daemon *d = c->ctx->daemon;
	uint64_t n;

	begin_limits(d);
	if (!take_number(c, call_arg(c, 0), d->hard_maxconn, "Expects an integer value.", &n))
		return;
	d->maxconn = n ? (uint32_t)n : d->hard_maxconn;
	crew_set_maxconn(d->crew, d->maxconn);
}

/* The rates that are 0 for good here are taken, too: there is nothing that could exceed them. */
static bool is_rate(const struct call *c)
{
	static const char *const names[] = { "connections", "sessions", "ssl-sessions",
		                             "http-compression" };

	if (!call_arg(c, 1) || strcmp(c->args[1], "global") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(c->args[0], names[i]) == 0)
			return true;
	return false;
}

void processcalls_set_rate_limit(struct call *c)
{
	struct daemon *d = c->ctx->daemon;
	uint64_t n;

	if (!is_rate(c)) {
		call_say(
		    c, CALL_ERROR,
		    "'set rate-limit' only supports :\n"
		    "   - 'connections global' to set the per-process maximum connection rate\n"
		    "   - 'sessions global' to set the per-process maximum session rate\n"
		    "   - 'ssl-sessions global' to set the per-process maximum SSL session rate\n"
		    "   - 'http-compression global' to set the per-process maximum compression "
		    "speed in kB/s\n");
		return;
	}
	if (!take_number(c, call_arg(c, 2), INT32_MAX, "Expects an integer value.", &n))
		return;
	begin_limits(d);
	if (strcmp(c->args[0], "connections") == 0)
		d->conn_rate_limit = (uint32_t)n;
	else if (strcmp(c->args[0], "sessions") == 0)
		d->session_rate_limit = (uint32_t)n;
	crew_set_rate_limits(d->crew, d->conn_rate_limit, d->session_rate_limit);
}
