/* SPDX-License-Identifier: MIT */
#include "base/url.h"
#include "lintparts.h"

#include <string.h>
#include <strings.h>

/* --- nodes that are written beside it ------------------------------------------------------- */

static bool is_joined(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->joined.count; i++)
		if (strcmp(s->joined.at[i].name, name) == 0)
			return true;
	return false;
}

/* Is it a server of a service, and not a backup only?  Those are often of another cluster. */
static bool serves(const struct settings *s, size_t target)
{
	for (size_t i = 0; i < s->service_count; i++)
		for (size_t k = 0; k < s->services[i].server_count; k++) {
			const struct settings_server *server = &s->services[i].servers[k];

			if (server->node == target && !server->backup)
				return true;
		}
	return false;
}

static void look_at_nodes(const struct lint_view *v)
{
	const struct settings *s = v->settings;
	struct lint_finding f = { .rule = LINT_WRITTEN_NODES,
		                  .severity = LINT_NOTE,
		                  .place = lintfile_find(v->file, "cluster.nodes"),
		                  .cure_kind = LINT_CONFIGURATION };

	f.cure = lint_print(v,
	                    "cluster = { discover = { from = \"%.200s\"; ... }; ... };, without "
	                    "nodes",
	                    s->discover->from.at[0]);
	for (size_t i = 0; i < s->target_count; i++) {
		const char *name = s->targets[i].name;

		/* A service's own servers are "service/server". */
		if (strchr(name, '/') || is_joined(s, name) || !serves(s, i))
			continue;
		lint_add(v, &f, name,
		         "what is written stays: also a node that the cluster decommissions, which "
		         "gets sessions until it ends, although cluster.discover would tell");
	}
}

/* --- its session ---------------------------------------------------------------------------- */

static bool is_here(const char *host)
{
	return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
	       strcasecmp(host, "localhost") == 0;
}

static void look_at_session(const struct lint_view *v)
{
	static const char alone[] = "only what from names is asked, and not the other nodes that "
	                            "are known: these would have to prove who they are";
	const struct settings_discover *d = v->settings->discover;
	struct lint_finding f = { .rule = LINT_DISCOVER_CLEAR,
		                  .severity = LINT_NOTE,
		                  .place = lintfile_find(v->file, "cluster.discover.session"),
		                  .cure_kind = LINT_CONFIGURATION };
	const char *clear = NULL;

	for (size_t i = 0; i < d->from.count && !clear; i++) {
		struct url u;

		if (!url_parse(d->from.at[i], &u, NULL) || u.secure)
			continue;
		clear = strchr(d->from.at[i], ':');
		f.severity = is_here(u.host) ? LINT_NOTE : LINT_WARNING;
	}
	if (clear) {
		f.cure = lint_print(v, "from = \"https%.200s\";", clear);
		lint_add(v, &f, NULL, "the session goes %s, and %s",
		         f.severity == LINT_NOTE ? "out over HTTP" : "over the network in clear",
		         alone);
	} else if (!d->verify) {
		f.severity = LINT_WARNING;
		f.cure = "verify = true; ca = \"/etc/sluice/ca.crt\";";
		lint_add(v, &f, NULL, "whoever answers gets the session, and %s", alone);
	}
}

void lint_look_at_discover(const struct lint_view *v)
{
	if (!v->settings->discover)
		return;
	look_at_nodes(v);
	if (v->settings->discover->session)
		look_at_session(v);
}
