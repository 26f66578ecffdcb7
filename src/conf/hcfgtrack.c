/* SPDX-License-Identifier: MIT */
#include "hcfgservice.h"

#include <string.h>

static const struct hcfgmodel_server *find_server(const struct hcfgmodel_proxy *p, const char *name)
{
	const struct hcfgmodel_server *s;

	STAILQ_FOREACH(s, &p->servers, next)
		if (strcmp(s->s.name, name) == 0)
			return s;
	return NULL;
}

/* "server" or "backend/server"; false after an error. */
static bool find_tracked(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                         const struct hcfgmodel_server *s, const struct hcfgmodel_proxy **ret_back,
                         const struct hcfgmodel_server **ret_server)
{
	const char *slash = strchr(s->s.track, '/');
	const char *name = slash ? slash + 1 : s->s.track;

	*ret_back = back;
	if (slash)
		*ret_back = hcfgmodel_find_backend(
		    c->model,
		    mem_arena_strndup(c->arena, s->s.track, (size_t)(slash - s->s.track)));
	*ret_server = *ret_back ? find_server(*ret_back, name) : NULL;
	if (*ret_server)
		return true;
	hcfgnote_add(c->notes, HCFGNOTE_ERROR, s->place, "\"track %.60s\": there is no such %s",
	             s->s.track, *ret_back ? "server" : "backend");
	return false;
}

bool hcfgtrack_find(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                    const struct hcfgmodel_server *s, const struct hcfgmodel_proxy **ret_back,
                    const struct hcfgmodel_server **ret_server)
{
	const struct hcfgmodel_proxy *at = back;
	const struct hcfgmodel_server *server = s;
	const struct hcfgmodel_server *slow = s; /* finds circles: half as fast */
	const struct hcfgmodel_proxy *slow_at = back;
	bool step = false;

	if (!find_tracked(c, back, s, ret_back, ret_server))
		return false;
	while (server->s.track) {
		if (!find_tracked(c, at, server, &at, &server))
			return false;
		if (step && !find_tracked(c, slow_at, slow, &slow_at, &slow))
			return false;
		step = !step;
		if (server != slow)
			continue;
		hcfgnote_add(c->notes, HCFGNOTE_ERROR, s->place,
		             "\"track %.60s\": it ends in a circle", s->s.track);
		return false;
	}
	if (server->check || server->agent)
		return true;
	hcfgnote_add(c->notes, HCFGNOTE_ERROR, s->place,
	             "\"track %.60s\": \"server %s\" is not checked", s->s.track, server->s.name);
	return false;
}
