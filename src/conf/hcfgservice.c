/* SPDX-License-Identifier: MIT */
#include "hcfgservice.h"

#include "hcfgcopy.h"

#include <string.h>

enum { RETRIES_MAX = 100, RETRIES_DEFAULT = 3 };

static uint32_t number(const struct hcfgmodel_value *v, uint32_t otherwise)
{
	return v->set ? v->n : otherwise;
}

size_t hcfgservice_count_targets(const struct hcfgmodel_proxy *back)
{
	const struct hcfgmodel_server *s;
	size_t n = 0;

	STAILQ_FOREACH(s, &back->servers, next)
		if (s->s.host)
			n += 1 + s->agent;
	return n;
}

/* --- the side of the servers -------------------------------------------------------------- */

static void set_timeouts(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                         struct settings_timeouts *t)
{
	t->connect_ms = hcfgcopy_time(c, &back->connect_ms);
	t->queue_ms = hcfgcopy_time(c, &back->queue_ms);
	t->server_ms = hcfgcopy_time(c, &back->server_ms);
	t->server_fin_ms = hcfgcopy_time(c, &back->server_fin_ms);
	if (!back->tunnel_ms.set)
		return;
	t->server_ms = hcfgcopy_time(c, &back->tunnel_ms);
	hcfgnote_add(c->notes, HCFGNOTE_REMARK, back->tunnel_ms.place,
	             "\"timeout tunnel\": it becomes timeout client and server, which it replaces "
	             "in HAProxy once a session is connected");
}

static void set_keepalive(struct hcfgservice *c, const struct hcfgmodel_proxy *back,
                          struct settings_keepalive *k)
{
	k->server = back->srvtcpka.n;
	if (!k->server)
		return;
	k->idle_s = hcfgcopy_seconds(c, &back->server_idle_s);
	k->interval_s = hcfgcopy_seconds(c, &back->server_interval_s);
	k->count = number(&back->server_count, 0);
}

static uint32_t choose_retries(struct hcfgservice *c, const struct hcfgmodel_proxy *back)
{
	uint32_t n = number(&back->retries, RETRIES_DEFAULT);

	if (n <= RETRIES_MAX)
		return n;
	hcfgnote_add(c->notes, HCFGNOTE_LOSS, back->retries.place,
	             "\"retries\": more than %d; it becomes %d", RETRIES_MAX, RETRIES_MAX);
	return RETRIES_MAX;
}

/* --- the side of the clients -------------------------------------------------------------- */

static void note_http(struct hcfgservice *c, const struct hcfgmodel_proxy *p)
{
	if (p->http.n)
		hcfgnote_add(c->notes, HCFGNOTE_REMARK, p->http.place,
		             "\"mode http\": sluice relays the bytes of \"%s %s\" without looking "
		             "at HTTP: one server for all requests of a connection, no headers or "
		             "pages of its own",
		             hcfgmodel_kind_name(p->kind), p->name);
}

/* A "listen" has both sides in one, as long as a service has words for it. */
static bool can_merge(const struct settings_frontend *f, const struct settings_service *s)
{
	const struct settings_keepalive *client = &f->keepalive;
	const struct settings_keepalive *server = &s->keepalive;

	return !f->log_addresses &&
	       (!client->client || !server->server ||
	        (client->idle_s == server->idle_s && client->interval_s == server->interval_s &&
	         client->count == server->count));
}

/* In a file frontends begin with what their service says, so it says what the first has. */
static void suggest(const struct settings_frontend *f, struct settings_service *s)
{
	s->timeout.client_ms = f->client_ms;
	s->timeout.client_fin_ms = f->client_fin_ms;
	s->session_log = f->session_log;
	s->log_format = f->log_format;
	s->dontlognull = f->dontlognull;
	s->keepalive.client = f->keepalive.client;
	if (!s->keepalive.server && f->keepalive.client) {
		s->keepalive.idle_s = f->keepalive.idle_s;
		s->keepalive.interval_s = f->keepalive.interval_s;
		s->keepalive.count = f->keepalive.count;
	}
}

static void merge(const struct settings_frontend *f, struct settings_service *s)
{
	suggest(f, s);
	s->binds = f->binds;
	s->bind_count = f->bind_count;
	s->maxconn = f->maxconn;
	s->rate_limit = f->rate_limit;
	s->conn_rate_limit = f->conn_rate_limit;
	s->allow = f->allow;
	s->allow_count = f->allow_count;
	s->deny = f->deny;
	s->deny_count = f->deny_count;
	s->dontlog_normal = f->dontlog_normal;
	s->log_separate_errors = f->log_separate_errors;
	s->logasap = f->logasap;
	s->socket_stats = f->socket_stats;
}

