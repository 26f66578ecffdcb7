/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "hcfgcopy.h"
#include "hcfgnumber.h"
#include "hcfgservice.h"

#include <string.h>

static uint16_t choose_port(struct hcfgservice *c, const struct hcfgmodel_server *s, int dialled)
{
	int port = s->port;

	if (strncmp(s->s.host, "unix:", 5) == 0)
		return 0;
	if (s->port_kind != HCFGMODEL_PORT_NUMBER)
		port += dialled;
	if (port < 1 || port > UINT16_MAX) {
		hcfgnote_add(c->notes, HCFGNOTE_ERROR, s->place,
		             "\"server %s\": its port would be %d", s->s.name, port);
		return 1;
	}
	return (uint16_t)port;
}

/* The name of the service that a backend is in; NULL if it is in none. */
static const char *service_of(const struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                              int port)
{
	const char *name = NULL;

	for (size_t i = 0; i < c->pair_count; i++)
		if (c->pairs[i].back == back && (!name || c->pairs[i].port == port))
			name = c->pairs[i].name;
	return name;
}

/* The check of a server, or whose health it has instead. */
static struct settings_check choose_check(struct hcfgservice *c, const struct hcfgpair *pair,
                                          const struct hcfgmodel_server *from,
                                          struct settings_server *s)
{
	const struct hcfgmodel_proxy *back;
	const struct hcfgmodel_server *tracked;
	const char *service;

	s->track = NULL;
	if (!from->s.track)
		return hcfgtarget_check(c, pair->back, from);
	if (!hcfgtrack_find(c, pair->back, from, &back, &tracked))
		return settings_check_default(SETTINGS_CHECK_NONE);
	service = service_of(c, back, pair->port);
	if (service && tracked->s.host) {
		s->track = mem_arena_printf(c->arena, "%s/%s", service, tracked->s.name);
		return settings_check_default(SETTINGS_CHECK_NONE);
	}
	hcfgnote_add(c->notes, HCFGNOTE_REMARK, from->place,
	             "\"server %s\" tracks \"%s/%s\", which is in no service: it is checked as "
	             "that one was",
	             from->s.name, back->name, tracked->s.name);
	while (tracked->s.track && hcfgtrack_find(c, back, tracked, &back, &tracked))
		;
	return hcfgtarget_check(c, back, tracked);
}

static void add_agent(struct hcfgservice *c, const struct hcfgpair *pair,
                      const struct hcfgmodel_server *from, struct settings_server *s)
{
	struct settings_target *t = &c->targets[c->target_count];

	*t = (struct settings_target){
		.name = mem_arena_printf(c->arena, "%s/%s", pair->name, s->name),
		.host = s->host,
		.check = hcfgtarget_agent(c, pair->back, from),
		.source = s->source,
	};
	t->check_port = t->check.port_number;
	s->agent = ++c->target_count;
}

static void make_server(struct hcfgservice *c, const struct hcfgpair *pair,
                        const struct hcfgmodel_server *from, struct settings_server *s)
{
	struct settings_target *t = &c->targets[c->target_count];

	*s = from->s;
	s->name = hcfgcopy_text(c, s->name);
	s->host = hcfgcopy_text(c, s->host);
	s->port = choose_port(c, from, pair->port);
	s->node = c->target_count++;
	if (!from->source.set)
		s->source = pair->back->source;
	s->source.interface = hcfgcopy_text(c, s->source.interface);
	s->tcp_user_timeout_ms = hcfgcopy_time(c, &from->tcp_ut);
	if (s->minconn > s->maxconn)
		s->maxconn = s->minconn; /* as HAProxy: also if it stands alone */
	if (s->minconn == s->maxconn)
		s->minconn = 0;
	*t = (struct settings_target){
		.name = mem_arena_printf(c->arena, "%s/%s", pair->name, s->name),
		.host = s->host,
		.check = choose_check(c, pair, from, s),
		.source = s->source,
	};
	t->check_port = t->check.port == SETTINGS_PORT_NUMBER ? t->check.port_number : s->port;
	if (from->agent)
		add_agent(c, pair, from, s);
}

/* HAProxy's numbers where some are written, or all are wanted; also of those left out. */
static void number_servers(const struct hcfgservice *c, const struct hcfgpair *pair,
                           struct settings_server *servers)
{
	const struct hcfgmodel_server *from;
	AUTO_FREE uint32_t *ids = NULL;
	bool wanted = c->direct;
	size_t count = 0;
	size_t n = 0;

	STAILQ_FOREACH(from, &pair->back->servers, next)
		count++;
	ids = mem_zalloc((count + 1) * sizeof(*ids));
	STAILQ_FOREACH(from, &pair->back->servers, next) {
		ids[n++] = from->s.id;
		wanted = wanted || from->s.id;
	}
	if (!wanted)
		return;
	hcfgnumber_fill(ids, count);
	count = n = 0;
	STAILQ_FOREACH(from, &pair->back->servers, next) {
		if (from->s.host) {
			servers[n].id_counted = !from->s.id;
			servers[n++].id = ids[count];
		}
		count++;
	}
}

void hcfgfarm_make(struct hcfgservice *c, const struct hcfgpair *pair, struct settings_service *s)
{
	const struct hcfgmodel_server *from;
	struct settings_server *servers;
	size_t count = 0;
	size_t n = 0;

	STAILQ_FOREACH(from, &pair->back->servers, next)
		count += from->s.host != NULL;
	servers = mem_arena_zalloc(c->arena, (count + 1) * sizeof(*servers));
	STAILQ_FOREACH(from, &pair->back->servers, next)
		if (from->s.host)
			make_server(c, pair, from, &servers[n++]);
	number_servers(c, pair, servers);
	s->servers = servers;
	s->server_count = n;
}
