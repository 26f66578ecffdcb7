/* SPDX-License-Identifier: MIT */
#include "control/logger.h"

#include "base/mem.h"
#include "base/tick.h"
#include "logroute.h"
#include "report/eventjson.h"
#include "report/eventline.h"
#include "report/haproxylog.h"
#include "report/logformat.h"
#include "report/sessionline.h"
#include "report/stamp.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct service {
	const struct settings_service *settings;
	const struct logroute *route;
	bool is_listen; /* HAProxy's word for a service that is its own frontend */
};

struct front {
	const char *name;
	const struct settings_frontend *known; /* found by it after the first time */
	const struct logroute *route;
	struct logformat *format; /* NULL: HAProxy's own line when it begins */
	uint32_t lines;           /* that were written */
};

struct logger {
	struct logroute_set routes;
	const struct logroute *route; /* of the process */
	struct service *services;
	size_t service_count;
	struct front *fronts;
	size_t front_count;
	struct front past; /* of what the settings do not know any more */
	bool haproxy, is_sink;
	char host[HOST_NAME_MAX + 1];
};

/* --- what the program says ---------------------------------------------------------------- */

/* Syslog and journald add the time themselves; nobody does to a file or a bare stderr. */
static unsigned int time_flags(const struct settings_log *s)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment */
	bool journald = s->kind == SETTINGS_LOG_STDERR && getenv("JOURNAL_STREAM");
	bool stamped = journald || s->kind == SETTINGS_LOG_SYSLOG || s->kind == SETTINGS_LOG_UDP;

	switch (s->framing) {
	case SETTINGS_LOG_USUAL:
		break;
	case SETTINGS_LOG_LOCAL:
	case SETTINGS_LOG_RFC3164:
	case SETTINGS_LOG_RFC5424:
	case SETTINGS_LOG_TIMED:
	case SETTINGS_LOG_ISO:
		return 0;
	case SETTINGS_LOG_PRIORITY:
	case SETTINGS_LOG_SHORT:
	case SETTINGS_LOG_RAW:
	case SETTINGS_LOG_CONSOLE:
		stamped = false;
		break;
	}
	return stamped ? 0 : EVENTLINE_TIME | EVENTLINE_DATE;
}

static void format_message(const struct settings_log *s, enum log_level level, int64_t wall_ms,
                           const char *message, struct text *out)
{
	if (s->format == SETTINGS_LOG_JSON) {
		text_addf(out, "{\"time_ms\":%lld,\"kind\":\"message\",\"level\":\"%s\",\"text\":",
		          (long long)wall_ms, log_level_name(level));
		text_add_json(out, message);
		text_addc(out, '}');
		return;
	}
	if (s->format == SETTINGS_LOG_TEXT && time_flags(s)) {
		stamp_add_date(out, wall_ms);
		text_addc(out, ' ');
		stamp_add_time(out, wall_ms);
		text_add(out, "  sluice  ");
	}
	text_add(out, message);
}

/* In HAProxy's place its readers get no lines that it would not write, unless something fails. */
static bool hears(const struct logger *l, const struct settings_log *s, enum log_level level)
{
	return !l->haproxy || s->format != SETTINGS_LOG_HAPROXY || level <= LOG_LEVEL_WARN;
}

static void on_message(void *ctx, enum log_level level, const char *message)
{
	struct logger *l = ctx;
	int64_t wall_ms = tick_wall_ms();

	for (size_t i = 0; i < l->route->count; i++) {
		const struct settings_log *s = l->route->targets[i]->settings;
		AUTO_TEXT line = { 0 };

		if ((int)level > s->level || !hears(l, s, level))
			continue;
		format_message(s, level, wall_ms, message, &line);
		logroute_write(&l->routes, l->route->targets[i], level, wall_ms, text_str(&line));
	}
}

/* --- making ------------------------------------------------------------------------------- */

