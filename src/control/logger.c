/* SPDX-License-Identifier: MIT */
#include "control/logger.h"

#include "base/mem.h"
#include "base/tick.h"
#include "net/logsink.h"
#include "report/eventjson.h"
#include "report/eventline.h"
#include "report/haproxylog.h"
#include "report/sessionline.h"
#include "report/stamp.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct target {
	const struct settings_log *settings;
	struct logsink *sink;
};

struct logger {
	struct target *targets;
	size_t count;
	pthread_mutex_t lock; /* a sink is for one thread at a time; workers say a word rarely */
};

static const enum logsink_kind sink_kinds[] = {
	[SETTINGS_LOG_STDERR] = LOGSINK_STDERR,
	[SETTINGS_LOG_SYSLOG] = LOGSINK_SYSLOG,
	[SETTINGS_LOG_UDP] = LOGSINK_UDP,
	[SETTINGS_LOG_FILE] = LOGSINK_FILE,
};

static struct logsink_options options_of(const struct settings_log *s)
{
	return (struct logsink_options){
		.kind = sink_kinds[s->kind],
		.path = s->path,
		.addr = s->addr,
		.facility = s->facility,
		.tag = s->tag,
		.stamp = s->format == SETTINGS_LOG_HAPROXY,
	};
}

static void write_line(struct logger *l, struct target *t, enum log_level level, int64_t wall_ms,
                       const struct text *line)
{
	pthread_mutex_lock(&l->lock);
	logsink_write(t->sink, level, wall_ms, text_str(line));
	pthread_mutex_unlock(&l->lock);
}

/* Syslog and journald add the time themselves; nobody does to a file or a bare stderr. */
static unsigned int time_flags(const struct settings_log *s)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment */
	bool journald = s->kind == SETTINGS_LOG_STDERR && getenv("JOURNAL_STREAM");
	bool stamped = journald || s->kind == SETTINGS_LOG_SYSLOG || s->kind == SETTINGS_LOG_UDP;

	return stamped ? 0 : EVENTLINE_TIME | EVENTLINE_DATE;
}

/* What the program says about itself, in the target's format. */
static void format_message(const struct target *t, enum log_level level, int64_t wall_ms,
                           const char *message, struct text *out)
{
	if (t->settings->format == SETTINGS_LOG_JSON) {
		text_addf(out, "{\"time_ms\":%lld,\"kind\":\"message\",\"level\":\"%s\",\"text\":",
		          (long long)wall_ms, log_level_name(level));
		text_add_json(out, message);
		text_addc(out, '}');
		return;
	}
	if (t->settings->format == SETTINGS_LOG_TEXT && time_flags(t->settings)) {
		stamp_add_date(out, wall_ms);
		text_addc(out, ' ');
		stamp_add_time(out, wall_ms);
		text_add(out, "  sluice  ");
	}
	text_add(out, message);
}

static void on_message(void *ctx, enum log_level level, const char *message)
{
	struct logger *l = ctx;
	int64_t wall_ms = tick_wall_ms();

	for (size_t i = 0; i < l->count; i++) {
		AUTO_TEXT line = { 0 };

		if ((int)level > l->targets[i].settings->level)
			continue;
		format_message(&l->targets[i], level, wall_ms, message, &line);
		write_line(l, &l->targets[i], level, wall_ms, &line);
	}
}

bool logger_new(const struct settings *settings, struct logger **ret, struct error *err)
{
	struct logger *l = mem_zalloc(sizeof(*l));

	pthread_mutex_init(&l->lock, NULL);
	l->targets = mem_zalloc(settings->log_count * sizeof(l->targets[0]));
	for (size_t i = 0; i < settings->log_count; i++) {
		struct logsink_options o = options_of(&settings->logs[i]);

		if (!logsink_open(&o, &l->targets[i].sink, err)) {
			error_wrap(err, "log target \"%s\"", settings->logs[i].text);
			logger_free(l);
			return false;
		}
		l->targets[i].settings = &settings->logs[i];
		l->count++;
	}
	log_set_sink(on_message, l);
	*ret = l;
	return true;
}

void logger_free(struct logger *l)
{
	if (!l)
		return;
	log_set_sink(NULL, NULL);
	for (size_t i = 0; i < l->count; i++)
		logsink_close(l->targets[i].sink);
	pthread_mutex_destroy(&l->lock);
	free(l->targets);
	free(l);
}

static bool format_event(const struct settings_log *s, const struct journal_event *e,
                         struct text *out)
{
	switch (s->format) {
	case SETTINGS_LOG_TEXT:
		eventline_write(e, time_flags(s), out);
		return true;
	case SETTINGS_LOG_JSON:
		eventjson_write(e, out);
		return true;
	case SETTINGS_LOG_HAPROXY:
		return haproxylog_event(e, out);
	}
	return false;
}

void logger_event(struct logger *l, const struct journal_event *e)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct settings_log *s = l->targets[i].settings;
		AUTO_TEXT line = { 0 };

		if (e->level <= s->level && format_event(s, e, &line))
			write_line(l, &l->targets[i], (enum log_level)e->level, e->wall_ms, &line);
	}
}

static void format_record(const struct settings_log *s, const struct record *r, struct text *out)
{
	struct sessionline line;

	if (s->format == SETTINGS_LOG_HAPROXY) {
		haproxylog_record(r, out);
		return;
	}
	sessionline_take(r, &line);
	if (s->format == SETTINGS_LOG_JSON)
		sessionline_write_json(&line, out);
	else
		sessionline_write(&line, time_flags(s) ? SESSIONLINE_TIME | SESSIONLINE_DATE : 0,
		                  out);
}

void logger_record(struct logger *l, const struct record *r)
{
	int64_t wall_ms = tick_wall_ms();

	if (r->service->settings->dontlognull && r->bytes_in + r->bytes_out == 0 &&
	    r->reason == REASON_NORMAL)
		return;
	for (size_t i = 0; i < l->count; i++) {
		const struct settings_log *s = l->targets[i].settings;
		AUTO_TEXT line = { 0 };

		if (!s->sessions || s->level < LOG_LEVEL_INFO)
			continue;
		format_record(s, r, &line);
		write_line(l, &l->targets[i], LOG_LEVEL_INFO, wall_ms, &line);
	}
}

uint64_t logger_dropped(const struct logger *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		n += logsink_dropped(l->targets[i].sink);
	return n;
}

static bool reopen(struct logger *l, struct target *t, struct error *err)
{
	bool done;

	pthread_mutex_lock(&l->lock);
	done = logsink_reopen(t->sink, err);
	pthread_mutex_unlock(&l->lock);
	return done;
}

void logger_reopen(struct logger *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct error err;

		if (l->targets[i].settings->kind == SETTINGS_LOG_FILE &&
		    !reopen(l, &l->targets[i], &err))
			log_error("log target \"%s\": %s", l->targets[i].settings->text, err.text);
	}
}
