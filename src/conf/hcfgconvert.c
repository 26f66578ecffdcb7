/* SPDX-License-Identifier: MIT */
#include "conf/hcfgconvert.h"

#include "base/log.h"
#include "hcfgservice.h"

#include <string.h>

enum { ADMIN_PORT = 8404, FACILITY_DAEMON = 3, EVERY_MIN_MS = 1000, EVERY_MAX_MS = 86400000 };

#define ADMIN_BIND   "127.0.0.1:8404"
#define ADMIN_SOCKET "/run/sluice/admin.sock"

struct conversion {
	const struct hcfgmodel *m;
	const struct hcfgconvert_options *options;
	struct hcfgnote_list *notes;
	struct settings *settings;
	struct mem_arena *arena;
	const struct hcfgpair *pairs;
	size_t pair_count;
	struct settings_service *services;
};

static const char *copy(struct conversion *c, const char *s)
{
	return s ? mem_arena_strdup(c->arena, s) : NULL;
}

static void set_process(struct conversion *c)
{
	const struct hcfgmodel_global *g = &c->m->global;
	struct settings *s = c->settings;

	s->maxconn = g->maxconn.n;
	s->threads = g->threads.n;
	s->nofile = g->nofile.n;
	s->hard_stop_after_ms = g->hard_stop_ms.n;
	s->user = copy(c, g->user);
	s->group = copy(c, g->group);
	s->chroot = copy(c, g->chroot);
	s->pidfile = copy(c, g->pidfile);
}

/* --- services ----------------------------------------------------------------------------- */

static const char *describe_origin(struct conversion *c, const struct hcfgpair *pair)
{
	AUTO_TEXT t = { 0 };

	for (size_t i = 0; i < pair->front_count; i++) {
		const struct hcfgmodel_proxy *f = pair->fronts[i];

		text_addf(&t, "%s%s %s (%s:%u)", i ? ", " : "", hcfgmodel_kind_name(f->kind),
		          f->name, f->place.file, f->place.line);
	}
	if (pair->back->kind == HCFGMODEL_BACKEND)
		text_addf(&t, ", backend %s (%s:%u)", pair->back->name, pair->back->place.file,
		          pair->back->place.line);
	return copy(c, text_str(&t));
}

static void set_services(struct conversion *c, struct hcfgconvert *ret)
{
	struct hcfgservice context = { .model = c->m, .notes = c->notes, .arena = c->arena };
	const char **origins = mem_arena_zalloc(c->arena, (c->pair_count + 1) * sizeof(*origins));
	size_t servers = 0;

	for (size_t i = 0; i < c->pair_count; i++)
		servers += hcfgservice_count_servers(c->pairs[i].back);
	context.targets = mem_arena_zalloc(c->arena, (servers + 1) * sizeof(*context.targets));
	c->services = mem_arena_zalloc(c->arena, (c->pair_count + 1) * sizeof(*c->services));
	for (size_t i = 0; i < c->pair_count; i++) {
		c->services[i] = hcfgservice_make(&context, &c->pairs[i]);
		origins[i] = describe_origin(c, &c->pairs[i]);
	}
	c->settings->services = c->services;
	c->settings->service_count = c->pair_count;
	c->settings->targets = context.targets;
	c->settings->target_count = context.target_count;
	ret->origins = origins;
}

/* --- the admin endpoint ------------------------------------------------------------------- */

static bool is_listened_on(const struct conversion *c, uint16_t port)
{
	for (size_t i = 0; i < c->settings->service_count; i++) {
		const struct settings_service *s = &c->settings->services[i];

		for (size_t b = 0; b < s->bind_count; b++)
			if (addr_port(&s->binds[b].addr) == port)
				return true;
	}
	return false;
}

static void take_page(struct conversion *c, const struct hcfgmodel_proxy *p)
{
	const struct hcfgmodel_bind *b;

	STAILQ_FOREACH(b, &p->binds, next) {
		if (b->bind.kind == SETTINGS_BIND_FD) {
			hcfgnote_add(c->notes, HCFGNOTE_LOSS, b->place,
			             "\"%s\": admin.bind is an address", b->bind.text);
		} else if (c->settings->admin_bind) {
			hcfgnote_add(c->notes, HCFGNOTE_LOSS, b->place,
			             "\"%s\": there is one address for the statistics, admin.bind "
			             "= \"%s\"",
			             b->bind.text, c->settings->admin_bind);
		} else {
			c->settings->admin_bind = copy(c, b->bind.text);
			c->settings->admin_addr = b->bind.addr;
			hcfgnote_add(c->notes, HCFGNOTE_REMARK, p->place,
			             "\"%s %s\": its statistics are at admin.bind = \"%s\"",
			             hcfgmodel_kind_name(p->kind), p->name, b->bind.text);
		}
	}
}

