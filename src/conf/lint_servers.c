/* SPDX-License-Identifier: MIT */
#include "lintparts.h"

#include <string.h>

/* How many servers of a service can serve, and how many are only there. */
struct counts {
	size_t active, backup;              /* not in maintenance, whatever their weight */
	size_t able_active, able_backup;    /* of those, with a weight */
	const struct settings_server *able; /* one of them */
};

static struct counts count(const struct settings_service *s)
{
	struct counts c = { 0 };

	for (size_t i = 0; i < s->server_count; i++) {
		const struct settings_server *server = &s->servers[i];

		if (server->disabled)
			continue;
		*(server->backup ? &c.backup : &c.active) += 1;
		if (!lint_is_able(server))
			continue;
		*(server->backup ? &c.able_backup : &c.able_active) += 1;
		if (!c.able || c.able->backup)
			c.able = server;
	}
	return c;
}

static struct lint_finding at(const struct lint_view *v, enum lint_id rule, const char *key)
{
	return (struct lint_finding){ .rule = rule,
		                      .severity = lint_rule_of(rule)->severity,
		                      .place = lintfile_service(v->file, v->service_index, key),
		                      .cure_kind = LINT_CONFIGURATION };
}

/* The nodes of the cluster serve, not servers of the service's own. */
static bool has_nodes(const struct lint_view *v)
{
	const struct settings_service *s = v->service;

	return s->server_count && !strchr(v->settings->targets[s->servers[0].node].name, '/');
}

static void look_at_redispatch(const struct lint_view *v, const struct counts *c)
{
	struct lint_finding f = at(v, LINT_REDISPATCH, "redispatch");

	f.cure = "redispatch = true;";
	if (!v->service->redispatch && c->able_active + c->able_backup > 1)
		lint_add(v, &f, v->service->name,
		         "a client whose server refuses or does not answer gets an error after %u "
		         "attempts at that one, although others could serve it",
		         v->service->retries + 1);
}

static const char *another_server(const struct lint_view *v)
{
	return has_nodes(v) ? "nodes = ( ..., { name = \"n2\"; host = \"ADDRESS\"; } );"
	                    : "servers = ( ..., { name = \"s2\"; address = \"HOST:PORT\"; } );";
}

static void look_at_loneliness(const struct lint_view *v, const struct counts *c)
{
	struct lint_finding f = at(v, LINT_SINGLE_SERVER, "servers");

	if (!c->able)
		return;
	if (has_nodes(v))
		f.place = lintfile_find(v->file, "cluster.nodes");
	f.cure = another_server(v);
	if (c->able_active + c->able_backup == 1)
		lint_add(v, &f, v->service->name,
		         "%.64s is the only server: while it restarts or is down nobody is served",
		         c->able->name);
	if (c->able_active != 1 || !c->able_backup || !v->cockroach)
		return;
	f.severity = LINT_NOTE;
	lint_add(v, &f, v->service->name,
	         "%.64s is the only server that is no backup: each restart of it moves all clients "
	         "to the backups",
	         c->able->name);
}

static void look_at_backups(const struct lint_view *v, const struct counts *c)
{
	struct lint_finding f = at(v, LINT_ONE_BACKUP, "allbackups");

	f.cure = "allbackups = true;";
	if (c->able_active > 1 && c->able_backup > 1 && !v->service->allbackups)
		lint_add(v, &f, v->service->name,
		         "when none of %zu servers is left one backup alone takes over, while %zu "
		         "stand by",
		         c->able_active, c->able_backup - 1);
}

static struct lintfile_place place_of_weight(const struct lint_view *v, bool backup)
{
	const struct settings_service *s = v->service;
	size_t i = 0;

	while (i + 1 < s->server_count && s->servers[i].backup != backup)
		i++;
	return lintfile_server(v->file, v->service_index, i, "weight");
}

static void look_at_weights(const struct lint_view *v, const struct counts *c)
{
	struct lint_finding f = at(v, LINT_ZERO_WEIGHT, "servers");

	f.cure = "weight = 1;";
	if (c->active && !c->able_active) {
		f.place = place_of_weight(v, false);
		lint_add(v, &f, v->service->name, "all servers have weight 0: %s",
		         c->able_backup ? "only its backups ever serve" : "nobody is ever served");
	}
	if (c->backup && !c->able_backup) {
		f.place = place_of_weight(v, true);
		lint_add(v, &f, v->service->name,
		         "all backups have weight 0: they never take over");
	}
}

static void look_at_returns(const struct lint_view *v, const struct counts *c)
{
	const struct settings_service *s = v->service;
	struct lint_finding f = at(v, LINT_SLOW_START, "balance");
	bool all = true;

	for (size_t i = 0; i < s->server_count; i++)
		all = all && (s->servers[i].slowstart_ms || !lint_is_able(&s->servers[i]));
	if (s->balance != SETTINGS_LEASTCONN || c->able_active < 2 || all)
		return;
	f.cure = has_nodes(v) ? "in cluster = { ... }: server = { slowstart = \"30s\"; };"
	                      : "slowstart = \"30s\";";
	lint_add(v, &f, s->name,
	         "a server that comes back has the fewest sessions and gets every new one until it "
	         "has as many as the others");
}

void lint_look_at_servers(const struct lint_view *v)
{
	struct counts c = count(v->service);

	look_at_redispatch(v, &c);
	look_at_loneliness(v, &c);
	look_at_backups(v, &c);
	look_at_weights(v, &c);
	look_at_returns(v, &c);
}