static bool add_route(struct logger *l, bool own, const struct settings_log *logs, size_t count,
                      const struct logroute **ret, struct error *err)
{
	*ret = l->route;
	return !own || logroute_add(&l->routes, logs, count, ret, err);
}

static const char *format_of(enum settings_session_log kind, const char *format)
{
	switch (kind) {
	case SETTINGS_SESSION_TCPLOG:
		return LOGFORMAT_TCPLOG;
	case SETTINGS_SESSION_CONNECT:
		return NULL;
	case SETTINGS_SESSION_CLF:
		return LOGFORMAT_CLF;
	case SETTINGS_SESSION_FORMAT:
		return format ? format : LOGFORMAT_TCPLOG;
	}
	return LOGFORMAT_TCPLOG;
}

static bool add_front(struct logger *l, const char *name, const char *format,
                      const struct logroute *route, struct error *err)
{
	struct front *f;

	l->fronts = mem_resize(l->fronts, l->front_count + 1, sizeof(*f));
	f = &l->fronts[l->front_count++];
	*f = (struct front){ .name = name, .route = route };
	return !format || logformat_new(format, &f->format, err) ||
	       error_wrap(err, "log_format of \"%s\"", name);
}

static bool add_frontend(struct logger *l, const struct settings_frontend *f, struct error *err)
{
	const struct logroute *route;

	return add_route(l, f->own_logs, f->logs, f->log_count, &route, err) &&
	       add_front(l, f->name, format_of(f->session_log, f->log_format), route, err);
}

/* It listens itself, or its frontend has its name and number. */
static bool is_listen(const struct settings_service *s)
{
	const struct settings_frontend *f = s->frontends;

	if (!s->frontend_count)
		return s->bind_count > 0;
	return f->id == s->id && strcmp(f->name, s->name) == 0;
}

static bool add_service(struct logger *l, const struct settings_service *s, struct error *err)
{
	struct service *to = &l->services[l->service_count++];

	to->settings = s;
	to->is_listen = is_listen(s);
	if (!add_route(l, s->own_logs, s->logs, s->log_count, &to->route, err))
		return false;
	for (size_t i = 0; i < s->frontend_count; i++)
		if (!add_frontend(l, &s->frontends[i], err))
			return false;
	return s->frontend_count ||
	       add_front(l, s->name, format_of(s->session_log, s->log_format), to->route, err);
}

static bool add_all(struct logger *l, const struct settings *settings, struct error *err)
{
	if (!logroute_add(&l->routes, settings->logs, settings->log_count, &l->route, err))
		return false;
	l->past.route = l->route;
	l->services = mem_zalloc((settings->service_count + 1) * sizeof(l->services[0]));
	for (size_t i = 0; i < settings->service_count; i++)
		if (!add_service(l, &settings->services[i], err))
			return false;
	return true;
}

bool logger_new_heir(const struct settings *settings, const struct logger *before,
                     struct logger **ret, struct error *err)
{
	struct logger *l = mem_zalloc(sizeof(*l));

	logroute_init(&l->routes, before ? &before->routes : NULL);
	l->haproxy = settings->haproxy;
	if (gethostname(l->host, sizeof(l->host) - 1) == -1)
		snprintf(l->host, sizeof(l->host), "localhost");
	if (!add_all(l, settings, err)) {
		logger_free(l);
		return false;
	}
	*ret = l;
	return true;
}

bool logger_new(const struct settings *settings, struct logger **ret, struct error *err)
{
	if (!logger_new_heir(settings, NULL, ret, err))
		return false;
	log_set_sink(on_message, *ret);
	(*ret)->is_sink = true;
	return true;
}

/* The lines of a frontend that stays are counted on. */
static void take_count(struct front *f, const struct logger *before)
{
	for (size_t i = 0; i < before->front_count; i++)
		if (strcmp(before->fronts[i].name, f->name) == 0)
			f->lines = before->fronts[i].lines;
}