static void set_admin(struct conversion *c)
{
	struct settings *s = c->settings;
	const struct hcfgmodel_proxy *p;

	STAILQ_FOREACH(p, &c->m->proxies, next) {
		if (!p->stats.set || p->disabled.n)
			continue;
		if (hcfgpair_only_shows(p))
			take_page(c, p);
		else if (!p->http.n)
			hcfgnote_add(
			    c->notes, HCFGNOTE_REMARK, p->stats.place,
			    "\"stats\": HAProxy has the page in mode http only, and \"%s\" "
			    "is not",
			    p->name);
		else if (p->kind != HCFGMODEL_BACKEND)
			hcfgnote_add(c->notes, HCFGNOTE_LOSS, p->stats.place,
			             "\"stats\": the address of \"%s\" is relayed to its servers; "
			             "the statistics are at admin.bind",
			             p->name);
	}
	s->admin_socket = copy(c, c->m->global.socket);
	if (!c->options->own_admin)
		return;
	if (!s->admin_socket)
		s->admin_socket = copy(c, ADMIN_SOCKET);
	if (!s->admin_bind && !is_listened_on(c, ADMIN_PORT) &&
	    addr_parse_ip("127.0.0.1", ADMIN_PORT, &s->admin_addr))
		s->admin_bind = copy(c, ADMIN_BIND);
}

/* --- log ---------------------------------------------------------------------------------- */

struct targets {
	struct settings_log *at;
	size_t count;
	bool sessions; /* of the proxy whose targets are being added */
};

static bool is_same(const struct settings_log *a, const struct settings_log *b)
{
	return strcmp(a->text, b->text) == 0 && a->level == b->level;
}

/* The newest is the first of the list, so the others come before it. */
static void add_logs(struct conversion *c, struct targets *t, const struct hcfgmodel_log *list)
{
	const char *tag = c->m->global.log_tag;
	struct settings_log *l;
	size_t i = 0;

	if (!list)
		return;
	add_logs(c, t, list->next);
	while (i < t->count && !is_same(&t->at[i], &list->log))
		i++;
	l = &t->at[i];
	if (i == t->count) {
		*l = list->log;
		l->text = copy(c, l->text);
		l->path = copy(c, l->path);
		l->tag = copy(c, tag ? tag : "haproxy");
		t->count++;
	}
	l->sessions = l->sessions || (t->sessions && l->level >= LOG_LEVEL_INFO);
}

static size_t count_logs(const struct hcfgmodel *m)
{
	const struct hcfgmodel_proxy *p;
	size_t n = 1;

	for (const struct hcfgmodel_log *l = m->global.logs; l; l = l->next)
		n++;
	STAILQ_FOREACH(p, &m->proxies, next)
		for (const struct hcfgmodel_log *l = p->logs; l; l = l->next)
			n++;
	return n;
}

static bool logs_somewhere(const struct conversion *c, const struct hcfgmodel_proxy *p)
{
	return p->logs || (p->log_global && c->m->global.logs);
}

static void add_proxy_logs(struct conversion *c, struct targets *t, const struct hcfgmodel_proxy *p,
                           bool front)
{
	t->sessions = front;
	if (p->log_global)
		add_logs(c, t, c->m->global.logs);
	add_logs(c, t, p->logs);
	if (front && logs_somewhere(c, p) && !p->session_log.n)
		hcfgnote_add(c->notes, HCFGNOTE_REMARK, p->place,
		             "\"%s %s\": sessions are logged as with option tcplog",
		             hcfgmodel_kind_name(p->kind), p->name);
}

/* The process has one list of targets; HAProxy has one for each section. */
static void note_differences(struct conversion *c)
{
	bool some = false;
	bool all = true;

	for (size_t i = 0; i < c->pair_count; i++)
		for (size_t f = 0; f < c->pairs[i].front_count; f++) {
			bool logs = logs_somewhere(c, c->pairs[i].fronts[f]);

			some = some || logs;
			all = all && logs;
		}
	for (size_t i = 0; some && !all && i < c->pair_count; i++)
		if (!logs_somewhere(c, c->pairs[i].fronts[0]))
			hcfgnote_add(c->notes, HCFGNOTE_LOSS, c->pairs[i].fronts[0]->place,
			             "\"%s %s\" had no log; in sluice all services log to the same "
			             "targets",
			             hcfgmodel_kind_name(c->pairs[i].fronts[0]->kind),
			             c->pairs[i].fronts[0]->name);
}

