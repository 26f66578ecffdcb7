/* SPDX-License-Identifier: MIT */
#include "control/names.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/*
 * One host, looked up once for all that name it: traffic and checks must never go to different
 * addresses of the same name.
 */
struct lookup {
	struct names *names;
	const char *host;
	struct resolver_name *name;
};

struct names {
	struct topology *topology;
	struct roster *roster;
	struct checker *checker;
	struct lookup *lookups;
	size_t count;
};

static const char *unix_path(const char *host)
{
	return strncmp(host, "unix:", 5) == 0 ? host + 5 : NULL;
}

static const char *host_of(const struct settings_target *t)
{
	return t->check.address ? t->check.address : t->host;
}

static void tell_servers(const struct lookup *l, const struct addr *addr, const char *reason)
{
	const struct topology *t = l->names->topology;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			struct topology_server *s = t->services[i]->servers[k];

			if (strcmp(s->settings->host, l->host) == 0)
				roster_resolved(l->names->roster, s, addr, reason);
		}
}

static void tell_checker(const struct lookup *l, const struct addr *addr, const char *reason)
{
	const struct settings *set = l->names->topology->settings;

	for (size_t i = 0; i < set->target_count; i++)
		if (strcmp(host_of(&set->targets[i]), l->host) == 0)
			checker_set_address(l->names->checker, i, addr, reason);
}

static void on_resolved(void *ctx, const struct addr *addr, const char *reason)
{
	const struct lookup *l = ctx;

	if (!addr || reason)
		log_warn("\"%s\" does not resolve: %s%s", l->host, reason,
		         addr ? "; its last address stays in use" : "");
	tell_servers(l, addr, reason);
	tell_checker(l, addr, reason);
}

/* UNIX sockets need no look-up: servers have theirs from the start. */
static void add_host(struct names *n, const char *host)
{
	if (unix_path(host))
		return;
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->lookups[i].host, host) == 0)
			return;
	n->lookups[n->count++] = (struct lookup){ .names = n, .host = host };
}

static void add_hosts(struct names *n)
{
	const struct topology *t = n->topology;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++)
			add_host(n, t->services[i]->servers[k]->settings->host);
	for (size_t i = 0; i < t->settings->target_count; i++)
		add_host(n, host_of(&t->settings->targets[i]));
}

static void set_unix_targets(struct names *n)
{
	const struct settings *set = n->topology->settings;
	struct addr addr;

	for (size_t i = 0; i < set->target_count; i++) {
		const char *path = unix_path(host_of(&set->targets[i]));

		if (path && addr_from_unix(path, &addr, NULL))
			checker_set_address(n->checker, i, &addr, NULL);
	}
}

struct names *names_new(const struct names_options *o)
{
	struct names *n = mem_zalloc(sizeof(*n));
	size_t most = o->topology->settings->target_count;

	n->topology = o->topology;
	n->roster = o->roster;
	n->checker = o->checker;
	for (size_t i = 0; i < n->topology->service_count; i++)
		most += n->topology->services[i]->server_count;
	n->lookups = mem_zalloc(most * sizeof(n->lookups[0]));
	add_hosts(n);
	for (size_t i = 0; i < n->count; i++)
		n->lookups[i].name =
		    resolver_watch(o->resolver, n->lookups[i].host, on_resolved, &n->lookups[i]);
	set_unix_targets(n);
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->count; i++)
		resolver_unwatch(n->lookups[i].name);
	free(n->lookups);
	free(n);
}
