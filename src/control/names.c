/* SPDX-License-Identifier: MIT */
#include "control/names.h"

#include "base/log.h"
#include "base/mem.h"
#include "core/ownaddress.h"
#include "net/localaddr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/*
 * One host, looked up once for all that name it: traffic and checks must never go to different
 * addresses of the same name.
 */
struct lookup {
	LIST_ENTRY(lookup) link;
	struct names *names;
	char *host;
	struct resolver_name *name;
	bool told; /* what follows has been reported */
	struct addr addr;
	char reason[128]; /* or "" */
};

/* A server or a check whose address a person has set. */
struct pin {
	LIST_ENTRY(pin) link;
	const struct topology_server *server; /* or NULL */
	size_t slot;                          /* of a check */
	bool chosen;                          /* the check's own, not its server's */
};

LIST_HEAD(lookups, lookup);
LIST_HEAD(pins, pin);

struct names {
	struct names_options o;
	struct lookups lookups;
	struct pins pins;
	struct localaddr local;
};

static const char *unix_path(const char *host)
{
	return strncmp(host, "unix:", 5) == 0 ? host + 5 : NULL;
}

static const char *host_of(const struct settings_target *t)
{
	return t->check.address ? t->check.address : t->host;
}

/* --- who uses a host ---------------------------------------------------------------------- */

typedef void server_visitor(struct names *n, struct topology_server *s, void *ctx);
typedef void check_visitor(struct names *n, size_t slot, const struct settings_target *target,
                           void *ctx);

static void each_server(struct names *n, server_visitor *visit, void *ctx)
{
	const struct topology *t = n->o.topology;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++)
			visit(n, t->services[i]->servers[k], ctx);
}

/* The checks that came with a server at run time. */
static void each_check_of(struct names *n, const struct topology_server *s, check_visitor *visit,
                          void *ctx)
{
	if (!s->own)
		return;
	if (s->check_slot != SIZE_MAX)
		visit(n, s->check_slot, s->target, ctx);
	if (s->agent_slot != SIZE_MAX)
		visit(n, s->agent_slot, &s->own->targets[s->settings->agent - 1], ctx);
}

static void each_check(struct names *n, check_visitor *visit, void *ctx)
{
	const struct topology *t = n->o.topology;

	for (size_t i = 0; i < t->settings->target_count; i++)
		visit(n, t->slots[i], &t->settings->targets[i], ctx);
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++)
			each_check_of(n, t->services[i]->servers[k], visit, ctx);
}

static struct pin *find_pin(const struct names *n, const struct topology_server *s, size_t slot)
{
	struct pin *p;

	LIST_FOREACH(p, &n->pins, link)
		if (p->server == s && p->slot == slot)
			return p;
	return NULL;
}

/* --- telling them ------------------------------------------------------------------------- */

static const struct addr *addr_of(const struct lookup *l)
{
	return l->addr.len ? &l->addr : NULL;
}

static const char *reason_of(const struct lookup *l)
{
	return l->reason[0] ? l->reason : NULL;
}

/* The bind of its own service that a server with the address of `l` is; NULL: none. */
static const struct settings_bind *find_own_bind(struct names *n, const struct topology_server *s,
                                                 const struct lookup *l)
{
	struct addr to = l->addr;

	if (!to.len)
		return NULL;
	addr_set_port(&to, (uint16_t)atomic_load_explicit(&s->port, memory_order_relaxed));
	/* Asking the kernel takes longer than to see that it cannot matter. */
	if (!ownaddress_find(s->service->settings, &to, true))
		return NULL;
	return ownaddress_find(s->service->settings, &to, localaddr_has(&n->local, &to));
}

static void tell_server(struct names *n, struct topology_server *s, void *ctx)
{
	const struct lookup *l = ctx;
	const struct settings_bind *own;
	char why[192];

	if (strcmp(s->settings->host, l->host) != 0 || find_pin(n, s, SIZE_MAX))
		return;
	own = find_own_bind(n, s, l);
	if (!own) {
		roster_resolved(n->o.roster, s, addr_of(l), reason_of(l));
		return;
	}
	snprintf(why, sizeof(why), "its address is where this service listens (bind %s)",
	         own->text);
	roster_refused_address(n->o.roster, s, why);
}