/* HAProxy without a log says on stderr which servers go up and down. */
static void log_to_stderr(struct conversion *c, struct targets *t)
{
	t->at[t->count++] = (struct settings_log){ .kind = SETTINGS_LOG_STDERR,
		                                   .text = copy(c, "stderr"),
		                                   .facility = FACILITY_DAEMON,
		                                   .format = SETTINGS_LOG_TEXT,
		                                   .level = LOG_LEVEL_INFO,
		                                   .tag = copy(c, "sluice") };
	if (c->m->global.logs)
		hcfgnote_add(
		    c->notes, HCFGNOTE_REMARK, c->m->global.logs->place,
		    "\"log\": no section says \"log global\", so nothing about servers and "
		    "sessions went there; it goes to stderr");
}

static void set_logs(struct conversion *c)
{
	struct targets t = { 0 };

	t.at = mem_arena_zalloc(c->arena, count_logs(c->m) * sizeof(*t.at));
	for (size_t i = 0; i < c->pair_count; i++) {
		for (size_t f = 0; f < c->pairs[i].front_count; f++)
			add_proxy_logs(c, &t, c->pairs[i].fronts[f], true);
		add_proxy_logs(c, &t, c->pairs[i].back, false);
	}
	note_differences(c);
	if (!t.count)
		log_to_stderr(c, &t);
	c->settings->logs = t.at;
	c->settings->log_count = t.count;
}

/* --- names -------------------------------------------------------------------------------- */

static void use_resolvers(struct conversion *c, const struct hcfgmodel_resolvers *r)
{
	const char **at = mem_arena_zalloc(c->arena, (r->count + 1) * sizeof(*at));
	struct settings_resolver *s = &c->settings->resolver;

	for (size_t i = 0; i < r->count; i++)
		at[i] = copy(c, r->servers[i]);
	if (r->count)
		s->nameservers = (struct settings_strings){ at, r->count };
	if (r->hold_valid_ms.set) {
		s->every_ms = r->hold_valid_ms.n;
		if (s->every_ms < EVERY_MIN_MS)
			s->every_ms = EVERY_MIN_MS;
		if (s->every_ms > EVERY_MAX_MS)
			s->every_ms = EVERY_MAX_MS;
	}
}

static void set_resolver(struct conversion *c)
{
	const struct hcfgmodel_resolvers *used = NULL;
	const struct hcfgmodel_server *s;

	for (size_t i = 0; i < c->pair_count; i++)
		STAILQ_FOREACH(s, &c->pairs[i].back->servers, next) {
			const struct hcfgmodel_resolvers *r;

			if (!s->resolvers)
				continue;
			r = hcfgmodel_find_resolvers(c->m, s->resolvers);
			if (!r)
				hcfgnote_add(c->notes, HCFGNOTE_ERROR, s->place,
				             "there is no \"resolvers %.60s\"", s->resolvers);
			else if (used && used != r)
				hcfgnote_add(c->notes, HCFGNOTE_LOSS, s->place,
				             "\"resolvers %s\": all names are looked up the way of "
				             "\"resolvers %s\"",
				             r->name, used->name);
			else
				used = r;
		}
	if (used)
		use_resolvers(c, used);
}

bool hcfgconvert_model(const struct hcfgmodel *m, const struct hcfgconvert_options *o,
                       struct hcfgnote_list *notes, struct hcfgconvert *ret)
{
	struct conversion c = { .m = m, .options = o, .notes = notes };
	struct hcfgconvert result = { .settings = settings_new() };
	struct hcfgpair *pairs;

	c.settings = result.settings;
	c.arena = &result.settings->arena;
	c.pair_count = hcfgpair_plan(m, c.arena, notes, &pairs);
	c.pairs = pairs;
	set_process(&c);
	set_services(&c, &result);
	set_admin(&c);
	set_logs(&c);
	set_resolver(&c);
	if (!c.pair_count && !notes->of_kind[HCFGNOTE_ERROR])
		hcfgnote_add(
		    notes, HCFGNOTE_ERROR, (struct hcfgnote_place){ 0 },
		    "there is no service in it: no \"listen\" and no \"frontend\" has both "
		    "an address (bind) and servers that sluice can use");
	if (notes->of_kind[HCFGNOTE_ERROR]) {
		settings_free(result.settings);
		return false;
	}
	*ret = result;
	return true;
}
