/* SPDX-License-Identifier: MIT */
#include "hcfgadmin.h"

#include "hcfgpair.h"

#include <string.h>

enum { ADMIN_PORT = 8404, OPERATOR_TIMEOUT_MS = 10000 };

#define ADMIN_BIND   "127.0.0.1:8404"
#define ADMIN_SOCKET "/run/sluice/admin.sock"
#define HAPROXY_URI  "/haproxy?stats"
#define REALM        "HAProxy Statistics"

struct work {
	const struct hcfgmodel *m;
	bool direct;
	struct hcfgnote_list *notes;
	struct settings *settings;
	struct mem_arena *arena;
	struct settings_admin *admins;
};

static const char *copy(struct work *w, const char *s)
{
	return s ? mem_arena_strdup(w->arena, s) : NULL;
}

/* --- pages -------------------------------------------------------------------------------- */

static void copy_users(struct work *w, const struct hcfgmodel_page *page, struct settings_admin *a)
{
	const struct hcfgmodel_user *from;
	struct settings_user *users;
	size_t n = 0;

	for (from = page->users; from; from = from->next)
		n++;
	users = mem_arena_zalloc(w->arena, (n + 1) * sizeof(*users));
	a->user_count = n;
	for (from = page->users; from; from = from->next) {
		users[--n].name = copy(w, from->user.name);
		users[n].password = copy(w, from->user.password);
	}
	a->users = a->user_count ? users : NULL;
}

static void copy_scope(struct work *w, const struct hcfgmodel_page *page, struct settings_admin *a)
{
	const struct hcfgmodel_scope *from;
	const char **names;
	size_t n = 0;

	for (from = page->scope; from; from = from->next)
		n++;
	names = mem_arena_zalloc(w->arena, (n + 1) * sizeof(*names));
	a->scope = (struct settings_strings){ n ? names : NULL, n };
	for (from = page->scope; from; from = from->next)
		names[--n] = copy(w, from->name);
}

static bool is_loopback(const struct addr *addr)
{
	struct addr_net v4;
	struct addr_net v6;

	return addr_net_parse("127.0.0.0/8", &v4, NULL) && addr_net_parse("::1", &v6, NULL) &&
	       (addr_net_contains(&v4, addr) || addr_net_contains(&v6, addr));
}

/* "stats admin if LOCALHOST" is for all who reach an address that only this host reaches. */
static bool choose_writable(struct work *w, const struct hcfgmodel_page *page,
                            const struct hcfgmodel_bind *b)
{
	switch (page->admin) {
	case HCFGMODEL_ADMIN_NOBODY:
		return false;
	case HCFGMODEL_ADMIN_ALL:
		return true;
	case HCFGMODEL_ADMIN_LOCAL:
		break;
	}
	if (is_loopback(&b->bind.addr))
		return true;
	hcfgnote_add(
	    w->notes, HCFGNOTE_LOSS, page->admin_place,
	    "\"stats admin\": if LOCALHOST, but \"%s\" is reached by others, too: the page "
	    "only shows there",
	    b->bind.text);
	return false;
}

static void add_page(struct work *w, const struct hcfgmodel_proxy *p,
                     const struct hcfgmodel_bind *b)
{
	const struct hcfgmodel_page *page = &p->page;
	struct settings_admin *a = &w->admins[w->settings->admin_count++];

	*a = (struct settings_admin){
		.bind = copy(w, b->bind.text),
		.addr = b->bind.addr,
		.name = copy(w, p->name),
		.id = w->direct || p->id.set ? p->id.n : 0,
		.listen = p->kind == HCFGMODEL_LISTEN,
		.metrics_path = copy(w, page->metrics_path),
		.monitor_uri = copy(w, page->monitor_uri),
		.stats_only = true,
	};
	hcfgnote_add(w->notes, HCFGNOTE_REMARK, p->place,
	             "\"%s %s\": its statistics are at admin.bind = \"%s\"",
	             hcfgmodel_kind_name(p->kind), p->name, b->bind.text);
	if (b->ssl)
		hcfgnote_add(w->notes, HCFGNOTE_LOSS, b->place,
		             "\"%s\": admin.cert and admin.key make it an address of TLS",
		             b->bind.text);
	if (!page->stats.n)
		return;
	a->stats_uri = copy(w, page->uri ? page->uri : HAPROXY_URI);
	a->realm = copy(w, page->realm ? page->realm : REALM);
	a->refresh_s = page->refresh_s;
	a->hide_version = page->hide_version;
	a->writable = choose_writable(w, page, b);
	copy_users(w, page, a);
	copy_scope(w, page, a);
}

