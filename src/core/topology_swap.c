/* SPDX-License-Identifier: MIT */
#include "core/topology_swap.h"

#include "core/topology_gone.h"
#include "topology_build.h"
#include "topology_number.h"

#include <stdlib.h>
#include <string.h>

/* --- who is who --------------------------------------------------------------------------- */

static struct topology_service *find_service(const struct topology *t, const char *name)
{
	for (size_t i = 0; i < t->service_count; i++)
		if (strcmp(t->services[i]->settings->name, name) == 0)
			return t->services[i];
	return NULL;
}

static bool is_unix(const char *host)
{
	return strncmp(host, "unix:", 5) == 0;
}

static bool can_stay(const struct topology_server *s, const struct settings_server *after)
{
	const struct settings_server *before = s->settings;
	bool moves = strcmp(before->host, after->host) != 0;

	if (moves && (is_unix(before->host) || is_unix(after->host)))
		return false;
	return !after->id || after->id_counted || after->id == s->id;
}

static struct topology_server *find_server(const struct topology_service *service,
                                           const struct settings_server *after)
{
	for (size_t i = 0; i < service->server_count; i++)
		if (strcmp(service->servers[i]->settings->name, after->name) == 0)
			return can_stay(service->servers[i], after) ? service->servers[i] : NULL;
	return NULL;
}

static struct topology_frontend *find_frontend(const struct topology_service *service,
                                               const char *name)
{
	for (size_t i = 0; i < service->frontend_count; i++)
		if (strcmp(service->frontends[i]->settings->name, name) == 0)
			return service->frontends[i];
	return NULL;
}

/* --- servers ------------------------------------------------------------------------------ */

static bool has_server(const struct topology_swap_service *c, const struct topology_server *s)
{
	for (size_t i = 0; i < c->server_count; i++)
		if (c->servers[i].server == s)
			return true;
	return false;
}

static bool is_named(const struct topology_swap_service *c, const char *name)
{
	for (size_t i = 0; i < c->after->server_count; i++)
		if (strcmp(c->after->servers[i].name, name) == 0)
			return true;
	return false;
}

static void add_server(struct topology_swap *s, struct topology_swap_service *c,
                       const struct settings_server *after)
{
	struct topology_swap_server *to = &c->servers[c->server_count++];
	struct topology_service *service = c->service;

	to->after = after;
	to->server = find_server(service, after);
	if (to->server) {
		to->before = to->server->settings;
		to->adopted = to->server->own != NULL;
		return;
	}
	to->server = topology_build_server(service, after, s->after);
	topology_build_state(to->server);
	/* Its turn is now: it neither catches up nor waits for the others. */
	atomic_store_explicit(&to->server->turn,
	                      atomic_load_explicit(&service->clock[0], memory_order_relaxed),
	                      memory_order_relaxed);
}

static void add_dynamic(struct topology_swap_service *c, struct topology_server *server)
{
	c->servers[c->server_count++] =
	    (struct topology_swap_server){ .server = server, .before = server->settings };
}

/* A number that somebody has kept is not given again. */
static void number(const struct topology_swap_service *c)
{
	for (size_t i = 0; i < c->server_count; i++)
		for (size_t k = 0; !c->servers[i].before && k < c->server_count; k++)
			if (k != i && c->server_list[k]->id == c->server_list[i]->id)
				c->server_list[i]->id = 0;
	topology_number_servers(c->server_list, c->server_count);
}

static void match_servers(struct topology_swap *s, struct topology_swap_service *c)
{
	struct topology_service *service = c->service;
	size_t most = service->server_count + c->after->server_count;

	c->servers = mem_zalloc((most + 1) * sizeof(c->servers[0]));
	for (size_t i = 0; i < c->after->server_count; i++)
		add_server(s, c, &c->after->servers[i]);
	for (size_t i = 0; i < service->server_count; i++) {
		struct topology_server *server = service->servers[i];

		if (has_server(c, server))
			continue;
		if (server->own && !is_named(c, server->settings->name))
			add_dynamic(c, server);
		else
			s->gone_servers[s->gone_server_count++] = server;
	}
	c->server_list = mem_zalloc((c->server_count + 1) * sizeof(struct topology_server *));
	for (size_t i = 0; i < c->server_count; i++)
		c->server_list[i] = c->servers[i].server;
	number(c);
}

/* --- frontends ---------------------------------------------------------------------------- */

static void add_frontend(struct topology_swap_service *c, const struct settings_frontend *after,
                         struct settings_frontend *own)
{
	struct topology_swap_frontend *to = &c->frontends[c->frontend_count++];

	to->after = after;
	to->own = own;
	to->frontend = find_frontend(c->service, after->name);
	if (to->frontend)
		to->before = to->frontend->settings;
	else
		to->frontend = topology_build_frontend(c->service, after);
}

