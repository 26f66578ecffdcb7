/* SPDX-License-Identifier: MIT */
#include "hcfgpair.h"

#include <string.h>

struct plan {
	const struct hcfgmodel *m;
	struct mem_arena *arena;
	struct hcfgnote_list *notes;
	bool direct;
	struct hcfgpair *pairs;
	size_t count, proxy_count;
	uint16_t *ports; /* room for as many as there are binds */
};

static bool is_front(const struct hcfgmodel_proxy *p)
{
	return p->kind == HCFGMODEL_FRONTEND || p->kind == HCFGMODEL_LISTEN;
}

static bool has_usable_server(const struct hcfgmodel_proxy *p)
{
	const struct hcfgmodel_server *s;

	STAILQ_FOREACH(s, &p->servers, next)
		if (s->s.host)
			return true;
	return false;
}

bool hcfgpair_only_shows(const struct hcfgmodel_proxy *p)
{
	return is_front(p) && p->page.stats.set && p->http.n && !p->backend &&
	       STAILQ_EMPTY(&p->servers);
}

bool hcfgpair_is_listen(const struct hcfgpair *pair)
{
	return pair->front_count == 1 && pair->fronts[0] == pair->back;
}

static void lose(struct plan *p, const struct hcfgmodel_proxy *proxy, const char *why)
{
	hcfgnote_add(p->notes, HCFGNOTE_LOSS, proxy->place, "\"%s %s\": %s",
	             hcfgmodel_kind_name(proxy->kind), proxy->name, why);
}

/* What a frontend names must be there, and must speak what it speaks. */
static void check_names(struct plan *p, const struct hcfgmodel_proxy *front)
{
	const struct hcfgmodel_proxy *back =
	    front->backend ? hcfgmodel_find_backend(p->m, front->backend) : NULL;

	if (front->backend && !back)
		hcfgnote_add(p->notes, HCFGNOTE_ERROR, front->backend_place,
		             "there is no \"backend %.60s\"", front->backend);
	if (back && front->http.n && !back->http.n)
		hcfgnote_add(p->notes, HCFGNOTE_ERROR, front->backend_place,
		             "\"backend %s\" is not of mode http, as \"%s\" is", back->name,
		             front->name);
	for (const struct hcfgmodel_use *u = front->uses; u; u = u->next)
		if (!strchr(u->backend, '%') && !hcfgmodel_find_backend(p->m, u->backend))
			hcfgnote_add(p->notes, HCFGNOTE_ERROR, u->place,
			             "there is no \"backend %.60s\"", u->backend);
}

/* Whether there is no service for a section, where a file of sluice's own is to be written. */
static bool leave_out(struct plan *p, const struct hcfgmodel_proxy *front,
                      const struct hcfgmodel_proxy *back)
{
	if (STAILQ_EMPTY(&front->binds))
		return true; /* a listen that others use, or it was said at its bind lines */
	if (has_usable_server(back) && !back->disabled.n)
		return false;
	lose(p, front,
	     back->disabled.n ? "its backend is disabled"
	                      : "it has no servers that sluice can use: no service");
	return true;
}

/* The backend of a frontend; NULL after a note, or if it only shows statistics. */
static const struct hcfgmodel_proxy *choose_back(struct plan *p,
                                                 const struct hcfgmodel_proxy *front)
{
	const struct hcfgmodel_proxy *back = front;

	check_names(p, front);
	if (front->disabled.n && !p->direct) {
		hcfgnote_add(p->notes, HCFGNOTE_REMARK, front->place,
		             "\"%s %s\" is disabled: left out", hcfgmodel_kind_name(front->kind),
		             front->name);
		return NULL;
	}
	if (hcfgpair_only_shows(front))
		return NULL;
	if (front->backend)
		back = hcfgmodel_find_backend(p->m, front->backend);
	if (!back || (!p->direct && leave_out(p, front, back)))
		return NULL;
	return back;
}

static struct hcfgpair *find_pair(struct plan *p, const struct hcfgmodel_proxy *back)
{
	struct hcfgpair *pair;

	for (size_t i = 0; i < p->count; i++)
		if (p->pairs[i].back == back)
			return &p->pairs[i];
	pair = &p->pairs[p->count++];
	pair->back = back;
	pair->fronts =
	    mem_arena_zalloc(p->arena, p->proxy_count * sizeof(const struct hcfgmodel_proxy *));
	return pair;
}

/* Servers without a port of their own get the one that the client dialled. */
static bool needs_port(const struct hcfgmodel_proxy *back)
{
	const struct hcfgmodel_server *s;

	STAILQ_FOREACH(s, &back->servers, next)
		if (s->s.host && s->port_kind != HCFGMODEL_PORT_NUMBER)
			return true;
	return false;
}