void logger_take_over(struct logger *l, struct logger *before)
{
	logroute_take_over(&l->routes);
	for (size_t i = 0; i < l->front_count; i++)
		take_count(&l->fronts[i], before);
	log_set_sink(on_message, l);
	l->is_sink = true;
	before->is_sink = false;
}

void logger_free(struct logger *l)
{
	if (!l)
		return;
	if (l->is_sink)
		log_set_sink(NULL, NULL);
	for (size_t i = 0; i < l->front_count; i++)
		logformat_free(l->fronts[i].format);
	free(l->fronts);
	free(l->services);
	logroute_release(&l->routes);
	free(l);
}

/* --- events ------------------------------------------------------------------------------- */

static bool format_event(const struct settings_log *s, const struct journal_event *e,
                         const struct service *service, struct text *out)
{
	unsigned int flags = service && service->is_listen ? HAPROXYLOG_LISTEN : 0;

	switch (s->format) {
	case SETTINGS_LOG_TEXT:
		eventline_write(e, time_flags(s), out);
		return true;
	case SETTINGS_LOG_JSON:
		eventjson_write(e, out);
		return true;
	case SETTINGS_LOG_HAPROXY:
		if (s->framing == SETTINGS_LOG_CONSOLE)
			flags |= HAPROXYLOG_CONSOLE;
		return haproxylog_event(e, flags, out);
	}
	return false;
}

/* On its terminal all that HAProxy says of servers is a warning. */
static enum log_level level_of(const struct logroute_target *t, const struct journal_event *e)
{
	if (!t->console)
		return (enum log_level)e->level;
	return e->kind == JOURNAL_SERVICE_DOWN ? LOG_LEVEL_ALERT : LOG_LEVEL_WARN;
}

static void write_event(struct logger *l, struct logroute_target *t, const struct journal_event *e,
                        const struct service *service)
{
	AUTO_TEXT lines = { 0 };
	char *rest;

	if (e->level > t->settings->level || !format_event(t->settings, e, service, &lines))
		return;
	rest = lines.data;
	while (rest) {
		const char *line = strsep(&rest, "\n");

		logroute_write(&l->routes, t, level_of(t, e), e->wall_ms, line);
	}
}

static const struct service *service_of(const struct logger *l, const struct journal_event *e)
{
	for (size_t i = 0; i < l->service_count; i++)
		if (strcmp(l->services[i].settings->name, e->service) == 0)
			return &l->services[i];
	return NULL;
}

void logger_event(struct logger *l, const struct journal_event *e)
{
	const struct service *service = service_of(l, e);
	const struct logroute *route = service ? service->route : l->route;

	for (size_t i = 0; i < route->count; i++)
		write_event(l, route->targets[i], e, service);
	if (route == l->route)
		return;
	for (size_t i = 0; i < l->route->count; i++)
		if (l->route->targets[i]->console)
			write_event(l, l->route->targets[i], e, service);
}

/* --- sessions ----------------------------------------------------------------------------- */

/* Sessions of a service that a reload took away go to the process's targets. */
static struct front *front_of(struct logger *l, const struct settings_frontend *f)
{
	for (size_t i = 0; i < l->front_count; i++)
		if (l->fronts[i].known == f)
			return &l->fronts[i];
	for (size_t i = 0; i < l->front_count; i++) {
		if (strcmp(l->fronts[i].name, f->name) == 0) {
			l->fronts[i].known = f;
			return &l->fronts[i];
		}
	}
	return &l->past;
}

/*
 * Nothing came from the client.  Before it had a server that is only known of one that left
 * without a word.
 */
static bool is_null(const struct record *r)
{
	return r->ended && !r->bytes_in &&
	       (r->connect_ms >= 0 || r->reason == REASON_CONNECT_LEFT ||
	        r->reason == REASON_QUEUE_LEFT);
}

