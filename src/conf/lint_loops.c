/* SPDX-License-Identifier: MIT */
#include "lintparts.h"

#include <string.h>

static bool is_v4(const struct addr *a)
{
	return a->sa.sa_family == AF_INET;
}

/* Does who connects to the server come to the bind?  Names are not looked up. */
static bool leads_to(const struct settings_server *s, const struct settings_bind *b)
{
	const char *host = strcmp(s->host, "localhost") == 0 ? "127.0.0.1" : s->host;
	struct addr to;

	if (b->kind != SETTINGS_BIND_ADDR || !s->port || addr_port(&b->addr) != s->port ||
	    !addr_parse_ip(host, s->port, &to))
		return false;
	if (lint_reach_of(&b->addr) != LINT_REACH_ALL)
		return addr_equal(&to, &b->addr);
	return lint_reach_of(&to) == LINT_REACH_HOST &&
	       (is_v4(&to) == is_v4(&b->addr) || (is_v4(&to) && !b->v6only));
}

static const struct settings_bind *find(const struct settings_bind *binds, size_t count,
                                        const struct settings_server *s)
{
	for (size_t i = 0; i < count; i++)
		if (leads_to(s, &binds[i]))
			return &binds[i];
	return NULL;
}

static const struct settings_bind *find_bind(const struct settings_service *service,
                                             const struct settings_server *s)
{
	const struct settings_bind *b = find(service->binds, service->bind_count, s);

	for (size_t i = 0; !b && i < service->frontend_count; i++)
		b = find(service->frontends[i].binds, service->frontends[i].bind_count, s);
	return b;
}

void lint_look_at_loops(const struct lint_view *v)
{
	for (size_t i = 0; i < v->service->server_count; i++) {
		const struct settings_server *s = &v->service->servers[i];
		const struct settings_bind *b = find_bind(v->service, s);
		struct lint_finding f = { .rule = LINT_OWN_ADDRESS,
			                  .severity = LINT_WARNING,
			                  .cure_kind = LINT_CONFIGURATION };

		if (!b)
			continue;
		f.place = lintfile_server(v->file, v->service_index, i, "host");
		f.cure = lint_print(v, "bind = \":%u\";", s->port - 1U);
		lint_add(v, &f, v->service->name,
		         "%.64s is %.200s:%u, where the service listens (%.100s): each session "
		         "that goes there comes back as another one",
		         s->name, s->host, s->port, b->text);
	}
}
