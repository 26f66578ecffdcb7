/* SPDX-License-Identifier: MIT */
#include "logroute.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

enum { HAPROXY_LINE = 1024 };

void logroute_init(struct logroute_set *set, const struct logroute_set *before)
{
	*set = (struct logroute_set){ .before = before };
	pthread_mutex_init(&set->lock, NULL);
}

void logroute_take_over(struct logroute_set *set)
{
	uint64_t dropped = logroute_dropped(set->before);

	for (size_t i = 0; i < set->count; i++) {
		struct logroute_target *t = set->targets[i];

		if (!t->lender)
			continue;
		t->sink = TAKE_PTR(t->lender->sink);
		t->number = t->lender->number;
		t->lender = NULL;
		dropped -= logsink_dropped(t->sink);
	}
	set->before = NULL;
	set->dropped = dropped;
}

void logroute_release(struct logroute_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		logsink_close(set->targets[i]->sink);
		free(set->targets[i]);
	}
	free(set->targets);
	while (set->routes) {
		struct logroute *r = set->routes;

		set->routes = r->next;
		free(r->targets);
		free(r);
	}
	pthread_mutex_destroy(&set->lock);
}

/* --- targets ------------------------------------------------------------------------------ */

static bool same_sample(const struct settings_log *a, const struct settings_log *b)
{
	if (a->sample.count != b->sample.count || a->sample_size != b->sample_size)
		return false;
	for (size_t i = 0; i < a->sample.count; i++)
		if (a->sample.at[i].low != b->sample.at[i].low ||
		    a->sample.at[i].high != b->sample.at[i].high)
			return false;
	return true;
}

static bool same_place(const struct settings_log *a, const struct settings_log *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case SETTINGS_LOG_SYSLOG:
	case SETTINGS_LOG_FILE:
		return text_same(a->path, b->path);
	case SETTINGS_LOG_UDP:
		return addr_equal(&a->addr, &b->addr);
	case SETTINGS_LOG_FD:
		return a->fd == b->fd;
	case SETTINGS_LOG_STDERR:
	case SETTINGS_LOG_STDOUT:
		break;
	}
	return true;
}

static bool same(const struct settings_log *a, const struct settings_log *b)
{
	return same_place(a, b) && same_sample(a, b) && a->facility == b->facility &&
	       a->format == b->format && a->framing == b->framing && a->level == b->level &&
	       a->min_level == b->min_level && a->len == b->len && a->sessions == b->sessions &&
	       text_same(a->tag, b->tag) && text_same(a->hostname, b->hostname);
}

static enum logsink_framing framing_of(const struct settings_log *s)
{
	static const enum logsink_framing framings[] = {
		[SETTINGS_LOG_LOCAL] = LOGSINK_LOCAL,
		[SETTINGS_LOG_RFC3164] = LOGSINK_RFC3164,
		[SETTINGS_LOG_RFC5424] = LOGSINK_RFC5424,
		[SETTINGS_LOG_PRIORITY] = LOGSINK_PRIORITY,
		[SETTINGS_LOG_SHORT] = LOGSINK_SHORT,
		[SETTINGS_LOG_TIMED] = LOGSINK_TIMED,
		[SETTINGS_LOG_ISO] = LOGSINK_ISO,
		[SETTINGS_LOG_RAW] = LOGSINK_RAW,
		[SETTINGS_LOG_CONSOLE] = LOGSINK_CONSOLE,
	};

	if (s->framing != SETTINGS_LOG_USUAL)
		return framings[s->framing];
	if (s->kind == SETTINGS_LOG_SYSLOG || s->kind == SETTINGS_LOG_UDP)
		return LOGSINK_LOCAL;
	if (s->kind == SETTINGS_LOG_FILE && s->format == SETTINGS_LOG_HAPROXY)
		return LOGSINK_STAMPED;
	return LOGSINK_PLAIN;
}

static uint32_t length_of(const struct settings_log *s)
{
	return s->len || s->format != SETTINGS_LOG_HAPROXY ? s->len : HAPROXY_LINE;
}