static void match_frontends(struct topology_swap *s, struct topology_swap_service *c)
{
	const struct topology_service *service = c->service;
	size_t count = c->after->frontend_count;
	struct settings_frontend *own = count ? NULL : topology_build_own(c->after);

	c->frontends = mem_zalloc((count + 1) * sizeof(c->frontends[0]));
	c->frontend_list = mem_zalloc((count + 1) * sizeof(struct topology_frontend *));
	if (own)
		add_frontend(c, own, own);
	for (size_t i = 0; i < count; i++)
		add_frontend(c, &c->after->frontends[i], NULL);
	for (size_t i = 0; i < c->frontend_count; i++)
		c->frontend_list[i] = c->frontends[i].frontend;
	for (size_t i = 0; i < service->frontend_count; i++) {
		size_t k = 0;

		while (k < c->frontend_count && c->frontend_list[k] != service->frontends[i])
			k++;
		if (k == c->frontend_count)
			s->gone_frontends[s->gone_frontend_count++] = service->frontends[i];
	}
}

/* --- services ----------------------------------------------------------------------------- */

static void list_new(struct topology_swap_service *c)
{
	const struct topology_service *service = c->service;

	c->server_count = service->server_count;
	c->servers = mem_zalloc((c->server_count + 1) * sizeof(c->servers[0]));
	for (size_t i = 0; i < c->server_count; i++)
		c->servers[i] =
		    (struct topology_swap_server){ .server = service->servers[i],
			                           .after = service->servers[i]->settings };
	c->frontend_count = service->frontend_count;
	c->frontends = mem_zalloc((c->frontend_count + 1) * sizeof(c->frontends[0]));
	for (size_t i = 0; i < c->frontend_count; i++)
		c->frontends[i] =
		    (struct topology_swap_frontend){ .frontend = service->frontends[i],
			                             .after = service->frontends[i]->settings };
}

static void match_service(struct topology_swap *s, const struct settings_service *after)
{
	struct topology_swap_service *c = &s->services[s->service_count++];

	c->after = after;
	c->service = find_service(s->topology, after->name);
	if (!c->service) {
		c->service = topology_build_service(after, s->after);
		topology_number_servers(c->service->servers, c->service->server_count);
		free(topology_publish(c->service));
		list_new(c);
		return;
	}
	c->before = c->service->settings;
	match_servers(s, c);
	match_frontends(s, c);
}

static void find_gone(struct topology_swap *s)
{
	const struct topology *t = s->topology;

	for (size_t i = 0; i < t->service_count; i++) {
		size_t k = 0;

		while (k < s->service_count && s->services[k].service != t->services[i])
			k++;
		if (k == s->service_count)
			s->gone_services[s->gone_service_count++] = t->services[i];
	}
}

/* Room for all there is: more cannot go. */
static void make_room(struct topology_swap *s)
{
	const struct topology *t = s->topology;
	size_t servers = 0;
	size_t frontends = 0;

	for (size_t i = 0; i < t->service_count; i++) {
		servers += t->services[i]->server_count;
		frontends += t->services[i]->frontend_count;
	}
	s->gone_services = mem_zalloc((t->service_count + 1) * sizeof(struct topology_service *));
	s->gone_frontends = mem_zalloc((frontends + 1) * sizeof(struct topology_frontend *));
	s->gone_servers = mem_zalloc((servers + 1) * sizeof(struct topology_server *));
	s->retired = mem_zalloc((2 * servers + 1) * sizeof(struct settings *));
}

struct topology_swap *topology_swap_new(struct topology *t, struct settings *after)
{
	struct topology_swap *s = mem_zalloc(sizeof(*s));

	s->topology = t;
	s->before = t->owned;
	s->after = after;
	s->slots = mem_zalloc((after->target_count + 1) * sizeof(s->slots[0]));
	s->services = mem_zalloc((after->service_count + 1) * sizeof(s->services[0]));
	s->service_list =
	    mem_zalloc((after->service_count + 1) * sizeof(struct topology_service *));
	make_room(s);
	for (size_t i = 0; i < after->service_count; i++)
		match_service(s, &after->services[i]);
	for (size_t i = 0; i < s->service_count; i++)
		s->service_list[i] = s->services[i].service;
	find_gone(s);
	return s;
}

/* --- the exchange ------------------------------------------------------------------------- */

#define EXCHANGE(a, b)                                                                             \
	do {                                                                                       \
		__typeof__(a) kept_ = (a);                                                         \
		(a) = (b);                                                                         \
		(b) = kept_;                                                                       \
	} while (0)

static void retire(struct topology_swap *s, struct settings **settings)
{
	s->retired[s->retired_count++] = *settings;
	*settings = NULL;
}