static void take_pages(struct work *w, const struct hcfgmodel_proxy *p)
{
	const struct hcfgmodel_bind *b;

	STAILQ_FOREACH(b, &p->binds, next)
		if (b->bind.kind == SETTINGS_BIND_FD)
			hcfgnote_add(w->notes, HCFGNOTE_LOSS, b->place,
			             "\"%s\": admin.bind is an address", b->bind.text);
		else
			add_page(w, p, b);
}

/* A page besides other traffic: sluice does not look into that. */
static void note_lost_page(struct work *w, const struct hcfgmodel_proxy *p)
{
	if (p->page.stats.n && !p->http.n)
		hcfgnote_add(w->notes, HCFGNOTE_REMARK, p->page.stats.place,
		             "\"stats\": HAProxy has the page in mode http only, and \"%s\" is not",
		             p->name);
	else if (p->http.n && (p->kind != HCFGMODEL_BACKEND || p->page.stats.n))
		hcfgnote_add(w->notes, HCFGNOTE_LOSS, p->page.stats.place,
		             "\"%s\": what clients of \"%s\" send is relayed to its servers; the "
		             "statistics are at admin.bind",
		             p->page.stats.n ? "stats" : "http-request", p->name);
}

/* --- sluice's own, and control sockets ---------------------------------------------------- */

static bool has_port(const struct settings_bind *binds, size_t count, uint16_t port)
{
	for (size_t i = 0; i < count; i++)
		if (addr_port(&binds[i].addr) == port)
			return true;
	return false;
}

static bool is_listened_on(const struct settings *s, uint16_t port)
{
	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *service = &s->services[i];

		if (has_port(service->binds, service->bind_count, port))
			return true;
		for (size_t f = 0; f < service->frontend_count; f++)
			if (has_port(service->frontends[f].binds, service->frontends[f].bind_count,
			             port))
				return true;
	}
	return false;
}

static void set_sockets(struct work *w, bool own)
{
	const struct hcfgmodel_socket *from;
	struct settings_socket *sockets;
	size_t count = 1;

	STAILQ_FOREACH(from, &w->m->global.sockets, next)
		count++;
	sockets = mem_arena_zalloc(w->arena, count * sizeof(*sockets));
	count = 0;
	STAILQ_FOREACH(from, &w->m->global.sockets, next) {
		struct settings_socket *s = &sockets[count++];

		*s = from->socket;
		s->text = copy(w, s->text);
		s->user = copy(w, s->user);
		s->group = copy(w, s->group);
	}
	if (!count && own && addr_from_unix(ADMIN_SOCKET, &sockets[0].addr, NULL)) {
		sockets[0].text = copy(w, ADMIN_SOCKET);
		sockets[0].level = SETTINGS_LEVEL_ADMIN;
		count = 1;
	}
	w->settings->sockets = count ? sockets : NULL;
	w->settings->socket_count = count;
}

static size_t count_pages(const struct hcfgmodel *m)
{
	const struct hcfgmodel_proxy *p;
	const struct hcfgmodel_bind *b;
	size_t n = 1;

	STAILQ_FOREACH(p, &m->proxies, next)
		if (hcfgpair_only_shows(p))
			STAILQ_FOREACH(b, &p->binds, next)
				n++;
	return n;
}

void hcfgadmin_set(const struct hcfgmodel *m, const struct hcfgconvert_options *o,
                   struct hcfgnote_list *notes, struct settings *s)
{
	struct work w = { m, o->direct, notes, s, &s->arena, NULL };
	const struct hcfgmodel_proxy *p;
	struct addr addr;

	w.admins = mem_arena_zalloc(w.arena, count_pages(m) * sizeof(*w.admins));
	s->admins = w.admins;
	STAILQ_FOREACH(p, &m->proxies, next) {
		if (!p->page.stats.set || p->disabled.n)
			continue;
		if (hcfgpair_only_shows(p))
			take_pages(&w, p);
		else
			note_lost_page(&w, p);
	}
	set_sockets(&w, o->own_admin);
	s->operator_timeout_ms = m->global.stats_ms.n;
	if (o->direct && !s->operator_timeout_ms)
		s->operator_timeout_ms = OPERATOR_TIMEOUT_MS;
	if (o->own_admin && !s->admin_count && !is_listened_on(s, ADMIN_PORT) &&
	    addr_parse_ip("127.0.0.1", ADMIN_PORT, &addr))
		w.admins[s->admin_count++] =
		    (struct settings_admin){ .bind = copy(&w, ADMIN_BIND), .addr = addr };
}
