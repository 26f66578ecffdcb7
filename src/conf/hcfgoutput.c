/* SPDX-License-Identifier: MIT */
#include "hcfgoutput.h"

#include "base/log.h"

#include <string.h>

enum { FACILITY_DAEMON = 3 };

/* The targets of a section, oldest first. */
struct targets {
	struct settings_log *at;
	size_t count;
};

struct work {
	const struct hcfgmodel *m;
	struct hcfgnote_list *notes;
	struct settings *settings;
	struct mem_arena *arena;
	bool direct;
	bool separate; /* sessions that failed are logged as errors, of some section at least */
};

static const char *copy(struct work *w, const char *s)
{
	return s ? mem_arena_strdup(w->arena, s) : NULL;
}

/* --- the targets of one section ----------------------------------------------------------- */

static size_t count(const struct hcfgmodel_log *list)
{
	size_t n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

static bool is_same(const struct settings_log *a, const struct settings_log *b)
{
	return strcmp(a->text, b->text) == 0 && a->level == b->level &&
	       a->facility == b->facility && a->framing == b->framing &&
	       a->min_level == b->min_level && a->len == b->len &&
	       a->sample_size == b->sample_size && strcmp(a->tag, b->tag) == 0 &&
	       a->sample.count == b->sample.count &&
	       (!a->sample.count ||
	        memcmp(a->sample.at, b->sample.at, a->sample.count * sizeof(*a->sample.at)) == 0);
}

/* Streams have no facility in a file of sluice's own. */
static void drop_facility(struct work *w, const struct hcfgmodel_log *from, struct settings_log *l)
{
	bool shown = l->framing != SETTINGS_LOG_RAW && l->framing != SETTINGS_LOG_ISO &&
	             l->framing != SETTINGS_LOG_SHORT && l->framing != SETTINGS_LOG_TIMED;

	if (w->direct || l->kind == SETTINGS_LOG_SYSLOG || l->kind == SETTINGS_LOG_UDP ||
	    l->facility == FACILITY_DAEMON)
		return;
	if (shown)
		hcfgnote_add(w->notes, HCFGNOTE_REMARK, from->place,
		             "\"log\": the facility of lines on \"%s\" is daemon", l->text);
	l->facility = FACILITY_DAEMON;
}

static struct settings_log make(struct work *w, const struct hcfgmodel_log *from, const char *tag)
{
	const struct hcfgmodel_global *g = &w->m->global;
	struct settings_log l = from->log;
	struct settings_range *sample =
	    mem_arena_zalloc(w->arena, (l.sample.count + 1) * sizeof(*sample));

	l.text = copy(w, l.text);
	l.path = copy(w, l.path);
	l.tag = copy(w, tag ? tag : g->log_tag ? g->log_tag : "haproxy");
	/* The level keeps those of other sections out. */
	l.sessions = l.level >= (w->separate ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO);
	if (l.sample.count)
		memcpy(sample, l.sample.at, l.sample.count * sizeof(*sample));
	l.sample.at = l.sample.count ? sample : NULL;
	/* "log-send-hostname" makes lines without a host's name those with one. */
	if (g->send_hostname) {
		l.hostname = copy(w, g->hostname);
		if (l.framing == SETTINGS_LOG_USUAL || l.framing == SETTINGS_LOG_LOCAL)
			l.framing = SETTINGS_LOG_RFC3164;
	} else if (w->direct && l.framing == SETTINGS_LOG_RFC3164) {
		l.hostname = "localhost"; /* what HAProxy says when it is not told to say its own */
	} else if (w->direct && l.framing == SETTINGS_LOG_RFC5424) {
		l.hostname = "-";
	}
	drop_facility(w, from, &l);
	return l;
}

/* The newest is the first of the list, so the others come before it. */
static void add(struct work *w, struct targets *t, const struct hcfgmodel_log *list,
                const char *tag)
{
	struct settings_log l;
	size_t i = 0;

	if (!list)
		return;
	add(w, t, list->next, tag);
	l = make(w, list, tag);
	while (i < t->count && !is_same(&t->at[i], &l))
		i++;
	if (i == t->count)
		t->at[t->count++] = l;
}

static struct targets collect(struct work *w, const struct hcfgmodel_log *global,
                              const struct hcfgmodel_log *own, const char *tag)
{
	struct targets t = { 0 };

	t.at = mem_arena_zalloc(w->arena, (count(global) + count(own) + 1) * sizeof(*t.at));
	add(w, &t, global, tag);
	add(w, &t, own, tag);
	return t;
}

static struct targets collect_proxy(struct work *w, const struct hcfgmodel_proxy *p)
{
	return collect(w, p->log_global ? w->m->global.logs : NULL, p->logs, p->log_tag);
}

static bool are_same(const struct targets *a, const struct targets *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!is_same(&a->at[i], &b->at[i]))
			return false;
	return true;
}