/* The ports of a pair's addresses, each once, in their order; `ret` has room for all. */
static size_t list_ports(const struct hcfgpair *pair, uint16_t *ret)
{
	bool seen[UINT16_MAX + 1] = { true }; /* a UNIX path has none */
	size_t count = 0;

	for (size_t i = 0; i < pair->front_count; i++) {
		const struct hcfgmodel_bind *b;

		STAILQ_FOREACH(b, &pair->fronts[i]->binds, next) {
			uint16_t port = (uint16_t)addr_port(&b->bind.addr);

			if (!seen[port])
				ret[count++] = port;
			seen[port] = true;
		}
	}
	return count;
}

static bool is_taken(const struct hcfgpair *pairs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return true;
	return false;
}

/* The backend's name, which commands and the log use; else the frontend's. */
static const char *choose_name(struct plan *p, const struct hcfgpair *done, size_t count,
                               const struct hcfgpair *pair, int port)
{
	const char *base = pair->back->name;
	const char *name = base;

	for (int n = 1; is_taken(done, count, name); n++) {
		if (port)
			name = mem_arena_printf(p->arena, "%.40s-%d", base, port + (n - 1) * 65536);
		else if (n == 1 && pair->front_count)
			name = pair->fronts[0]->name;
		else
			name = mem_arena_printf(p->arena, "%.40s-%d", base, n);
	}
	return name;
}

static void note_splitting(struct plan *p, const struct hcfgpair *pair)
{
	if (strcmp(pair->name, pair->back->name) != 0)
		hcfgnote_add(p->notes, HCFGNOTE_REMARK, pair->back->place,
		             "\"%s %s\": its servers have the port that the client dials; those of "
		             "port %d are the service \"%s\"",
		             hcfgmodel_kind_name(pair->back->kind), pair->back->name, pair->port,
		             pair->name);
}

/* One service for each port where servers depend on it. */
static size_t split_ports(struct plan *p, const struct hcfgpair *pair, struct hcfgpair *out,
                          size_t done)
{
	size_t count;
	struct hcfgpair *first = &out[done];

	if (!needs_port(pair->back) || !pair->front_count) {
		*first = *pair;
		first->name = choose_name(p, out, done, pair, 0);
		return 1;
	}
	count = list_ports(pair, p->ports);
	for (size_t i = 0; i < count; i++) {
		first[i] = *pair;
		first[i].port = p->ports[i];
		first[i].name = choose_name(p, out, done + i, pair, p->ports[i]);
		note_splitting(p, &first[i]);
	}
	if (!count && p->direct) {
		*first = *pair;
		first->name = choose_name(p, out, done, pair, 0);
		count++;
	}
	if (!count)
		lose(p, pair->fronts[0],
		     "its servers have no port, and its addresses neither: no service");
	return count;
}

static void note_unused(struct plan *p)
{
	const struct hcfgmodel_proxy *b;

	STAILQ_FOREACH(b, &p->m->proxies, next) {
		bool used = b->kind != HCFGMODEL_BACKEND;

		for (size_t i = 0; i < p->count; i++)
			used = used || p->pairs[i].back == b;
		if (!used)
			hcfgnote_add(p->notes, HCFGNOTE_REMARK, b->place,
			             "no service uses \"backend %s\": left out", b->name);
	}
}

static void plan_one(struct plan *p, const struct hcfgmodel_proxy *proxy)
{
	const struct hcfgmodel_proxy *back = is_front(proxy) ? choose_back(p, proxy) : proxy;
	struct hcfgpair *pair;

	if (!back || (!is_front(proxy) && !p->direct))
		return;
	pair = find_pair(p, back);
	if (is_front(proxy) && (proxy->kind == HCFGMODEL_FRONTEND || !STAILQ_EMPTY(&proxy->binds)))
		pair->fronts[pair->front_count++] = proxy;
}

size_t hcfgpair_plan(const struct hcfgmodel *m, bool direct, struct mem_arena *arena,
                     struct hcfgnote_list *notes, struct hcfgpair **ret)
{
	struct plan p = { .m = m, .arena = arena, .notes = notes, .direct = direct };
	const struct hcfgmodel_proxy *proxy;
	size_t binds = 0;
	size_t count = 0;

	STAILQ_FOREACH(proxy, &m->proxies, next) {
		const struct hcfgmodel_bind *b;

		p.proxy_count++;
		STAILQ_FOREACH(b, &proxy->binds, next)
			binds++;
	}
	p.pairs = mem_arena_zalloc(arena, (p.proxy_count + 1) * sizeof(*p.pairs));
	p.ports = mem_arena_zalloc(arena, (binds + 1) * sizeof(*p.ports));
	*ret = mem_arena_zalloc(arena, (p.proxy_count + binds + 1) * sizeof(**ret));
	STAILQ_FOREACH(proxy, &m->proxies, next)
		plan_one(&p, proxy);
	for (size_t i = 0; i < p.count; i++)
		count += split_ports(&p, &p.pairs[i], *ret, count);
	if (!direct)
		note_unused(&p);
	return count;
}
