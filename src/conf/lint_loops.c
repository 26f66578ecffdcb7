/* SPDX-License-Identifier: MIT */
#include "core/ownaddress.h"
#include "lintparts.h"

#include <string.h>

/* Names are not looked up, and this host's addresses are unknown but for its own one. */
static const struct settings_bind *find_bind(const struct settings_service *service,
                                             const struct settings_server *s)
{
	const char *host = strcmp(s->host, "localhost") == 0 ? "127.0.0.1" : s->host;
	struct addr to;

	if (!s->port || !addr_parse_ip(host, s->port, &to))
		return NULL;
	return ownaddress_find(service, &to, addr_reach(&to) == ADDR_REACH_HOST);
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
		         "that went there would come back as another one, so it stays DOWN",
		         s->name, s->host, s->port, b->text);
	}
}
