/* SPDX-License-Identifier: MIT */
#include "control/names.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A host being looked up for one server's traffic or for one target's checks. */
struct lookup {
	struct names *names;
	struct topology_server *server; /* NULL: the check target `target` */
	size_t target;
	struct resolver_name *name;
};

struct names {
	struct topology *topology;
	struct checker *checker;
	struct lookup *lookups;
	size_t count;
};

static void server_resolved(struct topology_server *s, const struct addr *addr, const char *reason)
{
	struct addr with_port;

	if (!addr) {
		topology_set_address(s, NULL);
		snprintf(s->cause, sizeof(s->cause), "\"%s\" does not resolve: %s",
		         s->settings->host, reason);
		return;
	}
	with_port = *addr;
	addr_set_port(&with_port, s->settings->port);
	topology_set_address(s, &with_port);
}

static void target_resolved(struct lookup *l, const struct addr *addr, const char *reason)
{
	const struct settings_target *t = &l->names->topology->settings->targets[l->target];

	if (!addr || reason)
		log_warn("node %s: \"%s\" does not resolve: %s%s", t->name, t->host, reason,
		         addr ? "; its last address stays in use" : "");
	checker_set_address(l->names->checker, l->target, addr, reason);
}

static void on_resolved(void *ctx, const struct addr *addr, const char *reason)
{
	struct lookup *l = ctx;

	if (l->server)
		server_resolved(l->server, addr, reason);
	else
		target_resolved(l, addr, reason);
}

static const char *unix_path(const char *host)
{
	return strncmp(host, "unix:", 5) == 0 ? host + 5 : NULL;
}

static void watch(struct names *n, struct resolver *resolver, struct topology_server *server,
                  size_t target, const char *host)
{
	struct lookup *l = &n->lookups[n->count];

	*l = (struct lookup){ .names = n, .server = server, .target = target };
	l->name = resolver_watch(resolver, host, on_resolved, l);
	n->count++;
}

static void watch_target(struct names *n, struct resolver *resolver, size_t target)
{
	const struct settings_target *t = &n->topology->settings->targets[target];
	const char *host = t->check.address ? t->check.address : t->host;
	struct addr addr;

	if (t->check.type == SETTINGS_CHECK_NONE)
		return;
	if (unix_path(host) && addr_from_unix(unix_path(host), &addr, NULL))
		checker_set_address(n->checker, target, &addr, NULL);
	else
		watch(n, resolver, NULL, target, host);
}

struct names *names_new(struct topology *t, struct checker *checker, struct resolver *resolver)
{
	struct names *n = mem_zalloc(sizeof(*n));
	size_t most = t->settings->target_count;

	n->topology = t;
	n->checker = checker;
	for (size_t i = 0; i < t->service_count; i++)
		most += t->services[i]->server_count;
	n->lookups = mem_zalloc(most * sizeof(n->lookups[0]));
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			struct topology_server *s = t->services[i]->servers[k];

			if (!unix_path(s->settings->host))
				watch(n, resolver, s, 0, s->settings->host);
		}
	for (size_t i = 0; i < t->settings->target_count; i++)
		watch_target(n, resolver, i);
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
