/* SPDX-License-Identifier: MIT */
#include "conf/hcfgconvert.h"

#include "hcfgadmin.h"
#include "hcfgoutput.h"
#include "hcfgservice.h"

#include <grp.h>
#include <pwd.h>

enum { EVERY_MIN_MS = 1000, EVERY_MAX_MS = 86400000, ROOM = 65536 };

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
	s->node = copy(c, g->node);
	s->description = copy(c, g->description);
	s->conn_rate_limit = g->conn_rate.n;
	s->session_rate_limit = g->session_rate.n;
	s->external_checks = g->external_check.n;
	s->haproxy = c->options->direct;
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
		text_addf(&t, "%sbackend %s (%s:%u)", pair->front_count ? ", " : "",
		          pair->back->name, pair->back->place.file, pair->back->place.line);
	return copy(c, text_str(&t));
}

static void set_services(struct conversion *c, struct hcfgconvert *ret)
{
	struct hcfgservice context = { .model = c->m,
		                       .notes = c->notes,
		                       .arena = c->arena,
		                       .direct = c->options->direct,
		                       .redispatch = c->options->redispatch,
		                       .pairs = c->pairs,
		                       .pair_count = c->pair_count };
	const char **origins = mem_arena_zalloc(c->arena, (c->pair_count + 1) * sizeof(*origins));
	size_t targets = 0;

	for (size_t i = 0; i < c->pair_count; i++)
		targets += hcfgservice_count_targets(c->pairs[i].back);
	context.targets = mem_arena_zalloc(c->arena, (targets + 1) * sizeof(*context.targets));
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

/* --- the whole ---------------------------------------------------------------------------- */

/* Numbers need no name. */
static bool is_number(const char *s)
{
	return !s[strspn(s, "0123456789")];
}

static void check_owner(struct conversion *c, const char *user, const char *group)
{
	static const struct hcfgnote_place nowhere;
	struct passwd *found = NULL;
	struct group *found_group = NULL;
	struct passwd pw;
	struct group gr;
	char *room;

	if (!user && !group)
		return;
	room = mem_arena_zalloc(c->arena, ROOM);
	if (user && !is_number(user) && (getpwnam_r(user, &pw, room, ROOM, &found) != 0 || !found))
		hcfgnote_add(c->notes, HCFGNOTE_ERROR, nowhere, "there is no user \"%.60s\"", user);
	if (group && !is_number(group) &&
	    (getgrnam_r(group, &gr, room, ROOM, &found_group) != 0 || !found_group))
		hcfgnote_add(c->notes, HCFGNOTE_ERROR, nowhere, "there is no group \"%.60s\"",
		             group);
}

static void check_binds(struct conversion *c, const struct settings_bind *binds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_owner(c, binds[i].user, binds[i].group);
}

/* What HAProxy looks up when it reads the file, and a file of sluice's own when it is loaded. */
static void check_direct(struct conversion *c)
{
	const struct settings *s = c->settings;

	check_owner(c, s->user, s->group);
	for (size_t i = 0; i < s->socket_count; i++)
		check_owner(c, s->sockets[i].user, s->sockets[i].group);
	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *service = &s->services[i];

		check_binds(c, service->binds, service->bind_count);
		for (size_t f = 0; f < service->frontend_count; f++)
			check_binds(c, service->frontends[f].binds,
			            service->frontends[f].bind_count);
	}
}

bool hcfgconvert_model(const struct hcfgmodel *m, const struct hcfgconvert_options *o,
                       struct hcfgnote_list *notes, struct hcfgconvert *ret)
{
	struct conversion c = { .m = m, .options = o, .notes = notes };
	struct hcfgconvert result = { .settings = settings_new() };
	struct hcfgpair *pairs;

	c.settings = result.settings;
	c.arena = &result.settings->arena;
	c.pair_count = hcfgpair_plan(m, o->direct, c.arena, notes, &pairs);
	c.pairs = pairs;
	set_process(&c);
	set_services(&c, &result);
	hcfgadmin_set(m, o, notes, c.settings);
	hcfgoutput_set(m, o, notes, pairs, c.services, c.settings);
	set_resolver(&c);
	if (o->direct)
		check_direct(&c);
	else if (!c.pair_count && !notes->of_kind[HCFGNOTE_ERROR])
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