static void tell_check(struct names *n, size_t slot, const struct settings_target *target,
                       void *ctx)
{
	const struct lookup *l = ctx;

	if (strcmp(host_of(target), l->host) == 0 && !find_pin(n, NULL, slot))
		checker_set_address(n->o.checker, slot, addr_of(l), reason_of(l));
}

static void on_resolved(void *ctx, const struct addr *addr, const char *reason)
{
	struct lookup *l = ctx;

	if (!addr || reason)
		log_warn("\"%s\" does not resolve: %s%s", l->host, reason,
		         addr ? "; its last address stays in use" : "");
	l->told = true;
	l->addr = addr ? *addr : (struct addr){ 0 };
	snprintf(l->reason, sizeof(l->reason), "%s", reason ? reason : "");
	each_server(l->names, tell_server, l);
	each_check(l->names, tell_check, l);
}

/* --- the hosts ---------------------------------------------------------------------------- */

static struct lookup *find(const struct names *n, const char *host)
{
	struct lookup *l;

	LIST_FOREACH(l, &n->lookups, link)
		if (strcmp(l->host, host) == 0)
			return l;
	return NULL;
}

/*
 * UNIX sockets need no look-up: servers have theirs from the start.  Neither do addresses, which
 * are known at once: a server that is its own service must not be used until the loop turns.
 */
static void add_host(struct names *n, const char *host)
{
	struct lookup *l;

	if (unix_path(host) || find(n, host))
		return;
	l = mem_zalloc(sizeof(*l));
	l->names = n;
	l->host = mem_strdup(host);
	l->told = addr_parse_ip(host, 0, &l->addr);
	LIST_INSERT_HEAD(&n->lookups, l, link);
	l->name = resolver_watch(n->o.resolver, l->host, on_resolved, l);
}

static void remove_lookup(struct lookup *l)
{
	resolver_unwatch(l->name);
	LIST_REMOVE(l, link);
	free(l->host);
	free(l);
}

static void add_server(struct names *n, struct topology_server *s, void *ctx)
{
	(void)ctx;
	add_host(n, s->settings->host);
}

static void add_check(struct names *n, size_t slot, const struct settings_target *target, void *ctx)
{
	const char *path = unix_path(host_of(target));
	struct addr addr;

	(void)ctx;
	if (!path)
		add_host(n, host_of(target));
	else if (addr_from_unix(path, &addr, NULL))
		checker_set_address(n->o.checker, slot, &addr, NULL);
}

/* --- servers that come and go ------------------------------------------------------------- */

static void tell_check_what_is_known(struct names *n, size_t slot,
                                     const struct settings_target *target, void *ctx)
{
	struct lookup *l = find(n, host_of(target));

	(void)ctx;
	if (l && l->told)
		tell_check(n, slot, target, l);
}

static void watch(void *ctx, struct topology_server *s)
{
	struct names *n = ctx;
	struct lookup *l;

	add_server(n, s, NULL);
	each_check_of(n, s, add_check, NULL);
	l = find(n, s->settings->host);
	if (l && l->told)
		tell_server(n, s, l);
	each_check_of(n, s, tell_check_what_is_known, NULL);
}

struct search {
	const char *host;
	bool found;
};

static void search_server(struct names *n, struct topology_server *s, void *ctx)
{
	struct search *search = ctx;

	(void)n;
	if (strcmp(s->settings->host, search->host) == 0)
		search->found = true;
}

static void search_check(struct names *n, size_t slot, const struct settings_target *target,
                         void *ctx)
{
	struct search *search = ctx;

	(void)n;
	(void)slot;
	if (strcmp(host_of(target), search->host) == 0)
		search->found = true;
}