static void put_server(struct topology_swap *s, const struct topology_swap_server *c)
{
	struct topology_server *server = c->server;

	if (!c->after)
		return;
	if (c->adopted) {
		retire(s, &server->own);
		retire(s, &server->base);
	}
	server->settings = c->after;
	server->target = &s->after->targets[c->after->node];
	server->check_slot = s->slots[c->after->node];
	server->agent_slot = c->after->agent ? s->slots[c->after->agent - 1] : SIZE_MAX;
	topology_build_agent(server, c->after, s->after);
}

static void put_frontend(struct topology_swap_frontend *c, bool service_stays, uint32_t was,
                         uint32_t maxconn)
{
	struct topology_frontend *f = c->frontend;
	bool limited = !c->before || c->before->maxconn != c->after->maxconn ||
	               (!c->after->maxconn && was != maxconn);

	f->settings = c->after;
	if (service_stays)
		EXCHANGE(f->own, c->own);
	/* What a person has set stays unless the file changed it. */
	if (limited)
		topology_limit_frontend(f, maxconn);
}

static void put_service(struct topology_swap *s, struct topology_swap_service *c, uint32_t was,
                        uint32_t maxconn)
{
	struct topology_service *service = c->service;

	for (size_t i = 0; i < c->server_count; i++)
		put_server(s, &c->servers[i]);
	if (c->before) {
		service->settings = c->after;
		service->server_count = c->server_count;
		service->frontend_count = c->frontend_count;
		EXCHANGE(service->servers, c->server_list);
		EXCHANGE(service->frontends, c->frontend_list);
		c->roll = topology_publish(service); /* with the weights of the new settings */
		if (c->after->id && !c->after->id_counted)
			service->id = c->after->id;
	}
	for (size_t i = 0; i < c->frontend_count; i++)
		put_frontend(&c->frontends[i], c->before != NULL, was, maxconn);
	topology_set_fullconn(service, maxconn);
}

static void lose_check(struct topology_server *s)
{
	s->check_slot = SIZE_MAX;
	s->agent_slot = SIZE_MAX;
	s->tracked = NULL;
}

/* Their checks are others' or nobody's from now on. */
static void lose_checks(const struct topology_swap *s)
{
	for (size_t i = 0; i < s->gone_server_count; i++)
		lose_check(s->gone_servers[i]);
	for (size_t i = 0; i < s->gone_service_count; i++)
		for (size_t k = 0; k < s->gone_services[i]->server_count; k++)
			lose_check(s->gone_services[i]->servers[k]);
}

/* No sum goes back. */
static void keep_counts(const struct topology_swap *s)
{
	for (size_t i = 0; i < s->gone_server_count; i++)
		topology_gone_server(s->gone_servers[i]);
	for (size_t i = 0; i < s->gone_frontend_count; i++)
		topology_gone_frontend(s->gone_frontends[i]);
	for (size_t i = 0; i < s->gone_service_count; i++)
		topology_gone_service(s->topology, s->gone_services[i]);
}

void topology_swap_commit(struct topology_swap *s, uint32_t was, uint32_t maxconn)
{
	struct topology *t = s->topology;

	for (size_t i = 0; i < s->service_count; i++)
		put_service(s, &s->services[i], was, maxconn);
	lose_checks(s);
	keep_counts(s);
	EXCHANGE(t->services, s->service_list);
	t->service_count = s->service_count;
	EXCHANGE(t->slots, s->slots);
	t->owned = s->after;
	t->settings = s->after;
	topology_number(t);
	topology_link_tracks(t);
	s->committed = true;
}

/* --- the rest ----------------------------------------------------------------------------- */

static void forget_service(const struct topology_swap *s, struct topology_swap_service *c)
{
	if (!s->committed && !c->before)
		topology_free_service(c->service);
	for (size_t i = 0; !s->committed && c->before && i < c->server_count; i++)
		if (!c->servers[i].before)
			topology_free_server(c->servers[i].server);
	for (size_t i = 0; c->before && i < c->frontend_count; i++) {
		if (!s->committed && !c->frontends[i].before)
			topology_free_frontend(c->frontends[i].frontend);
		free(c->frontends[i].own);
	}
	free(c->servers);
	free(c->frontends);
	free(c->server_list);
	free(c->frontend_list);
	free(c->roll);
}

void topology_swap_free(struct topology_swap *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->service_count; i++)
		forget_service(s, &s->services[i]);
	for (size_t i = 0; i < s->retired_count; i++)
		settings_free(s->retired[i]);
	if (s->committed)
		settings_free(s->before);
	free(s->retired);
	free(s->services);
	free(s->service_list);
	free(s->slots);
	free(s->gone_services);
	free(s->gone_frontends);
	free(s->gone_servers);
	free(s);
}