static bool is_left_out(const struct record *r)
{
	const struct settings_frontend *f = r->frontend->settings;

	return (f->dontlognull && is_null(r)) || (f->dontlog_normal && !haproxylog_is_error(r));
}

/* HAProxy's line, if it has one at this moment; its level in *ret. */
static bool format_haproxy(const struct logger *l, const struct front *f, const struct record *r,
                           int64_t wall_ms, struct text *out)
{
	bool was_written = r->frontend->settings->logasap && r->connect_ms >= 0;
	struct logformat_process p = {
		.host = l->host, .pid = (int)getpid(), .now_wall_ms = wall_ms, .lines = f->lines
	};

	if (!f->format) {
		if (!r->ended && r->connect_ms < 0)
			haproxylog_connect(r, out);
		return !r->ended && r->connect_ms < 0;
	}
	if (r->ended && r->reason == REASON_BAD_PROXY_HEADER) {
		haproxylog_refused(r, out);
		return true;
	}
	if (r->ended ? was_written : r->connect_ms < 0)
		return false;
	if (is_left_out(r))
		return false;
	logformat_write(f->format, r, &p, out);
	return true;
}

static bool format_record(const struct logger *l, const struct front *f,
                          const struct settings_log *s, const struct record *r, int64_t wall_ms,
                          struct text *out)
{
	struct sessionline line;

	if (s->format == SETTINGS_LOG_HAPROXY)
		return format_haproxy(l, f, r, wall_ms, out);
	if (!r->ended || is_left_out(r))
		return false;
	sessionline_take(r, &line);
	if (s->format == SETTINGS_LOG_JSON)
		sessionline_write_json(&line, out);
	else
		sessionline_write(&line, time_flags(s) ? SESSIONLINE_TIME | SESSIONLINE_DATE : 0,
		                  out);
	return true;
}

static enum log_level record_level(const struct front *f, const struct record *r)
{
	bool separate = r->frontend->settings->log_separate_errors;

	return separate && f->format && haproxylog_is_error(r) ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO;
}

/* What a target asks for by its level, it gets: HAProxy knows no other way to ask. */
static bool wants_sessions(const struct logger *l, const struct logroute_target *t)
{
	bool always = l->haproxy && t->settings->format == SETTINGS_LOG_HAPROXY;

	return !t->console && (t->settings->sessions || always);
}

static bool wants_those_of(struct logger *l, const struct topology_frontend *f)
{
	const struct logroute *route = front_of(l, f->settings)->route;

	for (size_t i = 0; i < route->count; i++)
		if (wants_sessions(l, route->targets[i]))
			return true;
	return false;
}

void logger_ask(struct logger *l, const struct topology *t, bool all)
{
	for (size_t i = 0; i < t->service_count; i++) {
		for (size_t j = 0; j < t->services[i]->frontend_count; j++) {
			struct topology_frontend *f = t->services[i]->frontends[j];

			atomic_store_explicit(&f->untold, !all && !wants_those_of(l, f),
			                      memory_order_relaxed);
		}
	}
}

void logger_record(struct logger *l, const struct record *r)
{
	struct front *f = front_of(l, r->frontend->settings);
	int64_t wall_ms = tick_wall_ms();
	bool written = false;
	enum log_level level;

	level = record_level(f, r);
	for (size_t i = 0; i < f->route->count; i++) {
		struct logroute_target *t = f->route->targets[i];
		AUTO_TEXT line = { 0 };

		if (!wants_sessions(l, t) || (int)level > t->settings->level ||
		    !format_record(l, f, t->settings, r, wall_ms, &line))
			continue;
		logroute_write(&l->routes, t, level, wall_ms, text_str(&line));
		written = written || t->settings->format == SETTINGS_LOG_HAPROXY;
	}
	f->lines += written;
}

uint64_t logger_dropped(const struct logger *l)
{
	return logroute_dropped(&l->routes);
}

void logger_reopen(struct logger *l)
{
	logroute_reopen(&l->routes);
}
