/* SPDX-License-Identifier: MIT */
#include "conf/hcfgmodel.h"

#include "hcfgnumber.h"
#include "hcfgparts.h"

#include <string.h>

/* Where the lines that follow belong. */
struct building {
	struct hcfgreader r;
	unsigned int place; /* of enum hcfgwords_place; 0: they are skipped, or out of section */
	bool skipped;
	struct hcfgmodel_proxy *proxy;
	const struct hcfgmodel_proxy *last_defaults;
	struct hcfgmodel_resolvers *resolvers;
};

const char *hcfgmodel_kind_name(enum hcfgmodel_kind kind)
{
	static const char *const names[] = {
		[HCFGMODEL_DEFAULTS] = "defaults",
		[HCFGMODEL_FRONTEND] = "frontend",
		[HCFGMODEL_LISTEN] = "listen",
		[HCFGMODEL_BACKEND] = "backend",
	};

	return names[kind];
}

static bool has_front(enum hcfgmodel_kind k)
{
	return k == HCFGMODEL_FRONTEND || k == HCFGMODEL_LISTEN;
}

static bool has_back(enum hcfgmodel_kind k)
{
	return k == HCFGMODEL_BACKEND || k == HCFGMODEL_LISTEN;
}

struct hcfgmodel_proxy *hcfgmodel_find_backend(const struct hcfgmodel *m, const char *name)
{
	struct hcfgmodel_proxy *p;