static bool is_used(struct names *n, const char *host)
{
	struct search search = { .host = host };

	each_server(n, search_server, &search);
	each_check(n, search_check, &search);
	return search.found;
}

static void unpin(const struct names *n, const struct topology_server *s, size_t slot)
{
	struct pin *p = find_pin(n, s, slot);

	if (!p)
		return;
	LIST_REMOVE(p, link);
	free(p);
}

static void unpin_check(struct names *n, size_t slot, const struct settings_target *target,
                        void *ctx)
{
	(void)target;
	(void)ctx;
	unpin(n, NULL, slot);
}

static void remove_unused(struct names *n)
{
	struct lookup *next;

	for (struct lookup *l = LIST_FIRST(&n->lookups); l; l = next) {
		next = LIST_NEXT(l, link);
		if (!is_used(n, l->host))
			remove_lookup(l);
	}
}

static void forget(void *ctx, struct topology_server *s)
{
	struct names *n = ctx;

	unpin(n, s, SIZE_MAX);
	each_check_of(n, s, unpin_check, NULL);
	remove_unused(n);
}

static void add_pin(struct names *n, const struct topology_server *s, size_t slot, bool chosen)
{
	struct pin *p = find_pin(n, s, slot);

	if (!p) {
		p = mem_zalloc(sizeof(*p));
		p->server = s;
		p->slot = slot;
		LIST_INSERT_HEAD(&n->pins, p, link);
	}
	p->chosen = p->chosen || chosen;
}

static void pin(void *ctx, struct topology_server *s)
{
	add_pin(ctx, s, SIZE_MAX, false);
}

static void pin_check(void *ctx, size_t slot, bool chosen)
{
	add_pin(ctx, NULL, slot, chosen);
}

static bool is_chosen(void *ctx, size_t slot)
{
	const struct pin *p = find_pin(ctx, NULL, slot);

	return p && p->chosen;
}

/* --- other settings ----------------------------------------------------------------------- */

static void ask_another(struct names *n, struct resolver *resolver)
{
	n->o.resolver = resolver;
	for (struct lookup *l = LIST_FIRST(&n->lookups); l; l = LIST_NEXT(l, link)) {
		resolver_unwatch(l->name);
		l->name = resolver_watch(resolver, l->host, on_resolved, l);
	}
}

static void tell_what_is_known(struct names *n)
{
	for (struct lookup *l = LIST_FIRST(&n->lookups); l; l = LIST_NEXT(l, link)) {
		if (!l->told)
			continue;
		each_server(n, tell_server, l);
		each_check(n, tell_check, l);
	}
}

void names_follow(struct names *n, struct resolver *resolver)
{
	if (resolver != n->o.resolver)
		ask_another(n, resolver);
	remove_unused(n);
	each_server(n, add_server, NULL);
	each_check(n, add_check, NULL);
	tell_what_is_known(n);
}

void names_release(struct names *n, const struct topology_server *s)
{
	unpin(n, s, SIZE_MAX);
}

void names_forget_check(struct names *n, size_t slot)
{
	unpin(n, NULL, slot);
}

/* --- the whole ---------------------------------------------------------------------------- */

static const struct roster_names callbacks = {
	.watch = watch, .forget = forget, .pin = pin, .pin_check = pin_check, .is_chosen = is_chosen
};

struct names *names_new(const struct names_options *o)
{
	struct names *n = mem_zalloc(sizeof(*n));

	n->o = *o;
	each_server(n, add_server, NULL);
	each_check(n, add_check, NULL);
	roster_use_names(o->roster, &callbacks, n);
	tell_what_is_known(n);
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	roster_use_names(n->o.roster, NULL, NULL);
	for (struct lookup *l = LIST_FIRST(&n->lookups), *next; l; l = next) {
		next = LIST_NEXT(l, link);
		remove_lookup(l);
	}
	for (struct pin *p = LIST_FIRST(&n->pins), *next; p; p = next) {
		next = LIST_NEXT(p, link);
		free(p);
	}
	localaddr_release(&n->local);
	free(n);
}