static void set_fronts(struct hcfgservice *c, const struct hcfgpair *pair,
                       struct settings_service *s)
{
	struct settings_frontend *fronts =
	    mem_arena_zalloc(c->arena, (pair->front_count + 1) * sizeof(*fronts));

	for (size_t i = 0; i < pair->front_count; i++) {
		fronts[i] = hcfgfront_make(c, pair, pair->fronts[i]);
		if (pair->fronts[i] == pair->back && !c->direct)
			fronts[i].id = 0; /* the service has that number */
		note_http(c, pair->fronts[i]);
	}
	if (hcfgpair_is_listen(pair) && can_merge(&fronts[0], s)) {
		merge(&fronts[0], s);
		return;
	}
	if (pair->front_count && !c->direct)
		suggest(&fronts[0], s);
	s->frontends = fronts;
	s->frontend_count = pair->front_count;
}

/* --- TCP_USER_TIMEOUT ---------------------------------------------------------------------- */

static bool have(const struct settings_bind *binds, size_t count, uint32_t ms)
{
	for (size_t i = 0; i < count; i++)
		if (binds[i].tcp_user_timeout_ms != ms)
			return false;
	return true;
}

static const struct settings_bind *without(struct hcfgservice *c, const struct settings_bind *from,
                                           size_t count)
{
	struct settings_bind *binds = mem_arena_zalloc(c->arena, (count + 1) * sizeof(*binds));

	for (size_t i = 0; i < count; i++) {
		binds[i] = from[i];
		binds[i].tcp_user_timeout_ms = 0;
	}
	return binds;
}

/* The value that all addresses and servers have; 0 if they have none, or several. */
static uint32_t common_user_timeout(const struct settings_service *s)
{
	uint32_t ms = s->server_count ? s->servers[0].tcp_user_timeout_ms : 0;

	for (size_t i = 0; i < s->server_count; i++)
		if (s->servers[i].tcp_user_timeout_ms != ms)
			return 0;
	for (size_t i = 0; i < s->frontend_count; i++)
		if (!have(s->frontends[i].binds, s->frontends[i].bind_count, ms))
			return 0;
	return have(s->binds, s->bind_count, ms) ? ms : 0;
}

/* What is the same everywhere stands once in a file, at the service. */
static void raise_user_timeout(struct hcfgservice *c, struct settings_service *s)
{
	uint32_t ms = common_user_timeout(s);
	struct settings_server *servers =
	    mem_arena_zalloc(c->arena, (s->server_count + 1) * sizeof(*servers));
	struct settings_frontend *fronts =
	    mem_arena_zalloc(c->arena, (s->frontend_count + 1) * sizeof(*fronts));

	if (!ms)
		return;
	s->tcp_user_timeout_ms = ms;
	s->binds = without(c, s->binds, s->bind_count);
	for (size_t i = 0; i < s->server_count; i++) {
		servers[i] = s->servers[i];
		servers[i].tcp_user_timeout_ms = 0;
	}
	s->servers = servers;
	for (size_t i = 0; i < s->frontend_count; i++) {
		fronts[i] = s->frontends[i];
		fronts[i].tcp_user_timeout_ms = ms;
		fronts[i].binds = without(c, fronts[i].binds, fronts[i].bind_count);
	}
	s->frontends = s->frontend_count ? fronts : NULL;
}

struct settings_service hcfgservice_make(struct hcfgservice *c, const struct hcfgpair *pair)
{
	const struct hcfgmodel_proxy *back = pair->back;
	const struct settings_service usual = settings_service_default();
	struct settings_service s = {
		.name = hcfgcopy_text(c, pair->name),
		.balance = back->balance,
		.random_draws = back->random_draws,
		.spill = usual.spill,
		.hash = back->hash,
		.retries = choose_retries(c, back),
		.redispatch = back->redispatch.n || (c->redispatch && !back->redispatch.set),
		.allbackups = back->allbackups.n,
		.fullconn = back->fullconn.n,
		.log_health_checks = back->log_health_checks.n,
		.id = c->direct || back->id.set ? back->id.n : 0,
		.id_counted = !back->id.set,
		.http = back->http.n,
		/* A first request over HTTP may be one that must not be done twice. */
		.replay = !back->http.n,
		.hold_max = usual.hold_max,
		.rebalance_every_ms = usual.rebalance_every_ms,
		.rebalance_budget = usual.rebalance_budget,
		.disabled = back->disabled.n,
		.description = hcfgcopy_text(c, back->description),
		.session_log = back->session_log,
	};

	set_timeouts(c, back, &s.timeout);
	set_keepalive(c, back, &s.keepalive);
	set_fronts(c, pair, &s);
	hcfgfarm_make(c, pair, &s);
	if (!c->direct)
		raise_user_timeout(c, &s);
	return s;
}