	STAILQ_FOREACH(p, &m->proxies, next)
		if (has_back(p->kind) && strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

struct hcfgmodel_resolvers *hcfgmodel_find_resolvers(const struct hcfgmodel *m, const char *name)
{
	struct hcfgmodel_resolvers *p;

	STAILQ_FOREACH(p, &m->resolvers, next)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

static struct hcfgmodel_proxy *find_defaults(const struct hcfgmodel *m, const char *name)
{
	struct hcfgmodel_proxy *found = NULL;
	struct hcfgmodel_proxy *p;

	STAILQ_FOREACH(p, &m->defaults, next)
		if (strcmp(p->name, name) == 0)
			found = p;
	return found;
}

/* The proxy before this one that the name is taken by, or NULL. */
static const struct hcfgmodel_proxy *find_twin(const struct hcfgmodel *m,
                                               const struct hcfgmodel_proxy *new)
{
	const struct hcfgmodel_proxy *p;

	STAILQ_FOREACH(p, &m->proxies, next)
		if (strcmp(p->name, new->name) == 0 &&
		    ((has_front(p->kind) && has_front(new->kind)) ||
		     (has_back(p->kind) && has_back(new->kind))))
			return p;
	return NULL;
}

/* What a section begins with: the defaults that it names, or those before it. */
static const struct hcfgmodel_proxy *choose_base(struct building *b, enum hcfgmodel_kind kind,
                                                 size_t named)
{
	struct hcfgmodel *m = b->r.model;
	const struct hcfgmodel_proxy *base = NULL;

	if (b->r.count > named && strcmp(b->r.words[named], "from") == 0) {
		if (b->r.count == named + 1)
			hcfgreader_error(&b->r, "from what?");
		else if ((base = find_defaults(m, b->r.words[named + 1])) == NULL)
			hcfgreader_error(&b->r, "there is no \"defaults %.60s\" before it",
			                 b->r.words[named + 1]);
		hcfgreader_at_most(&b->r, named + 2);
		return base;
	}
	hcfgreader_at_most(&b->r, named);
	if (kind != HCFGMODEL_DEFAULTS)
		base = b->last_defaults;
	return base;
}

static void begin_proxy(struct building *b, enum hcfgmodel_kind kind)
{
	struct hcfgmodel *m = b->r.model;
	struct hcfgmodel_proxy *p = mem_arena_zalloc(&m->arena, sizeof(*p));
	bool named =
	    b->r.count && (kind != HCFGMODEL_DEFAULTS || strcmp(b->r.words[0], "from") != 0);
	const struct hcfgmodel_proxy *base = choose_base(b, kind, named);
	const struct hcfgmodel_proxy *twin;

	if (base)
		*p = *base;
	else
		*p = (struct hcfgmodel_proxy){ .random_draws = 2,
			                       .session_log = SETTINGS_SESSION_CONNECT,
			                       .health.type = SETTINGS_CHECK_TCP,
			                       .default_server.s = settings_server_default() };
	p->kind = kind;
	p->name = named ? b->r.words[0] : "";
	p->place = b->r.line->place;
	p->uses = NULL;
	p->id = (struct hcfgmodel_value){ 0 };
	STAILQ_INIT(&p->binds);
	STAILQ_INIT(&p->servers);
	b->proxy = p;
	if (kind == HCFGMODEL_DEFAULTS) {
		STAILQ_INSERT_TAIL(&m->defaults, p, next);
		b->last_defaults = p;
		return;
	}
	if (!settings_is_name(p->name))
		hcfgreader_error(&b->r, "%s%.60s%s: write 1 to %d letters, digits, - _ . :",
		                 named ? "\"" : "a name is missing", p->name,
		                 named ? "\" is not a name" : "", SETTINGS_NAME_MAX);
	twin = find_twin(m, p);
	if (twin)
		hcfgreader_error(&b->r, "the name \"%.60s\" is taken by a %s in line %u", p->name,
		                 hcfgmodel_kind_name(twin->kind), twin->place.line);
	STAILQ_INSERT_TAIL(&m->proxies, p, next);
}

static void begin_resolvers(struct building *b)
{
	struct hcfgmodel *m = b->r.model;

	b->resolvers = mem_arena_zalloc(&m->arena, sizeof(*b->resolvers));
	b->resolvers->name = b->r.count ? b->r.words[0] : "";
	b->resolvers->place = b->r.line->place;
	if (!b->r.count)
		hcfgreader_error(&b->r, "a name is missing");
	STAILQ_INSERT_TAIL(&m->resolvers, b->resolvers, next);
}

static void begin_section(struct building *b, const struct hcfgwords_section *section)
{
	b->place = section->place;
	b->skipped = !section->place;
	b->proxy = NULL;
	b->r.name = section->name;
	b->r.words = b->r.line->words + 1;
	b->r.count = b->r.line->count - 1;
	switch (section->place) {
	case 0:
		hcfgreader_lose(&b->r, "%s", section->sentence);
		break;
	case HCFGWORDS_DEFAULTS:
		begin_proxy(b, HCFGMODEL_DEFAULTS);
		break;
	case HCFGWORDS_FRONTEND:
		begin_proxy(b, HCFGMODEL_FRONTEND);
		break;
	case HCFGWORDS_LISTEN:
		begin_proxy(b, HCFGMODEL_LISTEN);
		break;
	case HCFGWORDS_BACKEND:
		begin_proxy(b, HCFGMODEL_BACKEND);
		break;
	case HCFGWORDS_RESOLVERS:
		begin_resolvers(b);
		break;
	default: /* "global" has no name */
		break;
	}
}

static const char *section_name(const struct building *b)
{
	if (b->proxy)
		return hcfgmodel_kind_name(b->proxy->kind);
	return b->place == HCFGWORDS_GLOBAL ? "global" : "resolvers";
}

/* A directive that no section of this kind has. */
static void report_unknown(struct building *b, const char *const *words, size_t count)
{
	const struct hcfgwords_entry *elsewhere = hcfgwords_find_anywhere(words, count);
	const char *near = hcfgwords_suggest((enum hcfgwords_place)b->place, words, count);
	bool two = count > 1 && hcfgwords_is_family(words[0]); /* "option tcplog" is one name */

	b->r.name = words[0];
	if (elsewhere && b->proxy && elsewhere->places & ~(unsigned int)HCFGWORDS_GLOBAL &&
	    strncmp(elsewhere->name, "server", 6) != 0)
		hcfgreader_remark(&b->r, "it does not belong in a %s; HAProxy ignores it, too",
		                  section_name(b));
	else if (elsewhere)
		hcfgreader_error(&b->r, "it does not belong in the section \"%s\"",
		                 section_name(b));
	else if (near)
		hcfgreader_error(&b->r,
		                 "unknown keyword '%.60s%s%.60s' in '%s' section; did you mean "
		                 "'%s' maybe ?",
		                 words[0], two ? " " : "", two ? words[1] : "", section_name(b),
		                 near);
	else
		hcfgreader_error(&b->r, "unknown keyword '%.60s' in '%s' section", words[0],
		                 section_name(b));
}

static void dispatch(struct building *b, const struct hcfgwords_entry *w)
{
	if (b->r.count < w->args && !b->r.off)
		hcfgreader_error(&b->r, "a value is missing");
	else if (w->fate == HCFGWORDS_LOST && !b->r.off)
		hcfgreader_lose(&b->r, "%s", w->sentence);
	else if (w->fate == HCFGWORDS_IGNORED && !b->r.off)
		hcfgreader_remark(&b->r, "left out: %s", w->sentence);
	else if (w->fate != HCFGWORDS_CARRIED)
		return;
	else if (b->place == HCFGWORDS_GLOBAL)
		hcfgglobal_read(&b->r, (enum hcfgwords_global)w->id);
	else if (b->place == HCFGWORDS_RESOLVERS)
		hcfgglobal_read_resolvers(&b->r, (enum hcfgwords_resolvers)w->id, b->resolvers);
	else
		hcfgproxy_read(&b->r, (enum hcfgwords_proxy)w->id, b->proxy);
}

/*
 * HAProxy takes "no" and "default" before log, some words of "global" and those options that are
 * switches.
 */
static bool can_be_off(const struct building *b, const struct hcfgwords_entry *w)
{
	static const char *const no_switches[] = { "tcplog", "httplog",    "httpslog",
		                                   "tcpka",  "forwardfor", "originalto" };
	const char *option = strncmp(w->name, "option ", 7) == 0 ? w->name + 7 : NULL;

	if (!option)
		return strcmp(w->name, "log") == 0 ||
		       (b->place == HCFGWORDS_GLOBAL && w->fate != HCFGWORDS_CARRIED);
	if (w->fate == HCFGWORDS_CARRIED && w->id >= HCFGWORDS_PROXY_OPTION_HTTPCHK &&
	    w->id <= HCFGWORDS_PROXY_OPTION_EXTERNAL_CHECK)
		return false;
	return hcfgreader_find(option, no_switches, ARRAY_LEN(no_switches)) < 0;
}

static void read_directive(struct building *b)
{
	const struct hcfglex_line *l = b->r.line;
	const char *const *words = l->words;
	size_t count = l->count;
	const struct hcfgwords_entry *w;
	size_t n;

	b->r.off = count > 1 && (strcmp(words[0], "no") == 0 || strcmp(words[0], "default") == 0);
	words += b->r.off;
	count -= b->r.off;
	w = hcfgwords_find((enum hcfgwords_place)b->place, words, count, &n);
	if (!w) {
		report_unknown(b, words, count);
		return;
	}
	b->r.words = words + n;
	b->r.count = count - n;
	b->r.name = strchr(w->name, '*') ? words[0] : w->name;
	if (b->r.off && !can_be_off(b, w))
		hcfgreader_error(&b->r,
		                 "\"%s\" may stand before log and options that are switches only",
		                 l->words[0]);
	else
		dispatch(b, w);
}

static void report_out_of_section(struct building *b)
{
	const char *word = b->r.line->words[0];
	const char *near = hcfgwords_suggest_section(word);

	b->r.name = word;
	if (near && !hcfgwords_find_anywhere(b->r.line->words, 1))
		hcfgreader_error(&b->r, "unknown section; did you mean \"%s\"?", near);
	else
		hcfgreader_error(&b->r, "it stands outside of a section: \"global\", \"defaults\", "
		                        "\"listen\", ... come first");
}

void hcfgmodel_build(struct hcfgmodel *m, const struct hcfglex *lex, struct hcfgnote_list *notes)
{
	struct building b = { .r = { .model = m, .notes = notes } };

	STAILQ_INIT(&m->defaults);
	STAILQ_INIT(&m->proxies);
	STAILQ_INIT(&m->resolvers);
	STAILQ_INIT(&m->global.sockets);
	for (size_t i = 0; i < lex->count; i++) {
		const struct hcfglex_line *l = &lex->lines[i];
		const struct hcfgwords_section *section = hcfgwords_find_section(l->words[0]);

		b.r.line = l;
		b.r.off = false;
		if (l->first_of_file) {
			b.place = 0;
			b.skipped = false;
		}
		if (section)
			begin_section(&b, section);
		else if (b.place)
			read_directive(&b);
		else if (!b.skipped)
			report_out_of_section(&b);
	}
	hcfgnumber_proxies(m, notes);
}

void hcfgmodel_release(struct hcfgmodel *m)
{
	mem_arena_release(&m->arena);
	*m = (struct hcfgmodel){ 0 };
}