/* --- all of them -------------------------------------------------------------------------- */

/* HAProxy without a log says on stderr which servers go up and down. */
static struct targets log_to_stderr(struct work *w)
{
	struct targets t = { 0 };

	t.at = mem_arena_zalloc(w->arena, sizeof(*t.at));
	t.at[t.count++] = (struct settings_log){ .kind = SETTINGS_LOG_STDERR,
		                                 .text = copy(w, "stderr"),
		                                 .facility = FACILITY_DAEMON,
		                                 .format = SETTINGS_LOG_TEXT,
		                                 .level = LOG_LEVEL_INFO,
		                                 .tag = copy(w, "sluice") };
	if (w->m->global.logs)
		hcfgnote_add(
		    w->notes, HCFGNOTE_REMARK, w->m->global.logs->place,
		    "\"log\": no section says \"log global\", so nothing about servers and "
		    "sessions went there; it goes to stderr");
	return t;
}

/*
 * The process's targets in a file of sluice's own: those of the first section that has some, as
 * most files have the same everywhere.
 */
static struct targets choose_common(struct work *w, const struct hcfgpair *pairs)
{
	for (size_t i = 0; i < w->settings->service_count; i++) {
		struct targets t = collect_proxy(w, pairs[i].back);

		for (size_t f = 0; !t.count && f < pairs[i].front_count; f++)
			t = collect_proxy(w, pairs[i].fronts[f]);
		if (t.count)
			return t;
	}
	return log_to_stderr(w);
}

static void set_service(struct work *w, const struct hcfgpair *pair, const struct targets *common,
                        bool silent, struct settings_service *s)
{
	struct targets t = collect_proxy(w, pair->back);
	struct settings_frontend *fronts;

	if (!are_same(&t, common) && !silent) {
		s->own_logs = true;
		s->logs = t.count ? t.at : NULL;
		s->log_count = t.count;
	}
	if (silent && s->session_log == SETTINGS_SESSION_CONNECT)
		s->session_log = SETTINGS_SESSION_TCPLOG; /* should there be lines one day */
	fronts = mem_arena_zalloc(w->arena, (s->frontend_count + 1) * sizeof(*fronts));
	for (size_t i = 0; i < s->frontend_count; i++) {
		t = collect_proxy(w, pair->fronts[i]);
		fronts[i] = s->frontends[i];
		if (silent && fronts[i].session_log == SETTINGS_SESSION_CONNECT)
			fronts[i].session_log = SETTINGS_SESSION_TCPLOG;
		if (are_same(&t, common) || silent)
			continue;
		fronts[i].own_logs = true;
		fronts[i].logs = t.count ? t.at : NULL;
		fronts[i].log_count = t.count;
	}
	s->frontends = s->frontend_count ? fronts : NULL;
}

static bool separates_errors(const struct hcfgmodel *m)
{
	const struct hcfgmodel_proxy *p;

	STAILQ_FOREACH(p, &m->proxies, next)
		if (p->log_separate_errors.n)
			return true;
	return false;
}

void hcfgoutput_set(const struct hcfgmodel *m, const struct hcfgconvert_options *o,
                    struct hcfgnote_list *notes, const struct hcfgpair *pairs,
                    struct settings_service *services, struct settings *s)
{
	struct work w = { m, notes, s, &s->arena, o->direct, separates_errors(m) };
	struct targets common =
	    o->direct ? collect(&w, m->global.logs, NULL, NULL) : choose_common(&w, pairs);
	/* Nobody logs anything: what sluice says instead is for all. */
	bool silent = !o->direct && common.at[0].format == SETTINGS_LOG_TEXT;

	for (size_t i = 0; i < s->service_count; i++)
		set_service(&w, &pairs[i], &common, silent, &services[i]);
	s->logs = common.at;
	s->log_count = common.count;
}
