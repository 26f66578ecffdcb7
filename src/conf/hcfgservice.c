/* SPDX-License-Identifier: MIT */
#include "hcfgservice.h"

#include <string.h>

enum { RETRIES_MAX = 100, RETRIES_DEFAULT = 3, TIMEOUT_MAX_MS = 2073600000, SECONDS_MAX = 32767 };

static const char *copy(struct hcfgservice *c, const char *s)
{
	return s ? mem_arena_strdup(c->arena, s) : NULL;
}

static uint32_t number(const struct hcfgmodel_value *v, uint32_t otherwise)
{
	return v->set ? v->n : otherwise;
}

/* --- addresses ---------------------------------------------------------------------------- */

static struct settings_bind make_bind(struct hcfgservice *c, const struct hcfgmodel_proxy *front,
                                      const struct hcfgmodel_bind *from, bool limit_here)
{
	struct settings_bind b = from->bind;

	b.text = copy(c, b.text);
	b.name = copy(c, b.name);
	b.interface = copy(c, b.interface);
	if (!b.backlog)
		b.backlog = (int)number(&front->backlog, 0);
	if (!b.maxconn && limit_here)
		b.maxconn = number(&front->maxconn, 0);
	return b;
}

static void make_binds(struct hcfgservice *c, const struct hcfgpair *pair,
                       struct settings_service *s)
{
	const struct hcfgmodel_bind *from;
	struct settings_bind *binds;
	size_t count = 0;

	for (size_t i = 0; i < pair->front_count; i++)
		STAILQ_FOREACH(from, &pair->fronts[i]->binds, next)
			count++;
	binds = mem_arena_zalloc(c->arena, count * sizeof(*binds));
	s->binds = binds;
	for (size_t i = 0; i < pair->front_count; i++) {
		STAILQ_FOREACH(from, &pair->fronts[i]->binds, next) {
			int port = addr_port(&from->bind.addr);

			if (!pair->port || pair->port == port)
				binds[s->bind_count++] =
				    make_bind(c, pair->fronts[i], from, pair->front_count > 1);
			else if (!port)
				hcfgnote_add(c->notes, HCFGNOTE_LOSS, from->place,
				             "\"%.60s\": the servers have no port, and this "
				             "address neither",
				             from->bind.text);
		}
	}
}

/* --- servers ------------------------------------------------------------------------------ */

size_t hcfgservice_count_servers(const struct hcfgmodel_proxy *back)
{
	const struct hcfgmodel_server *s;
	size_t n = 0;

	STAILQ_FOREACH(s, &back->servers, next)
		n += s->host != NULL;
	return n;
}

static uint16_t choose_port(struct hcfgservice *c, const struct hcfgmodel_server *s, int dialled)
{
	int port = s->port;

	if (strncmp(s->host, "unix:", 5) == 0)
		return 0;
	if (s->port_kind != HCFGMODEL_PORT_NUMBER)
		port += dialled;
	if (port < 1 || port > UINT16_MAX) {
		hcfgnote_add(c->notes, HCFGNOTE_ERROR, s->place,
		             "\"server %s\": its port would be %d", s->name, port);
		return 1;
	}
	return (uint16_t)port;
}

static void make_servers(struct hcfgservice *c, const struct hcfgpair *pair,
                         struct settings_service *service)
{
	const struct hcfgmodel_server *from;
	struct settings_server *servers =
	    mem_arena_zalloc(c->arena, hcfgservice_count_servers(pair->back) * sizeof(*servers));
	size_t n = 0;

	STAILQ_FOREACH(from, &pair->back->servers, next) {
		struct settings_server *s = &servers[n];
		struct settings_target *t = &c->targets[c->target_count];

		if (!from->host)
			continue;
		s->name = copy(c, from->name);
		s->host = copy(c, from->host);
		s->port = choose_port(c, from, pair->port);
		s->weight = (uint16_t)number(&from->weight, 1);
		s->backup = from->backup;
		s->disabled = from->disabled;
		s->maxconn = number(&from->maxconn, 0);
		s->node = c->target_count++;
		t->name = mem_arena_printf(c->arena, "%s/%s", pair->name, s->name);
		t->host = s->host;
		t->check = hcfgtarget_check(c, pair->back, from);
		t->check_port =
		    t->check.port == SETTINGS_PORT_NUMBER ? t->check.port_number : s->port;
		n++;
	}
	service->servers = servers;
	service->server_count = n;
}

/* --- time-outs and keep-alive ------------------------------------------------------------- */

static uint32_t limit_time(struct hcfgservice *c, const struct hcfgmodel_value *v)
{
	if (!v->set || v->n <= TIMEOUT_MAX_MS)
		return number(v, 0);
	hcfgnote_add(c->notes, HCFGNOTE_LOSS, v->place, "more than 24 days: it becomes 24 days");
	return TIMEOUT_MAX_MS;
}