static bool open_target(const struct settings_log *s, struct logroute_target *t, struct error *err)
{
	static const enum logsink_kind kinds[] = {
		[SETTINGS_LOG_STDERR] = LOGSINK_STDERR, [SETTINGS_LOG_SYSLOG] = LOGSINK_SYSLOG,
		[SETTINGS_LOG_UDP] = LOGSINK_UDP,       [SETTINGS_LOG_FILE] = LOGSINK_FILE,
		[SETTINGS_LOG_STDOUT] = LOGSINK_STDOUT, [SETTINGS_LOG_FD] = LOGSINK_FD,
	};
	struct logsink_options o = {
		.kind = kinds[s->kind],
		.framing = framing_of(s),
		.path = s->path,
		.addr = s->addr,
		.fd = s->fd,
		.facility = s->facility,
		.len = length_of(s),
		.tag = s->tag,
		.host = s->hostname,
	};

	return logsink_open(&o, &t->sink, err) || error_wrap(err, "log target \"%s\"", s->text);
}

static struct logroute_target *find_target(const struct logroute_set *set,
                                           const struct settings_log *s)
{
	for (size_t i = 0; set && i < set->count; i++)
		if (same(set->targets[i]->settings, s))
			return set->targets[i];
	return NULL;
}

static bool take_target(struct logroute_set *set, const struct settings_log *s,
                        struct logroute_target **ret, struct error *err)
{
	struct logroute_target *t = find_target(set, s);

	if (t) {
		*ret = t;
		return true;
	}
	t = mem_zalloc(sizeof(*t));
	t->lender = find_target(set->before, s);
	t->settings = s;
	t->console = s->framing == SETTINGS_LOG_CONSOLE;
	if (!t->lender && !open_target(s, t, err)) {
		free(t);
		return false;
	}
	set->targets = mem_resize(set->targets, set->count + 1, sizeof(struct logroute_target *));
	set->targets[set->count++] = t;
	*ret = t;
	return true;
}

static bool has(const struct logroute *r, const struct logroute_target *t)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->targets[i] == t)
			return true;
	return false;
}

bool logroute_add(struct logroute_set *set, const struct settings_log *logs, size_t count,
                  const struct logroute **ret, struct error *err)
{
	struct logroute *r = mem_zalloc(sizeof(*r));

	r->targets = mem_zalloc((count + 1) * sizeof(struct logroute_target *));
	r->next = set->routes;
	set->routes = r;
	for (size_t i = 0; i < count; i++) {
		struct logroute_target *t = NULL;

		if (!take_target(set, &logs[i], &t, err))
			return false;
		if (!has(r, t))
			r->targets[r->count++] = t;
	}
	*ret = r;
	return true;
}

/* --- lines -------------------------------------------------------------------------------- */

/* Its turn in HAProxy's "sample": only lines that the level lets pass count. */
static bool is_sampled(struct logroute_target *t)
{
	const struct settings_log *s = t->settings;

	if (!s->sample.count)
		return true;
	t->number = t->number < s->sample_size ? t->number + 1 : 1;
	return settings_ranges_contain(&s->sample, t->number);
}

bool logroute_write(struct logroute_set *set, struct logroute_target *t, enum log_level level,
                    int64_t wall_ms, const char *line)
{
	int least = t->settings->min_level;
	bool passes;

	if ((int)level > t->settings->level)
		return false;
	pthread_mutex_lock(&set->lock);
	passes = is_sampled(t);
	if (passes)
		logsink_write(t->sink, (int)level < least ? (enum log_level)least : level, wall_ms,
		              line);
	pthread_mutex_unlock(&set->lock);
	return passes;
}

static bool reopen(struct logroute_set *set, struct logroute_target *t, struct error *err)
{
	bool done;

	pthread_mutex_lock(&set->lock);
	done = logsink_reopen(t->sink, err);
	pthread_mutex_unlock(&set->lock);
	return done;
}

void logroute_reopen(struct logroute_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct logroute_target *t = set->targets[i];
		struct error err;

		if (t->settings->kind == SETTINGS_LOG_FILE && !reopen(set, t, &err))
			log_error("log target \"%s\": %s", t->settings->text, err.text);
	}
}

uint64_t logroute_dropped(const struct logroute_set *set)
{
	uint64_t n = set->dropped;

	for (size_t i = 0; i < set->count; i++)
		n += logsink_dropped(set->targets[i]->sink);
	return n;
}
