/* SPDX-License-Identifier: MIT */
#include "serverrules.h"

#include <stdio.h>
#include <string.h>

void serverrules_limits(struct draft_context *c, const struct settings_server *s,
                        const config_setting_t *at)
{
	if (s->minconn > s->maxconn && !s->maxconn)
		problem_add_key(c->problems, at, "minconn",
		                "it grows to maxconn, which is not limited: write maxconn, too");
	else if (s->minconn > s->maxconn)
		problem_add_key(c->problems, at, "minconn",
		                "%u is more than maxconn, which is %u: write at most that",
		                s->minconn, s->maxconn);
}

void serverrules_going_down(struct draft_context *c, const struct settings_server *s,
                            const config_setting_t *at)
{
	const char *const names[] = { "down_grace", "close_spread" };
	const uint32_t ms[] = { s->down_grace_ms, s->close_spread_ms };

	for (size_t i = 0; !s->shutdown_on_down && i < ARRAY_LEN(names); i++)
		if (ms[i])
			problem_add_key(
			    c->problems, at, names[i],
			    "its sessions do not end when it goes down: write "
			    "on_marked_down = \"shutdown-sessions\", or leave this out");
}

void serverrules_server(struct draft_context *c, const struct draft_server *s)
{
	bool local = s->s.host && strncmp(s->s.host, "unix:", 5) == 0;

	serverrules_limits(c, &s->s, s->at);
	serverrules_going_down(c, &s->s, s->at);
	if (local && s->source.at)
		problem_add_key(c->problems, s->at, "source",
		                "connections to a UNIX socket come from no address: leave it out");
	if (local && s->agent.at && !s->agent.c.address)
		problem_add_key(c->problems, s->at, "agent",
		                "a UNIX socket is on no host that could have an agent: write its "
		                "address, too");
	if (s->s.track && config_setting_get_member(s->at, "check"))
		problem_add_key(c->problems, s->at, "track",
		                "it has the health of that server: leave out check, or this");
}

/* A server by its service and name: one of the service's own, or a node. */
struct found {
	const struct draft_service *service;
	const struct draft_server *server; /* NULL: a node */
	bool ok;
};

static const struct draft_service *find_service(const struct draft_root *root, const char *path)
{
	const struct draft_service *services = root->services.at;
	size_t len = strcspn(path, "/");

	for (size_t i = 0; i < root->services.count; i++)
		if (services[i].s.name && strlen(services[i].s.name) == len &&
		    strncmp(services[i].s.name, path, len) == 0)
			return &services[i];
	return NULL;
}

static bool is_named(const char *name, const char *wanted)
{
	return name && strcmp(name, wanted) == 0;
}

static struct found find_server(const struct draft_root *root, const struct draft_service *own,
                                const char *track)
{
	const char *slash = strchr(track, '/');
	struct found f = { .service = slash ? find_service(root, track) : own };
	const char *name = slash ? slash + 1 : track;
	const struct draft_server *servers;
	const struct draft_node *nodes = root->cluster.nodes.at;

	if (!f.service)
		return f;
	servers = f.service->servers.at;
	for (size_t i = 0; i < f.service->servers.count; i++)
		if (is_named(servers[i].s.name, name))
			return (struct found){ f.service, &servers[i], true };
	for (size_t i = 0; !f.service->servers.count && i < root->cluster.nodes.count; i++)
		f.ok = f.ok || is_named(nodes[i].n.name, name);
	return f;
}

static bool is_checked(const struct draft_root *root, const struct found *f)
{
	const struct draft_check *check = f->server ? &f->server->check : &root->cluster.check;
	const struct draft_agent *agent =
	    f->server ? &f->server->agent : &root->cluster.server.agent;

	if (agent->at)
		return true;
	if (check->type)
		return strcmp(check->type, "none") != 0;
	return !f->server || check->at;
}

static void check_track(struct draft_context *c, const struct draft_root *root,
                        const struct draft_service *service, const struct draft_server *s,
                        size_t server_count)
{
	struct found f = find_server(root, service, s->s.track);
	size_t steps = 0;

	if (!f.ok) {
		problem_add_key(c->problems, s->at, "track",
		                "there is no server \"%.100s\": write \"service/server\" as they "
		                "are named here",
		                s->s.track);
		return;
	}
	while (f.ok && f.server && f.server->s.track && steps++ <= server_count)
		f = find_server(root, f.service, f.server->s.track);
	if (steps > server_count)
		problem_add_key(c->problems, s->at, "track",
		                "the servers have their health from each other in a circle: let "
		                "one of them have a check instead");
	else if (f.ok && !is_checked(root, &f))
		problem_add_key(c->problems, s->at, "track",
		                "that server is not checked: write check = { ... }; for it");
}

void serverrules_tracks(struct draft_context *c, const struct draft_root *root)
{
	const struct draft_service *services = root->services.at;
	size_t count = 0;

	for (size_t i = 0; i < root->services.count; i++)
		count += services[i].servers.count;
	for (size_t i = 0; i < root->services.count; i++) {
		const struct draft_server *servers = services[i].servers.at;

		for (size_t k = 0; k < services[i].servers.count; k++)
			if (servers[k].s.track)
				check_track(c, root, &services[i], &servers[k], count);
	}
}

/* Why warm connections to servers of a service are not for it, or NULL. */
static const char *why_not_warm(const struct settings_service *s)
{
	if (s->protocol != SETTINGS_PROTOCOL_PGWIRE)
		return "only in PostgreSQL's protocol is it known that the client speaks first: "
		       "write protocol = \"pgwire\" in the service, or leave this out";
	if (!s->replay || !s->redispatch)
		return "a server may close such a connection at any time, and then another one is "
		       "told what the client has said: write replay = true and redispatch = true "
		       "in the service, or leave this out";
	return NULL;
}

static void check_warm_servers(struct draft_context *c, const struct draft_service *service)
{
	const struct draft_server *servers = service->servers.at;
	const char *why = why_not_warm(&service->s);

	for (size_t i = 0; i < service->servers.count; i++) {
		const struct settings_server *s = &servers[i].s;

		if (!s->warm)
			continue;
		if (s->host && strncmp(s->host, "unix:", 5) == 0)
			problem_add_key(c->problems, servers[i].at, "warm",
			                "a UNIX socket is connected to in no time: leave this out");
		else if (why)
			problem_add_key(c->problems, servers[i].at, "warm", "%s", why);
	}
}

/* Where it is written for the nodes: the first place. */
static const config_setting_t *warm_place(const struct draft_cluster *cluster)
{
	const struct draft_node *nodes = cluster->nodes.at;

	if (cluster->server.at && cluster->server.s.warm)
		return cluster->server.at;
	for (size_t i = 0; i < cluster->nodes.count; i++)
		if (nodes[i].s.warm)
			return nodes[i].at;
	return NULL;
}

void serverrules_warm(struct draft_context *c, const struct draft_root *root)
{
	const struct draft_service *services = root->services.at;
	const config_setting_t *place = warm_place(&root->cluster);
	const char *why = NULL;

	/* Nodes stand in services of all kinds: one that can use it is enough. */
	for (size_t i = 0; i < root->services.count; i++) {
		const char *own = why_not_warm(&services[i].s);

		if (services[i].servers.count)
			check_warm_servers(c, &services[i]);
		else if (!own)
			place = NULL;
		else if (!why || services[i].s.protocol == SETTINGS_PROTOCOL_PGWIRE)
			why = own;
	}
	if (place && why)
		problem_add_key(c->problems, place, "warm", "%s", why);
}