static void set_timeouts(struct hcfgservice *c, const struct hcfgmodel_proxy *front,
                         const struct hcfgmodel_proxy *back, struct settings_service *s)
{
	struct settings_timeouts *t = &s->timeout;

	t->connect_ms = limit_time(c, &back->connect_ms);
	t->client_ms = limit_time(c, &front->client_ms);
	t->server_ms = limit_time(c, &back->server_ms);
	t->client_fin_ms = limit_time(c, &front->client_fin_ms);
	t->server_fin_ms = limit_time(c, &back->server_fin_ms);
	if (!back->tunnel_ms.set)
		return;
	/* In TCP a session is a tunnel once both sides are connected. */
	t->client_ms = t->server_ms = limit_time(c, &back->tunnel_ms);
	hcfgnote_add(c->notes, HCFGNOTE_REMARK, back->tunnel_ms.place,
	             "\"timeout tunnel\": it becomes timeout client and server, which it replaces "
	             "in HAProxy once a session is connected");
}

/* One value for both sides; the side that is off does not count. */
static uint32_t join_sides(struct hcfgservice *c, const struct settings_keepalive *k,
                           const struct hcfgmodel_value *client,
                           const struct hcfgmodel_value *server, const char *what)
{
	uint32_t a = k->client ? number(client, 0) : 0;
	uint32_t b = k->server ? number(server, 0) : 0;
	const struct hcfgmodel_value *v = a ? client : server;
	uint32_t n = a ? a : b;

	if (k->client && k->server && a != b)
		hcfgnote_add(c->notes, HCFGNOTE_LOSS, v->place,
		             "the %s of TCP keep-alive is one for both sides: it becomes %u", what,
		             n);
	if (n > SECONDS_MAX) {
		hcfgnote_add(c->notes, HCFGNOTE_LOSS, v->place,
		             "the %s of TCP keep-alive is at most %d s", what, SECONDS_MAX);
		n = SECONDS_MAX;
	}
	return n;
}

static void set_keepalive(struct hcfgservice *c, const struct hcfgmodel_proxy *front,
                          const struct hcfgmodel_proxy *back, struct settings_service *s)
{
	struct settings_keepalive *k = &s->keepalive;

	k->client = front->clitcpka.n;
	k->server = back->srvtcpka.n;
	k->idle_s = join_sides(c, k, &front->client_idle_s, &back->server_idle_s, "idle time");
	k->interval_s =
	    join_sides(c, k, &front->client_interval_s, &back->server_interval_s, "interval");
	k->count = join_sides(c, k, &front->client_count, &back->server_count, "count");
}

/* HAProxy has it for each address and for each server; a service has one for all. */
static void set_user_timeout(struct hcfgservice *c, const struct hcfgpair *pair,
                             struct settings_service *s)
{
	const struct hcfgmodel_value *found = NULL;
	const struct hcfgmodel_server *server;
	const struct hcfgmodel_bind *b;
	bool all = true;

	for (size_t i = 0; i < pair->front_count; i++)
		STAILQ_FOREACH(b, &pair->fronts[i]->binds, next) {
			all = all && b->tcp_ut.n && (!found || found->n == b->tcp_ut.n);
			if (b->tcp_ut.n && (!found || b->tcp_ut.n > found->n))
				found = &b->tcp_ut;
		}
	STAILQ_FOREACH(server, &pair->back->servers, next) {
		all = all && server->tcp_ut.n && (!found || found->n == server->tcp_ut.n);
		if (server->tcp_ut.n && (!found || server->tcp_ut.n > found->n))
			found = &server->tcp_ut;
	}
	s->tcp_user_timeout_ms = found ? limit_time(c, found) : 0;
	if (found && !all)
		hcfgnote_add(c->notes, HCFGNOTE_LOSS, found->place,
		             "\"tcp-ut\" for some connections only: tcp_user_timeout is for all of "
		             "a service, clients' and servers'");
}

/* --- the service -------------------------------------------------------------------------- */

static uint32_t choose_retries(struct hcfgservice *c, const struct hcfgmodel_proxy *back)
{
	uint32_t n = number(&back->retries, RETRIES_DEFAULT);

	if (n <= RETRIES_MAX)
		return n;
	hcfgnote_add(c->notes, HCFGNOTE_LOSS, back->retries.place,
	             "\"retries\": more than %d; it becomes %d", RETRIES_MAX, RETRIES_MAX);
	return RETRIES_MAX;
}

static void note_http(struct hcfgservice *c, const struct hcfgmodel_proxy *p)
{
	if (p->http.n)
		hcfgnote_add(c->notes, HCFGNOTE_LOSS, p->http.place,
		             "\"mode http\": sluice relays the bytes of \"%s %s\" without looking "
		             "at HTTP: one server for all requests of a connection, no headers or "
		             "pages of its own",
		             hcfgmodel_kind_name(p->kind), p->name);
}

struct settings_service hcfgservice_make(struct hcfgservice *c, const struct hcfgpair *pair)
{
	const struct hcfgmodel_proxy *front = pair->fronts[0];
	const struct hcfgmodel_proxy *back = pair->back;
	struct settings_service s = {
		.name = copy(c, pair->name),
		.balance = back->balance,
		.retries = choose_retries(c, back),
		.redispatch = back->redispatch.n,
		.allbackups = back->allbackups.n,
		.maxconn = pair->front_count == 1 ? number(&front->maxconn, 0) : 0,
		.log_health_checks = back->log_health_checks.n,
		.dontlognull = front->dontlognull.n,
	};

	note_http(c, front);
	make_binds(c, pair, &s);
	make_servers(c, pair, &s);
	set_timeouts(c, front, back, &s);
	set_keepalive(c, front, back, &s);
	set_user_timeout(c, pair, &s);
	hcfgclients_set(c, front->rules, &s);
	return s;
}
